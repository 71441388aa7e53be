#include "load/staging_area.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(StagedTable, ItsDescriptionTellsAllOfIt) {
  StagedTable staged;
  staged.folder = "s3://bucket/a \"b\"/dray/00/shop/20261125T000000-abcdef/00001/";
  staged.schema = "shop";
  staged.table = "identifies";
  const std::pair<const char*, ColumnType> columns[] = {{"id", ColumnType::varchar},
                                                        {"paid", ColumnType::boolean},
                                                        {"price", ColumnType::double_precision},
                                                        {"n", ColumnType::bigint},
                                                        {"at", ColumnType::timestamp}};
  for (const auto& [name, type] : columns) {
    staged.columns.emplace_back();
    staged.columns.back().name = name;
    staged.columns.back().type = type;
  }
  staged.columns[0].varchar_bytes = 512;
  staged.lineage_table = 7;
  staged.rival_tables = {7, -8};
  staged.profile_id_column = "user_id";
  staged.profile_table = "users";
  staged.null_text = "\\N";
  staged.rows = 123'456'789'012;
  staged.parts = 3;
  const auto read = staged_table_of(to_json(staged));
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(to_json(*read), to_json(staged));
  EXPECT_EQ(read->columns.size(), 5U);
  EXPECT_EQ(read->columns[0].varchar_bytes, 512U);
  EXPECT_EQ(read->columns[2].type, ColumnType::double_precision);
  EXPECT_EQ(read->lineage_table, 7);
  EXPECT_EQ(read->rows, staged.rows);
  EXPECT_EQ(read->part(2), staged.folder + "part-00002.csv.zst");
}

TEST(StagedTable, TracksHasNoLineageOfItsOwn) {
  StagedTable staged;
  staged.folder = "s3://b/x/";
  staged.table = "tracks";
  const auto read = staged_table_of(to_json(staged));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->lineage_table);
}

TEST(StagedTable, AnythingElseIsRefused) {
  for (const char* text : {"", "{}", "[]", "null", "{\"folder\":1}", "{\"folder\":\"s3://b/\""}) {
    EXPECT_FALSE(staged_table_of(text)) << text;
  }
}

}  // namespace
}  // namespace dray
