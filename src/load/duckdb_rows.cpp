#include "load/duckdb_rows.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <string>

#include "model/cast.h"

namespace dray {

// Shared by the threads of the statements that show one load's rows.
struct DuckRelations::Cursor {
  // Rows of one block.
  struct Range {
    std::size_t block = 0;
    std::size_t row = 0;
    std::size_t end = 0;
  };
  // A piece has as many live rows as a row group, the last one fewer: a thread shows whole ones,
  // because DuckDB copies what does not fill a thread's row group once more, or writes a short one.
  using Share = std::vector<Range>;  // the next one last

  std::uint64_t group_bytes_max = UINT64_MAX;  // of the texts of 2,048 rows; for all threads
  std::uint64_t long_row_bytes = UINT64_MAX;
  std::atomic<bool> is_full{false};  // of the statement at hand
  std::atomic<bool> has_long_rows{false};
  std::mutex mutex;
  std::vector<Share> shares;  // that no thread has, the next one last
};

namespace {

constexpr std::array keys_columns = {"uuid", "check_id", "received_at", "object", "line", "row"};
constexpr std::array origins_columns = {"uuid", "received_at", "object_number", "line"};

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

// Shared by the threads of one scan.
struct Scan {
  Scan(const RowsToLoad& from, DuckRelations::Cursor& to_go_on, std::uint64_t threads)
      : load(from), cursor(to_go_on), thread_bytes_max(to_go_on.group_bytes_max / threads) {}
  const RowsToLoad& load;
  DuckRelations::Cursor& cursor;  // of rows
  const std::uint64_t thread_bytes_max;
  std::atomic<std::size_t> next_block{0};  // of keys
};

// One thread's place in it.
struct ScanThread {
  std::unique_ptr<BlockScratch> scratch = std::make_unique<BlockScratch>();  // of the block
  // The blocks before it to which texts of the chunk at hand point.
  std::vector<std::unique_ptr<BlockScratch>> held;
  DuckRelations::Cursor::Share share;  // behind what is left of the block
  RowBlock block;
  std::size_t number = 0;        // of the block
  std::size_t row = 0;           // of the block
  std::size_t end = 0;           // of its rows that are the thread's
  const char* record = nullptr;  // of that row
  // What it has shown of the 2,048 rows that DuckDB will read at once.
  std::uint64_t group_rows = 0;
  std::uint64_t group_bytes = 0;
};

template <typename T>
void destroy(void* pointer) {
  delete static_cast<T*>(pointer);
}

// The next block of keys with something left, or false at the end.
Result<bool> next_keys(Scan& scan, ScanThread& thread) {
  while (thread.row == thread.block.keys.size()) {
    const std::size_t number = scan.next_block.fetch_add(1);
    if (number >= scan.load.rows->block_count()) return false;
    DRAY_ASSIGN(thread.block, scan.load.rows->keys(number, *thread.scratch));
    thread.row = 0;
  }
  return true;
}

// The next share that no thread has; false if there is none.
bool next_share(DuckRelations::Cursor& cursor, DuckRelations::Cursor::Share& share) {
  const std::scoped_lock lock(cursor.mutex);
  if (cursor.shares.empty()) return false;
  share = std::move(cursor.shares.back());
  cursor.shares.pop_back();
  return true;
}

// Keeps what was read of the block until the chunk is done. A block in memory takes none of the
// scratch.
void hold_scratch(ScanThread& thread) {
  if (thread.scratch->plain.empty()) return;
  thread.held.push_back(std::move(thread.scratch));
  thread.scratch = std::make_unique<BlockScratch>();
}

// The next row that is left, or false at the end.
Result<bool> next_row(Scan& scan, ScanThread& thread) {
  while (thread.row == thread.end) {
    if (thread.share.empty() && !next_share(scan.cursor, thread.share)) return false;
    const DuckRelations::Cursor::Range range = thread.share.back();
    thread.share.pop_back();
    if (thread.block.keys.empty() || thread.number != range.block) {
      hold_scratch(thread);
      DRAY_ASSIGN(thread.block, scan.load.rows->rows(range.block, *thread.scratch));
      thread.number = range.block;
      thread.record = thread.block.records.data();
      thread.row = 0;
    }
    DRAY_ASSERT(thread.row <= range.row);
    for (; thread.row < range.row; ++thread.row)
      thread.record = CellReader(thread.record).end();
    thread.end = range.end;
  }
  return true;
}

// Leaves what there is of its share to a later statement.
void leave_share(Scan& scan, ScanThread& thread) {
  if (thread.row < thread.end) thread.share.push_back({thread.number, thread.row, thread.end});
  if (thread.share.empty()) return;
  const std::scoped_lock lock(scan.cursor.mutex);
  scan.cursor.shares.push_back(std::move(thread.share));
  thread.share.clear();
  thread.row = thread.end = 0;
  thread.block = {};
}

// Writes cells of records into the vectors of one chunk.
class ChunkWriter {
 public:
  ChunkWriter(const RowsToLoad& load, duckdb_data_chunk chunk) : load_(load) {
    slots_.fill(absent);
    for (std::size_t i = 0; i < load.columns.size(); ++i) {
      const LoadColumn& column = load.columns[i];
      if (column.refused) {
        if (!column.standard) slots_[column.slot] = static_cast<std::int16_t>(i);
        vectors_.push_back({});
        continue;
      }
      duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, shown_++);
      duckdb_vector_ensure_validity_writable(vector);
      Target target{vector, duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
      std::memset(target.validity, 0, duckdb_vector_size() / 8);
      vectors_.push_back(target);
      if (!column.standard) {
        slots_[column.slot] = static_cast<std::int16_t>(i);
      } else {
        standard_.push_back(i);
      }
    }
  }

  // Returns the record behind this one.
  const char* write(const RowBlock& block, std::size_t block_row, const char* record, idx_t row) {
    const RowKey& key = block.keys[block_row];
    for (const std::size_t i : standard_)
      write_standard(i, block, key, row);
    CellReader cells(record);
    for (Cell cell; cells.next(cell);) {
      const std::int16_t at = slots_[cell.slot];
      if (at != absent) write_cell(static_cast<std::size_t>(at), cell, key, row);
    }
    return cells.end();
  }

  // The texts that were written, as far as they lie outside of the vectors.
  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  struct Target {
    duckdb_vector vector = nullptr;
    void* data = nullptr;
    std::uint64_t* validity = nullptr;
  };
  static constexpr std::int16_t absent = -1;

  template <typename T>
  static void put(Target& target, idx_t row, T value) {
    static_cast<T*>(target.data)[row] = value;
    target.validity[row / 64] |= std::uint64_t{1} << (row % 64);
  }

  // A text that stays where it is until DuckDB asks for the next chunk: an insert has copied all
  // it needs by then. Up to 12 bytes lie in the vector itself (duckdb.h, duckdb_string_t).
  void put_text(Target& target, idx_t row, std::string_view text) {
    duckdb_string_t value{};
    if (text.size() > sizeof value.value.inlined.inlined) {
      text_bytes_ += text.size();
      value.value.pointer.length = static_cast<std::uint32_t>(text.size());
      std::memcpy(value.value.pointer.prefix, text.data(), sizeof value.value.pointer.prefix);
      value.value.pointer.ptr = const_cast<char*>(text.data());
    } else {
      value.value.inlined.length = static_cast<std::uint32_t>(text.size());
      std::memcpy(value.value.inlined.inlined, text.data(), text.size());
    }
    put(target, row, value);
  }

  void write_standard(std::size_t i, const RowBlock& block, const RowKey& key, idx_t row) {
    Target& target = vectors_[i];
    switch (*load_.columns[i].standard) {
      case StandardColumn::received_at:
        return put(target, row, key.received_at);
      case StandardColumn::uuid:
        return put(target, row, key.uuid);
      case StandardColumn::uuid_ts:
        return put(target, row, load_.uuid_ts);
      case StandardColumn::event:
        return put_text(target, row, block.event);
      default:
        DRAY_ASSERT(false);
    }
  }

  void write_cell(std::size_t i, const Cell& cell, const RowKey& key, idx_t row) {
    const LoadColumn& column = load_.columns[i];
    Target& target = vectors_[i];
    if (column.refused) return reject(column, *column.refused, cell, key);
    switch (column.type) {
      case ColumnType::varchar:
        return write_varchar(target, cell, row);
      case ColumnType::timestamp:
        if (const auto value = as_timestamp(cell)) return put(target, row, *value);
        break;
      case ColumnType::bigint:
        if (const auto value = as_bigint(cell)) return put(target, row, *value);
        break;
      case ColumnType::double_precision:
        if (const auto value =
                as_double(cell, column.created ? Rounding::nearest : Rounding::none)) {
          return put(target, row, *value);
        }
        break;
      case ColumnType::boolean:
        if (const auto value = as_boolean(cell)) return put(target, row, *value);
        break;
    }
    reject(column, RejectReason::does_not_fit, cell, key);
  }

  void write_varchar(Target& target, const Cell& cell, idx_t row) {
    if (cell.kind != CellKind::micros) return put_text(target, row, cell.bytes);
    std::array<char, timestamp_text_bytes_max> text{};
    const std::size_t size = format_timestamp(micros_of(cell), text.data());
    text_bytes_ += size;
    duckdb_vector_assign_string_element_len(target.vector, row, text.data(), size);
    target.validity[row / 64] |= std::uint64_t{1} << (row % 64);
  }

  void reject(const LoadColumn& column, RejectReason reason, const Cell& cell, const RowKey& key) {
    std::array<char, timestamp_text_bytes_max> text{};
    const std::string_view value =
        cell.kind == CellKind::micros
            ? std::string_view(text.data(), format_timestamp(micros_of(cell), text.data()))
            : cell.bytes;
    load_.value_rejects({key.object, key.line, reason, column.name, column.type, value});
  }

  const RowsToLoad& load_;
  std::vector<Target> vectors_;                 // by load column
  std::vector<std::size_t> standard_;           // load columns that no cell fills
  std::array<std::int16_t, slot_end> slots_{};  // slot to load column
  idx_t shown_ = 0;
  std::uint64_t text_bytes_ = 0;
};

// Counts a row that was shown; whether DuckDB has room for another behind it.
bool count_row(Scan& scan, ScanThread& thread, std::uint64_t text_bytes) {
  if (text_bytes >= scan.cursor.long_row_bytes) scan.cursor.has_long_rows = true;
  thread.group_bytes += text_bytes;
  const bool has_room = thread.group_bytes < scan.thread_bytes_max;
  if (++thread.group_rows == duckdb_vector_size()) thread.group_rows = thread.group_bytes = 0;
  return has_room;
}

Result<idx_t> fill_rows(Scan& scan, ScanThread& thread, duckdb_data_chunk chunk) {
  // A line may have megabytes, and DuckDB does not count what a chunk's strings take.
  constexpr std::uint64_t chunk_bytes_max = 8U << 20;
  thread.held.clear();
  ChunkWriter writer(scan.load, chunk);
  idx_t count = 0;
  while (count < duckdb_vector_size() && writer.text_bytes() < chunk_bytes_max) {
    if (scan.cursor.is_full) {
      leave_share(scan, thread);
      break;
    }
    DRAY_ASSIGN(const bool more, next_row(scan, thread));
    if (!more) break;
    if (scan.load.rows->is_dropped(thread.block.first_row + thread.row++)) {
      thread.record = CellReader(thread.record).end();
      continue;
    }
    const std::uint64_t before = writer.text_bytes();
    thread.record = writer.write(thread.block, thread.row - 1, thread.record, count++);
    if (!count_row(scan, thread, writer.text_bytes() - before)) scan.cursor.is_full = true;
  }
  return count;
}

template <std::size_t n>
std::array<std::int64_t*, n> numbers_of(duckdb_data_chunk chunk) {
  std::array<std::int64_t*, n> columns{};
  for (idx_t i = 0; i < n; ++i) {
    columns[i] =
        static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, i)));
  }
  return columns;
}

Result<idx_t> fill_keys(Scan& scan, ScanThread& thread, duckdb_data_chunk chunk) {
  const auto columns = numbers_of<keys_columns.size()>(chunk);
  idx_t count = 0;
  while (count < duckdb_vector_size()) {
    DRAY_ASSIGN(const bool more, next_keys(scan, thread));
    if (!more) break;
    const RowKey& key = thread.block.keys[thread.row];
    const std::uint64_t row = thread.block.first_row + thread.row++;
    if (scan.load.rows->is_dropped(row)) continue;
    columns[0][count] = static_cast<std::int64_t>(key.uuid);
    columns[1][count] = static_cast<std::int64_t>(key.check);
    columns[2][count] = key.received_at;
    columns[3][count] = key.object;
    columns[4][count] = key.line;
    columns[5][count] = static_cast<std::int64_t>(row);
    ++count;
  }
  return count;
}

Result<idx_t> fill_origins(Scan& scan, ScanThread& thread, duckdb_data_chunk chunk) {
  const auto columns = numbers_of<origins_columns.size()>(chunk);
  idx_t count = 0;
  while (count < duckdb_vector_size()) {
    DRAY_ASSIGN(const bool more, next_keys(scan, thread));
    if (!more) break;
    const RowKey& key = thread.block.keys[thread.row++];
    const std::int64_t object = (*scan.load.object_numbers)[key.object];
    if (object == no_object_number) continue;
    columns[0][count] = static_cast<std::int64_t>(key.uuid);
    columns[1][count] = key.received_at;
    columns[2][count] = object;
    columns[3][count] = key.line;
    ++count;
  }
  return count;
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

const RowsToLoad* bound_load(duckdb_bind_info info) {
  const auto* relations = static_cast<DuckRelations*>(duckdb_bind_get_extra_info(info));
  const RowsToLoad* load = relations->load(parameter(info));
  if (load == nullptr) {
    duckdb_bind_set_error(info, "nothing is staged under this number");
    return nullptr;
  }
  duckdb_bind_set_cardinality(info, load->rows->row_count(), false);
  // Borrowed, so nothing deletes it.
  duckdb_bind_set_bind_data(info, const_cast<RowsToLoad*>(load), nullptr);
  return load;
}

void bind_rows(duckdb_bind_info info) {
  const RowsToLoad* load = bound_load(info);
  if (load == nullptr) return;
  for (const LoadColumn& column : load->columns) {
    if (!column.refused) add_column(info, column.name, duckdb_type_of(column.type));
  }
}

template <const auto& columns>
void bind_numbers_of(duckdb_bind_info info) {
  if (bound_load(info) == nullptr) return;
  for (const char* name : columns)
    add_column(info, name, DUCKDB_TYPE_BIGINT);
}

void init_scan(duckdb_init_info info) {
  const auto* load = static_cast<const RowsToLoad*>(duckdb_init_get_bind_data(info));
  const auto* relations = static_cast<DuckRelations*>(duckdb_init_get_extra_info(info));
  const std::uint64_t threads = relations->insert_threads(*load);
  duckdb_init_set_max_threads(info, threads);
  duckdb_init_set_init_data(info, new Scan(*load, relations->cursor(), threads), destroy<Scan>);
}

void init_scan_thread(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new ScanThread, destroy<ScanThread>);
}

template <Result<idx_t> (*fill)(Scan&, ScanThread&, duckdb_data_chunk)>
void scan_chunk(duckdb_function_info info, duckdb_data_chunk chunk) {
  auto& scan = *static_cast<Scan*>(duckdb_function_get_init_data(info));
  auto& thread = *static_cast<ScanThread*>(duckdb_function_get_local_init_data(info));
  const Result<idx_t> count = fill(scan, thread, chunk);
  if (!count) return duckdb_function_set_error(info, count.error().message.c_str());
  duckdb_data_chunk_set_size(chunk, *count);
}

void bind_numbers(duckdb_bind_info info) {
  const auto* relations = static_cast<DuckRelations*>(duckdb_bind_get_extra_info(info));
  const auto* numbers = relations->numbers(parameter(info));
  if (numbers == nullptr) return duckdb_bind_set_error(info, "no numbers under this number");
  add_column(info, "number", DUCKDB_TYPE_BIGINT);
  duckdb_bind_set_cardinality(info, numbers->size(), true);
  duckdb_bind_set_bind_data(info, const_cast<std::vector<std::int64_t>*>(numbers), nullptr);
}

void init_numbers(duckdb_init_info info) {
  duckdb_init_set_init_data(info, new std::size_t(0), destroy<std::size_t>);
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

// The live rows, so many to a share.
Result<std::vector<DuckRelations::Cursor::Share>> shares_of(const StagedRows& rows,
                                                            std::uint64_t share_rows) {
  std::vector<DuckRelations::Cursor::Share> shares;
  std::uint64_t room = 0;  // in the last one
  BlockScratch scratch;
  for (std::size_t block = 0; block < rows.block_count(); ++block) {
    DRAY_ASSIGN(const RowBlock keys, rows.keys(block, scratch));
    for (std::size_t row = 0; row < keys.keys.size(); ++row) {
      const bool is_dropped = rows.is_dropped(keys.first_row + row);
      if (!is_dropped && room == 0) {
        shares.emplace_back();
        room = share_rows;
      }
      if (shares.empty()) continue;  // dropped, before the first live one
      auto& share = shares.back();
      if (share.empty() || share.back().block != block) share.push_back({block, row, row});
      share.back().end = row + 1;
      if (!is_dropped) --room;
    }
  }
  for (auto& share : shares)
    std::ranges::reverse(share);
  std::ranges::reverse(shares);
  return shares;
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
