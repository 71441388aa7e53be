// PostgreSQL's dialect: the statements that change a schema, and the one that reads it.
//
// Pure. Only load/postgres*.cpp include this.
#pragma once

#include <string>
#include <string_view>

#include "load/warehouse.h"
#include "model/catalog.h"
#include "sql/dialect.h"
#include "sql/sql.h"

namespace dray {

// NAMEDATALEN - 1: PostgreSQL cuts longer names, with a notice that nobody reads.
constexpr std::size_t postgres_name_bytes_max = 63;

// The words that statements have for the types.
constexpr TypeWords postgres_types = {.boolean = "boolean",
                                      .bigint = "bigint",
                                      .double_precision = "double precision",
                                      .timestamp = "timestamp",
                                      .varchar = "text"};

class PostgresDialect final : public Dialect {
 public:
  CatalogLimits limits() const override;
  bool changes_types() const override { return true; }
  bool keeps_schema(std::string_view name) const override;
  std::optional<Notice> notice_of_schema(const std::string& schema) const override;
  Sql create_schema(const std::string& schema) const override;
  void add_column_type(SqlBuilder& sql, const TableName& table,
                       const Column& column) const override;
  void add_table_options(SqlBuilder& sql, const CreateTable& table) const override;
  Sql widen(const WidenColumn& change) const override;
  Sql comment_on(const CommentOn& change) const override;
};

// What there is in a schema: feed it to postgres_catalog(). One row at least if the schema exists.
Sql postgres_catalog_query(const std::string& schema);
Catalog postgres_catalog(const std::string& schema, const QueryResult& rows);

// A row if any publication sends updates or deletes.
Sql postgres_any_publication_query();
// A row if such a publication has the table, this role may alter it, and nothing tells its rows
// apart: no key, and nobody chose otherwise.
Sql postgres_published_query(std::string_view schema, std::string_view table, int server_version);

// Names in a schema that no table may have: views aside, which postgres_catalog_query() tells.
Sql postgres_taken_names_query(const std::string& schema);

// The columns of a table in their order, dropped ones too: name; whether they get a value that no
// statement names; how many columns somebody's index has that they are in, if any. Not of hashes,
// nor of indexes that are not kept up to date.
Sql postgres_columns_query(std::string_view schema, std::string_view table);

// Constraints that are looked at when a transaction commits, on tables of the schema or referring
// to one, as far as this role may name them: the constraint's schema and name, and the table of the
// schema. By the constraint.
Sql postgres_deferred_query(std::string_view schema);

}  // namespace dray
