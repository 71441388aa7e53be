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
#include "model/column_type.h"
#include "model/report.h"
#include "sql/sql.h"

namespace dray {

// An engine's words for the types.
struct TypeWords {
  std::string_view boolean;
  std::string_view bigint;
  std::string_view double_precision;
  std::string_view timestamp;
  std::string_view varchar;

  std::string_view of(ColumnType type) const;
  // The type that a catalog calls so, in whatever case, and whatever stands in parentheses at its
  // end; nothing for one that Dray does not write.
  std::optional<ColumnType> type_named(std::string_view name) const;
};

struct TableName {
  std::string_view schema;
  std::string_view table;
};

class Dialect {
 public:
  virtual ~Dialect() = default;
  // What a plan has to keep to.
  virtual CatalogLimits limits() const = 0;
  // Whether a stored column can be given another type in place.
  virtual bool changes_types() const = 0;
  // Whether the engine keeps a schema of this name for itself. Names are in lower case.
  virtual bool keeps_schema(std::string_view name) const = 0;
  // What a person should know who has a schema of this name made here, if anything.
  virtual std::optional<Notice> notice_of_schema(const std::string& schema) const = 0;

  // What ddl_of() puts together. Each makes no more than the part it is named after:
  virtual Sql create_schema(const std::string& schema) const = 0;
  // The type, and what the engine is told of the column beside: "varchar(512) encode zstd".
  virtual void add_column_type(SqlBuilder& sql, const TableName& table,
                               const Column& column) const = 0;
  // What stands behind the columns, with a blank before: " diststyle even"; or nothing.
  virtual void add_table_options(SqlBuilder& sql, const CreateTable& table) const = 0;
  // Whole statements. The first is not asked where strings have no bound, the second not where
  // limits() says that there are no comments.
  virtual Sql widen(const WidenColumn& change) const = 0;
  virtual Sql comment_on(const CommentOn& change) const = 0;
};

// The statement, for a person, that makes a column take whatever comes: varchar. Nothing where the
// engine does not change types.
std::optional<Sql> make_varchar(const Dialect& dialect, const TableName& table,
                                const std::string& column);

// The statement that makes one change, as Session::apply() runs it and a plan shows it.
Sql ddl_of(const Dialect& dialect, const SchemaChange& change);

}  // namespace dray
