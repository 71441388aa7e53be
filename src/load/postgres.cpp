// One transaction for everything a run changes; rows go in by COPY, stored duplicates are found by
// an index on uuid.
#include "load/postgres.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/numbers.h"
#include "ledger/tables.h"
#include "load/copy_rows.h"
#include "load/postgres_locks.h"
#include "load/postgres_sql.h"
#include "load/profile_casts.h"
#include "load/reserved_schemas.h"
#include "load/rivals.h"
#include "load/wide_profiles.h"
#include "model/cast.h"
#include "sql/pq_connection.h"

namespace dray {
namespace {

constexpr int server_version_least = 120000;
constexpr int version_that_looks_for_clients = 140000;

// The table, its texts' table and that one's index, uuid's index and a few that somebody made.
constexpr std::size_t locks_per_table = 8;

// Any number that no other program takes for its advisory lock: "dray load".
constexpr std::int64_t lock_key = 0x64726179'6c6f6164;

// A row of so many values, and the four that every profile has, fits a page whatever they are.
constexpr std::size_t profile_columns_at_once = columns_always_fitting - 4;

// Rows that are too wide for a page, or an index's.
constexpr std::string_view program_limit_exceeded = "54000";

// Of an index, which has its name among those of the tables. No event makes a '$'.
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

enum class IndexKind {
  ordered,  // of numbers
  hashed,   // of texts: a B-tree refuses those of more than 2,700 bytes
};

template <typename Number>
Number number_of(std::optional<std::string_view> text) {
  Number number = 0;
  if (text) std::from_chars(text->data(), text->data() + text->size(), number);
  return number;
}

// Where rows lie, in 64 bits each: a partition, its block, and the place in the block. Of a
// partitioned table each partition has its own blocks.
class RowAddresses {
 public:
  // `ctid` is "(BLOCK,PLACE)".
  Result<std::int64_t> add(std::string_view table_oid, std::string_view ctid) {
    const auto oid = number_of<std::uint32_t>(table_oid);
    const auto [partition, added] = partitions_.try_emplace(oid, oids_.size());
    if (added) oids_.push_back(oid);
    if (partition->second >= partitions_max) {
      return config_error("a table of more than 65,536 partitions cannot be loaded");
    }
    const std::size_t comma = ctid.find(',');
    const auto block = number_of<std::uint32_t>(ctid.substr(1, comma - 1));
    const auto place = number_of<std::uint16_t>(ctid.substr(comma + 1));
    return static_cast<std::int64_t>(partition->second << 48 | std::uint64_t{block} << 16 | place);
  }

  // A line of COPY: table_oid, ctid.
  std::string line(std::int64_t row) const {
    const auto bits = static_cast<std::uint64_t>(row);
    return std::to_string(oids_[bits >> 48]) + "\t(" +
           std::to_string(static_cast<std::uint32_t>(bits >> 16)) + "," +
           std::to_string(static_cast<std::uint16_t>(bits)) + ")\n";
  }

 private:
  static constexpr std::uint64_t partitions_max = 1ULL << 16;
  std::map<std::uint32_t, std::uint64_t> partitions_;  // by oid
  std::vector<std::uint32_t> oids_;
};

class PostgresSession final : public WarehouseSession {
 public:
  PostgresSession(std::unique_ptr<PqConnection> connection, std::uint64_t duplicates_bytes,
                  std::size_t tables_per_transaction_max, std::string session_mark)
      : connection_(std::move(connection)),
        locks_(*connection_),
        duplicates_bytes_(duplicates_bytes),
        tables_per_transaction_max_(tables_per_transaction_max),
        session_mark_(std::move(session_mark)) {}

  Result<Catalog> catalog(const std::string& schema) override {
    DRAY_ASSIGN(const QueryResult rows, query(postgres_catalog_query(schema)));
    Catalog catalog = postgres_catalog(schema, rows);
    if (!catalog.schema_exists || schema == ledger_schema) return catalog;
    DRAY_ASSIGN(const QueryResult taken, query(postgres_taken_names_query(schema)));
    for (const auto& row : taken.rows)
      catalog.taken.push_back(row[0].value_or(""));
    return catalog;
  }

  Result<void> begin() override {
    temp_tables_.clear();
    is_lineage_written_ = false;
    locks_.reset();
    publishes_.reset();
    DRAY_TRY(execute(SqlBuilder("begin isolation level read committed").done()));
    return check_same_session();
  }

  // A pooler may give each transaction another of the server's sessions: without what was set for
  // it, and with locks that nobody ends.
  Result<void> check_same_session() {
    DRAY_ASSIGN(
        const QueryResult mark,
        query(SqlBuilder("select pg_catalog.current_setting('dray.session', true)").done()));
    if (mark.rows[0][0] == session_mark_) return {};
    return config_error(
        "the session's settings were lost between two transactions: a pooler (PgBouncer) gives each "
        "another session",
        "a pool in session mode, or the server's own address");
  }

  Result<void> lock(std::chrono::seconds wait_max) override {
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

  std::size_t tables_per_transaction_max() const override { return tables_per_transaction_max_; }

  // The lock is the session's from now on, so that nobody gets it between the transactions. It ends
  // with the session.
  Result<void> commit_some(std::chrono::seconds wait_max) override {
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

  Result<void> commit() override {
    if (is_lineage_written_) {
      DRAY_TRY(ensure_index(ledger_schema, lineage_table_name, "uuid", IndexKind::ordered));
    }
    return connection_->commit();
  }
  void interrupt() override { connection_->interrupt(); }

  Result<void> apply(const SchemaChange& change) override {
    // "if not exists" asks for the right to create one, even if there is nothing to create.
    if (const auto* schema = std::get_if<CreateSchema>(&change)) {
      SqlBuilder look("select 1 from pg_catalog.pg_namespace where nspname = ");
      DRAY_ASSIGN(const QueryResult found, query(std::move(look.text(schema->schema)).done()));
      if (!found.rows.empty()) return {};
      return execute(postgres_ddl(change));
    }
    if (const auto* table = std::get_if<CreateTable>(&change)) return make_table(*table);
    if (const auto* column = std::get_if<AddColumn>(&change)) {
      DRAY_TRY(locks_.take(column->schema, column->table, TableLock::everything));
    }
    if (const auto* column = std::get_if<WidenColumn>(&change)) {
      if (connection_->is_in_transaction())
        DRAY_TRY(locks_.take(column->schema, column->table, TableLock::everything));
    }
    return execute(postgres_ddl(change));
  }
  Result<void> execute(const Sql& sql) override { return connection_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return connection_->query(sql); }

  Result<TableLoaded> load(TableLoad& load) override {
    auto loaded = load_rows(load);
    if (loaded) return loaded;
    return locks_.explain(std::move(loaded).error(), load.schema, load.table);
  }

  Result<std::uint64_t> merge_profiles(const ProfileMerge& merge) override {
    auto merged = merge_rows(merge);
    if (merged) return merged;
    return locks_.explain(std::move(merged).error(), merge.schema, merge.table);
  }

  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override {
    auto appended = append_rows(schema, table, rows);
    if (appended) return appended;
    return locks_.explain(std::move(appended).error(), schema, table);
  }

 private:
  Result<TableLoaded> load_rows(TableLoad& load) {
    TableLoaded loaded;
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
    if (load.lineage_table) DRAY_TRY(write_lineage(load));
    if (has_profiles) DRAY_TRY(touch_staged(load));
    return loaded;
  }

  Result<std::uint64_t> merge_rows(const ProfileMerge& merge) {
    DRAY_TRY(tell_rows_apart(merge.schema, merge.table));
    DRAY_TRY(analyze(touched_table));
    DRAY_ASSIGN(source_id_, source_id(merge));
    DRAY_TRY(cast_values(merge));
    for (const ProfileRefusal& refused : merge.refused_columns) {
      DRAY_TRY(reject_values(merge, {refused.column, refused.from}, refused.reason,
                             [](std::string_view) { return false; }));
    }
    DRAY_TRY(forget_long_ids(merge));
    WideProfiles wide(*connection_, {merge, touched_table.name, source_id_});
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

  Result<void> append_rows(const std::string& schema, const std::string& table, RowSource& rows) {
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
  Result<void> make_table(const CreateTable& change) {
    DRAY_TRY(execute(postgres_ddl(change)));
    if (!change.if_missing) locks_.made(change.schema, change.table);
    remember_columns(change);
    return tell_rows_apart(change.schema, change.table);
  }

  // A publication sends updates and deletes of rows that it can tell apart alone; the server
  // refuses the others. Dray's tables have no key, so all of a row's values have to tell it.
  Result<void> tell_rows_apart(std::string_view schema, std::string_view table) {
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
    return execute(std::move(sql).done());
  }

  // Of Dray's own tables: somebody may have added some that fill themselves.
  void remember_columns(const CreateTable& change) {
    if (!change.if_missing) return;
    std::vector<std::string>& names = own_columns_[change.table];
    names.clear();
    for (const Column& column : change.columns)
      names.push_back(column.name);
  }

  // Those that the session made, or else the first so many.
  Result<std::vector<std::string>> columns_of(const std::string& schema, const std::string& table,
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

  struct TempTable {
    Sql name;
    Sql columns;
  };
  inline static const TempTable keys_table = {
      SqlBuilder("pg_temp.dray_keys").done(),
      SqlBuilder("uuid bigint, check_id bigint, received_at bigint, object bigint, line bigint, "
                 "staged_row bigint")
          .done()};
  inline static const TempTable numbers_table = {SqlBuilder("pg_temp.dray_numbers").done(),
                                                 SqlBuilder("number bigint").done()};
  inline static const TempTable replaced_table = {
      SqlBuilder("pg_temp.dray_replaced").done(),
      SqlBuilder("table_oid oid, stored_row tid").done()};
  inline static const TempTable touched_table = {SqlBuilder("pg_temp.dray_touched").done(),
                                                 SqlBuilder("id text, uuid bigint").done()};

  // Empty, and gone with the transaction.
  Result<void> make_temp_table(const TempTable& table) {
    if (std::ranges::find(temp_tables_, table.name.text()) != temp_tables_.end()) {
      return execute(std::move(SqlBuilder("truncate ").sql(table.name)).done());
    }
    SqlBuilder sql("create temp table ");
    sql.sql(table.name).code(" (").sql(table.columns).code(") on commit drop");
    DRAY_TRY(execute(std::move(sql).done()));
    temp_tables_.push_back(table.name.text());
    return {};
  }

  Result<void> begin_copy(CopyStream& copy, const TempTable& table) {
    SqlBuilder sql("copy ");
    return copy.begin(std::move(sql.sql(table.name).code(" from stdin (format binary)")).done());
  }

  // Nobody else does it for a temporary table, and a plan for a wrong number of rows may take
  // hours.
  Result<void> analyze(const TempTable& table) {
    return execute(std::move(SqlBuilder("analyze ").sql(table.name)).done());
  }

  static std::uint64_t live_rows(const TableLoad& load) {
    std::uint64_t live = 0;
    for (std::uint64_t row = 0; row < load.rows->row_count(); ++row) {
      if (!load.rows->is_dropped(row)) ++live;
    }
    return live;
  }

  // Those that somebody has put on the table, in one line; "" if there are none.
  Result<std::string> triggers_and_rules(const std::string& schema, const std::string& table) {
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
  Result<void> check_arrived(const std::string& schema, const std::string& table,
                             std::uint64_t sent, std::uint64_t arrived) {
    if (arrived >= sent) return {};
    DRAY_ASSIGN(const std::string names, triggers_and_rules(schema, table));
    const std::string what = schema + "." + table + " took " + std::to_string(arrived) + " of " +
                             std::to_string(sent) + " rows; nothing was committed";
    if (names.empty()) return internal_error(what);
    return config_error(what, "a trigger or rule of the table keeps rows out (" + names +
                                  "): drop it, or let it take every row")
        .with_code(ErrorCode::constraint);
  }

  // Fewer rows were removed or updated than were found.
  Error not_replaced(const TableLoad& load) {
    auto names = triggers_and_rules(load.schema, load.table);
    if (!names) return std::move(names).error();
    // Somebody else than Dray writes to the table.
    if (names->empty())
      return transient_error(load.table + " was changed by another session during the load");
    return config_error(load.schema + "." + load.table +
                            " did not let all rows be replaced; nothing was committed",
                        "a trigger or rule of the table keeps them (" + *names +
                            "): drop it, or let it replace every row")
        .with_code(ErrorCode::constraint);
  }

  Result<bool> has_rows(const std::string& schema, const std::string& table) {
    SqlBuilder sql("select exists (select 1 from ");
    DRAY_ASSIGN(const QueryResult found,
                query(std::move(sql.table(schema, table).code(")")).done()));
    return found.rows[0][0] == "true";
  }

  Result<void> ensure_indexes(const TableLoad& load) {
    DRAY_TRY(ensure_index(load.schema, load.table, "uuid", IndexKind::ordered));
    if (load.profile_id_column.empty()) return {};
    return ensure_index(load.schema, load.table, load.profile_id_column, IndexKind::hashed);
  }

  // Any index that begins with the column will do.
  Result<void> ensure_index(std::string_view schema, std::string_view table,
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
    return execute(std::move(make.code(" (").name(column).code(")")).done());
  }

  // --- new rows ----------------------------------------------------------------------------------

  // First as if every long text were moved out of its row. What the server then has no room for
  // after all is left out of a second copy, that it takes for certain.
  Result<std::uint64_t> insert(const TableLoad& load, std::vector<std::uint64_t>& refused) {
    DRAY_ASSIGN(const RowLayout layout, layout_of(load));
    SqlBuilder name;
    const Sql table = std::move(name.table(load.schema, load.table)).done();
    if (!layout.may_be_refused(load.columns.size())) {
      return copy_rows(load, table, layout, RowRoom::likely, load.value_rejects);
    }
    DRAY_TRY(execute(SqlBuilder("savepoint dray_rows").done()));
    bool any_rejects = false;
    auto rows = copy_rows(load, table, layout, RowRoom::likely,
                          [&](const ValueReject&) { any_rejects = true; });
    if (!rows && connection_->last_sqlstate() == program_limit_exceeded) {
      DRAY_TRY(execute(SqlBuilder("rollback to savepoint dray_rows").done()));
      return copy_rows(load, table, layout, RowRoom::certain, load.value_rejects, &refused);
    }
    if (rows && any_rejects) {
      DRAY_TRY(write_rows(load, layout, RowRoom::likely, load.value_rejects, nullptr));
    }
    return rows;
  }

  static std::vector<std::string> names_of_columns(const TableLoad& load) {
    std::vector<std::string> names;
    for (const LoadColumn& column : load.columns) {
      if (!column.refused) names.push_back(column.name);
    }
    return names;
  }

  Result<std::uint64_t> copy_rows(const TableLoad& load, const Sql& table, const RowLayout& layout,
                                  RowRoom room, const ValueRejectSink& value_rejects,
                                  std::vector<std::uint64_t>* refused = nullptr) {
    SqlBuilder sql("copy ");
    sql.sql(table).code(" (").names(names_of_columns(load));
    CopyStream copy(*connection_);
    DRAY_TRY(copy.begin(std::move(sql.code(") from stdin (format binary)")).done()));
    DRAY_TRY(write_rows(load, layout, room, value_rejects, &copy, refused));
    return copy.end();
  }

  // Without a copy only to tell of the values that have no place.
  static Result<void> write_rows(const TableLoad& load, const RowLayout& layout, RowRoom room,
                                 const ValueRejectSink& value_rejects, CopyStream* copy,
                                 std::vector<std::uint64_t>* refused = nullptr) {
    StagedRowWriter writer(load, layout, room, value_rejects);
    ByteBuffer unsent;
    BlockScratch scratch;
    for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, load.rows->rows(number, scratch));
      const char* record = block.records.data();
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        if (load.rows->is_dropped(block.first_row + i)) {
          record = CellReader(record).end();
          continue;
        }
        record = writer.write(block, i, record, copy == nullptr ? unsent : copy->buffer());
        unsent.clear();
        if (writer.has_refused()) {
          load.rows->drop(block.first_row + i);
          if (refused != nullptr) refused->push_back(block.first_row + i);
        }
        if (copy != nullptr) DRAY_TRY(copy->pass_on());
      }
    }
    return {};
  }

  // Of a table that this transaction made with few columns nothing needs to be known.
  Result<RowLayout> layout_of(const TableLoad& load) {
    RowLayout layout;
    if (load.created && load.columns.size() <= columns_always_fitting) return layout;
    std::map<std::string_view, std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < load.columns.size(); ++i) {
      if (!load.columns[i].refused) numbers.emplace(load.columns[i].name, i);
    }
    DRAY_ASSIGN(const QueryResult columns, query(postgres_columns_query(load.schema, load.table)));
    layout.table_columns = columns.rows.size();
    std::int64_t index_columns = 1;
    for (const auto& column : columns.rows) {
      const auto found = numbers.find(*column[0]);
      if (found == numbers.end()) {
        if (column[1] == "true") layout.bytes_of_others += value_bytes_max;
        continue;
      }
      layout.order.push_back(found->second);
      if (load.columns[found->second].type != ColumnType::varchar) continue;
      if (!column[2]) continue;
      layout.indexed.push_back(found->second);
      index_columns = std::max(index_columns, number_of<std::int64_t>(column[2]));
    }
    layout.indexed_text_bytes_max = index_row_bytes_max / static_cast<std::size_t>(index_columns);
    layout.values_always_fitting =
        values_always_fitting(layout.table_columns, layout.bytes_of_others);
    return layout;
  }

  // Of the dropped duplicates too.
  Result<void> write_lineage(const TableLoad& load) {
    is_lineage_written_ = true;
    CopyStream copy(*connection_);
    SqlBuilder sql("copy ");
    sql.word(lineage_columns).code(" from stdin (format binary)");
    DRAY_TRY(copy.begin(std::move(sql).done()));
    DRAY_TRY(each_key(load, [&](const RowKey& key, std::uint64_t) -> Result<void> {
      const std::int64_t object = (*load.object_numbers)[key.object];
      if (object == no_object_number) return {};
      copy.begin_row(5);
      copy.put(static_cast<std::int64_t>(key.uuid));
      copy.put_time(key.received_at);
      copy.put(*load.lineage_table);
      copy.put(object);
      copy.put(std::int64_t{key.line});
      return copy.pass_on();
    }));
    DRAY_ASSIGN(const std::uint64_t rows, copy.end());
    (void)rows;
    return {};
  }

  template <typename Visit>
  static Result<void> each_key(const TableLoad& load, Visit visit) {
    BlockScratch scratch;
    for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, load.rows->keys(number, scratch));
      for (std::size_t i = 0; i < block.keys.size(); ++i)
        DRAY_TRY(visit(block.keys[i], block.first_row + i));
    }
    return {};
  }

  // --- stored rows with the ids of staged ones ---------------------------------------------------

  Result<void> settle_rivals(TableLoad& load, TableLoaded& loaded) {
    DRAY_TRY(send_keys(load));
    Rivals rivals(load, duplicates_bytes_);
    do {
      DRAY_TRY(find_rivals(load, rivals));
      DRAY_TRY(find_places(load, rivals));
      const Rivals::Outcome outcome = rivals.settle();
      DRAY_TRY(remove_rows(load, outcome.stored_rows_replaced));
      loaded.rows_lost += outcome.rows_lost.size();
      loaded.rows_replaced += outcome.stored_rows_replaced.size();
    } while (rivals.next_part());
    return {};
  }

  Result<void> send_keys(const TableLoad& load) {
    DRAY_TRY(make_temp_table(keys_table));
    CopyStream copy(*connection_);
    DRAY_TRY(begin_copy(copy, keys_table));
    DRAY_TRY(each_key(load, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
      if (load.rows->is_dropped(row)) return {};
      copy.begin_row(6);
      copy.put(static_cast<std::int64_t>(key.uuid));
      copy.put(static_cast<std::int64_t>(key.check));
      copy.put(key.received_at);
      copy.put(std::int64_t{key.object});
      copy.put(std::int64_t{key.line});
      copy.put(static_cast<std::int64_t>(row));
      return copy.pass_on();
    }));
    DRAY_ASSIGN(const std::uint64_t rows, copy.end());
    (void)rows;
    return analyze(keys_table);
  }

  Result<void> find_rivals(const TableLoad& load, Rivals& rivals) {
    SqlBuilder sql("select t.tableoid, t.ctid, t.id, t.received_at, k.uuid, k.check_id, ");
    sql.code("k.received_at, k.object, k.line, k.staged_row from ");
    sql.table(load.schema, load.table).code(" t join ").sql(keys_table.name);
    sql.code(" k on t.uuid = k.uuid");
    if (const auto rows = rivals.rows()) {
      sql.code(" where k.staged_row >= ").number(rows->begin);
      sql.code(" and k.staged_row < ").number(rows->end);
    }
    return connection_->each_row(std::move(sql).done(), [&](PqRow row) -> Result<void> {
      Rival rival;
      DRAY_ASSIGN(rival.stored_row, row_addresses_.add(*row[0], *row[1]));
      rival.stored_received_at = parse_timestamp(row[3].value_or("")).value_or(0);
      rival.key.uuid = static_cast<std::uint64_t>(number_of<std::int64_t>(row[4]));
      rival.key.check = static_cast<std::uint64_t>(number_of<std::int64_t>(row[5]));
      rival.key.received_at = number_of<std::int64_t>(row[6]);
      rival.key.object = number_of<std::uint32_t>(row[7]);
      rival.key.line = number_of<std::uint32_t>(row[8]);
      rival.row = number_of<std::uint64_t>(row[9]);
      rivals.add_if_same_id(rival, row[2].value_or(""));
      return {};
    });
  }

  Result<void> find_places(const TableLoad& load, Rivals& rivals) {
    const std::vector<std::int64_t> tied = rivals.tied_uuids();
    if (tied.empty()) return {};
    DRAY_TRY(make_temp_table(numbers_table));
    CopyStream copy(*connection_);
    DRAY_TRY(begin_copy(copy, numbers_table));
    for (const std::int64_t uuid : tied) {
      copy.begin_row(1);
      copy.put(uuid);
      DRAY_TRY(copy.pass_on());
    }
    DRAY_TRY(copy.end());
    DRAY_TRY(analyze(numbers_table));
    SqlBuilder sql("select l.uuid, l.received_at, o.key, l.line from ");
    sql.word(lineage_table).code(" l join ").sql(numbers_table.name);
    sql.code(" n on l.uuid = n.number join ")
        .word(objects_table)
        .code(" o on o.object_number = l.object_number where l.table_number in (");
    sql.numbers(load.rival_tables).code(")");
    return connection_->each_row(std::move(sql).done(), [&](PqRow row) -> Result<void> {
      rivals.add_place(number_of<std::int64_t>(row[0]),
                       parse_timestamp(row[1].value_or("")).value_or(0), row[2].value_or(""),
                       number_of<std::uint64_t>(row[3]));
      return {};
    });
  }

  Result<void> remove_rows(const TableLoad& load, const std::vector<std::int64_t>& rows) {
    if (rows.empty()) return {};
    DRAY_TRY(find_references(load));
    DRAY_TRY(send_replaced(rows));
    if (!load.profile_id_column.empty()) DRAY_TRY(touch_replaced(load));
    if (replaces_in_place()) return {};
    SqlBuilder sql("delete from ");
    sql.table(load.schema, load.table).code(" t using ").sql(replaced_table.name);
    sql.code(" r where t.ctid = r.stored_row and t.tableoid = r.table_oid");
    DRAY_ASSIGN(const std::uint64_t removed, connection_->changed_rows(std::move(sql).done()));
    if (removed == rows.size()) return {};
    return not_replaced(load);
  }

  // As text: of all types only these have no simpler binary form.
  Result<void> send_replaced(const std::vector<std::int64_t>& rows) {
    if (!replaces_in_place() || !is_replaced_kept_) DRAY_TRY(make_temp_table(replaced_table));
    is_replaced_kept_ = true;
    SqlBuilder sql("copy ");
    sql.sql(replaced_table.name).code(" from stdin");
    DRAY_TRY(connection_->begin_copy(std::move(sql).done()));
    for (const std::int64_t row : rows) {
      DRAY_TRY(connection_->put_copy(row_addresses_.line(row)));
    }
    DRAY_TRY(connection_->end_copy());
    return analyze(replaced_table);
  }

  // --- rows that somebody else's table refers to
  // ---------------------------------------------------

  // A foreign key of another table.
  struct Reference {
    std::string name;
    std::string schema;
    std::string table;
    bool readable = false;
    std::vector<std::string> columns;
    std::vector<std::string> our_columns;
  };

  Result<std::vector<Reference>> references_to(const std::string& schema,
                                               const std::string& table) {
    SqlBuilder sql(
        "select k.conname, n.nspname, c.relname, "
        "pg_catalog.has_schema_privilege(n.oid, 'usage') and "
        "pg_catalog.has_table_privilege(c.oid, 'select'), a.attname, o.attname, k.oid "
        "from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid "
        "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
        "join pg_catalog.pg_class t on t.oid = k.confrelid "
        "join pg_catalog.pg_namespace s on s.oid = t.relnamespace "
        "cross join lateral unnest(k.conkey, k.confkey) as p(own, ours) "
        "join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.own "
        "join pg_catalog.pg_attribute o on o.attrelid = k.confrelid and o.attnum = p.ours "
        "where k.contype = 'f' and k.conparentid = 0 and s.nspname = ");
    sql.text(schema).code(" and t.relname = ").text(table).code(" order by k.oid, p.ours");
    DRAY_ASSIGN(const QueryResult rows, query(std::move(sql).done()));
    std::vector<Reference> references;
    std::string last;
    for (const auto& row : rows.rows) {
      if (references.empty() || last != *row[6]) {
        references.push_back({*row[0], *row[1], *row[2], row[3] == "true", {}, {}});
        last = *row[6];
      }
      references.back().columns.push_back(*row[4]);
      references.back().our_columns.push_back(*row[5]);
    }
    return references;
  }

  // Once in a load, and only if rows of it are replaced.
  Result<void> find_references(const TableLoad& load) {
    if (references_) return {};
    DRAY_ASSIGN(references_, references_to(load.schema, load.table));
    is_replaced_kept_ = false;
    return {};
  }

  // Deleting a row would delete what refers to it, or fail.
  bool replaces_in_place() const { return references_ && !references_->empty(); }

  // The rows go to a table of their own, and from there into the rows that they replace.
  Result<std::uint64_t> replace_in_place(const TableLoad& load, TableLoaded& loaded) {
    const std::vector<std::string> names = names_of_columns(load);
    DRAY_TRY(execute(SqlBuilder("drop table if exists pg_temp.dray_rows").done()));
    SqlBuilder make("create temp table dray_rows on commit drop as select ");
    make.names(names).code(" from ").table(load.schema, load.table).code(" with no data");
    DRAY_TRY(execute(std::move(make).done()));
    DRAY_ASSIGN(const RowLayout layout, layout_of(load));
    DRAY_TRY(copy_rows(load, SqlBuilder("pg_temp.dray_rows").done(), layout, RowRoom::certain,
                       load.value_rejects, &loaded.rows_refused));
    DRAY_TRY(execute(SqlBuilder("analyze pg_temp.dray_rows").done()));
    DRAY_ASSIGN(const std::vector<std::string> emptied, columns_to_empty(load, names));
    DRAY_ASSIGN(const QueryResult counts, query(update_and_insert(load, names, emptied)));
    const auto count = [&](std::size_t i) { return number_of<std::uint64_t>(counts.rows[0][i]); };
    // A row that the table cannot hold leaves the one that it would replace as it is.
    const std::uint64_t missing = loaded.rows_replaced - std::min(count(0), loaded.rows_replaced);
    if (missing <= loaded.rows_refused.size()) return count(1) + count(2);
    return not_replaced(load);
  }

  static Sql update_and_insert(const TableLoad& load, const std::vector<std::string>& names,
                               const std::vector<std::string>& emptied) {
    SqlBuilder sql("with updated as (update ");
    sql.table(load.schema, load.table).code(" t set uuid_ts = n.uuid_ts");
    for (const std::string& name : names) {
      if (name == "id" || name == "uuid" || name == "uuid_ts") continue;
      sql.code(", ").name(name).code(" = n.").name(name);
    }
    for (const std::string& name : emptied)
      sql.code(", ").name(name).code(" = null");
    sql.code(" from pg_temp.dray_rows n, ").sql(replaced_table.name);
    sql.code(" r where t.ctid = r.stored_row and t.tableoid = r.table_oid and n.id = t.id ");
    sql.code("returning n.id), added as (insert into ").table(load.schema, load.table);
    sql.code(" (").names(names).code(") select ").names(names);
    sql.code(" from pg_temp.dray_rows n where not exists (select 1 from updated u where ");
    sql.code("u.id = n.id) returning 1) select (select count(*) from updated), ");
    sql.code("(select count(distinct id) from updated), (select count(*) from added)");
    return std::move(sql).done();
  }

  // What a row has that the new one does not bring. Columns that somebody gave a default, a key or
  // a NOT NULL are not Dray's.
  Result<std::vector<std::string>> columns_to_empty(const TableLoad& load,
                                                    const std::vector<std::string>& brought) {
    SqlBuilder sql(
        "select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = "
        "a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where a.attnum > 0 "
        "and not a.attisdropped and not a.atthasdef and not a.attnotnull and a.attidentity = '' "
        "and not exists (select 1 from pg_catalog.pg_index i where i.indrelid = c.oid and "
        "i.indisunique and a.attnum = any (i.indkey)) and n.nspname = ");
    sql.text(load.schema).code(" and c.relname = ").text(load.table);
    DRAY_ASSIGN(const QueryResult rows, query(std::move(sql).done()));
    DRAY_ASSIGN(const Catalog catalog, this->catalog(load.schema));
    const auto table = std::ranges::find(catalog.tables, load.table, &LiveTable::name);
    DRAY_ASSERT(table != catalog.tables.end());
    std::vector<std::string> names;
    for (const auto& row : rows.rows) {
      const auto live = std::ranges::find(table->columns, *row[0], &LiveColumn::name);
      if (live == table->columns.end() || !live->writable) continue;
      if (std::ranges::find(brought, *row[0]) == brought.end()) names.push_back(*row[0]);
    }
    return names;
  }

  // --- users and accounts ------------------------------------------------------------------------

  Result<void> put_touched(CopyStream& copy, std::string_view id) {
    copy.begin_row(2);
    copy.put(id);
    copy.put(static_cast<std::int64_t>(xxh3(id)));
    return copy.pass_on();
  }

  Result<void> touch_replaced(const TableLoad& load) {
    SqlBuilder sql("select distinct t.");
    sql.name(load.profile_id_column).code(" from ").table(load.schema, load.table);
    sql.code(" t join ").sql(replaced_table.name).code(" r on t.ctid = r.stored_row and ");
    sql.code("t.tableoid = r.table_oid where t.").name(load.profile_id_column);
    std::string ids;  // of one part of the rivals; PostgreSQL's text has no NUL
    const auto column = std::ranges::find(load.columns, load.profile_id_column, &LoadColumn::name);
    const ColumnType type = column == load.columns.end() ? ColumnType::varchar : column->type;
    DRAY_TRY(connection_->each_row(std::move(sql.code(" is not null")).done(), [&](PqRow row) {
      ids.append(stored_text(type, *row[0])).push_back('\0');
      return Result<void>();
    }));
    CopyStream copy(*connection_);
    DRAY_TRY(begin_copy(copy, touched_table));
    for (std::size_t begin = 0; begin < ids.size();) {
      const std::string_view id = ids.c_str() + begin;
      DRAY_TRY(put_touched(copy, id));
      begin += id.size() + 1;
    }
    DRAY_TRY(copy.end());
    return {};
  }

  Result<void> touch_staged(const TableLoad& load) {
    const auto column = std::ranges::find(load.columns, load.profile_id_column, &LoadColumn::name);
    if (column == load.columns.end() || column->refused) return {};
    CopyStream copy(*connection_);
    DRAY_TRY(begin_copy(copy, touched_table));
    BlockScratch scratch;
    for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, load.rows->rows(number, scratch));
      const char* record = block.records.data();
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        CellReader cells(record);
        record = cells.end();
        if (load.rows->is_dropped(block.first_row + i)) continue;
        for (Cell cell; cells.next(cell);) {
          if (cell.slot != column->slot) continue;
          if (const auto id = stored_id(*column, cell)) DRAY_TRY(put_touched(copy, *id));
        }
      }
    }
    DRAY_TRY(copy.end());
    return {};
  }

  // The text of what the column holds of an id, which somebody may have given another type.
  static std::optional<std::string> stored_id(const LoadColumn& column, const Cell& cell) {
    switch (column.type) {
      case ColumnType::varchar:
        if (!fits_bound(column, cell.bytes)) return std::nullopt;
        return std::string(cell.bytes);
      case ColumnType::bigint:
        if (const auto value = as_bigint(cell)) return std::to_string(*value);
        return std::nullopt;
      case ColumnType::double_precision:
        if (const auto value = as_double(cell, Rounding::none)) return double_text(*value);
        return std::nullopt;
      case ColumnType::boolean:
        if (const auto value = as_boolean(cell)) return *value ? "true" : "false";
        return std::nullopt;
      case ColumnType::timestamp:
        if (const auto value = as_timestamp(cell)) return format_timestamp(*value);
        return std::nullopt;
    }
    return std::nullopt;
  }

  // A touched id, "t.id", as one of the source table's own: its index is on those.
  Result<Sql> source_id(const ProfileMerge& merge) {
    SqlBuilder look(
        "select pg_catalog.format_type(a.atttypid, -1) from pg_catalog.pg_attribute a join "
        "pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = "
        "c.relnamespace where n.nspname = ");
    look.text(merge.schema).code(" and c.relname = ").text(merge.source_table);
    look.code(" and a.attname = ").text(merge.id_column);
    DRAY_ASSIGN(const QueryResult found, query(std::move(look).done()));
    const std::string type = found.rows.empty() ? "text" : found.rows[0][0].value_or("text");
    if (type == "text" || type == "character varying") return SqlBuilder("t.id").done();
    return std::move(SqlBuilder("cast(t.id as ").word(type).code(")")).done();
  }

  // --- values whose column in the profiles is of another type

  // One of its own for each profile, for their types differ.
  static TempTable cast_table(const ProfileMerge& merge, std::size_t number) {
    const ProfileCast& cast = merge.casts[number];
    SqlBuilder name("pg_temp.");
    name.name("dray_cast_" + merge.table + "_" + std::to_string(number));
    SqlBuilder columns("stored ");
    add_postgres_type(columns, cast.from).code(", fitting ");
    add_postgres_type(columns, cast.to);
    return {std::move(name).done(), std::move(columns).done()};
  }

  // A table for each column that tells what the values become that fit, of all those that the
  // touched profiles' rows have.
  Result<void> cast_values(const ProfileMerge& merge) {
    for (std::size_t i = 0; i < merge.casts.size(); ++i) {
      const ProfileCast& cast = merge.casts[i];
      DRAY_TRY(cast_values(merge, cast, cast_table(merge, i)));
      DRAY_TRY(reject_values(merge, cast, reason_of(cast), [&](std::string_view text) {
        return cast_stored(cast, text, VarcharUnit::characters).has_value();
      }));
    }
    return {};
  }

  Result<void> cast_values(const ProfileMerge& merge, const ProfileCast& cast,
                           const TempTable& table) {
    DRAY_TRY(make_temp_table(table));
    SqlBuilder sql("declare dray_values no scroll cursor for select distinct s.");
    sql.name(cast.column).code(" from ").table(merge.schema, merge.source_table);
    sql.code(" s join ").sql(touched_table.name).code(" t on s.").name(merge.id_column);
    sql.code(" = ").sql(source_id_).code(" where s.").name(cast.column).code(" is not null");
    DRAY_TRY(execute(std::move(sql).done()));
    while (true) {
      DRAY_ASSIGN(const bool more, cast_some_values(cast, table));
      if (!more) break;
    }
    DRAY_TRY(execute(SqlBuilder("close dray_values").done()));
    return analyze(table);
  }

  // Only what fits is held, which is short as a rule.
  Result<bool> cast_some_values(const ProfileCast& cast, const TempTable& table) {
    std::vector<std::string> fitting;
    bool more = false;
    DRAY_TRY(connection_->each_row(SqlBuilder("fetch 10000 from dray_values").done(),
                                   [&](PqRow row) -> Result<void> {
                                     more = true;
                                     std::string text = stored_text(cast.from, *row[0]);
                                     if (cast_stored(cast, text, VarcharUnit::characters))
                                       fitting.push_back(std::move(text));
                                     return {};
                                   }));
    CopyStream copy(*connection_);
    DRAY_TRY(begin_copy(copy, table));
    for (const std::string& text : fitting) {
      copy.begin_row(2);
      copy.put(*stored_value(cast.from, text));
      copy.put(*cast_stored(cast, text, VarcharUnit::characters));
      DRAY_TRY(copy.pass_on());
    }
    DRAY_TRY(copy.end());
    return more;
  }

  // The latest value of each column that is not NULL, of all rows of the touched profiles. The
  // names with a blank are none that a column can have.
  void add_latest_values(SqlBuilder& sql, const ProfileMerge& merge,
                         std::span<const std::string> columns) {
    sql.code("select \"the id\", max(\"the time\") as \"the time\", \"the uuid\"");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sql.code(", (pg_catalog.array_agg(")
          .name(columns[i])
          .code(") filter (where \"the place\" = \"place ");
      sql.number(static_cast<std::uint64_t>(i)).code("\"))[1] as ").name(columns[i]);
    }
    sql.code(" from (select *");
    for (std::size_t i = 0; i < columns.size(); ++i) {
      sql.code(", max(\"the place\") filter (where ").name(columns[i]);
      sql.code(" is not null) over profile as \"place ").number(static_cast<std::uint64_t>(i));
      sql.code("\"");
    }
    sql.code(" from (select t.id as \"the id\", t.uuid as \"the uuid\", ");
    sql.code("s.received_at as \"the time\"");
    SqlBuilder joins;
    for (const std::string& column : columns) {
      const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
      if (cast == merge.casts.end()) {
        sql.code(", s.").name(column);
      } else {
        add_cast(sql.code(", "), joins, merge,
                 static_cast<std::size_t>(cast - merge.casts.begin()));
      }
    }
    sql.code(", row_number() over (partition by t.uuid, t.id order by s.received_at, ");
    sql.code("s.\"timestamp\", s.id collate \"C\") as \"the place\" from ");
    sql.table(merge.schema, merge.source_table).code(" s join (select distinct id, uuid from ");
    sql.sql(touched_table.name).code(") t on s.").name(merge.id_column).code(" = ").sql(source_id_);
    sql.sql(std::move(joins).done()).code(") r ");
    sql.code("window profile as (partition by \"the uuid\", \"the id\")) r ");
    sql.code("group by \"the uuid\", \"the id\"");
  }

  static void add_cast(SqlBuilder& sql, SqlBuilder& joins, const ProfileMerge& merge,
                       std::size_t number) {
    const ProfileCast& cast = merge.casts[number];
    const auto suffix = static_cast<std::uint64_t>(number);
    sql.code("c").number(suffix).code(".fitting as ").name(cast.column);
    joins.code(" left join ").sql(cast_table(merge, number).name).code(" c").number(suffix);
    joins.code(" on s.").name(cast.column).code(" = c").number(suffix).code(".stored");
    if (cast.from == ColumnType::varchar) joins.code(" collate \"C\"");
  }

  // Profiles of which no row is left, for a newer duplicate took its last row to another. One that
  // somebody else's table refers to stays, without values.
  Result<void> remove_empty_profiles(const ProfileMerge& merge) {
    SqlBuilder empty("u.id = t.id and not exists (select 1 from ");
    empty.table(merge.schema, merge.source_table).code(" s where s.").name(merge.id_column);
    const Sql is_empty = std::move(empty.code(" = ").sql(source_id_).code(")")).done();
    DRAY_ASSIGN(const auto references, references_to(merge.schema, merge.table));
    SqlBuilder erase("delete from ");
    erase.table(merge.schema, merge.table).code(" u using ").sql(touched_table.name);
    erase.code(" t where ").sql(is_empty);
    for (const Reference& reference : references)
      add_unreferenced(erase, reference);
    DRAY_TRY(execute(std::move(erase).done()));
    return references.empty() || merge.columns.empty() ? Result<void>()
                                                       : empty_profiles(merge, is_empty);
  }

  // What cannot be looked at is taken to refer to every row.
  static void add_unreferenced(SqlBuilder& sql, const Reference& reference) {
    if (!reference.readable) {
      sql.code(" and false");
      return;
    }
    sql.code(" and not exists (select 1 from ").table(reference.schema, reference.table);
    sql.code(" o where true");
    for (std::size_t i = 0; i < reference.columns.size(); ++i) {
      sql.code(" and o.").name(reference.columns[i]);
      sql.code(" = u.").name(reference.our_columns[i]);
    }
    sql.code(")");
  }

  Result<void> empty_profiles(const ProfileMerge& merge, const Sql& is_empty) {
    SqlBuilder sql("update ");
    sql.table(merge.schema, merge.table).code(" u set uuid_ts = timestamp ");
    sql.text(format_timestamp(merge.uuid_ts));
    for (const std::string& column : merge.columns)
      sql.code(", ").name(column).code(" = null");
    sql.code(" from ").sql(touched_table.name).code(" t where ").sql(is_empty);
    return execute(std::move(sql).done());
  }

  // Values of this load that the profiles' column does not take. `cast` tells column and types.
  Result<void> reject_values(const ProfileMerge& merge, const ProfileCast& cast,
                             RejectReason reason, const std::function<bool(std::string_view)>& fits,
                             const Sql& profiles = touched_table.name) {
    SqlBuilder sql("select uuid, ");
    sql.name(cast.column).code(" from ").table(merge.schema, merge.source_table);
    sql.code(" where uuid_ts = timestamp ").text(format_timestamp(merge.uuid_ts));
    // For the index: only uuid_ts tells them, and that has none.
    sql.code(" and ").name(merge.id_column).code(" in (select ").sql(source_id_);
    sql.code(" from ").sql(profiles).code(" t) and ").name(cast.column);
    std::map<std::uint64_t, std::string> values;  // by uuid
    DRAY_TRY(connection_->each_row(
        std::move(sql.code(" is not null")).done(), [&](PqRow row) -> Result<void> {
          std::string text = stored_text(cast.from, *row[1]);
          if (fits(text)) return {};
          values.emplace(static_cast<std::uint64_t>(number_of<std::int64_t>(row[0])),
                         std::move(text));
          return {};
        }));
    if (values.empty()) return {};
    const StagedRows& staged = *merge.load->rows;
    BlockScratch scratch;
    for (std::size_t number = 0; number < staged.block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, staged.keys(number, scratch));
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        const RowKey& key = block.keys[i];
        const auto value = values.find(key.uuid);
        if (value == values.end() || staged.is_dropped(block.first_row + i)) continue;
        merge.value_rejects({key.object, key.line, reason, cast.column, cast.to, value->second});
      }
    }
    return {};
  }

  // Of profiles whose id somebody's index has no room for. They are in the source table alone.
  Result<void> forget_long_ids(const ProfileMerge& merge) {
    DRAY_ASSIGN(const QueryResult columns,
                query(postgres_columns_query(merge.schema, merge.table)));
    const auto is_indexed = [](const auto& column) { return column[0] == "id" && column[2]; };
    if (std::ranges::none_of(columns.rows, is_indexed)) return {};
    SqlBuilder condition("octet_length(id) > ");
    const Sql is_long = std::move(condition.number(std::uint64_t{index_row_bytes_max})).done();
    SqlBuilder profiles("(select id from pg_temp.dray_touched where ");
    DRAY_TRY(reject_values(
        merge, {merge.id_column, ColumnType::varchar}, RejectReason::row_too_wide,
        [](std::string_view) { return false; }, std::move(profiles.sql(is_long).code(")")).done()));
    SqlBuilder forget("delete from pg_temp.dray_touched where ");
    return execute(std::move(forget.sql(is_long)).done());
  }

  // Of those that have no room in their profile.
  Result<void> reject_unfit(const ProfileMerge& merge, const WideProfiles& wide) {
    for (const std::size_t place : wide.places()) {
      SqlBuilder profiles("(select id from pg_temp.dray_unfit where place = ");
      DRAY_TRY(reject_values(
          merge, {merge.columns[place], wide.type_of(place)}, RejectReason::row_too_wide,
          [](std::string_view) { return false; },
          std::move(profiles.number(std::uint64_t{place}).code(")")).done()));
    }
    return {};
  }

  // Into a table of their own, from which they go into those that are stored.
  Result<std::uint64_t> compute_profiles(const ProfileMerge& merge, const WideProfiles& wide,
                                         std::span<const std::string> columns) {
    DRAY_TRY(execute(SqlBuilder("drop table if exists pg_temp.dray_profiles").done()));
    SqlBuilder sql("create temp table dray_profiles on commit drop as ");
    add_latest_values(sql, merge, columns);
    DRAY_ASSIGN(const std::uint64_t profiles, connection_->changed_rows(std::move(sql).done()));
    DRAY_TRY(execute(SqlBuilder("analyze pg_temp.dray_profiles").done()));
    for (const std::size_t place : wide.places()) {
      const std::string& column = merge.columns[place];
      if (std::ranges::find(columns, column) == columns.end()) continue;
      SqlBuilder leave_out("update pg_temp.dray_profiles set ");
      leave_out.name(column).code(" = null where \"the id\" in (select id from ");
      leave_out.code("pg_temp.dray_unfit where place = ").number(std::uint64_t{place});
      DRAY_TRY(execute(std::move(leave_out.code(")")).done()));
    }
    return profiles;
  }

  // A wide profile changes in several steps, and has to fit its page after each of them.
  Result<void> make_room_for_changes(const ProfileMerge& merge, const WideProfiles& wide) {
    if (!wide.found()) return {};
    SqlBuilder sql("update ");
    sql.table(merge.schema, merge.table).code(" set ");
    const char* separator = "";
    for (const std::string& column : merge.columns)
      sql.word(std::exchange(separator, ", ")).name(column).code(" = null");
    sql.code(" where id in (select id from pg_temp.dray_wide)");
    return execute(std::move(sql).done());
  }

  static Sql insert_profiles(const ProfileMerge& merge, std::span<const std::string> columns) {
    SqlBuilder sql("insert into ");
    sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
    for (const std::string& column : columns)
      sql.code(", ").name(column);
    sql.code(") select \"the id\", \"the time\", \"the uuid\", timestamp ");
    sql.text(format_timestamp(merge.uuid_ts));
    for (const std::string& column : columns)
      sql.code(", ").name(column);
    sql.code(" from pg_temp.dray_profiles p where not exists (select 1 from ");
    return std::move(sql.table(merge.schema, merge.table).code(" u where u.id = p.\"the id\")"))
        .done();
  }

  // In place: whatever refers to a profile, and what stands in columns of somebody's own, stays.
  static Sql update_profiles(const ProfileMerge& merge, std::span<const std::string> columns) {
    SqlBuilder sql("update ");
    sql.table(merge.schema, merge.table).code(" u set received_at = p.\"the time\", ");
    sql.code("uuid = p.\"the uuid\", uuid_ts = timestamp ").text(format_timestamp(merge.uuid_ts));
    for (const std::string& column : columns)
      sql.code(", ").name(column).code(" = p.").name(column);
    return std::move(sql.code(" from pg_temp.dray_profiles p where u.id = p.\"the id\"")).done();
  }

  std::unique_ptr<PqConnection> connection_;
  TableLocks locks_;
  const std::uint64_t duplicates_bytes_;
  const std::size_t tables_per_transaction_max_;
  const std::string session_mark_;        // set for the server's session alone
  std::optional<bool> publishes_;         // whether anybody does; of the transaction at hand
  std::vector<std::string> temp_tables_;  // of the transaction at hand
  std::map<std::string, std::vector<std::string>> own_columns_;  // by table of the ledger's
  RowAddresses row_addresses_;                        // what Rival::stored_row stands for
  std::optional<std::vector<Reference>> references_;  // to the table at hand, once asked for
  Sql source_id_ = SqlBuilder().done();               // of the merge at hand
  bool is_replaced_kept_ = false;                     // of a table whose rows are replaced in place
  bool is_lineage_written_ = false;
};

class PostgresWarehouse final : public Warehouse {
 public:
  PostgresWarehouse(PqParameters parameters, const WarehouseOptions& options,
                    std::function<void(std::string_view)> trace)
      : access_(options.access), duplicates_bytes_(options.duplicates_bytes) {
    options_.location = pq_location("postgres", parameters);
    options_.parameters = std::move(parameters);
    options_.trace = std::move(trace);
    // Whatever the role or the database has been set to. JIT took a minute to compile the merge of
    // 70 columns, which runs for a second.
    // Names in pg_catalog come before whatever the search path has.
    options_.setup.push_back(
        SqlBuilder("set client_encoding = 'UTF8'; set standard_conforming_strings = on; "
                   "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; "
                   "set timezone = 'UTC'; set extra_float_digits = 1; set bytea_output = 'hex'; "
                   "set quote_all_identifiers = off; set jit = off; "
                   "select pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', "
                   "'pg_catalog', nullif(pg_catalog.current_setting('search_path'), '')), false)")
            .done());
    // A server that looks for its client only when it has an answer goes on waiting for a lock, and
    // holds others up, after this process was killed. Not every server knows the first of them.
    options_.setup.push_back(
        SqlBuilder("set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 20; "
                   "set tcp_keepalives_count = 6; set tcp_user_timeout = 180000")
            .done());
    if (access_ == Access::read_only) {
      options_.setup.push_back(SqlBuilder("set default_transaction_read_only = on").done());
    } else {
      // Rows that a policy hides would be loaded twice: an error instead.
      options_.setup.push_back(SqlBuilder("set row_security = off").done());
      options_.setup.push_back(postgres_lock_timeout());
    }
  }

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    DRAY_ASSIGN(auto connection, PqConnection::open(options_));
    DRAY_TRY(check_server(*connection));
    // A Windows server knows the setting and refuses it; it is no loss then.
    if (connection->server_version() >= version_that_looks_for_clients) {
      (void)connection->execute(SqlBuilder("set client_connection_check_interval = '5s'").done());
    }
    DRAY_ASSIGN(const std::size_t tables_max, tables_per_transaction_max(*connection));
    std::string mark = std::to_string(random_seed());
    SqlBuilder sql("set dray.session = ");
    DRAY_TRY(connection->execute(std::move(sql.text(mark)).done()));
    return std::unique_ptr<WarehouseSession>(std::make_unique<PostgresSession>(
        std::move(connection), duplicates_bytes_, tables_max, std::move(mark)));
  }

  CatalogLimits limits() const override {
    CatalogLimits limits;
    limits.varchar_counts_characters = true;
    limits.comments = Comments::on_all;
    // PostgreSQL writes a row for each, some 50 us: this bound is a second or two.
    limits.comments_cost_max = 2'000'000;
    return limits;
  }
  std::size_t name_bytes_max() const override { return postgres_name_bytes_max; }
  bool keeps_schema(std::string_view name) const override {
    return is_reserved_postgres_schema(name);
  }
  Sql ddl(const SchemaChange& change) const override { return postgres_ddl(change); }
  std::string location() const override { return options_.location; }

 private:
  // A transaction may take a lock for each table, its texts' table, and their indexes. The server
  // has room for so many of all sessions; half of it is left to others.
  static Result<std::size_t> tables_per_transaction_max(PqConnection& connection) {
    DRAY_ASSIGN(const QueryResult locks,
                connection.query(SqlBuilder("select current_setting('max_locks_per_transaction')"
                                            "::bigint * current_setting('max_connections')::bigint")
                                     .done()));
    const auto room = number_of<std::size_t>(locks.rows[0][0]);
    return std::max<std::size_t>(room / 2 / locks_per_table, 1);
  }

  Result<void> check_server(PqConnection& connection) const {
    if (connection.server_version() < server_version_least) {
      return config_error(location() + " is PostgreSQL " +
                          std::to_string(connection.server_version() / 10000) +
                          "; Dray needs 12 or later");
    }
    DRAY_ASSIGN(const QueryResult encoding,
                connection.query(SqlBuilder("show server_encoding").done()));
    if (encoding.rows[0][0] == "UTF8") return {};
    return config_error(location() + " stores text as " + encoding.rows[0][0].value_or("") +
                            ", which has not every character",
                        "create database NAME encoding "
                        "'UTF8' template template0");
  }

  const Access access_;
  const std::uint64_t duplicates_bytes_;
  PqOptions options_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_postgres_traced(
    const std::string& address, const WarehouseOptions& options,
    std::function<void(std::string_view)> trace) {
  DRAY_ASSIGN(PqParameters parameters, parse_pq_url(address));
  return std::unique_ptr<Warehouse>(
      std::make_unique<PostgresWarehouse>(std::move(parameters), options, std::move(trace)));
}

Result<std::unique_ptr<Warehouse>> open_postgres(const std::string& address,
                                                 const WarehouseOptions& options) {
  return open_postgres_traced(address, options, options.trace);
}

}  // namespace dray
