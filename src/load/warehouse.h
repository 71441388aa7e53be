// Seam 2: where tables live: DuckDB (load/duckdb.h), PostgreSQL (load/postgres.h) and Redshift
// (load/redshift.h). What the ledger needs of a session is sql/session.h, what is known of an
// engine sql/dialect.h. docs/adding-a-warehouse.md is how to write another.
//
// Nothing here has a default: what only some warehouses do is an interface of its own, which the
// others do not have. A run opens one session and speaks to it in this order:
//
//   catalog            what is there
//   apply              WidenColumn, which no transaction is open for
//   stage              of a FileLoader: rows to files, files near their tables
//   begin
//   lock               until no other run is in here
//   apply              the rest of the plan
//   load               one call per table, of the session's loader
//   merge_profiles     behind the table that they follow from
//   execute, append    the ledger
//   commit
//
// Threads: a warehouse may open sessions from several threads; a session and its loader belong to
// one thread at a time (they may use more inside).
// Errors: `config`, `transient`, `in_doubt` (from commit alone), `cancelled` (once interrupted) or
// `internal`. After an error inside a transaction nothing but FileLoader::rollback() or destroying
// the session is of use, and either rolls everything back. An error of load() or merge_profiles()
// that is_refusal(), or with the code `missing_table_right`, is about that table alone: the same
// transaction without it may succeed. So is one of apply(), of the table that it changes.
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
#include "sql/dialect.h"
#include "sql/session.h"
#include "sql/sql.h"

namespace dray {

// What a load did to one table.
struct TableLoaded {
  std::uint64_t rows_inserted = 0;
  std::uint64_t rows_lost = 0;      // rows of the batch that lost to a stored row
  std::uint64_t rows_replaced = 0;  // stored rows that lost to a row of the batch
};

struct RowsLoaded : TableLoaded {
  // Rows of the batch that the table cannot hold at all. They were dropped, and told as rejects.
  std::vector<std::uint64_t> rows_refused{};
};

struct FilesLoaded : TableLoaded {
  // The keys of the objects of rows that an earlier run left in files, which ValueReject::object
  // counts while their profiles are merged. None for this run's rows: their objects are its own.
  std::vector<std::string> object_keys{};
};

// How much one transaction may write; more is loaded in several, each ended by commit_some().
struct TransactionBounds {
  std::size_t tables_max;
  std::size_t columns_max;  // over all tables
};

// What the commit would refuse, and whose it is.
struct CommitRefusal {
  std::vector<std::string> tables;  // of the schema; of several it is one of these
  Error why;                        // is_refusal()
};

// Loads rows from where this process has staged them (DuckDB, PostgreSQL).
class RowLoader {
 public:
  virtual ~RowLoader() = default;

  virtual TransactionBounds bounds() const = 0;

  // Writes the staged rows of one table into it: rows that `load` knows to have lost are left out,
  // stored rows with the same id are compared and replaced or kept.
  virtual Result<RowsLoaded> load(RowsToLoad& load) = 0;

  // Writes the profiles that the load of `merge.source_table` touched; returns how many.
  virtual Result<std::uint64_t> merge_profiles(const RowsProfileMerge& merge) = 0;

  // Looks at once at what constraints of somebody's put off until the commit, on tables of the
  // schema and on those that refer to them. Behind the last table of a transaction, because until
  // then a later one may bring what an earlier one refers to. Empty if all hold, or if the engine
  // puts none off; after a refusal as after an error.
  virtual Result<std::vector<CommitRefusal>> check_deferred(const std::string& schema) = 0;

  // Commits what there is and begins anew, locked as before: no other session has had the lock in
  // between. Never `in_doubt`: what it commits may be written again.
  virtual Result<void> commit_some(std::chrono::seconds wait_max) = 0;
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

// Loads rows from files alone (Redshift).
//
// A table that the warehouse refuses waits: its rows stay in their files, whose word the run keeps
// in _dray.pending, and a later run reads them and loads them again. Files that nobody waits for
// are the warehouse's to remove.
class FileLoader {
 public:
  virtual ~FileLoader() = default;

  // Writes the rows of every table that has any to files, several tables at once, and has all files
  // copied near their targets: outside of the transaction, so that it is short. Once per session
  // and list of loads. Sets `files` and `rows_in_files`, and tells for each load what failed with
  // it, if anything; its rows stay in their files. An Error concerns all.
  virtual Result<StageOutcome> stage(const StageRun& run,
                                     const std::vector<FilesToLoad*>& loads) = 0;
  // The load of one table whose rows an earlier run left in files, with what the files tell of it.
  // `transient`: they may be there all the same; any other error: they cannot be read.
  virtual Result<FilesToLoad> read_files(const std::string& files) = 0;

  // Does what RowLoader's does, with a table that is staged and did not fail. Rows of this run that
  // lost are dropped. After rollback() the same load may come again.
  virtual Result<FilesLoaded> load(FilesToLoad& load) = 0;
  virtual Result<std::uint64_t> merge_profiles(const FilesProfileMerge& merge) = 0;

  // After an error inside a transaction: it is undone, what is staged stays so, and begin() may be
  // called again. An error: this session is of no more use.
  virtual Result<void> rollback() = 0;
};

// The one that a session has; never null, and it lives as long as the session.
using Loader = std::variant<RowLoader*, FileLoader*>;

class WarehouseSession : public Session {
 public:
  // Waits until no other session, of any process, is between lock() and the end of its transaction;
  // from then on it sees what they committed. First in a transaction. `transient` if it would wait
  // for longer.
  virtual Result<void> lock(std::chrono::seconds wait_max) = 0;

  virtual Loader loader() = 0;
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

// What runs keep in a place of their own, beside a warehouse that is billed while it is awake (a
// Redshift workgroup), or in which a small write costs as much as a large one: a text per source
// and kind. Whoever writes a note does so after the commit that it speaks of.
//
// Threads: as the warehouse. Errors: `config`, `transient`.
class Notes {
 public:
  virtual ~Notes() = default;
  // Whether notes of the kind are kept; others are never there, and to write them does nothing.
  virtual bool keeps(NoteKind kind) const = 0;
  // The last that was written; nothing if none was.
  virtual Result<std::optional<std::string>> read(NoteKind kind, const std::string& source) = 0;
  virtual Result<void> write(NoteKind kind, const std::string& source, const std::string& note) = 0;
};

class Warehouse {
 public:
  virtual ~Warehouse() = default;
  virtual Result<std::unique_ptr<WarehouseSession>> open_session() = 0;
  // What is known of the engine. Lives as long as the warehouse.
  virtual const Dialect& dialect() const = 0;
  // Null for a warehouse without any. Live as long as the warehouse.
  virtual Notes* notes() = 0;
  // What the engine would need in this process to grow so, in bytes, if it was given less; nothing
  // if it has enough, or runs elsewhere.
  virtual std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const = 0;
  // What a person calls it: "duckdb:shop.duckdb". Holds no secret.
  virtual std::string location() const = 0;
};

}  // namespace dray
