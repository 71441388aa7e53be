#include "transform/registry.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dray {
namespace {

TEST(Observed, HasABitForEveryKind) {
  Observed all = 0;
  for (unsigned kind = 0; kind <= static_cast<unsigned>(CellKind::array); ++kind) {
    const Observed bit = observed_kind(static_cast<CellKind>(kind));
    EXPECT_EQ(all & bit, 0U);
    all |= bit;
  }
  EXPECT_LT(all, 0x100U);
}

TEST(Observed, HasABitForEveryLengthPassed) {
  EXPECT_EQ(observed_length(0), 0U);
  EXPECT_EQ(observed_length(512), 0U);
  EXPECT_EQ(observed_length(513), 0x100U);
  EXPECT_EQ(observed_length(1'024), 0x100U);
  EXPECT_EQ(observed_length(1'025), 0x300U);
  EXPECT_EQ(observed_length(65'536), 0x7F00U);
  EXPECT_EQ(observed_length(65'537), 0xFF00U);
  EXPECT_EQ(observed_length(1U << 30), 0xFF00U);
}

TEST(Registry, NumbersTheFixedTables) {
  const Registry registry;
  EXPECT_EQ(registry.name_of(Registry::fixed_table(EventType::identify)), "identifies");
  EXPECT_EQ(registry.name_of(Registry::fixed_table(EventType::page)), "pages");
  EXPECT_EQ(registry.name_of(Registry::fixed_table(EventType::screen)), "screens");
  EXPECT_EQ(registry.name_of(Registry::fixed_table(EventType::group)), "groups");
  EXPECT_EQ(registry.name_of(Registry::fixed_table(EventType::alias)), "aliases");
  EXPECT_EQ(registry.name_of(rejects_table), "");
  EXPECT_EQ(registry.event_of(rejects_table), "");
  EXPECT_EQ(registry.event_of(Registry::fixed_table(EventType::page)), "");
}

TEST(Registry, NumbersEventsAsTheyAreSeen) {
  Registry registry;
  EXPECT_EQ(registry.event_table("b"), Registry::first_event_table);
  EXPECT_EQ(registry.event_table("a"), Registry::first_event_table + 1);
  EXPECT_EQ(registry.event_table("b"), Registry::first_event_table);
  EXPECT_EQ(registry.name_of(Registry::first_event_table), "b");
  EXPECT_EQ(registry.event_of(Registry::first_event_table), "b");
}

// Which of several spellings a comment has must not depend on which thread was first.
TEST(Registry, KeepsTheLeastOfTheSpellings) {
  Registry registry;
  const TableNumber table = registry.event_table("order_done", "orderDone").value();
  registry.event_table("order_done", "Order Done");
  registry.event_table("order_done", "order done");
  const Slot slot =
      registry.property_slot(table, "zip_code", NameOrigin::plain, "properties.zip_code").value();
  registry.property_slot(table, "zip_code", NameOrigin::plain, "properties.zip.code");
  registry.property_slot(table, "zip_code", NameOrigin::plain);
  registry.observe({{table, slot, observed_kind(CellKind::text)}});
  const auto tables = registry.tables();
  ASSERT_EQ(tables.size(), 1U);
  EXPECT_EQ(tables[0].title, "Order Done");
  EXPECT_EQ(tables[0].columns.at(0).path, "properties.zip.code");
}

TEST(Registry, KeepsTheUncutSlugBesideTheTablesName) {
  Registry registry;
  const std::string slug(200, 'e');
  const TableNumber table = registry.event_table(slug).value();
  EXPECT_EQ(registry.event_of(table), slug);
  EXPECT_EQ(registry.name_of(table).size(), 127u);
}

TEST(Registry, TellsHowATablesNameCameAbout) {
  Registry registry;
  // The last is cut because of its prefix.
  for (const auto& [slug, origin] : {std::pair(std::string("plain"), NameOrigin::plain),
                                     std::pair(std::string("group"), NameOrigin::prefixed),
                                     std::pair(std::string(128, 'a'), NameOrigin::cut),
                                     std::pair("1" + std::string(126, 'a'), NameOrigin::cut)}) {
    const TableNumber table = registry.event_table(slug).value();
    registry.observe({{table, 0, 1}});
    EXPECT_EQ(registry.tables().back().origin, origin) << slug;
  }
}

TEST(Registry, RefusesTablesPastItsLimit) {
  Registry registry({.tables_max = 2});
  EXPECT_TRUE(registry.event_table("a"));
  EXPECT_TRUE(registry.event_table("b"));
  EXPECT_FALSE(registry.event_table("c"));
  EXPECT_TRUE(registry.event_table("a"));
}

TEST(Registry, GivesEachTableItsOwnSlots) {
  Registry registry;
  const TableNumber a = registry.event_table("a").value();
  const TableNumber b = registry.event_table("b").value();
  EXPECT_EQ(registry.property_slot(a, "x", NameOrigin::plain), property_slot_first);
  EXPECT_EQ(registry.property_slot(a, "y", NameOrigin::plain), property_slot_first + 1);
  EXPECT_EQ(registry.property_slot(b, "y", NameOrigin::plain), property_slot_first);
  EXPECT_EQ(registry.property_slot(a, "x", NameOrigin::plain), property_slot_first);
}

TEST(Registry, SharesContextSlots) {
  Registry registry;
  EXPECT_EQ(registry.context_slot("context_ip", NameOrigin::plain), context_slot_first);
  EXPECT_EQ(registry.context_slot("context_os", NameOrigin::plain), context_slot_first + 1);
  EXPECT_EQ(registry.context_slot("context_ip", NameOrigin::plain), context_slot_first);
}

TEST(Registry, RefusesColumnsPastItsLimits) {
  Registry registry({.properties_max = 1, .context_columns_max = 1});
  const TableNumber table = registry.event_table("a").value();
  EXPECT_TRUE(registry.property_slot(table, "x", NameOrigin::plain));
  EXPECT_FALSE(registry.property_slot(table, "y", NameOrigin::plain));
  EXPECT_TRUE(registry.property_slot(table, "x", NameOrigin::plain));
  EXPECT_TRUE(registry.context_slot("x", NameOrigin::plain));
  EXPECT_FALSE(registry.context_slot("y", NameOrigin::plain));
}

TEST(Registry, NeverGivesASlotOfTheNextSpace) {
  Registry registry;
  const TableNumber table = registry.event_table("a").value();
  Slot last = 0;
  for (int i = 0; i < 5'000; ++i) {
    if (const auto slot =
            registry.property_slot(table, "p" + std::to_string(i), NameOrigin::plain)) {
      last = *slot;
    }
  }
  EXPECT_EQ(last, context_slot_first - 1);
  for (int i = 0; i < 5'000; ++i) {
    if (const auto slot = registry.context_slot("c" + std::to_string(i), NameOrigin::plain)) {
      last = *slot;
    }
  }
  EXPECT_EQ(last, slot_end - 1);
}

TEST(Registry, ShowsOnlyWhatWasObserved) {
  Registry registry;
  const TableNumber a = registry.event_table("order").value();
  registry.event_table("never_observed");
  const Slot x = registry.property_slot(a, "x", NameOrigin::hashed).value();
  registry.property_slot(a, "y", NameOrigin::plain);
  const Slot ip = registry.context_slot("context_ip", NameOrigin::plain).value();
  EXPECT_TRUE(registry.tables().empty());
  registry.observe({{a, x, 0x01}, {a, 0, 0x01}, {a, ip, 0x01}});
  registry.observe({{a, x, 0x104}});

  const auto tables = registry.tables();
  ASSERT_EQ(tables.size(), 1u);
  EXPECT_EQ(tables[0].number, a);
  EXPECT_EQ(tables[0].type, EventType::track);
  EXPECT_EQ(tables[0].name, "_order");
  EXPECT_EQ(tables[0].event, "order");
  EXPECT_EQ(tables[0].origin, NameOrigin::prefixed);
  ASSERT_EQ(tables[0].columns.size(), 3u);
  EXPECT_EQ(tables[0].columns[0].name, "id");
  EXPECT_EQ(tables[0].columns[1].name, "x");
  EXPECT_EQ(tables[0].columns[1].bits, 0x105);
  EXPECT_EQ(tables[0].columns[1].origin, NameOrigin::hashed);
  EXPECT_EQ(tables[0].columns[2].name, "context_ip");
}

TEST(Registry, GivesTheSameNumbersToAllThreads) {
  Registry registry;
  constexpr int count = 200;
  std::vector<std::vector<Slot>> slots(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : slots) {
      threads.emplace_back([&registry, &mine] {
        for (int i = 0; i < count; ++i) {
          const TableNumber table = registry.event_table("e" + std::to_string(i % 7)).value();
          mine.push_back(
              registry.property_slot(table, "p" + std::to_string(i), NameOrigin::plain).value());
          registry.observe({{table, mine.back(), 1}});
        }
      });
    }
  }
  for (const auto& others : slots) {
    for (int i = 0; i < count; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const TableNumber table = registry.event_table("e" + std::to_string(i % 7)).value();
      ASSERT_EQ(others[at],
                registry.property_slot(table, "p" + std::to_string(i), NameOrigin::plain));
    }
  }
}

}  // namespace
}  // namespace dray
