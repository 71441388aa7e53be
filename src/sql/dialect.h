// What is known of an engine without asking it: its limits, the names that it keeps, its words for
// types and changes.
//
// Pure: nothing here speaks to a server or a file, and the answers stay the same for as long as the
// warehouse is open. Threads: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/catalog.h"
#include "model/report.h"
#include "sql/sql.h"

namespace dray {

class Dialect {
 public:
  virtual ~Dialect() = default;
  // What a plan has to keep to.
  virtual CatalogLimits limits() const = 0;
  // Whether the engine keeps a schema of this name for itself. Names are in lower case.
  virtual bool keeps_schema(std::string_view name) const = 0;
  // What a person should know who has a schema of this name made here, if anything.
  virtual std::optional<Notice> notice_of_schema(const std::string& schema) const = 0;
  // The statement that makes one change, as Session::apply() runs it and a plan shows it.
  virtual Sql ddl(const SchemaChange& change) const = 0;
};

}  // namespace dray
