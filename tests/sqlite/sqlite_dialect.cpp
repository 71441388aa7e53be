#include "sqlite/sqlite_dialect.h"

#include <cstdint>

#include "base/result.h"
#include "sqlite/sqlite_connection.h"

namespace dray {

// SQLite takes 2,000 columns (SQLITE_MAX_COLUMN), and attaches ten schemas.
CatalogLimits SqliteDialect::limits() const {
  return {.name_bytes_max = 127,
          .columns_per_table_max = 1'600,
          .columns_per_load_max = SIZE_MAX,
          .varchar_bytes_max = {},
          .varchar_counts_characters = false,
          .comments = Comments::none,
          .comments_cost_max = 0};
}

bool SqliteDialect::keeps_schema(std::string_view name) const {
  return name == "main" || name == "temp";
}

std::optional<Notice> SqliteDialect::notice_of_schema(const std::string&) const { return {}; }

// A schema is an attached file; an empty one is none yet.
Sql SqliteDialect::create_schema(const std::string& schema) const {
  SqlBuilder sql("attach ");
  sql.text(sqlite_schema_file(directory_, schema)).code(" as ").name(schema);
  return std::move(sql.code("; pragma ").name(schema).code(".user_version = 1")).done();
}

void SqliteDialect::add_column_type(SqlBuilder& sql, const TableName&, const Column& column) const {
  sql.word(sqlite_types.of(column.type));
}

void SqliteDialect::add_table_options(SqlBuilder&, const CreateTable&) const {}

Sql SqliteDialect::widen(const WidenColumn&) const {
  DRAY_ASSERT(false);  // strings have no bound here
}

Sql SqliteDialect::comment_on(const CommentOn&) const {
  DRAY_ASSERT(false);  // there are none
}

}  // namespace dray
