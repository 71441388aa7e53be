#include "app/address.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <vector>

#include "aws/s3.h"
#include "base/path_text.h"
#include "base/quotable.h"
#include "config/nearest.h"
#include "sql/duckdb_file.h"

namespace dray {
namespace {

constexpr const char* kinds_of_warehouses =
    "duckdb:FILE, postgres://USER@HOST/DATABASE or redshift://USER@HOST/DATABASE";

// "s3" of "s3://bucket"; empty without one.
std::string scheme_of(const std::string& address) {
  const std::size_t at = address.find("://");
  return at == std::string::npos ? "" : address.substr(0, at);
}

// "sqlite" of "sqlite:f.db". Empty for what is no scheme, or may be a user's name before a
// password.
std::string word_before_colon(const std::string& address) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
  const std::string word = address.substr(0, address.find(':'));
  const bool is_word = word.size() < address.size() && word.size() > 1 && word.size() <= 20 &&
                       word.find_first_not_of(letters) == std::string::npos;
  const bool is_url = address.find("://") == word.size();
  return is_word && (is_url || address.find('@') == std::string::npos) ? word : "";
}

std::string lower(std::string text) {
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// What people have elsewhere, and write before a file's name.
constexpr std::array<std::string_view, 8> kinds_elsewhere = {
    "bigquery", "clickhouse", "file", "mysql", "redis", "s3", "snowflake", "sqlite"};

// That the address begins with none of the schemes there are. Of it nothing but the scheme is
// repeated: behind it may stand a password.
Error unknown_kind(const std::string& address) {
  const std::string scheme = word_before_colon(address);
  if (scheme.empty()) {
    return config_error(std::string("a WAREHOUSE begins with its kind: ") + kinds_of_warehouses,
                        "duckdb:warehouse.duckdb");
  }
  const bool is_url = scheme_of(address) == scheme;
  const std::vector<std::string> known = {"duckdb", "postgres", "postgresql", "redshift"};
  const auto nearest = nearest_word(lower(scheme), known);
  // Before a single colon may stand anything, a password too: only what is known is repeated, and
  // the slip of it.
  const bool is_kind =
      nearest || (is_url ? !quotable_scheme(address).empty()
                         : std::ranges::find(kinds_elsewhere, scheme) != kinds_elsewhere.end());
  std::string message = is_kind ? scheme + (is_url ? "://" : ":") + " is no warehouse"
                                : std::string("this is the address of no warehouse");
  message += " that Dray supports";
  if (nearest) message += "; did you mean " + *nearest + (*nearest == "duckdb" ? ":" : "://") + "?";
  return config_error(std::move(message), kinds_of_warehouses);
}

// What may follow the '?': libpq's, up to version 18, and of redshift:// Dray's own too.
std::vector<std::string> address_parameters(bool is_redshift) {
  std::vector<std::string> names = {"host",
                                    "hostaddr",
                                    "port",
                                    "dbname",
                                    "user",
                                    "password",
                                    "passfile",
                                    "require_auth",
                                    "channel_binding",
                                    "connect_timeout",
                                    "client_encoding",
                                    "options",
                                    "application_name",
                                    "fallback_application_name",
                                    "keepalives",
                                    "keepalives_idle",
                                    "keepalives_interval",
                                    "keepalives_count",
                                    "tcp_user_timeout",
                                    "replication",
                                    "gssencmode",
                                    "sslmode",
                                    "requiressl",
                                    "sslnegotiation",
                                    "sslcompression",
                                    "sslcert",
                                    "sslkey",
                                    "sslpassword",
                                    "sslcertmode",
                                    "sslrootcert",
                                    "sslcrl",
                                    "sslcrldir",
                                    "sslsni",
                                    "sslkeylogfile",
                                    "requirepeer",
                                    "ssl_min_protocol_version",
                                    "ssl_max_protocol_version",
                                    "min_protocol_version",
                                    "max_protocol_version",
                                    "krbsrvname",
                                    "gsslib",
                                    "gssdelegation",
                                    "service",
                                    "servicefile",
                                    "target_session_attrs",
                                    "load_balance_hosts",
                                    "scram_client_key",
                                    "scram_server_key",
                                    "oauth_issuer",
                                    "oauth_client_id",
                                    "oauth_client_secret",
                                    "oauth_scope",
                                    "ssl"};
  if (is_redshift) {
    for (const char* own : {"staging",
                            "staging_region",
                            "staging_endpoint",
                            "staging_profile",
                            "staging_role_arn",
                            "staging_external_id",
                            "staging_encryption",
                            "staging_kms_key_id",
                            "staging_compression",
                            "iam_role",
                            "query_group",
                            "connections",
                            "dedupe_window",
                            "cluster",
                            "workgroup",
                            "iam_region",
                            "db_groups",
                            "auto_create",
                            "let_sleep",
                            "tables_max"}) {
      names.emplace_back(own);
    }
  }
  return names;
}

// A slip in a parameter's name. An '@' behind the '?' belongs to a password that nobody escaped, so
// that nothing there is what it seems: libpq says so.
Result<void> check_parameters(const std::string& address, bool is_redshift) {
  std::size_t at = address.find('?');
  if (at == std::string::npos || address.find('@', at) != std::string::npos) return {};
  const std::vector<std::string> known = address_parameters(is_redshift);
  while (++at < address.size()) {
    const std::size_t end = std::min(address.find('&', at), address.size());
    const std::string name = address.substr(at, std::min(address.find('=', at), end) - at);
    at = end;
    const bool is_name =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos && !name.empty();
    if (!is_name || std::ranges::find(known, name) != known.end()) continue;
    const auto nearest = nearest_word(name, known);
    return config_error("the warehouse's address has an unknown parameter, " + name +
                        (nearest ? "; did you mean " + *nearest + "?" : ""));
  }
  return {};
}

}  // namespace

std::string name_of_place(const std::string& place) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(place, failed);
  if (failed) return "";
  std::string path = absolute.lexically_normal().string();
  while (path.ends_with('/'))
    path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

Result<void> check_place(const std::string& place) {
  if (place.starts_with(duckdb_scheme)) {
    return config_error("SOURCE is the directory with the events, not the warehouse",
                        "dray sync ./logs duckdb:FILE");
  }
  const std::string scheme = scheme_of(place);
  if (scheme == "s3") {
    DRAY_TRY(parse_s3_url(place));
    return {};
  }
  if (!scheme.empty()) {
    const std::string kind = quotable_scheme(place);
    return config_error("SOURCE is a directory or s3://bucket/prefix; " +
                        (kind.empty() ? "this address" : kind + "://") +
                        " is nothing that Dray reads");
  }
  return {};
}

Result<void> check_warehouse(const std::string& address) {
  if (address.starts_with(duckdb_scheme)) {
    if (address.size() > duckdb_scheme.size()) return {};
    return config_error("duckdb: needs the name of a file", "duckdb:warehouse.duckdb");
  }
  const std::string scheme = scheme_of(address);
  if (scheme == "postgres" || scheme == "postgresql" || scheme == "redshift") {
    return check_parameters(address, scheme == "redshift");
  }
  return unknown_kind(address);
}

bool is_made(const std::string& warehouse_address) {
  if (!warehouse_address.starts_with(duckdb_scheme)) return true;
  const auto state = duckdb_file_state(warehouse_address.substr(duckdb_scheme.size()));
  return state.ok() && *state == FileState::made;
}

// Without what stands behind the '?', too: a parameter that is misspelt may be the password.
std::string shown_address(const std::string& address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string::npos) return path_to_text(address);
  const std::size_t begin = scheme + 3;
  // The last '@': a password may have some that nobody escaped, and '/' and '?' too.
  const std::size_t at = address.rfind('@');
  const std::size_t colon = address.find(':', begin);
  std::string shown = address;
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  return shown.substr(0, shown.find('?', begin));
}

}  // namespace dray
