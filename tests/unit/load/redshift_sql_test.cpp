#include "load/redshift_sql.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

Sql redshift_ddl(const SchemaChange& change, std::vector<RedshiftChoice> choices) {
  return ddl_of(RedshiftDialect(std::move(choices), Comments::none), change);
}

Column column(std::string name, ColumnType type, std::uint32_t bytes = 512) {
  return {std::move(name), type, bytes, false};
}

TEST(RedshiftDdl, AnEventTableIsSpreadByIdAndSortedByTime) {
  Column id = column("id", ColumnType::varchar);
  id.required = true;
  const CreateTable table{
      "shop",
      "order_completed",
      {id, column("received_at", ColumnType::timestamp), column("uuid", ColumnType::bigint),
       column("note", ColumnType::varchar, 2048), column("total", ColumnType::double_precision)}};
  EXPECT_EQ(redshift_ddl(table, {}).text(),
            "create table \"shop\".\"order_completed\" (\"id\" varchar(512) encode zstd not null, "
            "\"received_at\" timestamp encode raw, \"uuid\" bigint encode raw, \"note\" "
            "varchar(2048) encode zstd, \"total\" double precision encode zstd) diststyle key "
            "distkey (\"id\") sortkey (\"received_at\")");
}

TEST(RedshiftDdl, APersonMayChooseOtherwiseByTableAndColumn) {
  RedshiftChoice all;
  all.table = "*.order_completed";
  all.dist_key = "user_id";
  all.sort_key = "user_id, received_at";
  RedshiftChoice note;
  note.table = "shop.*";
  note.column = "note";
  note.encoding = "lzo";
  note.varchar_bytes = 4096;
  const std::vector<RedshiftChoice> choices = {all, note};
  const CreateTable table{"shop", "order_completed", {column("note", ColumnType::varchar)}};
  EXPECT_EQ(redshift_ddl(table, choices).text(),
            "create table \"shop\".\"order_completed\" (\"note\" varchar(4096) encode lzo) "
            "diststyle key distkey (\"user_id\") sortkey (\"user_id\", \"received_at\")");
  // Never narrower than the values that come.
  const AddColumn wide{"shop", "x", column("note", ColumnType::varchar, 8192)};
  EXPECT_EQ(redshift_ddl(wide, choices).text(),
            "alter table \"shop\".\"x\" add column \"note\" varchar(8192) encode lzo");
  RedshiftChoice even;
  even.table = "*";
  even.dist_key = "even";
  even.sort_key = "auto";
  EXPECT_EQ(redshift_ddl(CreateTable{"a", "b", {column("id", ColumnType::varchar)}}, {even}).text(),
            "create table \"a\".\"b\" (\"id\" varchar(512) encode zstd) diststyle even");
}

TEST(RedshiftDdl, ACommentIsALiteralWhateverIsInIt) {
  const CommentOn comment{"shop", "it_s", "it's a \\ \"thing\"; --", {}};
  EXPECT_EQ(redshift_ddl(comment, {}).with_backslashes_escaped().text(),
            "comment on table \"shop\".\"it_s\" is 'it''s a \\\\ \"thing\"; --'");
}

TEST(RedshiftCopy, TakesFilesAsTheyAreAndChangesNothing) {
  CopyAccess access;
  access.iam_role = "default";
  const CopyTarget target{"_dray_staging", "shop 1", "s3://b/x/manifest.json", "\\N"};
  EXPECT_EQ(copy_file(target, access).with_backslashes_escaped().text(),
            "copy \"_dray_staging\".\"shop 1\" from 's3://b/x/manifest.json' iam_role default "
            "manifest format as csv zstd compupdate off statupdate off");
  access.iam_role = "arn:aws:iam::1:role/x";
  access.region = "eu-west-1";
  EXPECT_NE(copy_file(target, access)
                .text()
                .find(" iam_role 'arn:aws:iam::1:role/x' region 'eu-west-1' manifest "),
            std::string::npos);
}

TEST(RedshiftCopy, NamesTheMarkerOfNullOnlyIfItIsAnother) {
  const CopyTarget target{"a", "b", "s3://b/m", "null-0123"};
  EXPECT_NE(copy_file(target, {.iam_role = "default", .credentials = {}, .region = ""})
                .text()
                .find(" zstd null as 'null-0123' compupdate"),
            std::string::npos);
}

TEST(RedshiftCopy, WithoutARoleItHasTheKeys) {
  CopyAccess access;
  access.credentials.access_key_id = "AKIA";
  access.credentials.secret_access_key = Secret("s'ecret");
  access.credentials.session_token = Secret("token");
  const CopyTarget target{"a", "b", "s3://b/m", "\\N", std::nullopt};
  EXPECT_EQ(copy_file(target, access).text(),
            "copy \"a\".\"b\" from 's3://b/m' access_key_id 'AKIA' secret_access_key 's''ecret' "
            "session_token 'token' manifest format as csv compupdate off statupdate off");
}

}  // namespace
}  // namespace dray
