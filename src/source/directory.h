// A directory of event files as an ObjectStore.
#pragma once

#include <memory>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "source/object_store.h"

namespace dray {

// `path` is a directory (or a single event file, whose key is then its name). Symbolic links to
// files and directories are followed, cycles are not entered twice. An unreadable sub-directory, or
// a link that leads nowhere, is a ListProblem. A root that is gone or unreadable is an error
// (`config`) of each listing, so that the run which meets it can be recorded.
//
// A pipe, a socket or a device that has the name of an event file is told and never opened.
//
// A file whose size or mtime is not what the listing showed is `bad_data`: "changed since it was
// listed" at the opening, "changed while it was read" from the reader at its end.
//
// `stop` ends a listing, `cancelled`, at the next directory. `called` stands for the path in the
// error of one where nothing is (base/quotable.h).
Result<std::unique_ptr<ObjectStore>> open_directory(const std::string& path,
                                                    std::stop_token stop = {},
                                                    const std::string& called = "SOURCE");

// Whether the root can be listed now; else the error that a listing would give.
Result<void> check_directory(const std::string& path, const std::string& called = "SOURCE");

}  // namespace dray
