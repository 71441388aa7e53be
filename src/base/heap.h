// The process's heap.
#pragma once

namespace dray {

// Gives memory that was freed back to the system, all that is whole pages. Between two phases that
// hold much: the C library keeps it for whoever had it, and the next phase is somebody else.
void return_free_memory();

}  // namespace dray
