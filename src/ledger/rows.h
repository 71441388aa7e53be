// How this folder writes the ledger's rows and reads them: values, rows that are appended, and
// statements over many numbers. For its own sources alone.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/tables.h"
#include "sql/session.h"
#include "sql/sql.h"

namespace dray {

// A row of a QueryResult.
using LedgerRow = std::vector<std::optional<std::string>>;

// A value to write. A text is borrowed; an empty one is NULL.
PlainValue number_value(std::uint64_t value);
PlainValue text_or_null(std::string_view text);

// A value that was read. Nothing, or `otherwise`, for NULL and for what cannot be read.
std::int64_t to_number(const std::optional<std::string>& text, std::int64_t otherwise);
std::optional<Timestamp> to_time(const std::optional<std::string>& text);
// The same with 0, "" and the epoch for what is not there.
std::uint64_t count_of(const std::optional<std::string>& value);
std::string text_of(const std::optional<std::string>& value);
Timestamp time_of(const std::optional<std::string>& value);

// Rows made by a function: fill(i, row) for i in 0 .. count.
template <typename Fill>
class CountedRows final : public RowSource {
 public:
  CountedRows(std::size_t count, Fill fill) : count_(count), fill_(std::move(fill)) {}
  Result<bool> next(std::vector<PlainValue>& row) override {
    if (at_ == count_) return false;
    row.clear();
    fill_(at_++, row);
    return true;
  }

 private:
  std::size_t count_;
  std::size_t at_ = 0;
  Fill fill_;
};

// Appends `count` rows to `table` of the ledger.
template <typename Fill>
Result<void> append_rows(Session& session, const char* table, std::size_t count, Fill fill) {
  CountedRows<Fill> rows(count, std::move(fill));
  auto appended = session.append(ledger_schema, table, rows);
  return appended ? appended : of_ledger(std::move(appended).error(), table);
}

// A statement with so many numbers is too long for no warehouse, and neither is one with texts of
// so many bytes: Redshift takes 16 MB.
constexpr std::size_t numbers_per_statement = 10'000;
constexpr std::size_t text_bytes_per_statement = 1U << 20;

// Executes a statement that changes rows of `table` of the ledger.
Result<void> execute_on(Session& session, std::string_view table, const Sql& sql);

// The same with "`head` in (1, 2, 3)", in as many statements as that takes; of no numbers in none.
template <typename Number>
Result<void> execute_in(Session& session, std::string_view table, const SqlBuilder& head,
                        const std::vector<Number>& numbers) {
  for (std::size_t done = 0; done < numbers.size(); done += numbers_per_statement) {
    const std::size_t end = std::min(numbers.size(), done + numbers_per_statement);
    SqlBuilder sql = head;
    for (std::size_t i = done; i < end; ++i)
      sql.word(i == done ? " in (" : ", ").number(numbers[i]);
    DRAY_TRY(execute_on(session, table, std::move(sql.code(")")).done()));
  }
  return {};
}

// Likewise with texts: "`head` in ('a', 'b')".
Result<void> execute_in(Session& session, std::string_view table, const SqlBuilder& head,
                        const std::vector<std::string>& texts);

}  // namespace dray
