#include "transform/transformer.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/hash.h"
#include "base/json_text.h"
#include "base/numbers.h"
#include "base/result.h"
#include "base/text_hash.h"
#include "base/utf8.h"
#include "transform/naming.h"
#include "transform/path_tree.h"

namespace dray {
namespace {

constexpr Slot slot_of(StandardColumn column) { return static_cast<Slot>(column); }

// A value on its way into the record. Null is a value too: it may be the winner of a collision.
struct PendingCell {
  Slot slot = 0;
  CellKind kind = CellKind::text;
  bool is_null = false;
  std::string_view bytes;
};

// Of digits that are too many for 64 bits.
bool is_exactly_a_double(std::string_view digits) {
  const auto nearest = nearest_double(digits);
  if (!nearest) return true;  // it stays text
  std::array<char, 400> text{};
  std::snprintf(text.data(), text.size(), "%.0f", *nearest);
  return digits == text.data();
}

// A worker's view of one table.
struct WorkerTable {
  EventType type = EventType::track;
  PathNode* properties = nullptr;
  RowBatch batch;
  // By slot: what is known to have been observed, by this object so far or by complete ones before.
  // Context columns follow the table's own.
  std::vector<Observed> seen_properties;
  std::vector<Observed> seen_context;
};

// Of a path that a person reads: longer ones end where they do not fit.
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
      : registry_(registry), check_seed_(check_seed), limits_(limits), cell_of_(slot_end) {
    rejects_.table = rejects_table;
  }

  void begin_object(std::uint32_t object) { object_ = object; }

  std::optional<RejectReason> add(const JsonDocument& document, const Event& event,
                                  std::uint32_t line, NoticeCounts& notices) {
    if (paths_.size() > limits_.paths_max) forget_paths();
    document_ = &document;
    notices_ = &notices;
    line_ = line;
    table_ = table_of(event);
    if (table_ == nullptr) return RejectReason::too_many_tables;
    arena_.clear();
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
    append_reject(rejects_, RejectedLine{object_, line, reason, detail, text});
  }

  std::vector<RowBatch> take_full_batches() {
    std::vector<RowBatch> taken;
    for (WorkerTable* table : full_)
      taken.push_back(take(table->batch));
    full_.clear();
    if (rejects_.bytes() >= limits_.batch_bytes) taken.push_back(take(rejects_));
    return taken;
  }

  std::vector<RowBatch> take_all_batches() {
    full_.clear();
    std::vector<RowBatch> taken;
    for (auto& table : tables_) {
      if (table && !table->batch.keys.empty()) taken.push_back(take(table->batch));
    }
    if (!rejects_.keys.empty()) taken.push_back(take(rejects_));
    return taken;
  }

  std::size_t pending_bytes() const { return pending_bytes_; }

  std::vector<Observation> take_observations() {
    told_.insert(told_.end(), observations_.begin(), observations_.end());
    return std::exchange(observations_, {});
  }

  void end_object(bool complete) {
    if (!complete) {
      // What only an unfinished object showed must be told again by the next that shows it.
      for (const Observation& told : told_) {
        Observed& seen = seen_bits(*tables_[told.table], told.slot);
        seen &= ~told.bits;
      }
    }
    told_.clear();
  }

 private:
  RowBatch take(RowBatch& batch) {
    if (batch.table != rejects_table) pending_bytes_ -= batch.bytes();
    RowBatch taken{batch.table, std::move(batch.keys), std::move(batch.records)};
    batch.keys.clear();
    return taken;
  }

  void forget_paths() {
    paths_.clear();
    context_ = nullptr;
    for (auto& table : tables_) {
      if (table) table->properties = nullptr;
    }
  }

  // --- which table ---------------------------------------------------------------------------

  WorkerTable* table_of(const Event& event) {
    TableNumber number = 0;
    if (event.type != EventType::track) {
      number = Registry::fixed_table(event.type);
    } else if (const auto found = events_.find(event.event_name); found != events_.end()) {
      number = found->second;
    } else {
      const auto made = registry_.event_table(event_slug(event.event_name), event.event_name);
      if (!made) return nullptr;
      number = *made;
      // Names that never repeat would fill memory; forgetting them costs a look into the registry.
      if (events_.size() >= limits_.paths_max) events_.clear();
      events_.emplace(event.event_name, number);
    }
    if (number >= tables_.size()) tables_.resize(number + 1);
    auto& table = tables_[number];
    if (!table) {
      table = std::make_unique<WorkerTable>();
      table->type = event.type;
      table->batch.table = number;
    }
    if (table->properties == nullptr) {
      table->properties = &paths_.make();
      table->properties->source = has_traits(event.type) ? "traits" : "properties";
    }
    if (context_ == nullptr) {
      context_ = &paths_.make();
      context_->source = "context";
    }
    return table.get();
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
    const JsonDocument& document = *document_;
    PathCursor cursor(node);
    for (JsonValue key = document.first(object); !document.at_end(key);
         key = document.after(key + 2)) {
      PathNode::Child& child = child_of(cursor, node, key_text(key));
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
    const JsonDocument& document = *document_;
    std::vector<Member> members;
    for (JsonValue key = document.first(object); !document.at_end(key);
         key = document.after(key + 2)) {
      members.push_back({key_text(key), key + 2});
    }
    std::ranges::stable_sort(members, {}, &Member::key);
    PathCursor cursor(node);
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i + 1].key == members[i].key) {
        const JsonValue lost = members[i].value;
        const bool is_same = document.raw(lost) == document.raw(members[i + 1].value);
        if (!is_same && document.kind(lost) != JsonKind::null)
          notices_->add(NoticeCode::repeated_key);
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

  std::string_view key_text(JsonValue key) {
    return document_->has_escapes(key) ? text_of(key) : document_->raw_string(key);
  }

  std::string_view text_of(JsonValue value) {
    Replaced replaced = Replaced::no;
    const std::string_view text = string_text(*document_, value, arena_, replaced);
    if (replaced == Replaced::yes) notices_->add(NoticeCode::replacement_character);
    return text;
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
    read_value(slot, value, cells_.emplace_back());
  }

  void set_again(Slot slot, JsonValue value, const PathNode& node) {
    if (slot >= slot_end) {
      refuse(value, node);
    } else if (take_slot(slot)) {
      cells_.push_back(cell_for(slot, value));
    } else {
      PendingCell& earlier = cells_[cell_of_[slot].position];
      const PendingCell later = cell_for(slot, value);
      const bool is_same = earlier.kind == later.kind && earlier.bytes == later.bytes;
      if (!earlier.is_null && !(is_same && !later.is_null))
        notices_->add(NoticeCode::shared_column);
      earlier = later;
    }
  }

  // A column that cannot be had. Told once per value, after it is sure that the row is made.
  void refuse(JsonValue value, const PathNode& node) {
    if (needs_sorting_ || document_->kind(value) == JsonKind::null) return;
    const bool too_long = node.path.size() > limits_.path_bytes_max;
    refused_.push_back({cell_for(no_slot, value), node.path,
                        too_long ? RejectReason::name_too_long : RejectReason::too_many_columns});
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
        cell.bytes = document_->has_escapes(value) ? text_of(value) : document_->raw_string(value);
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

  std::string_view array_text(JsonValue value) {
    scratch_.clear();
    Replaced replaced = Replaced::no;
    append_canonical(*document_, value, scratch_, replaced);
    if (replaced == Replaced::yes) notices_->add(NoticeCode::replacement_character);
    return arena_.keep(scratch_);
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
      refused_.push_back({cell_for(no_slot, value), column, RejectReason::too_many_columns});
      return;
    }
    const PendingCell own = cell_for(*slot, value);
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
    pending_bytes_ += batch.bytes() - bytes_before;
    if (bytes_before < limits_.batch_bytes && batch.bytes() >= limits_.batch_bytes) {
      full_.push_back(table_);
    }
    tell_refused();
  }

  void write_time(RecordWriter& record, StandardColumn column, Micros micros) {
    note(slot_of(column), observed_kind(CellKind::micros), seen_bits(*table_, slot_of(column)));
    record.cell(slot_of(column), micros);
  }

  void observe(const PendingCell& cell) {
    Observed& seen = seen_bits(*table_, cell.slot);
    Observed bits = observed_kind(cell.kind);
    // Standard columns are text whatever they hold, and most others have met some text by now.
    if (cell.kind == CellKind::text && cell.slot >= property_slot_first &&
        (seen & observed_text_other) == 0) {
      bits |= observed_spelling(cell.bytes, seen);
    }
    if (cell.bytes.size() > 512) bits |= observed_length(cell.bytes.size());
    note(cell.slot, bits, seen);
  }

  static Observed& seen_bits(WorkerTable& table, Slot slot) {
    const bool is_context = slot >= context_slot_first;
    auto& seen = is_context ? table.seen_context : table.seen_properties;
    const std::size_t at = is_context ? slot - context_slot_first : slot;
    if (at >= seen.size()) seen.resize(at + 16);
    return seen[at];
  }

  // `seen` is the slot's.
  void note(Slot slot, Observed bits, Observed& seen) {
    const Observed fresh = bits & ~seen;
    if (fresh == 0) return;
    seen |= fresh;
    observations_.push_back({table_->batch.table, slot, fresh});
  }

  void tell_refused() {
    for (const Refused& refused : refused_) {
      append_reject(rejects_, RejectedValue{object_, line_, refused.reason,
                                            registry_.name_of(table_->batch.table), refused.column,
                                            refused.cell.bytes, explain(refused.reason)});
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
  PathNode* context_ = nullptr;
  std::unordered_map<std::string, TableNumber, TextHash, std::equal_to<>> events_;
  std::vector<std::unique_ptr<WorkerTable>> tables_;  // by number
  std::vector<WorkerTable*> full_;
  RowBatch rejects_;
  std::size_t pending_bytes_ = 0;
  std::vector<Observation> observations_;  // not yet taken
  std::vector<Observation> told_;          // taken since the object began

  // Of the event at hand.
  const JsonDocument* document_ = nullptr;
  NoticeCounts* notices_ = nullptr;
  WorkerTable* table_ = nullptr;
  std::uint32_t object_ = 0;
  std::uint32_t line_ = 0;
  std::uint32_t event_number_ = 0;
  bool needs_sorting_ = false;
  std::vector<PendingCell> cells_;
  std::vector<CellOfSlot> cell_of_;
  std::vector<Refused> refused_;
  Arena arena_;
  std::string scratch_;
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

std::vector<RowBatch> Transformer::take_full_batches() { return impl_->take_full_batches(); }
std::vector<RowBatch> Transformer::take_all_batches() { return impl_->take_all_batches(); }
std::size_t Transformer::pending_bytes() const { return impl_->pending_bytes(); }
std::vector<Observation> Transformer::take_observations() { return impl_->take_observations(); }
void Transformer::end_object(bool complete) { impl_->end_object(complete); }

}  // namespace dray
