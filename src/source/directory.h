// A directory of event files as an ObjectStore.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "source/object_store.h"

namespace dray {

// `path` must be a directory (or a single event file, whose key is then its name). Symbolic links
// to files and directories are followed, cycles are not entered twice. An unreadable sub-directory,
// or a link that leads nowhere, is a ListProblem; an unreadable root an error (`config`).
//
// A pipe, a socket or a device that has the name of an event file is told and never opened.
//
// A file whose size or mtime is not what the listing showed is `bad_data`: "changed since it was
// listed" at the opening, "changed while it was read" from the reader at its end.
Result<std::unique_ptr<ObjectStore>> open_directory(const std::string& path);

}  // namespace dray
