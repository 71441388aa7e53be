#include "load/postgres_session.h"

#include <algorithm>

#include "base/hash.h"
#include "ledger/tables.h"
#include "load/postgres_sql.h"
#include "load/rivals.h"
#include "load/wide_profiles.h"
#include "sql/pq_connection.h"
#include "sql/rights.h"
#include "sql/sqlstate.h"

namespace dray {
namespace {

constexpr std::string_view datatype_mismatch = "42804";
constexpr std::string_view wrong_object_type = "42809";

// Any number that no other program takes for its advisory lock: "dray load".
constexpr std::int64_t lock_key = 0x64726179'6c6f6164;

// A row of so many values, and the four that every profile has, fits a page whatever they are.
constexpr std::size_t profile_columns_at_once = columns_always_fitting - 4;

// The name of an index, which stands among those of the tables. No event makes a '$'.
std::string index_name(std::string_view table, std::string_view column) {
  constexpr std::size_t bytes_max = 63;
  std::string name(table);
  std::string end = "$" + std::string(column);
  if (name.size() + end.size() > bytes_max) {
    end = "$" + sha256_hex8(table) + end;
    name.resize(bytes_max - end.size());
  }
  return name + end;
}

}  // namespace

Result<Catalog> PostgresSession::catalog(const std::string& schema) {
  DRAY_ASSIGN(const QueryResult rows, query(postgres_catalog_query(schema)));
  Catalog catalog = postgres_catalog(schema, rows);
  if (!catalog.schema_exists || schema == ledger_schema) return catalog;
  DRAY_ASSIGN(const QueryResult taken, query(postgres_taken_names_query(schema)));
  for (const auto& row : taken.rows)
    catalog.taken.push_back(row[0].value_or(""));
  return catalog;
}

Result<void> PostgresSession::begin() {
  temp_tables_.clear();
  is_lineage_written_ = false;
  locks_.reset();
  publishes_.reset();
  DRAY_TRY(execute(SqlBuilder("begin isolation level read committed").done()));
  return check_same_session();
}

// A pooler may give each transaction another of the server's sessions: without what was set for
// it, and with locks that nobody ends.
Result<void> PostgresSession::check_same_session() {
  DRAY_ASSIGN(const QueryResult mark,
              query(SqlBuilder("select pg_catalog.current_setting('dray.session', true)").done()));
  if (mark.rows[0][0] == session_mark_) return {};
  return config_error(
      "the session's settings were lost between two transactions: a pooler (PgBouncer) gives each "
      "another session",
      "a pool in session mode, or the server's own address");
}

Result<void> PostgresSession::lock(std::chrono::seconds wait_max) {
  SqlBuilder timeout("set local lock_timeout = ");
  timeout.number(static_cast<std::int64_t>(std::chrono::milliseconds(wait_max).count()));
  DRAY_TRY(execute(std::move(timeout).done()));
  SqlBuilder lock("select pg_catalog.pg_advisory_xact_lock(");
  if (auto locked = execute(std::move(lock.number(lock_key).code(")")).done()); !locked) {
    if (locked.error().cause != Cause::transient) return locked;
    return locks_.explain_advisory(
        std::move(locked).error().within("waiting for another sync that loads this database"),
        lock_key);
  }
  SqlBuilder usual("set local lock_timeout = ");
  return execute(std::move(usual.number(lock_wait_max_ms)).done());
}

// A name may be that of several constraints, which are looked at together.
Result<std::vector<CommitRefusal>> PostgresSession::check_deferred(const std::string& schema) {
  DRAY_ASSIGN(const QueryResult found, query(postgres_deferred_query(schema)));
  std::vector<CommitRefusal> refusals;
  for (std::size_t i = 0; i < found.rows.size();) {
    const auto& first = found.rows[i];
    std::vector<std::string> tables;
    for (; i < found.rows.size() && found.rows[i][0] == first[0] && found.rows[i][1] == first[1];
         ++i)
      tables.push_back(*found.rows[i][2]);
    DRAY_TRY(execute(SqlBuilder("savepoint dray_deferred").done()));
    SqlBuilder sql("set constraints ");
    auto looked = execute(std::move(sql.table(*first[0], *first[1]).code(" immediate")).done());
    if (!looked) {
      if (!is_refusal(looked.error())) return std::move(looked).error();
      const std::string named = connection_->last_table();
      if (std::ranges::find(tables, named) != tables.end()) tables = {named};
      refusals.push_back({std::move(tables), std::move(looked).error()});
      DRAY_TRY(execute(SqlBuilder("rollback to savepoint dray_deferred").done()));
    }
    DRAY_TRY(execute(SqlBuilder("release savepoint dray_deferred").done()));
  }
  return refusals;
}

// The lock is the session's from now on, so that nobody gets it between the transactions. It ends
// with the session.
Result<void> PostgresSession::commit_some(std::chrono::seconds wait_max) {
  SqlBuilder keep("select pg_catalog.pg_advisory_lock(");
  DRAY_TRY(execute(std::move(keep.number(lock_key).code(")")).done()));
  auto committed = commit();
  // Whether these rows are there does not matter: they are not in the ledger.
  if (!committed && committed.error().cause == Cause::in_doubt) {
    return std::move(committed).error().with_cause(Cause::transient);
  }
  if (!committed) return committed;
  DRAY_TRY(begin());
  return lock(wait_max);
}

Result<void> PostgresSession::commit() {
  if (is_lineage_written_) {
    DRAY_TRY(ensure_index(ledger_schema, lineage_table_name, "uuid", IndexKind::ordered));
  }
  return connection_->commit();
}

Result<void> PostgresSession::apply(const SchemaChange& change) {
  // "if not exists" asks for the right to create one, even if there is nothing to create.
  if (const auto* schema = std::get_if<CreateSchema>(&change)) {
    SqlBuilder look("select 1 from pg_catalog.pg_namespace where nspname = ");
    DRAY_ASSIGN(const QueryResult found, query(std::move(look.text(schema->schema)).done()));
    if (!found.rows.empty()) return {};
    return change_schema(ddl_of(PostgresDialect(), change));
  }
  if (const auto* table = std::get_if<CreateTable>(&change)) return make_table(*table);
  if (const auto* column = std::get_if<AddColumn>(&change)) return add_column(*column);
  if (const auto* column = std::get_if<WidenColumn>(&change)) {
    if (connection_->is_in_transaction())
      DRAY_TRY(locks_.take(column->schema, column->table, TableLock::everything));
    return execute(ddl_of(PostgresDialect(), change));
  }
  return change_schema(ddl_of(PostgresDialect(), change));
}

// One that the server refuses for a reason that nobody knows here keeps its table out, and a person
// can see what it was: an extension or a provider may have rules of its own.
Result<void> PostgresSession::change_schema(const Sql& change) {
  auto changed = execute(change);
  if (changed) return changed;
  Error error = std::move(changed).error();
  const bool is_unknown = error.cause == Cause::internal && !error.sqlstate.empty() &&
                          !error.sqlstate.starts_with("XX");
  if (!is_unknown) return error;
  error.message += "; the statement was `" + beginning_of(change.text()) + "`";
  error.remedy = "mend what the server names, or run the statement as a role that may";
  return std::move(error).with_cause(Cause::config).with_code(ErrorCode::constraint);
}

// What is wrong with the table itself keeps that table out, and no other.
Result<void> PostgresSession::add_column(const AddColumn& change) {
  DRAY_TRY(locks_.take(change.schema, change.table, TableLock::everything));
  auto added = change_schema(ddl_of(PostgresDialect(), change));
  if (added) return added;
  Error error = std::move(added).error();
  const std::string column = quoted_if_needed(change.column.name) + " " +
                             std::string(postgres_types.of(change.column.type));
  if (error.sqlstate == wrong_object_type) {
    error.remedy =
        "a partition has the columns of the table that it belongs to: add the column "
        "there (alter table ... add column " +
        column + "), or detach the partition";
  } else if (error.sqlstate == datatype_mismatch) {
    error.remedy = "give the column of the child table the type of " + column +
                   ", or end its inheritance (alter table ... no inherit " +
                   quoted_if_needed(change.schema) + "." + quoted_if_needed(change.table) + ")";
  } else {
    return error;
  }
  error.cause = Cause::config;
  return std::move(error).with_code(ErrorCode::constraint);
}

Result<RowsLoaded> PostgresSession::load(RowsToLoad& load) {
  auto loaded = load_rows(load);
  if (loaded) return loaded;
  return locks_.explain(std::move(loaded).error(), load.schema, load.table);
}

Result<std::uint64_t> PostgresSession::merge_profiles(const RowsProfileMerge& merge) {
  auto merged = merge_rows(merge);
  if (merged) return merged;
  return locks_.explain(std::move(merged).error(), merge.schema, merge.table);
}

Result<void> PostgresSession::append(const std::string& schema, const std::string& table,
                                     RowSource& rows) {
  auto appended = append_rows(schema, table, rows);
  if (appended) return appended;
  return locks_.explain(std::move(appended).error(), schema, table);
}

Result<RowsLoaded> PostgresSession::load_rows(RowsToLoad& load) {
  RowsLoaded loaded;
  row_addresses_ = {};
  are_keys_sent_ = false;
  const bool has_profiles = !load.profile_id_column.empty();
  if (has_profiles) DRAY_TRY(make_temp_table(touched_table));
  bool any_stored = false;
  if (!load.created) {
    DRAY_ASSIGN(any_stored, has_rows(load.schema, load.table));
  }
  references_.reset();
  if (any_stored) {
    DRAY_TRY(tell_rows_apart(load.schema, load.table));
    DRAY_TRY(ensure_indexes(load));
    DRAY_TRY(settle_rivals(load, loaded));
  }
  if (replaces_in_place()) {
    DRAY_ASSIGN(loaded.rows_inserted, replace_in_place(load, loaded));
  } else {
    DRAY_ASSIGN(loaded.rows_inserted, insert(load, loaded.rows_refused));
  }
  DRAY_TRY(check_arrived(load.schema, load.table, live_rows(load), loaded.rows_inserted));
  // Built after the first rows an index takes a third of the time.
  if (!any_stored) DRAY_TRY(ensure_indexes(load));
  if (load.lineage_table) DRAY_TRY(of_lineage(write_lineage(load)));
  if (has_profiles) {
    DRAY_TRY(load.touches_all_profiles ? touch_all(load) : touch_staged(load));
  }
  return loaded;
}

Result<void> PostgresSession::of_lineage(Result<void> outcome) {
  return outcome ? outcome : of_ledger(std::move(outcome).error(), lineage_table_name);
}

Result<std::uint64_t> PostgresSession::merge_rows(const RowsProfileMerge& merge) {
  DRAY_TRY(tell_rows_apart(merge.schema, merge.table));
  DRAY_TRY(analyze(touched_table));
  DRAY_TRY(find_ids(merge));
  DRAY_TRY(cast_values(merge));
  for (const ProfileRefusal& refused : merge.refused_columns)
    DRAY_TRY(reject_values(merge, {refused.column, refused.from}, refused.reason, nullptr));
  DRAY_TRY(forget_long_ids(merge));
  WideProfiles wide(*connection_, {merge, touched_table.name, is_profiles_row_});
  DRAY_TRY(wide.find());
  DRAY_TRY(reject_unfit(merge, wide));
  const std::span<const std::string> columns(merge.columns);
  const std::size_t first = std::min(columns.size(), profile_columns_at_once);
  DRAY_ASSIGN(const bool any_stored, has_rows(merge.schema, merge.table));
  if (any_stored) DRAY_TRY(ensure_index(merge.schema, merge.table, "id", IndexKind::hashed));
  DRAY_ASSIGN(const std::uint64_t wanted, compute_profiles(merge, wide, columns.first(first)));
  std::uint64_t rows = 0;
  if (any_stored) {
    DRAY_TRY(make_room_for_changes(merge, wide));
    DRAY_ASSIGN(rows, connection_->changed_rows(update_profiles(merge, columns.first(first))));
  }
  DRAY_ASSIGN(const std::uint64_t added,
              connection_->changed_rows(insert_profiles(merge, columns.first(first))));
  DRAY_TRY(check_arrived(merge.schema, merge.table, wanted, rows + added));
  // Built after the first rows an index takes a third of the time.
  if (!any_stored) DRAY_TRY(ensure_index(merge.schema, merge.table, "id", IndexKind::hashed));
  for (std::size_t at = first; at < columns.size(); at += profile_columns_at_once) {
    const std::size_t count = std::min(columns.size() - at, profile_columns_at_once);
    DRAY_ASSIGN(const std::uint64_t ignored,
                compute_profiles(merge, wide, columns.subspan(at, count)));
    (void)ignored;
    DRAY_TRY(execute(update_profiles(merge, columns.subspan(at, count))));
  }
  if (any_stored) DRAY_TRY(remove_empty_profiles(merge));
  return rows + added;
}

Result<void> PostgresSession::append_rows(const std::string& schema, const std::string& table,
                                          RowSource& rows) {
  CopyStream copy(*connection_);
  std::vector<PlainValue> row;
  DRAY_ASSIGN(bool more, rows.next(row));
  if (!more) return {};
  DRAY_ASSIGN(const std::vector<std::string> columns, columns_of(schema, table, row.size()));
  SqlBuilder sql("copy ");
  sql.table(schema, table).code(" (").names(columns).code(") from stdin (format binary)");
  DRAY_TRY(copy.begin(std::move(sql).done()));
  std::uint64_t sent = 0;
  for (; more; ++sent) {
    copy.begin_row(row.size());
    for (const PlainValue& value : row)
      copy.put(value);
    DRAY_TRY(copy.pass_on());
    DRAY_ASSIGN(more, rows.next(row));
  }
  DRAY_ASSIGN(const std::uint64_t arrived, copy.end());
  return check_arrived(schema, table, sent, arrived);
}

// What is there already is of an earlier transaction: a publication may have come since.
Result<void> PostgresSession::make_table(const CreateTable& change) {
  DRAY_TRY(change_schema(ddl_of(PostgresDialect(), change)));
  if (!change.if_missing) locks_.made(change.schema, change.table);
  remember_columns(change);
  return tell_rows_apart(change.schema, change.table);
}

// A publication sends updates and deletes of rows that it can tell apart alone; the server
// refuses the others. Dray's tables have no key, so all of a row's values have to tell it.
Result<void> PostgresSession::tell_rows_apart(std::string_view schema, std::string_view table) {
  if (!publishes_) {
    DRAY_ASSIGN(const QueryResult any, query(postgres_any_publication_query()));
    publishes_ = !any.rows.empty();
  }
  if (!*publishes_) return {};
  DRAY_ASSIGN(const QueryResult lacking,
              query(postgres_published_query(schema, table, connection_->server_version())));
  if (lacking.rows.empty()) return {};
  DRAY_TRY(locks_.take(schema, table, TableLock::everything));
  SqlBuilder sql("alter table ");
  sql.table(schema, table).code(" replica identity full");
  return change_schema(std::move(sql).done());
}

// Remembers the columns of Dray's own tables: somebody may have added some that fill themselves.
void PostgresSession::remember_columns(const CreateTable& change) {
  if (!change.if_missing) return;
  std::vector<std::string>& names = own_columns_[change.table];
  names.clear();
  for (const Column& column : change.columns)
    names.push_back(column.name);
}

// Those that the session made, or else the first so many.
Result<std::vector<std::string>> PostgresSession::columns_of(const std::string& schema,
                                                             const std::string& table,
                                                             std::size_t count) {
  const auto known = own_columns_.find(table);
  if (known != own_columns_.end() && known->second.size() == count) return known->second;
  SqlBuilder sql(
      "select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = "
      "a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where a.attnum > 0 "
      "and not a.attisdropped and a.attgenerated = '' and a.attidentity = '' and n.nspname = ");
  sql.text(schema).code(" and c.relname = ").text(table).code(" order by a.attnum limit ");
  sql.number(static_cast<std::uint64_t>(count));
  DRAY_ASSIGN(const QueryResult rows, query(std::move(sql).done()));
  std::vector<std::string> names;
  for (const auto& row : rows.rows)
    names.push_back(*row[0]);
  return names;
}

// Empty, and gone with the transaction.
Result<void> PostgresSession::make_temp_table(const TempTable& table) {
  if (std::ranges::find(temp_tables_, table.name.text()) != temp_tables_.end()) {
    return execute(std::move(SqlBuilder("truncate ").sql(table.name)).done());
  }
  SqlBuilder sql("create temp table ");
  sql.sql(table.name).code(" (").sql(table.columns).code(") on commit drop");
  DRAY_TRY(execute(std::move(sql).done()));
  temp_tables_.push_back(table.name.text());
  return {};
}

Result<void> PostgresSession::begin_copy(CopyStream& copy, const TempTable& table) {
  SqlBuilder sql("copy ");
  return copy.begin(std::move(sql.sql(table.name).code(" from stdin (format binary)")).done());
}

// While an answer comes no COPY can begin. So what is made of it is held, a few thousand rows or
// some MB, whatever texts are in them; of what there was no room for the answer is asked for again,
// and for less of it next time.
Result<void> PostgresSession::append_made(const Sql& select, const TempTable& table,
                                          const MakeRows& make) {
  constexpr std::uint64_t rows_max = 10'000;
  constexpr std::size_t held_bytes_max = 4U << 20;
  SqlBuilder cursor("declare dray_values scroll cursor for ");
  DRAY_TRY(execute(std::move(cursor.sql(select)).done()));
  std::uint64_t taken = 0;
  std::uint64_t at_once = rows_max;
  while (true) {
    CopyRows rows;
    std::uint64_t some = 0;
    bool is_full = false;
    SqlBuilder fetch("fetch ");
    fetch.number(at_once).code(" from dray_values");
    DRAY_TRY(connection_->each_row(std::move(fetch).done(), [&](PqRow row) -> Result<void> {
      is_full = rows.view().size() >= held_bytes_max;
      if (is_full) return {};
      ++some;
      make(*row[0], rows);
      return {};
    }));
    if (!rows.view().empty()) {
      CopyStream copy(*connection_);
      DRAY_TRY(begin_copy(copy, table));
      DRAY_TRY(copy.pass_on(rows));
      DRAY_TRY(copy.end());
    }
    taken += some;
    if (!is_full && some < at_once) break;
    at_once = is_full ? some : std::min(2 * at_once, rows_max);
    SqlBuilder back("move absolute ");
    if (is_full) DRAY_TRY(execute(std::move(back.number(taken).code(" in dray_values")).done()));
  }
  return execute(SqlBuilder("close dray_values").done());
}

// Nobody else does it for a temporary table, and a plan for a wrong number of rows may take
// hours.
Result<void> PostgresSession::analyze(const TempTable& table) {
  return execute(std::move(SqlBuilder("analyze ").sql(table.name)).done());
}

std::uint64_t PostgresSession::live_rows(const RowsToLoad& load) {
  std::uint64_t live = 0;
  for (std::uint64_t row = 0; row < load.rows->row_count(); ++row) {
    if (!load.rows->is_dropped(row)) ++live;
  }
  return live;
}

// Those that somebody has put on the table, in one line; "" if there are none.
Result<std::string> PostgresSession::triggers_and_rules(const std::string& schema,
                                                        const std::string& table) {
  SqlBuilder sql(
      "select t.tgname from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = "
      "t.tgrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where not "
      "t.tgisinternal and t.tgenabled <> 'D' and n.nspname = ");
  sql.text(schema).code(" and c.relname = ").text(table).code(" union all select rulename from ");
  sql.code("pg_catalog.pg_rules where schemaname = ").text(schema);
  sql.code(" and tablename = ").text(table).code(" order by 1");
  DRAY_ASSIGN(const QueryResult found, query(std::move(sql).done()));
  std::string names;
  for (const auto& row : found.rows)
    names.append(names.empty() ? "" : ", ").append(*row[0]);
  return names;
}

// A trigger may keep rows out, and says nothing.
Result<void> PostgresSession::check_arrived(const std::string& schema, const std::string& table,
                                            std::uint64_t sent, std::uint64_t arrived) {
  if (arrived >= sent) return {};
  DRAY_ASSIGN(const std::string names, triggers_and_rules(schema, table));
  const std::string what = schema + "." + table + " took " + std::to_string(arrived) + " of " +
                           std::to_string(sent) + " rows";
  if (names.empty()) return internal_error(what);
  return config_error(what, "a trigger or rule of the table keeps rows out (" + names +
                                "): drop it, or let it take every row")
      .with_code(ErrorCode::constraint);
}

// Fewer rows were removed or updated than were found.
Error PostgresSession::not_replaced(const RowsToLoad& load) {
  auto names = triggers_and_rules(load.schema, load.table);
  if (!names) return std::move(names).error();
  // Somebody else than Dray writes to the table.
  if (names->empty())
    return transient_error(load.table + " was changed by another session during the load");
  return config_error(load.schema + "." + load.table + " did not let all rows be replaced",
                      "a trigger or rule of the table keeps them (" + *names +
                          "): drop it, or let it replace every row")
      .with_code(ErrorCode::constraint);
}

Result<bool> PostgresSession::has_rows(const std::string& schema, const std::string& table) {
  SqlBuilder sql("select exists (select 1 from ");
  DRAY_ASSIGN(const QueryResult found, query(std::move(sql.table(schema, table).code(")")).done()));
  return found.rows[0][0] == "true";
}

Result<void> PostgresSession::ensure_indexes(const RowsToLoad& load) {
  DRAY_TRY(ensure_index(load.schema, load.table, "uuid", IndexKind::ordered));
  if (load.profile_id_column.empty()) return {};
  return ensure_index(load.schema, load.table, load.profile_id_column, IndexKind::hashed);
}

// Any index that begins with the column will do.
Result<void> PostgresSession::ensure_index(std::string_view schema, std::string_view table,
                                           std::string_view column, IndexKind kind) {
  SqlBuilder look(
      "select 1 from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indrelid "
      "join pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_attribute a "
      "on a.attrelid = c.oid and a.attnum = i.indkey[0] where i.indisvalid and i.indpred is null "
      "and n.nspname = ");
  look.text(schema).code(" and c.relname = ").text(table).code(" and a.attname = ").text(column);
  DRAY_ASSIGN(const QueryResult found, query(std::move(look).done()));
  if (!found.rows.empty()) return {};
  DRAY_TRY(locks_.take(schema, table, TableLock::changes));
  // The server would call it like an event could be called: "identifies_user_id_idx".
  const std::string own = index_name(table, column);
  SqlBuilder look_for(
      "select 1 from pg_catalog.pg_class c join pg_catalog.pg_namespace n on "
      "n.oid = c.relnamespace where n.nspname = ");
  look_for.text(schema).code(" and c.relname = ").text(own);
  DRAY_ASSIGN(const QueryResult taken, query(std::move(look_for).done()));
  SqlBuilder make("create index ");
  if (taken.rows.empty()) make.name(own).code(" ");
  make.code("on ").table(schema, table);
  if (kind == IndexKind::hashed) make.code(" using hash");
  return change_schema(std::move(make.code(" (").name(column).code(")")).done());
}

}  // namespace dray
