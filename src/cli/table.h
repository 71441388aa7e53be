// Text in columns.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace dray {

enum class Align { left, right };

struct TableColumn {
  std::string title;
  Align align = Align::left;
};

// A title line and a line per row, each ending with a line break, two spaces between columns and
// none at a line's end. Cells go through printable(). Where `columns_max` (0: any width will do) is
// too little, the last column is cut.
std::string render_table(const std::vector<TableColumn>& columns,
                         const std::vector<std::vector<std::string>>& rows,
                         std::size_t columns_max);

// The same for rows that come one by one and are more than memory holds.
class TableStream {
 public:
  TableStream(std::vector<TableColumn> columns, std::size_t columns_max);
  // Takes a row, and returns what can be shown: nothing until widths are settled.
  std::string add(const std::vector<std::string>& row);
  std::string rest();

 private:
  void settle(std::string& out);

  std::vector<TableColumn> columns_;
  const std::size_t columns_max_;
  std::vector<std::vector<std::string>> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::vector<std::size_t> widths_;
  bool is_settled_ = false;
};

}  // namespace dray
