#include "sql/sqlstate.h"

#include <algorithm>
#include <array>
#include <initializer_list>

#include "base/message.h"

#include "base/text.h"
#include "base/utf8.h"
#include "sql/rights.h"

namespace dray {
namespace {

constexpr std::string_view insufficient_privilege = "42501";

struct Meaning {
  std::string_view prefix;  // of the SQLSTATE
  Cause cause;
  std::string_view remedy;
};

// The first whose prefix fits; so the exceptions of a class stand before it.
constexpr std::array meanings = std::to_array<Meaning>({
    {"08", Cause::transient, ""},
    {"22001", Cause::config,
     "let the column take longer values (alter table ... alter column ... type text): somebody gave "
     "it a bound, and something depends on it"},
    {"25006", Cause::config,
     "name the primary server, not a replica; if it is the primary: alter role ... set "
     "default_transaction_read_only = off (a service whose storage is full sets it on; dray query "
     "only reads)"},
    {"25P03", Cause::transient,
     "raise idle_in_transaction_session_timeout for this user (alter role ... set ...)"},
    {"28", Cause::config,
     "check the user and its password (PGPASSWORD, ~/.pgpass, or the address)"},
    {"3D000", Cause::config, "name a database that exists: the last part of the address"},
    {"40", Cause::transient, ""},
    // Another session made the same thing between our look and our statement.
    {"42701", Cause::transient, ""},
    {"42P06", Cause::transient, ""},
    {"42P07", Cause::transient, ""},
    {insufficient_privilege, Cause::config,
     "grant it to this user, or use another (docs/postgres.md, "
     "docs/redshift.md)"},
    {"53100", Cause::config, "free some room on the server, and run this again"},
    {"53300", Cause::transient,
     "raise max_connections or the role's connection limit, or end sessions that nobody needs"},
    {"53", Cause::transient, ""},
    {"54011", Cause::config, "drop a column that is not needed; rebuild the table if many were"},
    {"55006", Cause::transient, ""},
    {"55P03", Cause::transient, ""},
    {"57014", Cause::transient,
     "raise statement_timeout for this user if the server has one (alter role ... set ...)"},
    {"57P04", Cause::config, "name a database that exists: the last part of the address"},
    {"57P", Cause::transient, ""},
    {"58", Cause::transient, ""},
});

// Redshift's internal errors, XX000, are told apart by their text alone. The first whose text is a
// part of it fits.
struct InternalMeaning {
  std::string_view part;
  Cause cause;
  std::string_view remedy;
};
constexpr std::string_view staging_remedy =
    "let the cluster's role read the staging location (s3:GetObject, s3:ListBucket), and name the "
    "bucket's region if it is not the cluster's: staging_region (docs/redshift.md)";
constexpr std::array internal_meanings = std::to_array<InternalMeaning>({
    {"Load into table", Cause::bad_data, ""},
    // 1023, and 1018: a table that another transaction has dropped.
    {"Serializable isolation violation", Cause::transient, ""},
    {"Relation does not exist", Cause::transient, ""},
    {"onflict with concurrent transaction", Cause::transient, ""},
    // Which Redshift, too, tells to be worth another try.
    {"AccessDenied", Cause::config, staging_remedy},
    {"NoSuchBucket", Cause::config, staging_remedy},
    {"CanRetry 1", Cause::transient, ""},
    {"SlowDown", Cause::transient, ""},
    {"S3ServiceException", Cause::config, staging_remedy},
    {"not authorized to assume", Cause::config,
     "attach the role to the cluster or namespace, and let it be assumed by redshift.amazonaws.com "
     "(docs/redshift.md)"},
    {"Maximum tables limit exceeded", Cause::internal,
     "drop tables that nobody needs, or give the cluster larger nodes (docs/redshift.md)"},
    {"Disk Full", Cause::transient, "free some room on the cluster, or resize it"},
    {"resizing", Cause::transient, ""},
    {"read-only", Cause::transient, ""},
});

Error with_remedy(Cause cause, std::string message, std::string_view remedy) {
  return {cause, std::move(message), std::string(remedy)};
}

// The first whose prefix fits.
constexpr auto codes = std::to_array<std::pair<std::string_view, ErrorCode>>({
    {"08", ErrorCode::not_connected},
    {"22", ErrorCode::constraint},
    {"23503", ErrorCode::reference},
    {"23", ErrorCode::constraint},
    {"28", ErrorCode::not_connected},
    {"38", ErrorCode::constraint},
    {"39", ErrorCode::constraint},
    {"3D", ErrorCode::not_connected},
    {"44", ErrorCode::constraint},
    {insufficient_privilege, ErrorCode::missing_right},
    {"53100", ErrorCode::disk_full},
    {"53200", ErrorCode::out_of_memory},
    {"53300", ErrorCode::not_connected},
    {"54000", ErrorCode::constraint},
    {"55006", ErrorCode::in_use},
    {"55P03", ErrorCode::in_use},
    {"57P", ErrorCode::not_connected},
    {"P0", ErrorCode::constraint},
});

ErrorCode code_of(std::string_view sqlstate) {
  const auto* const known = std::ranges::find_if(
      codes, [&](const auto& code) { return sqlstate.starts_with(code.first); });
  return known == codes.end() ? ErrorCode::none : known->second;
}

bool begins_with_any(std::string_view text, std::initializer_list<std::string_view> beginnings) {
  return std::ranges::any_of(beginnings, [&](auto begin) { return text.starts_with(begin); });
}

// What a function says is its own matter, and may be about the row that it was called for.
constexpr std::array function_contexts =
    std::to_array<std::string_view>({"PL/", "SQL function", "SQL statement"});

bool is_in_function(const ServerError& error) {
  return begins_with_any(error.sqlstate, {"P0", "38", "39"}) ||
         std::ranges::any_of(function_contexts, [&](std::string_view begin) {
           return error.context.starts_with(begin);
         });
}

// "PL/pgSQL function shop.check_plan()" of "PL/pgSQL function shop.check_plan() line 1 at RAISE".
std::string function_of(std::string_view context) {
  for (std::string_view line = context; !line.empty();) {
    const std::size_t end = std::min(line.find('\n'), line.size());
    const std::string_view one = line.substr(0, end);
    const std::size_t function = one.find("function ");
    const std::size_t close = one.find(')');
    if (function != std::string_view::npos && close != std::string_view::npos) {
      return std::string(one.substr(function + 9, close + 1 - function - 9));
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return {};
}

// Without what stands between quotes of either kind, which is a value in the messages that this is
// for. One in another language has quotes of its own, and is left out whole.
std::string without_values(std::string_view message) {
  if (std::ranges::any_of(message, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return "the server refused a value";
  }
  std::string out;
  while (true) {
    const std::size_t open = std::min(message.find_first_of("\"'"), message.size());
    out += message.substr(0, open);
    if (open == message.size()) return out;
    // It goes to the last one: a value may have some itself.
    const std::size_t close = message.rfind(message[open]);
    out += "***";
    if (close == open) return out;
    message.remove_prefix(close + 1);
  }
}

// "COPY sold, line 1, column price" of "COPY sold, line 1, column price: "12x"".
std::string_view copy_place(std::string_view context) {
  if (!context.starts_with("COPY ")) return {};
  return context.substr(0, context.find_first_of(":\n"));
}

// What the server says, as far as it holds no value of a row.
std::string message_of(const ServerError& error, StatementOf whose) {
  std::string detail;
  if (!error.detail.empty() && !contains(error.detail, "-----")) {
    detail.append(" (").append(in_one_line(error.detail)).append(")");
  }
  if (whose == StatementOf::person) return std::string(error.message) + detail;
  if (is_in_function(error)) {
    std::string function = function_of(error.context);
    if (function.empty()) function = "of a trigger";
    if (!error.change.empty()) {
      return "the function " + function + " refused `" + beginning_of(error.change) +
             "`: " + std::string(error.message) + detail;
    }
    return "the function " + function + " refused a row; the server's log has its words";
  }
  if (begins_with_any(error.sqlstate, {"22", "XX"}) || error.sqlstate.empty()) {
    const bool is_value = error.sqlstate.starts_with("22") || contains(error.message, "Value '");
    std::string message = is_value ? without_values(error.message) : std::string(error.message);
    const std::string_view place = copy_place(error.context);
    if (is_value && !place.empty()) message.append(" (").append(place).append(")");
    return is_value ? message : message + detail;
  }
  if (begins_with_any(error.sqlstate, {"23", "44"})) return std::string(error.message);
  return std::string(error.message) + detail;
}

std::string table_of(const ServerError& error) {
  return std::string(error.schema) + "." + std::string(error.table);
}

// A row breaks what somebody has asked of a table; the catalog's own keys say that two sessions
// made one thing.
Error constraint_error(const ServerError& error, std::string message) {
  if (error.schema == "pg_catalog") return transient_error(std::move(message));
  const std::string constraint(error.constraint);
  std::string remedy;
  if (error.sqlstate == "23505") {
    remedy = "drop the unique index or constraint " + constraint + " of " + table_of(error) +
             ": Dray did not make it, and rows break it";
  } else if (error.sqlstate == "23502") {
    remedy = "alter table " + table_of(error) + " alter column " + std::string(error.column) +
             " drop not null, or give the column a default";
  } else if (!constraint.empty() && !error.table.empty()) {
    remedy = "alter table " + table_of(error) + " drop constraint " + constraint +
             ": Dray did not make it, and rows break it";
  } else if (error.sqlstate == "23514" && !error.table.empty()) {
    // A constraint has a name; that a partitioned table has no place for a row has none.
    remedy =
        "make the partition that the row belongs to, or one for all others: create table ... "
        "partition of " +
        table_of(error) + " default";
  } else {
    remedy = "let the table take every row: Dray did not ask for what it refuses";
  }
  return with_remedy(Cause::config, std::move(message), remedy);
}

// The error of a bound that no setting moves. The message names the index; the one of the row names
// nothing.
Error limit_error(const ServerError& error, std::string message) {
  const bool is_of_index = contains(error.message, "index");
  return with_remedy(
      Cause::config, std::move(message),
      is_of_index ? "drop that index, or make it of md5(COLUMN) instead: Dray did not make it, "
                    "and a value is longer than it takes"
                  : "drop columns that nobody needs from that table: a row has no room for "
                    "what others than Dray write there");
}

// Errors that one SQLSTATE has for several reasons; the first whose text is a part of theirs fits.
struct TextMeaning {
  std::string_view sqlstate;
  std::string_view part;
  Cause cause;
  std::string_view remedy;
};
constexpr std::string_view publication_remedy =
    "alter table TABLE replica identity full, as the table's owner; or leave the schemas that Dray "
    "loads out of the publication (docs/postgres.md)";
constexpr std::array text_meanings = std::to_array<TextMeaning>({
    {"53200", "shared memory", Cause::config,
     "raise max_locks_per_transaction (64 by default; 256 will do) and restart the server"},
    {"55000", "replica identity", Cause::config, publication_remedy},
    {"42P10", "publi", Cause::config, publication_remedy},
});

struct ConnectMeaning {
  std::string_view part;  // of the message
  Cause cause;
  std::string_view remedy;
  std::string_view remedy_with_tls = {};  // of a server that is known to speak it, if another
};
constexpr std::string_view wrong_server =
    "Redshift speaks TLS always: check that host and port are the cluster's, and that nothing in "
    "between (a proxy, a tunnel) answers for it";

constexpr std::string_view full_server =
    "raise max_connections, or end sessions that nobody needs; Dray takes one a sync";
constexpr std::string_view standby = "name the primary server, not a replica";
constexpr std::array connect_meanings = std::to_array<ConnectMeaning>({
    {"password authentication failed", Cause::config,
     "check the user and its password (PGPASSWORD, ~/.pgpass, or the address)"},
    {"no password supplied", Cause::config, "give the password by PGPASSWORD or ~/.pgpass"},
    {"no pg_hba.conf entry", Cause::config,
     "let this user in from here (pg_hba.conf, or the service's network rules); if it says no "
     "encryption, add ?sslmode=require"},
    {"permission denied for database", Cause::config, "grant connect on database %d to %u"},
    {"too many connections for", Cause::transient,
     "raise the limit (alter role %u connection limit N, or alter database), or end sessions that "
     "nobody needs"},
    {"is not permitted to log in", Cause::config, "alter role %u login"},
    {"is not currently accepting connections", Cause::config,
     "alter database %d allow_connections true"},
    {"unsupported startup parameter", Cause::config,
     "let PgBouncer pass it: ignore_startup_parameters, and a pool in session mode"},
    {"accepting connections", Cause::transient, ""},
    {"role \"", Cause::config, "check the user in the address"},
    {"database \"", Cause::config, "name a database that exists: the last part of the address"},
    {"root certificate file", Cause::config,
     "name the authority's certificates by ?sslrootcert=FILE, or ask for less by ?sslmode=require",
     "name the certificates of Amazon Trust Services by ?sslrootcert=FILE (docs/redshift.md)"},
    {"certificate", Cause::config,
     "check ?sslrootcert=FILE and the host's name; sslmode=verify-ca does not ask for the name",
     "check ?sslrootcert=FILE and that the host is the cluster's own name (docs/redshift.md)"},
    {"does not support SSL", Cause::config,
     "switch TLS on at the server (ssl = on); only where nobody can listen, on one machine or in a "
     "network of your own, ask for less: ?sslmode=prefer",
     wrong_server},
    {"starting up", Cause::transient, ""},
    {"shutting down", Cause::transient, ""},
    {"recovery mode", Cause::transient, ""},
    {"too many clients", Cause::transient, full_server},
    {"connection slots are reserved", Cause::transient, full_server},
    {"session is not read-write", Cause::config, standby},
    {"server is in hot standby mode", Cause::config, standby},
    {"Connection refused", Cause::transient, "check host and port, and that the server runs"},
    {"timeout expired", Cause::transient,
     "check host and port, that no other program listens there, and that a firewall lets this "
     "machine in"},
    {"Connection timed out", Cause::transient,
     "check host and port, and that a firewall lets this machine in"},
    {"closed the connection", Cause::transient,
     "check host and port, that no other program listens there, and the server's log"},
    {"Connection reset", Cause::transient, ""},
    {"Network is unreachable", Cause::transient, ""},
    {"No route to host", Cause::transient, ""},
    {"Temporary failure in name resolution", Cause::transient, ""},
    {"translate host name", Cause::config, "check the host in the address"},
});

// %d and %u: the database and the user.
std::string filled_in(std::string_view remedy, const Login& login) {
  std::string text;
  for (std::size_t i = 0; i < remedy.size(); ++i) {
    const std::string_view two = remedy.substr(i, 2);
    if (two != "%d" && two != "%u") {
      text += remedy[i];
      continue;
    }
    const std::string_view name = two == "%d" ? login.database : login.user;
    text += name.empty() ? (two == "%d" ? "DATABASE" : "USER") : quoted_if_needed(name);
    ++i;
  }
  return text;
}

Error internal_error_of(const ServerError& error, std::string message) {
  const auto* const meaning = std::ranges::find_if(internal_meanings, [&](const auto& known) {
    return contains(error.message, known.part) || contains(error.detail, known.part);
  });
  if (meaning == internal_meanings.end()) return internal_error(std::move(message));
  return with_remedy(meaning->cause, std::move(message), meaning->remedy);
}

Error meaning_of(const ServerError& error, StatementOf whose, std::string_view missing_right) {
  std::string message = continued_lines(message_of(error, whose));
  if (!error.sqlstate.empty()) message.append(" [").append(error.sqlstate).append("]");
  if (error.sqlstate.starts_with("23")) return constraint_error(error, std::move(message));
  if (whose == StatementOf::dray && is_in_function(error)) {
    if (!error.change.empty()) {
      return with_remedy(
          Cause::config, std::move(message),
          "disable the event trigger that calls it (alter event trigger NAME disable; "
          "pg_event_trigger has its name), let it pass for Dray's role, or run the statement as a "
          "role that it lets pass (dray plan shows all of it): Dray did not make the trigger");
    }
    return with_remedy(Cause::config, std::move(message),
                       "change the function, or drop the trigger that calls it: Dray did not make "
                       "it");
  }
  if (error.sqlstate == insufficient_privilege && !missing_right.empty())
    return with_remedy(Cause::config, std::move(message), missing_right);
  if (error.sqlstate == "54000") return limit_error(error, std::move(message));
  if (error.sqlstate == "XX000") return internal_error_of(error, std::move(message));
  for (const TextMeaning& known : text_meanings) {
    if (error.sqlstate == known.sqlstate && contains(error.message, known.part))
      return with_remedy(known.cause, std::move(message), known.remedy);
  }
  const auto* const meaning = std::ranges::find_if(
      meanings, [&](const Meaning& m) { return error.sqlstate.starts_with(m.prefix); });
  if (meaning == meanings.end()) return internal_error(std::move(message));
  return with_remedy(meaning->cause, std::move(message), meaning->remedy);
}

}  // namespace

Error error_of(const ServerError& error, StatementOf whose, std::string_view missing_right) {
  // What a trigger says with whatever code is of the row, unless the server has a say in it too.
  const bool is_of_row = whose == StatementOf::dray && is_in_function(error) &&
                         !begins_with_any(error.sqlstate, {"08", "40", "53", "55", "57", "58"});
  Error told = meaning_of(error, whose, missing_right)
                   .with_code(is_of_row ? ErrorCode::constraint : code_of(error.sqlstate));
  told.sqlstate = error.sqlstate;
  return told;
}

std::string beginning_of(std::string_view statement) {
  constexpr std::size_t shown_max = 200;
  if (statement.size() <= shown_max) return std::string(statement);
  return std::string(cut_utf8(statement, shown_max)) + "...";
}

// `alter column` may run functions of an index over the rows, and `as select` others.
bool is_change_without_rows(std::string_view statement) {
  return begins_with_any(statement, {"create ", "alter ", "comment on "}) &&
         !contains(statement, " as select ") && !contains(statement, " alter column ");
}

bool leaves_commit_in_doubt(std::string_view sqlstate) {
  return sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("57P") ||
         sqlstate == "40003";
}

namespace {

// What is at the port, if it answered and is no PostgreSQL: libpq tells the first byte of the
// answer alone.
std::optional<Error> other_server_error(std::string_view message) {
  for (const std::string_view mark :
       {"received invalid response to SSL negotiation: ",
        "expected authentication request from server, but received "}) {
    const std::size_t at = message.find(mark);
    if (at == std::string_view::npos) continue;
    const std::string_view answer = message.substr(at + mark.size());
    const char first = answer.empty() ? '\0' : answer.front();
    std::string text(message.substr(0, at));
    text += "what answers there is no PostgreSQL";
    // A name of a protocol, or the length of MySQL's greeting.
    if (first == 'H') text += ", perhaps an HTTP server";
    if (first == 'S') text += ", perhaps an SSH server";
    if (first == 'J' || first == '[' || first == 'I' || first == 'Y')
      text += ", perhaps MySQL or MariaDB";
    return config_error(std::move(text),
                        "check host and port (PostgreSQL's is 5432, Redshift's 5439)")
        .with_code(ErrorCode::not_connected);
  }
  return std::nullopt;
}

}  // namespace

Error connect_error(std::string_view message, const Login& login) {
  if (auto other = other_server_error(message)) return *std::move(other);
  std::string text = continued_lines(message);
  const auto* const meaning = std::ranges::find_if(
      connect_meanings, [&](const ConnectMeaning& m) { return contains(text, m.part); });
  if (meaning == connect_meanings.end())
    return config_error(std::move(text)).with_code(ErrorCode::not_connected);
  const bool is_other = login.has_tls && !meaning->remedy_with_tls.empty();
  return with_remedy(meaning->cause, std::move(text),
                     filled_in(is_other ? meaning->remedy_with_tls : meaning->remedy, login))
      .with_code(ErrorCode::not_connected);
}

}  // namespace dray
