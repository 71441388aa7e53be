#include "schedule/parse_cron.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/text.h"
#include "config/nearest.h"
#include "schedule/in_quotes.h"

namespace dray {
namespace {

constexpr std::string_view blanks = " \t";
// All values of all fields, each written out, are about half of this.
constexpr std::size_t text_bytes_max = 1'000;

constexpr std::array month_names = {
    std::string_view("jan"), std::string_view("feb"), std::string_view("mar"),
    std::string_view("apr"), std::string_view("may"), std::string_view("jun"),
    std::string_view("jul"), std::string_view("aug"), std::string_view("sep"),
    std::string_view("oct"), std::string_view("nov"), std::string_view("dec")};
constexpr std::array weekday_names = {std::string_view("sun"), std::string_view("mon"),
                                      std::string_view("tue"), std::string_view("wed"),
                                      std::string_view("thu"), std::string_view("fri"),
                                      std::string_view("sat")};

struct FieldKind {
  std::string_view name;
  unsigned low;
  unsigned high;
  std::span<const std::string_view> names{};  // of low, low + 1 ...
};

constexpr std::size_t fields_expected = 5;
constexpr std::size_t weekday_field = 4;
constexpr std::array<FieldKind, fields_expected> field_kinds = {{
    {"minute", 0, 59},
    {"hour", 0, 23},
    {"day of month", 1, 31},
    {"month", 1, 12, month_names},
    {"day of week", 0, 7, weekday_names},  // 0 and 7 are Sunday.
}};

constexpr std::string_view example =
    "write five fields: minute, hour, day of month, month, day of week, such as \"30 6 * * mon-fri\"";

// A piece of the expression, with its place in it.
struct Piece {
  std::string_view text;
  std::size_t at = 0;

  Piece from(std::size_t begin) const { return {text.substr(begin), at + begin}; }
  Piece until(std::size_t end) const { return {text.substr(0, end), at}; }
};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

std::string lower_text(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    c = lower(c);
  return out;
}

bool all_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::vector<Piece> split_at_blanks(Piece rest) {
  std::vector<Piece> pieces;
  while (true) {
    const std::size_t begin = rest.text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return pieces;
    rest = rest.from(begin);
    const std::size_t end = std::min(rest.text.find_first_of(blanks), rest.text.size());
    pieces.push_back(rest.until(end));
    rest = rest.from(end);
  }
}

std::vector<Piece> split_at_commas(Piece rest) {
  std::vector<Piece> pieces;
  while (true) {
    const std::size_t comma = rest.text.find(',');
    pieces.push_back(rest.until(comma));
    if (comma == std::string_view::npos) return pieces;
    rest = rest.from(comma + 1);
  }
}

std::string joined(std::span<const Piece> pieces) {
  std::string out;
  for (const Piece& piece : pieces) {
    if (!out.empty()) out += ' ';
    out += piece.text;
  }
  return out;
}

// One field of one expression while it is read.
class FieldParser {
 public:
  FieldParser(std::string_view expression, std::size_t number)
      : expression_(expression), number_(number), kind_(field_kinds.at(number)) {}

  Result<std::uint64_t> values(Piece field) const {
    std::uint64_t all = 0;
    for (const Piece& item : split_at_commas(field)) {
      DRAY_ASSIGN(const std::uint64_t some, item_values(item));
      all |= some;
    }
    return all;
  }

  Error error(std::size_t at, std::string what, std::string remedy) const {
    return config_error("cron " + in_quotes(expression_) + ": " + std::string(kind_.name) +
                            " (field " + std::to_string(number_ + 1) + ", character " +
                            std::to_string(at + 1) + "): " + std::move(what),
                        std::move(remedy));
  }

 private:
  bool is_weekday() const { return number_ == weekday_field; }
  std::string low_to_high() const {
    return std::to_string(kind_.low) + " to " + std::to_string(kind_.high);
  }

  // "value", "value-value", "*", each range with "/step" if wanted.
  Result<std::uint64_t> item_values(Piece item) const {
    if (item.text.empty()) {
      return error(item.at, "a comma has no value beside it", "take the comma away");
    }
    if (const auto foreign = foreign_item(item)) return *foreign;
    const std::size_t slash = item.text.find('/');
    const Piece range = item.until(slash);
    DRAY_ASSIGN(const auto bounds, range_bounds(range));
    const auto [first, last] = bounds;
    unsigned step = 1;
    if (slash != std::string_view::npos) {
      DRAY_ASSIGN(step, step_of(item.from(slash + 1), range, first, last));
    }
    std::uint64_t values = 0;
    for (unsigned value = first; value <= last; value += step) {
      // Bit 7 of the weekdays becomes bit 0 when the field is done.
      values |= std::uint64_t{1} << value;
    }
    return values;
  }

  Result<std::pair<unsigned, unsigned>> range_bounds(Piece range) const {
    if (range.text == "*") return std::pair(kind_.low, kind_.high);
    const std::size_t dash = range.text.find('-');
    DRAY_ASSIGN(const unsigned first, value_of(range.until(dash)));
    if (dash == std::string_view::npos) return std::pair(first, first);
    const Piece end = range.from(dash + 1);
    DRAY_ASSIGN(unsigned last, value_of(end));
    // At the end of a range the name of Sunday is the day after Saturday.
    if (is_weekday() && last == 0 && !all_digits(end.text)) last = 7;
    if (last >= first) return std::pair(first, last);
    const std::string remedy = is_weekday() && last == 0
                                   ? "write " + std::to_string(first) + "-7"
                                   : "write two ranges: " + std::to_string(first) + "-" +
                                         std::to_string(kind_.high) + "," +
                                         std::to_string(kind_.low) + "-" + std::to_string(last);
    return error(range.at, in_quotes(range.text) + " ends before it begins", remedy);
  }

  Result<unsigned> step_of(Piece step, Piece range, unsigned first, unsigned last) const {
    const std::string whole = std::string(range.text) + "/" + std::string(step.text);
    if (range.text != "*" && !contains(range.text, "-")) {
      return error(range.at, in_quotes(whole) + " has a step, and no range to step through",
                   "write " + std::string(range.text) + "-" + std::to_string(kind_.high) + "/" +
                       std::string(step.text));
    }
    const std::optional<unsigned> value = number_of(step.text);
    if (!value || *value == 0) {
      return error(step.at, in_quotes(step.text) + " is no step",
                   "after the / write a number from 1 on");
    }
    if (*value > last - first && last > first) {
      return error(step.at,
                   "a step of " + std::string(step.text) + " leaves only the first of " +
                       in_quotes(range.text),
                   // "*/90" of minutes: a common wish, which cron cannot grant.
                   number_ == 0 && *value >= 60
                       ? "write every: " + std::string(step.text) + "m, without cron, or " +
                             std::to_string(first) + " for once an hour"
                       : "write " + std::to_string(first) + ", which is the same");
    }
    return *value;
  }

  static std::optional<unsigned> number_of(std::string_view text) {
    constexpr std::size_t digits_max = 9;
    if (!all_digits(text) || text.size() > digits_max) return std::nullopt;
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
  }

  Result<unsigned> value_of(Piece piece) const {
    if (piece.text.empty()) {
      return error(piece.at, "a value is missing", "write " + low_to_high());
    }
    if (all_digits(piece.text)) {
      const std::optional<unsigned> number = number_of(piece.text);
      if (number && *number >= kind_.low && *number <= kind_.high) return *number;
      return error(piece.at, std::string(piece.text) + " is out of range",
                   "write " + low_to_high());
    }
    const std::string word = lower_text(piece.text);
    for (std::size_t i = 0; i < kind_.names.size(); ++i) {
      if (kind_.names[i] == word) return kind_.low + static_cast<unsigned>(i);
    }
    return error(piece.at, in_quotes(piece.text) + " is no " + std::string(kind_.name),
                 name_remedy(word));
  }

  std::string name_remedy(const std::string& word) const {
    if (kind_.names.empty()) return "write " + low_to_high();
    const std::vector<std::string> names(kind_.names.begin(), kind_.names.end());
    // "monday", "sept"
    std::optional<std::string> meant;
    for (const std::string& name : names) {
      if (word.starts_with(name)) meant = name;
    }
    if (!meant) meant = nearest_word(word, names);
    if (meant) return "write " + *meant;
    return "write " + low_to_high() + ", or a name: " + names.front() + " to " + names.back();
  }

  // What other programs have in their expressions, and five fields have not.
  std::optional<Error> foreign_item(Piece item) const {
    const std::string word = lower_text(item.text);
    if (contains(word, "?")) {
      return error(item.at + word.find('?'), "? is not part of cron's five fields", "write *");
    }
    if (contains(word, "#")) {
      return error(item.at + word.find('#'), "# (the nth such weekday of the month) is not known",
                   "write the weekday alone, which comes every week, or the days of the month that "
                   "it may fall on, such as 8-14");
    }
    if (contains(word, "~")) {
      return error(item.at + word.find('~'), "~ (a value by chance) is not known",
                   "write one value, and jitter: to spread the runs of several sources");
    }
    if (word == "h" || word.starts_with("h/") || word.starts_with("h(")) {
      return error(item.at, "H (a value by the job's name) is not known",
                   "write one value, or *, and jitter: to spread the runs of several sources");
    }
    if (is_last(word)) {
      return error(item.at, "L (the last day) is not known",
                   is_weekday() ? "write the weekday alone, which comes every week"
                                : "write the day after it: 1, the first of the next month");
    }
    if (is_nearest_weekday(word)) {
      return error(item.at, "W (the weekday nearest to a day) is not known",
                   "write the day alone, or the weekdays in field 5, such as mon-fri");
    }
    return std::nullopt;
  }

  // "l", "l-3", "lw", "5l", "fril"
  bool is_last(std::string_view word) const {
    if (number_ != 2 && !is_weekday()) return false;
    if (word == "l" || word == "lw" || word.starts_with("l-")) return true;
    if (!word.ends_with('l')) return false;
    word.remove_suffix(1);
    return all_digits(word) || std::ranges::find(kind_.names, word) != kind_.names.end();
  }

  // "w", "15w"
  static bool is_nearest_weekday(std::string_view word) {
    if (!word.ends_with('w')) return false;
    word.remove_suffix(1);
    return word.empty() || all_digits(word);
  }

  std::string_view expression_;
  std::size_t number_;
  const FieldKind& kind_;
};

Error whole_error(std::string_view expression, std::size_t at, std::string what,
                  std::string remedy) {
  return config_error("cron " + in_quotes(expression) + ", character " + std::to_string(at + 1) +
                          ": " + std::move(what),
                      std::move(remedy));
}

struct Nickname {
  std::string_view name;
  std::string_view fields;
};

constexpr std::array nicknames = {
    Nickname{"@hourly", "0 * * * *"},   Nickname{"@daily", "0 0 * * *"},
    Nickname{"@midnight", "0 0 * * *"}, Nickname{"@weekly", "0 0 * * 0"},
    Nickname{"@monthly", "0 0 1 * *"},  Nickname{"@yearly", "0 0 1 1 *"},
    Nickname{"@annually", "0 0 1 1 *"}};

Error nickname_error(std::string_view expression, Piece word) {
  const std::string name = lower_text(word.text);
  if (name == "@reboot") {
    return whole_error(expression, word.at, "@reboot is no time",
                       "write @daily or another time: what was missed while the daemon was down is "
                       "made up, once, when it starts");
  }
  if (name == "@every") {
    return whole_error(expression, word.at, "@every is not part of cron",
                       "write every: with the length of time, such as every: 15m, without cron");
  }
  std::vector<std::string> names;
  names.reserve(nicknames.size());
  for (const Nickname& nickname : nicknames)
    names.emplace_back(nickname.name);
  const std::optional<std::string> nearest = nearest_word(name, names);
  return whole_error(expression, word.at, in_quotes(word.text) + " is no schedule",
                     nearest
                         ? "write " + *nearest
                         : "write @hourly, @daily, @weekly, @monthly or @yearly, or five fields");
}

Error count_error(std::string_view expression, const std::vector<Piece>& fields) {
  const std::string what = std::to_string(fields.size()) + " fields where five are expected";
  if (fields.size() < fields_expected) {
    const std::size_t end = fields.back().at + fields.back().text.size();
    return whole_error(expression, end,
                       fields.size() == 1 ? "one field where five are expected" : what,
                       std::string(example));
  }
  const Piece extra = fields[fields_expected];
  std::string remedy = "leave out the seconds";
  if (fields.size() == fields_expected + 1) {
    remedy += ", if they are the first field: \"" + joined(std::span(fields).subspan(1)) +
              "\"; or the year, if it is the last: \"" +
              joined(std::span(fields).first(fields_expected)) + "\"";
  } else if (fields.size() == fields_expected + 2) {
    remedy += " and the year: \"" + joined(std::span(fields).subspan(1, fields_expected)) + "\"";
  } else {
    remedy = example;
  }
  return whole_error(expression, extra.at, what, remedy);
}

Result<Cron> parse_fields(std::string_view expression, const std::vector<Piece>& fields) {
  std::array<std::uint64_t, fields_expected> values{};
  for (std::size_t i = 0; i < fields_expected; ++i) {
    DRAY_ASSIGN(values.at(i), FieldParser(expression, i).values(fields[i]));
  }
  const auto [minutes, hours, days, months, weekdays] = values;
  Cron cron;
  cron.minutes = minutes;
  cron.hours = static_cast<std::uint32_t>(hours);
  cron.days = static_cast<std::uint32_t>(days);
  cron.months = static_cast<std::uint32_t>(months);
  constexpr std::uint64_t sunday_as_7 = 1U << 7;
  cron.weekdays = static_cast<std::uint32_t>((weekdays & ~sunday_as_7) | (weekdays >> 7 & 1));
  const bool any_day = fields[2].text.starts_with('*');
  const bool any_weekday = fields[weekday_field].text.starts_with('*');
  cron.day_rule = any_day || any_weekday ? DayRule::both : DayRule::either;
  const bool elapsed = contains(fields[1].text, "*") || contains(fields[1].text, "/");
  cron.hour_rule = elapsed ? HourRule::elapsed : HourRule::fixed;
  if (ever_comes(cron)) return cron;
  return FieldParser(expression, 2)
      .error(fields[2].at, "it never comes: no month of field 4 has such a day",
             "write a day that the months have, such as 28, or other months");
}

}  // namespace

Result<Cron> parse_cron(std::string_view text) {
  if (text.size() > text_bytes_max) {
    return whole_error(text, text_bytes_max,
                       "it is longer than " + std::to_string(text_bytes_max) + " characters",
                       "write ranges and steps instead of single values");
  }
  const std::vector<Piece> fields = split_at_blanks({text, 0});
  if (fields.empty()) return whole_error(text, 0, "it is empty", std::string(example));
  if (fields[0].text.starts_with('@')) {
    const std::string name = lower_text(fields[0].text);
    for (const Nickname& nickname : nicknames) {
      if (nickname.name != name) continue;
      if (fields.size() == 1) return parse_fields(text, split_at_blanks({nickname.fields, 0}));
      return whole_error(text, fields[1].at, "nothing may stand after " + name,
                         "write " + name + " alone");
    }
    return nickname_error(text, fields[0]);
  }
  if (fields.size() != fields_expected) return count_error(text, fields);
  return parse_fields(text, fields);
}

}  // namespace dray
