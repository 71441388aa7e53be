// Redshift's session: files near their tables first, then one transaction for everything a run
// changes. Its parts are files of their own: redshift_session.cpp (catalog, tables, the
// transaction), redshift_files.cpp (files, and tables staged from them), redshift_sweep.cpp (what
// earlier runs have left there), redshift_load.cpp (staged rows into their tables, and duplicates),
// redshift_profiles.cpp (users and accounts). Only load/redshift*.cpp include it.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "load/profile_casts.h"
#include "load/redshift_cluster.h"
#include "load/redshift_rows.h"
#include "load/redshift_sql.h"
#include "load/redshift_stage.h"
#include "load/rivals.h"
#include "load/warehouse.h"
#include "sql/pq_connection.h"

namespace dray {

// A timestamp as the server writes it; no_received_at for NULL and for what Dray writes none of.
Micros redshift_micros(std::optional<std::string_view> value);

// The place of each object's key in the load's list, by the number that the ledger gave it.
using ObjectPositions = std::map<std::int64_t, std::uint32_t>;

// Where a staged row came from: the place of its object, and its line. Errors are `internal`.
Result<std::uint32_t> object_of(std::optional<std::string_view> number,
                                const ObjectPositions& positions);
Result<std::uint32_t> line_of(std::optional<std::string_view> number);

class RedshiftSession final : public WarehouseSession, public FileLoader {
 public:
  // Borrows the dialect.
  RedshiftSession(std::shared_ptr<RedshiftCluster> cluster, const RedshiftDialect& dialect,
                  std::unique_ptr<PqConnection> connection)
      : cluster_(std::move(cluster)),
        dialect_(dialect),
        connection_(std::move(connection)),
        stager_(*cluster_) {}

  ~RedshiftSession() override { abandon(); }
  RedshiftSession(const RedshiftSession&) = delete;
  RedshiftSession& operator=(const RedshiftSession&) = delete;

  Result<Catalog> catalog(const std::string& schema) override;
  Loader loader() override { return static_cast<FileLoader*>(this); }
  Result<StageOutcome> stage(const StageRun& run, const std::vector<FilesToLoad*>& loads) override;
  Result<FilesToLoad> read_files(const std::string& files) override;

  Result<void> begin() override {
    for (auto& [files, staged] : stager_.staged())
      staged.is_loaded = false;
    DRAY_TRY(make_lock());
    ledger_columns_before_ = ledger_columns_;
    return connection_->execute(SqlBuilder("begin").done());
  }
  Result<void> lock(std::chrono::seconds wait_max) override;
  Result<void> rollback() override {
    ledger_columns_ = ledger_columns_before_;
    ledger_catalog_.reset();
    return connection_->execute(SqlBuilder("rollback").done());
  }
  Result<void> commit() override;
  void interrupt() override {
    stager_.interrupt();
    connection_->interrupt();
  }

  Result<void> apply(const SchemaChange& change) override;
  Result<void> execute(const Sql& sql) override {
    return connection_->execute(sql.with_backslashes_escaped());
  }
  Result<QueryResult> query(const Sql& sql) override {
    return connection_->query(sql.with_backslashes_escaped());
  }

  Result<FilesLoaded> load(FilesToLoad& load) override;
  Result<std::uint64_t> merge_profiles(const FilesProfileMerge& merge) override;
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override;

 private:
  Result<std::uint64_t> changed(const Sql& sql) {
    return connection_->changed_rows(sql.with_backslashes_escaped());
  }
  RedshiftRows new_rows(std::vector<std::uint32_t> widths);
  Result<void> put_rows(const std::string& schema, const std::string& table, RedshiftRows& rows);
  const DedupeWindow& window() const { return cluster_->options.dedupe_window; }

  Result<Catalog> read_catalog(const std::string& schema);
  Result<bool> has_schema(const std::string& schema);
  Result<void> make_schema(const std::string& schema);
  Result<void> make_once(const Sql& sql);
  void remember_columns(const Catalog& catalog);
  void remember_columns(const CreateTable& table);
  void remember_column(const AddColumn& added);
  std::vector<std::uint32_t> widths_of(const std::string& table) const;

  Result<std::vector<std::string>> find_objects(const FilesToLoad& load, RedshiftStaged& staged);
  Result<void> find_rivals(const FilesToLoad& load, const RedshiftStaged& staged, Rivals& rivals);
  Result<void> find_origins(const TableLoad& load, Rivals& rivals);
  Result<std::uint64_t> remove_losers(const FilesToLoad& load, const RedshiftStaged& staged,
                                      const std::vector<std::string>& object_keys);
  Result<void> reject_values(const FilesProfileMerge& merge, const ProfileCast& cast,
                             RejectReason reason,
                             const std::function<bool(std::string_view)>& fits);
  Result<void> cast_values(const ProfileMerge& merge, const ProfileCast& cast,
                           const std::string& temp_table);
  Result<void> note_profiles(const TableLoad& load, const StagingTable& table);
  Result<void> note_all_profiles(const TableLoad& load);

  std::optional<unsigned> slices();
  void find_room(const std::vector<FilesToLoad*>& loads, bool is_workgroup, StageOutcome& outcome);
  void check_files(const std::vector<FilesToLoad*>& loads, StageOutcome& outcome);
  std::map<std::int64_t, std::uint64_t> told_files(
      const std::map<std::int64_t, std::uint64_t>& written);
  Result<void> make_lock();
  Result<void> sweep(const StageRun& run);
  Result<std::vector<std::string>> pending_folders(const std::string& source);
  Result<std::set<RunId>> recorded(const std::vector<RunId>& run_ids);
  Result<std::vector<StagingTable>> staging_tables(const std::string& source);
  void remove_files();
  void abandon();

  std::shared_ptr<RedshiftCluster> cluster_;
  const RedshiftDialect& dialect_;
  std::unique_ptr<PqConnection> connection_;
  RedshiftStager stager_;
  StageRun run_;  // once something is staged
  bool in_doubt_ = false;
  bool uncounted_told_ = false;
  ProfileTables profiles_;  // of the last load that has profiles
  std::size_t merges_ = 0;
  std::size_t files_written_ = 0;  // folders of rows for Dray's own tables
  // What the schema _dray has, read once: nobody but Dray changes it, and what another run makes of
  // it meanwhile is found out behind the lock.
  std::optional<Catalog> ledger_catalog_;
  // The bytes that each column's text may have, by table of it.
  std::map<std::string, std::vector<std::uint32_t>> ledger_columns_;
  std::map<std::string, std::vector<std::uint32_t>> ledger_columns_before_;  // the transaction
};

}  // namespace dray
