#include "run/gone.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/collections.h"
#include "ledger/objects.h"
#include "model/standard_columns.h"

namespace dray {
namespace {

// More would scroll the rest off the screen.
constexpr std::size_t names_told_max = 10;

constexpr std::string_view how_to_load_again =
    "to load them again have their objects read again: in a directory touch them and run dray sync "
    "--reload-changed; docs/cli.md, \"Loading an object again\", has it for all places";

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < names_told_max; ++i) {
    text += (i == 0 ? "" : ", ") + names[i];
  }
  if (names.size() > names_told_max) {
    text += " and " + std::to_string(names.size() - names_told_max) + " more";
  }
  return text;
}

const LiveTable* table_in(const Catalog& catalog, std::string_view name) {
  const auto found = std::ranges::find(catalog.tables, name, &LiveTable::name);
  return found == catalog.tables.end() ? nullptr : &*found;
}

class Gone {
 public:
  Gone(const Catalog& catalog, const RunContext& context, const LedgerState& ledger,
       Session& session, Tables& tables)
      : catalog_(catalog), context_(context), ledger_(ledger), session_(session), tables_(tables) {}

  Result<void> find() {
    for (const Target& target : tables_.targets) {
      if (!target.profile_table.empty()) DRAY_TRY(find_profiles(target));
    }
    // Without a load there is nothing that could be gone.
    if (!ledger_.mark.has_loaded) return {};
    std::vector<const TablePlan*> plans;
    for (const TablePlan& plan : tables_.plan.tables) {
      if (may_be_gone(plan)) plans.push_back(&plan);
    }
    for (const Profiles& profiles : tables_.profiles) {
      if (!profiles.is_made_again && may_be_gone(profiles.plan)) plans.push_back(&profiles.plan);
    }
    return plans.empty() ? Result<void>() : find_tables(plans);
  }

  void tell() const {
    tell(profiles_, "profiles_made_again",
         "missing, and made again for all profiles that identifies and groups have: ", "");
    const std::string recipe = "; " + std::string(how_to_load_again);
    tell(tables_gone_, "tables_made_again", "dropped or renamed, and made again: ",
         "; rows that earlier syncs loaded are not in there" + recipe);
    tell(columns_, "columns_made_again", "dropped or renamed, and made again: ",
         "; rows that earlier syncs loaded have NULL there" + recipe);
  }

 private:
  void tell(std::vector<std::string> names, std::string_view code, std::string_view what,
            const std::string& then) const {
    if (names.empty()) return;
    std::ranges::sort(names);
    context_.notice(std::string(code), std::string(what) + listed(names) + then, names.size());
  }

  std::string full_name(const TablePlan& plan) const { return catalog_.schema + "." + plan.table; }

  // A table of the profiles that this run makes, or the columns of one, for which rows are stored.
  Result<void> find_profiles(const Target& target) {
    const LiveTable* const source = table_in(catalog_, target.table);
    const auto found = std::ranges::find(tables_.profiles, target.profile_table,
                                         [](const Profiles& made) { return made.plan.table; });
    if (source == nullptr || found == tables_.profiles.end()) return {};
    if (found->plan.created) {
      DRAY_ASSIGN(const bool any, has_profiles(target, *source));
      if (!any) return {};
      found->is_made_again = true;
      profiles_.push_back(full_name(found->plan));
      return {};
    }
    for (const Column& column : found->plan.new_columns) {
      if (standard_column(column.name)) continue;
      const auto stored = std::ranges::find(source->columns, column.name, &LiveColumn::name);
      if (stored == source->columns.end() || !stored->writable) continue;
      found->is_made_again = true;
      profiles_.push_back(full_name(found->plan) + "." + column.name);
    }
    if (!found->is_made_again) {
      DRAY_ASSIGN(found->is_made_again, was_interrupted());
    }
    return {};
  }

  // A load in several transactions that did not end may have made the profiles again, or begun to.
  Result<bool> was_interrupted() {
    if (!ledger_.has_unloaded) return false;
    return has_unfinished(session_, context_.report.source);
  }

  Result<bool> has_profiles(const Target& target, const LiveTable& source) {
    const std::string& id = target.profile_id_column;
    if (std::ranges::find(source.columns, id, &LiveColumn::name) == source.columns.end()) {
      return false;
    }
    SqlBuilder sql("select 1 from ");
    sql.table(catalog_.schema, target.table).code(" where ").name(id).code(" is not null limit 1");
    const auto found = session_.query(std::move(sql).done());
    // Who may not read it cannot load it either, and that table waits.
    if (!found && found.error().code == ErrorCode::missing_table_right) return false;
    if (!found) return found.error();
    return !found->rows.empty();
  }

  // That the ledger has no number for yet it is new. `tracks` and the profiles have none ever.
  bool may_be_gone(const TablePlan& plan) const {
    if (!plan.created) return !plan.new_columns.empty();
    return std::ranges::find(tables_.new_tables, plan.table, &TableEntry::table) ==
           tables_.new_tables.end();
  }

  Result<void> find_tables(const std::vector<const TablePlan*>& plans) {
    std::vector<std::string> names;
    names.reserve(plans.size());
    for (const TablePlan* const plan : plans)
      names.push_back(plan->table);
    DRAY_ASSIGN(const ColumnsMade made, columns_made(session_, context_.report.source, names));
    for (const TablePlan* const plan : plans) {
      const auto before = made.find(plan->table);
      if (before == made.end()) continue;
      if (plan->created) {
        tables_gone_.push_back(full_name(*plan));
        continue;
      }
      for (const Column& column : plan->new_columns) {
        if (before->second.contains(column.name)) {
          columns_.push_back(full_name(*plan) + "." + column.name);
        }
      }
    }
    return {};
  }

  const Catalog& catalog_;
  const RunContext& context_;
  const LedgerState& ledger_;
  Session& session_;
  Tables& tables_;
  std::vector<std::string> profiles_;
  std::vector<std::string> tables_gone_;
  std::vector<std::string> columns_;
};

}  // namespace

Result<void> find_gone(const Catalog& catalog, const RunContext& context, const LedgerState& ledger,
                       Session& session, Tables& tables) {
  Gone gone(catalog, context, ledger, session, tables);
  DRAY_TRY(gone.find());
  gone.tell();
  return {};
}

}  // namespace dray
