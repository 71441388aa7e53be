#include "schema/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dray {
namespace {

using enum ColumnType;
using Names = std::vector<std::string>;

LiveColumn live(const std::string& name, ColumnType type) {
  return {name, std::string(to_string(type)), true, type};
}

// The columns that every table of Dray's has.
LiveTable our_table(const std::string& name, std::vector<LiveColumn> more = {}) {
  LiveTable table{name,
                  false,
                  {live("id", varchar), live("received_at", timestamp), live("uuid", bigint),
                   live("uuid_ts", timestamp)}};
  for (LiveColumn& column : more)
    table.columns.push_back(std::move(column));
  return table;
}

Catalog catalog_of(std::vector<LiveTable> tables) { return {"shop", true, std::move(tables)}; }

WantedColumn property(const std::string& name, ColumnType type, Slot slot = property_slot_first) {
  return {name, type, {}, slot};
}

WantedColumn standard(StandardColumn column) {
  return {std::string(facts(column).name), varchar, column, static_cast<Slot>(column)};
}

Names names_of(const std::vector<Column>& columns) {
  Names names;
  for (const Column& column : columns)
    names.push_back(column.name);
  return names;
}

const LoadColumn* load_column(const TablePlan& plan, std::string_view name) {
  const auto found = std::ranges::find(plan.columns, name, &LoadColumn::name);
  return found == plan.columns.end() ? nullptr : &*found;
}

constexpr CatalogLimits roomy = {.name_bytes_max = 127,
                                 .columns_per_table_max = 1'600,
                                 .columns_per_load_max = SIZE_MAX,
                                 .varchar_bytes_max = {},
                                 .varchar_counts_characters = false,
                                 .comments = Comments::none,
                                 .comments_cost_max = SIZE_MAX};

Plan plan_of(const Catalog& catalog, const std::vector<WantedTable>& wanted,
             ContractColumns contract = ContractColumns::leave_out) {
  Plan plan = make_plan(catalog, wanted, contract, roomy);
  for (const TablePlan& table : plan.tables) {
    if (table.unusable) ADD_FAILURE() << table.unusable->text();
  }
  return plan;
}

const Names context_contract = {
    "context_campaign_content", "context_campaign_medium", "context_campaign_name",
    "context_campaign_source",  "context_campaign_term",   "context_ip",
    "context_library_name",     "context_library_version", "context_page_path",
    "context_page_referrer",    "context_page_search",     "context_page_title",
    "context_page_url",         "context_user_agent",
};

Names operator+(Names left, const Names& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

TEST(Plan, NothingWantedChangesNothing) {
  const Plan plan = plan_of({"shop", false, {}}, {}, ContractColumns::create);
  EXPECT_TRUE(plan.changes.empty());
  EXPECT_TRUE(plan.tables.empty());
}

TEST(Plan, NewTableHasStandardColumnsThenContextThenOthersByName) {
  const Plan plan = plan_of({"shop", false, {}},
                            {{"order_completed",
                              {property("zeta", bigint), property("alpha", boolean),
                               property("context_zone", varchar, context_slot_first),
                               property("context_app", double_precision, context_slot_first + 1),
                               standard(StandardColumn::event_text), standard(StandardColumn::id),
                               standard(StandardColumn::user_id)}}});
  ASSERT_EQ(plan.changes.size(), 2U);
  EXPECT_EQ(plan.changes[0], SchemaChange(CreateSchema{"shop"}));
  EXPECT_EQ(plan.changes[1], SchemaChange(CreateTable{"shop",
                                                      "order_completed",
                                                      {{"id", varchar, varchar_bytes_default, true},
                                                       {"received_at", timestamp},
                                                       {"uuid", bigint},
                                                       {"uuid_ts", timestamp},
                                                       {"user_id", varchar},
                                                       {"event", varchar},
                                                       {"event_text", varchar},
                                                       {"context_app", double_precision},
                                                       {"context_zone", varchar},
                                                       {"alpha", boolean},
                                                       {"zeta", bigint}}}));
  ASSERT_EQ(plan.tables.size(), 1U);
  EXPECT_TRUE(plan.tables[0].created);
}

TEST(Plan, ColumnsWithoutCellsAreToldByTheirStandardColumn) {
  const Plan plan = plan_of(catalog_of({}), {{"order_completed", {property("a", bigint, 17)}}});
  const TablePlan& table = plan.tables.at(0);
  for (const StandardColumn column : {StandardColumn::received_at, StandardColumn::uuid,
                                      StandardColumn::uuid_ts, StandardColumn::event}) {
    const LoadColumn* found = load_column(table, facts(column).name);
    ASSERT_NE(found, nullptr) << facts(column).name;
    EXPECT_EQ(found->standard, column);
    EXPECT_EQ(found->type, facts(column).type);
  }
  const LoadColumn* found = load_column(table, "a");
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->slot, 17);
  EXPECT_TRUE(found->created);
  EXPECT_FALSE(found->standard.has_value());
  EXPECT_FALSE(found->refused.has_value());
}

TEST(Plan, ContractColumnsExistBeforeTheirData) {
  const Plan plan = plan_of(catalog_of({}),
                            {{"pages", {}},
                             {"groups", {}},
                             {"aliases", {}},
                             {"users", {}},
                             {"signed_up", {}},
                             {"tracks", {}}},
                            ContractColumns::create);
  const Names common = {"id",      "received_at", "uuid",      "uuid_ts",           "anonymous_id",
                        "user_id", "sent_at",     "timestamp", "original_timestamp"};
  ASSERT_EQ(plan.tables.size(), 6U);
  EXPECT_EQ(names_of(plan.tables[0].new_columns),
            (common + context_contract +
             Names{"category", "name", "path", "referrer", "search", "title", "url"}));
  EXPECT_EQ(names_of(plan.tables[1].new_columns), (common + Names{"group_id"} + context_contract));
  EXPECT_EQ(names_of(plan.tables[2].new_columns),
            (common + Names{"previous_id"} + context_contract));
  EXPECT_EQ(names_of(plan.tables[3].new_columns),
            (Names{"id", "received_at", "uuid", "uuid_ts"} + context_contract));
  // A table of one event has the standard ones alone.
  EXPECT_EQ(names_of(plan.tables[4].new_columns), (common + Names{"event", "event_text"}));
  EXPECT_EQ(names_of(plan.tables[5].new_columns),
            (common + Names{"event", "event_text"} + context_contract));
}

TEST(Plan, WithoutContractOnlyWhatHasValuesIsMade) {
  const Plan plan = plan_of(catalog_of({}), {{"pages", {}}, {"tracks", {}}});
  EXPECT_EQ(names_of(plan.tables.at(0).new_columns),
            (Names{"id", "received_at", "uuid", "uuid_ts"}));
  EXPECT_EQ(names_of(plan.tables.at(1).new_columns),
            (Names{"id", "received_at", "uuid", "uuid_ts", "event"}));
}

TEST(Plan, IdentifiesHasTheColumnThatUsersAreComputedFrom) {
  const Plan plan = plan_of(catalog_of({}), {{"identifies", {}}});
  EXPECT_EQ(names_of(plan.tables.at(0).new_columns),
            (Names{"id", "received_at", "uuid", "uuid_ts", "user_id"}));
}

TEST(Plan, ContractColumnIsTextWhateverItsFirstValues) {
  const std::vector<WantedTable> wanted = {
      {"pages", {property("title", bigint), property("depth", bigint)}}};
  const auto type_of = [&](ContractColumns contract, const std::string& name) {
    const Plan plan = plan_of(catalog_of({}), wanted, contract);
    const LoadColumn* column = load_column(plan.tables.at(0), name);
    EXPECT_NE(column, nullptr);
    return column == nullptr ? boolean : column->type;
  };
  EXPECT_EQ(type_of(ContractColumns::create, "title"), varchar);
  EXPECT_EQ(type_of(ContractColumns::create, "depth"), bigint);
  EXPECT_EQ(type_of(ContractColumns::leave_out, "title"), bigint);
}

TEST(Plan, TheWellKnownContextIsTextInEveryTable) {
  const std::vector<WantedTable> wanted = {
      {"sold",
       {property("context_ip", bigint), property("context_campaign_id", bigint),
        property("context_os_build", bigint), property("page_path", bigint)}}};
  for (const ContractColumns contract : {ContractColumns::create, ContractColumns::leave_out}) {
    const Plan plan = plan_of(catalog_of({}), wanted, contract);
    EXPECT_EQ(load_column(plan.tables.at(0), "context_ip")->type, varchar);
    EXPECT_EQ(load_column(plan.tables.at(0), "context_campaign_id")->type, varchar);
    EXPECT_FALSE(load_column(plan.tables.at(0), "context_campaign_id")->created);
    EXPECT_EQ(load_column(plan.tables.at(0), "context_os_build")->type, bigint);
    EXPECT_EQ(load_column(plan.tables.at(0), "page_path")->type, bigint);
  }
  // What an earlier version made stays, and users follow it.
  const Plan plan =
      plan_of(catalog_of({our_table("sold", {live("event", varchar), live("context_ip", bigint)})}),
              {wanted.at(0), {"users", {property("context_ip", bigint)}}}, ContractColumns::create);
  EXPECT_EQ(load_column(plan.tables.at(0), "context_ip")->type, bigint);
  EXPECT_EQ(load_column(plan.tables.at(1), "context_ip")->type, bigint);
}

TEST(Plan, NewColumnsHaveTheTypesThatAPersonChose) {
  const TypeRules types({{"sold.total", double_precision},
                         {"*.context_page_width", bigint},
                         {"pages.title", bigint},
                         {"*.plan", varchar}});
  const Catalog catalog =
      catalog_of({our_table("seen", {live("event", varchar), live("plan", bigint)})});
  auto plan = make_plan(catalog,
                        {{"sold",
                          {property("total", varchar), property("context_page_width", varchar),
                           property("free", bigint)}},
                         {"seen", {property("plan", bigint)}},
                         {"pages", {}},
                         {"users", {property("plan", bigint)}}},
                        ContractColumns::create, roomy, types);
  const LoadColumn* total = load_column(plan.tables.at(0), "total");
  EXPECT_EQ(total->type, double_precision);
  // Not chosen with the values in view: an integer that no double holds is a reject.
  EXPECT_FALSE(total->created);
  EXPECT_TRUE(load_column(plan.tables.at(0), "free")->created);
  EXPECT_EQ(load_column(plan.tables.at(0), "context_page_width")->type, bigint);
  EXPECT_EQ(load_column(plan.tables.at(1), "plan")->type, bigint);
  const auto& pages = plan.tables.at(2).new_columns;
  EXPECT_EQ(std::ranges::find(pages, "title", &Column::name)->type, bigint);
  // users have what identifies have.
  EXPECT_EQ(load_column(plan.tables.at(3), "plan")->type, bigint);
}

TEST(Plan, ExistingColumnsAreLeftAsTheyAre) {
  const Catalog catalog = catalog_of({our_table(
      "signed_up", {live("event", varchar), live("plan", varchar), live("gone", bigint)})});
  const Plan plan = plan_of(catalog, {{"signed_up", {property("plan", bigint, 20)}}});
  EXPECT_TRUE(plan.changes.empty());
  const TablePlan& table = plan.tables.at(0);
  EXPECT_FALSE(table.created);
  EXPECT_TRUE(table.new_columns.empty());
  const LoadColumn* column = load_column(table, "plan");
  ASSERT_NE(column, nullptr);
  EXPECT_EQ(column->type, varchar);  // the table's, not the values'
  EXPECT_FALSE(column->created);
  EXPECT_EQ(column->slot, 20);
  EXPECT_EQ(load_column(table, "gone"), nullptr);
}

TEST(Plan, NewColumnsAreAddedOneByOneInOrder) {
  const Catalog catalog = catalog_of({our_table("signed_up", {live("event", varchar)})});
  const Plan plan =
      plan_of(catalog, {{"signed_up",
                         {property("b", boolean), property("a", timestamp),
                          property("context_os", varchar), standard(StandardColumn::sent_at)}}});
  const std::vector<SchemaChange> expected = {
      AddColumn{"shop", "signed_up", {"sent_at", timestamp}},
      AddColumn{"shop", "signed_up", {"context_os", varchar}},
      AddColumn{"shop", "signed_up", {"a", timestamp}},
      AddColumn{"shop", "signed_up", {"b", boolean}},
  };
  EXPECT_EQ(plan.changes, expected);
  EXPECT_TRUE(load_column(plan.tables.at(0), "a")->created);
}

TEST(Plan, ValuesOfAColumnOfAForeignTypeAreRejected) {
  const LiveColumn foreign{"price", "DECIMAL(18,2)", false, varchar};
  const Plan plan = plan_of(catalog_of({our_table("sold", {live("event", varchar), foreign})}),
                            {{"sold", {property("price", double_precision)}}});
  EXPECT_TRUE(plan.changes.empty());
  EXPECT_EQ(load_column(plan.tables.at(0), "price")->refused, RejectReason::unknown_column_type);
}

TEST(Plan, AViewIsUnusableAndTheOtherTablesArePlanned) {
  Catalog catalog = catalog_of({our_table("pages")});
  catalog.tables[0].is_view = true;
  const Plan plan =
      make_plan(catalog, {{"pages", {}}, {"screens", {}}}, ContractColumns::leave_out, roomy);
  ASSERT_EQ(plan.tables.size(), 2U);
  ASSERT_TRUE(plan.tables[0].unusable);
  EXPECT_EQ(plan.tables[0].unusable->cause, Cause::config);
  EXPECT_NE(plan.tables[0].unusable->text().find("shop.pages is a view"), std::string::npos);
  EXPECT_TRUE(plan.tables[0].columns.empty());
  EXPECT_FALSE(plan.tables[1].unusable);
  EXPECT_TRUE(plan.tables[1].created);
  ASSERT_EQ(plan.changes.size(), 1U);
  EXPECT_EQ(std::get<CreateTable>(plan.changes[0]).table, "screens");
}

// The only table of a plan is unusable for this reason.
void expect_unusable(const Catalog& catalog, const std::string& table, const std::string& why) {
  const Plan plan = make_plan(catalog, {{table, {}}}, ContractColumns::create, roomy);
  EXPECT_TRUE(plan.changes.empty());
  ASSERT_TRUE(plan.tables.at(0).unusable);
  EXPECT_EQ(plan.tables[0].unusable->cause, Cause::config);
  EXPECT_NE(plan.tables[0].unusable->text().find(why), std::string::npos);
}

TEST(Plan, ATableThatSomebodyElseMadeIsUnusable) {
  for (const char* missing : {"id", "received_at", "uuid", "uuid_ts"}) {
    Catalog catalog = catalog_of({our_table("pages")});
    std::erase_if(catalog.tables[0].columns,
                  [&](const LiveColumn& column) { return column.name == missing; });
    expect_unusable(catalog, "pages", "has no column " + std::string(missing) + " of type");
  }
  Catalog catalog = catalog_of({our_table("pages")});
  catalog.tables[0].columns[2] = live("uuid", varchar);
  expect_unusable(catalog, "pages", "shop.pages.uuid is varchar");
}

WantedTable wide_table(std::size_t properties) {
  WantedTable table{"wide", {}};
  for (std::size_t i = 0; i < properties; ++i) {
    table.columns.push_back(property("p" + std::to_string(10'000 + i), bigint,
                                     static_cast<Slot>(property_slot_first + i)));
  }
  return table;
}

// --- comments

WantedColumn told(const std::string& name, const std::string& source) {
  WantedColumn column = property(name, bigint);
  column.comment = source;
  return column;
}

Plan commented_plan(const Catalog& catalog, const std::vector<WantedTable>& wanted,
                    std::size_t cost_max = SIZE_MAX, Comments comments = Comments::on_all) {
  CatalogLimits limits = roomy;
  limits.comments = comments;
  limits.comments_cost_max = cost_max;
  return make_plan(catalog, wanted, ContractColumns::leave_out, limits);
}

TEST(Plan, WhatIsMadeIsCommentedOn) {
  const std::vector<WantedTable> wanted = {
      {"sold", {told("zip_code", "properties.zipCode"), property("x", bigint)}, "Sold!"},
      {"seen", {told("a", "properties.a"), told("b", "properties.b")}, "Seen"}};
  const Catalog catalog =
      catalog_of({our_table("seen", {live("event", varchar), live("a", bigint)})});
  Plan plan = commented_plan(catalog, wanted);
  ASSERT_EQ(plan.changes.size(), 4U);
  EXPECT_EQ(plan.changes[1],
            SchemaChange(CommentOn{"shop", "sold", "Sold!", {{"zip_code", "properties.zipCode"}}}));
  // Of a table that is there only the new column.
  EXPECT_EQ(plan.changes[3], SchemaChange(CommentOn{"shop", "seen", "", {{"b", "properties.b"}}}));
  plan = commented_plan(catalog, wanted, SIZE_MAX, Comments::on_tables);
  ASSERT_EQ(plan.changes.size(), 3U);
  EXPECT_EQ(plan.changes[1], SchemaChange(CommentOn{"shop", "sold", "Sold!", {}}));
}

TEST(Plan, CommentsThatWouldCostTooMuchAreLeftOutThoseThatSayLeastFirst) {
  const std::vector<WantedTable> wanted = {
      {"b", {told("n", "properties.n"), told("zip_code", "properties.zipCode")}, "B"},
      {"a", {told("n", "properties.n"), told("m", "properties.M")}, "A"}};
  // Each table has seven columns, the first five of them the standard ones.
  const std::size_t each = comment_cost + 7;
  const auto kept = [&](std::size_t comments) {
    std::vector<std::string> texts;
    for (const SchemaChange& change :
         commented_plan(catalog_of({}), wanted, comments * each).changes) {
      const auto* const comment = std::get_if<CommentOn>(&change);
      if (comment == nullptr) continue;
      if (!comment->text.empty()) texts.push_back(comment->text);
      for (const CommentOn::Named& named : comment->columns)
        texts.push_back(comment->table + "." + named.column);
    }
    std::ranges::sort(texts);
    return texts;
  };
  EXPECT_EQ(kept(0), Names{});
  EXPECT_EQ(kept(1), Names{"A"});
  EXPECT_EQ(kept(3), (Names{"A", "B", "a.m"}));
  EXPECT_EQ(kept(4), (Names{"A", "B", "a.m", "b.zip_code"}));
  EXPECT_EQ(kept(5), (Names{"A", "B", "a.m", "a.n", "b.zip_code"}));
  EXPECT_EQ(kept(6), (Names{"A", "B", "a.m", "a.n", "b.n", "b.zip_code"}));
}

TEST(Plan, ContractColumnsSayWhereTheirValuesWillStand) {
  CatalogLimits limits = roomy;
  limits.comments = Comments::on_all;
  const auto plan =
      make_plan(catalog_of({}), {{"pages", {}, "page calls"}}, ContractColumns::create, limits);
  const auto& comment = std::get<CommentOn>(plan.changes.at(1));
  const auto source_of = [&](const std::string& column) {
    return std::ranges::find(comment.columns, column, &CommentOn::Named::column)->text;
  };
  EXPECT_EQ(source_of("context_user_agent"), "context.userAgent");
  EXPECT_EQ(source_of("context_ip"), "context.ip");
  EXPECT_EQ(source_of("context_page_url"), "context.page.url");
  EXPECT_EQ(source_of("name"), "name");
  EXPECT_EQ(source_of("url"), "properties.url");
}

TEST(Plan, NewTableHasAtMost1600Columns) {
  // id, received_at, uuid, uuid_ts and event are the first five.
  EXPECT_EQ(plan_of(catalog_of({}), {wide_table(1'595)}).tables.at(0).new_columns.size(), 1'600U);
  const Plan plan = plan_of(catalog_of({}), {wide_table(1'597)});
  const TablePlan& table = plan.tables.at(0);
  ASSERT_EQ(table.new_columns.size(), roomy.columns_per_table_max);
  EXPECT_EQ(table.new_columns.front().name, "id");
  EXPECT_EQ(table.new_columns.back().name, "p11594");
  EXPECT_FALSE(load_column(table, "p11594")->refused.has_value());
  EXPECT_EQ(load_column(table, "p11595")->refused, RejectReason::too_many_columns);
  EXPECT_EQ(load_column(table, "p11596")->refused, RejectReason::too_many_columns);
}

TEST(Plan, ALoadBringsValuesForSoManyColumnsHoweverManyTheTableHas) {
  std::vector<LiveColumn> more = {live("event", varchar)};
  const WantedTable wanted = wide_table(10);
  for (const WantedColumn& column : wanted.columns)
    more.push_back(live(column.name, bigint));
  CatalogLimits limits = roomy;
  limits.columns_per_load_max = 12;  // received_at, uuid, uuid_ts and event are four of them
  const auto plan = make_plan(catalog_of({our_table("wide", more)}), {wanted},
                              ContractColumns::leave_out, limits);
  const TablePlan& table = plan.tables.at(0);
  EXPECT_FALSE(load_column(table, "p10007")->refused.has_value());
  EXPECT_EQ(load_column(table, "p10008")->refused, RejectReason::too_many_columns);
  EXPECT_EQ(load_column(table, "p10009")->refused, RejectReason::too_many_columns);
}

TEST(Plan, ExistingTableGrowsToTheBoundAndNoFurther) {
  std::vector<LiveColumn> more = {live("event", varchar)};
  for (int i = 0; i < 1'594; ++i)
    more.push_back(live("old" + std::to_string(i), varchar));
  const Catalog catalog = catalog_of({our_table("wide", more)});
  WantedTable wanted{
      "wide", {property("new_b", bigint), property("new_a", bigint), property("old7", bigint)}};
  const Plan plan = plan_of(catalog, {wanted});
  EXPECT_EQ(plan.changes,
            (std::vector<SchemaChange>{AddColumn{"shop", "wide", {"new_a", bigint}}}));
  const TablePlan& table = plan.tables.at(0);
  EXPECT_FALSE(load_column(table, "new_a")->refused.has_value());
  EXPECT_EQ(load_column(table, "new_b")->refused, RejectReason::too_many_columns);
  EXPECT_FALSE(load_column(table, "old7")->refused.has_value());
}

TEST(Plan, TableBeyondTheBoundIsLeftAlone) {
  std::vector<LiveColumn> more = {live("event", varchar)};
  for (int i = 0; i < 1'700; ++i)
    more.push_back(live("old" + std::to_string(i), varchar));
  const Plan plan = plan_of(catalog_of({our_table("wide", more)}),
                            {{"wide", {property("a", bigint)}}}, ContractColumns::create);
  EXPECT_TRUE(plan.changes.empty());
  EXPECT_EQ(load_column(plan.tables.at(0), "a")->refused, RejectReason::too_many_columns);
}

TEST(Plan, TablesKeepTheOrderInWhichTheyAreWanted) {
  const Plan plan =
      plan_of(catalog_of({our_table("pages")}), {{"zoo", {}}, {"pages", {}}, {"ant", {}}});
  ASSERT_EQ(plan.tables.size(), 3U);
  EXPECT_EQ(plan.tables[0].table, "zoo");
  EXPECT_EQ(plan.tables[1].table, "pages");
  EXPECT_EQ(plan.tables[2].table, "ant");
  EXPECT_FALSE(plan.tables[1].created);
}

TEST(IsTaken, OfWhatIsNoTableOfDrays) {
  Catalog catalog = catalog_of({our_table("sold"), {"customers", false, {live("id", varchar)}}});
  catalog.tables.push_back({"seen", true, {}});
  catalog.taken = {"sold_uuid_idx"};
  EXPECT_FALSE(is_taken(catalog, "sold"));
  EXPECT_FALSE(is_taken(catalog, "new"));
  EXPECT_TRUE(is_taken(catalog, "customers"));
  EXPECT_TRUE(is_taken(catalog, "seen"));
  EXPECT_TRUE(is_taken(catalog, "sold_uuid_idx"));
}

TEST(Plan, AFixedTableWhoseNameSomethingElseHasIsUnusable) {
  Catalog catalog = catalog_of({});
  catalog.taken = {"tracks"};
  expect_unusable(catalog, "tracks", "shop.tracks is no table");
}

}  // namespace
}  // namespace dray
