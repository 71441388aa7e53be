// The notes of a warehouse, of which many have none (load/warehouse.h).
//
// Errors: those of Notes; without notes there are none.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "load/warehouse.h"

namespace dray {

bool keeps_notes(Warehouse& warehouse, NoteKind kind);
// Nothing where none is kept.
Result<std::optional<std::string>> read_note(Warehouse& warehouse, NoteKind kind,
                                             const std::string& source);
// Does nothing where none is kept.
Result<void> write_note(Warehouse& warehouse, NoteKind kind, const std::string& source,
                        const std::string& note);

}  // namespace dray
