#include "sql/duckdb_constraints.h"

#include <utility>
#include <vector>

#include "sql/duckdb_connection.h"
#include "sql/sql.h"

namespace dray {
namespace {

using Kind = DuckViolation::Kind;

std::string_view behind(std::string_view text, std::string_view part) {
  const std::size_t at = text.find(part);
  return at == std::string_view::npos ? std::string_view() : text.substr(at + part.size());
}

std::string_view first_line(std::string_view text) { return text.substr(0, text.find('\n')); }

// "plan" of "users.plan".
std::string column_of(std::string_view text) {
  return std::string(text.substr(text.find('.') + 1));
}

const char* word_of(Kind kind) {
  switch (kind) {
    case Kind::unique:
      return "a unique index or key";
    case Kind::check:
      return "a CHECK constraint";
    case Kind::not_null:
      return "a NOT NULL constraint";
    case Kind::foreign_key:
      return "a foreign key";
  }
  return "a constraint";
}

struct Constraint {
  std::string name;    // as a person knows it
  std::string remedy;  // "" where the table has to be made again
};

class TableConstraints {
 public:
  TableConstraints(DuckConnection& connection, const std::string& schema, const std::string& table)
      : connection_(connection), schema_(schema), table_(table) {}

  std::vector<Constraint> of(const DuckViolation& violation) const {
    switch (violation.kind) {
      case Kind::unique:
        return unique_ones();
      case Kind::check:
        return {{violation.detail, ""}};
      case Kind::not_null:
        return {{"NOT NULL of " + violation.detail, drop_not_null(violation.detail)}};
      case Kind::foreign_key:
        return foreign_keys();
    }
    return {};
  }

 private:
  std::vector<Constraint> unique_ones() const {
    std::vector<Constraint> found;
    SqlBuilder indexes("select schema_name, index_name from duckdb_indexes() where is_unique and ");
    for (const auto& row : rows(indexes)) {
      SqlBuilder drop("drop index ");
      found.push_back(
          {"the index " + *row[1], std::move(drop.table(*row[0], *row[1])).done().text()});
    }
    SqlBuilder keys(
        "select constraint_text from duckdb_constraints() where constraint_type in "
        "('PRIMARY KEY', 'UNIQUE') and ");
    for (const auto& row : rows(keys))
      found.push_back({*row[0], ""});
    return found;
  }

  // Its own, and those of other tables that refer to it.
  std::vector<Constraint> foreign_keys() const {
    std::vector<Constraint> found;
    SqlBuilder sql(
        "select schema_name || '.' || table_name || ': ' || constraint_text from "
        "duckdb_constraints() where constraint_type = 'FOREIGN KEY' and database_name = "
        "current_database() and (lower(referenced_table) = ");
    sql.text(table_).code(" or (lower(schema_name) = ").text(schema_);
    sql.code(" and lower(table_name) = ").text(table_).code("))");
    const auto result = connection_.query(std::move(sql).done());
    if (!result) return found;
    for (const auto& row : result->rows)
      found.push_back({*row[0], "drop the table with the foreign key, or make it again without"});
    return found;
  }

  std::string drop_not_null(const std::string& column) const {
    SqlBuilder sql("alter table ");
    sql.table(schema_, table_).code(" alter column ").name(column).code(" drop not null");
    return std::move(sql).done().text();
  }

  std::vector<std::vector<std::optional<std::string>>> rows(SqlBuilder& sql) const {
    sql.code("database_name = current_database() and lower(schema_name) = ").text(schema_);
    sql.code(" and lower(table_name) = ").text(table_).code(" order by 1");
    auto result = connection_.query(std::move(sql).done());
    if (!result) return {};
    return std::move(result->rows);
  }

  DuckConnection& connection_;
  const std::string& schema_;
  const std::string& table_;
};

// DuckDB takes no constraint off a table.
std::string make_again(const std::string& schema, const std::string& table) {
  SqlBuilder sql("create table ");
  sql.table(schema, table + "_new").code(" as from ").table(schema, table);
  sql.code("; drop table ").table(schema, table).code("; alter table ");
  sql.table(schema, table + "_new").code(" rename to ").name(table);
  return std::move(sql).done().text();
}

}  // namespace

std::optional<DuckViolation> duckdb_violation(std::string_view message) {
  if (const auto check = behind(message, "CHECK constraint failed"); !check.empty()) {
    return DuckViolation{Kind::check, std::string(first_line(behind(check, "with expression ")))};
  }
  if (const auto column = behind(message, "NOT NULL constraint failed: "); !column.empty()) {
    return DuckViolation{Kind::not_null, column_of(first_line(column))};
  }
  if (!behind(message, "iolates foreign key constraint").empty()) {
    return DuckViolation{Kind::foreign_key, ""};
  }
  if (!behind(message, "Duplicate key ").empty() ||
      !behind(message, "PRIMARY KEY or UNIQUE constraint").empty()) {
    return DuckViolation{Kind::unique, ""};
  }
  return std::nullopt;
}

Error violation_error(const DuckViolation& violation) {
  return config_error(std::string(word_of(violation.kind)) + " refuses a row" +
                      (violation.detail.empty() ? "" : ": " + violation.detail))
      .with_code(violation.kind == Kind::foreign_key ? ErrorCode::reference
                                                     : ErrorCode::constraint);
}

Error violation_error(const DuckViolation& violation, DuckDatabase& database,
                      const std::string& schema, const std::string& table) {
  Error error = violation_error(violation);
  const auto connection = DuckConnection::open(database);
  if (!connection) return error;
  error.message =
      schema + "." + table + ": " + word_of(violation.kind) + " that somebody added refuses a row";
  std::string remedy;
  const char* separator = ": ";
  for (const Constraint& constraint : TableConstraints(**connection, schema, table).of(violation)) {
    error.message.append(std::exchange(separator, ", ")).append(constraint.name);
    const std::string& own = constraint.remedy;
    if (!own.empty() && remedy.find(own) == std::string::npos) {
      remedy += (remedy.empty() ? "" : "; ") + own;
    }
  }
  error.remedy = remedy.empty() ? make_again(schema, table) : remedy;
  return error;
}

}  // namespace dray
