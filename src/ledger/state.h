// What is loaded of a source: what a run reads of the ledger before it does anything, and by which
// it sees later whether another has loaded meanwhile.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"
#include "ledger/numbers.h"
#include "ledger/objects.h"
#include "ledger/shape.h"
#include "sql/session.h"

namespace dray {

// Changes with whatever a load of the source writes.
struct LedgerMark {
  std::int64_t objects = 0;
  std::string newest_run;     // that recorded an object
  Micros last_uuid_ts = 0;    // the greatest of the source's loads
  bool has_loaded = false;    // a line, ever, or left one out on purpose
  bool has_rejected = false;  // a line, ever
  NumberRange numbers;        // for what the source has not yet
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
  SharedNumbers shared;                        // that an earlier version gave to several sources
  LedgerMark mark;
};

// All but the objects. Empty when there is no ledger yet.
Result<LedgerState> read_ledger(Session& session, const std::string& source);

// The objects whose keys are behind `start_after` ("": all), into state.objects. Keys are compared
// by the warehouse: one that does not compare text bytewise has to be told to, in its columns.
Result<void> read_objects(Session& session, const std::string& source,
                          const std::string& start_after, LedgerState& state);

// How the ledger stands now; there must be one.
Result<LedgerMark> read_mark(Session& session, const std::string& source);

// Whether a load of the source has ended between the two.
bool has_loaded_since(const LedgerMark& before, const LedgerMark& now);

}  // namespace dray
