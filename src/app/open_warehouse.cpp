#include "app/open_warehouse.h"

#include <utility>
#include <vector>

#include "app/address.h"
#include "app/request.h"
#include "model/memory_shares.h"
#include "sql/duckdb_file.h"

namespace dray {
namespace {

Result<std::vector<RedshiftChoice>> redshift_choices(const Config& config) {
  std::vector<RedshiftChoice> choices;
  for (const RedshiftTableConfig& table : config.redshift_tables) {
    if (table.encoding && !is_redshift_encoding(*table.encoding)) {
      return config_error("redshift_tables: " + table.table + "." + table.column + ": \"" +
                              *table.encoding + "\" is no encoding of Redshift's",
                          "zstd, az64, lzo or raw");
    }
    RedshiftChoice& choice = choices.emplace_back();
    choice = {table.table, table.column, table.dist_key, table.sort_key, table.encoding, {}};
    if (table.varchar_bytes > 0) {
      choice.varchar_bytes = static_cast<std::uint32_t>(table.varchar_bytes);
    }
  }
  return choices;
}

// Before anything is opened or read.
Result<void> check_memory(const Config& config) {
  const std::uint64_t least = least_memory(config.threads);
  if (config.memory_bytes >= least) return {};
  return config_error("memory is " + std::to_string(config.memory_bytes >> 20) + " MiB, and " +
                          std::to_string(config.threads) + " threads need " +
                          std::to_string(least >> 20) + " for their buffers and what they share",
                      "more memory, or fewer threads");
}

}  // namespace

Result<std::unique_ptr<Warehouse>> open_to_read(const std::string& address, const FileWait& wait) {
  WarehouseOptions options;
  options.access = Access::read_only;
  options.wait_max = wait.wait_max;
  options.on_wait = wait.tell;
  return open_warehouse(address, options);
}

Result<std::unique_ptr<Warehouse>> open_to_sync(const Config& config, SyncMode mode,
                                                const FileWait& wait, Trace trace) {
  WarehouseOptions options;
  DRAY_TRY(check_memory(config));
  options.threads = threads_for(config.threads, config.memory_bytes);
  const MemoryShares shares = share_memory(config.memory_bytes, options.threads);
  options.memory_bytes = shares.engine;
  options.notes_bytes = shares.engine_notes;
  options.duplicates_bytes = shares.settling;
  options.temp_directory = config.temp_directory;
  options.trace = std::move(trace);
  options.wait_max = wait.wait_max;
  options.on_wait = wait.tell;
  DRAY_ASSIGN(options.redshift_choices, redshift_choices(config));
  if (mode == SyncMode::load) {
    if (config.warehouse == "duckdb::memory:") {
      return config_error("a warehouse in memory is gone when the sync ends",
                          "duckdb:warehouse.duckdb");
    }
    return open_warehouse(config.warehouse, options);
  }
  if (config.warehouse.starts_with(duckdb_scheme)) {
    DRAY_ASSIGN(const FileState state,
                duckdb_file_state(config.warehouse.substr(duckdb_scheme.size())));
    if (state != FileState::made) {
      options.temp_directory = spill_directory(config);
      return open_warehouse("duckdb::memory:", options);
    }
  }
  options.access = Access::read_only;
  return open_warehouse(config.warehouse, options);
}

}  // namespace dray
