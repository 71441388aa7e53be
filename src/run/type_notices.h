// What a person should know of the types that a run gives to new columns: which kinds of values met
// in one, and where, and which stored columns are not of the type that dray.yaml says.
#pragma once

#include "base/result.h"
#include "run/context.h"
#include "run/object_set.h"
#include "run/tables.h"

namespace dray {

// Tells of the types of planned tables, as notices. The rows of a table are read again only if a
// new column of it holds values of more than one kind. Rows that lost as duplicates count, those of
// unusable objects do not. The same values give the same text, whatever their order and however
// many threads.
Result<void> tell_types(const RunContext& context, const Tables& tables, const ObjectSet& objects);

}  // namespace dray
