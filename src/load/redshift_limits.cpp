#include "load/redshift_limits.h"
#include "sql/query_values.h"

#include <string>
#include <utility>

namespace dray {
namespace {

constexpr std::uint64_t tables_of_small_nodes = 9'900;
constexpr std::uint64_t tables_of_large_nodes = 200'000;

// The ledger's at first, a merge's temporary ones, and what Redshift makes for itself meanwhile.
constexpr std::uint64_t tables_aside = 20;

// A new table needs another one to be staged in, and identifies and groups bring a table of
// profiles.
std::uint64_t needed_by(const FilesToLoad& load) {
  if (!load.created) return 1;
  return load.profile_table.empty() ? 2 : 3;
}

std::string limit_text(const TableLimits& limits) {
  if (limits.least == limits.most) return "at most " + std::to_string(limits.most);
  return std::to_string(limits.least) + " to " + std::to_string(limits.most) +
         ", by the cluster's nodes";
}

Error no_room(std::uint64_t tables, const TableLimits& limits) {
  return config_error("there is no room for a new table: the database has " +
                          std::to_string(tables) + ", and may have " + limit_text(limits) +
                          ", of which " + std::to_string(tables_aside) +
                          " are kept for temporary ones",
                      "drop tables that nobody needs, or give the cluster larger nodes and "
                      "say so by tables_max");
}

}  // namespace

TableLimits table_limits(std::optional<std::uint64_t> given, bool is_workgroup) {
  if (given) return {*given, *given};
  return {is_workgroup ? tables_of_large_nodes : tables_of_small_nodes, tables_of_large_nodes};
}

Result<std::uint64_t> count_tables(PqConnection& connection) {
  DRAY_ASSIGN(
      const QueryResult counted,
      connection.query(SqlBuilder("select count(*) from pg_class c join pg_namespace n on n.oid = "
                                  "c.relnamespace where c.relkind = 'r' and n.nspname not in "
                                  "('pg_catalog', 'information_schema', 'pg_internal', 'pg_toast')")
                           .done()));
  return needed_count(counted.rows.at(0).at(0), "count(*) of pg_class");
}

void leave_out_without_room(std::uint64_t tables, const TableLimits& limits,
                            const std::vector<FilesToLoad*>& loads, StageOutcome& outcome) {
  std::uint64_t used = tables + tables_aside;
  for (const FilesToLoad* load : loads) {
    if (!load->created) used += needed_by(*load);
  }
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (!loads[i]->created) continue;
    const std::uint64_t needed = needed_by(*loads[i]);
    if (used + needed > limits.most) {
      outcome.failures[i] = no_room(tables, limits);
    } else {
      used += needed;
    }
  }
  if (used < limits.least / 10 * 9) return;
  std::string message = "the database has " + std::to_string(tables) + " tables, and may have ";
  message += limit_text(limits) + ", those of other databases and temporary ones counted";
  if (limits.least < limits.most) message += "; say by tables_max how many yours takes";
  outcome.notices.push_back({"tables_nearly_full", std::move(message), 1});
}

}  // namespace dray
