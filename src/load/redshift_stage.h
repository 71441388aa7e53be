// Brings the rows of tables near a cluster: files, then a staging table each, several at once.
//
// Threads: stage() starts its own; interrupt() may come from any.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "load/redshift_cluster.h"
#include "load/warehouse.h"

namespace dray {

// The schema of staging tables: Dray's own.
constexpr const char* redshift_staging_schema = "_dray_staging";

// What the names of a source's staging tables begin with.
std::string staging_table_prefix(const std::string& source);

// What is staged of one table.
struct RedshiftStaged {
  StagedTable files;
  StagingTable table;
  bool is_own = true;      // written by this run, not by one before
  bool is_loaded = false;  // in the transaction at hand
  std::int64_t copy = 0;   // its number; 0: there was none
  // The objects of the rows, once they are loaded: the place of each in the list that
  // RowKey::object counts, by the number that the ledger gave it.
  std::map<std::int64_t, std::uint32_t> object_positions{};
};

class RedshiftStager {
 public:
  // Borrows the cluster.
  explicit RedshiftStager(const RedshiftCluster& cluster)
      : cluster_(cluster), parts_(cluster.parts) {}

  // Large tables are cut into a multiple of so many parts, so that all slices have the same to do.
  void set_slices(unsigned slices) { parts_.parts_multiple = slices; }

  // Does what FileLoader::stage() promises. Tables that have failed already get their files, and no
  // more.
  Result<void> stage(const StageRun& run, const std::vector<FilesToLoad*>& loads,
                     std::vector<std::optional<Error>>& failures);

  // What is staged, by FilesToLoad::files.
  std::map<std::string, RedshiftStaged>& staged() { return staged_; }

  void interrupt();

 private:
  // What one of the connections needs.
  struct Worker {
    std::unique_ptr<PqConnection> connection;
  };

  void work(const StageRun& run, const std::vector<FilesToLoad*>& loads,
            std::vector<std::optional<Error>>& failures);
  Result<void> connect(Worker& worker);
  Result<void> stage_table(Worker& worker, const StageRun& run, FilesToLoad& load,
                           std::size_t number, std::optional<Error>& failure);
  Result<std::int64_t> copy(Worker& worker, const RedshiftStaged& staged);
  Result<std::int64_t> copy_once(PqConnection& connection, const RedshiftStaged& staged);
  Error explained(PqConnection& connection, const RedshiftStaged& staged, const FilesToLoad& load,
                  Error error);
  void fail(Error error);

  const RedshiftCluster& cluster_;
  PartOptions parts_;
  std::mutex mutex_;
  std::map<std::string, RedshiftStaged> staged_;
  std::vector<PqConnection*> connections_;  // at work
  std::optional<Error> failure_;            // that concerns all
  std::atomic<bool> interrupted_{false};
  std::atomic<std::size_t> next_{0};
};

}  // namespace dray
