#include "load/shared_sql.h"

namespace dray {

Sql create_schema_if_missing(const std::string& schema) {
  return std::move(SqlBuilder("create schema if not exists ").name(schema)).done();
}

std::vector<Sql> comment_statements(const CommentOn& change) {
  std::vector<Sql> statements;
  if (!change.text.empty()) {
    SqlBuilder sql("comment on table ");
    sql.table(change.schema, change.table).code(" is ").text(change.text);
    statements.push_back(std::move(sql).done());
  }
  for (const CommentOn::Named& named : change.columns) {
    SqlBuilder sql("comment on column ");
    sql.table(change.schema, change.table).code(".").name(named.column);
    statements.push_back(std::move(sql.code(" is ").text(named.text)).done());
  }
  return statements;
}

Sql comment_text(const CommentOn& change) {
  SqlBuilder text;
  for (const Sql& statement : comment_statements(change)) {
    if (text.size() > 0) text.code(";\n");
    text.sql(statement);
  }
  return std::move(text).done();
}

}  // namespace dray
