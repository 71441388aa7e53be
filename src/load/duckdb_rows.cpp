#include "load/duckdb_rows.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "load/duckdb_scan.h"

namespace dray {
namespace {

struct TypeHolder {
  explicit TypeHolder(duckdb_type type) : handle(duckdb_create_logical_type(type)) {}
  ~TypeHolder() { duckdb_destroy_logical_type(&handle); }
  TypeHolder(const TypeHolder&) = delete;
  TypeHolder& operator=(const TypeHolder&) = delete;
  duckdb_logical_type handle;
};

duckdb_type duckdb_type_of(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return DUCKDB_TYPE_BOOLEAN;
    case ColumnType::bigint:
      return DUCKDB_TYPE_BIGINT;
    case ColumnType::double_precision:
      return DUCKDB_TYPE_DOUBLE;
    case ColumnType::timestamp:
      return DUCKDB_TYPE_TIMESTAMP;
    case ColumnType::varchar:
      return DUCKDB_TYPE_VARCHAR;
  }
  return DUCKDB_TYPE_VARCHAR;
}

template <typename T>
void destroy(void* pointer) {
  delete static_cast<T*>(pointer);
}

std::int64_t parameter(duckdb_bind_info info) {
  duckdb_value value = duckdb_bind_get_parameter(info, 0);
  const std::int64_t number = duckdb_get_int64(value);
  duckdb_destroy_value(&value);
  return number;
}

void add_column(duckdb_bind_info info, const std::string& name, duckdb_type type) {
  const TypeHolder holder(type);
  duckdb_bind_add_result_column(info, name.c_str(), holder.handle);
}

DuckRelations& relations_of(duckdb_bind_info info) {
  return *static_cast<DuckRelations*>(duckdb_bind_get_extra_info(info));
}
DuckRelations& relations_of(duckdb_init_info info) {
  return *static_cast<DuckRelations*>(duckdb_init_get_extra_info(info));
}
DuckRelations& relations_of(duckdb_function_info info) {
  return *static_cast<DuckRelations*>(duckdb_function_get_extra_info(info));
}

void set_callback_error(duckdb_bind_info info, const char* text) {
  duckdb_bind_set_error(info, text);
}
void set_callback_error(duckdb_init_info info, const char* text) {
  duckdb_init_set_error(info, text);
}
void set_callback_error(duckdb_function_info info, const char* text) {
  duckdb_function_set_error(info, text);
}

// Calls `work` with the relations, for DuckDB.
template <typename Info, typename Work>
void run_callback(Info info, Work work) {
  DuckRelations& relations = relations_of(info);
  relations.errors().run([&] { return work(relations); },
                         [&](const char* text) { set_callback_error(info, text); });
}

Result<const RowsToLoad*> bound_load(duckdb_bind_info info, const DuckRelations& relations) {
  const RowsToLoad* load = relations.load(parameter(info));
  if (load == nullptr) return internal_error("nothing is staged under this number");
  duckdb_bind_set_cardinality(info, load->rows->row_count(), false);
  // Borrowed, so nothing deletes it.
  duckdb_bind_set_bind_data(info, const_cast<RowsToLoad*>(load), nullptr);
  return load;
}

void bind_rows(duckdb_bind_info info) {
  run_callback(info, [&](const DuckRelations& relations) -> Result<void> {
    DRAY_ASSIGN(const RowsToLoad* const load, bound_load(info, relations));
    for (const LoadColumn& column : load->columns) {
      if (!column.refused) add_column(info, column.name, duckdb_type_of(column.type));
    }
    return {};
  });
}

template <const auto& columns>
void bind_numbers_of(duckdb_bind_info info) {
  run_callback(info, [&](const DuckRelations& relations) -> Result<void> {
    DRAY_TRY(bound_load(info, relations));
    for (const char* name : columns)
      add_column(info, name, DUCKDB_TYPE_BIGINT);
    return {};
  });
}

template <typename T>
void set_init_data(duckdb_init_info info, std::unique_ptr<T> data) {
  duckdb_init_set_init_data(info, data.release(), destroy<T>);
}

void init_scan(duckdb_init_info info) {
  run_callback(info, [&](const DuckRelations& relations) -> Result<void> {
    const auto* load = static_cast<const RowsToLoad*>(duckdb_init_get_bind_data(info));
    const std::uint64_t threads = relations.insert_threads(*load);
    duckdb_init_set_max_threads(info, threads);
    set_init_data(info, std::make_unique<DuckScan>(*load, relations.cursor(), threads));
    return {};
  });
}

void init_scan_thread(duckdb_init_info info) {
  run_callback(info, [&](const DuckRelations&) -> Result<void> {
    set_init_data(info, std::make_unique<DuckScanThread>());
    return {};
  });
}

template <Result<idx_t> (*fill)(DuckScan&, DuckScanThread&, duckdb_data_chunk)>
void scan_chunk(duckdb_function_info info, duckdb_data_chunk chunk) {
  run_callback(info, [&](const DuckRelations&) -> Result<void> {
    auto& scan = *static_cast<DuckScan*>(duckdb_function_get_init_data(info));
    auto& thread = *static_cast<DuckScanThread*>(duckdb_function_get_local_init_data(info));
    DRAY_ASSIGN(const idx_t count, fill(scan, thread, chunk));
    duckdb_data_chunk_set_size(chunk, count);
    return {};
  });
}

void bind_numbers(duckdb_bind_info info) {
  run_callback(info, [&](const DuckRelations& relations) -> Result<void> {
    const auto* numbers = relations.numbers(parameter(info));
    if (numbers == nullptr) return internal_error("no numbers under this number");
    add_column(info, "number", DUCKDB_TYPE_BIGINT);
    duckdb_bind_set_cardinality(info, numbers->size(), true);
    duckdb_bind_set_bind_data(info, const_cast<std::vector<std::int64_t>*>(numbers), nullptr);
    return {};
  });
}

void init_numbers(duckdb_init_info info) {
  run_callback(info, [&](const DuckRelations&) -> Result<void> {
    set_init_data(info, std::make_unique<std::size_t>(0));
    return {};
  });
}

void scan_numbers(duckdb_function_info info, duckdb_data_chunk chunk) {
  const auto& numbers =
      *static_cast<std::vector<std::int64_t>*>(duckdb_function_get_bind_data(info));
  auto& at = *static_cast<std::size_t*>(duckdb_function_get_init_data(info));
  const std::size_t count = std::min<std::size_t>(numbers.size() - at, duckdb_vector_size());
  if (count > 0) {
    std::memcpy(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)), numbers.data() + at,
                count * sizeof(std::int64_t));
  }
  at += count;
  duckdb_data_chunk_set_size(chunk, count);
}

struct Function {
  const char* name;
  duckdb_table_function_bind_t bind;
  duckdb_table_function_init_t init;
  duckdb_table_function_init_t init_thread;
  duckdb_table_function_t scan;
};

Result<void> register_function(DuckConnection& connection, const Function& function,
                               DuckRelations* relations) {
  duckdb_table_function made = duckdb_create_table_function();
  const TypeHolder number(DUCKDB_TYPE_BIGINT);
  duckdb_table_function_set_name(made, function.name);
  duckdb_table_function_add_parameter(made, number.handle);
  duckdb_table_function_set_extra_info(made, relations, nullptr);
  duckdb_table_function_set_bind(made, function.bind);
  duckdb_table_function_set_init(made, function.init);
  if (function.init_thread != nullptr) {
    duckdb_table_function_set_local_init(made, function.init_thread);
  }
  duckdb_table_function_set_function(made, function.scan);
  const duckdb_state state = duckdb_register_table_function(connection.handle(), made);
  duckdb_destroy_table_function(&made);
  if (state != DuckDBSuccess) {
    return internal_error(std::string("DuckDB refused the table function ") + function.name);
  }
  return {};
}

}  // namespace

DuckRelations::DuckRelations(std::uint64_t memory_bytes)
    : memory_bytes_(memory_bytes), cursor_(std::make_unique<Cursor>()) {}
DuckRelations::~DuckRelations() = default;

Result<void> DuckRelations::begin_rows(const RowsToLoad& load, bool bounded) {
  constexpr std::uint64_t group_bytes_most = 64U << 20;
  cursor_ = std::make_unique<Cursor>();
  cursor_->long_row_bytes = long_row_bytes();
  if (bounded) cursor_->group_bytes_max = std::min(memory_bytes_ / 8, group_bytes_most);
  DRAY_ASSIGN(cursor_->shares, shares_of(*load.rows, row_group_rows(memory_bytes_)));
  return {};
}

DuckRelations::Shown DuckRelations::shown() {
  cursor_->is_full = false;
  Shown shown;
  shown.has_more = !cursor_->shares.empty();
  shown.has_long_rows = cursor_->has_long_rows;
  return shown;
}

std::uint64_t DuckRelations::long_row_bytes() const {
  constexpr std::uint64_t usual_row_bytes = 64U << 10;  // twice what Segment takes
  return std::max(memory_bytes_ / 2 / duckdb_vector_size(), usual_row_bytes);
}

Result<void> DuckRelations::register_functions(DuckConnection& connection) {
  errors_ = &connection.errors();
  for (const Function& function :
       {Function{"dray_rows", bind_rows, init_scan, init_scan_thread, scan_chunk<fill_rows>},
        Function{"dray_keys", bind_numbers_of<keys_columns>, init_scan, init_scan_thread,
                 scan_chunk<fill_keys>},
        Function{"dray_origins", bind_numbers_of<origins_columns>, init_scan, init_scan_thread,
                 scan_chunk<fill_origins>},
        Function{"dray_numbers", bind_numbers, init_numbers, nullptr, scan_numbers}}) {
    DRAY_TRY(register_function(connection, function, this));
  }
  return {};
}

std::uint64_t DuckRelations::insert_threads(const RowsToLoad& load) const {
  // Each thread has whole row groups.
  const std::uint64_t groups = load.rows->row_count() / row_group_rows(memory_bytes_);
  if (groups < 2) return 1;
  // A thread holds two blocks of each column: one that it fills, one that it compresses to.
  constexpr std::uint64_t of_column = 2 * (256U << 10);
  const std::uint64_t fitting = memory_bytes_ / 2 / (of_column * (load.columns.size() + 1));
  return std::max<std::uint64_t>(1, std::min(groups, fitting));
}

std::int64_t DuckRelations::show(const RowsToLoad& load) {
  const std::scoped_lock lock(mutex_);
  load_ = &load;
  return load_number_ = ++last_;
}

std::int64_t DuckRelations::show(std::vector<std::int64_t> numbers) {
  const std::scoped_lock lock(mutex_);
  numbers_ = std::move(numbers);
  return numbers_number_ = ++last_;
}

const RowsToLoad* DuckRelations::load(std::int64_t number) const {
  const std::scoped_lock lock(mutex_);
  return number == load_number_ ? load_ : nullptr;
}

const std::vector<std::int64_t>* DuckRelations::numbers(std::int64_t number) const {
  const std::scoped_lock lock(mutex_);
  return number == numbers_number_ ? &numbers_ : nullptr;
}

}  // namespace dray
