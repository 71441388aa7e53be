#include "load/postgres_sql.h"
#include "ledger/tables.h"
#include "sql/query_values.h"

#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "load/reserved_schemas.h"
#include "load/shared_sql.h"

namespace dray {
namespace {

// The words that format_type() has for the types.
constexpr TypeWords catalog_words = {.boolean = "boolean",
                                     .bigint = "bigint",
                                     .double_precision = "double precision",
                                     .timestamp = "timestamp without time zone",
                                     .varchar = "character varying"};

std::optional<ColumnType> type_in_catalog(std::string_view name) {
  return name == postgres_types.varchar ? ColumnType::varchar : catalog_words.type_named(name);
}

// "character varying(100)": PostgreSQL counts characters, which have a byte at least.
std::optional<std::uint32_t> bound_of(std::string_view type_name) {
  const std::size_t open = type_name.find("varying(");
  if (open == std::string_view::npos) return std::nullopt;
  const std::string_view digits = type_name.substr(open + std::string_view("varying(").size());
  const auto bound = count_in(std::string(digits.substr(0, digits.find(')'))));
  if (!bound) return std::nullopt;
  return static_cast<std::uint32_t>(*bound);
}

LiveColumn live_column(const std::string& name, const std::string& type_name, bool computed) {
  const auto type = type_in_catalog(type_name);
  LiveColumn column{name, type_name, type && !computed, type.value_or(ColumnType::varchar)};
  if (type == ColumnType::varchar) column.varchar_bytes = bound_of(type_name);
  column.computed = computed;
  return column;
}

}  // namespace

// PostgreSQL writes a row for each comment, some 50 us: the bound on them is a second or two.
CatalogLimits PostgresDialect::limits() const {
  return {.name_bytes_max = postgres_name_bytes_max,
          .columns_per_table_max = 1'600,
          .columns_per_load_max = SIZE_MAX,
          .varchar_bytes_max = {},
          .varchar_counts_characters = true,
          .comments = Comments::on_all,
          .comments_cost_max = 2'000'000};
}

bool PostgresDialect::keeps_schema(std::string_view name) const {
  return is_reserved_postgres_schema(name);
}

std::optional<Notice> PostgresDialect::notice_of_schema(const std::string&) const { return {}; }

Sql PostgresDialect::create_schema(const std::string& schema) const {
  return create_schema_if_missing(schema);
}

// Dray compares keys as S3 does, bytewise.
void PostgresDialect::add_column_type(SqlBuilder& sql, const TableName& table,
                                      const Column& column) const {
  sql.word(postgres_types.of(column.type));
  if (table.schema == ledger_schema && column.type == ColumnType::varchar) {
    sql.code(" collate \"C\"");
  }
}

void PostgresDialect::add_table_options(SqlBuilder&, const CreateTable&) const {}

// A bound that somebody set is in the way of a longer value. Taking it off rewrites nothing.
Sql PostgresDialect::widen(const WidenColumn& change) const {
  SqlBuilder sql("alter table ");
  sql.table(change.schema, change.table).code(" alter column ").name(change.column);
  return std::move(sql.code(" type text")).done();
}

Sql PostgresDialect::comment_on(const CommentOn& change) const { return comment_text(change); }

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

// A type has its name among the tables', for each of them has a type. But an array's moves away.
Sql postgres_taken_names_query(const std::string& schema) {
  SqlBuilder sql(
      "select c.relname from pg_catalog.pg_class c join pg_catalog.pg_namespace n "
      "on n.oid = c.relnamespace where c.relkind in ('i', 'I', 'S', 'c') and n.nspname = ");
  sql.text(schema);
  sql.code(
      " union select t.typname from pg_catalog.pg_type t join pg_catalog.pg_namespace n "
      "on n.oid = t.typnamespace where t.typrelid = 0 and t.typcategory <> 'A' and n.nspname = ");
  return std::move(sql.text(schema)).done();
}

Sql postgres_any_publication_query() {
  return SqlBuilder("select 1 from pg_catalog.pg_publication where pubupdate or pubdelete limit 1")
      .done();
}

Sql postgres_published_query(std::string_view schema, std::string_view table, int server_version) {
  constexpr int version_that_publishes_schemas = 150000;
  SqlBuilder sql(
      "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
      "where c.relreplident = 'd' and pg_catalog.pg_has_role(c.relowner, 'usage') and not exists "
      "(select 1 from pg_catalog.pg_index i where i.indrelid = c.oid and i.indisprimary) and exists "
      "(select 1 from pg_catalog.pg_publication p where (p.pubupdate or p.pubdelete) and "
      "(p.puballtables or exists (select 1 from pg_catalog.pg_publication_rel r where "
      "r.prpubid = p.oid and r.prrelid = c.oid)");
  if (server_version >= version_that_publishes_schemas) {
    sql.code(
        " or exists (select 1 from pg_catalog.pg_publication_namespace s where "
        "s.pnpubid = p.oid and s.pnnspid = n.oid)");
  }
  sql.code(")) and n.nspname = ").text(schema).code(" and c.relname = ").text(table);
  return std::move(sql).done();
}

Sql postgres_deferred_query(std::string_view schema) {
  SqlBuilder sql("select s.nspname, k.conname, case when n.nspname = ");
  sql.text(schema).code(" then c.relname else f.relname end from pg_catalog.pg_constraint k join ");
  sql.code(
      "pg_catalog.pg_namespace s on s.oid = k.connamespace join pg_catalog.pg_class c on c.oid = "
      "k.conrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace left join "
      "pg_catalog.pg_class f on f.oid = k.confrelid left join pg_catalog.pg_namespace m on m.oid = "
      "f.relnamespace where k.condeferred and k.conparentid = 0 and "
      "pg_catalog.has_schema_privilege(s.oid, 'usage') and (n.nspname = ");
  sql.text(schema).code(" or m.nspname = ").text(schema);
  return std::move(sql.code(") order by 1, 2, 3")).done();
}

Sql postgres_columns_query(std::string_view schema, std::string_view table) {
  SqlBuilder sql(
      "select a.attname, (a.atthasdef or a.attidentity <> '') and not a.attisdropped, "
      "(select max(i.indnatts) from pg_catalog.pg_index i join pg_catalog.pg_class x "
      "on x.oid = i.indexrelid join pg_catalog.pg_am m on m.oid = x.relam "
      "where i.indrelid = c.oid and i.indisready and m.amname <> 'hash' "
      "and a.attnum = any (i.indkey)) from pg_catalog.pg_attribute a "
      "join pg_catalog.pg_class c on c.oid = a.attrelid "
      "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
      "where a.attnum > 0 and n.nspname = ");
  sql.text(schema).code(" and c.relname = ").text(table);
  return std::move(sql.code(" order by a.attnum")).done();
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
      table.columns_dropped = count_in(row[5]).value_or(0);
    }
    if (!row[2]) continue;
    catalog.tables.back().columns.push_back(live_column(*row[2], *row[3], row[4] == "true"));
  }
  return catalog;
}

}  // namespace dray
