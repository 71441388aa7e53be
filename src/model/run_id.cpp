#include "model/run_id.h"

#include <algorithm>

#include "base/hash.h"

namespace dray {
namespace {

constexpr std::size_t moment_bytes = std::string_view("20261125T224631").size();
constexpr std::size_t entropy_digits = 6;

}  // namespace

RunId RunId::make(Timestamp began, std::uint64_t entropy) {
  std::string text = format_timestamp(to_micros(std::chrono::floor<std::chrono::seconds>(began)));
  std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
  std::ranges::replace(text, ' ', 'T');
  return RunId(text + "-" + sha256_hex(std::to_string(entropy)).substr(0, entropy_digits));
}

std::optional<Timestamp> RunId::began() const {
  if (text_.size() < moment_bytes || text_[8] != 'T') return std::nullopt;
  std::string moment = text_.substr(0, moment_bytes);
  for (const std::size_t at : {13U, 11U})
    moment.insert(at, ":");
  for (const std::size_t at : {6U, 4U})
    moment.insert(at, "-");
  const auto micros = parse_timestamp(moment + "Z");
  if (!micros) return std::nullopt;
  return from_micros(*micros);
}

}  // namespace dray
