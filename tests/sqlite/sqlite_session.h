// SQLite's session. Its parts are files of their own: sqlite_session.cpp (the transaction, tables),
// sqlite_load.cpp (new rows, and stored rows with their ids), sqlite_profiles.cpp (users and
// accounts).
//
// It keeps the ids of touched profiles in memory, whatever their number: a warehouse that has
// bounds would keep them in a temporary table.
#pragma once

#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "load/rivals.h"
#include "load/warehouse.h"
#include "sqlite/sqlite_connection.h"
#include "sqlite/sqlite_dialect.h"

namespace dray {

class SqliteSession final : public WarehouseSession, public RowLoader {
 public:
  // Borrows the dialect.
  SqliteSession(std::unique_ptr<SqliteConnection> connection, const SqliteDialect& dialect,
                std::uint64_t duplicates_bytes)
      : connection_(std::move(connection)),
        dialect_(dialect),
        duplicates_bytes_(duplicates_bytes) {}

  Result<Catalog> catalog(const std::string& schema) override;
  Result<void> begin() override;
  Result<void> commit() override;
  Result<void> lock(std::chrono::seconds wait_max) override;
  Result<void> apply(const SchemaChange& change) override;
  Result<void> execute(const Sql& sql) override { return connection_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return connection_->query(sql); }
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override;
  void interrupt() override { connection_->interrupt(); }

  Loader loader() override { return static_cast<RowLoader*>(this); }
  TransactionBounds bounds() const override;
  Result<RowsLoaded> load(RowsToLoad& load) override;
  Result<std::uint64_t> merge_profiles(const RowsProfileMerge& merge) override;
  // The contract's tables have no foreign keys.
  Result<std::vector<CommitRefusal>> check_deferred(const std::string&) override {
    return std::vector<CommitRefusal>();
  }
  Result<void> commit_some(std::chrono::seconds wait_max) override;

 private:
  Result<std::vector<std::string>> columns_of(const std::string& schema, const std::string& table);
  Result<void> ensure_index(const std::string& schema, const std::string& table,
                            const std::string& column);

  Result<void> settle_rivals(const RowsToLoad& load, RowsLoaded& loaded);
  Result<void> find_rivals(const RowsToLoad& load, Rivals& rivals);
  Result<void> find_origins(const RowsToLoad& load, Rivals& rivals);
  Result<void> remove_rows(const RowsToLoad& load, const std::vector<std::int64_t>& rows);
  Result<std::uint64_t> insert(const RowsToLoad& load);
  Result<void> write_lineage(const RowsToLoad& load);
  Result<void> touch_loaded(const RowsToLoad& load);

  Result<void> reject_values(const RowsProfileMerge& merge, const ProfileCast& cast,
                             RejectReason reason);
  static Sql select_source(const RowsProfileMerge& merge);
  static Sql update_profile(const RowsProfileMerge& merge);
  static Sql insert_profile(const RowsProfileMerge& merge);

  std::unique_ptr<SqliteConnection> connection_;
  const SqliteDialect& dialect_;
  const std::uint64_t duplicates_bytes_;
  std::set<std::string> touched_;  // profiles of the last load that has any
};

}  // namespace dray
