// A result of libpq: its values, types and errors. Only sql/pq_*.cpp include it.
//
// Pure. Threads: any.
#pragma once

#include <libpq-fe.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sql/sqlstate.h"

namespace dray {

struct FreeResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PqResult = std::unique_ptr<PGresult, FreeResult>;

// "" for null.
inline std::string_view view(const char* text) { return text == nullptr ? "" : text; }

// The name of a type as docs and statements have it; "other" for one that is none of the usual.
std::string type_name(Oid oid);

// The error that a result is; views of it.
ServerError server_error(const PGresult* result);

// How many rows the statement inserted, updated, deleted or copied.
std::uint64_t rows_of(PGresult* result);

// A value as the server wrote it, a view of the result; nothing for NULL.
inline std::optional<std::string_view> value_at(const PGresult* result, int row, int column) {
  if (PQgetisnull(result, row, column) != 0) return std::nullopt;
  return std::string_view(PQgetvalue(result, row, column),
                          static_cast<std::size_t>(PQgetlength(result, row, column)));
}

// The same for people and for what reads results by name: booleans as true and false, doubles by
// their shortest text.
std::string value_text(Oid type, std::string_view value);

}  // namespace dray
