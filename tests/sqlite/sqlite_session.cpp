#include "sqlite/sqlite_session.h"

#include <algorithm>
#include <chrono>

namespace dray {
namespace {

// As Dray has names; SQLite tells them apart without regard to the case of A to Z.
std::string folded(std::string name) {
  std::ranges::transform(name, name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return name;
}

// Of table_xinfo: the column is computed by SQLite.
bool is_generated(const std::optional<std::string>& hidden) {
  return hidden == "2" || hidden == "3";
}

}  // namespace

Result<Catalog> SqliteSession::catalog(const std::string& schema) {
  Catalog catalog;
  catalog.schema = schema;
  catalog.schema_exists = connection_->has_schema(schema);
  if (!catalog.schema_exists) return catalog;
  SqlBuilder names("select name, type from ");
  names.table(schema, "sqlite_master").code(" where type in ('table', 'view', 'index')");
  DRAY_ASSIGN(const QueryResult found, query(std::move(names).done()));
  for (const auto& row : found.rows) {
    if (row[1] == "index") {
      catalog.taken.push_back(folded(*row[0]));
      continue;
    }
    LiveTable& table = catalog.tables.emplace_back();
    table.name = folded(*row[0]);
    table.is_view = row[1] == "view";
    SqlBuilder columns("pragma ");
    columns.name(schema).code(".table_xinfo(").name(*row[0]).code(")");
    DRAY_ASSIGN(const QueryResult described, query(std::move(columns).done()));
    for (const auto& column : described.rows) {
      const std::string type_name = column[2].value_or("");
      const auto type = sqlite_types.type_named(type_name);
      LiveColumn& live = table.columns.emplace_back();
      live.name = folded(*column[1]);
      live.type_name = type_name;
      live.type = type.value_or(ColumnType::varchar);
      live.computed = is_generated(column[6]);
      live.writable = type && !live.computed;
    }
  }
  std::ranges::sort(catalog.tables, {}, &LiveTable::name);
  return catalog;
}

Result<void> SqliteSession::begin() { return execute(SqlBuilder("begin").done()); }

// What cannot be committed is rolled back by whoever destroys the session.
Result<void> SqliteSession::commit() { return execute(SqlBuilder("commit").done()); }

// The first write of a transaction waits for the end of the one that holds the main file.
Result<void> SqliteSession::lock(std::chrono::seconds wait_max) {
  constexpr std::chrono::seconds usual_wait(5);
  connection_->wait_at_most(wait_max);
  auto locked = execute(SqlBuilder("pragma main.user_version = 1").done());
  connection_->wait_at_most(usual_wait);
  if (!locked) return std::move(locked).error().within("waiting for another sync that loads here");
  return {};
}

Result<void> SqliteSession::apply(const SchemaChange& change) {
  const auto* const schema = std::get_if<CreateSchema>(&change);
  if (schema != nullptr && connection_->has_schema(schema->schema)) return {};
  return execute(ddl_of(dialect_, change));
}

Result<std::vector<std::string>> SqliteSession::columns_of(const std::string& schema,
                                                           const std::string& table) {
  SqlBuilder sql("pragma ");
  DRAY_ASSIGN(const QueryResult described,
              query(std::move(sql.name(schema).code(".table_info(").name(table).code(")")).done()));
  std::vector<std::string> columns;
  for (const auto& row : described.rows)
    columns.push_back(*row[1]);
  return columns;
}

// Columns that somebody has added come last, and get what they get.
Result<void> SqliteSession::append(const std::string& schema, const std::string& table,
                                   RowSource& rows) {
  DRAY_ASSIGN(std::vector<std::string> columns, columns_of(schema, table));
  std::vector<PlainValue> row;
  std::optional<SqliteStatement> insert;
  while (true) {
    DRAY_ASSIGN(const bool more, rows.next(row));
    if (!more) return {};
    if (!insert) {
      columns.resize(std::min(columns.size(), row.size()));
      SqlBuilder sql("insert into ");
      sql.table(schema, table).code(" (").names(columns).code(") values (?");
      for (std::size_t i = 1; i < row.size(); ++i)
        sql.code(", ?");
      DRAY_ASSIGN(insert, connection_->prepare(std::move(sql.code(")")).done()));
    }
    for (std::size_t i = 0; i < row.size(); ++i)
      insert->bind(static_cast<int>(i + 1), row[i]);
    DRAY_TRY(insert->run());
  }
}

TransactionBounds SqliteSession::bounds() const {
  return {.tables_max = SIZE_MAX, .columns_max = SIZE_MAX};
}

Result<void> SqliteSession::commit_some(std::chrono::seconds wait_max) {
  DRAY_TRY(commit());
  DRAY_TRY(begin());
  return lock(wait_max);
}

}  // namespace dray
