#include "load/duckdb_sql.h"

#include <utility>

#include "base/result.h"
#include "load/comments.h"
#include "load/reserved_schemas.h"

namespace dray {

SqlBuilder& add_duckdb_type(SqlBuilder& sql, ColumnType type) {
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

namespace {

struct DuckDdl {
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
      add_duckdb_type(sql.name(column.name).code(" "), column.type);
      if (column.required) sql.code(" not null");
    }
    return std::move(sql.code(")")).done();
  }
  Sql operator()(const AddColumn& change) const {
    SqlBuilder sql("alter table ");
    sql.table(change.schema, change.table).code(" add column ").name(change.column.name);
    return std::move(add_duckdb_type(sql.code(" "), change.column.type)).done();
  }
  Sql operator()(const WidenColumn&) const {
    DRAY_ASSERT(false);  // strings have no bound here
    return SqlBuilder().done();
  }
  Sql operator()(const CommentOn& change) const { return comment_text(change); }
};

}  // namespace

// DuckDB 1.4 makes each comment in some 0.4 ms, for which it copies the description of the whole
// table, and holds all the copies until the commit: the bound on comments is a quarter of a second
// and 20 MB.
CatalogLimits DuckDialect::limits() const {
  return {.name_bytes_max = 127,
          .columns_per_table_max = 1'600,
          .columns_per_load_max = SIZE_MAX,
          .varchar_bytes_max = {},
          .varchar_counts_characters = false,
          .comments = Comments::on_all,
          .comments_cost_max = 40'000};
}

bool DuckDialect::keeps_schema(std::string_view name) const {
  return is_reserved_duckdb_schema(name);
}

// Other clients of DuckDB's call a file that they open by the beginning of its name.
std::optional<Notice> DuckDialect::notice_of_schema(const std::string& schema) const {
  std::string name = path_.substr(path_.rfind('/') + 1);
  name = folded_duckdb_name(name.substr(0, name.find('.')));
  if (name != schema) return std::nullopt;
  return Notice{"file_named_like_schema",
                path_ + " has a schema of its own name: other programs with DuckDB take " + schema +
                    ".TABLE for ambiguous; rename the file (nothing in it knows its name), or "
                    "write " +
                    schema + "." + schema + ".TABLE there",
                1};
}

Sql DuckDialect::ddl(const SchemaChange& change) const { return duckdb_ddl(change); }

Sql duckdb_ddl(const SchemaChange& change) { return std::visit(DuckDdl(), change); }

std::optional<ColumnType> duckdb_column_type(std::string_view name) {
  if (name == "BOOLEAN") return ColumnType::boolean;
  if (name == "BIGINT") return ColumnType::bigint;
  if (name == "DOUBLE") return ColumnType::double_precision;
  if (name == "TIMESTAMP") return ColumnType::timestamp;
  if (name == "VARCHAR") return ColumnType::varchar;
  return std::nullopt;
}

std::string folded_duckdb_name(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace dray
