#include "schema/plan.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>

namespace dray {
namespace {

// What published packages and dashboards read (the specification, 5): there before data is, so that
// a site that never saw an utm_term does not break them.
constexpr std::array context_contract = std::to_array<std::string_view>({
    "context_campaign_content",
    "context_campaign_medium",
    "context_campaign_name",
    "context_campaign_source",
    "context_campaign_term",
    "context_ip",
    "context_library_name",
    "context_library_version",
    "context_page_path",
    "context_page_referrer",
    "context_page_search",
    "context_page_title",
    "context_page_url",
    "context_user_agent",
});

struct PropertyContract {
  std::string_view table;
  std::string_view column;
};
constexpr std::array property_contract = std::to_array<PropertyContract>({
    {"pages", "category"},
    {"pages", "name"},
    {"pages", "path"},
    {"pages", "referrer"},
    {"pages", "search"},
    {"pages", "title"},
    {"pages", "url"},
    {"screens", "category"},
    {"screens", "name"},
});

constexpr std::array fixed_tables = std::to_array<std::string_view>(
    {"accounts", "aliases", "groups", "identifies", "pages", "screens", "tracks", "users"});

bool is_fixed(std::string_view table) { return std::ranges::binary_search(fixed_tables, table); }

// What campaigns, pages and libraries are called, and where somebody is: text, whatever the first
// values look like (an utm_term of 2024).
bool is_context_text(std::string_view column) {
  if (column == "context_ip" || column == "context_user_agent") return true;
  constexpr std::array prefixes =
      std::to_array<std::string_view>({"context_campaign_", "context_library_", "context_page_"});
  return std::ranges::any_of(prefixes,
                             [&](std::string_view prefix) { return column.starts_with(prefix); });
}

// Where in an event the values of a contract column stand.
std::string contract_source(std::string_view column) {
  if (column == "context_user_agent") return "context.userAgent";
  if (column == "name" || column == "category") return std::string(column);
  if (!column.starts_with("context_")) return "properties." + std::string(column);
  std::string source(column);
  source[source.find('_')] = '.';
  if (const std::size_t next = source.find('_'); next != std::string::npos) source[next] = '.';
  return source;
}

bool is_property_contract(std::string_view table, std::string_view column) {
  return std::ranges::any_of(property_contract, [&](const PropertyContract& contract) {
    return contract.table == table && contract.column == column;
  });
}

std::vector<StandardColumn> standard_contract(std::string_view table) {
  using enum StandardColumn;
  if (table == "users" || table == "accounts") return {id, received_at, uuid, uuid_ts};
  std::vector<StandardColumn> columns = {id,      received_at,  uuid,
                                         uuid_ts, anonymous_id, user_id,
                                         sent_at, timestamp,    original_timestamp};
  if (table == "groups") columns.push_back(group_id);
  if (table == "aliases") columns.push_back(previous_id);
  if (table == "tracks" || !is_fixed(table)) {
    columns.push_back(event);
    columns.push_back(event_text);
  }
  return columns;
}

// Standard columns in their own order, then the context's, then the others, by name.
struct ColumnOrder {
  static std::size_t rank(const Column& column) {
    if (const auto standard = standard_column(column.name)) {
      return static_cast<std::size_t>(*standard);
    }
    return standard_column_count + (column.name.starts_with("context_") ? 0 : 1);
  }
  bool operator()(const Column& a, const Column& b) const {
    const auto left = rank(a);
    const auto right = rank(b);
    return left != right ? left < right : a.name < b.name;
  }
};

const LiveTable* find_table(const Catalog& catalog, std::string_view name) {
  for (const LiveTable& table : catalog.tables) {
    if (table.name == name) return &table;
  }
  return nullptr;
}

// A time with a zone becomes one without in the zone of whoever changes the column, unless told
// otherwise; all times here are UTC.
Error type_needed(const std::string& table, const LiveColumn& column, ColumnType wanted) {
  const std::string type(to_string(wanted));
  const bool has_zone = wanted == ColumnType::timestamp &&
                        (column.type_name == "timestamp with time zone" ||  // PostgreSQL
                         column.type_name == "TIMESTAMP WITH TIME ZONE");   // DuckDB
  const std::string value =
      has_zone ? column.name + " at time zone 'UTC'" : "cast(" + column.name + " as " + type + ")";
  return config_error(table + "." + column.name + " is " + column.type_name +
                          ", and every table of Dray's needs it as " + type,
                      "alter table " + table + " alter column " + column.name + " type " + type +
                          " using " + value + "; or load this source into another schema");
}

// A column that every row needs is gone. Rows without their uuid_ts are whole; those without one of
// the others cannot be told apart any more.
Error dropped_column(const std::string& table, StandardColumn column) {
  const std::string name(facts(column).name);
  std::string message = table + "." + name + " was dropped or renamed, and Dray needs it";
  if (column == StandardColumn::uuid_ts) {
    return config_error(std::move(message), "alter table " + table + " add column " + name + " " +
                                                std::string(to_string(facts(column).type)));
  }
  return config_error(std::move(message),
                      "give it its name again if it has another; else rename the table, and the "
                      "next sync makes a new one and says how to load its rows again");
}

Result<void> check_ours(const Catalog& catalog, const LiveTable& table, bool is_known) {
  const std::string name = catalog.schema + "." + table.name;
  if (table.is_view) {
    return config_error(name + " is a view, and events of that name need a table",
                        "rename the view, or load this source into another schema");
  }
  for (const StandardColumn column : {StandardColumn::id, StandardColumn::received_at,
                                      StandardColumn::uuid, StandardColumn::uuid_ts}) {
    const bool present = std::ranges::any_of(table.columns, [&](const LiveColumn& live) {
      return live.name == facts(column).name && live.writable && live.type == facts(column).type;
    });
    const auto other = std::ranges::find(table.columns, facts(column).name, &LiveColumn::name);
    if (!present && other != table.columns.end()) {
      return type_needed(name, *other, facts(column).type);
    }
    if (!present && is_known) return dropped_column(name, column);
    if (!present) {
      return config_error(name + " was not made by Dray: it has no column " +
                              std::string(facts(column).name) + " of type " +
                              std::string(to_string(facts(column).type)),
                          "move that table away, or load this source into another schema");
    }
  }
  return {};
}

class TablePlanner {
 public:
  TablePlanner(const Catalog& catalog, const WantedTable& wanted, ContractColumns contract,
               const CatalogLimits& limits, const TypeRules& types)
      : catalog_(catalog), wanted_(wanted), contract_(contract), limits_(limits), types_(types) {}

  TablePlan plan(std::vector<SchemaChange>& changes) {
    plan_.table = wanted_.name;
    live_ = find_table(catalog_, wanted_.name);
    if (auto usable = check_usable(); !usable) {
      plan_.unusable = std::move(usable).error();
      return std::move(plan_);
    }
    plan_.created = live_ == nullptr;
    collect_new_columns();
    add_load_columns();
    add_changes(changes);
    return std::move(plan_);
  }

 private:
  Result<void> check_usable() const {
    if (live_ != nullptr) return check_ours(catalog_, *live_, wanted_.is_known);
    if (!is_taken(catalog_, wanted_.name)) return {};
    return config_error(
        catalog_.schema + "." + wanted_.name + " is no table, and rows of that name need one",
        "rename it, or load this source into another schema");
  }

  const LiveColumn* live_column(std::string_view name) const {
    if (live_ == nullptr) return nullptr;
    for (const LiveColumn& column : live_->columns) {
      if (column.name == name) return &column;
    }
    return nullptr;
  }

  void want(std::string_view name, ColumnType type) {
    if (live_column(name) != nullptr) return;
    Column column{std::string(name), type, varchar_bytes_default, name == "id"};
    missing_.emplace(name, std::move(column));
  }

  // users and accounts have the types that their source has.
  bool follows_another() const { return wanted_.name == "users" || wanted_.name == "accounts"; }

  // The type that a new column of the table gets whatever its values are.
  std::optional<ColumnType> ruled_type(std::string_view column) const {
    if (follows_another()) return std::nullopt;
    if (const auto chosen = types_.find(wanted_.name, column)) return chosen;
    const bool is_text = is_context_text(column) || (contract_ == ContractColumns::create &&
                                                     is_property_contract(wanted_.name, column));
    return is_text ? std::optional(ColumnType::varchar) : std::nullopt;
  }

  ColumnType type_of(const WantedColumn& column) const {
    if (column.standard) return facts(*column.standard).type;
    return ruled_type(column.name).value_or(column.type);
  }

  void want_contract() {
    if (contract_ == ContractColumns::leave_out || !is_fixed(wanted_.name)) return;
    const auto want_text = [&](std::string_view column) {
      want(column, ruled_type(column).value_or(ColumnType::varchar));
      const auto made = missing_.find(column);
      if (made != missing_.end() && made->second.comment.empty()) {
        made->second.comment = contract_source(column);
      }
    };
    for (const std::string_view column : context_contract)
      want_text(column);
    for (const PropertyContract& contract : property_contract) {
      if (contract.table == wanted_.name) want_text(contract.column);
    }
  }

  // Within the limits; a value may be longer.
  std::uint32_t within_limits(std::uint32_t varchar_bytes) const {
    return std::min(varchar_bytes, limits_.varchar_bytes_max.value_or(varchar_bytes));
  }

  // What the warehouse lacks, in the order of creation, up to the bound.
  void collect_new_columns() {
    for (const StandardColumn column : standard_contract(wanted_.name)) {
      // `users` is computed from the user_id of identifies, even if none has one yet.
      const bool always = column <= StandardColumn::uuid_ts || column == StandardColumn::event ||
                          (column == StandardColumn::user_id && wanted_.name == "identifies");
      if (always || contract_ == ContractColumns::create) {
        want(facts(column).name, facts(column).type);
      }
    }
    for (const WantedColumn& column : wanted_.columns) {
      want(column.name, type_of(column));
      if (const auto made = missing_.find(column.name); made != missing_.end()) {
        made->second.varchar_bytes = within_limits(column.varchar_bytes);
        made->second.comment = column.comment;
      }
    }
    want_contract();
    const std::size_t live_count =
        live_ == nullptr ? 0 : live_->columns.size() + live_->columns_dropped;
    const std::size_t room =
        limits_.columns_per_table_max > live_count ? limits_.columns_per_table_max - live_count : 0;
    for (const auto& [name, column] : missing_)
      plan_.new_columns.push_back(column);
    std::ranges::sort(plan_.new_columns, ColumnOrder());
    if (plan_.new_columns.size() > room) plan_.new_columns.resize(room);
    plan_.table_columns = live_count + plan_.new_columns.size();
  }

  LoadColumn load_column(const std::string& name, std::uint32_t varchar_bytes) {
    LoadColumn column;
    column.name = name;
    if (const LiveColumn* live = live_column(name)) {
      column.type = live->type;
      if (!live->writable) column.refused = RejectReason::unknown_column_type;
      if (live->varchar_bytes) {
        column.varchar_bytes = widened(*live, varchar_bytes);
        // Where strings need no bound, a widened column has none.
        const bool is_widened = column.varchar_bytes != live->varchar_bytes;
        if (is_widened && !limits_.varchar_bytes_max) column.varchar_bytes.reset();
      }
      return column;
    }
    column.created = !ruled_type(name);
    for (const Column& made : plan_.new_columns) {
      if (made.name != name) continue;
      column.type = made.type;
      if (limits_.varchar_bytes_max) column.varchar_bytes = made.varchar_bytes;
      return column;
    }
    column.refused = RejectReason::too_many_columns;
    return column;
  }

  // The bytes that the column holds when the plan is carried out.
  std::uint32_t widened(const LiveColumn& live, std::uint32_t varchar_bytes) {
    const std::uint32_t wanted = within_limits(varchar_bytes);
    if (wanted <= *live.varchar_bytes) return *live.varchar_bytes;
    widenings_.push_back({catalog_.schema, wanted_.name, live.name, wanted, *live.varchar_bytes});
    return wanted;
  }

  void add_load_columns() {
    for (const StandardColumn standard : {StandardColumn::received_at, StandardColumn::uuid,
                                          StandardColumn::uuid_ts, StandardColumn::event}) {
      const std::string name(facts(standard).name);
      const auto contract = standard_contract(wanted_.name);
      if (std::ranges::find(contract, standard) == contract.end()) continue;
      if (live_column(name) == nullptr && missing_.count(name) == 0) continue;
      LoadColumn column = load_column(name, varchar_bytes_default);
      column.standard = standard;
      plan_.columns.push_back(std::move(column));
    }
    for (const WantedColumn& wanted : wanted_.columns) {
      LoadColumn column = load_column(wanted.name, wanted.varchar_bytes);
      column.slot = wanted.slot;
      plan_.columns.push_back(std::move(column));
    }
    refuse_too_many();
  }

  // The last columns are refused first. Those that every row needs are never among them.
  void refuse_too_many() {
    auto count = static_cast<std::size_t>(
        std::ranges::count_if(plan_.columns, [](const auto& column) { return !column.refused; }));
    for (auto column = plan_.columns.rbegin(); column != plan_.columns.rend(); ++column) {
      if (count <= limits_.columns_per_load_max) return;
      if (column->refused || standard_column(column->name)) continue;
      column->refused = RejectReason::too_many_columns;
      --count;
    }
  }

  void add_changes(std::vector<SchemaChange>& changes) const {
    if (live_ == nullptr) {
      changes.emplace_back(CreateTable{catalog_.schema, wanted_.name, plan_.new_columns});
    } else {
      changes.insert(changes.end(), widenings_.begin(), widenings_.end());
      for (const Column& column : plan_.new_columns) {
        changes.emplace_back(AddColumn{catalog_.schema, wanted_.name, column});
      }
    }
    add_comments(changes);
  }

  void add_comments(std::vector<SchemaChange>& changes) const {
    if (limits_.comments == Comments::none) return;
    CommentOn comment{catalog_.schema, wanted_.name, {}, {}};
    if (live_ == nullptr) comment.text = wanted_.comment;
    for (const Column& column : plan_.new_columns) {
      if (limits_.comments != Comments::on_all || column.comment.empty()) continue;
      comment.columns.push_back({column.name, column.comment});
    }
    if (!comment.text.empty() || !comment.columns.empty()) changes.emplace_back(std::move(comment));
  }

  const Catalog& catalog_;
  const WantedTable& wanted_;
  const ContractColumns contract_;
  const CatalogLimits& limits_;
  const TypeRules& types_;
  const LiveTable* live_ = nullptr;
  std::map<std::string, Column, std::less<>> missing_;
  std::vector<WidenColumn> widenings_;
  TablePlan plan_;
};

// Whether a column's name says all that its comment would.
bool tells_source(std::string_view column, std::string_view source) {
  const std::size_t dot = source.find('.');
  if (dot == std::string_view::npos) return column == source;
  if (source.starts_with("context.") && column.starts_with("context_")) column.remove_prefix(8);
  return column == source.substr(dot + 1);
}

// Leaves out the comments that would cost more than the limits allow.
class CommentBudget {
 public:
  CommentBudget(Plan& plan, std::size_t cost_max) : plan_(plan), left_(cost_max) {
    for (const TablePlan& table : plan.tables)
      columns_.emplace(table.table, table.table_columns);
    for (SchemaChange& change : plan.changes) {
      if (auto* const comment = std::get_if<CommentOn>(&change)) comments_.push_back(comment);
    }
    std::ranges::sort(comments_, {}, [](const CommentOn* comment) { return comment->table; });
  }

  void keep_what_fits() {
    for (CommentOn* const comment : comments_) {
      if (!comment->text.empty() && !takes(comment->table)) comment->text.clear();
    }
    std::vector<std::vector<bool>> kept;
    for (const CommentOn* const comment : comments_)
      kept.emplace_back(comment->columns.size());
    for (const bool told_by_name : {false, true}) {
      for (std::size_t i = 0; i < comments_.size(); ++i)
        take_columns(*comments_[i], told_by_name, kept[i]);
    }
    for (std::size_t i = 0; i < comments_.size(); ++i)
      drop_columns(*comments_[i], kept[i]);
    std::erase_if(plan_.changes, [](const SchemaChange& change) {
      const auto* const comment = std::get_if<CommentOn>(&change);
      return comment != nullptr && comment->text.empty() && comment->columns.empty();
    });
  }

 private:
  bool takes(const std::string& table) {
    const std::size_t cost = comment_cost + columns_.at(table);
    if (cost > left_) return false;
    left_ -= cost;
    return true;
  }

  void take_columns(const CommentOn& comment, bool told_by_name, std::vector<bool>& kept) {
    for (std::size_t i = 0; i < comment.columns.size(); ++i) {
      const auto& [column, text] = comment.columns[i];
      if (tells_source(column, text) == told_by_name) kept[i] = takes(comment.table);
    }
  }

  static void drop_columns(CommentOn& comment, const std::vector<bool>& kept) {
    std::vector<CommentOn::Named> columns;
    for (std::size_t i = 0; i < kept.size(); ++i) {
      if (kept[i]) columns.push_back(std::move(comment.columns[i]));
    }
    comment.columns = std::move(columns);
  }

  Plan& plan_;
  std::size_t left_;
  std::map<std::string, std::size_t, std::less<>> columns_;  // by table
  std::vector<CommentOn*> comments_;                         // by table
};

}  // namespace

bool is_taken(const Catalog& catalog, std::string_view table) {
  if (const LiveTable* live = find_table(catalog, table))
    return !check_ours(catalog, *live, false).ok();
  return std::ranges::find(catalog.taken, table) != catalog.taken.end();
}

Plan make_plan(const Catalog& catalog, const std::vector<WantedTable>& wanted,
               ContractColumns contract, const CatalogLimits& limits, const TypeRules& types) {
  Plan plan;
  if (!catalog.schema_exists && !wanted.empty()) {
    plan.changes.emplace_back(CreateSchema{catalog.schema});
  }
  for (const WantedTable& table : wanted) {
    plan.tables.push_back(TablePlanner(catalog, table, contract, limits, types).plan(plan.changes));
  }
  CommentBudget(plan, limits.comments_cost_max).keep_what_fits();
  return plan;
}

}  // namespace dray
