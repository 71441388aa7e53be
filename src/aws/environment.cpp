#include "aws/environment.h"

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/text.h"

namespace dray {
namespace {

// The name in a section of this kind, "profile name"; "" in one of another kind.
std::string name_behind(std::string_view word, std::string_view section) {
  if (!section.starts_with(word) || section.size() == word.size()) return {};
  const char blank = section[word.size()];
  if (blank != ' ' && blank != '\t') return {};
  return std::string(trimmed(section.substr(word.size())));
}

// "[profile name]" in config, "[name]" in credentials; null for what is of no use here.
AwsProfile* section_of(std::string_view section, bool is_config, AwsFiles& files) {
  if (!is_config || section == "default") return &files.profiles[std::string(section)];
  if (const std::string name = name_behind("profile", section); !name.empty()) {
    return &files.profiles[name];
  }
  if (const std::string name = name_behind("sso-session", section); !name.empty()) {
    return &files.sso_sessions[name];
  }
  return nullptr;
}

// A comment begins with '#' or ';' behind a blank.
std::string_view without_comment(std::string_view value) {
  for (std::size_t i = 1; i < value.size(); ++i) {
    const bool begins = value[i] == '#' || value[i] == ';';
    if (begins && (value[i - 1] == ' ' || value[i - 1] == '\t')) return trimmed(value.substr(0, i));
  }
  return value;
}

void read_sections(const std::string& text, bool is_config, AwsFiles& files) {
  std::istringstream lines(text);
  AwsProfile* profile = nullptr;
  for (std::string line; std::getline(lines, line);) {
    const std::string_view entry = trimmed(line);
    if (entry.empty() || entry.front() == '#' || entry.front() == ';') continue;
    if (entry.front() == '[') {
      const std::string_view section = trimmed(entry.substr(1, entry.find(']') - 1));
      profile = section.empty() ? nullptr : section_of(section, is_config, files);
      continue;
    }
    // Indented lines are settings of one service inside a setting ("s3 =").
    const bool is_nested = line.front() == ' ' || line.front() == '\t';
    const std::size_t equals = entry.find('=');
    if (profile == nullptr || is_nested || equals == std::string_view::npos) continue;
    (*profile)[std::string(trimmed(entry.substr(0, equals)))] =
        without_comment(trimmed(entry.substr(equals + 1)));
  }
}

// Empty when it is not there.
Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    if (errno == ENOENT || errno == ENOTDIR) return std::string();
    return config_error(path + ": " + std::generic_category().message(errno));
  }
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string place_of(const AwsEnvironment& environment, std::string_view variable,
                     const char* standard) {
  if (auto path = environment(variable)) return *std::move(path);
  const auto home = environment("HOME");
  return home ? *home + "/.aws/" + standard : std::string();
}

}  // namespace

AwsEnvironment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr || *value == '\0') return std::nullopt;
    return value;
  };
}

std::string value_of(const AwsProfile& profile, std::string_view key) {
  const auto found = profile.find(key);
  return found == profile.end() ? std::string() : found->second;
}

Result<AwsFiles> read_aws_files(const AwsEnvironment& environment) {
  AwsFiles files;
  for (const bool is_config : {true, false}) {
    const std::string path =
        is_config ? place_of(environment, "AWS_CONFIG_FILE", "config")
                  : place_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials");
    if (path.empty()) continue;
    DRAY_ASSIGN(const std::string text, read_file(path));
    read_sections(text, is_config, files);
  }
  return files;
}

Result<AwsConnection> find_aws_connection(const AwsEnvironment& environment,
                                          const std::string& profile) {
  DRAY_ASSIGN(const AwsFiles files, read_aws_files(environment));
  const std::string name =
      profile.empty() ? environment("AWS_PROFILE").value_or("default") : profile;
  const auto found = files.profiles.find(name);
  const AwsProfile own = found == files.profiles.end() ? AwsProfile() : found->second;
  const auto first = [&](std::initializer_list<std::string_view> variables, const char* key) {
    for (const std::string_view variable : variables) {
      if (auto value = environment(variable)) return *std::move(value);
    }
    return value_of(own, key);
  };
  AwsConnection connection;
  connection.region = first({"AWS_REGION", "AWS_DEFAULT_REGION"}, "region");
  connection.endpoint = first({"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"}, "endpoint_url");
  connection.ca_file = first({"AWS_CA_BUNDLE"}, "ca_bundle");
  return connection;
}

}  // namespace dray
