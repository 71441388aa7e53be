// What is loaded: Dray's own tables in the schema _dray, read before a load and written in its own
// transaction (docs/warehouse-tables.md documents them as an interface).
//
// Everything goes through a session that the caller opened; nothing here begins or commits.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/object.h"
#include "model/report.h"
#include "model/run_id.h"
#include "model/staged.h"
#include "sql/session.h"

namespace dray {

// Of a ledger that is there the tables that somebody has dropped and create_ledger() makes again:
// those of what happened. `config`, here as in every function that reads the ledger, if a table is
// gone without which nobody knows what is loaded, is a view, or has not the columns that it was
// made with, in their order.
Result<std::vector<std::string>> ledger_tables_gone(Session& session);

// Makes the tables, and the columns of a later version, that are missing. Inside the load's
// transaction.
Result<void> create_ledger(Session& session);

// What of the ledger is there: a warehouse that an earlier version wrote lacks some until
// create_ledger().
struct LedgerShape {
  bool is_there = false;
  bool has_looks = false;        // sources.looked_at, looked_run, newest_event
  bool has_attempts = false;     // objects.set_aside_at, attempts
  bool has_changes = false;      // objects.changed_at
  bool has_run_numbers = false;  // runs.run_number
  bool has_pending = false;      // the table
  bool has_skipped = false;      // likewise
};

Result<LedgerShape> ledger_shape(Session& session);

// " order by ..." for _dray.runs: the last recorded comes first, also after the clock was set back.
Sql newest_first(const LedgerShape& shape);

// Whether the warehouse has a ledger at all.
Result<bool> has_ledger(Session& session);

// Whether a run of this id has committed.
Result<bool> has_run(Session& session, const RunId& run_id);

struct LedgerObject {
  std::uint64_t size_bytes = 0;
  std::string version;
  bool loaded = false;   // else set aside
  bool changed = false;  // an earlier run has met other content than what is loaded
  std::int64_t number = 0;

  bool operator==(const LedgerObject&) const = default;
};

// An object that a person has put aside: no sync reads it, whatever becomes of its content, until
// it is taken back.
struct SkippedObject {
  std::string key;
  std::string reason;
  std::string skipped_by;
  Timestamp skipped_at{};
  // Of its content at that time, where a sync had seen it.
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::string> version;
};

// Changes with whatever a load of the source writes.
struct LedgerMark {
  std::int64_t objects = 0;
  std::string newest_run;     // that recorded an object
  Micros last_uuid_ts = 0;    // the greatest of the source's loads
  bool has_loaded = false;    // a line, ever, or left one out on purpose
  bool has_rejected = false;  // a line, ever
  std::int64_t next_object_number = 1;
  std::int64_t next_table_number = 1;
};

// An object that could not be read.
struct SetAside {
  std::string reason;          // of the last attempt
  Timestamp since;             // the first attempt
  std::uint64_t attempts = 0;  // so far
};

struct LedgerState {
  LedgerShape shape;
  std::optional<std::string> location;  // of the source, if it was loaded before
  // When all of the source's objects were last listed, and none of them was left for later.
  std::optional<Timestamp> listed_at;
  std::optional<Timestamp> newest_event;  // the greatest received_at that was loaded, if recorded
  std::optional<std::string> first_key;   // of the source's objects, bytewise
  std::optional<std::string> last_key;
  std::optional<std::string> first_unloaded_key;          // of those that were set aside
  std::map<std::string, SetAside> set_aside;              // by key
  std::unordered_map<std::string, LedgerObject> objects;  // by key; see read_objects
  bool has_unloaded = false;  // of the objects that were read, also if they are forgotten here
  std::map<std::string, std::int64_t> tables;  // number by table name, of the source
  LedgerMark mark;
};

// All but the objects. Empty when there is no ledger yet.
Result<LedgerState> read_ledger(Session& session, const std::string& source);

// The other sources that were loaded whose names begin so.
Result<std::vector<std::string>> sources_beginning_with(Session& session, const std::string& name);

// The objects that are set aside now, by key.
Result<std::map<std::string, SetAside>> read_set_aside(Session& session, const std::string& source,
                                                       const LedgerShape& shape);

// The objects whose keys are behind `start_after` ("": all), into state.objects. Keys are compared
// by the warehouse: one that does not compare text bytewise has to be told to, in its columns.
Result<void> read_objects(Session& session, const std::string& source,
                          const std::string& start_after, LedgerState& state);

// By key. Empty when there is no ledger, or one of before there were any.
Result<std::vector<SkippedObject>> read_skipped(Session& session, const std::string& source);
// Takes the place of an earlier one of the same key, and of the entry as an object that was set
// aside. Inside a transaction; size and version are filled in from that entry.
Result<void> write_skipped(Session& session, const std::string& source, SkippedObject object);
// Takes it back: the next sync lists all of the source, and so finds it.
Result<void> forget_skipped(Session& session, const std::string& source, const std::string& key);

// How the ledger stands now; there must be one.
Result<LedgerMark> read_mark(Session& session, const std::string& source);

// A table whose rows of one run wait: without files, because a table refused a row, and then the
// objects with its rows are `waiting` too; in files, because the warehouse refused them there (only
// of warehouses that stage). The run's objects are loaded all the same: these rows are not read
// again.
struct PendingTable {
  std::string table;
  RunId run_id;
  std::string files;  // FilesToLoad::files
  std::uint64_t rows = 0;
  Timestamp since{};
};

Result<std::vector<PendingTable>> read_pending(Session& session, const std::string& source);
// `reasons` by table.
Result<void> write_pending(Session& session, const std::string& source, Timestamp now,
                           const std::vector<PendingTable>& tables,
                           const std::vector<std::string>& reasons);
Result<void> forget_pending(Session& session, const std::string& files);
// Tables without files, whose rows are read again from their objects (ObjectEntry::waits): once no
// object of the source waits any more, less those that a person has skipped.
Result<void> forget_settled(Session& session, const std::string& source);

// Loaded objects, by their numbers, that other content has taken the place of, and those of which
// that is no longer so. Each is recorded once: since when it has been so.
struct ChangedObjects {
  std::vector<std::int64_t> changed;
  std::vector<std::int64_t> settled;

  bool any() const { return !changed.empty() || !settled.empty(); }
};

// Inside a transaction, behind create_ledger(). One that is loaded again is settled by its new
// entry, and one that is skipped by that.
Result<void> write_changed(Session& session, const std::string& source, Timestamp now,
                           const ChangedObjects& objects);

// Of the source; "" if none has.
Result<RunId> last_committed_run(Session& session, const std::string& source);

// One object of this run.
struct ObjectEntry {
  ObjectInfo object;
  std::int64_t number = 0;
  bool known = false;                     // an entry for the key exists and is replaced
  std::string set_aside_reason;           // "" for a loaded object
  bool waits = false;                     // loaded, less the rows of a table that refuses some
  std::optional<Timestamp> set_aside_at;  // by an earlier run; nothing: by this one
  std::uint64_t attempts = 1;             // to read it, this one included
  LineCounts counts;
};

// Gives the objects their numbers for good, before the transaction that says what became of them:
// of a load that takes several. Until then they are `loading`, those that are loaded again too, and
// a later sync takes them for new.
Result<void> announce_objects(Session& session, const std::string& source, const RunId& run_id,
                              Timestamp now, const std::vector<ObjectEntry>& objects);

// Whether a load of the source that takes several transactions ended before its last one.
Result<bool> has_unfinished(Session& session, const std::string& source);

// Takes back the origins of the rows that a load which did not end has committed: whoever loads its
// objects now tells them again.
Result<void> forget_unfinished(Session& session, const std::string& source);

// Takes back the origins of all rows of objects that are loaded again: where they were in the old
// content says nothing of the new one, and would settle ties wrongly.
Result<void> forget_origins(Session& session, const std::vector<std::int64_t>& object_numbers);

// What became of them.
Result<void> write_objects(Session& session, const std::string& source, const RunId& run_id,
                           Timestamp now, const std::vector<ObjectEntry>& objects);

// Removes the entries of objects of which nothing was ever loaded.
Result<void> forget_objects(Session& session, const std::string& source,
                            const std::vector<std::string>& keys);

struct TableEntry {
  std::string table;
  std::string event;  // the slug; empty for fixed tables
  std::int64_t number = 0;
};

Result<void> write_tables(Session& session, const std::string& source, const RunId& run_id,
                          const std::vector<TableEntry>& tables);

// Of these tables of the source, the columns that its recorded runs have made since they made the
// table, as far as the record of what they did goes back (_dray.collections). A table of which none
// has made anything is not among them.
using ColumnsMade = std::map<std::string, std::set<std::string, std::less<>>>;
Result<ColumnsMade> columns_made(Session& session, const std::string& source,
                                 const std::vector<std::string>& tables);

struct SourceEntry {
  std::string location;
  std::optional<Timestamp> listed_at;
  Timestamp looked_at;
  std::optional<Timestamp> newest_event;
};

Result<void> write_source(Session& session, const std::string& source, const SourceEntry& entry);

// That a run found nothing left to do, after all that were recorded. Changes nothing of a source
// that the ledger does not know. `listed_at`: if all of its objects were listed.
Result<void> write_look(Session& session, const std::string& source, Timestamp looked_at,
                        std::optional<Timestamp> listed_at);

// The source's last recorded runs, as far as they are failures.
struct Failures {
  std::uint64_t count = 0;
  Timestamp since;  // the first of them
};

Result<Failures> failures_in_a_row(Session& session, const std::string& source);

// The run, its collections and its notices.
Result<void> write_run(Session& session, const RunReport& report, Micros uuid_ts);

// How many values were rejected, by table.
using ValuesRejected = std::map<std::string, std::uint64_t, std::less<>>;

// The staged rejects, less those of objects that were set aside.
Result<ValuesRejected> write_rejects(Session& session, const std::string& source,
                                     const RunId& run_id, Timestamp now, const StagedRows& rejects,
                                     const std::vector<std::string>& object_keys,
                                     const std::vector<bool>& unusable);

// Marks the open rejects of these lines as mended by this run; without lines those of all.
Result<void> resolve_rejects(Session& session, const std::string& source, const RunId& run_id,
                             const std::string& object, const std::vector<std::uint64_t>& lines);

}  // namespace dray
