#include "sql/dialect.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace dray {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_same_word(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, {}, lower, lower);
}

struct DdlWriter {
  const Dialect& dialect;

  Sql operator()(const CreateSchema& change) const { return dialect.create_schema(change.schema); }
  Sql operator()(const CreateTable& change) const {
    SqlBuilder sql("create table ");
    if (change.if_missing) sql.code("if not exists ");
    sql.table(change.schema, change.table).code(" (");
    bool first = true;
    for (const Column& column : change.columns) {
      if (!first) sql.code(", ");
      first = false;
      sql.name(column.name).code(" ");
      dialect.add_column_type(sql, {change.schema, change.table}, column);
      if (column.required) sql.code(" not null");
    }
    sql.code(")");
    dialect.add_table_options(sql, change);
    return std::move(sql).done();
  }
  // Rows that are there have no value for it, so that it is never required.
  Sql operator()(const AddColumn& change) const {
    SqlBuilder sql("alter table ");
    sql.table(change.schema, change.table).code(" add column ").name(change.column.name);
    dialect.add_column_type(sql.code(" "), {change.schema, change.table}, change.column);
    return std::move(sql).done();
  }
  Sql operator()(const WidenColumn& change) const { return dialect.widen(change); }
  Sql operator()(const CommentOn& change) const { return dialect.comment_on(change); }
};

}  // namespace

std::string_view TypeWords::of(ColumnType type) const {
  switch (type) {
    case ColumnType::boolean:
      return boolean;
    case ColumnType::bigint:
      return bigint;
    case ColumnType::double_precision:
      return double_precision;
    case ColumnType::timestamp:
      return timestamp;
    case ColumnType::varchar:
      break;
  }
  return varchar;
}

std::optional<ColumnType> TypeWords::type_named(std::string_view name) const {
  if (name.ends_with(')')) name = name.substr(0, name.find('('));
  for (const ColumnType type :
       {ColumnType::boolean, ColumnType::bigint, ColumnType::double_precision,
        ColumnType::timestamp, ColumnType::varchar}) {
    if (is_same_word(of(type), name)) return type;
  }
  return std::nullopt;
}

std::optional<Sql> make_varchar(const Dialect& dialect, const TableName& table,
                                const std::string& column) {
  if (!dialect.changes_types()) return std::nullopt;
  SqlBuilder sql("alter table ");
  sql.table(table.schema, table.table).code(" alter column ").name(column).code(" type ");
  dialect.add_column_type(sql, table, {column, ColumnType::varchar});
  return std::move(sql).done();
}

Sql ddl_of(const Dialect& dialect, const SchemaChange& change) {
  return std::visit(DdlWriter{dialect}, change);
}

}  // namespace dray
