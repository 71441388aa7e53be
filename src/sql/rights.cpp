#include "sql/rights.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <vector>

namespace dray {
namespace {

struct TableName {
  std::string schema;
  std::string table;
};

bool is_plain(std::string_view name) {
  return !name.empty() && (name[0] < '0' || name[0] > '9') && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// The statement's next name behind `at`, quoted or not; moves `at` behind it. Nothing if there is
// none right here.
std::optional<std::string> name_at(std::string_view sql, std::size_t& at) {
  std::string name;
  if (at < sql.size() && sql[at] == '"') {
    for (++at; at < sql.size(); ++at) {
      if (sql[at] != '"') {
        name += sql[at];
      } else if (at + 1 < sql.size() && sql[at + 1] == '"') {
        name += sql[at++];
      } else {
        break;
      }
    }
    ++at;
    return name;
  }
  for (; at < sql.size() && is_word(sql[at]); ++at)
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(sql[at])));
  if (name.empty()) return std::nullopt;
  return name;
}

void skip_literal(std::string_view sql, std::size_t& at) {
  at = std::min(sql.find('\'', at + 1), sql.size());
  if (at < sql.size()) ++at;
}

// All "schema.table" of a statement, but those of the server's own catalog. An alias and its column
// look alike.
std::vector<TableName> tables_in(std::string_view sql) {
  std::vector<TableName> tables;
  for (std::size_t at = 0; at < sql.size();) {
    if (sql[at] == '\'') {
      skip_literal(sql, at);
      continue;
    }
    auto schema = name_at(sql, at);
    if (!schema) {
      ++at;
      continue;
    }
    if (at >= sql.size() || sql[at] != '.') continue;
    ++at;
    auto table = name_at(sql, at);
    if (table && !schema->starts_with("pg_"))
      tables.push_back({std::move(*schema), std::move(*table)});
  }
  return tables;
}

// The name behind "for database " and the like, without the quotes that some messages have.
std::optional<std::string> named_in(std::string_view message, std::string_view kind) {
  const std::size_t found = message.find(kind);
  if (found == std::string_view::npos) return std::nullopt;
  std::string_view name = message.substr(found + kind.size());
  if (name.size() > 1 && name.starts_with('"') && name.ends_with('"'))
    name = name.substr(1, name.size() - 2);
  return std::string(name);
}

std::optional<std::string> table_in_message(std::string_view message) {
  for (const std::string_view kind :
       {"for table ", "for relation ", "for view ", "for materialized view ", "of table ",
        "of relation ", "of view ", "of materialized view "}) {
    if (auto name = named_in(message, kind)) return name;
  }
  return std::nullopt;
}

struct Verb {
  std::string_view begin;  // of a statement
  std::string_view rights;
};
// Whoever lacks one of the rights to write lacks the others too, and for the schema's other tables.
constexpr std::string_view all_to_write = "select, insert, update, delete";
constexpr std::array verbs = std::to_array<Verb>({
    {"insert", all_to_write},
    {"copy", all_to_write},
    {"update", all_to_write},
    {"delete", all_to_write},
    {"truncate", "truncate"},
    {"lock", all_to_write},
});

class Right {
 public:
  explicit Right(const RefusedStatement& refused)
      : refused_(refused), to_(" to " + quoted_if_needed(refused.user)) {}

  std::string give() const {
    const std::string_view message = refused_.message;
    if (message.find("temporary tables") != std::string_view::npos) return on_database("temporary");
    if (const auto schema = named_in(message, "for schema ")) return on_schema(*schema);
    if (named_in(message, "for database ")) return on_database("create");
    if (message.find("row-level security") != std::string_view::npos) return past_row_security();
    if (message.find("must be owner of") != std::string_view::npos) return ownership();
    if (const auto table = table_in_message(message)) return on_table(*table);
    return by_statement();
  }

 private:
  bool begins(std::string_view word) const { return refused_.statement.starts_with(word); }

  std::string on_database(const std::string& right) const {
    return "grant " + right + " on database " + quoted_if_needed(refused_.database) + to_;
  }

  std::string on_schema(const std::string& schema) const {
    const bool makes = begins("create ") || begins("alter ");
    return std::string("grant usage") + (makes ? ", create" : "") + " on schema " +
           quoted_if_needed(schema) + to_;
  }

  // The schema of a table that Dray's own statement names.
  std::optional<std::string> schema_of(const std::optional<std::string>& table) const {
    for (const TableName& known : tables_in(refused_.statement)) {
      if (!table || known.table == *table) return quoted_if_needed(known.schema);
    }
    return std::nullopt;
  }

  std::string qualified(const std::optional<std::string>& table) const {
    for (const TableName& known : tables_in(refused_.statement)) {
      if (!table || known.table == *table)
        return quoted_if_needed(known.schema) + "." + quoted_if_needed(known.table);
    }
    return table ? quoted_if_needed(*table) : "TABLE";
  }

  std::string on_table(const std::optional<std::string>& table) const {
    std::string_view rights = "select";
    for (const Verb& verb : verbs) {
      if (begins(verb.begin)) rights = verb.rights;
    }
    if (const auto schema = schema_of(table))
      return "grant " + std::string(rights) + " on all tables in schema " + *schema + to_;
    return "grant " + std::string(rights) + " on " + qualified(table) + to_;
  }

  std::string ownership() const {
    return "alter table " + qualified(table_in_message(refused_.message)) + " owner" + to_ +
           " (Dray adds columns to the tables that it loads), or grant the owner's role" + to_;
  }

  // Also the owner's, where it is forced.
  std::string past_row_security() const {
    return "alter table " + qualified(table_in_message(refused_.message)) +
           " no force row level security if " + quoted_if_needed(refused_.user) +
           " owns it, else alter role " + quoted_if_needed(refused_.user) +
           " bypassrls (Dray has to see all rows to know duplicates)";
  }

  std::string by_statement() const {
    if (begins("create schema")) return on_database("create");
    if (begins("create temp")) return on_database("temporary");
    if (begins("alter table")) return ownership();
    const std::vector<TableName> tables = tables_in(refused_.statement);
    if (tables.empty()) return "grant it" + to_ + ", or use another user";
    if (begins("create")) return on_schema(tables.front().schema);
    return on_schema(tables.front().schema) + "; " + on_table(std::nullopt);
  }

  const RefusedStatement& refused_;
  const std::string to_;
};

}  // namespace

std::string quoted_if_needed(std::string_view name) {
  if (is_plain(name)) return std::string(name);
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted += c;
    quoted += c;
  }
  return quoted + '"';
}

std::string missing_right(const RefusedStatement& refused) { return Right(refused).give(); }

bool is_right_of_table(const RefusedStatement& refused) {
  const std::string_view message = refused.message;
  const std::string_view sql = refused.statement;
  for (const std::string_view other : {"temporary tables", "for schema ", "for database "}) {
    if (message.find(other) != std::string_view::npos) return false;
  }
  const bool makes = sql.starts_with("create schema") || sql.starts_with("create table") ||
                     sql.starts_with("create temp");
  return !makes && !tables_in(sql).empty();
}

}  // namespace dray
