// PostgreSQL's dialect: the statements that change a schema, and the one that reads it.
//
// Pure. Only load/postgres*.cpp include this.
#pragma once

#include <string>

#include "load/sql.h"
#include "load/warehouse.h"
#include "model/catalog.h"

namespace dray {

// NAMEDATALEN - 1: PostgreSQL cuts longer names, with a notice that nobody reads.
constexpr std::size_t postgres_name_bytes_max = 63;

Sql postgres_ddl(const SchemaChange& change);
SqlBuilder& add_postgres_type(SqlBuilder& sql, ColumnType type);

// What there is in a schema: feed it to postgres_catalog(). One row at least if the schema exists.
Sql postgres_catalog_query(const std::string& schema);
Catalog postgres_catalog(const std::string& schema, const QueryResult& rows);

}  // namespace dray
