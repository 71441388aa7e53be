// Rows for one of Dray's own tables on their way into Redshift: as one INSERT while they are few,
// else as files for COPY.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/staging_area.h"
#include "load/warehouse.h"
#include "sql/sql.h"

namespace dray {

class RedshiftRows {
 public:
  // Files go into `folder`, which is empty; without an area there are none, only more INSERTs.
  // `widths` are the bytes that each column's text may have (0: no bound); longer text is cut.
  RedshiftRows(StagingArea* area, std::string folder, std::vector<std::uint32_t> widths);

  Result<void> add(const std::vector<PlainValue>& row);

  // Rows enough for an INSERT, as "(1, 'a'), (2, 'b')"; likewise, at the end, the rest. Nothing
  // once they are in files.
  std::optional<Sql> take_literals();
  std::optional<Sql> take_last_literals();

  bool in_files() const { return in_files_; }
  // Ends the files: their manifest.
  Result<std::string> end();
  const std::string& null_text() const { return null_text_; }
  std::uint64_t count() const { return count_; }

 private:
  std::string_view that_fits(std::size_t column, std::string_view text) const;
  void add_literals(const std::vector<PlainValue>& row);
  void add_csv(const std::vector<PlainValue>& row);
  Result<void> end_file();

  StagingArea* area_;
  const std::string folder_;
  const std::vector<std::uint32_t> widths_;
  const std::string null_text_;
  std::uint64_t count_ = 0;
  bool in_files_ = false;
  std::uint64_t literal_rows_ = 0;
  SqlBuilder literals_;
  std::string csv_;
  std::vector<StagingArea::PlainFile> files_;
};

}  // namespace dray
