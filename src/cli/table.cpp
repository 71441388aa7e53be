#include "cli/table.h"

#include <algorithm>

#include "base/code_point.h"
#include "base/result.h"
#include "cli/format.h"

namespace dray {
namespace {

constexpr std::size_t gap = 2;
// However narrow the terminal, this much of the last column stays.
constexpr std::size_t last_width_least = 8;

using Row = std::vector<std::string>;

std::vector<std::size_t> widths_of(const std::vector<Row>& lines, std::size_t columns) {
  std::vector<std::size_t> widths(columns, 0);
  for (const Row& line : lines) {
    for (std::size_t i = 0; i < columns; ++i) {
      widths[i] = std::max(widths[i], display_width(line[i]));
    }
  }
  return widths;
}

void cut_last(std::vector<Row>& lines, std::vector<std::size_t>& widths, std::size_t columns_max) {
  std::size_t before = 0;
  for (std::size_t i = 0; i + 1 < widths.size(); ++i) {
    before += widths[i] + gap;
  }
  const std::size_t room = columns_max > before ? columns_max - before : 0;
  const std::size_t allowed = std::max(room, last_width_least);
  if (widths.back() <= allowed) return;
  widths.back() = allowed;
  for (Row& line : lines) {
    line.back() = cut_to_width(line.back(), allowed);
  }
}

void append_line(std::string& out, const Row& line, const std::vector<TableColumn>& columns,
                 const std::vector<std::size_t>& widths) {
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out.append(gap, ' ');
    const std::size_t blanks = widths[i] - display_width(line[i]);
    if (columns[i].align == Align::right) out.append(blanks, ' ');
    out += line[i];
    if (columns[i].align == Align::left) out.append(blanks, ' ');
  }
  while (out.size() > begin && out.back() == ' ')
    out.pop_back();
  out += '\n';
}

}  // namespace

std::string render_table(const std::vector<TableColumn>& columns, const std::vector<Row>& rows,
                         std::size_t columns_max) {
  if (columns.empty()) return "";
  std::vector<Row> lines(1);
  for (const TableColumn& column : columns) {
    lines[0].push_back(printable(column.title));
  }
  for (const Row& row : rows) {
    DRAY_ASSERT(row.size() == columns.size());
    Row& line = lines.emplace_back();
    for (const std::string& cell : row) {
      line.push_back(printable(cell));
    }
  }
  std::vector<std::size_t> widths = widths_of(lines, columns.size());
  if (columns_max > 0) cut_last(lines, widths, columns_max);
  std::string out;
  for (const Row& line : lines) {
    append_line(out, line, columns, widths);
  }
  return out;
}

}  // namespace dray
