#include <gtest/gtest.h>

#include "app/report_json.h"
#include "base/json.h"
#include "cli/exit_code.h"
#include "cli/report_output.h"

namespace dray {
namespace {

using namespace std::chrono_literals;

RunReport report_of_a_sync() {
  RunReport report;
  report.run_id = RunId("20261101T120000Z-1");
  report.source = "shop";
  report.location = "/data/logs";
  report.warehouse = "duckdb:shop.duckdb";
  report.started = std::chrono::sys_days(2026y / 11 / 1) + 12h;
  report.duration = 1'200ms;
  report.objects_loaded = 3;
  report.objects_known = 7;
  report.bytes_read = 5'200'000;
  report.bytes_plain = 16'800'000;
  report.counts = {
      .lines = 12345, .loaded = 12000, .duplicate = 300, .filtered = 20, .rejected = 25};
  CollectionReport orders;
  orders.table = "order_completed";
  orders.rows_loaded = 9000;
  orders.duplicates = 290;
  orders.new_columns = {"total double precision"};
  CollectionReport quiet;
  quiet.table = "pages";
  report.collections = {orders, quiet};
  return report;
}

TEST(ReportText, ASyncWithRejects) {
  EXPECT_EQ(report_text(report_of_a_sync(), SyncMode::load, {}),
            "shop: /data/logs to duckdb:shop.duckdb: success (run 20261101T120000Z-1)\n"
            "\n"
            "collection        rows  duplicates  rejects  new columns\n"
            "order_completed  9,000         290           total double precision\n"
            "\n"
            "12,345 lines = 12,000 loaded + 300 duplicate + 20 filtered + 25 rejected\n"
            "3 objects (5.2 MB, 17 MB unpacked) in 1.2 s, 10,288 lines/s, 14 MB/s; "
            "7 loaded before\n"
            "25 lines rejected; see them with: dray rejects list --run 20261101T120000Z-1 "
            "--warehouse duckdb:shop.duckdb\n");
}

TEST(ReportText, NothingNewIsOneLine) {
  RunReport report;
  report.source = "shop";
  report.objects_known = 12;
  EXPECT_EQ(report_text(report, SyncMode::load, {}),
            "shop: nothing new; 12 objects loaded before\n");
}

TEST(ReportText, AFailureShowsItsErrorAndNoCounts) {
  RunReport report;
  report.source = "shop";
  report.location = "/l";
  report.warehouse = "duckdb:x";
  report.run_id = RunId("r");
  report.status = RunStatus::failure;
  report.error = "load orders: disk full";
  EXPECT_EQ(report_text(report, SyncMode::load, {}),
            "shop: /l to duckdb:x: failure (run r)\n\nerror: load orders: disk full\n");
}

TEST(ReportText, APlanShowsItsStatements) {
  RunReport report = report_of_a_sync();
  report.ddl = {"create table \"shop\".\"a\" (\n  \"id\" varchar\n)", "alter table b"};
  report.notices = {{"long_name", "A name was cut.", 2}};
  const std::string text = report_text(report, SyncMode::plan, {});
  EXPECT_NE(text.find(": a plan; nothing was changed\n"), std::string::npos);
  EXPECT_TRUE(
      text.ends_with("\ncreate table \"shop\".\"a\" (\n  \"id\" varchar\n);\n"
                     "alter table b;\nnotice: A name was cut. (2 times)\n"))
      << text;
}

TEST(ReportText, OfManyTablesTheLargestAreShown) {
  RunReport report = report_of_a_sync();
  report.collections.clear();
  for (int i = 0; i < 50; ++i) {
    CollectionReport& collection = report.collections.emplace_back();
    collection.table = "t" + std::to_string(i);
    collection.rows_loaded = static_cast<std::uint64_t>(i + 1);
  }
  const std::string text = report_text(report, SyncMode::load, {});
  EXPECT_EQ(text.find("\nt9 "), std::string::npos);
  EXPECT_NE(text.find("\nt10 "), std::string::npos);
  EXPECT_NE(text.find("\nt49 "), std::string::npos);
  EXPECT_NE(text.find("\nand 10 more; see all with: dray history 20261101T120000Z-1 --warehouse "
                      "duckdb:shop.duckdb\n"),
            std::string::npos)
      << text;
  EXPECT_NE(report_text(report, SyncMode::plan, {}).find("\nand 10 more; --json has all\n"),
            std::string::npos);
  const std::string all = report_text(report, SyncMode::load, {}, Detail::all);
  EXPECT_NE(all.find("\nt9 "), std::string::npos);
  EXPECT_EQ(all.find("more"), std::string::npos);
}

TEST(ReportText, OfManyNoticesOfAKindTheFirstAreShown) {
  RunReport report = report_of_a_sync();
  for (int i = 0; i < 1'000; ++i)
    report.notices.push_back({"object_set_aside", std::to_string(i) + ".gz: truncated", 1});
  report.notices.push_back({"long_name", "A name was cut.", 1});
  const std::string text = report_text(report, SyncMode::load, {});
  EXPECT_NE(text.find("notice: 9.gz"), std::string::npos);
  EXPECT_EQ(text.find("notice: 10.gz"), std::string::npos);
  EXPECT_NE(text.find("notice: A name was cut.\n"), std::string::npos);
  EXPECT_NE(text.find("\nand 990 more notices like these; see all with: dray history "),
            std::string::npos)
      << text;
  EXPECT_NE(report_text(report, SyncMode::load, {}, Detail::all).find("notice: 999.gz"),
            std::string::npos);
}

TEST(ReportText, ATerminalIsNotObeyed) {
  RunReport report = report_of_a_sync();
  report.error = "bad \x1B[2J line\n";
  report.notices = {{"x", "evil \x1B]0;title\x07", 1}};
  const std::string text = report_text(report, SyncMode::load, {});
  EXPECT_EQ(text.find('\x1B'), std::string::npos);
  EXPECT_EQ(text.find('\x07'), std::string::npos);
}

TEST(ReportText, ColoursOnlyWhereWanted) {
  EXPECT_EQ(report_text(report_of_a_sync(), SyncMode::load, {}).find('\x1B'), std::string::npos);
  const Terminal colourful{.is_terminal = true, .colour = true, .columns = 80};
  EXPECT_NE(report_text(report_of_a_sync(), SyncMode::load, colourful).find("\x1B[32msuccess"),
            std::string::npos);
}

TEST(ConservationBug, IsLoud) {
  RunReport report = report_of_a_sync();
  EXPECT_EQ(conservation_bug(report), "");
  report.counts.loaded -= 1;
  EXPECT_TRUE(conservation_bug(report).starts_with(
      "BUG: the counts of shop do not add up: 12,345 lines = 11,999 loaded + "));
}

TEST(ReportJson, HasEveryCountOnTop) {
  const std::string json = report_json(report_of_a_sync());
  JsonDocument document;
  EXPECT_EQ(document.parse(json), JsonError::none) << json;
  for (const auto* part :
       {"\"run_id\":\"20261101T120000Z-1\"", "\"status\":\"success\"", "\"source\":\"shop\"",
        "\"schema\":\"shop\"", "\"started\":\"2026-11-01T12:00:00Z\"", "\"duration_seconds\":1.2,",
        "\"lines\":12345,\"loaded\":12000,\"duplicate\":300,\"filtered\":20,\"rejected\":25,",
        "\"values_rejected\":0",
        "\"objects\":{\"listed\":0,\"loaded\":3,\"set_aside\":0,\"known\":7,\"skipped\":0}",
        "\"new_columns\":[\"total double precision\"]", "\"notices\":[]", "\"error\":\"\""}) {
    EXPECT_NE(json.find(part), std::string::npos) << part << "\n" << json;
  }
  EXPECT_EQ(json.find('\n'), std::string::npos);
}

TEST(ExitCode, OfAReport) {
  RunReport report;
  EXPECT_EQ(exit_code(report, Strict::yes), exit_success);
  report.counts = {.lines = 1, .rejected = 1};
  EXPECT_EQ(exit_code(report, Strict::no), exit_success);
  EXPECT_EQ(exit_code(report, Strict::yes), exit_partial);
  report.counts = {};
  report.values_rejected = 1;
  EXPECT_EQ(exit_code(report, Strict::yes), exit_partial);
  report.status = RunStatus::partial;
  EXPECT_EQ(exit_code(report, Strict::no), exit_partial);
  report.status = RunStatus::failure;
  EXPECT_EQ(exit_code(report, Strict::no), exit_failure);
}

TEST(ExitCode, CountsThatDoNotAddUpAreAFailure) {
  RunReport report;
  report.counts = {.lines = 2, .loaded = 1};
  EXPECT_EQ(exit_code(report, Strict::no), exit_failure);
}

TEST(ExitCode, OfAnError) {
  EXPECT_EQ(exit_code(config_error("")), exit_usage);
  EXPECT_EQ(exit_code(config_error("").with_code(ErrorCode::in_use)), exit_busy);
  EXPECT_EQ(exit_code(transient_error("").with_code(ErrorCode::in_use)), exit_failure);
  EXPECT_EQ(exit_code(transient_error("")), exit_failure);
  EXPECT_EQ(exit_code(bad_data_error("")), exit_failure);
  EXPECT_EQ(exit_code(internal_error("")), exit_failure);
  EXPECT_EQ(exit_code(cancelled_error()), exit_failure);
}

TEST(ExitCode, TheWorstOfSeveralCounts) {
  EXPECT_EQ(worse_exit_code(exit_success, exit_success), exit_success);
  EXPECT_EQ(worse_exit_code(exit_success, exit_partial), exit_partial);
  EXPECT_EQ(worse_exit_code(exit_usage, exit_partial), exit_usage);
  EXPECT_EQ(worse_exit_code(exit_usage, exit_busy), exit_usage);
  EXPECT_EQ(worse_exit_code(exit_partial, exit_busy), exit_busy);
  EXPECT_EQ(worse_exit_code(exit_usage, exit_failure), exit_failure);
  EXPECT_EQ(worse_exit_code(exit_failure, exit_partial), exit_failure);
}

}  // namespace
}  // namespace dray
