// Staged rows as files: compressed CSV parts, as Redshift's COPY takes them (FORMAT CSV ZSTD or
// GZIP, NULL AS the null_text, no header).
//
// The fields are the load's columns that are not refused, in their order; rows end in '\n'. A text
// field is quoted, its quotes doubled, when it is empty, has a quote, comma, CR or LF, or a blank
// at one of its ends. A text longer than its column's varchar_bytes is cut at a character's
// boundary and told to value_rejects. Numbers are the text of the event, timestamps "YYYY-MM-DD
// HH:MM:SS[.ffffff]", booleans t and f. A value that does not fit its column is NULL and told to
// the load's value_rejects; so is a text that would make its row longer than COPY takes.
//
// NULL: for COPY quotes do not matter, an empty field is '' in a varchar and NULL in any other
// column. So an absent varchar is null_text and an absent value of another type an empty field. A
// text that equals null_text would become NULL: it is written (in quotes), and counted in
// PartsWritten::null_text_values. If that is not 0 throw the parts away and write the table again
// with another null_text.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/staged.h"

namespace dray {

// Further fields behind those of the columns, for a warehouse that settles duplicates itself.
enum class RowOrigins {
  leave_out,
  // The row's number within the staged rows; the ledger's number of its object; its line; and, if
  // the load names a profile_id_column, the uuid of that profile or nothing.
  add,
};

// Zstandard is smaller and several times quicker to write; gzip is for what cannot read it.
enum class PartCompression { zstd, gzip };

struct PartOptions {
  // Compressed; a part is cut behind the row that reaches it. Tens of megabytes keep a cluster's
  // slices busy without thousands of files.
  std::size_t part_bytes = 32U << 20;
  PartCompression compression = PartCompression::zstd;
  int level = 1;  // of either
  // A table is written as a multiple of so many parts, of as many rows each, so that a cluster of
  // so many slices loads with all of them. Not so for small tables (less than 1 MiB a part), which
  // are one part; nor where rows are so uneven that a part would exceed twice part_bytes.
  unsigned parts_multiple = 1;
  // Must itself be a field that needs no quotes.
  std::string null_text = "\\N";
  RowOrigins origins = RowOrigins::leave_out;
};

// One part; the bytes live for the sink's call.
struct FinishedPart {
  std::string_view bytes;
  std::uint64_t rows = 0;
};

using PartSink = std::function<Result<void>(const FinishedPart&)>;

struct PartsWritten {
  std::uint64_t rows = 0;
  std::uint64_t parts = 0;
  std::uint64_t bytes_plain = 0;
  std::uint64_t bytes_compressed = 0;
  std::uint64_t null_text_values = 0;
};

// Writes tables one after the other and keeps its memory, some MB and the part at hand, from one to
// the next. Threads: a writer belongs to one thread; several may write several tables at once.
class PartWriter {
 public:
  explicit PartWriter(PartOptions options);
  ~PartWriter();
  PartWriter(const PartWriter&) = delete;
  PartWriter& operator=(const PartWriter&) = delete;

  // Writes those of the table's rows that are not dropped; a table without any has no parts. An
  // error is the sink's or the staged rows'; the writer can be used again after it.
  Result<PartsWritten> write(const TableLoad& load, const RunRows& rows, const PartSink& sink);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
