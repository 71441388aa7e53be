#include "model/type_rules.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

using enum ColumnType;

TEST(TypeRules, NamesAColumnOfATable) {
  const TypeRules rules({{"sold.total", double_precision}});
  EXPECT_EQ(rules.find("sold", "total"), double_precision);
  EXPECT_EQ(rules.find("sold", "total_2"), std::nullopt);
  EXPECT_EQ(rules.find("resold", "total"), std::nullopt);
  EXPECT_EQ(TypeRules().find("sold", "total"), std::nullopt);
}

TEST(TypeRules, AStarStandsForAnyTextOnItsSideOfTheDot) {
  const TypeRules rules({{"*.total", double_precision}, {"order_*.is_*_paid", boolean}});
  EXPECT_EQ(rules.find("sold", "total"), double_precision);
  EXPECT_EQ(rules.find("sold", "total_2"), std::nullopt);
  EXPECT_EQ(rules.find("order_completed", "is_it_paid"), boolean);
  EXPECT_EQ(rules.find("order_", "is__paid"), boolean);
  EXPECT_EQ(rules.find("order_completed", "is_paid"), std::nullopt);
  EXPECT_EQ(rules.find("order_completed", "is_it_paid_now"), std::nullopt);
  EXPECT_EQ(TypeRules({{"*a*b*.*", bigint}}).find("xaxbx", "y"), bigint);
  EXPECT_EQ(TypeRules({{"*a*b*.*", bigint}}).find("xbxax", "y"), std::nullopt);
}

TEST(TypeRules, ExactNamesComeFirstThenLongerPatterns) {
  const TypeRules rules({{"*.*", varchar},
                         {"sold.t*", bigint},
                         {"sold.total", double_precision},
                         {"sold.to*", timestamp},
                         {"*ld.to*", boolean}});
  EXPECT_EQ(rules.find("sold", "total"), double_precision);
  EXPECT_EQ(rules.find("sold", "tone"), timestamp);
  EXPECT_EQ(rules.find("sold", "tea"), bigint);
  EXPECT_EQ(rules.find("sold", "x"), varchar);
  // Of equally long ones the first of the file.
  EXPECT_EQ(TypeRules({{"so*.x", bigint}, {"*ld.x", boolean}}).find("sold", "x"), bigint);
  EXPECT_EQ(TypeRules({{"*ld.x", boolean}, {"so*.x", bigint}}).find("sold", "x"), boolean);
}

TEST(RefuseTypeRule, SaysWhyANameIsNone) {
  for (const auto* good :
       {"sold.total", "*.total", "_users.x", "users*.x", "sold.*", "tracks.context_x"})
    EXPECT_EQ(refuse_type_rule(good), std::nullopt) << good;
  for (const auto* bad :
       {"total", "sold.", ".total", "Order Completed.total", "sold.unitPrice", "a.b.c", ""})
    EXPECT_NE(refuse_type_rule(bad), std::nullopt) << bad;
  EXPECT_EQ(refuse_type_rule("users.plan"), "users follows identifies: name identifies.plan");
  EXPECT_EQ(refuse_type_rule("accounts.plan"), "accounts follows groups: name groups.plan");
  EXPECT_EQ(refuse_type_rule("sold.sent_at"),
            "sent_at is a standard column, and its type is fixed");
}

}  // namespace
}  // namespace dray
