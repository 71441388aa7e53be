#include "base/heap.h"

#include <malloc.h>

namespace dray {

void return_free_memory() { ::malloc_trim(0); }

}  // namespace dray
