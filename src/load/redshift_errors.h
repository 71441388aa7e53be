// What Redshift says of a COPY: how many rows and files it took, or which row it refused.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>

#include "base/result.h"
#include "load/staging_area.h"
#include "model/staged.h"
#include "sql/pq_connection.h"

namespace dray {

// Called behind a COPY, in its transaction: the rows that it took are those that were written.
// Error `internal`; else the number by which system views know the COPY.
Result<std::int64_t> check_copy(PqConnection& connection, std::uint64_t rows);

// How many files each of these COPYs has read, as far as sys_load_detail tells: it may not know
// them yet. Outside of a transaction, for a question that it refuses would end one.
Result<std::map<std::int64_t, std::uint64_t>> count_files(PqConnection& connection,
                                                          std::span<const std::int64_t> copies);
// The longest name of a file that it tells whole, in bytes.
constexpr std::size_t told_name_bytes_max = 256;

// The first row that COPY refused, of stl_load_errors or, on a workgroup or without rights to that,
// sys_load_error_detail.
struct LoadError {
  std::string file;  // the part's url
  std::uint64_t line = 0;
  std::string column;
  std::string type;
  std::int64_t code = 0;
  std::string reason;
};

// Looked for by the folder of the parts, which no other load has. Nothing if none is told.
std::optional<LoadError> find_load_error(PqConnection& connection, const std::string& folder);

// Without the value that was refused, which may be a person's: its place leads to it.
std::string to_text(const LoadError& error, const StagedTable& staged);

// What the run calls the object with this number of the ledger; "object 17" if it does not know, or
// the rows are of an earlier run.
std::string object_with_number(const std::optional<RunRows>& rows, std::int64_t number);

}  // namespace dray
