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
  widths.back() = std::min(widths.back(), allowed);
  for (Row& line : lines) {
    line.back() = cut_to_width(line.back(), allowed);
  }
}

void append_line(std::string& out, const Row& line, const std::vector<TableColumn>& columns,
                 const std::vector<std::size_t>& widths) {
  const std::size_t begin = out.size();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out.append(gap, ' ');
    const std::size_t width = display_width(line[i]);
    const std::size_t blanks = widths[i] > width ? widths[i] - width : 0;
    if (columns[i].align == Align::right) out.append(blanks, ' ');
    out += line[i];
    if (columns[i].align == Align::left) out.append(blanks, ' ');
  }
  while (out.size() > begin && out.back() == ' ')
    out.pop_back();
  out += '\n';
}

Row printable_row(const Row& row) {
  Row line;
  for (const std::string& cell : row)
    line.push_back(printable(cell));
  return line;
}

Row titles_of(const std::vector<TableColumn>& columns) {
  Row titles;
  for (const TableColumn& column : columns)
    titles.push_back(printable(column.title));
  return titles;
}

}  // namespace

std::string render_table(const std::vector<TableColumn>& columns, const std::vector<Row>& rows,
                         std::size_t columns_max) {
  if (columns.empty()) return "";
  std::vector<Row> lines = {titles_of(columns)};
  for (const Row& row : rows) {
    DRAY_ASSERT(row.size() == columns.size());
    lines.push_back(printable_row(row));
  }
  std::vector<std::size_t> widths = widths_of(lines, columns.size());
  if (columns_max > 0) cut_last(lines, widths, columns_max);
  std::string out;
  for (const Row& line : lines) {
    append_line(out, line, columns, widths);
  }
  return out;
}

TableStream::TableStream(std::vector<TableColumn> columns, std::size_t columns_max)
    : columns_(std::move(columns)), columns_max_(columns_max), waiting_{titles_of(columns_)} {}

std::string TableStream::add(const Row& row) {
  // Enough to look right to a person, and no more than one should have to wait for.
  constexpr std::size_t rows_max = 1'000;
  constexpr std::size_t bytes_max = 4 << 20;
  DRAY_ASSERT(row.size() == columns_.size());
  std::string out;
  if (columns_.empty()) return out;
  for (const std::string& cell : row)
    waiting_bytes_ += cell.size();
  waiting_.push_back(printable_row(row));
  if (is_settled_ || waiting_.size() > rows_max || waiting_bytes_ > bytes_max) settle(out);
  return out;
}

std::string TableStream::rest() {
  std::string out;
  if (!columns_.empty()) settle(out);
  return out;
}

void TableStream::settle(std::string& out) {
  if (!is_settled_) widths_ = widths_of(waiting_, columns_.size());
  is_settled_ = true;
  if (columns_max_ > 0 && !waiting_.empty()) cut_last(waiting_, widths_, columns_max_);
  for (const Row& line : waiting_)
    append_line(out, line, columns_, widths_);
  waiting_.clear();
}

}  // namespace dray
