#include "app/request.h"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "app/address.h"
#include "sql/duckdb_file.h"

namespace dray {
namespace {

// "" where nothing can be made in it, or no file is meant.
std::string folder_of_file(const std::string& address) {
  if (!address.starts_with(duckdb_scheme) || address == "duckdb::memory:") return "";
  const std::string path = address.substr(duckdb_scheme.size());
  const auto behind = duckdb_file_behind(path);
  const std::string folder = std::filesystem::path(behind ? *behind : path).parent_path().string();
  const std::string named = folder.empty() ? "." : folder;
  return ::access(named.c_str(), W_OK | X_OK) == 0 ? named : "";
}

std::string system_directory() {
  const char* set = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return set == nullptr || *set == '\0' ? "/var/tmp" : set;
}

}  // namespace

std::string spill_directory(const Config& config) {
  if (!config.temp_directory.empty()) return config.temp_directory;
  const std::string folder = folder_of_file(config.warehouse);
  return folder.empty() ? system_directory() : folder;
}

SyncRequest request_of(const Config& config) {
  SyncRequest request;
  request.warehouse_id = config.warehouse_id;
  request.contract_columns = config.contract_columns;
  request.threads = config.threads;
  request.memory_bytes = config.memory_bytes;
  request.line_bytes_max = config.line_bytes_max;
  request.temp_directory = spill_directory(config);
  return request;
}

}  // namespace dray
