#include "golden/case_file.h"

#include <algorithm>
#include <iterator>
#include <sstream>

namespace dray::golden {
namespace {

constexpr std::string_view mark = "--- ";
constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

// Wider tables are turned: a line per column.
constexpr std::size_t width_max = 120;

bool is_remark(std::string_view line) { return line.empty() || line.front() == '#'; }

Section section_of(std::string_view header) {
  Section section;
  section.header = header.substr(mark.size());
  std::istringstream in(section.header);
  in >> section.word;
  for (std::string word; in >> word;)
    section.words.push_back(word);
  return section;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string unescape(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool is_byte = line.substr(i, 2) == "\\x" && i + 3 < line.size() &&
                         hex_digit(line[i + 2]) >= 0 && hex_digit(line[i + 3]) >= 0;
    if (!is_byte) {
      out += line[i];
      continue;
    }
    out += static_cast<char>(hex_digit(line[i + 2]) * 16 + hex_digit(line[i + 3]));
    i += 3;
  }
  return out;
}

std::string trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

std::string squeezed(std::string_view line) {
  std::string out;
  while (true) {
    const std::size_t bar = line.find('|');
    out += trimmed(line.substr(0, bar)) + '|';
    if (bar == std::string_view::npos) return out;
    line.remove_prefix(bar + 1);
  }
}

// Characters, not bytes: good enough for the eye.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::vector<Row> turned(const std::vector<Row>& rows) {
  std::vector<Row> out(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      out[i].push_back(row[i]);
  }
  return out;
}

std::vector<std::size_t> widths_of(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths(rows.front().size());
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], width_of(row[i]));
  }
  return widths;
}

}  // namespace

std::vector<Section> parse_case(std::string_view text) {
  std::vector<Section> sections(1);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with(mark)) {
      sections.push_back(section_of(line));
    } else {
      Section& section = sections.back();
      if (!is_remark(line)) {
        // What looked like the end was not.
        std::ranges::move(section.tail, std::back_inserter(section.lines));
        section.tail.clear();
      }
      (is_remark(line) ? section.tail : section.lines).emplace_back(line);
    }
  }
  return sections;
}

std::string write_case(const std::vector<Section>& sections) {
  std::string out;
  for (const Section& section : sections) {
    if (!section.word.empty()) out.append(mark).append(section.header) += '\n';
    for (const auto* lines : {&section.lines, &section.tail}) {
      for (const std::string& line : *lines)
        out.append(line) += '\n';
    }
  }
  return out;
}

std::string object_bytes(const Section& object, std::string_view given) {
  std::string bytes;
  for (const std::string& text : object.lines) {
    std::string line = unescape(text);
    if (!given.empty() && line.starts_with('{')) {
      line.insert(1, std::string(given) + (line.starts_with("{}") ? "" : ","));
    }
    bytes.append(line) += '\n';
  }
  if (std::ranges::find(object.words, "cut") != object.words.end()) bytes.pop_back();
  return bytes;
}

std::vector<std::string> draw(const std::vector<Row>& rows) {
  const auto draw_as = [](const std::vector<Row>& grid) {
    const std::vector<std::size_t> widths = widths_of(grid);
    std::vector<std::string> lines;
    for (const Row& row : grid) {
      std::string& line = lines.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (i > 0) line += " | ";
        line += row[i];
        if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]), ' ');
      }
    }
    return lines;
  };
  std::vector<std::string> lines = draw_as(rows);
  const bool fits =
      std::ranges::all_of(lines, [](const auto& line) { return width_of(line) <= width_max; });
  return fits ? lines : draw_as(turned(rows));
}

bool says_the_same(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::ranges::equal(a, b, {}, squeezed, squeezed);
}

std::string show(std::string_view text) {
  const bool is_plain = !text.empty() && text != "NULL" && text.front() != ' ' &&
                        text.front() != '"' && text.front() != '#' && text.back() != ' ' &&
                        text.find(byte_order_mark) == std::string_view::npos &&
                        std::ranges::none_of(text, [](char c) {
                          return c == '|' || c == '\x7F' || static_cast<unsigned char>(c) < ' ';
                        });
  if (is_plain) return std::string(text);
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto byte = static_cast<unsigned char>(c);
    if (text.substr(i).starts_with(byte_order_mark)) {
      out += "\\xEF\\xBB\\xBF";
      i += 2;
      continue;
    }
    if (byte >= ' ' && byte != 0x7F && c != '|') {
      out += c;
      continue;
    }
    constexpr std::string_view digits = "0123456789ABCDEF";
    out.append("\\x") += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out + '"';
}

}  // namespace dray::golden
