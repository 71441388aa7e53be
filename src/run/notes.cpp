#include "run/notes.h"

namespace dray {

bool keeps_notes(Warehouse& warehouse, NoteKind kind) {
  const Notes* const notes = warehouse.notes();
  return notes != nullptr && notes->keeps(kind);
}

Result<std::optional<std::string>> read_note(Warehouse& warehouse, NoteKind kind,
                                             const std::string& source) {
  if (!keeps_notes(warehouse, kind)) return std::optional<std::string>();
  return warehouse.notes()->read(kind, source);
}

Result<void> write_note(Warehouse& warehouse, NoteKind kind, const std::string& source,
                        const std::string& note) {
  if (!keeps_notes(warehouse, kind)) return {};
  return warehouse.notes()->write(kind, source, note);
}

}  // namespace dray
