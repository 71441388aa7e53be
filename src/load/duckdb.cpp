// One file, one transaction for everything a run changes.
#include "load/duckdb.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string_view>

#include "base/hash.h"
#include "load/duckdb_casts.h"
#include "load/duckdb_connection.h"
#include "load/duckdb_rows.h"
#include "load/profile_casts.h"
#include "load/reserved_schemas.h"
#include "load/rivals.h"

namespace dray {
namespace {

SqlBuilder& add_type(SqlBuilder& sql, ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return sql.code("boolean");
    case ColumnType::bigint:
      return sql.code("bigint");
    case ColumnType::double_precision:
      return sql.code("double");
    case ColumnType::timestamp:
      return sql.code("timestamp");
    case ColumnType::varchar:
      return sql.code("varchar");
  }
  return sql;
}

struct DdlWriter {
  Sql operator()(const CreateSchema& change) const {
    return std::move(SqlBuilder("create schema if not exists ").name(change.schema)).done();
  }
  Sql operator()(const CreateTable& change) const {
    SqlBuilder sql("create table ");
    if (change.if_missing) sql.code("if not exists ");
    sql.table(change.schema, change.table).code(" (");
    bool first = true;
    for (const Column& column : change.columns) {
      if (!first) sql.code(", ");
      first = false;
      add_type(sql.name(column.name).code(" "), column.type);
      if (column.required) sql.code(" not null");
    }
    return std::move(sql.code(")")).done();
  }
  Sql operator()(const AddColumn& change) const {
    SqlBuilder sql("alter table ");
    sql.table(change.schema, change.table).code(" add column ").name(change.column.name);
    return std::move(add_type(sql.code(" "), change.column.type)).done();
  }
  Sql operator()(const WidenColumn&) const {
    DRAY_ASSERT(false);  // strings have no bound here
    return SqlBuilder().done();
  }
};

// The type of a live column as Dray knows it; nothing for types it does not write.
std::optional<ColumnType> our_type(std::string_view name) {
  if (name == "BOOLEAN") return ColumnType::boolean;
  if (name == "BIGINT") return ColumnType::bigint;
  if (name == "DOUBLE") return ColumnType::double_precision;
  if (name == "TIMESTAMP") return ColumnType::timestamp;
  if (name == "VARCHAR") return ColumnType::varchar;
  return std::nullopt;
}

// DuckDB tells names apart without regard to the case of A to Z, whatever they were created with.
// In lower case, as Dray writes them, "Color" is the column `color`.
std::string folded(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

class DuckSession final : public WarehouseSession {
 public:
  DuckSession(std::shared_ptr<DuckDatabase> database, std::unique_ptr<DuckConnection> connection,
              DuckRelations& relations, const WarehouseOptions& options)
      : database_(std::move(database)),
        connection_(std::move(connection)),
        relations_(relations),
        memory_bytes_(options.memory_bytes),
        duplicates_bytes_(options.duplicates_bytes) {}

  Result<Catalog> catalog(const std::string& schema) override {
    Catalog out;
    out.schema = schema;
    DRAY_ASSIGN(const QueryResult schemas,
                query(SqlBuilder("select schema_name from duckdb_schemas() where database_name = "
                                 "current_database()")
                          .done()));
    const auto live = std::ranges::find_if(
        schemas.rows, [&](const auto& row) { return folded(*row[0]) == schema; });
    out.schema_exists = live != schemas.rows.end();
    if (!out.schema_exists) return out;
    SqlBuilder sql(
        "select c.table_name, c.column_name, c.data_type, v.view_name is not null from "
        "duckdb_columns() c left join duckdb_views() v on v.database_name = c.database_name and "
        "v.schema_name = c.schema_name and v.view_name = c.table_name where c.database_name = "
        "current_database() and c.schema_name = ");
    DRAY_ASSIGN(
        const QueryResult columns,
        query(std::move(sql.text(*live->front()).code(" order by 1, c.column_index")).done()));
    for (const auto& row : columns.rows) {
      const std::string table = folded(*row[0]);
      if (out.tables.empty() || out.tables.back().name != table) {
        out.tables.push_back({table, *row[3] == "true", {}});
      }
      const auto type = our_type(*row[2]);
      out.tables.back().columns.push_back(
          {folded(*row[1]), *row[2], type.has_value(), type.value_or(ColumnType::varchar)});
    }
    std::ranges::sort(out.tables, {}, &LiveTable::name);
    return out;
  }

  Result<void> begin() override {
    // Until a checkpoint what was committed stays in memory that DuckDB cannot free.
    if (committed_) DRAY_TRY(execute(SqlBuilder("checkpoint").done()));
    return execute(SqlBuilder("begin transaction").done());
  }
  Result<void> commit() override {
    DRAY_TRY(execute(SqlBuilder("commit").done()));
    committed_ = true;
    return {};
  }
  // A file is open in one process only, and that process runs one sync at a time.
  Result<void> lock(std::chrono::seconds) override { return {}; }
  void interrupt() override { connection_->interrupt(); }

  Result<void> apply(const SchemaChange& change) override {
    return connection_->execute_at_once(std::visit(DdlWriter(), change));
  }

  Result<void> execute(const Sql& sql) override { return connection_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return connection_->query(sql); }

  Result<TableLoaded> load(TableLoad& load) override {
    TableLoaded loaded;
    if (!load.profile_id_column.empty()) {
      DRAY_TRY(
          execute(SqlBuilder("create or replace temp table dray_touched (id varchar)").done()));
    }
    if (!load.created) {
      DRAY_TRY(settle_rivals(load, loaded));
    }
    DRAY_ASSIGN(loaded.rows_inserted, insert(load));
    if (load.lineage_table) DRAY_TRY(write_lineage(load));
    if (!load.profile_id_column.empty()) {
      SqlBuilder sql("insert into dray_touched select distinct ");
      sql.name(load.profile_id_column).code(" from ").table(load.schema, load.table);
      sql.code(" where uuid_ts = make_timestamp(").number(load.uuid_ts).code(") and ");
      DRAY_TRY(execute(std::move(sql.name(load.profile_id_column).code(" is not null")).done()));
    }
    return loaded;
  }

  Result<std::uint64_t> merge_profiles(const ProfileMerge& merge) override {
    DRAY_TRY(reject_unfit(merge));
    if (!merge.kept_columns.empty()) DRAY_TRY(keep_values(merge));
    SqlBuilder erase("delete from ");
    erase.table(merge.schema, merge.table).code(" where id in (select id from dray_touched)");
    DRAY_TRY(execute(std::move(erase).done()));
    DRAY_ASSIGN(const std::uint64_t parts, count_parts(merge));
    std::uint64_t merged = 0;
    for (std::uint64_t part = 0; part < parts; ++part) {
      if (connection_->interrupted()) return cancelled_error();
      DRAY_ASSIGN(const std::uint64_t rows, changed_rows(insert_latest(merge, {part, parts})));
      merged += rows;
    }
    return merged;
  }

  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override {
    duckdb_appender appender = nullptr;
    Result<void> outcome;
    if (duckdb_appender_create(connection_->handle(), schema.c_str(), table.c_str(), &appender) !=
        DuckDBSuccess) {
      outcome = connection_->failure(duckdb_appender_error(appender));
    } else {
      outcome = append_all(appender, rows);
    }
    duckdb_appender_destroy(&appender);
    return outcome;
  }

 private:
  Result<void> append_all(duckdb_appender appender, RowSource& rows) const {
    // By itself an appender holds 204,800 rows, whatever is in them, and does not count them as
    // DuckDB's memory: 270 MB of rejects that keep 1 KB each.
    constexpr std::uint64_t held_bytes_max = 4U << 20;
    std::uint64_t held_bytes = 0;
    std::vector<PlainValue> row;
    while (true) {
      if (connection_->interrupted()) return cancelled_error();
      DRAY_ASSIGN(const bool more, rows.next(row));
      if (!more) break;
      for (const PlainValue& value : row) {
        append_value(appender, value);
        if (const auto* text = std::get_if<std::string_view>(&value)) held_bytes += text->size();
      }
      if (duckdb_appender_end_row(appender) != DuckDBSuccess) {
        return connection_->failure(duckdb_appender_error(appender));
      }
      if (held_bytes < held_bytes_max) continue;
      if (duckdb_appender_flush(appender) != DuckDBSuccess) {
        return connection_->failure(duckdb_appender_error(appender));
      }
      held_bytes = 0;
    }
    if (duckdb_appender_close(appender) != DuckDBSuccess) {
      return connection_->failure(duckdb_appender_error(appender));
    }
    return {};
  }

  static void append_value(duckdb_appender appender, const PlainValue& value) {
    struct Visitor {
      duckdb_appender appender;
      void operator()(std::monostate) const { duckdb_append_null(appender); }
      void operator()(bool v) const { duckdb_append_bool(appender, v); }
      void operator()(std::int64_t v) const { duckdb_append_int64(appender, v); }
      void operator()(double v) const { duckdb_append_double(appender, v); }
      void operator()(std::string_view v) const {
        duckdb_append_varchar_length(appender, v.data(), v.size());
      }
      void operator()(Timestamp v) const { duckdb_append_timestamp(appender, {to_micros(v)}); }
    };
    std::visit(Visitor{appender}, value);
  }

  Result<std::uint64_t> changed_rows(const Sql& sql) {
    DuckResult result;
    DRAY_TRY(connection_->run(sql, result));
    return duckdb_rows_changed(&result.handle());
  }

  // Rows have no order of their own, and giving it up lets several threads insert.
  Result<void> choose_threads(const TableLoad& load) {
    return execute(relations_.insert_threads(load) == 1
                       ? SqlBuilder("set preserve_insertion_order = true").done()
                       : SqlBuilder("set preserve_insertion_order = false").done());
  }

  Result<void> write_lineage(const TableLoad& load) {
    SqlBuilder sql("insert into _dray.lineage select uuid, make_timestamp(received_at), ");
    sql.number(*load.lineage_table).code(", object_number, line from dray_origins(");
    return execute(std::move(sql.number(relations_.show(load)).code(")")).done());
  }

  Result<std::uint64_t> insert(const TableLoad& load) {
    DRAY_TRY(choose_threads(load));
    SqlBuilder sql("insert into ");
    sql.table(load.schema, load.table).code(" (");
    bool first = true;
    for (const LoadColumn& column : load.columns) {
      if (column.refused) continue;
      if (!first) sql.code(", ");
      first = false;
      sql.name(column.name);
    }
    sql.code(") select * from dray_rows(").number(relations_.show(load)).code(")");
    return changed_rows(std::move(sql).done());
  }

  // --- profiles ----------------------------------------------------------------------------------

  // Of the profiles, by a hash of their ids.
  struct ProfilePart {
    std::uint64_t number = 0;
    std::uint64_t count = 1;
  };

  // DuckDB holds a value of every column for every profile of one statement, and cannot move them
  // to a file: so many profiles are merged at a time as have room in a quarter of its memory.
  Result<std::uint64_t> count_parts(const ProfileMerge& merge) {
    // A short text, the aggregate that holds it, and its place.
    constexpr std::uint64_t value_bytes = 128;
    SqlBuilder sql("select count(*) from ");
    sql.table(merge.schema, merge.source_table).code(" where ").name(merge.id_column);
    sql.code(" in (select id from dray_touched)");
    DRAY_ASSIGN(const QueryResult counted, query(std::move(sql).done()));
    const std::uint64_t rows = std::stoull(*counted.rows[0][0]);
    const std::uint64_t bytes = rows * (merge.columns.size() + 4) * value_bytes;
    return 1 + bytes / (memory_bytes_ / 4);
  }

  static Sql insert_latest(const ProfileMerge& merge, const ProfilePart& part) {
    SqlBuilder sql("insert into ");
    sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
    for (const auto* columns : {&merge.columns, &merge.kept_columns}) {
      for (const std::string& column : *columns)
        sql.code(", ").name(column);
    }
    sql.code(") select p.*");
    for (const std::string& column : merge.kept_columns)
      sql.code(", k.").name(column);
    sql.code(" from (").sql(latest_values(merge, part)).code(") p");
    if (!merge.kept_columns.empty()) sql.code(" left join dray_kept k on k.id = p.id");
    // Rows that have an order are inserted by one thread. Several would each keep a block for every
    // column until the commit, anew with every statement.
    return std::move(sql.code(" order by p.id")).done();
  }

  static Sql latest_values(const ProfileMerge& merge, const ProfilePart& part) {
    SqlBuilder sql("select id, max(received_at), dray_uuid(id), make_timestamp(");
    sql.number(merge.uuid_ts).code(")");
    for (const std::string& column : merge.columns) {
      sql.code(", arg_max(").name(column).code(", \"the place\")");
    }
    // One place for every row of a profile: the order in which its values count. No column's name
    // has a blank.
    sql.code(" from (select ").name(merge.id_column).code(" as id, received_at");
    for (const std::string& column : merge.columns) {
      const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
      if (cast == merge.casts.end()) {
        sql.code(", ").name(column);
      } else {
        sql.code(", ").sql(cast_without_loss(column, cast->from, cast->to));
        sql.code(" as ").name(column);
      }
    }
    sql.code(
        ", row_number() over (order by received_at, \"timestamp\", id) as \"the place\" from ");
    sql.table(merge.schema, merge.source_table).code(" where ").name(merge.id_column);
    sql.code(" in (select id from dray_touched)");
    if (part.count > 1) {
      sql.code(" and hash(").name(merge.id_column).code(") % ").number(part.count);
      sql.code(" = ").number(part.number);
    }
    return std::move(sql.code(") group by id")).done();
  }

  // The values of this load that the profiles' columns cannot hold.
  Result<void> reject_unfit(const ProfileMerge& merge) {
    for (const ProfileCast& cast : merge.casts) {
      if (cast.to == ColumnType::varchar) continue;  // has no bound here
      SqlBuilder unfit(" and ");
      unfit.sql(cast_without_loss(cast.column, cast.from, cast.to)).code(" is null");
      DRAY_TRY(
          reject_values(merge, cast.column, std::move(unfit).done(), reason_of(cast), cast.to));
    }
    for (const ProfileRefusal& refused : merge.refused_columns) {
      DRAY_TRY(reject_values(merge, refused.column, SqlBuilder().done(), refused.reason,
                             ColumnType::varchar));
    }
    return {};
  }

  Result<void> reject_values(const ProfileMerge& merge, const std::string& column,
                             const Sql& condition, RejectReason reason, ColumnType type) {
    SqlBuilder sql("select k.object, k.line, cast(t.");
    sql.name(column).code(" as varchar) from ").table(merge.schema, merge.source_table);
    sql.code(" t join dray_keys(").number(relations_.show(*merge.load));
    sql.code(") k on t.uuid = k.uuid and epoch_us(t.received_at) = k.received_at");
    sql.code(" where t.uuid_ts = make_timestamp(").number(merge.uuid_ts).code(") and t.");
    sql.name(merge.id_column).code(" is not null and t.").name(column).code(" is not null");
    DRAY_ASSIGN(const QueryResult rows, query(std::move(sql.sql(condition)).done()));
    for (const auto& row : rows.rows) {
      merge.value_rejects({static_cast<std::uint32_t>(std::stoul(*row[0])),
                           static_cast<std::uint32_t>(std::stoul(*row[1])), reason, column, type,
                           *row[2]});
    }
    return {};
  }

  Result<void> keep_values(const ProfileMerge& merge) {
    SqlBuilder sql("create or replace temp table dray_kept as select id");
    for (const std::string& column : merge.kept_columns)
      sql.code(", ").name(column);
    sql.code(" from ").table(merge.schema, merge.table);
    return execute(std::move(sql.code(" where id in (select id from dray_touched)")).done());
  }

  // --- stored rows with the ids of staged ones ---------------------------------------------------

  Result<void> settle_rivals(TableLoad& load, TableLoaded& loaded) {
    Rivals rivals(load, duplicates_bytes_);
    do {
      DRAY_TRY(find_rivals(load, rivals));
      DRAY_TRY(find_places(load, rivals));
      const Rivals::Outcome outcome = rivals.settle();
      DRAY_TRY(remove_rows(load, outcome.stored_rows_replaced));
      loaded.rows_lost += outcome.rows_lost.size();
      loaded.rows_replaced += outcome.stored_rows_replaced.size();
    } while (rivals.next_part());
    return {};
  }

  Result<void> find_rivals(const TableLoad& load, Rivals& rivals) {
    SqlBuilder sql("select t.rowid, t.id, t.received_at, k.uuid, k.check_id, k.received_at, ");
    sql.code("k.object, k.line, k.row from ").table(load.schema, load.table);
    sql.code(" t join dray_keys(").number(relations_.show(load)).code(") k on t.uuid = k.uuid");
    if (const auto rows = rivals.rows()) {
      sql.code(" where k.row >= ").number(rows->begin).code(" and k.row < ").number(rows->end);
    }
    return connection_->each_chunk(std::move(sql).done(),
                                   [&](duckdb_data_chunk chunk) { read_rivals(chunk, rivals); });
  }

  template <typename T>
  static T* values_of(duckdb_data_chunk chunk, idx_t column) {
    return static_cast<T*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, column)));
  }

  static std::string_view text_of(duckdb_string_t& text) {
    return {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
  }

  static void read_rivals(duckdb_data_chunk chunk, Rivals& rivals) {
    const auto numbers = [&](idx_t column) { return values_of<std::int64_t>(chunk, column); };
    auto* ids = values_of<duckdb_string_t>(chunk, 1);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
      Rival rival;
      rival.stored_row = numbers(0)[i];
      rival.stored_received_at = numbers(2)[i];
      rival.key.uuid = static_cast<std::uint64_t>(numbers(3)[i]);
      rival.key.check = static_cast<std::uint64_t>(numbers(4)[i]);
      rival.key.received_at = numbers(5)[i];
      rival.key.object = static_cast<std::uint32_t>(numbers(6)[i]);
      rival.key.line = static_cast<std::uint32_t>(numbers(7)[i]);
      rival.row = static_cast<std::uint64_t>(numbers(8)[i]);
      rivals.add_if_same_id(rival, text_of(ids[i]));
    }
  }

  Result<void> find_places(const TableLoad& load, Rivals& rivals) {
    std::vector<std::int64_t> tied = rivals.tied_uuids();
    if (tied.empty()) return {};
    SqlBuilder sql("select l.uuid, epoch_us(l.received_at), o.key, l.line from _dray.lineage l ");
    sql.code("join _dray.objects o on o.object_number = l.object_number where l.uuid in ");
    sql.code("(select number from dray_numbers(").number(relations_.show(std::move(tied)));
    sql.code(")) and l.table_number in (").numbers(load.rival_tables);
    return connection_->each_chunk(std::move(sql.code(")")).done(), [&](duckdb_data_chunk chunk) {
      const auto numbers = [&](idx_t column) { return values_of<std::int64_t>(chunk, column); };
      auto* keys = values_of<duckdb_string_t>(chunk, 2);
      for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
        rivals.add_place(numbers(0)[i], numbers(1)[i], text_of(keys[i]),
                         static_cast<std::uint64_t>(numbers(3)[i]));
      }
    });
  }

  Result<void> remove_rows(const TableLoad& load, const std::vector<std::int64_t>& rows) {
    if (rows.empty()) return {};
    if (!load.profile_id_column.empty()) {
      SqlBuilder touched("insert into dray_touched select distinct ");
      touched.name(load.profile_id_column).code(" from ").table(load.schema, load.table);
      touched.code(" where rowid in (select number from dray_numbers(");
      touched.number(relations_.show(rows)).code(")) and ").name(load.profile_id_column);
      DRAY_TRY(execute(std::move(touched.code(" is not null")).done()));
    }
    SqlBuilder sql("delete from ");
    sql.table(load.schema, load.table).code(" where rowid in (select number from dray_numbers(");
    return execute(std::move(sql.number(relations_.show(rows)).code("))")).done());
  }

  std::shared_ptr<DuckDatabase> database_;  // outlives the connection
  std::unique_ptr<DuckConnection> connection_;
  DuckRelations& relations_;
  const std::uint64_t memory_bytes_;  // of DuckDB
  const std::uint64_t duplicates_bytes_;
  bool committed_ = false;
};

// dray_uuid(varchar): the column `uuid` of a profile.
void hash_ids(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  auto* ids =
      static_cast<duckdb_string_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 0)));
  auto* hashes = static_cast<std::int64_t*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    hashes[i] = static_cast<std::int64_t>(
        xxh3({duckdb_string_t_data(&ids[i]), duckdb_string_t_length(ids[i])}));
  }
}

Result<void> register_hash(DuckConnection& connection) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_scalar_function_set_name(function, "dray_uuid");
  duckdb_scalar_function_add_parameter(function, text);
  duckdb_scalar_function_set_return_type(function, number);
  duckdb_scalar_function_set_function(function, hash_ids);
  const duckdb_state state = duckdb_register_scalar_function(connection.handle(), function);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_logical_type(&number);
  duckdb_destroy_scalar_function(&function);
  if (state != DuckDBSuccess) return internal_error("DuckDB refused the function dray_uuid");
  return {};
}

class DuckWarehouse final : public Warehouse {
 public:
  DuckWarehouse(std::string path, const WarehouseOptions& options)
      : path_(std::move(path)), options_(options), relations_(options.memory_bytes) {}

  Result<void> open() {
    DRAY_ASSIGN(database_, DuckDatabase::open(path_, options_));
    block_bytes_ = database_->block_bytes();
    DRAY_ASSIGN(const auto connection, DuckConnection::open(*database_));
    DRAY_TRY(relations_.register_functions(*connection));
    DRAY_TRY(register_casts(*connection));
    return register_hash(*connection);
  }

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    const std::scoped_lock lock(mutex_);
    const bool is_file = path_ != ":memory:";
    if (!database_ || (is_file && database_->is_distrusted() && database_.use_count() == 1)) {
      database_.reset();
      DRAY_TRY(open());
    }
    DRAY_ASSIGN(auto connection, DuckConnection::open(*database_));
    return std::unique_ptr<WarehouseSession>(
        std::make_unique<DuckSession>(database_, std::move(connection), relations_, options_));
  }

  // Until it commits DuckDB 1.4 holds for each column that was written a vector of 16-byte values
  // and the like, which it cannot move to a file; half its memory may go there. A column of a table
  // that was there before counts as five (run/load_transaction.cpp), which is right for files with
  // blocks of 64 KiB; of those with larger ones fewer columns fit.
  std::size_t columns_per_transaction_max() const override {
    constexpr std::uint64_t column_bytes = 33 << 10;
    constexpr std::uint64_t usual_block_bytes = 64 << 10;
    const std::uint64_t columns = options_.memory_bytes / 2 / column_bytes;
    if (path_ == ":memory:" || block_bytes_ <= usual_block_bytes) return columns;
    return columns * (column_bytes + 2 * usual_block_bytes) / (column_bytes + 2 * block_bytes_);
  }

  Sql ddl(const SchemaChange& change) const override { return std::visit(DdlWriter(), change); }
  std::string location() const override { return "duckdb:" + path_; }

 private:
  const std::string path_;
  const WarehouseOptions options_;
  // The relations outlive the database, whose functions point to them.
  DuckRelations relations_;
  std::mutex mutex_;
  std::shared_ptr<DuckDatabase> database_;  // nothing after it could not be opened anew
  std::uint64_t block_bytes_ = 0;           // of the file
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_duckdb(const std::string& address,
                                               const WarehouseOptions& options) {
  constexpr std::string_view scheme = "duckdb:";
  DRAY_ASSERT(address.starts_with(scheme));
  const std::string path = address.substr(scheme.size());
  if (path.empty()) return config_error("duckdb: without a file\ntry: duckdb:events.duckdb");
  const bool in_memory = path == ":memory:";
  if (!in_memory && options.access == Access::read_only && !std::filesystem::exists(path)) {
    return config_error("there is no " + path + "\ntry: dray sync makes it");
  }
  auto warehouse = std::make_unique<DuckWarehouse>(path, options);
  DRAY_TRY(warehouse->open());
  return std::unique_ptr<Warehouse>(std::move(warehouse));
}

}  // namespace dray
