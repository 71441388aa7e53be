#include "load/redshift_options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "aws/http.h"

namespace dray {
namespace {

constexpr std::string_view scheme = "redshift://";
constexpr unsigned connections_most = 32;

// Debian's, Ubuntu's and Red Hat's; each has Amazon's roots.
constexpr const char* certificate_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                             "/etc/pki/tls/certs/ca-bundle.crt"};

struct AddressParts {
  std::string connection;                    // for libpq, as postgres://...
  std::map<std::string, std::string> named;  // Dray's own
};

bool is_ours(std::string_view name) {
  return name == "staging" || name == "staging_region" || name == "iam_role" ||
         name == "query_group" || name == "connections" || name == "dedupe_window";
}

AddressParts split(const std::string& address) {
  AddressParts parts;
  const std::size_t query = std::min(address.find('?'), address.size());
  parts.connection = "postgres://" + address.substr(scheme.size(), query - scheme.size());
  bool first = true;
  for (std::size_t begin = query + 1; begin < address.size();) {
    const std::size_t end = std::min(address.find('&', begin), address.size());
    const std::string item = address.substr(begin, end - begin);
    const std::size_t equals = std::min(item.find('='), item.size());
    const std::string name = item.substr(0, equals);
    if (is_ours(name)) {
      std::string value = equals == item.size() ? "" : item.substr(equals + 1);
      // As libpq reads them: a '+' is no blank.
      for (std::size_t at = 0; (at = value.find('+', at)) != std::string::npos;)
        value.replace(at, 1, "%2B");
      parts.named[name] = uri_decode(value);
    } else {
      parts.connection += (first ? '?' : '&') + item;
      first = false;
    }
    begin = end + 1;
  }
  return parts;
}

Result<unsigned> whole_number(const std::string& name, const std::string& text, unsigned most) {
  unsigned value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value < 1 ||
      value > most) {
    return config_error("the warehouse's " + name + " is \"" + text + "\"\ntry: a whole number " +
                        "from 1 to " + std::to_string(most));
  }
  return value;
}

std::string certificate_file() {
  for (const char* file : certificate_files) {
    std::error_code ignored;
    if (std::filesystem::exists(file, ignored)) return file;
  }
  return certificate_files[0];
}

}  // namespace

Result<RedshiftOptions> redshift_options(const std::string& address) {
  const AddressParts parts = split(address);
  RedshiftOptions options;
  DRAY_ASSIGN(options.connection, parse_pq_url(parts.connection));
  options.connection.try_emplace("port", "5439");
  options.connection.try_emplace("dbname", "dev");
  options.connection.try_emplace("sslmode", "verify-full");
  options.connection.try_emplace("sslrootcert", certificate_file());
  options.location = pq_location("redshift", options.connection);
  for (const auto& [name, value] : parts.named) {
    if (name == "staging") options.staging = value;
    if (name == "staging_region") options.staging_region = value;
    if (name == "iam_role") options.iam_role = value;
    if (name == "query_group") options.query_group = value;
    if (name == "connections") {
      DRAY_ASSIGN(options.connections_max, whole_number(name, value, connections_most));
    }
    if (name == "dedupe_window") {
      DRAY_ASSIGN(const unsigned days, whole_number(name, value, 36'500));
      options.dedupe_window = std::chrono::days(days);
    }
  }
  return options;
}

}  // namespace dray
