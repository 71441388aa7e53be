// The statements that Redshift is sent, as text: nothing is run here.
//
// Facts: Amazon Redshift Database Developer Guide, "CREATE TABLE", "ALTER TABLE", "COPY", "Names
// and identifiers".
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "load/redshift_options.h"
#include "load/rivals.h"
#include "load/staging_area.h"
#include "model/catalog.h"
#include "model/staged.h"
#include "sql/dialect.h"
#include "sql/sql.h"

namespace dray {

// The words that statements have for the types; a varchar's bytes come behind.
constexpr TypeWords redshift_types = {.boolean = "boolean",
                                      .bigint = "bigint",
                                      .double_precision = "double precision",
                                      .timestamp = "timestamp",
                                      .varchar = "varchar"};
// The words that the catalog has for the types.
constexpr TypeWords redshift_catalog_types = {.boolean = "boolean",
                                              .bigint = "bigint",
                                              .double_precision = "double precision",
                                              .timestamp = "timestamp without time zone",
                                              .varchar = "character varying"};

class RedshiftDialect final : public Dialect {
 public:
  RedshiftDialect(std::vector<RedshiftChoice> choices, Comments comments)
      : choices_(std::move(choices)), comments_(comments) {}

  CatalogLimits limits() const override;
  bool changes_types() const override { return false; }
  bool keeps_schema(std::string_view name) const override;
  std::optional<Notice> notice_of_schema(const std::string& schema) const override;
  Sql create_schema(const std::string& schema) const override;
  void add_column_type(SqlBuilder& sql, const TableName& table,
                       const Column& column) const override;
  void add_table_options(SqlBuilder& sql, const CreateTable& table) const override;
  Sql widen(const WidenColumn& change) const override;
  Sql comment_on(const CommentOn& change) const override;

 private:
  const std::vector<RedshiftChoice> choices_;
  const Comments comments_;
};

// A table that COPY fills: the columns of the parts, the rows' places behind them. Made of a name
// no other run has, and gone with the transaction that reads it.
struct StagingTable {
  std::string schema;
  std::string name;
};

// No property's column has a blank in its name, so these never meet one.
constexpr std::string_view row_column = "dray row";
constexpr std::string_view object_column = "dray object";
constexpr std::string_view line_column = "dray line";
constexpr std::string_view profile_column = "dray profile";

Sql create_staging_table(const StagingTable& table, const StagedTable& staged);
Sql drop_staging_table(const StagingTable& table);

// What Redshift reads the parts with: `iam_role`, which is "default" or ARNs; else the keys.
struct CopyAccess {
  std::string iam_role;
  Credentials credentials;
  std::string region;  // of the bucket; "": the cluster's own
};

struct CopyTarget {
  std::string schema;  // "": a temporary table
  std::string table;
  std::string manifest;  // url
  std::string null_text;
  std::optional<PartCompression> compression = PartCompression::zstd;  // none: plain text
};

// Nothing that changes or leaves out data: no TRUNCATECOLUMNS, ACCEPTINVCHARS, ACCEPTANYDATE,
// BLANKSASNULL, FILLRECORD, MAXERROR. With keys it holds a secret, and is not for showing.
Sql copy_file(const CopyTarget& target, const CopyAccess& access);

// Staged rows with the id of a stored row that is as late or later: row, uuid, received_at of both,
// object, line, uuid_ts of both.
Sql select_rivals(const TableLoad& load, const StagingTable& table, const DedupeWindow& window,
                  const std::optional<Rivals::Rows>& rows);
// Where rows with these uuids that are stored for the load's source came from: uuid, received_at,
// the object's key, line. `times`: the earliest and the latest received_at of them.
Sql select_places(const TableLoad& load, std::span<const std::int64_t> uuids,
                  const std::pair<Micros, Micros>& times);
// Number and key of the objects that staged rows came from.
Sql select_staged_objects(const std::string& source, const StagingTable& table);
Sql delete_staged_rows(const StagingTable& table, std::span<const std::uint64_t> rows);
// Stored rows whose id is staged.
Sql delete_replaced_rows(const TableLoad& load, const StagingTable& table,
                         const DedupeWindow& window);
// `rows` is what RedshiftRows gives. Schema "": a temporary table.
Sql insert_literals(const std::string& schema, const std::string& table, const Sql& rows);
// The staged rows into their table, with this load's uuid_ts.
Sql insert_staged_rows(const TableLoad& load, const StagingTable& table);
Sql insert_lineage(const TableLoad& load, const StagingTable& table);

// Temporary tables of a session, made anew for each merge. Give them names with a blank: those hide
// no table of a person's.
struct ProfileTables {
  std::string touched;  // the profiles that a load changes
  std::string kept;     // what they have in columns that are somebody else's
  std::string casts;    // what the names of cast tables begin with

  // What the values of ProfileMerge::casts[number] become that fit.
  std::string cast(std::size_t number) const { return casts + std::to_string(number); }
};

Sql create_touched_profiles(const TableLoad& load, const ProfileTables& temp);
// Those of a load's rows, and those of the rows that it replaces.
Sql insert_staged_profiles(const TableLoad& load, const StagingTable& table,
                           const ProfileTables& temp);
Sql insert_replaced_profiles(const TableLoad& load, const StagingTable& table,
                             const DedupeWindow& window, const ProfileTables& temp);
// The ids of all others that the table of `load` has.
Sql select_other_profiles(const TableLoad& load, const ProfileTables& temp);
Sql delete_touched_profiles(const ProfileMerge& merge, const ProfileTables& temp);
Sql create_kept_values(const ProfileMerge& merge, const ProfileTables& temp);
Sql create_cast_values(const ProfileCast& cast, const std::string& temp_table);
// All values that have to be cast, of the touched profiles' stored rows.
Sql select_values_to_cast(const ProfileMerge& merge, const ProfileCast& cast,
                          const ProfileTables& temp);
Sql insert_merged_profiles(const ProfileMerge& merge, const ProfileTables& temp);
// Staged values of a column that profiles may not take: object, line, value.
Sql select_staged_values(const TableLoad& load, const StagingTable& table,
                         const std::string& column);

}  // namespace dray
