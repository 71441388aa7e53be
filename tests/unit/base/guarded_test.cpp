#include "base/guarded.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <system_error>

namespace dray {
namespace {

Result<int> thrown(const auto& problem) {
  return guarded([&]() -> Result<int> { throw problem; });
}

TEST(Guarded, GivesWhatTheWorkReturns) {
  EXPECT_EQ(guarded([] { return Result<int>(7); }).value(), 7);
}

TEST(Guarded, WhatTheMachineRefusesHasARemedy) {
  const auto memory = thrown(std::bad_alloc());
  EXPECT_EQ(memory.error().code, ErrorCode::out_of_memory);
  EXPECT_EQ(memory.error().cause, Cause::config);
  const auto thread =
      thrown(std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again)));
  EXPECT_EQ(thread.error().cause, Cause::config);
  EXPECT_EQ(thread.error().message,
            "the system refuses a thread or another resource: Resource temporarily unavailable");
  EXPECT_FALSE(thread.error().remedy.empty());
}

TEST(Guarded, AnythingElseIsABugAndTellsNoValue) {
  const auto other = thrown(std::runtime_error("ana@example.org"));
  EXPECT_EQ(other.error().cause, Cause::internal);
  EXPECT_EQ(other.error().text().find("ana"), std::string::npos);
}

}  // namespace
}  // namespace dray
