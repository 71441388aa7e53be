#include "load/rivals.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "base/hash.h"

namespace dray {
namespace {

// Knows only what was dropped.
class DropList final : public StagedRows {
 public:
  std::uint64_t row_count() const override { return 0; }
  std::size_t block_count() const override { return 0; }
  Result<RowBlock> keys(std::size_t, BlockScratch&) const override { return RowBlock(); }
  Result<RowBlock> rows(std::size_t, BlockScratch&) const override { return RowBlock(); }
  bool is_dropped(std::uint64_t row) const override { return dropped.contains(row); }
  void drop(std::uint64_t row) override { dropped.insert(row); }

  std::set<std::uint64_t> dropped;
};

constexpr std::int64_t stored_row = 41;
constexpr std::uint64_t staged_row = 7;
constexpr std::uint64_t uuid = 99;

class RivalsTest : public testing::Test {
 protected:
  RivalsTest() {
    load.rows = &rows;
    load.object_keys = &keys;
    load.check_seed = 5;
  }

  // A stored row of stored_at against a staged one of staged_at that lies in line 10 of "b".
  void add(Micros stored_at, Micros staged_at, std::string_view stored_id = "id") {
    Rival rival{stored_row, stored_at, {uuid, xxh3("id", 5), staged_at, 0, 10}, staged_row};
    rivals.add_if_same_id(rival, stored_id);
  }
  bool staged_row_stays() { return !rivals.settle().stored_rows_replaced.empty(); }

  DropList rows;
  const std::vector<std::string> keys = {"b"};
  RowsToLoad load;
  Rivals rivals{load, 1U << 20};
};

TEST_F(RivalsTest, TheLaterStays) {
  add(100, 101);
  EXPECT_EQ(rivals.settle().stored_rows_replaced, std::vector<std::int64_t>{stored_row});
  EXPECT_TRUE(rows.dropped.empty());
}

TEST_F(RivalsTest, TheEarlierIsDroppedAndCounted) {
  add(101, 100);
  const auto outcome = rivals.settle();
  EXPECT_TRUE(outcome.stored_rows_replaced.empty());
  EXPECT_EQ(outcome.rows_lost.size(), 1U);
  EXPECT_EQ(rows.dropped, std::set<std::uint64_t>{staged_row});
}

TEST_F(RivalsTest, RowsOfOneHashButTwoIdsAreNoRivals) {
  add(101, 100, "another id");
  EXPECT_EQ(rivals.settle().rows_lost.size(), 0U);
  EXPECT_TRUE(rows.dropped.empty());
}

TEST_F(RivalsTest, OnlyTiesAskForThePlace) {
  add(101, 100);
  EXPECT_TRUE(rivals.tied_uuids().empty());
  add(100, 100);
  EXPECT_EQ(rivals.tied_uuids(), std::vector<std::int64_t>{uuid});
}

TEST_F(RivalsTest, OfATieTheLaterObjectStays) {
  add(100, 100);
  rivals.add_origin(uuid, 100, "c", 1);
  EXPECT_FALSE(staged_row_stays());
}

TEST_F(RivalsTest, OfATieInOneObjectTheLaterLineStays) {
  add(100, 100);
  rivals.add_origin(uuid, 100, "b", 9);
  EXPECT_TRUE(staged_row_stays());
  add(100, 100);
  rivals.add_origin(uuid, 100, "b", 11);
  EXPECT_FALSE(staged_row_stays());
  load.reload = true;
  add(100, 100);
  rivals.add_origin(uuid, 100, "b", 11);
  EXPECT_TRUE(staged_row_stays());
}

TEST_F(RivalsTest, PlacesOfOtherTimesDoNotCount) {
  add(100, 100);
  rivals.add_origin(uuid, 99, "c", 1);
  rivals.add_origin(uuid + 1, 100, "c", 1);
  EXPECT_TRUE(staged_row_stays());
}

// --- in parts ------------------------------------------------------------------------------------

// A place in an earlier sync.
struct Origin {
  std::int64_t uuid = 0;
  Micros received_at = 0;
  std::string object;
  std::uint64_t line = 0;
};

// What was lost on both sides.
struct Lost {
  std::multiset<std::int64_t> stored;
  std::set<std::uint64_t> staged;
  bool operator==(const Lost&) const = default;
};

// A warehouse with some rows and a load for it.
struct Case {
  std::vector<Rival> rivals;
  std::vector<Origin> origins;
  std::vector<std::string> keys;
  bool reload = false;
};

// Few ids, times, objects and lines, so that everything meets everything.
Case random_case(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t end) { return random() % end; };
  Case made;
  made.keys = {"b", "d", "d/e", "f"};
  made.reload = below(2) == 0;
  const std::uint64_t rows = below(400);
  std::int64_t stored = 0;
  for (std::uint64_t row = 0; row < rows; ++row) {
    // Two ids may have one uuid, and gaps are rows that no stored one meets.
    const RowKey key{below(rows) / 2, 0, static_cast<Micros>(below(4)),
                     static_cast<std::uint32_t>(below(made.keys.size())),
                     static_cast<std::uint32_t>(below(4))};
    const bool is_older = below(8) == 0;
    const std::uint64_t count = below(10) == 0 ? 3 : below(2);
    for (std::uint64_t i = 0; i < count; ++i)
      made.rivals.push_back({++stored, static_cast<Micros>(below(4)), key, row, is_older});
  }
  std::ranges::shuffle(made.rivals, random);
  const std::vector<std::string> objects = {"a", "b", "c", "d", "d/e", "e", "g"};
  for (std::uint64_t i = 0; i < rows; ++i) {
    made.origins.push_back({static_cast<std::int64_t>(below(rows) / 2),
                            static_cast<Micros>(below(4)), objects[below(objects.size())],
                            below(4)});
  }
  return made;
}

// The rule in words (docs/mapping.md, "Duplicates"), one pair after the other.
Lost settle_plainly(const Case& given) {
  Lost lost;
  for (const Rival& rival : given.rivals) {
    bool stays = rival.key.received_at > rival.stored_received_at;
    if (rival.key.received_at == rival.stored_received_at) {
      std::vector<std::pair<std::string, std::uint64_t>> places;
      for (const Origin& origin : given.origins) {
        if (origin.uuid == static_cast<std::int64_t>(rival.key.uuid) &&
            origin.received_at == rival.key.received_at) {
          places.emplace_back(origin.object, origin.line);
        }
      }
      const std::string& key = given.keys[rival.key.object];
      const auto last = std::ranges::max_element(places);
      if (last == places.end() || last->first < key) {
        stays = true;
      } else if (last->first == key && !rival.staged_is_older) {
        stays = given.reload || rival.key.line >= last->second;
      }
    }
    if (stays) lost.stored.insert(rival.stored_row);
    if (!stays) lost.staged.insert(rival.row);
  }
  return lost;
}

// As a warehouse does it.
Lost settle_in_parts(const Case& given, std::uint64_t memory_bytes, std::size_t& parts) {
  DropList rows;
  RowsToLoad load;
  load.rows = &rows;
  load.object_keys = &given.keys;
  load.reload = given.reload;
  Rivals rivals(load, memory_bytes);
  Lost lost;
  std::set<std::uint64_t> told;
  parts = 0;
  do {
    ++parts;
    const auto wanted = rivals.rows();
    for (const Rival& rival : given.rivals) {
      if (!wanted || (rival.row >= wanted->begin && rival.row < wanted->end)) rivals.add(rival);
    }
    const std::vector<std::int64_t> tied = rivals.tied_uuids();
    for (const Origin& origin : given.origins) {
      if (std::ranges::binary_search(tied, origin.uuid)) {
        rivals.add_origin(origin.uuid, origin.received_at, origin.object, origin.line);
      }
    }
    const Rivals::Outcome outcome = rivals.settle();
    lost.stored.insert(outcome.stored_rows_replaced.begin(), outcome.stored_rows_replaced.end());
    for (const std::uint64_t row : outcome.rows_lost)
      EXPECT_TRUE(told.insert(row).second) << "row " << row << " is told twice";
  } while (rivals.next_part());
  EXPECT_EQ(told, rows.dropped);
  lost.staged = rows.dropped;
  return lost;
}

TEST(RivalsInParts, AsManyAsThereAreDecideTheSame) {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const Case given = random_case(seed);
    const Lost expected = settle_plainly(given);
    for (const std::uint64_t memory_bytes : {0ULL, 300ULL, 1'000ULL, 5'000ULL, 1ULL << 20}) {
      std::size_t parts = 0;
      ASSERT_EQ(settle_in_parts(given, memory_bytes, parts), expected)
          << "seed " << seed << ", " << memory_bytes << " bytes, " << parts << " parts";
    }
  }
}

// Every staged row of `count` has a stored self, of the same time; in the order of `step`.
template <typename Visit>
void each_pair(std::uint64_t count, std::uint64_t step, const Visit& visit) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t row = i * step % count;
    visit({static_cast<std::int64_t>(row), 7, {row, 0, 7, 0, 0}, row});
  }
}

TEST(RivalsInParts, ThereIsOneIfAllRivalsHaveRoom) {
  DropList rows;
  const std::vector<std::string> keys = {"b"};
  RowsToLoad load;
  load.rows = &rows;
  load.object_keys = &keys;
  Rivals rivals(load, 1U << 20);
  EXPECT_FALSE(rivals.rows());
  // Far apart: not the rows count, but their rivals.
  each_pair(1'000, 1, [&](Rival rival) {
    rival.row *= 1'000'000;
    rivals.add(rival);
  });
  EXPECT_EQ(rivals.settle().stored_rows_replaced.size(), 1'000U);
  EXPECT_FALSE(rivals.next_part());
}

// Of this program's heap, by malloc's own count.
std::size_t heap_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

TEST(RivalsInParts, NoMoreIsHeldThanIsAllowed) {
  constexpr std::uint64_t count = 400'000;
  constexpr std::uint64_t memory_bytes = 4U << 20;
  const std::vector<std::string> keys = {"b"};
  RowsToLoad load;
  load.object_keys = &keys;
  const std::size_t before = heap_bytes();
  std::size_t most = 0;
  const auto look = [&] { most = std::max(most, heap_bytes() - before); };
  Rivals rivals(load, memory_bytes);
  std::uint64_t settled = 0;
  std::uint64_t parts = 0;
  do {
    ++parts;
    const auto wanted = rivals.rows();
    each_pair(count, 7'919, [&](const Rival& rival) {
      if (wanted && (rival.row < wanted->begin || rival.row >= wanted->end)) return;
      rivals.add(rival);
      if (rival.row % 64 == 0) look();
    });
    {
      const std::vector<std::int64_t> tied = rivals.tied_uuids();
      look();
      for (const std::int64_t one : tied)
        rivals.add_origin(one, 7, one % 2 == 0 ? "a/long/key/of/an/object" : "c", 1);
      const Rivals::Outcome outcome = rivals.settle();
      look();
      settled += outcome.stored_rows_replaced.size() + outcome.rows_lost.size();
    }
  } while (rivals.next_part());
  EXPECT_EQ(settled, count);
  // 16 KiB: the counts, and what malloc itself needs.
  EXPECT_LE(most, memory_bytes + (16U << 10));
  // Most of what is allowed is used: 72 bytes each.
  EXPECT_LE(parts, count * 72 / memory_bytes * 4 / 3 + 1);
}

}  // namespace
}  // namespace dray
