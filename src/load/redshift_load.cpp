#include "load/redshift_session.h"

#include <algorithm>
#include <span>

#include "ledger/tables.h"
#include "sql/query_values.h"

namespace dray {
namespace {

// Redshift takes 16 MB of statement; a list of numbers of this length stays far below.
constexpr std::size_t numbers_per_statement = 10'000;

ObjectPositions objects_by_number(const std::vector<std::int64_t>& numbers) {
  ObjectPositions positions;
  for (std::uint32_t i = 0; i < numbers.size(); ++i)
    positions.emplace(numbers[i], i);
  return positions;
}

}  // namespace

Result<std::uint32_t> object_of(std::optional<std::string_view> number,
                                const ObjectPositions& positions) {
  DRAY_ASSIGN(const std::int64_t known, needed_integer(number, "the object of a staged row"));
  const auto object = positions.find(known);
  if (object == positions.end()) return internal_error("a staged row of an unknown object");
  return object->second;
}

Result<std::uint32_t> line_of(std::optional<std::string_view> number) {
  DRAY_ASSIGN(const std::uint64_t line, needed_count(number, "the line of a staged row"));
  return static_cast<std::uint32_t>(line);
}

Result<FilesLoaded> RedshiftSession::load(FilesToLoad& load) {
  const auto at = stager_.staged().find(load.files);
  DRAY_ASSERT(at != stager_.staged().end());
  RedshiftStaged& staged = at->second;
  FilesLoaded loaded;
  if (load.rows) {
    staged.object_positions = objects_by_number(*load.rows->object_numbers);
  } else {
    DRAY_ASSIGN(loaded.object_keys, find_objects(load, staged));
  }
  // All the rows have one: also what loses now may tie with what comes later.
  if (load.lineage_table) {
    if (auto written = execute(insert_lineage(load, staged.table)); !written) {
      return of_ledger(std::move(written).error(), lineage_table_name);
    }
  }
  if (!load.created) {
    DRAY_ASSIGN(loaded.rows_lost, remove_losers(load, staged, loaded.object_keys));
  }
  if (!load.profile_id_column.empty()) DRAY_TRY(note_profiles(load, staged.table));
  if (!load.created) {
    DRAY_ASSIGN(loaded.rows_replaced, changed(delete_replaced_rows(load, staged.table, window())));
  }
  DRAY_ASSIGN(loaded.rows_inserted, changed(insert_staged_rows(load, staged.table)));
  staged.is_loaded = true;
  return loaded;
}

// --- duplicates ----------------------------------------------------------------------------------

// Staged rows that a stored row outdoes leave the staging table.
Result<std::uint64_t> RedshiftSession::remove_losers(const FilesToLoad& load,
                                                     const RedshiftStaged& staged,
                                                     const std::vector<std::string>& object_keys) {
  RunRows earlier;
  earlier.object_keys = &object_keys;
  const RunRows& rows = load.rows ? *load.rows : std::as_const(earlier);
  Rivals rivals(rows, cluster_->duplicates_bytes);
  std::uint64_t rows_lost = 0;
  do {
    DRAY_TRY(find_rivals(load, staged, rivals));
    DRAY_TRY(find_origins(load, rivals));
    const std::vector<std::uint64_t> lost = rivals.settle().rows_lost;
    for (std::size_t done = 0; done < lost.size(); done += numbers_per_statement) {
      const std::size_t count = std::min(numbers_per_statement, lost.size() - done);
      DRAY_ASSIGN(const std::uint64_t removed,
                  changed(delete_staged_rows(staged.table, std::span(lost).subspan(done, count))));
      if (removed != count) {
        return internal_error(load.table + ": " + std::to_string(count) + " staged rows lost and " +
                              std::to_string(removed) + " were removed");
      }
    }
    rows_lost += lost.size();
  } while (rivals.next_part());
  return rows_lost;
}

Result<void> RedshiftSession::find_rivals(const FilesToLoad& load, const RedshiftStaged& staged,
                                          Rivals& rivals) {
  const ObjectPositions& positions = staged.object_positions;
  const auto add = [&](PqRow row) -> Result<void> {
    Rival rival;
    DRAY_ASSIGN(rival.row, needed_count(row[0], "the number of a staged row"));
    DRAY_ASSIGN(const std::int64_t uuid, needed_integer(row[1], "the uuid of a staged row"));
    rival.key.uuid = static_cast<std::uint64_t>(uuid);
    rival.key.received_at = redshift_micros(row[2]);
    rival.stored_received_at = redshift_micros(row[3]);
    DRAY_ASSIGN(rival.key.object, object_of(row[4], positions));
    DRAY_ASSIGN(rival.key.line, line_of(row[5]));
    // Rows that waited in files may have been read again since: by a retry, or after a change.
    rival.staged_is_older = !load.rows && redshift_micros(row[6]) < redshift_micros(row[7]);
    rivals.add(rival);
    return {};
  };
  return connection_->each_row(select_rivals(load, staged.table, window(), rivals.rows()), add);
}

// The objects of rows that an earlier run staged: they are not this run's.
Result<std::vector<std::string>> RedshiftSession::find_objects(const FilesToLoad& load,
                                                               RedshiftStaged& staged) {
  DRAY_ASSIGN(const QueryResult objects, query(select_staged_objects(load.schema, staged.table)));
  std::vector<std::int64_t> numbers;
  std::vector<std::string> keys;
  for (const auto& row : objects.rows) {
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[0], "objects.object_number"));
    numbers.push_back(number);
    keys.push_back(row[1].value_or(""));
  }
  staged.object_positions = objects_by_number(numbers);
  return keys;
}

// Where the stored rows came from that are as late as their staged rivals.
Result<void> RedshiftSession::find_origins(const TableLoad& load, Rivals& rivals) {
  const std::vector<std::int64_t> tied = rivals.tied_uuids();
  const std::pair<Micros, Micros> times = rivals.tied_times();
  for (std::size_t done = 0; done < tied.size(); done += numbers_per_statement) {
    const std::size_t count = std::min(numbers_per_statement, tied.size() - done);
    const auto add = [&](PqRow row) -> Result<void> {
      DRAY_ASSIGN(const std::int64_t uuid, needed_integer(row[0], "lineage.uuid"));
      DRAY_ASSIGN(const std::uint64_t line, needed_count(row[3], "lineage.line"));
      rivals.add_origin(uuid, redshift_micros(row[1]), row[2].value_or(""), line);
      return {};
    };
    DRAY_TRY(connection_->each_row(select_places(load, std::span(tied).subspan(done, count), times),
                                   add));
  }
  return {};
}

}  // namespace dray
