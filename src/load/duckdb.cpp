#include "load/duckdb.h"

#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "base/path_text.h"
#include "ledger/tables.h"
#include "load/duckdb_casts.h"
#include "load/duckdb_gate.h"
#include "load/duckdb_room.h"
#include "load/duckdb_rows.h"
#include "load/duckdb_session.h"
#include "load/duckdb_sql.h"
#include "load/reserved_schemas.h"
#include "load/rivals.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_constraints.h"
#include "sql/duckdb_file.h"
#include "sql/query_values.h"

namespace dray {
namespace {

// The hash of each text, with the seed beside it if there is one; NULL of NULL.
void hash_texts(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector vector = duckdb_data_chunk_get_vector(input, 0);
  auto* texts = static_cast<duckdb_string_t*>(duckdb_vector_get_data(vector));
  std::uint64_t* validity = duckdb_vector_get_validity(vector);
  const std::int64_t* seeds = nullptr;
  if (duckdb_data_chunk_get_column_count(input) > 1) {
    seeds =
        static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  }
  auto* hashes = static_cast<std::int64_t*>(duckdb_vector_get_data(output));
  if (validity != nullptr) duckdb_vector_ensure_validity_writable(output);
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    if (!duckdb_validity_row_is_valid(validity, i)) {
      duckdb_validity_set_row_invalid(duckdb_vector_get_validity(output), i);
      continue;
    }
    const std::string_view text = text_of(texts[i]);
    hashes[i] = static_cast<std::int64_t>(
        seeds == nullptr ? xxh3(text) : xxh3(text, static_cast<std::uint64_t>(seeds[i])));
  }
}

// dray_uuid(text): the column `uuid` of an id. dray_check(text, seed): RowKey::check.
Result<void> register_hash(DuckConnection& connection, const char* name, bool has_seed) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_scalar_function_set_name(function, name);
  duckdb_scalar_function_add_parameter(function, text);
  if (has_seed) duckdb_scalar_function_add_parameter(function, number);
  duckdb_scalar_function_set_return_type(function, number);
  duckdb_scalar_function_set_function(function, hash_texts);
  const duckdb_state state = duckdb_register_scalar_function(connection.handle(), function);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_logical_type(&number);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBSuccess) return {};
  return internal_error(std::string("DuckDB refused the function ") + name);
}

class DuckWarehouse final : public Warehouse {
 public:
  DuckWarehouse(std::string path, const WarehouseOptions& options)
      : path_(std::move(path)),
        dialect_(path_),
        options_(options),
        relations_(options.memory_bytes),
        room_(options) {}

  Result<void> open() {
    DRAY_ASSIGN(database_, DuckDatabase::open(path_, options_));
    DRAY_ASSIGN(const auto connection, DuckConnection::open(*database_));
    DRAY_ASSIGN(const QueryResult size,
                connection->query(SqlBuilder("select block_size from pragma_database_size() where "
                                             "database_name = current_database()")
                                      .done()));
    if (!size.rows.empty()) block_bytes_ = count_in(size.rows[0][0]).value_or(0);
    DRAY_ASSIGN(const bool has_long_rows, dray_tells_long_rows(*connection));
    if (has_long_rows) {
      DRAY_TRY(connection->execute(SqlBuilder("set max_vacuum_tasks = 0").done()));
    }
    if (options_.access == Access::read_write) DRAY_TRY(room_.measure(*connection));
    DRAY_TRY(relations_.register_functions(*connection));
    DRAY_TRY(register_casts(*connection));
    DRAY_TRY(register_hash(*connection, "dray_uuid", false));
    return register_hash(*connection, "dray_check", true);
  }

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    const std::scoped_lock lock(mutex_);
    auto place = std::make_unique<DuckGate::Place>(gate_);
    DRAY_TRY(place->alone([&] { return open_anew(); }));
    if (!database_) return internal_error("the DuckDB file is not open, and a session has it");
    DRAY_ASSIGN(auto connection, DuckConnection::open(*database_));
    return std::unique_ptr<WarehouseSession>(std::make_unique<DuckSession>(
        std::move(place), *database_, std::move(connection), dialect_, relations_, room_, turn_,
        DuckFile{path_ == ":memory:", block_bytes_}, options_));
  }

  const Dialect& dialect() const override { return dialect_; }
  Notes* notes() override { return nullptr; }
  std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const override {
    return room_.bytes_wanting(growth);
  }
  std::string location() const override { return "duckdb:" + path_to_text(path_); }

 private:
  // If that could not be done before, or a statement has failed; what is in memory would be gone.
  Result<void> open_anew() {
    const bool is_spoilt = database_ && path_ != ":memory:" && database_->is_distrusted();
    if (database_ && !is_spoilt) return {};
    database_.reset();
    return open();
  }

  const std::string path_;
  const DuckDialect dialect_;
  const WarehouseOptions options_;
  // The relations outlive the database, whose functions point to them.
  DuckRelations relations_;
  DuckRoom room_;
  DuckTurn turn_;
  DuckGate gate_;
  std::mutex mutex_;                        // of what follows; before the gate's
  std::unique_ptr<DuckDatabase> database_;  // nothing after it could not be opened anew
  std::uint64_t block_bytes_ = 0;           // of the file
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_duckdb(const std::string& address,
                                               const WarehouseOptions& options) {
  constexpr std::string_view scheme = "duckdb:";
  DRAY_ASSERT(address.starts_with(scheme));
  const std::string path = address.substr(scheme.size());
  if (path.empty()) return config_error("duckdb: without a file", "duckdb:events.duckdb");
  const bool in_memory = path == ":memory:";
  if (!in_memory && options.access == Access::read_only) {
    DRAY_ASSIGN(const FileState state, duckdb_file_state(path));
    if (state != FileState::made) {
      return config_error("there is no such DuckDB file", "dray sync makes it");
    }
  }
  auto warehouse = std::make_unique<DuckWarehouse>(path, options);
  DRAY_TRY(warehouse->open());
  return std::unique_ptr<Warehouse>(std::move(warehouse));
}

}  // namespace dray
