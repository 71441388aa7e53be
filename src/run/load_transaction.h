// Planned tables become rows of the warehouse: in files first, where it loads files, and then all
// of them in one transaction with the record of the run.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/state.h"
#include "load/warehouse.h"
#include "run/context.h"
#include "run/object_set.h"
#include "run/tables.h"
#include "run/value_rejects.h"

namespace dray {

// Whether the ledger has what a transaction wrote there beside the rows, asked in a session of its
// own when the answer to the COMMIT was lost.
using IsRecorded = std::function<Result<bool>(WarehouseSession&)>;

// Borrows all that it is given, which outlives it. The session ends when the answer to its COMMIT
// is lost; the owner sees that by the pointer.
//
// Errors: those of WarehouseSession. After one nothing of this transaction is there, unless
// has_committed_tables().
class LoadTransaction {
 public:
  struct Parts {
    const RunContext& context;
    std::unique_ptr<WarehouseSession>& session;
    const LedgerState& ledger;  // as it was read; that it still is so is checked behind the lock
    Tables& tables;             // planned
    const ObjectSet& objects;   // numbered
    ValueRejects& value_rejects;
    Micros uuid_ts;
    std::uint64_t check_seed;
  };
  explicit LoadTransaction(const Parts& parts);

  // Everything that can be done before the transaction, so that it is short: columns are widened
  // (what the warehouse refuses is a notice), and where the warehouse loads files these are written
  // and brought near.
  Result<void> prepare();

  // The transaction, as often as it takes. One that lost against another may win the next time; a
  // table that the warehouse refuses is left out, so that the others need not wait for it.
  // `write_record` is called in each, behind the last table.
  Result<void> write_and_commit(const std::function<Result<void>()>& write_record,
                                const IsRecorded& is_recorded);

  // A table, and its rows of this load.
  struct Share {
    std::string table;
    std::string files;  // FilesToLoad's; "": the rows are those of objects
    std::uint64_t rows = 0;
  };
  struct LeftOut {
    Share share;
    Error why;
  };
  // Tables whose rows wait, by target.
  std::vector<LeftOut> left_out() const;
  // Those whose rows are in.
  std::vector<Share> loaded() const;
  // By ValueReject::object, of what is told of rows in files.
  const std::vector<std::string>& keys_in_files() const { return keys_in_files_; }
  // By transactions of their own, so that not all of the run can be taken back; or nobody knows.
  bool has_committed_tables() const { return tables_committed_; }
  // Before the transaction: rows that it must not take.
  void leave_out(std::size_t target, Error why);
  // The target whose table an error of write_and_commit() is about, if it is about one.
  std::optional<std::size_t> table_at_work() const { return table_at_work_; }
  // Then, whether a row may be at fault: not if a column cannot be added, and not if the profiles
  // that follow from the table are refused.
  bool at_rows() const { return at_rows_; }
  // Targets that were refused together with it, each for a reason of its own; it is one of them.
  // Empty where it is the only one that is known.
  const std::map<std::size_t, Error>& refused_together() const { return refused_together_; }
  // Targets that an error of write_and_commit() came before.
  std::vector<std::size_t> not_reached() const;
  // Before the transaction: a table whose rows refer to those of others is written behind them.
  void write_last(std::size_t target);

  enum class Beside { nothing, others };
  // After write_and_commit() has failed, of a warehouse that takes rows: whether the target's table
  // would take these rows, or all of its own and its profiles; alone, or behind the rows of all the
  // others. In a session of its own, and taken back. After an error at_rows() is about that.
  Result<void> try_rows(std::size_t target, StagedRows& rows, Beside beside);
  Result<void> try_table(std::size_t target);

 private:
  using RowLoads = std::vector<RowsToLoad>;
  using FileLoads = std::vector<FilesToLoad>;

  TableLoad load_of(std::size_t target);
  RowLoads row_loads();
  FileLoads file_loads();
  RunRows rows_of(std::size_t target) const;
  Result<void> stage(FileLoader& loader, const StageRun& run, FileLoads& loads);
  Result<void> widen_columns();
  // Of the attempt at hand, for whoever watches.
  void expect_rows() const;
  bool may_try_again(const Error& error, int attempt);
  Result<void> begin_alone();
  Result<void> write_alone(std::size_t target, StagedRows& rows, Beside beside);
  Result<void> write_whole(std::size_t target);
  Result<void> write_whole_alone(std::size_t target);
  std::optional<std::size_t> target_among(const std::vector<std::string>& tables) const;
  Result<void> write_all(const std::function<Result<void>()>& write_record);
  Result<void> make_schema();
  Result<void> make_room_for(const Target& target);
  Result<void> forget_old_origins();
  Result<void> check_ledger();
  Result<void> load_tables();
  Result<void> check_deferred();
  Result<void> load_table(std::size_t i);
  Result<void> load_rows(std::size_t i, RowsToLoad& load);
  Result<void> load_files(std::size_t i, FilesToLoad& load);
  Result<void> tell_loaded(std::size_t i, const TableLoaded& loaded);
  ProfileMerge merge_of(const Profiles& profiles, const TableLoad& load,
                        std::uint32_t first_object);
  Share share_of(std::size_t target) const;
  // Then the run does not begin again for another one's sake: what is staged serves a new attempt.
  bool has_files() const;
  CollectionReport& collection_for(const TablePlan& table);
  std::size_t columns_of(std::size_t i) const;
  Result<void> commit_tables();
  Result<void> stop_requested() const;
  WarehouseSession& session() const { return *parts_.session; }
  // Null for a warehouse that loads files, and the other way round.
  RowLoader* row_loader() const;
  FileLoader* file_loader() const;
  TransactionBounds bounds() const;

  const Parts parts_;
  const RunContext& context_;
  Tables& tables_;
  std::variant<RowLoads, FileLoads> loads_;        // by target
  std::map<std::size_t, Error> left_out_;          // by target
  std::optional<std::size_t> table_at_work_;       // a target
  bool at_rows_ = false;                           // of it
  std::vector<std::size_t> order_;                 // targets, as they are written
  std::size_t next_ = 0;                           // in order_: the first that is not reached
  std::map<std::size_t, Error> refused_together_;  // by target
  std::vector<std::string> keys_in_files_;
  std::map<std::string, std::vector<const SchemaChange*>, std::less<>> changes_;  // by table
  bool tables_committed_ = false;  // perhaps some, by a transaction of their own
};

// Commits what has a record in it. The answer to a COMMIT may be lost: then the session is gone,
// and the ledger is asked in another one. `in_doubt` if that cannot be told either.
Result<void> commit_recorded(const RunContext& context, std::unique_ptr<WarehouseSession>& session,
                             const IsRecorded& is_recorded);

// What a run says of a table, before its rows are counted.
CollectionReport collection_of(const TablePlan& table);

}  // namespace dray
