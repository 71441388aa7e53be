// DuckDB's session: one transaction for everything a run changes. Its parts are files of their own:
// duckdb_session.cpp (the transaction, tables), duckdb_load.cpp (new rows, and stored rows with
// their ids), duckdb_profiles.cpp (users and accounts), duckdb_hands.cpp (what somebody else has
// done to tables). Only load/duckdb*.cpp include it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "load/duckdb_gate.h"
#include "load/duckdb_room.h"
#include "load/duckdb_rows.h"
#include "load/duckdb_sql.h"
#include "load/duckdb_turn.h"
#include "load/open.h"
#include "load/rivals.h"
#include "load/warehouse.h"
#include "sql/duckdb_connection.h"

namespace dray {

// Whether the ledger's schema has the table of long rows, the tables with rows that DuckDB cannot
// hold 2,048 of: then their row groups have to stay as short as they were made.
Result<bool> dray_tells_long_rows(DuckConnection& connection);

// The file that the database is, if it is one.
struct DuckFile {
  bool is_in_memory = false;
  std::uint64_t block_bytes = 0;
};

class DuckSession final : public WarehouseSession, public RowLoader {
 public:
  // Borrows the database, the dialect, the relations, the room and the turn.
  DuckSession(std::unique_ptr<DuckGate::Place> place, DuckDatabase& database,
              std::unique_ptr<DuckConnection> connection, const DuckDialect& dialect,
              DuckRelations& relations, DuckRoom& room, DuckTurn& turn, DuckFile file,
              const WarehouseOptions& options)
      : place_(std::move(place)),
        database_(database),
        connection_(std::move(connection)),
        dialect_(dialect),
        relations_(relations),
        room_(room),
        turn_(turn),
        file_(file),
        memory_bytes_(options.memory_bytes),
        duplicates_bytes_(options.duplicates_bytes),
        threads_(duckdb_threads(options)),
        merged_columns_max_(options.merged_columns_max) {}

  // The transaction ends before the turn does, and the place last.
  ~DuckSession() override {
    connection_.reset();
    turn_.give_back(this);
  }
  DuckSession(const DuckSession&) = delete;
  DuckSession& operator=(const DuckSession&) = delete;

  Result<Catalog> catalog(const std::string& schema) override;
  Result<void> begin() override;
  Result<void> commit() override;

  // A file is open in one process only, whose sessions take turns.
  Result<void> lock(std::chrono::seconds wait_max) override;

  Loader loader() override { return static_cast<RowLoader*>(this); }
  TransactionBounds bounds() const override;
  // DuckDB puts none off.
  Result<std::vector<CommitRefusal>> check_deferred(const std::string&) override {
    return std::vector<CommitRefusal>();
  }
  Result<void> commit_some(std::chrono::seconds wait_max) override;

  void interrupt() override { connection_->interrupt(); }
  Result<void> apply(const SchemaChange& change) override;
  Result<void> execute(const Sql& sql) override { return connection_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return connection_->query(sql); }
  Result<RowsLoaded> load(RowsToLoad& load) override;
  Result<std::uint64_t> merge_profiles(const RowsProfileMerge& merge) override;
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override;

 private:
  Result<void> settle();
  Result<void> commit_transaction();
  Result<void> begin_transaction();
  bool is_generated(const std::string& schema, const std::string& table, const std::string& column);
  Error explained(Error error, const std::string& schema, const std::string& table);

  // --- rows --------------------------------------------------------------------------------------

  Result<RowsLoaded> load_rows(RowsToLoad& load);
  Result<void> append_all(duckdb_appender appender, RowSource& rows) const;
  static void append_value(duckdb_appender appender, const PlainValue& value);
  Result<std::uint64_t> changed_rows(const Sql& sql);
  Result<void> set_threads();
  Result<void> choose_threads(const RowsToLoad& load);
  Result<void> write_lineage(const RowsToLoad& load);
  Result<std::uint64_t> insert(const RowsToLoad& load);
  Result<std::uint64_t> insert_some(const RowsToLoad& load);
  Result<void> keep_groups_short(const RowsToLoad& load);
  Result<bool> has_long_rows(const RowsToLoad& load);

  // --- profiles ----------------------------------------------------------------------------------

  static Sql is_touched(const Sql& id);
  static Sql is_touched() { return is_touched(SqlBuilder("id").done()); }

  // A part of the profiles, by that hash.
  struct ProfilePart {
    std::int64_t first = INT64_MIN;
    std::int64_t last = INT64_MAX;
    bool is_all = true;
    bool is_long = false;         // in rows that are
    bool has_row_numbers = true;  // their source
  };

  Result<std::vector<ProfilePart>> profile_parts(const RowsProfileMerge& merge, bool is_long);
  static Sql sizes_of_long(const RowsProfileMerge& merge);
  Result<std::uint64_t> merge_rows(const RowsProfileMerge& merge);
  // `is_long`: in the source are rows that DuckDB cannot hold 2,048 of.
  Result<std::uint64_t> merge_parts(const RowsProfileMerge& merge, bool is_long);
  Result<std::uint64_t> each_part(
      const RowsProfileMerge& merge, bool is_long,
      const std::function<Result<std::uint64_t>(const ProfilePart&)>& write);
  Result<std::uint64_t> update_profiles(const RowsProfileMerge& merge, bool is_long);
  static Sql update_merged(const RowsProfileMerge& merge);
  static Sql insert_merged(const RowsProfileMerge& merge);

  // Which profiles, by what is kept of them.
  enum class Kept { none, has, lacks };

  Result<std::uint64_t> insert_latest(const RowsProfileMerge& merge, const ProfilePart& part,
                                      Kept kept);
  Result<Sql> latest_values(const RowsProfileMerge& merge, const ProfilePart& part, Kept kept);

  // A range of RowsProfileMerge::columns.
  struct ColumnRange {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  static Sql latest_of(const RowsProfileMerge& merge, ColumnRange range, const Sql& rows);
  static Sql placed_rows(const RowsProfileMerge& merge, const ProfilePart& part, Kept kept);
  static Sql at_places(const RowsProfileMerge& merge, const Sql& places);
  static Sql row_places(const RowsProfileMerge& merge, const ProfilePart& part, Kept kept);
  static Sql profile_id(const RowsToLoad& load);
  Result<void> reject_unfit(const RowsProfileMerge& merge);
  Result<void> reject_values(const RowsProfileMerge& merge, const std::string& column,
                             const Sql& condition, RejectReason reason, ColumnType type);
  Result<void> keep_values(const RowsProfileMerge& merge);

  // --- stored rows with the ids of staged ones ---------------------------------------------------

  Result<void> settle_rivals(RowsToLoad& load, RowsLoaded& loaded);
  Result<void> find_rivals(const RowsToLoad& load, Rivals& rivals);
  Result<bool> hides_row_numbers(const RowsToLoad& load);

  static void read_rivals(duckdb_data_chunk chunk, Rivals& rivals);
  Result<void> find_origins(const RowsToLoad& load, Rivals& rivals);
  Result<void> remove_rows(const RowsToLoad& load, const std::vector<std::int64_t>& rows);
  Sql are_numbered(const std::vector<std::int64_t>& rows, bool is_hidden);

  // --- what somebody else has done to tables -----------------------------------------------------

  using TableNames = std::set<std::pair<std::string, std::string>>;

  struct Peculiarities {
    TableNames with_rowid;
    TableNames indexed;
    std::set<std::string> referenced;  // by foreign keys; DuckDB does not tell the schema
  };

  Result<const Peculiarities*> peculiarities();
  Result<void> add_names(const Sql& sql, TableNames& names);
  Result<void> bind_indexes(const std::string& schema, const std::string& table);

  std::unique_ptr<DuckGate::Place> place_;  // outlives all that follows
  DuckDatabase& database_;
  std::unique_ptr<DuckConnection> connection_;
  const DuckDialect& dialect_;
  DuckRelations& relations_;
  DuckRoom& room_;
  DuckTurn& turn_;
  std::uint64_t turns_ended_ = 0;  // when the transaction at hand began
  const DuckFile file_;
  const std::uint64_t memory_bytes_;  // of DuckDB
  const std::uint64_t duplicates_bytes_;
  const unsigned threads_;
  const std::size_t merged_columns_max_;
  bool committed_ = false;
  std::optional<bool> in_order_;  // how rows are inserted, once that is set
  std::optional<Peculiarities> peculiarities_;
};

}  // namespace dray
