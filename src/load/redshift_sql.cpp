#include "load/redshift_sql.h"

#include <algorithm>
#include <optional>

#include "base/time.h"
#include "ledger/tables.h"
#include "load/reserved_schemas.h"
#include "load/shared_sql.h"

namespace dray {
namespace {

constexpr std::int64_t varchar_bytes_most = 65'535;

// `pattern` is schema.table, * for any of the two.
bool fits(const std::string& pattern, std::string_view schema, std::string_view table) {
  const std::size_t dot = pattern.find('.');
  const std::string_view both = pattern;
  const std::string_view first = dot == std::string::npos ? "*" : both.substr(0, dot);
  const std::string_view second = dot == std::string::npos ? both : both.substr(dot + 1);
  return (first == "*" || first == schema) && (second == "*" || second == table);
}

void add_names(SqlBuilder& sql, std::string_view comma_separated) {
  for (std::size_t begin = 0; begin <= comma_separated.size();) {
    const std::size_t end = std::min(comma_separated.find(',', begin), comma_separated.size());
    std::string_view name = comma_separated.substr(begin, end - begin);
    while (name.starts_with(' '))
      name.remove_prefix(1);
    while (name.ends_with(' '))
      name.remove_suffix(1);
    if (begin > 0) sql.code(", ");
    sql.name(name);
    begin = end + 1;
  }
}

constexpr std::string_view encodings[] = {"raw",       "az64",    "zstd",     "lzo",     "bytedict",
                                          "runlength", "delta",   "delta32k", "mostly8", "mostly16",
                                          "mostly32",  "text255", "text32k"};

void add_encoding(SqlBuilder& sql, std::string_view encoding) {
  DRAY_ASSERT(is_redshift_encoding(encoding));
  sql.code(" encode ").word(encoding);
}

void add_type(SqlBuilder& sql, ColumnType type, std::uint64_t varchar_bytes) {
  sql.word(redshift_types.of(type));
  if (type == ColumnType::varchar) sql.code("(").number(varchar_bytes).code(")");
}

// Redshift would choose LZO for text. ZSTD packs it closer at much the same speed. Of the sort key
// raw blocks are what range scans want, and hashes do not compress.
std::string_view standard_encoding(const Column& column) {
  if (column.name == "received_at" || column.name == "uuid") return "raw";
  switch (column.type) {
    case ColumnType::bigint:
    case ColumnType::timestamp:
      return "az64";
    default:
      return "zstd";
  }
}

bool makes_column(const CreateTable& table, std::string_view column) {
  return std::ranges::find(table.columns, column, &Column::name) != table.columns.end();
}

// What a person has chosen; "" for the table itself. The first choice that fits counts.
template <typename Field>
std::optional<typename Field::value_type> chosen(const std::vector<RedshiftChoice>& choices,
                                                 const TableName& table, std::string_view column,
                                                 Field RedshiftChoice::*field) {
  for (const RedshiftChoice& choice : choices) {
    if (choice.column == column && choice.*field && fits(choice.table, table.schema, table.table)) {
      return choice.*field;
    }
  }
  return std::nullopt;
}

void add_distribution(SqlBuilder& sql, const CreateTable& table,
                      const std::optional<std::string>& choice) {
  if (choice == "auto") return;
  if (choice == "even") {
    sql.code(" diststyle even");
  } else if (choice == "all") {
    sql.code(" diststyle all");
  } else if (choice) {
    sql.code(" diststyle key distkey (").name(*choice).code(")");
  } else if (makes_column(table, "id")) {
    sql.code(" diststyle key distkey (\"id\")");
  } else if (makes_column(table, "uuid")) {
    sql.code(" diststyle key distkey (\"uuid\")");
  }
}

void add_order(SqlBuilder& sql, const CreateTable& table,
               const std::optional<std::string>& choice) {
  if (choice == "auto") return;
  if (choice) {
    add_names(sql.code(" sortkey ("), *choice);
    sql.code(")");
  } else if (makes_column(table, "received_at")) {
    sql.code(" sortkey (\"received_at\")");
  }
}

template <typename Numbers>
void add_numbers(SqlBuilder& sql, const Numbers& numbers) {
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (i > 0) sql.code(", ");
    sql.number(numbers[i]);
  }
}

void add_timestamp(SqlBuilder& sql, Micros micros) {
  sql.code("timestamp ").text(format_timestamp(micros));
}

// The stored rows, called `stored`, that can have the id of a staged one. A DELETE cannot
// give its table another name, so the staged rows have one that no table of events has.
void add_same_id(SqlBuilder& sql, std::string_view stored, const StagingTable& table,
                 const DedupeWindow& window) {
  sql.name(stored).code(".\"uuid\" = \"dray staged\".\"uuid\" and ");
  sql.name(stored).code(".\"id\" = \"dray staged\".\"id\"");
  if (!window) return;
  const std::int64_t days = window->count();
  sql.code(" and ").name(stored).code(
      ".\"received_at\" >= (select min(\"received_at\") - interval '");
  sql.number(days).code(" days' from ").table(table.schema, table.name);
  sql.code(") and ").name(stored).code(
      ".\"received_at\" <= (select max(\"received_at\") + interval '");
  sql.number(days).code(" days' from ").table(table.schema, table.name).code(")");
}

// Schema "": a temporary table.
SqlBuilder& add_table(SqlBuilder& sql, const std::string& schema, const std::string& table) {
  return schema.empty() ? sql.name(table) : sql.table(schema, table);
}

// A column of the source's, called `t`, as its profile takes it.
void add_value(SqlBuilder& sql, SqlBuilder& joins, const ProfileMerge& merge,
               const std::string& column, const ProfileTables& temp) {
  const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
  if (cast == merge.casts.end()) {
    sql.code("t.").name(column);
    return;
  }
  const auto number = static_cast<std::size_t>(cast - merge.casts.begin());
  const std::string alias = "v" + std::to_string(number);
  sql.name(alias).code(".fitting");
  joins.code(" left join ").name(temp.cast(number)).code(" ").name(alias).code(" on t.");
  joins.name(column).code(" = ").name(alias).code(".stored");
  if (cast->from != ColumnType::varchar) return;
  joins.code(" and octet_length(t.").name(column).code(") = octet_length(").name(alias);
  joins.code(".stored)");
}

void add_access(SqlBuilder& sql, const CopyAccess& access) {
  if (access.iam_role == "default") {
    sql.code(" iam_role default");
  } else if (!access.iam_role.empty()) {
    sql.code(" iam_role ").text(access.iam_role);
  } else {
    sql.code(" access_key_id ").text(access.credentials.access_key_id);
    sql.code(" secret_access_key ").text(access.credentials.secret_access_key.reveal());
    if (!access.credentials.session_token.empty()) {
      sql.code(" session_token ").text(access.credentials.session_token.reveal());
    }
  }
  if (!access.region.empty()) sql.code(" region ").text(access.region);
}

}  // namespace

bool is_redshift_encoding(std::string_view word) {
  return std::ranges::find(encodings, word) != std::end(encodings);
}

// A staging table has four columns more than the rows that it holds.
CatalogLimits RedshiftDialect::limits() const {
  return {.name_bytes_max = 127,
          .columns_per_table_max = 1'596,
          .columns_per_load_max = 1'596,
          .varchar_bytes_max = static_cast<std::uint32_t>(varchar_bytes_most),
          .varchar_counts_characters = false,
          .comments = comments_,
          .comments_cost_max = SIZE_MAX};
}

bool RedshiftDialect::keeps_schema(std::string_view name) const {
  return is_reserved_redshift_schema(name);
}

std::optional<Notice> RedshiftDialect::notice_of_schema(const std::string&) const { return {}; }

Sql RedshiftDialect::create_schema(const std::string& schema) const {
  return create_schema_if_missing(schema);
}

void RedshiftDialect::add_column_type(SqlBuilder& sql, const TableName& table,
                                      const Column& column) const {
  const auto bytes = chosen(choices_, table, column.name, &RedshiftChoice::varchar_bytes);
  // Never narrower than the values that are about to come.
  add_type(sql, column.type, std::max(bytes.value_or(0), column.varchar_bytes));
  const auto encoding = chosen(choices_, table, column.name, &RedshiftChoice::encoding);
  add_encoding(sql, encoding ? std::string_view(*encoding) : standard_encoding(column));
}

void RedshiftDialect::add_table_options(SqlBuilder& sql, const CreateTable& table) const {
  const TableName name{table.schema, table.table};
  add_distribution(sql, table, chosen(choices_, name, "", &RedshiftChoice::dist_key));
  add_order(sql, table, chosen(choices_, name, "", &RedshiftChoice::sort_key));
}

Sql RedshiftDialect::widen(const WidenColumn& change) const {
  SqlBuilder sql("alter table ");
  sql.table(change.schema, change.table).code(" alter column ").name(change.column);
  sql.code(" type varchar(").number(static_cast<std::uint64_t>(change.varchar_bytes)).code(")");
  return std::move(sql).done();
}

Sql RedshiftDialect::comment_on(const CommentOn& change) const { return comment_text(change); }

Sql create_staging_table(const StagingTable& table, const StagedTable& staged) {
  SqlBuilder sql("create table ");
  sql.table(table.schema, table.name).code(" (");
  for (const LoadColumn& column : staged.columns) {
    const auto most = static_cast<std::uint32_t>(varchar_bytes_most);
    add_type(sql.name(column.name).code(" "), column.type, column.varchar_bytes.value_or(most));
    sql.code(" encode zstd, ");
  }
  sql.name(row_column).code(" bigint encode az64, ").name(object_column);
  sql.code(" bigint encode az64, ").name(line_column).code(" bigint encode az64");
  if (!staged.profile_id_column.empty()) {
    sql.code(", ").name(profile_column).code(" bigint encode raw");
  }
  return std::move(sql.code(") diststyle key distkey (\"id\")")).done();
}

Sql drop_staging_table(const StagingTable& table) {
  return std::move(SqlBuilder("drop table if exists ").table(table.schema, table.name)).done();
}

Sql copy_file(const CopyTarget& target, const CopyAccess& access) {
  SqlBuilder sql("copy ");
  add_table(sql, target.schema, target.table).code(" from ").text(target.manifest);
  add_access(sql, access);
  sql.code(" manifest format as csv");
  if (target.compression == PartCompression::zstd) sql.code(" zstd");
  if (target.compression == PartCompression::gzip) sql.code(" gzip");
  // Redshift's own marker needs not be named, and whether a backslash in it would be read as an
  // escape is not documented.
  if (target.null_text != PartOptions().null_text) sql.code(" null as ").text(target.null_text);
  // The files are ours: no sample is needed to choose encodings, and statistics are the owner's.
  return std::move(sql.code(" compupdate off statupdate off")).done();
}

Sql select_rivals(const TableLoad& load, const StagingTable& table, const DedupeWindow& window,
                  const std::optional<Rivals::Rows>& rows) {
  SqlBuilder sql("select ");
  sql.name(row_column).code(", \"dray staged\".\"uuid\", \"dray staged\".\"received_at\", ");
  sql.code("t.\"received_at\", ").name(object_column).code(", ").name(line_column);
  sql.code(", \"dray staged\".\"uuid_ts\", t.\"uuid_ts\"");
  sql.code(" from ").table(table.schema, table.name).code(" \"dray staged\" join ");
  add_same_id(sql.table(load.schema, load.table).code(" t on "), "t", table, window);
  sql.code(" where t.\"received_at\" >= \"dray staged\".\"received_at\"");
  if (rows) {
    sql.code(" and ").name(row_column).code(" >= ").number(rows->begin);
    sql.code(" and ").name(row_column).code(" < ").number(rows->end);
  }
  return std::move(sql).done();
}

Sql select_places(const TableLoad& load, std::span<const std::int64_t> uuids,
                  const std::pair<Micros, Micros>& times) {
  SqlBuilder sql("select l.uuid, l.received_at, o.key, l.line from ");
  sql.word(lineage_table).code(" l join ").word(objects_table);
  sql.code(" o on o.object_number = l.object_number and o.source = ").text(load.schema);
  add_numbers(sql.code(" where l.uuid in ("), uuids);
  add_numbers(sql.code(") and l.table_number in ("), load.rival_tables);
  // The sort key: without it the whole table would be read.
  add_timestamp(sql.code(") and l.received_at between "), times.first);
  add_timestamp(sql.code(" and "), times.second);
  return std::move(sql).done();
}

Sql select_staged_objects(const std::string& source, const StagingTable& table) {
  SqlBuilder sql("select object_number, key from ");
  sql.word(objects_table)
      .code(" where source = ")
      .text(source)
      .code(" and object_number in (select ")
      .name(object_column)
      .code(" from ");
  return std::move(sql.table(table.schema, table.name).code(")")).done();
}

Sql delete_staged_rows(const StagingTable& table, std::span<const std::uint64_t> rows) {
  SqlBuilder sql("delete from ");
  sql.table(table.schema, table.name).code(" where ").name(row_column).code(" in (");
  add_numbers(sql, rows);
  return std::move(sql.code(")")).done();
}

Sql delete_replaced_rows(const TableLoad& load, const StagingTable& table,
                         const DedupeWindow& window) {
  SqlBuilder sql("delete from ");
  sql.table(load.schema, load.table).code(" using ").table(table.schema, table.name);
  sql.code(" \"dray staged\" where ");
  add_same_id(sql, load.table, table, window);
  return std::move(sql).done();
}

Sql insert_staged_rows(const TableLoad& load, const StagingTable& table) {
  SqlBuilder sql("insert into ");
  sql.table(load.schema, load.table).code(" (");
  bool first = true;
  for (const LoadColumn& column : load.columns) {
    if (column.refused) continue;
    if (!first) sql.code(", ");
    first = false;
    sql.name(column.name);
  }
  sql.code(") select ");
  first = true;
  for (const LoadColumn& column : load.columns) {
    if (column.refused) continue;
    if (!first) sql.code(", ");
    first = false;
    if (column.name == facts(StandardColumn::uuid_ts).name) {
      add_timestamp(sql, load.uuid_ts);
    } else {
      sql.name(column.name);
    }
  }
  return std::move(sql.code(" from ").table(table.schema, table.name)).done();
}

Sql insert_literals(const std::string& schema, const std::string& table, const Sql& rows) {
  SqlBuilder sql("insert into ");
  return std::move(add_table(sql, schema, table).code(" values ").sql(rows)).done();
}

Sql insert_lineage(const TableLoad& load, const StagingTable& table) {
  SqlBuilder sql("insert into ");
  sql.word(lineage_columns).code(" select \"uuid\", \"received_at\", ");
  sql.number(*load.lineage_table).code(", ").name(object_column).code(", ").name(line_column);
  return std::move(sql.code(" from ").table(table.schema, table.name)).done();
}

Sql create_touched_profiles(const TableLoad& load, const ProfileTables& temp) {
  std::uint32_t bytes = static_cast<std::uint32_t>(varchar_bytes_most);
  for (const LoadColumn& column : load.columns) {
    if (column.name == load.profile_id_column) bytes = column.varchar_bytes.value_or(bytes);
  }
  SqlBuilder sql("create temp table ");
  sql.name(temp.touched).code(" (id varchar(").number(static_cast<std::uint64_t>(bytes));
  return std::move(sql.code("), uuid bigint) diststyle key distkey (id)")).done();
}

Sql insert_staged_profiles(const TableLoad& load, const StagingTable& table,
                           const ProfileTables& temp) {
  SqlBuilder sql("insert into ");
  sql.name(temp.touched)
      .code(" select ")
      .name(load.profile_id_column)
      .code(", max(")
      .name(profile_column)
      .code(") from ");
  sql.table(table.schema, table.name).code(" where ").name(load.profile_id_column);
  return std::move(sql.code(" is not null group by 1")).done();
}

Sql insert_replaced_profiles(const TableLoad& load, const StagingTable& table,
                             const DedupeWindow& window, const ProfileTables& temp) {
  SqlBuilder sql("insert into ");
  sql.name(temp.touched).code(" select p.\"id\", max(p.\"uuid\") from ");
  sql.table(load.schema, load.profile_table).code(" p join ").table(load.schema, load.table);
  sql.code(" t on p.\"id\" = t.").name(load.profile_id_column).code(" join ");
  add_same_id(sql.table(table.schema, table.name).code(" \"dray staged\" on "), "t", table, window);
  sql.code(" where p.\"id\" not in (select id from ").name(temp.touched);
  return std::move(sql.code(") group by 1")).done();
}

Sql select_other_profiles(const TableLoad& load, const ProfileTables& temp) {
  SqlBuilder sql("select distinct ");
  sql.name(load.profile_id_column).code(" from ").table(load.schema, load.table).code(" where ");
  sql.name(load.profile_id_column).code(" is not null and ").name(load.profile_id_column);
  sql.code(" not in (select id from ").name(temp.touched);
  return std::move(sql.code(")")).done();
}

Sql delete_touched_profiles(const ProfileMerge& merge, const ProfileTables& temp) {
  SqlBuilder sql("delete from ");
  sql.table(merge.schema, merge.table).code(" where \"id\" in (select id from ");
  return std::move(sql.name(temp.touched).code(")")).done();
}

Sql create_kept_values(const ProfileMerge& merge, const ProfileTables& temp) {
  SqlBuilder sql("create temp table ");
  sql.name(temp.kept).code(" as select \"id\"");
  for (const std::string& column : merge.kept_columns)
    sql.code(", ").name(column);
  sql.code(" from ").table(merge.schema, merge.table);
  sql.code(" where \"id\" in (select id from ").name(temp.touched);
  return std::move(sql.code(")")).done();
}

Sql select_staged_values(const TableLoad& load, const StagingTable& table,
                         const std::string& column) {
  SqlBuilder sql("select ");
  sql.name(object_column).code(", ").name(line_column).code(", ").name(column);
  sql.code(" from ").table(table.schema, table.name).code(" where ").name(load.profile_id_column);
  return std::move(sql.code(" is not null and ").name(column).code(" is not null")).done();
}

Sql create_cast_values(const ProfileCast& cast, const std::string& temp_table) {
  SqlBuilder sql("create temp table ");
  sql.name(temp_table).code(" (stored ");
  add_type(sql, cast.from, varchar_bytes_most);
  add_type(sql.code(", fitting "), cast.to, varchar_bytes_most);
  return std::move(sql.code(")")).done();
}

// Texts that differ in blanks at their end alone are equal to Redshift, but only one of them may
// fit.
Sql select_values_to_cast(const ProfileMerge& merge, const ProfileCast& cast,
                          const ProfileTables& temp) {
  SqlBuilder sql("select distinct t.");
  sql.name(cast.column);
  if (cast.from == ColumnType::varchar) sql.code(", octet_length(t.").name(cast.column).code(")");
  sql.code(" from ").table(merge.schema, merge.source_table).code(" t join ").name(temp.touched);
  sql.code(" p on t.").name(merge.id_column).code(" = p.id where t.").name(cast.column);
  return std::move(sql.code(" is not null")).done();
}

// The value of a column is the latest that is not NULL. Rows of one profile have one order, so that
// the values of equally late rows come from one of them.
Sql insert_merged_profiles(const ProfileMerge& merge, const ProfileTables& temp) {
  SqlBuilder sql("insert into ");
  sql.table(merge.schema, merge.table).code(" (\"id\", \"received_at\", \"uuid\", \"uuid_ts\"");
  for (const auto* columns : {&merge.columns, &merge.kept_columns}) {
    for (const std::string& column : *columns)
      sql.code(", ").name(column);
  }
  sql.code(") select profile, latest, hash, ");
  add_timestamp(sql, merge.uuid_ts);
  for (std::uint64_t i = 0; i < merge.columns.size(); ++i)
    sql.code(", c").number(i);
  for (const std::string& column : merge.kept_columns)
    sql.code(", k.").name(column);
  sql.code(" from (select t.").name(merge.id_column);
  sql.code(" as profile, max(t.\"received_at\") over (partition by t.").name(merge.id_column);
  sql.code(") as latest, p.uuid as hash, row_number() over (partition by t.");
  sql.name(merge.id_column).code(" order by t.\"received_at\") as place");
  SqlBuilder joins;
  for (std::uint64_t i = 0; i < merge.columns.size(); ++i) {
    sql.code(", last_value(");
    add_value(sql, joins, merge, merge.columns[i], temp);
    sql.code(" ignore nulls) over (partition by t.");
    sql.name(merge.id_column).code(" order by t.\"received_at\", t.\"timestamp\", t.\"id\" rows ");
    sql.code("between unbounded preceding and unbounded following) as c").number(i);
  }
  sql.code(" from ").table(merge.schema, merge.source_table).code(" t join ");
  sql.name(temp.touched).code(" p on t.").name(merge.id_column).code(" = p.id");
  sql.sql(std::move(joins).done()).code(") merged");
  if (!merge.kept_columns.empty()) {
    sql.code(" left join ").name(temp.kept).code(" k on k.\"id\" = profile");
  }
  return std::move(sql.code(" where place = 1")).done();
}

}  // namespace dray
