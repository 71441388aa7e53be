#include "config/substitute.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace dray {
namespace {

// A password or a connection string. A file that is larger is not what was meant.
constexpr std::size_t secret_bytes_max = 64 << 10;

bool is_variable_name(std::string_view name) {
  constexpr std::string_view letters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_";
  return !name.empty() && (name.front() < '0' || name.front() > '9') &&
         name.find_first_not_of(letters) == std::string_view::npos;
}

Result<std::string> value_of_file(const std::string& path, const std::string& base_directory) {
  auto content = read_small_file(resolve_path(path, base_directory), secret_bytes_max);
  if (!content.ok()) return std::move(content).error().within("${file:" + path + "}");
  std::string value = std::move(content).value();
  if (!value.empty() && value.back() == '\n') value.pop_back();
  if (!value.empty() && value.back() == '\r') value.pop_back();
  return value;
}

// `name` is what stands between the braces.
Result<std::string> value_of(std::string_view name, const std::string& base_directory) {
  constexpr std::string_view file_prefix = "file:";
  if (name.starts_with(file_prefix)) {
    return value_of_file(std::string(name.substr(file_prefix.size())), base_directory);
  }
  const std::string variable(name);
  if (!is_variable_name(name)) {
    return config_error("${" + variable + "} is neither ${NAME} nor ${file:PATH}");
  }
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) return config_error("${" + variable + "} is not set in the environment");
  return std::string(value);
}

}  // namespace

Result<std::string> substitute(std::string_view raw, const std::string& base_directory) {
  std::string out;
  while (!raw.empty()) {
    const std::size_t at = raw.find("${");
    if (at == std::string_view::npos) break;
    if (at > 0 && raw[at - 1] == '$') {
      out.append(raw.substr(0, at - 1)).append("${");
      raw.remove_prefix(at + 2);
      continue;
    }
    out.append(raw.substr(0, at));
    const std::size_t end = raw.find('}', at);
    if (end == std::string_view::npos) return config_error("a ${ without its }");
    DRAY_ASSIGN(const std::string value,
                value_of(raw.substr(at + 2, end - at - 2), base_directory));
    out += value;
    raw.remove_prefix(end + 1);
  }
  return out.append(raw);
}

std::string resolve_path(const std::string& path, const std::string& base_directory) {
  if (path.empty() || path.front() == '/' || base_directory.empty()) return path;
  return (std::filesystem::path(base_directory) / path).lexically_normal().string();
}

Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return config_error("is a directory");
  std::ifstream file(path, std::ios::binary);
  if (!file) return config_error(std::strerror(errno));
  std::string content(bytes_max + 1, '\0');
  file.read(content.data(), static_cast<std::streamsize>(content.size()));
  if (file.bad()) return config_error("cannot be read");
  content.resize(static_cast<std::size_t>(file.gcount()));
  if (content.size() > bytes_max) {
    return config_error("is larger than " + std::to_string(bytes_max >> 10) + " KiB");
  }
  return content;
}

}  // namespace dray
