#include "load/row_addresses.h"

#include <cstddef>
#include <limits>

#include "sql/query_values.h"

namespace dray {
namespace {

constexpr std::uint64_t partitions_max = 1ULL << 16;

template <typename Number>
Result<Number> number_in(std::string_view text, std::string_view where) {
  DRAY_ASSIGN(const std::uint64_t number, needed_count(text, where));
  if (number <= std::numeric_limits<Number>::max()) return static_cast<Number>(number);
  return internal_error(std::string(where) + " is out of its range");
}

}  // namespace

Result<std::int64_t> RowAddresses::add(std::string_view table_oid, std::string_view ctid) {
  DRAY_ASSIGN(const auto oid, number_in<std::uint32_t>(table_oid, "tableoid"));
  const std::size_t comma = ctid.find(',');
  if (comma == std::string_view::npos || !ctid.starts_with('(') || !ctid.ends_with(')')) {
    return internal_error("a ctid is no (BLOCK,PLACE)");
  }
  DRAY_ASSIGN(const auto block,
              number_in<std::uint32_t>(ctid.substr(1, comma - 1), "the block of a ctid"));
  DRAY_ASSIGN(const auto place,
              number_in<std::uint16_t>(ctid.substr(comma + 1, ctid.size() - comma - 2),
                                       "the place of a ctid"));
  const auto [partition, added] = partitions_.try_emplace(oid, oids_.size());
  if (added) oids_.push_back(oid);
  if (partition->second >= partitions_max) {
    return config_error("a table of more than 65,536 partitions cannot be loaded");
  }
  return static_cast<std::int64_t>(partition->second << 48 | std::uint64_t{block} << 16 | place);
}

std::string RowAddresses::line(std::int64_t row) const {
  const auto bits = static_cast<std::uint64_t>(row);
  return std::to_string(oids_[bits >> 48]) + "\t(" +
         std::to_string(static_cast<std::uint32_t>(bits >> 16)) + "," +
         std::to_string(static_cast<std::uint16_t>(bits)) + ")\n";
}

}  // namespace dray
