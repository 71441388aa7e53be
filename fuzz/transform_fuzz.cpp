// Whatever the lines: each becomes one row, one reject or nothing, as decode_event() says; what was
// written is read back within its bounds, with each slot once in a row, in the order of the lines;
// and a worker that forgets its paths all the time makes the same rows.
//
// Input: lines.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/arena.h"
#include "base/json.h"
#include "base/numbers.h"
#include "base/result.h"
#include "base/time.h"
#include "base/utf8.h"
#include "decode/event.h"
#include "model/record.h"
#include "model/row_batch.h"
#include "transform/transformer.h"

namespace {

constexpr std::uint64_t check_seed = 1;

struct Outcome {
  std::vector<dray::RowBatch> batches;
  std::uint64_t rows = 0;
  std::uint64_t rejected_lines = 0;
};

Outcome run(std::string_view text, dray::Registry& registry, const dray::TransformLimits& limits) {
  dray::Transformer transformer(registry, check_seed, limits);
  dray::JsonDocument document;
  dray::Arena arena;
  dray::NoticeCounts notices;
  Outcome outcome;
  transformer.begin_object(7);
  std::uint32_t number = 0;
  const auto reject = [&](dray::RejectReason reason, std::string_view line) {
    DRAY_ASSERT(dray::is_line_reject(reason));
    transformer.reject(number, reason, "", line);
    ++outcome.rejected_lines;
  };
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(line.size() == text.size() ? line.size() : line.size() + 1);
    ++number;
    arena.clear();
    if (const dray::JsonError error = document.parse(line); error != dray::JsonError::none) {
      reject(dray::reject_reason(error), line);
      continue;
    }
    const auto decoded =
        dray::decode_event(document, line, std::string("warehouse"), arena, notices);
    if (const auto* event = std::get_if<dray::Event>(&decoded)) {
      const auto reason = transformer.add(document, *event, number, notices);
      reason ? reject(*reason, line) : static_cast<void>(++outcome.rows);
    } else if (const auto* reason = std::get_if<dray::RejectReason>(&decoded)) {
      reject(*reason, line);
    }
  }
  const auto observations = transformer.take_observations();
  for (const auto& observation : observations)
    DRAY_ASSERT(observation.bits != 0);
  registry.observe(observations);
  transformer.end_object(true);
  outcome.batches = transformer.take_all_batches();
  return outcome;
}

void check_cell(const dray::Cell& cell, bool is_reject) {
  using dray::CellKind;
  switch (cell.kind) {
    case CellKind::text:
    case CellKind::array:
      DRAY_ASSERT(dray::to_valid_utf8(cell.bytes) == cell.bytes);
      break;
    case CellKind::time_text:
      DRAY_ASSERT(dray::parse_timestamp(cell.bytes));
      break;
    case CellKind::integer:
      DRAY_ASSERT(dray::parse_int64(cell.bytes));
      break;
    case CellKind::real:
      DRAY_ASSERT(dray::nearest_double(cell.bytes));
      dray::exact_int64(cell.bytes);
      break;
    case CellKind::huge:
      DRAY_ASSERT(!dray::nearest_double(cell.bytes));
      break;
    case CellKind::boolean:
      DRAY_ASSERT(cell.bytes == "true" || cell.bytes == "false");
      break;
    case CellKind::micros:
      DRAY_ASSERT(cell.bytes.size() == sizeof(dray::Micros));
      DRAY_ASSERT(dray::parse_timestamp(dray::format_timestamp(dray::micros_of(cell))) ==
                  dray::micros_of(cell));
      break;
  }
  DRAY_ASSERT(!is_reject || cell.kind == CellKind::text);
}

void check_batch(const dray::RowBatch& batch) {
  static std::array<std::uint64_t, dray::slot_end> taken_by{};
  static std::uint64_t row = 0;
  const char* at = batch.records.data();
  const char* const end = at + batch.records.size();
  std::uint32_t last_line = 0;
  const bool is_reject = batch.table == dray::rejects_table;
  for (const dray::RowKey& key : batch.keys) {
    ++row;
    DRAY_ASSERT(key.object == 7);
    // One line may have several rejects, but only one row.
    DRAY_ASSERT(is_reject ? key.line >= last_line : key.line > last_line);
    last_line = key.line;
    DRAY_ASSERT(static_cast<std::size_t>(end - at) >= sizeof(std::uint32_t));
    dray::CellReader cells(at);
    DRAY_ASSERT(cells.end() <= end);
    dray::Cell cell;
    while (cells.next(cell)) {
      DRAY_ASSERT(cell.bytes.data() > at && cell.bytes.data() + cell.bytes.size() <= cells.end());
      DRAY_ASSERT(cell.slot < dray::slot_end && taken_by[cell.slot] != row);
      taken_by[cell.slot] = row;
      check_cell(cell, is_reject);
    }
    at = cells.end();
  }
  DRAY_ASSERT(at == end);
}

void check_rows(const Outcome& outcome) {
  std::uint64_t rows = 0;
  std::uint64_t rejects = 0;
  for (const dray::RowBatch& batch : outcome.batches) {
    check_batch(batch);
    (batch.table == dray::rejects_table ? rejects : rows) += batch.keys.size();
  }
  DRAY_ASSERT(rows == outcome.rows);
  DRAY_ASSERT(rejects >= outcome.rejected_lines);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  dray::Registry registry({.tables_max = 4, .properties_max = 6, .context_columns_max = 4});
  const Outcome once = run(text, registry, {.path_bytes_max = 64});
  check_rows(once);
  registry.tables();

  // The registry knows everything now, so that both have the same columns.
  const Outcome remembers = run(text, registry, {.path_bytes_max = 64});
  const Outcome forgets = run(text, registry, {.paths_max = 2, .path_bytes_max = 64});
  check_rows(forgets);
  DRAY_ASSERT(remembers.batches.size() == forgets.batches.size());
  for (std::size_t i = 0; i < remembers.batches.size(); ++i) {
    DRAY_ASSERT(remembers.batches[i].table == forgets.batches[i].table);
    DRAY_ASSERT(remembers.batches[i].records.view() == forgets.batches[i].records.view());
  }
  return 0;
}
