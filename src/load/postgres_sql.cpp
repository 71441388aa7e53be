#include "load/postgres_sql.h"

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

namespace dray {
namespace {

constexpr std::string_view ledger_schema = "_dray";

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
      add_postgres_type(sql.name(column.name).code(" "), column.type);
      // Dray compares keys as S3 does, bytewise.
      if (change.schema == ledger_schema && column.type == ColumnType::varchar) {
        sql.code(" collate \"C\"");
      }
      if (column.required) sql.code(" not null");
    }
    return std::move(sql.code(")")).done();
  }
  Sql operator()(const AddColumn& change) const {
    SqlBuilder sql("alter table ");
    sql.table(change.schema, change.table).code(" add column ").name(change.column.name);
    return std::move(add_postgres_type(sql.code(" "), change.column.type)).done();
  }
  // A bound that somebody set is in the way of a longer value. Taking it off rewrites nothing.
  Sql operator()(const WidenColumn& change) const {
    SqlBuilder sql("alter table ");
    sql.table(change.schema, change.table).code(" alter column ").name(change.column);
    return std::move(sql.code(" type text")).done();
  }
};

// The type of a live column as Dray knows it; nothing for types it does not write.
std::optional<ColumnType> our_type(std::string_view name) {
  if (name == "boolean") return ColumnType::boolean;
  if (name == "bigint") return ColumnType::bigint;
  if (name == "double precision") return ColumnType::double_precision;
  if (name == "timestamp without time zone") return ColumnType::timestamp;
  if (name == "text" || name.starts_with("character varying")) return ColumnType::varchar;
  return std::nullopt;
}

// "character varying(100)": PostgreSQL counts characters, which have a byte at least.
std::optional<std::uint32_t> bound_of(std::string_view type_name) {
  const std::size_t open = type_name.find("varying(");
  if (open == std::string_view::npos) return std::nullopt;
  return static_cast<std::uint32_t>(std::stoul(std::string(type_name.substr(open + 8))));
}

LiveColumn live_column(const std::string& name, const std::string& type_name, bool computed) {
  const auto type = our_type(type_name);
  LiveColumn column{name, type_name, type && !computed, type.value_or(ColumnType::varchar)};
  if (type == ColumnType::varchar) column.varchar_bytes = bound_of(type_name);
  return column;
}

}  // namespace

SqlBuilder& add_postgres_type(SqlBuilder& sql, ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return sql.code("boolean");
    case ColumnType::bigint:
      return sql.code("bigint");
    case ColumnType::double_precision:
      return sql.code("double precision");
    case ColumnType::timestamp:
      return sql.code("timestamp");
    case ColumnType::varchar:
      return sql.code("text");
  }
  return sql;
}

Sql postgres_ddl(const SchemaChange& change) { return std::visit(DdlWriter(), change); }

Sql postgres_catalog_query(const std::string& schema) {
  SqlBuilder sql(
      "select c.relname, c.relkind in ('v', 'm', 'f') as is_view, a.attname, "
      "format_type(a.atttypid, a.atttypmod) as type, "
      "a.attgenerated <> '' or a.attidentity = 'a' as computed, "
      "(select count(*) from pg_catalog.pg_attribute d where d.attrelid = c.oid and "
      "d.attisdropped) as dropped from pg_catalog.pg_namespace n left join pg_catalog.pg_class c "
      "on c.relnamespace = n.oid and c.relkind in ('r', 'p', 'v', 'm', 'f') "
      "left join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and "
      "not a.attisdropped where n.nspname = ");
  return std::move(sql.text(schema).code(" order by c.relname, a.attnum")).done();
}

Catalog postgres_catalog(const std::string& schema, const QueryResult& rows) {
  Catalog catalog;
  catalog.schema = schema;
  catalog.schema_exists = !rows.rows.empty();
  for (const auto& row : rows.rows) {
    if (!row[0]) continue;
    if (catalog.tables.empty() || catalog.tables.back().name != *row[0]) {
      LiveTable& table = catalog.tables.emplace_back();
      table.name = *row[0];
      table.is_view = row[1] == "true";
      table.columns_dropped = std::stoull(*row[5]);
    }
    if (!row[2]) continue;
    catalog.tables.back().columns.push_back(live_column(*row[2], *row[3], row[4] == "true"));
  }
  return catalog;
}

}  // namespace dray
