// What a person typed, run on a server: in a transaction that only reads, by the extended protocol,
// which takes one statement alone; on PostgreSQL through a cursor, which takes nothing that writes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "load/query.h"
#include "load/redshift_cluster.h"
#include "sql/pq_connection.h"
#include "sql/statement.h"

namespace dray {
namespace {

constexpr std::string_view cursor_head = "declare dray_result no scroll cursor for ";

// pg_type.dat: these numbers are part of the protocol.
ValueKind kind_of(std::uint32_t oid) {
  constexpr std::array<std::uint32_t, 7> numbers = {20, 21, 23, 26, 700, 701, 1700};
  constexpr std::uint32_t boolean = 16;
  if (oid == boolean) return ValueKind::boolean;
  return std::ranges::find(numbers, oid) != numbers.end() ? ValueKind::number : ValueKind::text;
}

// What the server finds wrong with a statement the person mends who typed it. Not its own trouble:
// 53 resources, 57 an operator, 58 its system, F0 its configuration, XX a bug of its own.
bool is_of_statement(std::string_view sqlstate) {
  constexpr std::array others =
      std::to_array<std::string_view>({"08", "53", "57", "58", "F0", "XX"});
  return !sqlstate.empty() && std::ranges::none_of(others, [&](std::string_view other) {
    return sqlstate.starts_with(other);
  });
}

class PqReader {
 public:
  PqReader(PqConnection& connection, std::string_view text, const ReadStatement& statement)
      : connection_(connection), text_(text), statement_(statement) {}

  // Row by row, as the server makes them.
  Result<void> read_straight(ResultSink& sink) {
    return told(connection_.read(
        typed(""),
        [&](const std::vector<PqColumn>& columns) {
          describe(columns);
          return sink.columns(columns_);
        },
        [&](PqRow row) { return give(row, sink); }));
  }

  Result<void> read_by_cursor(ResultSink& sink) {
    head_ = cursor_head;
    DRAY_TRY(told(connection_.read(typed(cursor_head), take_columns(), take_nothing())));
    DRAY_TRY(told(connection_.read(SqlBuilder("fetch forward 0 from dray_result").done(),
                                   take_columns(), take_nothing())));
    DRAY_TRY(name_types());
    DRAY_TRY(sink.columns(columns_));
    for (bool is_more = true; is_more;) {
      is_more = false;
      DRAY_TRY(told(connection_.read(
          SqlBuilder("fetch forward 2000 from dray_result").done(),
          [](const auto&) { return Result<void>(); },
          [&](PqRow row) {
            is_more = true;
            return give(row, sink);
          })));
    }
    return {};
  }

 private:
  Sql typed(std::string_view head) const {
    return Sql::typed_by_user(std::string(head).append(statement_.body));
  }

  std::function<Result<void>(const std::vector<PqColumn>&)> take_columns() {
    return [this](const std::vector<PqColumn>& columns) {
      describe(columns);
      return Result<void>();
    };
  }
  static std::function<Result<void>(PqRow)> take_nothing() {
    return [](PqRow) { return Result<void>(); };
  }

  void describe(const std::vector<PqColumn>& columns) {
    raw_columns_ = columns;
    columns_.clear();
    for (const PqColumn& column : columns)
      columns_.push_back({column.name, column.type, kind_of(column.type_oid)});
  }

  // The server knows the names of types that people make.
  Result<void> name_types() {
    if (raw_columns_.empty()) return {};
    SqlBuilder sql("values ");
    for (std::size_t i = 0; i < raw_columns_.size(); ++i) {
      if (i > 0) sql.code(", ");
      sql.code("(").number(static_cast<std::int64_t>(i));
      sql.code(", pg_catalog.format_type(").number(std::int64_t{raw_columns_[i].type_oid});
      sql.code("::oid, ").number(std::int64_t{raw_columns_[i].type_modifier}).code("))");
    }
    DRAY_ASSIGN(const QueryResult names,
                connection_.query(std::move(sql.code(" order by 1")).done()));
    for (std::size_t i = 0; i < columns_.size() && i < names.rows.size(); ++i)
      columns_[i].type = names.rows[i][1].value_or("unknown");
    return {};
  }

  Result<void> give(PqRow row, ResultSink& sink) {
    values_.assign(row.begin(), row.end());
    for (std::size_t i = 0; i < values_.size() && i < columns_.size(); ++i) {
      if (columns_[i].kind == ValueKind::boolean && values_[i])
        values_[i] = *values_[i] == "t" ? "true" : "false";
    }
    return sink.row(values_);
  }

  // The same outcome as the person needs it: whose it is, and where in their text.
  Result<void> told(Result<void> outcome) const {
    if (outcome) return outcome;
    Error error = std::move(outcome).error();
    if (is_of_statement(connection_.last_sqlstate()) && error.cause == Cause::internal) {
      error.cause = Cause::config;
    }
    const std::size_t position = connection_.last_position();
    if (position <= head_.size()) return error;
    const std::size_t before = text_position(statement_.begin);
    const std::string place = pointed_at(text_, before + position - head_.size());
    if (place.empty()) return error;
    const std::size_t line_end = place.find('\n');
    error.message += "\n  " + place.substr(0, line_end) + "\n  " + place.substr(line_end + 1);
    return error;
  }

  // Code points before this byte of the text.
  std::size_t text_position(std::size_t bytes) const {
    return static_cast<std::size_t>(std::ranges::count_if(text_.substr(0, bytes), [](char c) {
      return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
    }));
  }

  PqConnection& connection_;
  const std::string_view text_;
  const ReadStatement& statement_;
  std::string_view head_;  // what stands before the person's words
  std::vector<PqColumn> raw_columns_;
  std::vector<ResultColumn> columns_;
  std::vector<std::optional<std::string_view>> values_;
};

}  // namespace

Result<void> query_postgres(const std::string& address, std::string_view text, ResultSink& sink,
                            const QueryOptions& /*options*/) {
  DRAY_ASSIGN(const ReadStatement statement, read_statement(text, SqlDialect::postgres));
  PqOptions options;
  DRAY_ASSIGN(options.parameters, parse_pq_url(address));
  options.location = pq_location("postgres", options.parameters);
  // The other settings are the person's own. Of a cursor all rows are wanted.
  options.setup.push_back(
      SqlBuilder("set standard_conforming_strings = on; set datestyle = 'ISO, YMD'; set timezone = "
                 "'UTC'; set extra_float_digits = 1; set default_transaction_read_only = on; set "
                 "cursor_tuple_fraction = 1")
          .done());
  DRAY_ASSIGN(const std::unique_ptr<PqConnection> connection, PqConnection::open(options));
  DRAY_ASSIGN(const QueryResult user, connection->query(SqlBuilder("select current_user").done()));
  connection->act_as(user.rows[0][0].value_or(""));
  DRAY_TRY(connection->execute(SqlBuilder("begin transaction read only").done()));
  PqReader reader(*connection, text, statement);
  // Never committed: what a function did to the transaction goes with it.
  return statement.kind == ReadStatement::Kind::rows ? reader.read_by_cursor(sink)
                                                     : reader.read_straight(sink);
}

// Redshift holds all rows of a cursor on its leader node; so they are taken as they come.
Result<void> query_redshift(const std::string& address, std::string_view text, ResultSink& sink,
                            const QueryOptions& /*options*/) {
  DRAY_ASSIGN(const ReadStatement statement, read_statement(text, SqlDialect::redshift));
  DRAY_ASSIGN(RedshiftOptions redshift, redshift_options(address));
  DRAY_ASSIGN(const auto cluster, reach_redshift(std::move(redshift), {}));
  DRAY_ASSIGN(const std::unique_ptr<PqConnection> connection, cluster->connect());
  DRAY_TRY(connection->execute(SqlBuilder("begin read only").done()));
  return PqReader(*connection, text, statement).read_straight(sink);
}

}  // namespace dray
