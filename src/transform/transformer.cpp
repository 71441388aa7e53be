#include "transform/transformer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/hash.h"
#include "base/result.h"
#include "base/utf8.h"
#include "transform/naming.h"
#include "transform/path_tree.h"
#include "transform/tables.h"
#include "transform/value_reader.h"

namespace dray {
namespace {

constexpr Slot slot_of(StandardColumn column) { return static_cast<Slot>(column); }

// A path that a person reads ends where it does not fit.
constexpr std::size_t source_bytes_max = 200;

bool has_traits(EventType type) {
  return type == EventType::identify || type == EventType::group || type == EventType::alias;
}

// How values with a path find their column.
enum class Space { property, context };

}  // namespace

class Transformer::Impl {
 public:
  Impl(Registry& registry, std::uint64_t check_seed, const TransformLimits& limits)
      : registry_(registry),
        check_seed_(check_seed),
        limits_(limits),
        tables_(registry, limits),
        cell_of_(slot_end) {}

  void begin_object(std::uint32_t object) { object_ = object; }

  std::optional<RejectReason> add(const JsonDocument& document, const Event& event,
                                  std::uint32_t line, NoticeCounts& notices) {
    const bool is_full = paths_.size() > limits_.paths_max ||
                         texts_bytes_ > limits_.paths_max * limits_.path_text_bytes;
    if (is_full) forget_paths();
    values_.begin(document, notices);
    line_ = line;
    table_ = tables_.table_of(event);
    if (table_ == nullptr) return RejectReason::too_many_tables;
    make_roots();
    const NoticeCounts notices_before = notices;
    collect_in_order(event);
    if (needs_sorting_) {
      notices = notices_before;
      collect_sorted(event);
    }
    settle_page_names(event);
    write_row(event);
    return std::nullopt;
  }

  void reject(std::uint32_t line, RejectReason reason, std::string_view detail,
              std::string_view text) {
    append_reject(tables_.rejects(), RejectedLine{object_, line, reason, detail, text});
  }

  WorkerTables& tables() { return tables_; }

 private:
  void forget_paths() {
    paths_.clear();
    texts_bytes_ = 0;
    context_ = nullptr;
    tables_.forget_paths();
  }

  // Where the event's paths begin.
  void make_roots() {
    if (table_->properties == nullptr) {
      table_->properties = &paths_.make();
      table_->properties->source = has_traits(table_->type) ? "traits" : "properties";
    }
    if (context_ == nullptr) {
      context_ = &paths_.make();
      context_->source = "context";
    }
  }

  // --- collecting cells ----------------------------------------------------------------------

  // The common case: no key comes twice and no two keys share a column, so the order of the
  // document does not matter. Sets needs_sorting_ when it does.
  void collect_in_order(const Event& event) {
    begin_collecting(event);
    if (event.context != no_value) walk(event.context, *context_, Space::context);
    if (event.fields != no_value) walk(event.fields, *table_->properties, Space::property);
  }

  // The specification's own order (3.4): members sorted bytewise by key, of equal keys only the
  // last, and a later value takes its column from an earlier one.
  void collect_sorted(const Event& event) {
    begin_collecting(event);
    if (event.context != no_value) walk_sorted(event.context, *context_, Space::context);
    if (event.fields != no_value) {
      walk_sorted(event.fields, *table_->properties, Space::property);
    }
    needs_sorting_ = false;
  }

  void begin_collecting(const Event& event) {
    if (++event_number_ == 0) {  // all numbers are used up: forget who took which slot
      std::ranges::fill(cell_of_, CellOfSlot{});
      event_number_ = 1;
    }
    needs_sorting_ = false;
    cells_.clear();
    refused_.clear();
    add_id(StandardColumn::id, event.message_id);
    add_id(StandardColumn::anonymous_id, event.anonymous_id);
    add_id(StandardColumn::user_id, event.user_id);
    add_id(StandardColumn::event_text, event.event_name);
    add_id(StandardColumn::group_id, event.group_id);
    add_id(StandardColumn::previous_id, event.previous_id);
  }

  void add_id(StandardColumn column, std::string_view text) {
    if (!text.empty()) cells_.push_back({slot_of(column), CellKind::text, false, text});
  }

  void walk(JsonValue object, PathNode& node, Space space) {
    const JsonDocument& document = values_.document();
    PathCursor cursor(node);
    for (JsonValue key = document.first(object); !document.at_end(key);
         key = document.after(key + 2)) {
      PathNode::Child& child = child_of(cursor, node, values_.text(key));
      if (child.last_event == event_number_) {
        needs_sorting_ = true;  // the same key twice
        return;
      }
      child.last_event = event_number_;
      const JsonValue value = key + 2;
      if (document.first_byte(value) == '{') {
        walk(value, *child.node, space);
      } else {
        set(slot_for(child, space), value, *child.node);
      }
      if (needs_sorting_) return;
    }
  }

  void walk_sorted(JsonValue object, PathNode& node, Space space) {
    struct Member {
      std::string_view key;
      JsonValue value;
    };
    const JsonDocument& document = values_.document();
    std::vector<Member> members;
    for (JsonValue key = document.first(object); !document.at_end(key);
         key = document.after(key + 2)) {
      members.push_back({values_.text(key), key + 2});
    }
    std::ranges::stable_sort(members, {}, &Member::key);
    PathCursor cursor(node);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i + 1].key == members[i].key) {
        const JsonValue lost = members[i].value;
        const bool is_same = document.raw(lost) == document.raw(members[i + 1].value);
        if (!is_same && document.kind(lost) != JsonKind::null)
          values_.notices().add(NoticeCode::repeated_key);
        continue;
      }
      PathNode::Child& child = child_of(cursor, node, members[i].key);
      if (document.first_byte(members[i].value) == '{') {
        walk_sorted(members[i].value, *child.node, space);
      } else {
        set_again(slot_for(child, space), members[i].value, *child.node);
      }
    }
  }

  PathNode::Child& child_of(PathCursor& cursor, const PathNode& parent, std::string_view key) {
    if (PathNode::Child* known = cursor.find(key)) return *known;
    PathNode& node = paths_.make();
    std::string segment = snake_case(key);
    node.hashed = parent.hashed || segment.empty();
    if (segment.empty()) segment = key_segment(key);
    node.path = parent.path.empty() ? segment : parent.path + '_' + segment;
    node.source = cut_utf8(parent.source + '.' + std::string(key), source_bytes_max);
    // Longer paths are refused; what they are does not matter any more.
    if (node.path.size() > limits_.path_bytes_max) node.path.resize(limits_.path_bytes_max + 1);
    texts_bytes_ += key.size() + node.path.capacity() + node.source.capacity();
    return cursor.add(key, node);
  }

  Slot slot_for(PathNode::Child& child, Space space) {
    if (child.slot == no_slot) child.slot = find_slot(*child.node, space);
    return child.slot;
  }

  Slot find_slot(const PathNode& node, Space space) {
    if (node.path.size() > limits_.path_bytes_max) return refused_slot;
    const bool is_context = space == Space::context;
    const std::size_t bytes_max = registry_.limits().name_bytes_max;
    const std::string column =
        is_context ? context_column(node.path, bytes_max) : property_column(node.path, bytes_max);
    const std::string plain = is_context ? "context_" + node.path : node.path;
    const bool is_cut = column != plain && column != '_' + plain;
    const NameOrigin origin = is_cut            ? NameOrigin::cut
                              : node.hashed     ? NameOrigin::hashed
                              : column != plain ? NameOrigin::prefixed
                                                : NameOrigin::plain;
    const auto slot =
        is_context ? registry_.context_slot(column, origin, node.source)
                   : registry_.property_slot(table_->batch.table, column, origin, node.source);
    return slot ? *slot : refused_slot;
  }

  // Marks the slot as taken by this event; false if it was taken already.
  bool take_slot(Slot slot) {
    CellOfSlot& taken = cell_of_[slot];
    if (taken.event == event_number_) return false;
    taken = {event_number_, static_cast<std::uint32_t>(cells_.size())};
    return true;
  }

  void set(Slot slot, JsonValue value, const PathNode& node) {
    if (slot >= slot_end) {
      refuse(value, node);
      return;
    }
    if (!take_slot(slot)) {
      needs_sorting_ = true;  // two keys with one column
      return;
    }
    values_.read_value(slot, value, cells_.emplace_back());
  }

  void set_again(Slot slot, JsonValue value, const PathNode& node) {
    if (slot >= slot_end) {
      refuse(value, node);
    } else if (take_slot(slot)) {
      cells_.push_back(values_.cell_for(slot, value));
    } else {
      PendingCell& earlier = cells_[cell_of_[slot].position];
      const PendingCell later = values_.cell_for(slot, value);
      const bool is_same = earlier.kind == later.kind && earlier.bytes == later.bytes;
      if (!earlier.is_null && !(is_same && !later.is_null))
        values_.notices().add_shared({table_->batch.table, slot});
      earlier = later;
    }
  }

  // A column that cannot be had. Told once per value, after it is sure that the row is made.
  void refuse(JsonValue value, const PathNode& node) {
    if (needs_sorting_ || values_.document().kind(value) == JsonKind::null) return;
    const bool too_long = node.path.size() > limits_.path_bytes_max;
    refused_.push_back({values_.cell_for(no_slot, value), node.path,
                        too_long ? RejectReason::name_too_long : RejectReason::too_many_columns});
  }

  // --- name and category of pages and screens (7.19) -----------------------------------------

  void settle_page_names(const Event& event) {
    if (table_->type != EventType::page && table_->type != EventType::screen) return;
    if (event.name != no_value) settle_page_name("name", "_name", event.name);
    if (event.category != no_value) settle_page_name("category", "_category", event.category);
  }

  // The call's own value has the column; a property of that name only if it differs, with a '_'.
  void settle_page_name(std::string_view column, std::string_view property_column,
                        JsonValue value) {
    const TableNumber table = table_->batch.table;
    const auto slot = registry_.property_slot(table, column, NameOrigin::plain, column);
    if (!slot) {
      refused_.push_back(
          {values_.cell_for(no_slot, value), column, RejectReason::too_many_columns});
      return;
    }
    const PendingCell own = values_.cell_for(*slot, value);
    if (take_slot(*slot)) {
      cells_.push_back(own);
      return;
    }
    PendingCell property = std::exchange(cells_[cell_of_[*slot].position], own);
    if (property.is_null || (property.kind == own.kind && property.bytes == own.bytes)) return;
    const auto property_slot = registry_.property_slot(table, property_column, NameOrigin::prefixed,
                                                       "properties." + std::string(column));
    if (!property_slot) {
      refused_.push_back({property, property_column, RejectReason::too_many_columns});
      return;
    }
    property.slot = *property_slot;
    cells_.push_back(property);
  }

  // --- writing the row -----------------------------------------------------------------------

  void write_row(const Event& event) {
    RowBatch& batch = table_->batch;
    const std::size_t bytes_before = batch.bytes();
    RecordWriter record(batch.records);
    record.begin();
    for (const PendingCell& cell : cells_) {
      if (cell.is_null) continue;
      observe(cell);
      record.cell(cell.slot, cell.kind, cell.bytes);
    }
    write_time(record, StandardColumn::sent_at, event.sent_at);
    write_time(record, StandardColumn::timestamp, event.timestamp);
    if (event.original_timestamp) {
      write_time(record, StandardColumn::original_timestamp, *event.original_timestamp);
    }
    record.end();
    batch.keys.push_back({xxh3(event.message_id), xxh3(event.message_id, check_seed_),
                          event.received_at, object_, line_});
    tables_.note_row(*table_, bytes_before);
    tell_refused();
  }

  void write_time(RecordWriter& record, StandardColumn column, Micros micros) {
    tables_.note(*table_, slot_of(column), observed_kind(CellKind::micros),
                 WorkerTables::seen_bits(*table_, slot_of(column)));
    record.cell(slot_of(column), micros);
  }

  void observe(const PendingCell& cell) {
    Observed& seen = WorkerTables::seen_bits(*table_, cell.slot);
    Observed bits = observed_kind(cell.kind);
    // Standard columns are text whatever they hold, and most others have met some text by now.
    if (cell.kind == CellKind::text && cell.slot >= property_slot_first &&
        (seen & observed_text_other) == 0) {
      bits |= observed_spelling(cell.bytes, seen);
    }
    if (cell.bytes.size() > 512) bits |= observed_length(cell.bytes.size());
    tables_.note(*table_, cell.slot, bits, seen);
  }

  void tell_refused() {
    for (const Refused& refused : refused_) {
      append_reject(
          tables_.rejects(),
          RejectedValue{object_, line_, refused.reason, registry_.name_of(table_->batch.table),
                        refused.column, refused.cell.bytes, explain(refused.reason)});
    }
    refused_.clear();
  }

  struct CellOfSlot {
    std::uint32_t event = 0;     // the event that took the slot last
    std::uint32_t position = 0;  // in cells_
  };
  struct Refused {
    PendingCell cell;
    std::string_view column;
    RejectReason reason = RejectReason::too_many_columns;
  };

  Registry& registry_;
  const std::uint64_t check_seed_;
  const TransformLimits limits_;

  PathPool paths_;
  std::size_t texts_bytes_ = 0;  // of the paths
  PathNode* context_ = nullptr;
  WorkerTables tables_;

  // The event at hand.
  ValueReader values_;
  WorkerTable* table_ = nullptr;
  std::uint32_t object_ = 0;
  std::uint32_t line_ = 0;
  std::uint32_t event_number_ = 0;
  bool needs_sorting_ = false;
  std::vector<PendingCell> cells_;
  std::vector<CellOfSlot> cell_of_;
  std::vector<Refused> refused_;
};

Transformer::Transformer(Registry& registry, std::uint64_t check_seed,
                         const TransformLimits& limits)
    : impl_(std::make_unique<Impl>(registry, check_seed, limits)) {}
Transformer::~Transformer() = default;

void Transformer::begin_object(std::uint32_t object) { impl_->begin_object(object); }

std::optional<RejectReason> Transformer::add(const JsonDocument& document, const Event& event,
                                             std::uint32_t line, NoticeCounts& notices) {
  return impl_->add(document, event, line, notices);
}

void Transformer::reject(std::uint32_t line, RejectReason reason, std::string_view detail,
                         std::string_view text) {
  impl_->reject(line, reason, detail, text);
}

std::vector<RowBatch> Transformer::take_full_batches() {
  return impl_->tables().take_full_batches();
}
std::vector<RowBatch> Transformer::take_all_batches() { return impl_->tables().take_all_batches(); }
std::size_t Transformer::pending_bytes() const { return impl_->tables().pending_bytes(); }
std::vector<Observation> Transformer::take_observations() {
  return impl_->tables().take_observations();
}
void Transformer::end_object(bool complete) { impl_->tables().end_object(complete); }

}  // namespace dray
