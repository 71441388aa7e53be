#include "run/pending.h"

#include <algorithm>
#include <chrono>

namespace dray {
namespace {

// The first few of many.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown_max = 3;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown_max; ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > shown_max) {
    text += " and " + std::to_string(names.size() - shown_max) + " more";
  }
  return text;
}

}  // namespace

Result<void> PendingTables::read(WarehouseSession& session) {
  DRAY_ASSIGN(left_behind_, read_pending(session, context_.report.source));
  return {};
}

Result<Tables> PendingTables::tables(WarehouseSession& session) {
  Tables tables;
  for (const PendingTable& pending : left_behind_) {
    auto read = session.read_files(pending.files);
    if (read) {
      read->files = pending.files;
      add_table_in_files(*read, tables);
      continue;
    }
    if (read.error().cause == Cause::transient) return std::move(read).error();
    // Somebody removed them, it seems. The others need not wait.
    context_.notice("table_pending",
                    pending.table + ": its rows cannot be read: " + one_line(read.error()) +
                        "; docs/redshift.md tells how to have them read from the raw objects again",
                    pending.rows);
    told_.insert(pending.files);
    context_.fell_short("not loaded: " + pending.table);
  }
  return tables;
}

Result<void> PendingTables::keep(const LoadTransaction& transaction, WarehouseSession& session) {
  tell_left_out(transaction);
  std::vector<PendingTable> tables;
  std::vector<std::string> reasons;
  for (const auto& [load, why] : transaction.left_out()) {
    tables.push_back({load.table, context_.report.run_id, load.files, load.rows_in_files});
    reasons.push_back(why.text());
  }
  if (tables.empty()) return {};
  return write_pending(session, context_.report.source, context_.now(), tables, reasons);
}

Result<void> PendingTables::forget_loaded(const LoadTransaction& transaction,
                                          WarehouseSession& session) {
  for (const TableLoad* load : transaction.loaded())
    DRAY_TRY(forget_pending(session, load->files));
  return {};
}

Result<bool> PendingTables::are_forgotten(const LoadTransaction& transaction,
                                          WarehouseSession& session) const {
  DRAY_ASSIGN(const std::vector<PendingTable> waiting,
              read_pending(session, context_.report.source));
  const auto waits = [&](const TableLoad* load) {
    return std::ranges::find(waiting, load->files, &PendingTable::files) != waiting.end();
  };
  return std::ranges::none_of(transaction.loaded(), waits);
}

void PendingTables::tell_loaded(const LoadTransaction& transaction) {
  for (const TableLoad* load : transaction.loaded()) {
    context_.notice(
        "table_retried",
        load->table + ": rows that an earlier sync had left in " + load->files + " are loaded now",
        load->rows_in_files);
  }
  tell_left_out(transaction);
}

// What was refused twice does not mend itself.
std::string PendingTables::after_waiting(const std::string& files) const {
  const auto before = std::ranges::find(left_behind_, files, &PendingTable::files);
  if (before == left_behind_.end()) return ", and the next sync tries them again";
  const Timestamp since = std::chrono::floor<std::chrono::seconds>(before->since);
  return " since " + format_timestamp(to_micros(since)) +
         ": mend what is told of the table, and each sync tries them again";
}

void PendingTables::tell_left_out(const LoadTransaction& transaction) {
  std::vector<std::string> tables;
  for (const auto& [load, why] : transaction.left_out()) {
    if (!told_.insert(load.files).second) continue;
    context_.notice("table_pending",
                    load.table + ": " + one_line(why) + "; its rows wait in " + load.files +
                        after_waiting(load.files),
                    load.rows_in_files);
    tables.push_back(load.table);
  }
  if (!tables.empty()) context_.fell_short("not loaded: " + some_of(tables));
}

void leave_out_what_changed(const Tables& tables, LoadTransaction& transaction) {
  const auto is_other = [](const LoadColumn& column, const WantedColumn& wanted) {
    return column.name == wanted.name && (column.refused || column.type != wanted.type);
  };
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    for (const WantedColumn& wanted : tables.wanted[i].columns) {
      const auto& columns = tables.plan.tables[i].columns;
      const auto column = std::ranges::find_if(
          columns, [&](const LoadColumn& planned) { return is_other(planned, wanted); });
      if (column == columns.end()) continue;
      transaction.leave_out(
          i, config_error(
                 "its column " + wanted.name + " is " +
                 (column->refused ? "not to be written" : std::string(to_string(column->type))) +
                 " now, and the rows that wait have " + std::string(to_string(wanted.type))));
      break;
    }
  }
}

}  // namespace dray
