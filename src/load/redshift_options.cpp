#include "load/redshift_options.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>

#include "net/http.h"

namespace dray {
namespace {

constexpr std::string_view scheme = "redshift://";
constexpr unsigned connections_most = 32;
constexpr unsigned days_most = 36'500;
constexpr unsigned tables_most = 10'000'000;

// Debian's, Ubuntu's and Red Hat's; each has Amazon's roots.
constexpr const char* certificate_files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                             "/etc/pki/tls/certs/ca-bundle.crt"};

struct AddressParts {
  std::string connection;                    // for libpq, as postgres://...
  std::map<std::string, std::string> named;  // Dray's own
};

constexpr std::string_view own_names[] = {
    "staging",          "staging_region",      "staging_endpoint",   "staging_profile",
    "staging_role_arn", "staging_external_id", "staging_encryption", "staging_kms_key_id",
    "iam_role",         "query_group",         "connections",        "dedupe_window",
    "cluster",          "workgroup",           "iam_region",         "db_groups",
    "auto_create",      "staging_compression", "let_sleep",          "tables_max",
    "comments",
};

bool is_ours(std::string_view name) {
  return std::ranges::find(own_names, name) != std::end(own_names);
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
      // libpq reads them so: a '+' is no blank.
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

// What the address says by name.
class Named {
 public:
  explicit Named(const std::map<std::string, std::string>& values) : values_(values) {}

  std::string text(const std::string& name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? "" : found->second;
  }
  Result<unsigned> number(const std::string& name, unsigned otherwise, unsigned most) const {
    const auto found = values_.find(name);
    if (found == values_.end()) return otherwise;
    const std::string& text = found->second;
    unsigned value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool is_whole = read.ec == std::errc() && read.ptr == text.data() + text.size();
    if (is_whole && value >= 1 && value <= most) return value;
    return config_error("the warehouse's " + name + " is no number that it may be",
                        "a whole number from 1 to " + std::to_string(most));
  }

 private:
  const std::map<std::string, std::string>& values_;
};

Result<void> check_staging(const RedshiftStaging& staging) {
  const std::string& packed = staging.compression;
  if (!packed.empty() && packed != "zstd" && packed != "gzip") {
    return config_error("the warehouse's staging_compression is none that there is",
                        "zstd or gzip");
  }
  const std::string& wanted = staging.encryption;
  if (wanted.empty() || wanted == "aes256" || wanted == "kms") return {};
  return config_error("the warehouse's staging_encryption is none that there is",
                      "aes256, or kms with "
                      "staging_kms_key_id");
}

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

Result<std::optional<RedshiftIam>> iam_of(const Named& named) {
  RedshiftIam iam{named.text("cluster"), named.text("workgroup"), named.text("iam_region"),
                  split_at_commas(named.text("db_groups")), named.text("auto_create") == "true"};
  if (iam.cluster.empty() && iam.workgroup.empty()) return std::optional<RedshiftIam>();
  if (iam.cluster.empty() || iam.workgroup.empty()) return std::optional(std::move(iam));
  return config_error("the warehouse is a cluster or a workgroup, not both",
                      "leave out cluster "
                      "or workgroup");
}

Result<bool> comments_of(const Named& named) {
  const std::string wanted = named.text("comments");
  if (wanted == "tables") return true;
  if (wanted.empty() || wanted == "none") return false;
  return config_error("the warehouse's comments is \"" + wanted + "\"", "tables or none");
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
  const Named named(parts.named);
  options.staging = {named.text("staging"),
                     named.text("staging_region"),
                     named.text("staging_endpoint"),
                     named.text("staging_profile"),
                     named.text("staging_role_arn"),
                     named.text("staging_external_id"),
                     named.text("staging_encryption"),
                     named.text("staging_kms_key_id"),
                     named.text("staging_compression")};
  DRAY_TRY(check_staging(options.staging));
  options.iam_role = named.text("iam_role");
  if (const std::string group = named.text("query_group"); !group.empty()) {
    options.query_group = group;
  }
  DRAY_ASSIGN(options.connections_max, named.number("connections", 4, connections_most));
  DRAY_ASSIGN(const unsigned days, named.number("dedupe_window", 0, days_most));
  if (days > 0) options.dedupe_window = std::chrono::days(days);
  DRAY_ASSIGN(const unsigned tables, named.number("tables_max", 0, tables_most));
  if (tables > 0) options.tables_max = tables;
  DRAY_ASSIGN(options.comments, comments_of(named));
  DRAY_ASSIGN(options.iam, iam_of(named));
  const std::string& host = options.connection["host"];
  const bool is_workgroup = (options.iam && !options.iam->workgroup.empty()) ||
                            host.find(".redshift-serverless.") != std::string::npos;
  options.let_sleep =
      named.text("let_sleep").empty() ? is_workgroup : named.text("let_sleep") == "true";
  return options;
}

}  // namespace dray
