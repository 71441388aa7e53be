// The statements that comment on a table and its columns, for the warehouses that speak
// PostgreSQL's COMMENT.
#pragma once

#include <vector>

#include "model/catalog.h"
#include "sql/sql.h"

namespace dray {

// One by one.
std::vector<Sql> comment_statements(const CommentOn& change);

// In one text: a warehouse that takes several statements at once is asked once.
Sql comment_text(const CommentOn& change);

}  // namespace dray
