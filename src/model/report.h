// What a run did: the numbers a person reads at its end and a script reads as JSON.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/run_id.h"

namespace dray {

enum class RunStatus {
  success,  // everything there was is loaded; rejects are notices
  partial,  // an object or a table that should have loaded did not
  failure,  // an error ended it, and nothing was loaded unless that says so
};

std::string_view to_string(RunStatus status);

// Every raw line that was read is exactly one of loaded, duplicate, filtered, rejected and waiting.
struct LineCounts {
  std::uint64_t lines = 0;
  std::uint64_t loaded = 0;
  std::uint64_t duplicate = 0;
  std::uint64_t filtered = 0;
  std::uint64_t rejected = 0;
  // None of its rows is in a table yet, because a table refuses rows: a later sync reads it again.
  std::uint64_t waiting = 0;

  bool conserved() const { return lines == loaded + duplicate + filtered + rejected + waiting; }
  LineCounts& operator+=(const LineCounts& other);
  bool operator==(const LineCounts&) const = default;
};

// One table's share of a run.
struct CollectionReport {
  std::string table;
  std::uint64_t rows_loaded = 0;
  std::uint64_t duplicates = 0;          // rows of this batch that lost to another row
  std::uint64_t rows_replaced = 0;       // stored rows that lost to a row of this batch
  std::uint64_t values_rejected = 0;     // cells that are NULL because their value did not fit
  std::vector<std::string> new_columns;  // "name type", in the order of creation
  bool created = false;
};

// Something a person should know that did not stop the run, with how often it happened.
struct Notice {
  std::string code;  // stable, snake_case: "object_changed", "long_name", "replacement_character"
  std::string message;  // one sentence: what happened, where, what to do
  std::uint64_t count = 0;
  bool operator==(const Notice&) const = default;
};

struct RunReport {
  RunId run_id;
  std::string source;  // the schema's name
  std::string location;
  std::string warehouse;
  RunStatus status = RunStatus::success;
  std::chrono::sys_time<std::chrono::microseconds> started{};
  std::chrono::microseconds duration{};
  std::chrono::microseconds preparing{};  // of it: listing, decoding, transforming
  std::chrono::microseconds loading{};    // of it: in the warehouse
  std::uint64_t objects_listed = 0;
  std::uint64_t objects_loaded = 0;
  std::uint64_t objects_set_aside = 0;  // could not be read; tried again by the next sync
  std::uint64_t objects_known = 0;      // already in the ledger
  std::uint64_t objects_skipped = 0;    // put aside by a person; not recorded with the run
  std::uint64_t bytes_read = 0;         // as stored
  std::uint64_t bytes_plain = 0;        // after inflating
  LineCounts counts;
  std::uint64_t values_rejected = 0;
  std::vector<CollectionReport> collections;  // by table name
  std::vector<Notice> notices;
  std::string error;  // set for failures, and for what made a run partial
  // What ended the run, if an error did: its cause, its remedy, who acts. Of the run at hand only:
  // the ledger keeps the sentence, which is in `error` too.
  std::optional<Error> failure;

  // The exact statements a sync would run to change the schema. A plan alone has them, and has
  // changed nothing.
  std::vector<std::string> ddl;
};

}  // namespace dray
