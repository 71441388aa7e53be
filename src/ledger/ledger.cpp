#include "ledger/ledger.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/hash.h"
#include "ledger/tables.h"
#include "model/row_batch.h"
#include "sql/query_values.h"

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

PlainValue number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

PlainValue text_or_null(std::string_view text) {
  if (text.empty()) return std::monostate();
  return text;
}

// Rows made by a function: fill(i, row) for i in 0 .. count.
template <typename Fill>
class CountedRows final : public RowSource {
 public:
  CountedRows(std::size_t count, Fill fill) : count_(count), fill_(std::move(fill)) {}
  Result<bool> next(std::vector<PlainValue>& row) override {
    if (at_ == count_) return false;
    row.clear();
    fill_(at_++, row);
    return true;
  }

 private:
  std::size_t count_;
  std::size_t at_ = 0;
  Fill fill_;
};

template <typename Fill>
Result<void> append_rows(Session& session, const char* table, std::size_t count, Fill fill) {
  CountedRows<Fill> rows(count, std::move(fill));
  return session.append(ledger_schema, table, rows);
}

class RejectRows final : public RowSource {
 public:
  RejectRows(std::string_view source, const RunId& run_id, Timestamp now, const StagedRows& rejects,
             const std::vector<std::string>& object_keys, const std::vector<bool>& unusable)
      : source_(source),
        run_id_(run_id.text()),
        now_(now),
        rejects_(rejects),
        object_keys_(object_keys),
        unusable_(unusable) {}

  Result<bool> next(std::vector<PlainValue>& row) override {
    while (true) {
      if (at_ == block_.keys.size()) {
        if (next_block_ == rejects_.block_count()) return false;
        DRAY_ASSIGN(block_, rejects_.rows(next_block_++, scratch_));
        at_ = 0;
        record_ = block_.records.data();
        continue;
      }
      const RowKey& key = block_.keys[at_++];
      CellReader cells(record_);
      record_ = cells.end();
      if (unusable_[key.object]) continue;
      fill(key, cells, row);
      return true;
    }
  }

  ValuesRejected values_rejected() && { return std::move(values_rejected_); }

 private:
  void fill(const RowKey& key, CellReader& cells, std::vector<PlainValue>& row) {
    std::array<PlainValue, 6> values{};
    for (Cell cell; cells.next(cell);)
      values[cell.slot] = cell.bytes;
    const auto* table = std::get_if<std::string_view>(&values[reject_slot::table_name]);
    const bool is_value = table != nullptr;
    if (is_value) count_value(*table);
    row.assign({run_id_, source_, std::string_view(object_keys_[key.object]),
                static_cast<std::int64_t>(key.line), std::string_view(is_value ? "value" : "line"),
                values[reject_slot::reason], values[reject_slot::detail],
                values[reject_slot::table_name], values[reject_slot::column_name],
                values[reject_slot::value], now_, std::monostate()});
  }

  void count_value(std::string_view table) {
    auto count = values_rejected_.find(table);
    if (count == values_rejected_.end()) count = values_rejected_.emplace(table, 0).first;
    ++count->second;
  }

  ValuesRejected values_rejected_;
  const std::string_view source_;
  const std::string_view run_id_;
  const Timestamp now_;
  const StagedRows& rejects_;
  const std::vector<std::string>& object_keys_;
  const std::vector<bool>& unusable_;
  BlockScratch scratch_;
  RowBlock block_;
  std::size_t next_block_ = 0;
  std::size_t at_ = 0;
  const char* record_ = nullptr;
};

std::int64_t to_number(const std::optional<std::string>& text, std::int64_t otherwise) {
  return integer_in(text).value_or(otherwise);
}

// "... in (1, 2, 3)", in statements that no warehouse finds too long: Redshift takes 16 MB.
constexpr std::size_t numbers_per_statement = 10'000;

template <typename Number>
Result<void> execute_in(Session& session, const SqlBuilder& head,
                        const std::vector<Number>& numbers) {
  for (std::size_t done = 0; done < numbers.size(); done += numbers_per_statement) {
    const std::size_t end = std::min(numbers.size(), done + numbers_per_statement);
    SqlBuilder sql = head;
    for (std::size_t i = done; i < end; ++i)
      sql.word(i == done ? " in (" : ", ").number(numbers[i]);
    DRAY_TRY(session.execute(std::move(sql.code(")")).done()));
  }
  return {};
}

std::optional<Timestamp> to_time(const std::optional<std::string>& text) {
  const auto micros = text ? parse_timestamp(*text) : std::nullopt;
  if (!micros) return std::nullopt;
  return from_micros(*micros);
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

// Of such names each with its type behind it.
void add_columns_made(std::string_view joined, std::set<std::string, std::less<>>& columns) {
  while (!joined.empty()) {
    const std::size_t end = std::min(joined.find(", "), joined.size());
    columns.emplace(joined.substr(0, std::min(joined.find(' '), end)));
    joined.remove_prefix(std::min(end + 2, joined.size()));
  }
}

}  // namespace

namespace {

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
    // Of one that is there a warehouse may have to see to more than that it is there: PostgreSQL to
    // what a publication needs.
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

Result<bool> has_ledger(Session& session) {
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  return shape.is_there;
}

Result<bool> has_run(Session& session, const RunId& run_id) {
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return false;
  SqlBuilder sql("select 1 from _dray.runs where run_id = ");
  DRAY_ASSIGN(const QueryResult runs, session.query(std::move(sql.text(run_id.text())).done()));
  return !runs.rows.empty();
}

namespace {

// Every source has numbers of its own, so that syncs of two sources at once need not wait for one
// another to know theirs: 2^40 of them, in one of 2^22 ranges.
std::int64_t first_number(const std::string& source) {
  return static_cast<std::int64_t>((xxh3(source) >> 42U) << 40U);
}

}  // namespace

Result<LedgerMark> read_mark(Session& session, const std::string& source) {
  SqlBuilder of_objects(
      "select count(*), max(run_id), max(object_number), max(loaded + filtered), max(rejected) from "
      "_dray.objects where source = ");
  DRAY_ASSIGN(const QueryResult objects, session.query(std::move(of_objects.text(source)).done()));
  SqlBuilder of_tables("select max(table_number) from _dray.tables where source = ");
  DRAY_ASSIGN(const QueryResult tables, session.query(std::move(of_tables.text(source)).done()));
  SqlBuilder of_runs(
      "select max(uuid_ts), max(loaded + filtered), max(rejected) from _dray.runs where source = ");
  DRAY_ASSIGN(const QueryResult runs, session.query(std::move(of_runs.text(source)).done()));
  LedgerMark mark;
  mark.objects = to_number(objects.rows[0][0], 0);
  mark.newest_run = objects.rows[0][1].value_or("");
  mark.next_object_number = to_number(objects.rows[0][2], first_number(source)) + 1;
  mark.next_table_number = to_number(tables.rows[0][0], first_number(source)) + 1;
  if (const auto& last_load = runs.rows[0][0]) {
    mark.last_uuid_ts = parse_timestamp(*last_load).value_or(0);
  }
  // Somebody may have emptied the runs, and what is gone from the source has no object.
  mark.has_loaded = to_number(runs.rows[0][1], 0) > 0 || to_number(objects.rows[0][3], 0) > 0;
  mark.has_rejected = to_number(runs.rows[0][2], 0) > 0 || to_number(objects.rows[0][4], 0) > 0;
  return mark;
}

Result<std::map<std::string, SetAside>> read_set_aside(Session& session, const std::string& source,
                                                       const LedgerShape& shape) {
  SqlBuilder sql("select key, reason, recorded_at");
  if (shape.has_attempts) sql.code(", set_aside_at, attempts");
  sql.code(" from _dray.objects where state = 'set_aside' and source = ").text(source);
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  std::map<std::string, SetAside> set_aside;
  for (const auto& row : rows.rows) {
    SetAside& object = set_aside[*row[0]];
    object.reason = row[1].value_or("");
    // An entry of an earlier version tells its last attempt alone.
    object.since = to_time(row[2]).value_or(Timestamp());
    object.attempts = 1;
    if (!shape.has_attempts) continue;
    object.since = to_time(row[3]).value_or(object.since);
    object.attempts = static_cast<std::uint64_t>(to_number(row[4], 1));
  }
  return set_aside;
}

Result<LedgerState> read_ledger(Session& session, const std::string& source) {
  LedgerState state;
  state.mark.next_object_number = state.mark.next_table_number = first_number(source) + 1;
  DRAY_ASSIGN(state.shape, ledger_shape(session));
  const LedgerShape& shape = state.shape;
  if (!shape.is_there) return state;
  // First: what is loaded after it was taken shows as a change.
  DRAY_ASSIGN(state.mark, read_mark(session, source));
  SqlBuilder of_source("select location, listed_at");
  if (shape.has_looks) of_source.code(", newest_event");
  of_source.code(" from _dray.sources where source = ").text(source);
  DRAY_ASSIGN(const QueryResult sources, session.query(std::move(of_source).done()));
  if (!sources.rows.empty()) {
    const auto& row = sources.rows.front();
    state.location = row[0];
    state.listed_at = to_time(row[1]);
    if (shape.has_looks) state.newest_event = to_time(row[2]);
  }
  DRAY_ASSIGN(const QueryResult keys,
              session.query(std::move(SqlBuilder("select min(key), max(key), min(case when state "
                                                 "<> 'loaded' then key end) from _dray.objects "
                                                 "where source = ")
                                          .text(source))
                                .done()));
  state.first_key = keys.rows[0][0];
  state.last_key = keys.rows[0][1];
  state.first_unloaded_key = keys.rows[0][2];
  if (state.first_unloaded_key) {
    DRAY_ASSIGN(state.set_aside, read_set_aside(session, source, shape));
  }
  DRAY_ASSIGN(const QueryResult tables,
              session.query(std::move(SqlBuilder("select table_name, table_number from "
                                                 "_dray.tables where source = ")
                                          .text(source))
                                .done()));
  for (const auto& row : tables.rows) {
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[1], "_dray.tables.table_number"));
    state.tables.emplace(*row[0], number);
  }
  return state;
}

Result<std::vector<std::string>> sources_beginning_with(Session& session, const std::string& name) {
  std::vector<std::string> others;
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return others;
  SqlBuilder sql("select source from _dray.sources where substr(source, 1, ");
  sql.number(static_cast<std::uint64_t>(name.size())).code(") = ").text(name);
  sql.code(" and source <> ").text(name).code(" order by 1");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const auto& row : rows.rows)
    others.push_back(*row[0]);
  return others;
}

Result<void> read_objects(Session& session, const std::string& source,
                          const std::string& start_after, LedgerState& state) {
  // Without an object there may be no table either.
  if (!state.first_key) return {};
  SqlBuilder sql("select key, size_bytes, version, state = 'loaded', object_number");
  if (state.shape.has_changes) sql.code(", changed_at");
  sql.code(" from _dray.objects where source = ").text(source);
  if (!start_after.empty()) sql.code(" and key > ").text(start_after);
  DRAY_ASSIGN(const QueryResult objects, session.query(std::move(sql).done()));
  state.objects.reserve(objects.rows.size());
  for (const auto& row : objects.rows) {
    DRAY_ASSIGN(const std::uint64_t size, needed_count(row[1], "_dray.objects.size_bytes"));
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[4], "_dray.objects.object_number"));
    const bool changed = state.shape.has_changes && row[5];
    const bool is_loaded = truth_in(row[3]);
    state.has_unloaded |= !is_loaded;
    state.objects.emplace(*row[0], LedgerObject{size, *row[2], is_loaded, changed, number});
  }
  return {};
}

Result<std::vector<SkippedObject>> read_skipped(Session& session, const std::string& source) {
  std::vector<SkippedObject> skipped;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.has_skipped) return skipped;
  SqlBuilder sql(
      "select key, reason, skipped_by, skipped_at, size_bytes, version from _dray.skipped where "
      "source = ");
  sql.text(source).code(" order by key");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const auto& row : rows.rows) {
    SkippedObject& object = skipped.emplace_back();
    object.key = *row[0];
    object.reason = *row[1];
    object.skipped_by = *row[2];
    object.skipped_at = to_time(row[3]).value_or(Timestamp());
    object.size_bytes = count_in(row[4]);
    object.version = row[5];
  }
  return skipped;
}

namespace {

Result<void> delete_skipped(Session& session, const std::string& source, const std::string& key) {
  SqlBuilder sql("delete from _dray.skipped where source = ");
  return session.execute(std::move(sql.text(source).code(" and key = ").text(key)).done());
}

}  // namespace

Result<void> write_skipped(Session& session, const std::string& source, SkippedObject object) {
  SqlBuilder seen("select size_bytes, version from _dray.objects where source = ");
  seen.text(source).code(" and key = ").text(object.key);
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(seen).done()));
  if (!rows.rows.empty()) {
    object.size_bytes = count_in(rows.rows[0][0]);
    object.version = rows.rows[0][1];
  }
  DRAY_TRY(forget_objects(session, source, {object.key}));
  SqlBuilder settled("update _dray.objects set changed_at = null where source = ");
  settled.text(source).code(" and key = ").text(object.key);
  DRAY_TRY(session.execute(std::move(settled).done()));
  DRAY_TRY(delete_skipped(session, source, object.key));
  return append_rows(session, "skipped", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    row.assign({std::string_view(source), std::string_view(object.key),
                std::string_view(object.reason), std::string_view(object.skipped_by),
                object.skipped_at, object.size_bytes ? number(*object.size_bytes) : PlainValue(),
                object.version ? PlainValue(std::string_view(*object.version)) : PlainValue()});
  });
}

Result<void> forget_skipped(Session& session, const std::string& source, const std::string& key) {
  DRAY_TRY(delete_skipped(session, source, key));
  SqlBuilder sql("update _dray.sources set listed_at = null where source = ");
  return session.execute(std::move(sql.text(source)).done());
}

Result<std::vector<PendingTable>> read_pending(Session& session, const std::string& source) {
  std::vector<PendingTable> pending;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.has_pending) return pending;
  SqlBuilder sql(
      "select table_name, run_id, files, staged_rows, recorded_at from _dray.pending where source "
      "= ");
  DRAY_ASSIGN(
      const QueryResult rows,
      session.query(std::move(sql.text(source).code(" order by run_id, table_name")).done()));
  for (const auto& row : rows.rows)
    pending.push_back({*row[0], RunId(*row[1]), *row[2],
                       static_cast<std::uint64_t>(to_number(row[3], 0)),
                       to_time(row[4]).value_or(Timestamp())});
  return pending;
}

Result<void> write_pending(Session& session, const std::string& source, Timestamp now,
                           const std::vector<PendingTable>& tables,
                           const std::vector<std::string>& reasons) {
  return append_rows(
      session, "pending", tables.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const PendingTable& table = tables[i];
        row.assign({std::string_view(source), std::string_view(table.table),
                    std::string_view(table.run_id.text()), std::string_view(table.files),
                    number(table.rows), std::string_view(reasons[i]), now});
      });
}

Result<void> forget_pending(Session& session, const std::string& files) {
  SqlBuilder sql("delete from _dray.pending where files = ");
  return session.execute(std::move(sql.text(files)).done());
}

Result<void> forget_settled(Session& session, const std::string& source) {
  SqlBuilder sql("delete from _dray.pending where files = '' and source = ");
  sql.text(source).code(
      " and not exists (select 1 from _dray.objects o where o.state = 'waiting' ");
  sql.code("and o.source = ").text(source);
  sql.code(" and not exists (select 1 from _dray.skipped s where s.source = o.source and s.key = ");
  return session.execute(std::move(sql.code("o.key))")).done());
}

Result<void> write_changed(Session& session, const std::string& source, Timestamp now,
                           const ChangedObjects& objects) {
  SqlBuilder since("update _dray.objects set changed_at = timestamp ");
  since.text(format_timestamp(to_micros(now))).code(" where changed_at is null and source = ");
  since.text(source).code(" and object_number");
  DRAY_TRY(execute_in(session, since, objects.changed));
  SqlBuilder settled("update _dray.objects set changed_at = null where source = ");
  settled.text(source).code(" and object_number");
  return execute_in(session, settled, objects.settled);
}

Result<RunId> last_committed_run(Session& session, const std::string& source) {
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return RunId();
  SqlBuilder sql("select max(run_id) from _dray.runs where status in ('success', 'partial')");
  DRAY_ASSIGN(const QueryResult rows,
              session.query(std::move(sql.code(" and source = ").text(source)).done()));
  return RunId(rows.rows[0][0].value_or(""));
}

namespace {

Result<void> append_objects(Session& session, const std::string& source, const RunId& run_id,
                            Timestamp now, const std::vector<ObjectEntry>& objects,
                            std::string_view loaded_state) {
  return append_rows(
      session, "objects", objects.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const ObjectEntry& entry = objects[i];
        const bool loaded = entry.set_aside_reason.empty();
        row.assign({std::string_view(source), std::string_view(entry.object.key),
                    number(entry.object.size_bytes), std::string_view(entry.object.version),
                    !loaded       ? std::string_view("set_aside")
                    : entry.waits ? std::string_view("waiting")
                                  : loaded_state,
                    entry.number, std::string_view(run_id.text()),
                    text_or_null(entry.set_aside_reason), number(entry.counts.lines),
                    number(entry.counts.loaded), number(entry.counts.duplicate),
                    number(entry.counts.filtered), number(entry.counts.rejected), now,
                    loaded ? PlainValue() : PlainValue(entry.set_aside_at.value_or(now)),
                    loaded ? PlainValue() : PlainValue(number(entry.attempts)), std::monostate()});
      });
}

}  // namespace

Result<void> announce_objects(Session& session, const std::string& source, const RunId& run_id,
                              Timestamp now, const std::vector<ObjectEntry>& objects) {
  std::vector<ObjectEntry> unknown;
  for (const ObjectEntry& entry : objects) {
    if (!entry.set_aside_reason.empty()) continue;
    if (!entry.known) {
      unknown.push_back(entry);
      continue;
    }
    SqlBuilder sql("update _dray.objects set state = 'loading' where object_number = ");
    DRAY_TRY(session.execute(std::move(sql.number(entry.number)).done()));
  }
  return append_objects(session, source, run_id, now, unknown, "loading");
}

Result<bool> has_unfinished(Session& session, const std::string& source) {
  SqlBuilder sql("select 1 from _dray.objects where state = 'loading' and source = ");
  DRAY_ASSIGN(const QueryResult found,
              session.query(std::move(sql.text(source).code(" limit 1")).done()));
  return !found.rows.empty();
}

Result<void> forget_unfinished(Session& session, const std::string& source) {
  SqlBuilder sql("delete from _dray.lineage where object_number in (select object_number from ");
  sql.code("_dray.objects where state = 'loading' and source = ").text(source);
  return session.execute(std::move(sql.code(")")).done());
}

Result<void> forget_origins(Session& session, const std::vector<std::int64_t>& object_numbers) {
  return execute_in(session, SqlBuilder("delete from _dray.lineage where object_number"),
                    object_numbers);
}

Result<void> write_objects(Session& session, const std::string& source, const RunId& run_id,
                           Timestamp now, const std::vector<ObjectEntry>& objects) {
  SqlBuilder announced("delete from _dray.objects where state = 'loading' and source = ");
  DRAY_TRY(session.execute(std::move(announced.text(source)).done()));
  for (const ObjectEntry& entry : objects) {
    if (!entry.known) continue;
    SqlBuilder sql("delete from _dray.objects where source = ");
    DRAY_TRY(session.execute(
        std::move(sql.text(source).code(" and key = ").text(entry.object.key)).done()));
  }
  return append_objects(session, source, run_id, now, objects, "loaded");
}

Result<void> forget_objects(Session& session, const std::string& source,
                            const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    SqlBuilder sql("delete from _dray.objects where state = 'set_aside' and source = ");
    DRAY_TRY(session.execute(std::move(sql.text(source).code(" and key = ").text(key)).done()));
  }
  return {};
}

Result<void> write_tables(Session& session, const std::string& source, const RunId& run_id,
                          const std::vector<TableEntry>& tables) {
  return append_rows(session, "tables", tables.size(),
                     [&](std::size_t i, std::vector<PlainValue>& row) {
                       row.assign({std::string_view(source), std::string_view(tables[i].table),
                                   text_or_null(tables[i].event), tables[i].number,
                                   std::string_view(run_id.text())});
                     });
}

Result<ColumnsMade> columns_made(Session& session, const std::string& source,
                                 const std::vector<std::string>& tables) {
  ColumnsMade made;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  std::set<std::string, std::less<>> done;  // tables whose making was met
  // As many names as a statement takes anywhere.
  constexpr std::size_t tables_at_once = 500;
  for (std::size_t begin = 0; begin < tables.size(); begin += tables_at_once) {
    SqlBuilder sql("select c.table_name, c.new_columns, case when c.created then 1 else 0 end ");
    sql.code("from _dray.collections c join _dray.runs r on r.run_id = c.run_id where r.source = ");
    sql.text(source);
    sql.code(" and c.new_columns <> '' and c.table_name in (");
    const std::size_t end = std::min(tables.size(), begin + tables_at_once);
    for (std::size_t i = begin; i < end; ++i)
      sql.word(i == begin ? "" : ", ").text(tables[i]);
    sql.code(")").sql(newest_first(shape));
    DRAY_ASSIGN(const QueryResult found, session.query(std::move(sql).done()));
    for (const auto& row : found.rows) {
      if (done.contains(*row[0])) continue;
      add_columns_made(*row[1], made[*row[0]]);
      if (to_number(row[2], 0) == 1) done.insert(*row[0]);
    }
  }
  return made;
}

Result<void> write_source(Session& session, const std::string& source, const SourceEntry& entry) {
  DRAY_TRY(session.execute(
      std::move(SqlBuilder("delete from _dray.sources where source = ").text(source)).done()));
  const auto time = [](const std::optional<Timestamp>& value) {
    return value ? PlainValue(*value) : PlainValue();
  };
  return append_rows(session, "sources", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    row.assign({std::string_view(source), std::string_view(entry.location), time(entry.listed_at),
                time(entry.looked_at), std::monostate(), time(entry.newest_event)});
  });
}

// An update, so that of two runs that look at once each leaves one entry.
Result<void> write_look(Session& session, const std::string& source, Timestamp looked_at,
                        std::optional<Timestamp> listed_at) {
  const auto time = [](Timestamp value) { return format_timestamp(to_micros(value)); };
  SqlBuilder sql("update _dray.sources set looked_at = timestamp ");
  sql.text(time(looked_at));
  if (listed_at) sql.code(", listed_at = timestamp ").text(time(*listed_at));
  sql.code(", looked_run = (select max(run_number) from _dray.runs where source = ").text(source);
  return session.execute(std::move(sql.code(") where source = ").text(source)).done());
}

Result<Failures> failures_in_a_row(Session& session, const std::string& source) {
  Failures failures;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.is_there) return failures;
  SqlBuilder sql("select status, started_at from _dray.runs where source = ");
  sql.text(source).sql(newest_first(shape)).code(" limit 1000");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const auto& row : rows.rows) {
    if (row[0] != "failure") break;
    ++failures.count;
    failures.since = to_time(row[1]).value_or(Timestamp());
  }
  return failures;
}

Sql newest_first(const LedgerShape& shape) {
  if (!shape.has_run_numbers) return SqlBuilder(" order by started_at desc").done();
  return SqlBuilder(" order by coalesce(run_number, 0) desc, started_at desc").done();
}

Result<void> write_run(Session& session, const RunReport& report, Micros uuid_ts) {
  const std::string_view run_id = report.run_id.text();
  DRAY_ASSIGN(
      const QueryResult greatest,
      session.query(SqlBuilder("select coalesce(max(run_number), 0) from _dray.runs").done()));
  const std::int64_t run_number = to_number(greatest.rows[0][0], 0) + 1;
  DRAY_TRY(append_rows(session, "runs", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    const PlainValue stamp = uuid_ts == 0 ? PlainValue() : PlainValue(from_micros(uuid_ts));
    row.assign({run_id,
                std::string_view(report.source),
                std::string_view(report.location),
                to_string(report.status),
                report.started,
                report.duration.count(),
                report.preparing.count(),
                report.loading.count(),
                stamp,
                number(report.objects_listed),
                number(report.objects_loaded),
                number(report.objects_set_aside),
                number(report.objects_known),
                number(report.bytes_read),
                number(report.bytes_plain),
                number(report.counts.lines),
                number(report.counts.loaded),
                number(report.counts.duplicate),
                number(report.counts.filtered),
                number(report.counts.rejected),
                number(report.values_rejected),
                text_or_null(report.error),
                run_number});
  }));
  const auto& collections = report.collections;
  std::string new_columns;
  DRAY_TRY(append_rows(
      session, "collections", collections.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const CollectionReport& collection = collections[i];
        new_columns = joined(collection.new_columns);
        row.assign({run_id, std::string_view(collection.table), number(collection.rows_loaded),
                    number(collection.duplicates), number(collection.rows_replaced),
                    number(collection.values_rejected), std::string_view(new_columns),
                    collection.created});
      }));
  return append_rows(session, "notices", report.notices.size(),
                     [&](std::size_t i, std::vector<PlainValue>& row) {
                       const Notice& notice = report.notices[i];
                       row.assign({run_id, std::string_view(notice.code),
                                   std::string_view(notice.message), number(notice.count)});
                     });
}

Result<ValuesRejected> write_rejects(Session& session, const std::string& source,
                                     const RunId& run_id, Timestamp now, const StagedRows& rejects,
                                     const std::vector<std::string>& object_keys,
                                     const std::vector<bool>& unusable) {
  RejectRows rows(source, run_id, now, rejects, object_keys, unusable);
  DRAY_TRY(session.append(ledger_schema, "rejects", rows));
  return std::move(rows).values_rejected();
}

Result<void> resolve_rejects(Session& session, const std::string& source, const RunId& run_id,
                             const std::string& object, const std::vector<std::uint64_t>& lines) {
  SqlBuilder sql("update _dray.rejects set resolved_run = ");
  sql.text(run_id.text()).code(" where resolved_run is null and source = ").text(source);
  sql.code(" and object = ").text(object);
  if (lines.empty()) return session.execute(std::move(sql).done());
  return execute_in(session, sql.code(" and line"), lines);
}

}  // namespace dray
