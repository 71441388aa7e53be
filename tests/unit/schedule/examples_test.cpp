// The table of examples in docs/schedules.md.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "schedule/next_run.h"
#include "support/instants.h"
#include "support/source_directory.h"

namespace dray {
namespace {

using std::chrono::sys_seconds;

std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> out;
  while (true) {
    const std::size_t end = text.find(separator);
    out.emplace_back(trimmed(text.substr(0, end)));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

// "1h", "\"@daily\"", "[\"06:00\", \"18:30\"]": the texts in it.
std::vector<std::string> values_of(std::string_view text) {
  std::vector<std::string> out = parts_of(trimmed(text, "[]"), ',');
  for (std::string& value : out)
    value = trimmed(value, "\"");
  return out;
}

// "`every: 1h` `timezone: Asia/Kathmandu`"
ScheduleText settings_of(std::string_view cell) {
  std::map<std::string, std::vector<std::string>> settings;
  for (const std::string& quoted : parts_of(cell, '`')) {
    const std::size_t colon = quoted.find(": ");
    if (colon == std::string::npos) continue;
    settings[quoted.substr(0, colon)] = values_of(std::string_view(quoted).substr(colon + 2));
  }
  const auto one = [&](const char* name) {
    const auto found = settings.find(name);
    return found == settings.end() ? std::string() : found->second.at(0);
  };
  return {.every = one("every"),
          .cron = one("cron"),
          .times = settings["times"],
          .timezone = one("timezone"),
          .quiet = settings["quiet"],
          .jitter = one("jitter"),
          .max_per_day = one("max_per_day")};
}

// The runs that begin when they are due, as the table has them.
std::string next_runs(const Schedule& schedule, sys_seconds last, sys_seconds now,
                      std::size_t count) {
  Begun begun{.last = last, .in_day_of_last = 1, .known_since = {}};
  std::string out;
  for (std::size_t i = 0; i < count; ++i) {
    const NextRun run = next_run(schedule, begun, now);
    out += (i == 0 ? "" : ", ") + testing_support::on_clock(schedule.zone, run.due);
    if (run.because != DueBecause::timetable) out += " " + std::string(to_string(run.because));
    const bool same_day = local_day(schedule, run.due) == local_day(schedule, *begun.last);
    begun.in_day_of_last = same_day ? begun.in_day_of_last + 1 : 1;
    begun.last = run.due;
    now = run.due;
  }
  return out;
}

TEST(ScheduleExamples, OfTheDocumentationAreSo) {
  std::ifstream document(testing_support::in_source("docs/schedules.md"));
  int examples = 0;
  bool in_examples = false;
  for (std::string line; std::getline(document, line);) {
    if (line.starts_with("## ")) in_examples = line == "## Examples";
    if (!in_examples || !line.starts_with("| `")) continue;
    const std::vector<std::string> cells = parts_of(trimmed(line, "| "), '|');
    ASSERT_EQ(cells.size(), 4U) << line;
    const Result<Schedule> schedule = parse_schedule(settings_of(cells[0]), "shop", "analytics");
    ASSERT_TRUE(schedule.ok()) << line << "\n" << schedule.error().text();
    const sys_seconds last = testing_support::utc(cells[1]);
    const sys_seconds now = cells[2].empty() ? last : testing_support::utc(cells[2]);
    EXPECT_EQ(next_runs(*schedule, last, now, parts_of(cells[3], ',').size()), cells[3]) << line;
    ++examples;
  }
  EXPECT_GE(examples, 20);
}

}  // namespace
}  // namespace dray
