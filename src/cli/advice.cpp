#include "cli/advice.h"

#include "app/address.h"
#include "cli/format.h"

namespace dray {

std::string sync_command(const SourceStatus& status, const std::string& warehouse,
                         const std::string& configured_name) {
  if (!configured_name.empty()) return "dray sync --source " + shell_word(configured_name);
  return "dray sync " + path_word(status.location) + " " + path_word(warehouse) + " --source " +
         shell_word(status.source);
}

std::string sync_command(const SourceStatus& status, const std::string& warehouse,
                         const std::map<std::string, std::string>& configured) {
  const auto name = configured.find(status.source);
  return sync_command(status, warehouse, name == configured.end() ? "" : name->second);
}

std::string client_command(const std::string& warehouse, std::string_view sql) {
  if (!warehouse.starts_with(duckdb_scheme))
    return "psql " + path_word(warehouse) + " -c " + shell_word(sql);
  return "duckdb " + path_word(warehouse.substr(duckdb_scheme.size())) + " -c " + shell_word(sql);
}

}  // namespace dray
