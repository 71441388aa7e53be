// How the program ends. docs/cli.md promises these numbers to scripts.
#pragma once

#include "base/result.h"
#include "model/report.h"

namespace dray {

constexpr int exit_success = 0;  // also when there was nothing new
constexpr int exit_failure = 1;
constexpr int exit_usage = 2;    // a person has to change the command line or the configuration
constexpr int exit_partial = 3;  // an object or a table that should have loaded did not
constexpr int exit_unreported =
    4;  // what was asked for is done, but what it has to say could not be written
constexpr int exit_busy = 5;  // another program has the DuckDB file open, longer than --wait
constexpr int exit_interrupted = 130;  // Ctrl-C for the second time

enum class Strict { no, yes };

int exit_code(const Error& error);

// Rejects alone are a success, unless `strict`. Counts that do not add up are a failure of ours.
int exit_code(const RunReport& report, Strict strict);

// The worst of several sources counts: failure, then configuration, then busy, then partial.
int worse_exit_code(int a, int b);

}  // namespace dray
