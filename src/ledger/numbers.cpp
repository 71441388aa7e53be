#include "ledger/numbers.h"

#include <algorithm>
#include <utility>

#include "base/hash.h"
#include "ledger/rows.h"
#include "sql/query_values.h"

namespace dray {
namespace {

// 2^40 numbers in each. A hash chooses one of 2^22; there are as many behind them, so that there is
// always a next one.
constexpr unsigned range_bits = 40;
constexpr unsigned hash_bits = 22;

std::int64_t hashed_range(const std::string& source) {
  return static_cast<std::int64_t>(xxh3(source) >> (64U - hash_bits));
}

// The number before its first.
std::int64_t begin_of(std::int64_t range) {
  DRAY_ASSERT(range >= 0 && range < (std::int64_t{1} << (hash_bits + 1)) - 1);
  return range * (std::int64_t{1} << range_bits);
}

std::int64_t range_of(std::int64_t number) {
  return (number - 1) / (std::int64_t{1} << range_bits);
}

std::int64_t next_in(std::int64_t range, const std::optional<std::int64_t>& greatest) {
  return (greatest && range_of(*greatest) == range ? *greatest : begin_of(range)) + 1;
}

// Whether other sources have numbers of the range.
Result<bool> is_taken(Session& session, const std::string& source, std::int64_t range) {
  const std::int64_t begin = begin_of(range);
  const std::int64_t end = begin_of(range + 1);
  SqlBuilder sql("select 1 from _dray.objects where source <> ");
  sql.text(source).code(" and object_number > ").number(begin);
  sql.code(" and object_number <= ").number(end);
  sql.code(" union all select 1 from _dray.tables where source <> ").text(source);
  sql.code(" and table_number > ").number(begin).code(" and table_number <= ").number(end);
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(sql.code(" limit 1")).done()));
  return !found.rows.empty();
}

}  // namespace

NumberRange first_range(const std::string& source) {
  const std::int64_t range = hashed_range(source);
  return {range, begin_of(range) + 1, begin_of(range) + 1, false};
}

// Of what a source has the greatest number tells: a range that it left lies before those that it
// came to later.
Result<NumberRange> find_range(Session& session, const std::string& source,
                               const NumbersGiven& given) {
  const auto greatest = std::max(given.greatest_object, given.greatest_table);
  std::int64_t range = greatest ? range_of(*greatest) : hashed_range(source);
  while (true) {
    DRAY_ASSIGN(const bool taken, is_taken(session, source, range));
    if (!taken) break;
    ++range;
  }
  const bool has_left = given.least_object && range_of(*given.least_object) != range;
  return NumberRange{range, next_in(range, given.greatest_object),
                     next_in(range, given.greatest_table), has_left};
}

Result<SharedNumbers> shared_numbers(Session& session, const std::string& source) {
  SqlBuilder sql(
      "select distinct a.object_number, b.source from _dray.objects a join _dray.objects b on "
      "b.object_number = a.object_number where a.source = ");
  sql.text(source).code(" and b.source <> ").text(source);
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(sql).done()));
  SharedNumbers shared;
  for (const auto& row : found.rows) {
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[0], "_dray.objects.object_number"));
    shared.objects.insert(number);
    if (std::ranges::find(shared.sources, text_of(row[1])) == shared.sources.end()) {
      shared.sources.push_back(text_of(row[1]));
    }
  }
  std::ranges::sort(shared.sources);
  return shared;
}

Result<std::map<std::string, std::uint64_t>> count_shared_numbers(Session& session) {
  DRAY_ASSIGN(
      const QueryResult found,
      session.query(SqlBuilder("select a.source, count(distinct a.object_number) from "
                               "_dray.objects a join _dray.objects b on b.object_number = "
                               "a.object_number where a.source <> b.source group by a.source")
                        .done()));
  std::map<std::string, std::uint64_t> counts;
  for (const auto& row : found.rows)
    counts.emplace(text_of(row[0]), count_of(row[1]));
  return counts;
}

}  // namespace dray
