#include "load/duckdb_sql.h"

#include <utility>

#include "base/path_text.h"
#include "base/result.h"
#include "load/reserved_schemas.h"
#include "load/shared_sql.h"

namespace dray {

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
                path_to_text(path_) +
                    " has a schema of its own name: other programs with DuckDB take " + schema +
                    ".TABLE for ambiguous; rename the file (nothing in it knows its name), or "
                    "write " +
                    schema + "." + schema + ".TABLE there",
                1};
}

Sql DuckDialect::create_schema(const std::string& schema) const {
  return create_schema_if_missing(schema);
}

void DuckDialect::add_column_type(SqlBuilder& sql, const TableName&, const Column& column) const {
  sql.word(duckdb_types.of(column.type));
}

void DuckDialect::add_table_options(SqlBuilder&, const CreateTable&) const {}

Sql DuckDialect::widen(const WidenColumn&) const {
  DRAY_ASSERT(false);  // strings have no bound here
}

Sql DuckDialect::comment_on(const CommentOn& change) const { return comment_text(change); }

std::string folded_duckdb_name(std::string name) {
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return name;
}

}  // namespace dray
