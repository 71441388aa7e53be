#include "cli/progress.h"

#include <gtest/gtest.h>

#include "base/code_point.h"

namespace dray {
namespace {

using namespace std::chrono_literals;

ProgressSnapshot half_read() {
  ProgressSnapshot at;
  at.phase = SyncProgress::Phase::reading;
  at.objects_total = 30;
  at.objects_done = 12;
  at.bytes_total = 12'000'000;
  at.bytes_done = 6'000'000;
  at.lines = 1'000'000;
  return at;
}

TEST(ProgressBar, Reading) {
  EXPECT_EQ(progress_bar("shop", half_read(), 10s, 200),
            "shop  reading [==========>         ]  50%  0:30 left  12/30 objects  "
            "6.0 MB/12 MB  100,000 lines/s");
}

TEST(ProgressBar, Loading) {
  ProgressSnapshot at = half_read();
  at.phase = SyncProgress::Phase::loading;
  at.rows_total = 1000;
  at.rows_loaded = 1000;
  EXPECT_EQ(progress_bar("shop", at, 4s, 200),
            "shop  loading [====================] 100%  0:00 left  1,000/1,000 rows  250 rows/s");
}

TEST(ProgressBar, WhatNobodyKnowsIsLeftOut) {
  EXPECT_EQ(progress_bar("shop", {}, 10s, 200), "shop  listing");
  ProgressSnapshot at = half_read();
  EXPECT_EQ(progress_bar("shop", at, 100ms, 200).find("left"), std::string::npos);
  at.bytes_total = 0;
  EXPECT_EQ(progress_bar("shop", at, 10s, 200).find('%'), std::string::npos);
}

TEST(ProgressBar, FitsTheTerminal) {
  for (std::size_t columns = 1; columns < 120; ++columns) {
    EXPECT_LE(display_width(std::string_view(progress_bar("日本\n", half_read(), 10s, columns))),
              columns);
  }
}

TEST(ProgressBar, TimeLeftHasTheLoadingInIt) {
  const ProgressSnapshot reading = half_read();
  EXPECT_NE(progress_bar("shop", reading, 60s, 200).find("3:00 left"), std::string::npos);
  ProgressSnapshot loading = reading;
  loading.phase = SyncProgress::Phase::loading;
  loading.rows_total = 1000;
  loading.rows_loaded = 500;
  EXPECT_NE(progress_bar("shop", loading, 60s, 200).find("1:00 left"), std::string::npos);
}

TEST(ProgressBar, LeavesOutWholePartsWhereItIsNarrow) {
  const std::string bar = "shop  reading [==========>         ]  50%  0:30 left";
  EXPECT_EQ(progress_bar("shop", half_read(), 10s, 60), bar);
  EXPECT_EQ(progress_bar("shop", half_read(), 10s, 45), "shop  reading [====>   ]  50%  0:30 left");
  EXPECT_EQ(progress_bar("shop", half_read(), 10s, 30), "shop  reading  50%  0:30 left");
  EXPECT_EQ(progress_bar("shop", half_read(), 10s, 81), bar + "  12/30 objects  6.0 MB/12 MB");
}

TEST(ProgressLine, SaysHowFarItIs) {
  EXPECT_EQ(progress_line("shop", half_read()),
            "shop: reading: 12 of 30 objects, 6.0 MB of 12 MB, 1,000,000 lines");
  EXPECT_EQ(progress_line("shop", {}), "shop: listing");
}

}  // namespace
}  // namespace dray
