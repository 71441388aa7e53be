#include "base/quotable.h"

#include <algorithm>
#include <filesystem>

namespace dray {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

}  // namespace

std::string quotable_option(std::string_view argument) {
  constexpr std::size_t name_bytes_max = 32;
  if (!argument.starts_with("-") || argument.size() < 2) return "";
  if (!argument.starts_with("--")) return std::string(argument.substr(0, 2));
  const std::string_view name = argument.substr(0, argument.find('='));
  const bool is_name = std::ranges::all_of(name, [](char c) { return is_lower(c) || c == '-'; });
  return is_name && name.size() <= name_bytes_max ? std::string(name) : "";
}

std::string quotable_scheme(std::string_view address) {
  constexpr std::size_t name_bytes_max = 12;
  const std::size_t end = address.find("://");
  if (end == std::string_view::npos || end == 0 || end > name_bytes_max) return "";
  const std::string_view name = address.substr(0, end);
  const bool is_name = is_lower(name.front()) && std::ranges::all_of(name, [](char c) {
                         return is_lower(c) || (c >= '0' && c <= '9');
                       });
  return is_name ? std::string(name) : "";
}

std::string quotable_path(const std::string& path, std::string_view otherwise) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? path : std::string(otherwise);
}

std::string without_values(std::string text, const std::vector<std::string>& values) {
  constexpr std::string_view stars = "***";
  for (const std::string& value : values) {
    if (value.size() <= 2) continue;
    for (std::size_t at = 0; (at = text.find(value, at)) != std::string::npos; at += stars.size())
      text.replace(at, value.size(), stars);
  }
  return text;
}

}  // namespace dray
