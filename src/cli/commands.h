// One function per command: does it, shows it, returns the exit code.
#pragma once

#include "cli/app.h"
#include "cli/environment.h"

namespace dray {

int run_command(const SyncCommand& command, const Environment& environment);
int run_command(const StatusCommand& command, const Environment& environment);
int run_command(const HistoryCommand& command, const Environment& environment);
int run_command(const RejectsCommand& command, const Environment& environment);
int run_command(const ObjectsCommand& command, const Environment& environment);
int run_command(const QueryCommand& command, const Environment& environment);
int run_command(const InitCommand& command, const Environment& environment);
int run_command(const CompletionCommand& command, const Environment& environment);
int run_command(const WordsCommand& command, const Environment& environment);
int run_command(const SettingsCommand& command, const Environment& environment);
int run_command(const VersionCommand& command, const Environment& environment);

}  // namespace dray
