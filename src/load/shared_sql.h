// Statements that several dialects have word for word.
#pragma once

#include <string>
#include <vector>

#include "model/catalog.h"
#include "sql/sql.h"

namespace dray {

Sql create_schema_if_missing(const std::string& schema);

// Comments on a table and its columns, for the warehouses that speak PostgreSQL's COMMENT. One by
// one:
std::vector<Sql> comment_statements(const CommentOn& change);

// In one text: a warehouse that takes several statements at once is asked once.
Sql comment_text(const CommentOn& change);

}  // namespace dray
