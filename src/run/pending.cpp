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
  const auto without_files =
      std::stable_partition(left_behind_.begin(), left_behind_.end(),
                            [](const PendingTable& table) { return !table.files.empty(); });
  read_again_.assign(without_files, left_behind_.end());
  left_behind_.erase(without_files, left_behind_.end());
  return {};
}

Result<Tables> PendingTables::tables(WarehouseSession& session) {
  Tables tables;
  const Loader loader = session.loader();
  FileLoader* const* const file_loader = std::get_if<FileLoader*>(&loader);
  for (const PendingTable& pending : left_behind_) {
    auto read = file_loader == nullptr
                    ? Result<FilesToLoad>(config_error("this warehouse loads no files"))
                    : (*file_loader)->read_files(pending.files);
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
  for (const auto& [share, why] : transaction.left_out()) {
    // One that waits without files keeps the record of when that began; of a retry its rejects
    // stay open, which says all.
    if (share.files.empty() && (before(share) != nullptr || context_.is_retry())) continue;
    tables.push_back({share.table, context_.report.run_id, share.files, share.rows});
    reasons.push_back(one_line(why));
  }
  if (tables.empty()) return {};
  return write_pending(session, context_.report.source, context_.now(), tables, reasons);
}

Result<void> PendingTables::settle(const LoadTransaction& transaction, WarehouseSession& session) {
  if (read_again_.empty()) return {};
  if (transaction.left_out().empty()) {
    DRAY_TRY(forget_settled(session, context_.report.source));
  }
  DRAY_ASSIGN(const std::vector<PendingTable> waiting,
              read_pending(session, context_.report.source));
  for (const PendingTable& table : waiting) {
    if (table.files.empty()) tell_unread(table);
  }
  return {};
}

void PendingTables::tell_unread() {
  for (const PendingTable& table : read_again_)
    tell_unread(table);
}

// Its objects were removed, or are of days that this run does not take.
void PendingTables::tell_unread(const PendingTable& table) {
  if (!told_.insert(table.table).second) return;
  const Timestamp since = std::chrono::floor<std::chrono::seconds>(table.since);
  context_.notice("table_pending",
                  table.table + ": rows wait since " + format_timestamp(to_micros(since)) +
                      " in objects that this sync did not read: put them back, or leave them out: "
                      "dray objects skip",
                  table.rows);
  context_.fell_short("not loaded: " + table.table);
}

Result<void> PendingTables::forget_loaded(const LoadTransaction& transaction,
                                          WarehouseSession& session) {
  for (const LoadTransaction::Share& share : transaction.loaded())
    DRAY_TRY(forget_pending(session, share.files));
  return {};
}

Result<bool> PendingTables::are_forgotten(const LoadTransaction& transaction,
                                          WarehouseSession& session) const {
  DRAY_ASSIGN(const std::vector<PendingTable> waiting,
              read_pending(session, context_.report.source));
  const auto waits = [&](const LoadTransaction::Share& share) {
    return std::ranges::find(waiting, share.files, &PendingTable::files) != waiting.end();
  };
  return std::ranges::none_of(transaction.loaded(), waits);
}

void PendingTables::tell_loaded(const LoadTransaction& transaction) {
  for (const LoadTransaction::Share& share : transaction.loaded()) {
    context_.notice(
        "table_retried",
        share.table + ": rows that an earlier sync had left in " + share.files + " are loaded now",
        share.rows);
  }
  tell_left_out(transaction);
}

const PendingTable* PendingTables::before(const LoadTransaction::Share& share) const {
  const bool is_in_files = !share.files.empty();
  const std::vector<PendingTable>& known = is_in_files ? left_behind_ : read_again_;
  const auto found = std::ranges::find_if(known, [&](const PendingTable& table) {
    return is_in_files ? table.files == share.files : table.table == share.table;
  });
  return found == known.end() ? nullptr : &*found;
}

// What was refused twice does not mend itself.
std::string PendingTables::after_waiting(const LoadTransaction::Share& share) const {
  const PendingTable* const known = before(share);
  if (known == nullptr) return ", and the next sync tries them again";
  const Timestamp since = std::chrono::floor<std::chrono::seconds>(known->since);
  return " since " + format_timestamp(to_micros(since)) +
         ": mend what is told of the table, and each sync tries them again";
}

void PendingTables::tell_left_out(const LoadTransaction& transaction) {
  std::vector<std::string> tables;
  for (const auto& [share, why] : transaction.left_out()) {
    if (!told_.insert(share.files.empty() ? share.table : share.files).second) continue;
    const std::string place = share.files.empty() ? "their objects" : share.files;
    context_.notice(
        "table_pending",
        share.table + ": " + one_line(why) + "; its rows wait in " + place + after_waiting(share),
        share.rows);
    tables.push_back(share.table);
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
