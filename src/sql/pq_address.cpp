#include "sql/pq_address.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace dray {
namespace {

struct FreeInfo {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

bool is_digits(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || c == ','; });
}

// A password with an unescaped '@', '/' or '?' moves the parts of a URL.
bool looks_displaced(const PqParameters& parameters) {
  for (const auto& [name, value] : parameters) {
    if (name == "port" && !is_digits(value)) return true;
    if (name != "password" && name != "user" && name != "options" &&
        value.find('@') != std::string::npos) {
      return true;
    }
  }
  return false;
}

// What text, numbers and times look like on the way to and from the server. Every session sets them
// for itself, so an address that says otherwise would be ignored: it is refused.
constexpr std::array own_settings = std::to_array<std::string_view>(
    {"bytea_output", "client_encoding", "datestyle", "extra_float_digits", "intervalstyle",
     "quote_all_identifiers", "standard_conforming_strings", "timezone"});

std::string setting_name(std::string_view text) {
  std::string name(text.substr(0, text.find('=')));
  for (char& c : name)
    c = c == '-' ? '_' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name;
}

// The settings in "-c name=value", "-cname=value" and "--name=value", as the server splits them.
std::vector<std::string> settings_in(std::string_view options) {
  std::vector<std::string> names;
  bool is_next = false;
  while (!options.empty()) {
    const std::size_t end = std::min(options.find_first_of(" \t\n"), options.size());
    std::string_view word = options.substr(0, end);
    options.remove_prefix(std::min(end + 1, options.size()));
    if (word.empty()) continue;
    if (std::exchange(is_next, false)) {
      names.push_back(setting_name(word));
    } else if (word == "-c") {
      is_next = true;
    } else if (word.starts_with("-c") || word.starts_with("--")) {
      names.push_back(setting_name(word.substr(2)));
    }
  }
  return names;
}

bool is_utf8(std::string_view encoding) {
  const std::string name = setting_name(encoding);
  return name == "utf8" || name == "utf_8" || name == "unicode";
}

// Nothing if the address leaves Dray's own settings alone.
std::optional<std::string> own_setting_of(const PqParameters& parameters) {
  const auto encoding = parameters.find("client_encoding");
  if (encoding != parameters.end() && !is_utf8(encoding->second)) return "client_encoding";
  const auto options = parameters.find("options");
  if (options == parameters.end()) return std::nullopt;
  for (std::string& name : settings_in(options->second)) {
    if (std::ranges::binary_search(own_settings, name)) return std::move(name);
  }
  return std::nullopt;
}

}  // namespace

Result<PqParameters> parse_pq_url(const std::string& url) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeInfo> parsed(PQconninfoParse(url.c_str(), &message));
  PQfreemem(message);
  PqParameters parameters;
  if (parsed != nullptr) {
    for (const PQconninfoOption* option = parsed.get(); option->keyword != nullptr; ++option) {
      if (option->val != nullptr) parameters[option->keyword] = option->val;
    }
  }
  if (parsed == nullptr || looks_displaced(parameters)) {
    return config_error(
        "the warehouse's address is no URL of the form "
        "postgres://USER@HOST:PORT/DATABASE?sslmode=require",
        "write @ : / ? # % and blanks in "
        "its parts as %40 %3A %2F %3F %23 %25 %20, or give the password by PGPASSWORD or ~/.pgpass");
  }
  if (const auto setting = own_setting_of(parameters)) {
    return config_error(
        "the warehouse's address sets " + *setting +
            ", which Dray sets for itself: it reads and writes UTF-8, ISO dates and UTC",
        "leave " + *setting + " out of the address");
  }
  return parameters;
}

std::string pq_location(std::string_view scheme, const PqParameters& parameters) {
  const auto given = [&](const char* name) {
    const auto at = parameters.find(name);
    return at == parameters.end() ? std::string() : at->second;
  };
  std::string location(scheme);
  location += "://";
  if (const std::string user = given("user"); !user.empty()) location += user + '@';
  location += given("host");
  if (const std::string port = given("port"); !port.empty()) location += ':' + port;
  return location + '/' + given("dbname");
}

}  // namespace dray
