// The file of a DuckDB warehouse before DuckDB sees it: DuckDB waits for ever at a FIFO, takes an
// empty file or one whose first writes were cut off for somebody else's, and a database of another
// kind for a reason to fetch an extension.
//
// Threads: functions without shared state. Not while this process has the file open in DuckDB: to
// close a file gives up the locks that the process has on it.
#pragma once

#include <functional>
#include <string>

#include "base/result.h"

namespace dray {

enum class FileState {
  none,
  rest,  // what a kill or a full disk left of the first writes to a new file; holds nothing
  made,
};

// The file itself, where `path` is a symbolic link: DuckDB keeps its log beside the name that it
// was opened by, and who comes by another name would not see it. Error (`config`): a log lies
// beside the link, of a sync that was killed before Dray knew this; only a person can say whose it
// is.
Result<std::string> duckdb_file_behind(const std::string& path);

// Errors are `config`: a directory, a device, a FIFO, a name that is an address of another kind.
Result<FileState> duckdb_file_state(const std::string& path);

// Error (`config`): there is a log without its file, which DuckDB would replay into a new one.
Result<void> check_no_log_is_left(const std::string& path);

// Before anything is read or written: DuckDB makes its log beside the file when it first commits,
// and takes it away in the end. Error (`config`): this user may write to the file, or make it, but
// nothing in its folder. A folder that is not there, or a file that may not be written, DuckDB
// tells.
Result<void> check_folder_is_writable(const std::string& path);

// Puts a new file at `path`, which is in state `none` or `rest`: `make` writes a whole one to the
// path that it is called with, beside it. If somebody else made one meanwhile that one stays.
Result<void> make_duckdb_file(const std::string& path, FileState state,
                              const std::function<Result<void>(const std::string&)>& make);

// What make_duckdb_file() of killed processes left beside `path`. Not before the file at `path` is
// there and open.
void remove_new_files(const std::string& path);

}  // namespace dray
