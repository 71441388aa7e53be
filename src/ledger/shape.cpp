#include "ledger/shape.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "ledger/tables.h"
#include "model/catalog.h"

namespace dray {
namespace {

// Columns of Dray's own tables. Widths are for a warehouse that wants to know them: S3's longest
// key is 1,024 bytes, a reject's value too, messages are cut nowhere.
Column text_column(const char* name, std::uint32_t bytes = varchar_bytes_default) {
  return {name, ColumnType::varchar, bytes, false};
}
Column number_column(const char* name) { return {name, ColumnType::bigint, 0, false}; }
Column time_column(const char* name) { return {name, ColumnType::timestamp, 0, false}; }
Column required(Column column) {
  column.required = true;
  return column;
}

constexpr std::uint32_t key_bytes = 4096;
constexpr std::uint32_t message_bytes = 65'535;

// Columns that a later version adds come last and may be NULL: a warehouse of an earlier version
// gets them behind those that it has.
std::vector<CreateTable> ledger_tables() {
  const Column run_id = required(text_column("run_id", 64));
  const Column source = required(text_column("source"));
  const auto count = [](const char* name) { return required(number_column(name)); };
  const auto table = [](const char* name, std::vector<Column> columns) {
    return CreateTable{ledger_schema, name, std::move(columns), true};
  };
  return {
      table("sources",
            {source, required(text_column("location", key_bytes)), time_column("listed_at"),
             time_column("looked_at"), number_column("looked_run"), time_column("newest_event")}),
      table("objects",
            {source, required(text_column("key", key_bytes)), count("size_bytes"),
             required(text_column("version")), required(text_column("state", 16)),
             count("object_number"), run_id, text_column("reason", message_bytes), count("lines"),
             count("loaded"), count("duplicate"), count("filtered"), count("rejected"),
             required(time_column("recorded_at")), time_column("set_aside_at"),
             number_column("attempts"), time_column("changed_at")}),
      table("tables", {source, required(text_column("table_name")), text_column("event", key_bytes),
                       count("table_number"), required(text_column("created_by_run", 64))}),
      table("lineage", {count("uuid"), required(time_column("received_at")), count("table_number"),
                        count("object_number"), count("line")}),
      table("runs", {run_id,
                     source,
                     required(text_column("location", key_bytes)),
                     required(text_column("status", 16)),
                     required(time_column("started_at")),
                     count("duration_us"),
                     count("preparing_us"),
                     count("loading_us"),
                     time_column("uuid_ts"),
                     count("objects_listed"),
                     count("objects_loaded"),
                     count("objects_set_aside"),
                     count("objects_known"),
                     count("bytes_read"),
                     count("bytes_plain"),
                     count("lines"),
                     count("loaded"),
                     count("duplicate"),
                     count("filtered"),
                     count("rejected"),
                     count("values_rejected"),
                     text_column("error", message_bytes),
                     number_column("run_number")}),
      table("collections", {run_id, required(text_column("table_name")), count("rows_loaded"),
                            count("duplicates"), count("rows_replaced"), count("values_rejected"),
                            required(text_column("new_columns", message_bytes)),
                            required({"created", ColumnType::boolean, 0, false})}),
      table("pending",
            {source, required(text_column("table_name")), required(text_column("run_id", 64)),
             required(text_column("files", key_bytes)), count("staged_rows"),
             required(text_column("reason", message_bytes)), required(time_column("recorded_at"))}),
      table("skipped", {source, required(text_column("key", key_bytes)),
                        required(text_column("reason", message_bytes)),
                        required(text_column("skipped_by")), required(time_column("skipped_at")),
                        number_column("size_bytes"), text_column("version")}),
      table("notices", {run_id, required(text_column("code", 64)),
                        required(text_column("message", message_bytes)), count("count")}),
      table("rejects", {run_id, source, required(text_column("object", key_bytes)), count("line"),
                        required(text_column("kind", 16)), required(text_column("reason", 64)),
                        text_column("detail", message_bytes), text_column("table_name"),
                        text_column("column_name"), text_column("value", 4096),
                        required(time_column("rejected_at")), text_column("resolved_run", 64)}),
  };
}

const LiveTable* find_table(const Catalog& catalog, std::string_view name) {
  const auto found = std::ranges::find(catalog.tables, name, &LiveTable::name);
  return found == catalog.tables.end() ? nullptr : &*found;
}

bool has_column(const Catalog& catalog, std::string_view table, std::string_view column) {
  const LiveTable* live = find_table(catalog, table);
  return live != nullptr &&
         std::ranges::find(live->columns, column, &LiveColumn::name) != live->columns.end();
}

// What somebody has made of the ledger by hand.
constexpr std::string_view at_a_loss =
    "; or let everything be loaded anew: drop the schema _dray and those of the sources";

// What is lost with a table that cannot be made again; "" for the others, which say what happened,
// and not what to do next.
std::string_view lost_with(std::string_view table) {
  if (table == "objects") return "which objects are loaded";
  if (table == "lineage") return "which line each row is from";
  if (table == "tables") return "which table each row's origin is of";
  return "";
}

// Later versions than the first have added them.
bool is_later_table(std::string_view table) { return table == "pending" || table == "skipped"; }
bool is_later_column(std::string_view table, std::string_view column) {
  constexpr std::array<std::array<std::string_view, 2>, 7> later{{{"sources", "looked_at"},
                                                                  {"sources", "looked_run"},
                                                                  {"sources", "newest_event"},
                                                                  {"objects", "set_aside_at"},
                                                                  {"objects", "attempts"},
                                                                  {"objects", "changed_at"},
                                                                  {"runs", "run_number"}}};
  return std::ranges::find(later, std::array{table, column}) != later.end();
}

// Rows are written by the columns' order, so what others add has to come last.
Result<void> check_columns(const CreateTable& ours, const LiveTable& live) {
  const std::string table = std::string(ledger_schema) + "." + ours.table;
  for (std::size_t i = 0; i < ours.columns.size(); ++i) {
    const Column& column = ours.columns[i];
    const auto found = std::ranges::find(live.columns, column.name, &LiveColumn::name);
    if (found == live.columns.end()) {
      const bool is_later = is_later_column(ours.table, column.name);
      if (is_later && i >= live.columns.size()) continue;
      if (is_later) {
        return config_error(table + " gets the column " + column.name + " in the place where " +
                                live.columns[i].name + " is, which is none of Dray's",
                            "drop that column");
      }
      return config_error(table + " has no column " + column.name + ", which Dray made and reads",
                          "bring the table back from a backup" + std::string(at_a_loss));
    }
    if (static_cast<std::size_t>(found - live.columns.begin()) != i) {
      return config_error(
          table + " has its columns in another order: " + column.name + " is not number " +
              std::to_string(i + 1),
          "make the table anew in the order that another warehouse has, and copy its rows");
    }
    if (!found->writable || found->type != column.type) {
      return config_error(table + ": the column " + column.name + " is " + found->type_name +
                              ", and Dray made it " + std::string(to_string(column.type)),
                          "give it that type again");
    }
  }
  return {};
}

bool is_there(const Catalog& catalog, const std::vector<CreateTable>& tables) {
  // Others may be there before them: Redshift's lock.
  return std::ranges::any_of(tables, [&](const CreateTable& table) {
    return find_table(catalog, table.table) != nullptr;
  });
}

// All of its tables are made by one transaction, so what is missing somebody has dropped. Gives the
// names of tables that can be made again.
Result<std::vector<std::string>> check_tables(const Catalog& catalog) {
  std::vector<std::string> gone;
  const std::vector<CreateTable> tables = ledger_tables();
  if (!is_there(catalog, tables)) return gone;
  for (const CreateTable& ours : tables) {
    const std::string table = std::string(ledger_schema) + "." + ours.table;
    const LiveTable* const live = find_table(catalog, ours.table);
    const std::string_view lost = lost_with(ours.table);
    if (live == nullptr) {
      if (is_later_table(ours.table)) continue;
      if (lost.empty()) {
        gone.push_back(ours.table);
        continue;
      }
      return config_error(
          table + " is gone, and with it " + std::string(lost) + "; nothing was read or loaded",
          "bring it back from a backup" + std::string(at_a_loss));
    }
    if (live->is_view) {
      return config_error(
          table + " is a view, and Dray writes to it",
          "drop the view, and give the name back to the table" +
              std::string(lost.empty() ? "; one that is gone is made again, empty" : at_a_loss));
    }
    DRAY_TRY(check_columns(ours, *live));
  }
  return gone;
}

}  // namespace

Result<std::vector<std::string>> ledger_tables_gone(Session& session) {
  DRAY_ASSIGN(const Catalog catalog, session.catalog(ledger_schema));
  return check_tables(catalog);
}

Result<void> create_ledger(Session& session) {
  DRAY_ASSIGN(const Catalog catalog, session.catalog(ledger_schema));
  DRAY_TRY(check_tables(catalog));
  if (!catalog.schema_exists) DRAY_TRY(session.apply(CreateSchema{ledger_schema}));
  for (CreateTable& table : ledger_tables()) {
    // A warehouse may have to see to more of one that is there than that it is: PostgreSQL to what
    // a publication needs.
    DRAY_TRY(session.apply(table));
    if (find_table(catalog, table.table) == nullptr) continue;
    for (Column& column : table.columns) {
      if (has_column(catalog, table.table, column.name)) continue;
      DRAY_TRY(session.apply(AddColumn{ledger_schema, table.table, std::move(column)}));
    }
  }
  return {};
}

Result<LedgerShape> ledger_shape(Session& session) {
  DRAY_ASSIGN(const Catalog catalog, session.catalog(ledger_schema));
  DRAY_ASSIGN(const std::vector<std::string> gone, check_tables(catalog));
  if (!gone.empty()) {
    return config_error(std::string(ledger_schema) + "." + gone.front() + " is gone",
                        "dray sync, which makes it again, empty");
  }
  LedgerShape shape;
  shape.is_there = is_there(catalog, ledger_tables());
  shape.has_looks = has_column(catalog, "sources", "looked_at");
  shape.has_attempts = has_column(catalog, "objects", "attempts");
  shape.has_changes = has_column(catalog, "objects", "changed_at");
  shape.has_run_numbers = has_column(catalog, "runs", "run_number");
  shape.has_pending = find_table(catalog, "pending") != nullptr;
  shape.has_skipped = find_table(catalog, "skipped") != nullptr;
  return shape;
}

LedgerShape whole_ledger() { return {true, true, true, true, true, true, true}; }

Result<bool> has_ledger(Session& session) {
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  return shape.is_there;
}

}  // namespace dray
