// Cron expressions as croner and cron-parser read them: two libraries of JavaScript that share with
// each other JavaScript's own time zones, and with src/schedule nothing. Where they mean something
// else on purpose, readings.h says what. DRAY_SCHEDULE_CASES=100000 asks for more of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "differential/schedule/readings.h"
#include "schedule/parse_cron.h"
#include "schedule/timetable.h"
#include "support/instants.h"
#include "support/random_schedules.h"
#include "support/source_directory.h"
#include "support/temporary_directory.h"

namespace dray::schedule_oracles {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing_support::in_source;
using testing_support::on_clock;
using testing_support::RandomSchedules;
using testing_support::utc;

// Node brings zones of its own, as old as its version: between these years none of them is news.
const sys_seconds first_instant = utc("2005-01-01");
const sys_seconds last_instant = utc("2021-12-31");

std::string number(sys_seconds instant) {
  return std::to_string(instant.time_since_epoch().count());
}

// oracles.mjs's answers, one for each question.
std::vector<std::string> asked(const std::vector<std::string>& questions) {
  const TemporaryDirectory folder;
  std::ofstream written(folder / "questions");
  for (const std::string& question : questions)
    written << question << "\n";
  written.close();
  const std::string command = "node '" + in_source("tests/differential/schedule/oracles.mjs") +
                              "' '" + in_source("build/deps/test-node") + "' <'" +
                              (folder / "questions") + "' >'" + (folder / "answers") + "'";
  const int code = std::system(command.c_str());  // NOLINT: a command of ours
  EXPECT_EQ(code, 0) << "tools/setup test installs node and the two libraries";
  std::vector<std::string> lines;
  std::ifstream answers(folder / "answers");
  for (std::string line; std::getline(answers, line);)
    lines.push_back(line);
  EXPECT_EQ(lines.size(), questions.size());
  lines.resize(questions.size());
  return lines;
}

struct Answer {
  std::string croner;
  std::string cron_parser;
};

Answer both(const std::string& line) {
  const std::size_t tab = std::min(line.find('\t'), line.size());
  return {line.substr(0, tab), line.substr(std::min(tab + 1, line.size()))};
}

std::string question(const std::string& text, const std::string& zone, sys_seconds after) {
  return text + "\t" + zone + "\t" + number(after);
}

unsigned cases_wanted() {
  const char* wanted = std::getenv("DRAY_SCHEDULE_CASES");  // NOLINT: no other thread
  return wanted == nullptr ? 1'500 : static_cast<unsigned>(std::stoul(wanted));
}

std::map<std::string, Zone> all_zones() {
  std::map<std::string, Zone> zones;
  for (const std::string& name : RandomSchedules::zones())
    zones.emplace(name, testing_support::zone_of(name));
  return zones;
}

TEST(CronDifferential, NodeHasTheSameZones) {
  const std::map<std::string, Zone> zones = all_zones();
  std::vector<std::string> questions;
  std::vector<std::string> expected;
  const auto ask = [&](const std::string& name, const Zone& zone, sys_seconds instant) {
    questions.push_back("offset\t" + name + "\t" + number(instant));
    const auto offset = zone.clock_at(instant).time_since_epoch() - instant.time_since_epoch();
    expected.push_back(std::to_string(offset.count()));
  };
  for (const auto& [name, zone] : zones) {
    for (sys_seconds at = first_instant; at < last_instant; at += std::chrono::days(7)) {
      ask(name, zone, at);
    }
    for (sys_seconds at = zone.stretch_at(first_instant).end; at < last_instant;
         at = zone.stretch_at(at).end) {
      ask(name, zone, at - seconds(1));
      ask(name, zone, at);
    }
  }
  const std::vector<std::string> answers = asked(questions);
  for (std::size_t i = 0; i < questions.size(); ++i) {
    ASSERT_EQ(answers[i], expected[i]) << questions[i];
  }
}

struct Case {
  std::string text;
  std::string zone;
  sys_seconds after;
};

// What is compared of one case, and how often a rule of readings.h decided.
class Comparison {
 public:
  explicit Comparison(std::map<std::string, Zone> zones) : zones_(std::move(zones)) {}

  void compare(const Case& tested, const Answer& answer) {
    const Cron cron = parse_cron(tested.text).value();
    const Zone& zone = zones_.at(tested.zone);
    const sys_seconds ours = next_occurrence(cron, zone, tested.after + seconds(1));
    ++cases;
    check(tested, "croner", answer.croner, {croner_reading(cron)}, ours);
    if (has_a_value_twice(tested.text)) {
      ++refused_by_cron_parser;
      EXPECT_NE(answer.cron_parser.find("duplicate values found"), std::string::npos)
          << tested.text << ": " << answer.cron_parser;
      return;
    }
    const std::vector<Reading> readings = cron_parser_readings(cron);
    sys_seconds until = ours;
    for (const Reading& reading : readings)
      until = std::max(until, next_by(reading, tested.text, cron, zone, tested.after));
    if (makes_cron_parser_stumble(zone, tested.after, until)) {
      ++stumbles_of_cron_parser;
      return;
    }
    check(tested, "cron-parser", answer.cron_parser, readings, ours);
  }

  int cases = 0;
  int same = 0;  // as Dray's, of both libraries' answers
  int by_rule = 0;
  int refused_by_cron_parser = 0;
  int stumbles_of_cron_parser = 0;

 private:
  void check(const Case& tested, const std::string& library, const std::string& answer,
             const std::vector<Reading>& readings, sys_seconds ours) {
    const Cron cron = parse_cron(tested.text).value();
    const Zone& zone = zones_.at(tested.zone);
    std::string expected;
    for (const Reading& reading : readings) {
      const sys_seconds next = next_by(reading, tested.text, cron, zone, tested.after);
      if (answer == number(next)) {
        ++(next == ours ? same : by_rule);
        return;
      }
      expected += (expected.empty() ? "" : " or ") + on_clock(zone, next);
    }
    ADD_FAILURE() << library << ", \"" << tested.text << "\", " << tested.zone << ", after "
                  << on_clock(zone, tested.after) << ": " << answer << "\nexpected of it "
                  << expected << "\nDray's own " << on_clock(zone, ours);
  }

  std::map<std::string, Zone> zones_;
};

TEST(CronDifferential, TwoOtherLibrariesAgreeOrDifferByRule) {
  const std::map<std::string, Zone> zones = all_zones();
  std::vector<Case> cases;
  std::vector<std::string> questions;
  for (unsigned seed = 0; seed < cases_wanted(); ++seed) {
    RandomSchedules random(seed);
    Case made{random.cron(), random.zone(), {}};
    if (random.chance(15)) made.text = random.with_a_slip(made.text);
    if (!parse_cron(made.text).ok()) continue;  // It never comes, or is no expression any more.
    made.after = random.instant(zones.at(made.zone), first_instant, last_instant);
    questions.push_back(question(made.text, made.zone, made.after));
    cases.push_back(made);
  }
  const std::vector<std::string> answers = asked(questions);
  Comparison comparison(zones);
  for (std::size_t i = 0; i < cases.size(); ++i)
    comparison.compare(cases[i], both(answers[i]));
  RecordProperty("same", comparison.same);
  RecordProperty("by_rule", comparison.by_rule);
  RecordProperty("refused_by_cron_parser", comparison.refused_by_cron_parser);
  RecordProperty("stumbles_of_cron_parser", comparison.stumbles_of_cron_parser);
  // The rules are for the few: most answers are the same instant, and most are asked for.
  EXPECT_GT(comparison.same, comparison.cases * 3 / 2);
  EXPECT_LT(comparison.stumbles_of_cron_parser, comparison.cases / 15);
  EXPECT_LT(comparison.refused_by_cron_parser, comparison.cases / 4);
  EXPECT_GT(comparison.by_rule, 0);
}

enum class Takes { yes, no };

// Of what Dray refuses, what the others do; and of what it takes.
TEST(CronDifferential, WhatIsRefusedByWhom) {
  struct Form {
    std::string text;
    Takes dray;
    Takes croner;
    Takes cron_parser;
  };
  using enum Takes;
  const std::vector<Form> forms = {
      {"*/15 * * * *", yes, yes, yes},
      {"0 0 * * 7", yes, yes, yes},
      {"0 0 1 JAN-mar,Dec SUN", yes, yes, yes},
      {"0 0 * * fri-7", yes, yes, yes},
      {"0 0 * * fri-sun", yes, yes, no},
      {"0,0 * * * *", yes, yes, no},
      {"@daily", yes, yes, yes},
      {"@midnight", yes, yes, no},
      {"@Daily", yes, yes, no},
      // Refused by all.
      {"60 * * * *", no, no, no},
      {"* * 0 * *", no, no, no},
      {"* * * * 8", no, no, no},
      {"5-1 * * * *", no, no, no},
      {"22-6 * * * *", no, no, no},
      {"0 0 * * fri-mon", no, no, no},
      {"*/0 * * * *", no, no, no},
      {"1,,2 * * * *", no, no, no},
      {"* * * * monday", no, no, no},
      {"@reboot", no, no, no},
      {"0 0 30 2 *", no, no, no},
      // What other programs have.
      {"0 0 L * *", no, yes, yes},
      {"0 0 * * 5L", no, yes, yes},
      {"0 0 15W * *", no, yes, no},
      {"0 0 * * mon#2", no, yes, yes},
      {"0 0 ? * mon", no, yes, yes},
      {"H * * * *", no, no, yes},
      {"0 0 * * +1", no, yes, no},
      // Slips that one of them takes.
      {"5/10 * * * *", no, no, yes},
      {"*/60 * * * *", no, yes, yes},
      {"*/90 * * * *", no, no, yes},
      {"0 */24 * * *", no, yes, yes},
      {"0 0 6 * * *", no, no, yes},
      {"0 6 * *", no, no, yes},
      {"", no, no, yes},
  };
  std::vector<std::string> questions;
  questions.reserve(forms.size());
  for (const Form& form : forms)
    questions.push_back(question(form.text, "UTC", first_instant));
  const std::vector<std::string> answers = asked(questions);
  const auto takes = [](const std::string& answer) {
    return answer.starts_with('!') || answer == "-" ? no : yes;
  };
  for (std::size_t i = 0; i < forms.size(); ++i) {
    const Answer answer = both(answers[i]);
    EXPECT_EQ(parse_cron(forms[i].text).ok() ? yes : no, forms[i].dray) << forms[i].text;
    EXPECT_EQ(takes(answer.croner), forms[i].croner) << forms[i].text << ": " << answer.croner;
    EXPECT_EQ(takes(answer.cron_parser), forms[i].cron_parser)
        << forms[i].text << ": " << answer.cron_parser;
  }
}

}  // namespace
}  // namespace dray::schedule_oracles
