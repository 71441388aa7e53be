#include "schedule/zone_data.h"

// As Debian compiles the library: it reads the system's files, and formats nothing for us.
#define USE_OS_TZDB 1      // NOLINT: the library's name
#define ONLY_C_LOCALE 1    // NOLINT
#define HAS_STRING_VIEW 1  // NOLINT
#include <date/tz.h>

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

#include "base/text.h"
#include "config/nearest.h"
#include "schedule/in_quotes.h"

namespace dray {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using std::chrono::year;

constexpr sys_seconds changes_begin = sys_days(year(1970) / 1 / 1);
// zic's fat form goes to the last year of 32 bits.
constexpr sys_seconds changes_end = sys_days(year(2038) / 1 / 1);
constexpr sys_seconds last_change_min = sys_days(year(2037) / 1 / 1);

// Files beside the zones that mean another zone on another machine, or none.
bool is_zone(std::string_view name) {
  return name != "localtime" && name != "posixrules" && name != "Factory";
}

std::vector<std::string> known_zones() {
  std::vector<std::string> names;
  try {
    for (const auto& zone : date::get_tzdb().zones) {
      if (is_zone(zone.name())) names.push_back(zone.name());
    }
  } catch (const std::exception&) {
    // No folder of zones, which the caller says.
    names.clear();
  }
  return names;
}

// The last line of a zone's file, or "".
std::string rule_of(const std::string& name) {
  std::ifstream file("/usr/share/zoneinfo/" + name, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  if (bytes.empty() || bytes.back() != '\n') return "";
  const std::size_t before = bytes.rfind('\n', bytes.size() - 2);
  if (before == std::string::npos) return "";
  return bytes.substr(before + 1, bytes.size() - before - 2);
}

std::vector<Zone::Change> changes_of(const date::time_zone& zone) {
  std::vector<Zone::Change> changes;
  for (sys_seconds at = changes_begin; at < changes_end;) {
    const date::sys_info info = zone.get_info(at);
    changes.push_back({at, info.offset});
    at = info.end;
  }
  return changes;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == ' ') c = '_';
  }
  return lower;
}

std::string_view last_part(std::string_view name) { return name.substr(name.rfind('/') + 1); }

// At most three: in other letters, the city alone, a slip in the name, a slip in the city.
std::vector<std::string> nearest_zones(std::string_view name,
                                       const std::vector<std::string>& known) {
  constexpr std::size_t nearest_max = 3;
  std::vector<std::string> nearest;
  const auto add = [&](const std::string& zone) {
    if (nearest.size() == nearest_max || std::ranges::find(nearest, zone) != nearest.end()) return;
    nearest.push_back(zone);
  };
  const std::string lower = lower_case(name);
  std::vector<std::string> names;
  std::vector<std::string> cities;
  for (const std::string& zone : known) {
    names.push_back(lower_case(zone));
    cities.emplace_back(last_part(names.back()));
    if (names.back() == lower) add(zone);
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    if (cities[i] == last_part(lower)) add(known[i]);
  }
  for (const auto& [word, words] :
       {std::pair(std::string_view(lower), &names), std::pair(last_part(lower), &cities)}) {
    const std::optional<std::string> found = nearest_word(word, *words);
    if (!found) continue;
    add(known[static_cast<std::size_t>(std::ranges::find(*words, *found) - words->begin())]);
  }
  return nearest;
}

// "+02:00", "UTC+2", "GMT-05:30".
bool is_offset(std::string_view name) {
  const std::string lower = lower_case(name);
  std::string_view rest = lower;
  if (rest.starts_with("utc") || rest.starts_with("gmt")) rest.remove_prefix(3);
  return rest.size() > 1 && (rest[0] == '+' || rest[0] == '-') && is_digit(rest[1]);
}

}  // namespace

Error unknown_zone(std::string_view name, const std::vector<std::string>& known) {
  const std::string where = "timezone " + in_quotes(name) + ": ";
  if (known.empty()) {
    return config_error(where + "this machine has no time zone data",
                        "install tzdata: apt-get install tzdata");
  }
  if (is_offset(name)) {
    return config_error(
        where + "a distance from UTC is not the name of a zone",
        "write a place, such as Europe/Berlin; a fixed distance is Etc/GMT-2 for two hours ahead "
        "of UTC, Etc/GMT+5 for five behind");
  }
  const std::vector<std::string> nearest = nearest_zones(name, known);
  std::string remedy = "write ";
  for (std::size_t i = 0; i < nearest.size(); ++i) {
    if (i > 0) remedy += i + 1 == nearest.size() ? " or " : ", ";
    remedy += nearest[i];
  }
  if (nearest.empty()) {
    remedy = "write UTC or a name of IANA's list, such as Europe/Berlin or America/New_York";
  }
  return config_error(where + "there is no such time zone", remedy);
}

bool reaches_far_enough(sys_seconds last_change, std::string_view rule) {
  return !contains(rule, ",") || last_change >= last_change_min;
}

Result<Zone> find_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return Zone();
  const std::vector<std::string> known = known_zones();
  if (std::ranges::find(known, name) == known.end()) return unknown_zone(name, known);
  const std::string zone_name(name);
  try {
    const std::vector<Zone::Change> changes = changes_of(*date::locate_zone(zone_name));
    if (reaches_far_enough(changes.back().at, rule_of(zone_name))) return Zone(zone_name, changes);
    return config_error("timezone " + in_quotes(name) +
                            ": this machine's zone data leaves out the changes of later years",
                        "install the tzdata of Debian or Ubuntu, which has all years to 2037");
  } catch (const std::exception& error) {
    return config_error(
        "timezone " + in_quotes(name) + ": its data cannot be read: " + error.what(),
        "install tzdata anew: apt-get install --reinstall tzdata");
  }
}

}  // namespace dray
