// One file, one transaction for everything a run changes.
#include "load/duckdb.h"
#include "ledger/tables.h"
#include "sql/query_values.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "base/hash.h"
#include "load/comments.h"
#include "load/duckdb_casts.h"
#include "load/duckdb_room.h"
#include "load/duckdb_rows.h"
#include "load/profile_casts.h"
#include "load/reserved_schemas.h"
#include "load/rivals.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_constraints.h"
#include "sql/duckdb_file.h"

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
  Sql operator()(const CommentOn& change) const { return comment_text(change); }
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

// Whether the ledger's schema has the table of long rows, the tables with rows that DuckDB cannot
// hold 2,048 of: then their row groups have to stay as short as they were made.
Result<bool> dray_tells_long_rows(DuckConnection& connection) {
  SqlBuilder sql(
      "select count(*) > 0 from duckdb_tables() where database_name = current_database() and "
      "schema_name = ");
  sql.text(ledger_schema).code(" and table_name = ").text(long_rows_table_name);
  DRAY_ASSIGN(const QueryResult found, connection.query(std::move(sql).done()));
  return found.rows[0][0] == "true";
}

class DuckSession final : public WarehouseSession {
 public:
  DuckSession(std::shared_ptr<DuckDatabase> database, std::unique_ptr<DuckConnection> connection,
              DuckRelations& relations, DuckRoom& room, bool is_in_memory,
              const WarehouseOptions& options)
      : database_(std::move(database)),
        connection_(std::move(connection)),
        relations_(relations),
        room_(room),
        is_in_memory_(is_in_memory),
        memory_bytes_(options.memory_bytes),
        duplicates_bytes_(options.duplicates_bytes),
        threads_(duckdb_threads(options)),
        merged_columns_max_(options.merged_columns_max) {}

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
        "select c.table_name, c.column_name, c.data_type, v.view_name is not null, "
        "c.column_default is not null and v.view_name is null from duckdb_columns() c left join duckdb_views() v on v.database_name = c.database_name and "
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
      LiveColumn column{folded(*row[1]), *row[2], type.has_value(),
                        type.value_or(ColumnType::varchar)};
      column.computed = *row[4] == "true" && is_generated(schema, table, column.name);
      column.writable = column.writable && !column.computed;
      out.tables.back().columns.push_back(std::move(column));
    }
    std::ranges::sort(out.tables, {}, &LiveTable::name);
    return out;
  }

  Result<void> begin() override {
    if (committed_) DRAY_TRY(settle());
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
    const auto* const comment = std::get_if<CommentOn>(&change);
    if (comment == nullptr) return connection_->execute_at_once(std::visit(DdlWriter(), change));
    for (const Sql& statement : comment_statements(*comment))
      DRAY_TRY(execute(statement));
    return {};
  }

  Result<void> execute(const Sql& sql) override { return connection_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return connection_->query(sql); }

  Result<TableLoaded> load(TableLoad& load) override {
    auto loaded = load_rows(load);
    if (!loaded) return explained(std::move(loaded).error(), load.schema, load.table);
    return loaded;
  }

  Result<std::uint64_t> merge_profiles(const ProfileMerge& merge) override {
    auto merged = merge_rows(merge);
    if (!merged) return explained(std::move(merged).error(), merge.schema, merge.table);
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
  // Until a checkpoint what was committed stays in memory that DuckDB cannot free, and some of it
  // until the file is opened anew.
  Result<void> settle() {
    DRAY_TRY(execute(SqlBuilder("checkpoint").done()));
    if (is_in_memory_ || notes_bytes_ < room_.notes_bytes()) return {};
    notes_bytes_ = 0;
    DRAY_TRY(execute(SqlBuilder("use memory").done()));
    DRAY_TRY(database_->reopen());
    DRAY_TRY(connection_->use_warehouse(DuckConnection::Names::ours));
    return room_.measure(*connection_);
  }

  // Of a column with a default: DuckDB's catalog has a generated column's expression in that place.
  bool is_generated(const std::string& schema, const std::string& table,
                    const std::string& column) {
    SqlBuilder sql("insert into ");
    sql.table(schema, table).code(" (").name(column).code(") select ").name(column);
    sql.code(" from ").table(schema, table).code(" limit 0");
    return !connection_->can_prepare(std::move(sql).done());
  }

  Error explained(Error error, const std::string& schema, const std::string& table) {
    const auto& violation = connection_->violation();
    if (!violation || error.cause == Cause::cancelled) return error;
    return violation_error(*violation, *database_, schema, table);
  }

  // --- rows --------------------------------------------------------------------------------------

  Result<TableLoaded> load_rows(TableLoad& load) {
    TableLoaded loaded;
    if (!load.profile_id_column.empty()) {
      DRAY_TRY(
          execute(SqlBuilder("create or replace temp table dray_touched (uuid bigint)").done()));
    }
    if (!load.created) {
      DRAY_TRY(bind_indexes(load.schema, load.table));
      DRAY_TRY(settle_rivals(load, loaded));
    }
    notes_bytes_ += DuckRoom::bytes_noted(load.columns.size());
    // Before the rows, of which some may be committed by themselves.
    if (load.lineage_table) DRAY_TRY(write_lineage(load));
    DRAY_ASSIGN(loaded.rows_inserted, insert(load));
    if (!load.profile_id_column.empty()) {
      SqlBuilder sql("insert into dray_touched select distinct dray_uuid(");
      sql.sql(profile_id(load)).code(") from ").table(load.schema, load.table);
      sql.code(" where uuid_ts = make_timestamp(").number(load.uuid_ts).code(") and ");
      DRAY_TRY(execute(std::move(sql.name(load.profile_id_column).code(" is not null")).done()));
    }
    return loaded;
  }

  Result<void> append_all(duckdb_appender appender, RowSource& rows) const {
    // By itself an appender holds 204,800 rows, whatever is in them, and does not count them as
    // DuckDB's memory: 270 MB of rejects that keep 1 KB each. Whole vectors are handed on: for each
    // that is filled in two pieces DuckDB notes who wrote every row, in 32 KiB that it does not
    // count either.
    constexpr std::uint64_t held_bytes_max = 4U << 20;
    std::uint64_t held_bytes = 0;
    const idx_t columns = duckdb_appender_column_count(appender);
    std::uint64_t held_rows = 0;
    std::vector<PlainValue> row;
    while (true) {
      if (connection_->interrupted()) return cancelled_error();
      DRAY_ASSIGN(const bool more, rows.next(row));
      if (!more) break;
      for (const PlainValue& value : row) {
        append_value(appender, value);
        if (const auto* text = std::get_if<std::string_view>(&value)) held_bytes += text->size();
      }
      // Columns that somebody has added come last.
      for (idx_t i = row.size(); i < columns; ++i)
        duckdb_append_default(appender);
      if (duckdb_appender_end_row(appender) != DuckDBSuccess) {
        return connection_->failure(duckdb_appender_error(appender));
      }
      if (++held_rows % duckdb_vector_size() != 0 || held_bytes < held_bytes_max) continue;
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

  Result<void> set_threads() {
    SqlBuilder sql("set threads = ");
    return execute(std::move(sql.number(std::int64_t{threads_})).done());
  }

  // Rows have no order of their own, and giving it up lets several threads insert.
  Result<void> choose_threads(const TableLoad& load) {
    const bool in_order = relations_.insert_threads(load) == 1;
    if (in_order_ == in_order) return {};
    in_order_ = in_order;
    return execute(in_order ? SqlBuilder("set preserve_insertion_order = true").done()
                            : SqlBuilder("set preserve_insertion_order = false").done());
  }

  Result<void> write_lineage(const TableLoad& load) {
    SqlBuilder sql("insert into ");
    sql.word(lineage_columns).code(" select uuid, make_timestamp(received_at), ");
    sql.number(*load.lineage_table).code(", object_number, line from dray_origins(");
    return execute(std::move(sql.number(relations_.show(load)).code(")")).done());
  }

  // DuckDB reads, compresses and writes 2,048 rows at once, and has room for that many usual ones.
  // A row group that is shorter holds fewer, and there is a new one after every commit: so where
  // rows are long they are committed some at a time.
  Result<std::uint64_t> insert(const TableLoad& load) {
    relations_.begin_rows(static_cast<bool>(load.commit_so_far));
    DRAY_TRY(choose_threads(load));
    std::uint64_t inserted = 0;
    while (true) {
      DRAY_ASSIGN(const std::uint64_t rows, insert_some(load));
      inserted += rows;
      const DuckRelations::Shown shown = relations_.shown(load);
      if (shown.has_more || shown.has_long_rows) DRAY_TRY(keep_groups_short(load));
      if (!shown.has_more) return inserted;
      if (connection_->interrupted()) return cancelled_error();
      DRAY_TRY(load.commit_so_far());
    }
  }

  Result<std::uint64_t> insert_some(const TableLoad& load) {
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

  // A checkpoint would make one row group of several short ones, and hold all their rows for it.
  Result<void> keep_groups_short(const TableLoad& load) {
    SqlBuilder table("create table if not exists ");
    table.word(long_rows_table)
        .code(" (schema_name varchar not null, table_name varchar not null)");
    DRAY_TRY(execute(std::move(table).done()));
    SqlBuilder sql("insert into ");
    sql.word(long_rows_table).code(" select schema_name, table_name from (values (");
    sql.text(load.schema).code(", ").text(load.table).code(")) l (schema_name, table_name) ");
    sql.code("except select schema_name, table_name from ").word(long_rows_table);
    DRAY_TRY(execute(std::move(sql).done()));
    return execute(SqlBuilder("set max_vacuum_tasks = 0").done());
  }

  Result<bool> has_long_rows(const TableLoad& load) {
    DRAY_ASSIGN(const bool is_told, dray_tells_long_rows(*connection_));
    if (!is_told) return false;
    SqlBuilder sql("select count(*) > 0 from ");
    sql.word(long_rows_table)
        .code(" where schema_name = ")
        .text(load.schema)
        .code(" and table_name = ")
        .text(load.table);
    DRAY_ASSIGN(const QueryResult found, query(std::move(sql).done()));
    return found.rows[0][0] == "true";
  }

  // --- profiles ----------------------------------------------------------------------------------

  // A profile is known by the hash of its id: ids may be long. Should two share one, the other is
  // computed anew as well, and comes out as it was.
  static Sql is_touched(const Sql& id) {
    SqlBuilder sql("dray_uuid(");
    return std::move(sql.sql(id).code(") in (select uuid from dray_touched)")).done();
  }
  static Sql is_touched() { return is_touched(SqlBuilder("id").done()); }

  // Of the profiles, by that hash.
  struct ProfilePart {
    std::int64_t first = INT64_MIN;
    std::int64_t last = INT64_MAX;
    bool is_all = true;
    bool is_long = false;         // in rows that are
    bool has_row_numbers = true;  // their source
  };

  // DuckDB holds a value of every column for every profile of one statement, and cannot move them
  // to a file: so many profiles are merged at a time as have room in a quarter of its memory, or
  // if they are long in an eighth.
  Result<std::vector<ProfilePart>> profile_parts(const ProfileMerge& merge) {
    // A short text, the aggregate that holds it, and its place.
    constexpr std::uint64_t value_bytes = 128;
    const std::uint64_t profile_bytes = (merge.columns.size() + 4) * value_bytes;
    ProfilePart part;
    DRAY_ASSIGN(part.is_long, has_long_rows(*merge.load));
    DRAY_ASSIGN(const bool is_hidden, hides_row_numbers(*merge.load));
    part.has_row_numbers = !is_hidden;
    std::vector<ProfilePart> parts;
    const std::uint64_t bytes_max = memory_bytes_ / (part.is_long ? 8 : 4);
    std::uint64_t bytes = 0;
    const Sql sizes = part.is_long ? sizes_of_long(merge)
                                   : SqlBuilder(
                                         "select distinct uuid, 0::bigint as bytes from "
                                         "dray_touched where uuid is not null order by uuid")
                                         .done();
    DRAY_TRY(connection_->each_chunk(sizes, [&](duckdb_data_chunk chunk) {
      for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
        const std::int64_t uuid = values_of<std::int64_t>(chunk, 0)[i];
        const auto own = static_cast<std::uint64_t>(values_of<std::int64_t>(chunk, 1)[i]);
        if (bytes > 0 && bytes + profile_bytes + own > bytes_max) {
          part.is_all = false;
          part.last = uuid - 1;
          parts.push_back(part);
          part.first = uuid;
          bytes = 0;
        }
        bytes += profile_bytes + own;
      }
    }));
    part.last = INT64_MAX;
    parts.push_back(part);
    return parts;
  }

  // Of each profile the hash of its id, and what its texts have at most.
  static Sql sizes_of_long(const ProfileMerge& merge) {
    const Sql id = profile_id(*merge.load);
    SqlBuilder sql("select dray_uuid(");
    sql.sql(id).code(") as uuid, (max(strlen(").sql(id).code("))");
    for (const LoadColumn& column : merge.load->columns) {
      if (column.type != ColumnType::varchar || column.refused) continue;
      if (std::ranges::find(merge.columns, column.name) == merge.columns.end()) continue;
      sql.code(" + coalesce(max(strlen(").name(column.name).code(")), 0)");
    }
    sql.code(")::bigint as bytes from ").table(merge.schema, merge.source_table);
    sql.code(" where ").sql(is_touched(id));
    return std::move(sql.code(" group by dray_uuid(").sql(id).code(") order by uuid")).done();
  }

  Result<std::uint64_t> merge_rows(const ProfileMerge& merge) {
    DRAY_TRY(bind_indexes(merge.schema, merge.table));
    DRAY_TRY(reject_unfit(merge));
    DRAY_ASSIGN(const Peculiarities* tables, peculiarities());
    if (tables->referenced.contains(merge.table)) return update_profiles(merge);
    if (!merge.kept_columns.empty()) DRAY_TRY(keep_values(merge));
    SqlBuilder erase("delete from ");
    erase.table(merge.schema, merge.table).code(" where ").sql(is_touched());
    DRAY_TRY(execute(std::move(erase).done()));
    return each_part(merge, [&](const ProfilePart& part) -> Result<std::uint64_t> {
      if (merge.kept_columns.empty()) return insert_latest(merge, part, Kept::none);
      // A new profile has what the columns that are not ours have as a default.
      DRAY_ASSIGN(const std::uint64_t old, insert_latest(merge, part, Kept::has));
      DRAY_ASSIGN(const std::uint64_t made, insert_latest(merge, part, Kept::lacks));
      return old + made;
    });
  }

  Result<std::uint64_t> each_part(
      const ProfileMerge& merge,
      const std::function<Result<std::uint64_t>(const ProfilePart&)>& write) {
    DRAY_ASSIGN(const std::vector<ProfilePart> parts, profile_parts(merge));
    // Each thread holds 2,048 rows, or a row group that is as short as long rows make it.
    if (parts.front().is_long) DRAY_TRY(execute(SqlBuilder("set threads = 1").done()));
    std::uint64_t merged = 0;
    for (const ProfilePart& part : parts) {
      if (connection_->interrupted()) return cancelled_error();
      // As insert() has it.
      const bool is_later = &part != &parts.front();
      if (is_later && part.is_long && merge.load->commit_so_far)
        DRAY_TRY(merge.load->commit_so_far());
      DRAY_ASSIGN(const std::uint64_t rows, write(part));
      merged += rows;
    }
    if (parts.front().is_long) DRAY_TRY(set_threads());
    return merged;
  }

  // Where other tables' foreign keys refer to the profiles, each is changed in its place. It costs
  // DuckDB a copy of every changed value until the commit.
  Result<std::uint64_t> update_profiles(const ProfileMerge& merge) {
    DRAY_ASSIGN(const std::uint64_t merged,
                each_part(merge, [&](const ProfilePart& part) -> Result<std::uint64_t> {
                  SqlBuilder latest("create or replace temp table dray_merged as ");
                  DRAY_ASSIGN(const Sql values, latest_values(merge, part, Kept::none));
                  DRAY_TRY(execute(std::move(latest.sql(values)).done()));
                  DRAY_ASSIGN(const std::uint64_t old, changed_rows(update_merged(merge)));
                  DRAY_ASSIGN(const std::uint64_t made, changed_rows(insert_merged(merge)));
                  return old + made;
                }));
    // Those of whom no row is left.
    SqlBuilder erase("delete from ");
    erase.table(merge.schema, merge.table).code(" where ").sql(is_touched()).code(" and ");
    erase.code("id not in (select ").sql(profile_id(*merge.load)).code(" from ");
    erase.table(merge.schema, merge.source_table).code(" where ").name(merge.id_column);
    DRAY_TRY(execute(std::move(erase.code(" is not null)")).done()));
    return merged;
  }

  static Sql update_merged(const ProfileMerge& merge) {
    SqlBuilder sql("update ");
    sql.table(merge.schema, merge.table);
    sql.code(" t set received_at = p.received_at, uuid = p.uuid, uuid_ts = p.uuid_ts");
    for (const std::string& column : merge.columns)
      sql.code(", ").name(column).code(" = p.").name(column);
    return std::move(sql.code(" from dray_merged p where t.id = p.id")).done();
  }

  static Sql insert_merged(const ProfileMerge& merge) {
    SqlBuilder sql("insert into ");
    sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
    for (const std::string& column : merge.columns)
      sql.code(", ").name(column);
    sql.code(") select * from dray_merged where id not in (select id from ");
    return std::move(sql.table(merge.schema, merge.table).code(")")).done();
  }

  // Which profiles, by what is kept of them.
  enum class Kept { none, has, lacks };

  Result<std::uint64_t> insert_latest(const ProfileMerge& merge, const ProfilePart& part,
                                      Kept kept) {
    DRAY_ASSIGN(const Sql values, latest_values(merge, part, kept));
    SqlBuilder sql("insert into ");
    sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
    for (const std::string& column : merge.columns)
      sql.code(", ").name(column);
    if (kept == Kept::has) {
      for (const std::string& column : merge.kept_columns)
        sql.code(", ").name(column);
    }
    sql.code(") select p.*");
    if (kept == Kept::has) {
      for (const std::string& column : merge.kept_columns)
        sql.code(", k.").name(column);
    }
    sql.code(" from (").sql(values).code(") p");
    if (kept == Kept::has) sql.code(" join dray_kept k on k.id = p.id");
    // Rows that have an order are inserted by one thread. Several would each keep a block for every
    // column until the commit, anew with every statement. Long ones are not to be sorted: they have
    // one thread anyway.
    if (!part.is_long) sql.code(" order by p.id");
    return changed_rows(std::move(sql).done());
  }

  // What to insert for the profiles of a part: their ids, times and columns. Of a wide table some
  // columns are merged at a time, into temporary tables.
  Result<Sql> latest_values(const ProfileMerge& merge, const ProfilePart& part, Kept kept) {
    const std::size_t count = merge.columns.size();
    // A block that is read and the vectors of two operators, for each thread.
    constexpr std::uint64_t column_bytes = 192U << 10;
    const std::uint64_t fitting = memory_bytes_ / 2 / (threads_ * column_bytes);
    const std::size_t at_once =
        std::clamp<std::size_t>(static_cast<std::size_t>(fitting), 1, merged_columns_max_);
    if (count <= at_once || !part.has_row_numbers) {
      return latest_of(merge, {0, count}, placed_rows(merge, part, kept));
    }
    SqlBuilder places("create or replace temp table dray_places as ");
    DRAY_TRY(execute(std::move(places.sql(row_places(merge, part, kept))).done()));
    const Sql rows = at_places(merge, SqlBuilder("dray_places").done());
    SqlBuilder columns("select s0.id, s0.received_at, s0.uuid, s0.uuid_ts");
    SqlBuilder tables;
    for (std::size_t first = 0; first < count; first += at_once) {
      const ColumnRange range{first, std::min(count, first + at_once)};
      const std::string slice = "s" + std::to_string(first / at_once);
      SqlBuilder make("create or replace temp table ");
      make.name("dray_" + slice).code(" as ").sql(latest_of(merge, range, rows));
      DRAY_TRY(execute(std::move(make).done()));
      for (std::size_t i = range.begin; i < range.end; ++i)
        columns.code(", ").name(slice).code(".").name(merge.columns[i]);
      tables.word(first == 0 ? " from " : " join ").name("dray_" + slice).code(" ").name(slice);
      if (first > 0) tables.code(" on ").name(slice).code(".id = s0.id");
    }
    return std::move(columns.sql(std::move(tables).done())).done();
  }

  // Of ProfileMerge::columns.
  struct ColumnRange {
    std::size_t begin = 0;
    std::size_t end = 0;
  };

  static Sql latest_of(const ProfileMerge& merge, ColumnRange range, const Sql& rows) {
    SqlBuilder sql("select id, max(received_at) as received_at, dray_uuid(id) as uuid, ");
    sql.code("make_timestamp(").number(merge.uuid_ts).code(") as uuid_ts");
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::string& column = merge.columns[i];
      sql.code(", arg_max(").name(column).code(", \"the place\") as ").name(column);
    }
    sql.code(" from (select ").sql(profile_id(*merge.load));
    sql.code(" as id, received_at, \"the place\"");
    for (std::size_t i = range.begin; i < range.end; ++i) {
      const std::string& column = merge.columns[i];
      const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
      if (cast == merge.casts.end()) {
        sql.code(", ").name(column);
      } else {
        sql.code(", ").sql(cast_without_loss(column, cast->from, cast->to));
        sql.code(" as ").name(column);
      }
    }
    return std::move(sql.code(" from ").sql(rows).code(") group by id")).done();
  }

  // The rows of profiles with one place for every row of a profile: the order in which its values
  // count. No column's name has a blank. The places are found of what decides them alone, so that
  // DuckDB need not hold whole rows and sort them; unless nothing names a row.
  static Sql placed_rows(const ProfileMerge& merge, const ProfilePart& part, Kept kept) {
    SqlBuilder sql("(");
    sql.sql(row_places(merge, part, kept)).code(")");
    return part.has_row_numbers ? at_places(merge, std::move(sql).done()) : std::move(sql).done();
  }

  static Sql at_places(const ProfileMerge& merge, const Sql& places) {
    SqlBuilder sql;
    sql.table(merge.schema, merge.source_table).code(" s join ").sql(places);
    return std::move(sql.code(" p on s.rowid = p.\"the row\"")).done();
  }

  static Sql row_places(const ProfileMerge& merge, const ProfilePart& part, Kept kept) {
    const Sql id = profile_id(*merge.load);
    SqlBuilder sql("select ");
    sql.word(part.has_row_numbers ? "rowid as \"the row\"" : "*");
    sql.code(
        ", row_number() over (order by received_at, \"timestamp\", id) as \"the place\" from ");
    sql.table(merge.schema, merge.source_table).code(" where ").sql(is_touched(id));
    if (kept == Kept::has) sql.code(" and ").sql(id).code(" in (select id from dray_kept)");
    if (kept == Kept::lacks) sql.code(" and ").sql(id).code(" not in (select id from dray_kept)");
    if (!part.is_all) {
      sql.code(" and dray_uuid(").sql(id).code(") between ").number(part.first);
      sql.code(" and ").number(part.last);
    }
    return std::move(sql).done();
  }

  // The id of a row's profile as text: somebody may have given the column another type.
  static Sql profile_id(const TableLoad& load) {
    const std::string& name = load.profile_id_column;
    const auto column = std::ranges::find(load.columns, name, &LoadColumn::name);
    SqlBuilder sql;
    if (column == load.columns.end() || column->type == ColumnType::varchar) {
      if (column == load.columns.end() || !column->refused) return std::move(sql.name(name)).done();
      return std::move(sql.code("cast(").name(name).code(" as varchar)")).done();
    }
    return cast_without_loss(name, column->type, ColumnType::varchar);
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
      DRAY_ASSIGN(const std::uint64_t object, needed_count(row[0], "dray_keys.object"));
      DRAY_ASSIGN(const std::uint64_t line, needed_count(row[1], "dray_keys.line"));
      merge.value_rejects({static_cast<std::uint32_t>(object), static_cast<std::uint32_t>(line),
                           reason, column, type, *row[2]});
    }
    return {};
  }

  Result<void> keep_values(const ProfileMerge& merge) {
    SqlBuilder sql("create or replace temp table dray_kept as select id");
    for (const std::string& column : merge.kept_columns)
      sql.code(", ").name(column);
    sql.code(" from ").table(merge.schema, merge.table);
    return execute(std::move(sql.code(" where ").sql(is_touched())).done());
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

  // A stored row is known by DuckDB's row number. In a table that has a column `rowid` of its own
  // nothing can name that; there the rivals are written down and numbered.
  Result<void> find_rivals(const TableLoad& load, Rivals& rivals) {
    DRAY_ASSIGN(const bool is_hidden, hides_row_numbers(load));
    SqlBuilder sql;
    if (is_hidden) {
      sql.code("create or replace temp table dray_rivals as select row_number() over () as number");
      sql.code(", t.uuid as stored_uuid, t.id as id");
    } else {
      sql.code("select t.rowid as number");
    }
    sql.code(", t.received_at as stored_received_at, k.uuid as uuid, k.check_id as check_id, ");
    sql.code("k.received_at as received_at, k.object as object, k.line as line, ");
    sql.code("k.row as staged_row from (select ");
    if (!is_hidden) sql.code("rowid, ");
    // Of an id, which may be long, nothing but its hash goes through the join.
    sql.code("uuid, received_at, dray_check(id, ");
    sql.number(static_cast<std::int64_t>(load.check_seed)).code(") as check_id");
    if (is_hidden) sql.code(", id");
    sql.code(" from ").table(load.schema, load.table);
    sql.code(") t join dray_keys(").number(relations_.show(load)).code(") k on t.uuid = k.uuid");
    sql.code(" and t.check_id = k.check_id");
    if (const auto rows = rivals.rows()) {
      sql.code(" where k.row >= ").number(rows->begin).code(" and k.row < ").number(rows->end);
    }
    Sql select = std::move(sql).done();
    if (is_hidden) {
      DRAY_TRY(execute(select));
      select = SqlBuilder("select * exclude (stored_uuid, id) from dray_rivals").done();
    }
    return connection_->each_chunk(select,
                                   [&](duckdb_data_chunk chunk) { read_rivals(chunk, rivals); });
  }

  Result<bool> hides_row_numbers(const TableLoad& load) {
    DRAY_ASSIGN(const Peculiarities* tables, peculiarities());
    return tables->with_rowid.contains({load.schema, load.table});
  }

  // --- what somebody else has done to tables -----------------------------------------------------

  using TableNames = std::set<std::pair<std::string, std::string>>;

  struct Peculiarities {
    TableNames with_rowid;
    TableNames indexed;
    std::set<std::string> referenced;  // by foreign keys; DuckDB does not tell the schema
  };

  // Read when it first matters: this process has the file, and makes nothing of the kind.
  Result<const Peculiarities*> peculiarities() {
    if (peculiarities_) return &*peculiarities_;
    Peculiarities tables;
    DRAY_TRY(add_names(SqlBuilder("select schema_name, table_name from duckdb_columns() where "
                                  "database_name = current_database() and "
                                  "lower(column_name) = 'rowid'")
                           .done(),
                       tables.with_rowid));
    DRAY_TRY(add_names(SqlBuilder("select schema_name, table_name from duckdb_indexes() where "
                                  "database_name = current_database() union select schema_name, "
                                  "table_name from duckdb_constraints() where constraint_type in "
                                  "('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') and "
                                  "database_name = current_database()")
                           .done(),
                       tables.indexed));
    TableNames referenced;
    DRAY_TRY(add_names(SqlBuilder("select '', referenced_table from duckdb_constraints() where "
                                  "constraint_type = 'FOREIGN KEY' and "
                                  "database_name = current_database()")
                           .done(),
                       referenced));
    for (const auto& [schema, table] : referenced)
      tables.referenced.insert(table);
    return &peculiarities_.emplace(std::move(tables));
  }

  Result<void> add_names(const Sql& sql, TableNames& names) {
    DRAY_ASSIGN(const QueryResult found, query(sql));
    for (const auto& row : found.rows)
      names.emplace(folded(*row[0]), folded(*row[1]));
    return {};
  }

  // DuckDB 1.4 knows an index of a stored table only once something is inserted; rows that were
  // deleted before would still be in the way of those that take their places.
  Result<void> bind_indexes(const std::string& schema, const std::string& table) {
    DRAY_ASSIGN(const Peculiarities* tables, peculiarities());
    if (!tables->indexed.contains({schema, table})) return {};
    SqlBuilder sql("insert into ");
    sql.table(schema, table).code(" (id) select id from ").table(schema, table);
    return execute(std::move(sql.code(" limit 0")).done());
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
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
      Rival rival;
      rival.stored_row = numbers(0)[i];
      rival.stored_received_at = numbers(1)[i];
      rival.key.uuid = static_cast<std::uint64_t>(numbers(2)[i]);
      rival.key.check = static_cast<std::uint64_t>(numbers(3)[i]);
      rival.key.received_at = numbers(4)[i];
      rival.key.object = static_cast<std::uint32_t>(numbers(5)[i]);
      rival.key.line = static_cast<std::uint32_t>(numbers(6)[i]);
      rival.row = static_cast<std::uint64_t>(numbers(7)[i]);
      rivals.add(rival);
    }
  }

  Result<void> find_places(const TableLoad& load, Rivals& rivals) {
    std::vector<std::int64_t> tied = rivals.tied_uuids();
    if (tied.empty()) return {};
    SqlBuilder sql("select l.uuid, epoch_us(l.received_at), o.key, l.line from ");
    sql.word(lineage_table).code(" l join ").word(objects_table);
    sql.code(" o on o.object_number = l.object_number where l.uuid in ");
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
    DRAY_ASSIGN(const bool is_hidden, hides_row_numbers(load));
    if (!load.profile_id_column.empty()) {
      // The hash comes before the condition: DuckDB may keep what a row has for it.
      SqlBuilder touched("insert into dray_touched select distinct profile from (select ");
      touched.word(is_hidden ? "*" : "rowid").code(", dray_uuid(").sql(profile_id(load));
      touched.code(") as profile from ").table(load.schema, load.table).code(" where ");
      touched.name(load.profile_id_column).code(" is not null) t where ");
      touched.sql(are_numbered(rows, is_hidden));
      DRAY_TRY(execute(std::move(touched).done()));
    }
    SqlBuilder sql("delete from ");
    sql.table(load.schema, load.table).code(" t where ").sql(are_numbered(rows, is_hidden));
    DRAY_ASSIGN(const std::uint64_t removed, changed_rows(std::move(sql).done()));
    if (removed == rows.size()) return {};
    return internal_error(load.table + ": " + std::to_string(rows.size()) +
                          " rows were to be replaced and " + std::to_string(removed) +
                          " were removed; nothing was committed");
  }

  // Of a table called `t`, those that find_rivals() gave these numbers.
  Sql are_numbered(const std::vector<std::int64_t>& rows, bool is_hidden) {
    SqlBuilder sql;
    if (is_hidden) {
      sql.code("exists (select 1 from dray_rivals r where r.stored_uuid = t.uuid and r.id = t.id ");
      sql.code("and r.stored_received_at is not distinct from t.received_at and r.number in (");
    } else {
      sql.code("t.rowid in (");
    }
    sql.code("select number from dray_numbers(").number(relations_.show(rows));
    return std::move(is_hidden ? sql.code(")))") : sql.code("))")).done();
  }

  std::shared_ptr<DuckDatabase> database_;  // outlives the connection
  std::unique_ptr<DuckConnection> connection_;
  DuckRelations& relations_;
  DuckRoom& room_;
  const bool is_in_memory_;
  const std::uint64_t memory_bytes_;  // of DuckDB
  const std::uint64_t duplicates_bytes_;
  const unsigned threads_;
  const std::size_t merged_columns_max_;
  bool committed_ = false;
  std::uint64_t notes_bytes_ = 0;
  std::optional<bool> in_order_;  // how rows are inserted, once that is set
  std::optional<Peculiarities> peculiarities_;
};

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
    const std::string_view text(duckdb_string_t_data(&texts[i]), duckdb_string_t_length(texts[i]));
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
    const bool is_file = path_ != ":memory:";
    if (!database_ || (is_file && database_->is_distrusted() && database_.use_count() == 1)) {
      database_.reset();
      DRAY_TRY(open());
    }
    DRAY_ASSIGN(auto connection, DuckConnection::open(*database_));
    return std::unique_ptr<WarehouseSession>(std::make_unique<DuckSession>(
        database_, std::move(connection), relations_, room_, path_ == ":memory:", options_));
  }

  // DuckDB 1.4 makes each comment in some 0.4 ms, for which it copies the description of the whole
  // table, and holds all the copies until the commit: this bound is a quarter of a second and 20
  // MB.
  CatalogLimits limits() const override {
    CatalogLimits limits;
    limits.comments = Comments::on_all;
    limits.comments_cost_max = 40'000;
    return limits;
  }

  // Until it commits DuckDB 1.4 holds for each column that was written a vector of 16-byte values
  // and the like, which it cannot move to a file; half its memory may go there. A column of a
  // stored table that gets new ones counts as five (run/load_transaction.cpp), which is right for
  // files with blocks of 64 KiB; of those with larger ones fewer columns fit.
  std::size_t columns_per_transaction_max() const override {
    constexpr std::uint64_t column_bytes = 33 << 10;
    constexpr std::uint64_t usual_block_bytes = 64 << 10;
    const std::uint64_t columns = room_.engine_bytes() / 2 / column_bytes;
    if (path_ == ":memory:" || block_bytes_ <= usual_block_bytes) return columns;
    return columns * (column_bytes + 2 * usual_block_bytes) / (column_bytes + 2 * block_bytes_);
  }

  std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const override {
    return room_.bytes_wanting(growth);
  }

  bool keeps_schema(std::string_view name) const override {
    return is_reserved_duckdb_schema(name);
  }
  Sql ddl(const SchemaChange& change) const override { return std::visit(DdlWriter(), change); }
  std::string location() const override { return "duckdb:" + path_; }

  // Other clients of DuckDB's call a file that they open by the beginning of its name.
  std::optional<Notice> notice_of_schema(const std::string& schema) const override {
    std::string name = path_.substr(path_.rfind('/') + 1);
    name = folded(name.substr(0, name.find('.')));
    if (name != schema) return std::nullopt;
    return Notice{"file_named_like_schema",
                  path_ + " has a schema of its own name: other programs with DuckDB take " +
                      schema +
                      ".TABLE for ambiguous; rename the file (nothing in it knows its "
                      "name), or write " +
                      schema + "." + schema + ".TABLE there",
                  1};
  }

 private:
  const std::string path_;
  const WarehouseOptions options_;
  // The relations outlive the database, whose functions point to them.
  DuckRelations relations_;
  DuckRoom room_;
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
