// Seam 2: where tables live: DuckDB (load/duckdb.h), PostgreSQL (load/postgres.h) and Redshift
// (load/redshift.h). What the ledger needs of a session is sql/session.h.
//
// A run opens one session and speaks to it in this order:
//
//   catalog            what is there
//   apply              the changes that this warehouse refuses inside a transaction (Redshift
//                      alone has any)
//   stage              the rows of all tables to where load() finds them (likewise)
//   begin
//   lock               until no other run is in here
//   apply              the rest of the plan
//   load               one call per table
//   execute, append    the ledger
//   commit
//
// Threads: a warehouse may open sessions from several threads; a session belongs to one thread at a
// time (it may use more inside).
// Errors: `config`, `transient`, `in_doubt` (from commit alone), `cancelled` (once interrupted) or
// `internal`. After an error inside a transaction nothing but destroying the session is of use, and
// that rolls everything back. An error of load() or merge_profiles() with the code `constraint` is
// about that table alone: the same transaction without it may succeed.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/catalog.h"
#include "model/report.h"
#include "model/run_id.h"
#include "model/staged.h"
#include "sql/session.h"
#include "sql/sql.h"

namespace dray {

// What a load did to one table.
struct TableLoaded {
  std::uint64_t rows_inserted = 0;
  std::uint64_t rows_lost = 0;      // rows of the batch that lost to a stored row
  std::uint64_t rows_replaced = 0;  // stored rows that lost to a row of the batch
  // Rows of the batch that the table cannot hold at all. They were dropped, and told as rejects.
  std::vector<std::uint64_t> rows_refused{};
};

// What stage() is told of the run, beside its tables.
struct StageRun {
  std::string source;  // the schema
  RunId run_id;
  RunId last_committed_run;  // of the source; empty: none has
};

// What became of it.
struct StageOutcome {
  std::vector<std::optional<Error>> failures;  // by load
  std::vector<Notice> notices;
};

class WarehouseSession : public Session {
 public:
  // A warehouse that takes rows from files alone (Redshift) writes those of every table to its
  // staging place, several tables at once, and has them copied near their targets: outside of the
  // transaction, so that it is short. Tells for each load what failed with it, if anything; its
  // rows stay where TableLoad::files tells. An Error concerns all. Other warehouses take rows in
  // process and have nothing to do.
  virtual Result<StageOutcome> stage(const StageRun& run, const std::vector<TableLoad*>& loads) {
    (void)run;
    return StageOutcome{std::vector<std::optional<Error>>(loads.size()), {}};
  }
  // A table's load whose rows an earlier run left in files, as they are described there.
  virtual Result<TableLoad> read_files(const std::string& files) {
    return internal_error(files + ": this warehouse has no files");
  }

  // After an error inside a transaction, for warehouses that stage: what is staged stays so, and
  // begin() may be called again.
  virtual Result<void> rollback() { return internal_error("rollback: nothing is staged"); }

  // Waits until no other session, of any process, is between lock() and the end of its transaction;
  // from then on it sees what they committed. First in a transaction. `transient` if it would wait
  // for longer.
  virtual Result<void> lock(std::chrono::seconds wait_max) = 0;

  // Writes the staged rows of one table into it: rows that `load` knows to have lost are left out,
  // stored rows with the same id are compared and replaced or kept.
  virtual Result<TableLoaded> load(TableLoad& load) = 0;

  // Writes the profiles that the load of `merge.source_table` touched; returns how many.
  virtual Result<std::uint64_t> merge_profiles(const ProfileMerge& merge) = 0;

  // How many tables one transaction may write; more are loaded in several, each ended by
  // commit_some().
  virtual std::size_t tables_per_transaction_max() const { return SIZE_MAX; }
  // Commits what there is and begins anew, locked as before: no other session has had the lock in
  // between. Never `in_doubt`: what it commits may be written again.
  virtual Result<void> commit_some(std::chrono::seconds wait_max) {
    DRAY_TRY(commit());
    DRAY_TRY(begin());
    return lock(wait_max);
  }
};

// What a load adds to the tables of a warehouse, and the columns of the widest that it writes to.
struct Growth {
  std::size_t tables = 0;
  std::size_t columns = 0;
  std::size_t columns_widest = 0;
};

enum class NoteKind {
  listing,  // what was listed, so that a run may find that there is nothing to do without waking it
  look,     // when a run last found that nothing was left to do
};

class Warehouse {
 public:
  virtual ~Warehouse() = default;
  virtual Result<std::unique_ptr<WarehouseSession>> open_session() = 0;
  // What a plan for it has to keep to.
  virtual CatalogLimits limits() const { return {}; }
  // A warehouse that is billed while it is awake (a Redshift workgroup), or in which a small write
  // costs as much as a large one, keeps notes per source in another place: what a run has found
  // when nothing was left to do, and when. Others have none. Whoever writes a note does so after
  // the commit that it speaks of.
  virtual Result<std::optional<std::string>> read_note(NoteKind kind, const std::string& source) {
    (void)kind, (void)source;
    return std::optional<std::string>();
  }
  virtual Result<void> write_note(NoteKind kind, const std::string& source,
                                  const std::string& note) {
    (void)kind, (void)source, (void)note;
    return {};
  }
  // Whether it keeps notes of the kind.
  virtual bool keeps_notes(NoteKind kind) const {
    (void)kind;
    return false;
  }
  // How many columns, over all its tables, one transaction may write; more are loaded in several.
  virtual std::size_t columns_per_transaction_max() const { return SIZE_MAX; }
  // What the engine would need in this process to grow so, if it was given less. Where it runs
  // elsewhere it needs nothing.
  virtual std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const {
    (void)growth;
    return std::nullopt;
  }
  // How long the name of a schema, table or column may be, in bytes. 127 is Redshift's limit, which
  // the others share where they can.
  virtual std::size_t name_bytes_max() const { return 127; }
  // Whether the engine keeps a schema of this name for itself.
  virtual bool keeps_schema(std::string_view name) const {
    (void)name;
    return false;
  }
  // The statement that makes one change, for a plan to show.
  virtual Sql ddl(const SchemaChange& change) const = 0;
  // What a person should know who has a schema made here, if anything.
  virtual std::optional<Notice> notice_of_schema(const std::string& schema) const {
    (void)schema;
    return std::nullopt;
  }
  // What a person calls it: "duckdb:shop.duckdb". Holds no secret.
  virtual std::string location() const = 0;
};

}  // namespace dray
