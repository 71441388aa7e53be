// The values of an event as cells of its row: their kinds and their texts.
//
// All of it is in the header, for the hot loop to have it inline.
// Threads: one reader belongs to one worker.
#pragma once

#include <array>
#include <cstdio>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/numbers.h"
#include "base/time.h"
#include "model/event.h"
#include "model/record.h"

namespace dray {

// A value on its way into the record. Null is a value too: it may be the winner of a collision.
struct PendingCell {
  Slot slot = 0;
  CellKind kind = CellKind::text;
  bool is_null = false;
  std::string_view bytes;
};

// What it gives are views of the document, or of memory of its own that stays until begin().
class ValueReader {
 public:
  // From here on values are of this document, and what is told of them goes there. Borrows both.
  void begin(const JsonDocument& document, NoticeCounts& notices) {
    document_ = &document;
    notices_ = &notices;
    arena_.clear();
  }

  const JsonDocument& document() const { return *document_; }
  NoticeCounts& notices() const { return *notices_; }

  // The text of a string or of a key.
  std::string_view text(JsonValue value) {
    return document_->has_escapes(value) ? text_of(value) : document_->raw_string(value);
  }

  PendingCell cell_for(Slot slot, JsonValue value) {
    PendingCell cell;
    read_value(slot, value, cell);
    return cell;
  }

  // Fills in a new cell where it lies: copying one whose parts have just been written stalls the
  // processor.
  void read_value(Slot slot, JsonValue value, PendingCell& cell) {
    cell.slot = slot;
    switch (document_->first_byte(value)) {
      case '"':
        cell.bytes = text(value);
        if (parse_timestamp(cell.bytes)) cell.kind = CellKind::time_text;
        return;
      case '[':
        cell.kind = CellKind::array;
        cell.bytes = array_text(value);
        return;
      case 't':
        cell.kind = CellKind::boolean;
        cell.bytes = "true";
        return;
      case 'f':
        cell.kind = CellKind::boolean;
        cell.bytes = "false";
        return;
      case 'n':
        cell.is_null = true;
        return;
      default:
        cell.kind = number_kind(value);
        cell.bytes = document_->number(value);
    }
  }

 private:
  std::string_view text_of(JsonValue value) {
    Replaced replaced = Replaced::no;
    const std::string_view text = string_text(*document_, value, arena_, replaced);
    if (replaced == Replaced::yes) notices_->add(NoticeCode::replacement_character);
    return text;
  }

  std::string_view array_text(JsonValue value) {
    scratch_.clear();
    Replaced replaced = Replaced::no;
    append_canonical(*document_, value, scratch_, replaced);
    if (replaced == Replaced::yes) notices_->add(NoticeCode::replacement_character);
    return arena_.keep(scratch_);
  }

  CellKind number_kind(JsonValue value) const {
    const std::string_view number = document_->number(value);
    // 18 digits always fit 64 bits, and without an exponent it takes 309 to leave a double.
    if (document_->is_integer(value)) {
      if (number.size() <= 18 || parse_int64(number)) return CellKind::integer;
      if (!is_exactly_a_double(number)) notices_->add(NoticeCode::huge_integer);
    }
    if (number.size() < 300 && number.find_first_of("eE") == std::string_view::npos) {
      return CellKind::real;
    }
    return nearest_double(number) ? CellKind::real : CellKind::huge;
  }

  // Whether a double holds digits that are too many for 64 bits.
  static bool is_exactly_a_double(std::string_view digits) {
    const auto nearest = nearest_double(digits);
    if (!nearest) return true;  // it stays text
    std::array<char, 400> text{};
    std::snprintf(text.data(), text.size(), "%.0f", *nearest);
    return digits == text.data();
  }

  const JsonDocument* document_ = nullptr;
  NoticeCounts* notices_ = nullptr;
  Arena arena_;
  std::string scratch_;
};

}  // namespace dray
