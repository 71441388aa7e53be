// The rows of one table on their way into the warehouse, as the load sees them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "model/column_type.h"
#include "model/record.h"
#include "model/reject.h"
#include "model/standard_columns.h"

namespace dray {

// Memory that a reader of blocks brings along, so that reading allocates nothing per block.
struct BlockScratch {
  ByteBuffer compressed;
  ByteBuffer plain;
  std::vector<RowKey> keys;
};

// Some consecutive rows of one table. Borrows the staged rows or the scratch.
struct RowBlock {
  std::uint64_t first_row = 0;    // its number within the StagedRows
  std::string_view event;         // the slug in the column `event`; empty if the table has none
  std::span<const RowKey> keys;   // one per row
  std::span<const char> records;  // one per row, back to back; empty when only keys were asked for
};

// All rows of one table, in blocks. Reading is safe from several threads at once, each with its own
// scratch; marking is not, and not together with reading.
class StagedRows {
 public:
  virtual ~StagedRows() = default;
  virtual std::uint64_t row_count() const = 0;
  virtual std::size_t block_count() const = 0;
  virtual Result<RowBlock> keys(std::size_t block, BlockScratch& scratch) const = 0;
  virtual Result<RowBlock> rows(std::size_t block, BlockScratch& scratch) const = 0;

  // A dropped row is not loaded: it lost to a duplicate, or its object could not be read whole.
  virtual bool is_dropped(std::uint64_t row) const = 0;
  virtual void drop(std::uint64_t row) = 0;
};

// Every row, dropped ones too, in order: visit(key, number of the row), which returns Result<void>;
// its first error ends it.
template <typename Visit>
Result<void> each_key(const StagedRows& rows, Visit visit) {
  BlockScratch scratch;
  for (std::size_t number = 0; number < rows.block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, rows.keys(number, scratch));
    for (std::size_t i = 0; i < block.keys.size(); ++i)
      DRAY_TRY(visit(block.keys[i], block.first_row + i));
  }
  return {};
}

// A value that did not fit its column; the row is loaded without it.
struct ValueReject {
  std::uint32_t object = 0;
  std::uint32_t line = 0;
  RejectReason reason = RejectReason::does_not_fit;
  std::string_view column;
  ColumnType column_type = ColumnType::varchar;
  std::string_view value;
};

// Called from several threads at once.
using ValueRejectSink = std::function<void(const ValueReject&)>;

// Where a column's values come from.
struct LoadColumn {
  std::string name;
  ColumnType type = ColumnType::varchar;
  // Created by this very run, with a type chosen for these values: not one that a rule gave it.
  bool created = false;
  // Why its values are rejected instead of loaded: a bound, or a type that Dray does not write.
  std::optional<RejectReason> refused;
  // received_at, uuid, uuid_ts and event are not cells of the record; `standard` tells them.
  std::optional<StandardColumn> standard;
  Slot slot = 0;
  // What a varchar holds, if that is bounded: a longer value is cut at a character's boundary, and
  // a reject keeps its place.
  std::optional<std::uint32_t> varchar_bytes{};
};

constexpr std::int64_t no_object_number = 0;

// One table's share of a load, however its rows get into the warehouse.
struct TableLoad {
  std::string schema;
  std::string table;
  bool created = false;  // by this very run: no stored rows to compare with
  // The number under which _dray.lineage tells where the rows came from; nothing for `tracks`,
  // whose rows are told by the event tables'.
  std::optional<std::int64_t> lineage_table;
  // The numbers under which stored rivals of a tie are found: its own, or all event tables'.
  std::vector<std::int64_t> rival_tables;
  std::vector<LoadColumn> columns;
  Micros uuid_ts = 0;
  // The column whose values name the profiles that this table's rows change, and their table: users
  // or accounts. "" for other tables.
  std::string profile_id_column;
  std::string profile_table;
  // Whether the load touches every profile of which the table has a row, not those of its own rows
  // and of those that they replace alone.
  bool touches_all_profiles = false;
  ValueRejectSink value_rejects;
};

// Rows that this run has staged, and where they came from. Borrows all.
struct RunRows {
  StagedRows* rows = nullptr;
  // Keys of this run's objects by RowKey::object, for ties.
  const std::vector<std::string>* object_keys = nullptr;
  // The ledger's numbers for them; no_object_number for those that could not be read.
  const std::vector<std::int64_t>* object_numbers = nullptr;
  // The secret of RowKey::check, to compare stored ids with staged ones.
  std::uint64_t check_seed = 0;
  // A row from an object that was loaded before takes its stored self's place whatever its line.
  bool reload = false;
};

// What a warehouse loads that pulls the rows itself from where they are staged.
struct RowsToLoad : TableLoad, RunRows {
  // Commits what there is of the run and begins anew, locked as before: for a warehouse that cannot
  // take all of one table's rows, or of the profiles that follow from them, in one transaction.
  // Called by load() and merge_profiles() between two statements. Unset: everything is one.
  std::function<Result<void>()> commit_so_far{};
};

// What a warehouse loads that loads files. What a file is, where it lies, and whether the rows of
// several tables share one is known to the warehouse that wrote it, and to nobody else.
struct FilesToLoad : TableLoad {
  // Rows of this run, which are to be written first; nothing: an earlier run has left them in
  // `files`.
  std::optional<RunRows> rows;
  // The warehouse's own word for the files of this table, by which it finds them again in a later
  // run. Of this run's rows once they are staged.
  std::string files;
  std::uint64_t rows_in_files = 0;  // of this table; known once they are staged or read
};

// A column of a profile that cannot take its values as they are stored: somebody gave it another
// type, or it is too narrow and the warehouse will not widen it.
struct ProfileCast {
  std::string column;
  ColumnType from = ColumnType::varchar;         // in the source table
  ColumnType to = ColumnType::varchar;           // in the profile
  std::optional<std::uint32_t> varchar_bytes{};  // of a profile's varchar with a bound
};

// A column of a profile that takes no values.
struct ProfileRefusal {
  std::string column;
  ColumnType from = ColumnType::varchar;  // in the source table
  RejectReason reason = RejectReason::unknown_column_type;
};

// `users` from `identifies`, or `accounts` from `groups`: for every column the latest value that is
// not NULL, over all the stored rows of the profiles that the last load of `source_table` touched.
struct ProfileMerge {
  std::string schema;
  std::string source_table;
  std::string table;
  std::string id_column;             // of the source table; becomes `id`
  std::vector<std::string> columns;  // besides id, received_at, uuid, uuid_ts
  // Those of `columns` whose values have to be cast as docs/mapping.md has it for later values. One
  // that does not fit does not count, and is a reject if this load brought it.
  std::vector<ProfileCast> casts;
  // The other columns of `table`, somebody's own or of types that Dray does not write. What a
  // profile has there it keeps.
  std::vector<std::string> kept_columns;
  // Values of this load for these are rejects.
  std::vector<ProfileRefusal> refused_columns;
  ValueRejectSink value_rejects;
  Micros uuid_ts = 0;
};

// The same, with the load of `source_table` as it was loaded. Borrows it.
struct RowsProfileMerge : ProfileMerge {
  const RowsToLoad* load = nullptr;
};
struct FilesProfileMerge : ProfileMerge {
  const FilesToLoad* load = nullptr;
};

}  // namespace dray
