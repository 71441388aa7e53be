// PostgreSQL's session: one transaction for everything a run changes. Its parts are files of their
// own: postgres_session.cpp (tables, indexes, the transaction), postgres_rows.cpp (new rows),
// postgres_stored.cpp (stored rows with the ids of staged ones), postgres_profiles.cpp (users and
// accounts). Only load/postgres*.cpp include it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "load/copy_rows.h"
#include "load/postgres_locks.h"
#include "load/postgres_row.h"
#include "load/rivals.h"
#include "load/row_addresses.h"
#include "load/warehouse.h"
#include "load/wide_profiles.h"
#include "sql/pq_connection.h"

namespace dray {

enum class IndexKind {
  ordered,  // of numbers
  hashed,   // of texts: a B-tree refuses those of more than 2,700 bytes
};

// Behind a text of a column whose collation may take several texts for one
// (PostgresSession::blurs): then it is the bytes that are compared.
constexpr std::string_view by_bytes(bool is_blurred) { return is_blurred ? " collate \"C\"" : ""; }

class PostgresSession final : public WarehouseSession, public RowLoader {
 public:
  PostgresSession(std::unique_ptr<PqConnection> connection, std::uint64_t duplicates_bytes,
                  std::size_t tables_per_transaction_max, std::string session_mark)
      : connection_(std::move(connection)),
        locks_(*connection_),
        duplicates_bytes_(duplicates_bytes),
        tables_per_transaction_max_(tables_per_transaction_max),
        session_mark_(std::move(session_mark)) {}

  Result<Catalog> catalog(const std::string& schema) override;
  Result<void> begin() override;
  Result<void> check_same_session();
  Result<void> lock(std::chrono::seconds wait_max) override;
  Loader loader() override { return static_cast<RowLoader*>(this); }
  TransactionBounds bounds() const override {
    return {.tables_max = tables_per_transaction_max_, .columns_max = SIZE_MAX};
  }
  Result<std::vector<CommitRefusal>> check_deferred(const std::string& schema) override;
  Result<void> commit_some(std::chrono::seconds wait_max) override;
  Result<void> commit() override;
  void interrupt() override { connection_->interrupt(); }
  Result<void> apply(const SchemaChange& change) override;
  Result<void> execute(const Sql& sql) override { return connection_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return connection_->query(sql); }
  Result<RowsLoaded> load(RowsToLoad& load) override;
  Result<std::uint64_t> merge_profiles(const RowsProfileMerge& merge) override;
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override;

 private:
  Result<RowsLoaded> load_rows(RowsToLoad& load);
  static Result<void> of_lineage(Result<void> outcome);
  Result<std::uint64_t> merge_rows(const RowsProfileMerge& merge);
  Result<void> append_rows(const std::string& schema, const std::string& table, RowSource& rows);
  Result<void> change_schema(const Sql& change);
  Result<void> make_table(const CreateTable& change);
  Result<void> add_column(const AddColumn& change);
  Result<void> tell_rows_apart(std::string_view schema, std::string_view table);
  void remember_columns(const CreateTable& change);
  Result<std::vector<std::string>> columns_of(const std::string& schema, const std::string& table,
                                              std::size_t count);

  struct TempTable {
    Sql name;
    Sql columns;
  };

  inline static const TempTable keys_table = {
      SqlBuilder("pg_temp.dray_keys").done(),
      SqlBuilder("uuid bigint, check_id bigint, received_at bigint, object bigint, line bigint, "
                 "staged_row bigint")
          .done()};

  inline static const TempTable numbers_table = {SqlBuilder("pg_temp.dray_numbers").done(),
                                                 SqlBuilder("number bigint").done()};

  inline static const TempTable replaced_table = {
      SqlBuilder("pg_temp.dray_replaced").done(),
      SqlBuilder("table_oid oid, stored_row tid").done()};

  inline static const TempTable touched_table = {SqlBuilder("pg_temp.dray_touched").done(),
                                                 SqlBuilder("id text, uuid bigint").done()};
  Result<void> make_temp_table(const TempTable& table);
  Result<void> begin_copy(CopyStream& copy, const TempTable& table);
  // Appends to the table what `make` makes of the first value of each row that the query gives.
  using MakeRows = std::function<void(std::string_view value, CopyRows& rows)>;
  Result<void> append_made(const Sql& select, const TempTable& table, const MakeRows& make);
  Result<void> analyze(const TempTable& table);
  static std::uint64_t live_rows(const RowsToLoad& load);
  Result<std::string> triggers_and_rules(const std::string& schema, const std::string& table);
  Result<void> check_arrived(const std::string& schema, const std::string& table,
                             std::uint64_t sent, std::uint64_t arrived);
  Error not_replaced(const RowsToLoad& load);
  Result<bool> has_rows(const std::string& schema, const std::string& table);
  Result<void> ensure_indexes(const RowsToLoad& load);
  Result<void> ensure_index(std::string_view schema, std::string_view table,
                            std::string_view column, IndexKind kind);

  // --- new rows ----------------------------------------------------------------------------------
  Result<std::uint64_t> insert(const RowsToLoad& load, std::vector<std::uint64_t>& refused);
  static std::vector<std::string> names_of_columns(const RowsToLoad& load);
  Result<std::uint64_t> copy_rows(const RowsToLoad& load, const Sql& table, const RowLayout& layout,
                                  RowRoom room, const ValueRejectSink& value_rejects,
                                  std::vector<std::uint64_t>* refused = nullptr);
  static Result<void> write_rows(const RowsToLoad& load, const RowLayout& layout, RowRoom room,
                                 const ValueRejectSink& value_rejects, CopyStream* copy,
                                 std::vector<std::uint64_t>* refused = nullptr);
  Result<RowLayout> layout_of(const RowsToLoad& load);
  Result<void> write_lineage(const RowsToLoad& load);

  // --- stored rows with the ids of staged ones ---------------------------------------------------
  Result<void> settle_rivals(RowsToLoad& load, RowsLoaded& loaded);
  Result<void> send_keys(const RowsToLoad& load);
  Result<void> find_rivals(const RowsToLoad& load, Rivals& rivals);
  Result<void> find_origins(const RowsToLoad& load, Rivals& rivals);
  Result<void> remove_rows(const RowsToLoad& load, const std::vector<std::int64_t>& rows);
  Result<void> send_replaced(const std::vector<std::int64_t>& rows);

  // --- rows that somebody else's table refers to -------------------------------------------------

  // A foreign key of another table.
  struct Reference {
    std::string name;
    std::string schema;
    std::string table;
    bool readable = false;
    std::vector<std::string> columns;
    std::vector<std::string> our_columns;
  };
  Result<std::vector<Reference>> references_to(const std::string& schema, const std::string& table);
  Result<void> find_references(const RowsToLoad& load);

  // Deleting a row would delete what refers to it, or fail.
  bool replaces_in_place() const { return references_ && !references_->empty(); }
  Result<std::uint64_t> replace_in_place(const RowsToLoad& load, RowsLoaded& loaded);
  Result<Sql> update_and_insert(const RowsToLoad& load, const std::vector<std::string>& names,
                                const std::vector<std::string>& emptied);
  Result<std::vector<std::string>> columns_to_empty(const RowsToLoad& load,
                                                    const std::vector<std::string>& brought);

  // --- users and accounts ------------------------------------------------------------------------
  static void put_touched(CopyRows& rows, std::string_view id);
  Result<void> touch_replaced(const RowsToLoad& load);
  Result<void> touch_stored(const RowsToLoad& load, const Sql& ids);
  Result<void> touch_staged(const RowsToLoad& load);
  Result<void> touch_all(const RowsToLoad& load);
  static std::optional<std::string> stored_id(const LoadColumn& column, const Cell& cell);
  Result<void> find_ids(const RowsProfileMerge& merge);
  Result<bool> blurs(std::string_view schema, std::string_view table, std::string_view column);

  // --- values whose column in the profiles is of another type ------------------------------------
  static TempTable cast_table(const RowsProfileMerge& merge, std::size_t number);
  Result<void> cast_values(const RowsProfileMerge& merge);
  Result<void> cast_values(const RowsProfileMerge& merge, const ProfileCast& cast,
                           const TempTable& table);
  void add_latest_values(SqlBuilder& sql, const RowsProfileMerge& merge,
                         std::span<const std::string> columns);
  static void add_cast(SqlBuilder& sql, SqlBuilder& joins, const RowsProfileMerge& merge,
                       std::size_t number);
  Result<void> remove_empty_profiles(const RowsProfileMerge& merge);
  static void add_unreferenced(SqlBuilder& sql, const Reference& reference);
  Result<void> empty_profiles(const RowsProfileMerge& merge, const Sql& is_empty);
  // Of the values that fit, if any may.
  using Fits = std::function<bool(std::string_view)>;
  Result<void> reject_values(const RowsProfileMerge& merge, const ProfileCast& cast,
                             RejectReason reason, const Fits& fits,
                             const Sql& profiles = touched_table.name);
  Result<void> forget_long_ids(const RowsProfileMerge& merge);
  Result<void> reject_unfit(const RowsProfileMerge& merge, const WideProfiles& wide);
  Result<std::uint64_t> compute_profiles(const RowsProfileMerge& merge, const WideProfiles& wide,
                                         std::span<const std::string> columns);
  Result<void> make_room_for_changes(const RowsProfileMerge& merge, const WideProfiles& wide);
  Sql insert_profiles(const RowsProfileMerge& merge, std::span<const std::string> columns) const;
  Sql update_profiles(const RowsProfileMerge& merge, std::span<const std::string> columns) const;

  std::unique_ptr<PqConnection> connection_;
  TableLocks locks_;
  const std::uint64_t duplicates_bytes_;
  const std::size_t tables_per_transaction_max_;
  const std::string session_mark_;        // set for the server's session alone
  std::optional<bool> publishes_;         // whether anybody does; of the transaction at hand
  std::vector<std::string> temp_tables_;  // of the transaction at hand
  std::map<std::string, std::vector<std::string>> own_columns_;  // by table of the ledger's
  RowAddresses row_addresses_;  // what Rival::stored_row stands for, of the table at hand
  bool are_keys_sent_ = false;  // of the load at hand, to keys_table
  std::optional<std::vector<Reference>> references_;  // to the table at hand, once asked for
  // Of the merge at hand: what the source table has of an id `t.id`, and whether a row `s` of it is
  // that profile's.
  Sql source_id_ = SqlBuilder().done();
  Sql is_profiles_row_ = SqlBuilder().done();
  // Likewise, whether the column of the ids takes several texts for one.
  bool source_blurs_ids_ = false;
  bool profiles_blur_ids_ = false;
  bool is_replaced_kept_ = false;  // of a table whose rows are replaced in place
  bool is_lineage_written_ = false;
};

}  // namespace dray
