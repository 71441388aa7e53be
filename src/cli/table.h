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

}  // namespace dray
