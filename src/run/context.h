// What the parts of one run share.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>

#include "base/time.h"
#include "load/warehouse.h"
#include "model/report.h"
#include "run/sync.h"
#include "source/object_store.h"

namespace dray {

// Borrowed by every part for as long as the run lasts. The report is the one result: each part adds
// to it what it did and what a person should know.
struct RunContext {
  const SyncRequest& request;
  ObjectStore& store;
  Warehouse& warehouse;
  SyncProgress& progress;
  const std::stop_token& stop;
  RunReport& report;

  // The lines that a retry of rejects reads, of objects that are loaded; nothing for a run that
  // reads objects.
  const RejectedLines* retried() const { return std::get_if<RejectedLines>(&request.read); }
  bool is_retry() const { return retried() != nullptr; }

  Timestamp now() const { return request.now(); }

  // Whoever follows the run (-v) hears of it.
  void step(const std::string& sentence) const;
  void notice(std::string code, std::string message, std::uint64_t count) const;
  // All but the first `count`: whatever told them is undone.
  void forget_notices(std::size_t count) const;
  // Not everything that should have been loaded was; `why` joins what was said before.
  void fell_short(const std::string& why) const;
};

// What to do about what may work later.
constexpr const char* run_it_again = "; run it again: nothing is loaded twice";

// The command that puts an object of the run's aside which will never be readable, for a person to
// copy.
std::string skip_command(const RunContext& context, const std::string& key);

// The error as it stands in a table of runs.
std::string one_line(const Error& error);

}  // namespace dray
