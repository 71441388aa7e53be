#include "transform/transformer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "decode/event.h"

namespace dray {
namespace {

// A row: its cells by column name, those of the standard times left out.
using Row = std::map<std::string, std::string>;

std::string_view kind_name(CellKind kind) {
  static constexpr std::string_view names[] = {"text", "time", "int",    "real",
                                               "huge", "bool", "micros", "array"};
  return names[static_cast<std::size_t>(kind)];
}

class Fixture {
 public:
  explicit Fixture(const RegistryLimits& registry = {}, const TransformLimits& limits = {})
      : registry_(registry), transformer_(registry_, seed, limits) {}

  static constexpr std::uint64_t seed = 42;

  std::optional<RejectReason> add(std::string_view line, std::uint32_t number = 1) {
    EXPECT_EQ(document_.parse(line), JsonError::none) << line;
    arena_.clear();
    const Decoded decoded = decode_event(document_, line, std::nullopt, arena_, notices_);
    const auto* event = std::get_if<Event>(&decoded);
    EXPECT_NE(event, nullptr) << line;
    return event == nullptr ? std::nullopt : transformer_.add(document_, *event, number, notices_);
  }

  std::optional<RejectReason> track(const std::string& properties, const std::string& more = "") {
    return add(R"({"type":"track","event":"E","userId":"u","messageId":"m",)"
               R"("receivedAt":"2024-01-01T00:00:00Z","properties":)" +
               properties + more + "}");
  }

  // The cells of every row that was made since, by table name; "rejects" for those.
  std::map<std::string, std::vector<Row>> take() {
    tell();
    std::map<std::pair<TableNumber, Slot>, std::string> columns;
    for (const auto& table : registry_.tables()) {
      for (const auto& column : table.columns)
        columns[{table.number, column.slot}] = column.name;
    }
    std::map<std::string, std::vector<Row>> rows;
    for (const RowBatch& batch : transformer_.take_all_batches()) {
      const bool rejects = batch.table == rejects_table;
      auto& out = rows[rejects ? "rejects" : std::string(registry_.name_of(batch.table))];
      const char* at = batch.records.data();
      for (std::size_t i = 0; i < batch.keys.size(); ++i) {
        CellReader cells(at);
        Row& row = out.emplace_back();
        for (Cell cell; cells.next(cell);) {
          if (cell.kind == CellKind::micros) continue;
          std::string value(cell.bytes);
          if (!rejects && cell.kind != CellKind::text && cell.kind != CellKind::array) {
            value += " (" + std::string(kind_name(cell.kind)) + ")";
          }
          const std::string name =
              rejects ? std::to_string(cell.slot) : columns[{batch.table, cell.slot}];
          EXPECT_TRUE(row.emplace(name, value).second) << name << " twice";
        }
        at = cells.end();
      }
      EXPECT_EQ(at, batch.records.data() + batch.records.size());
    }
    return rows;
  }

  // The only row of the table, without what every track of track() has.
  Row properties(const std::string& table = "e") {
    auto rows = take();
    EXPECT_EQ(rows[table].size(), 1u);
    if (rows[table].empty()) return {};
    Row row = rows[table].front();
    for (const auto* name : {"id", "user_id", "event_text"})
      row.erase(name);
    return row;
  }

  void tell() { registry_.observe(transformer_.take_observations()); }

  Registry registry_;
  Transformer transformer_;
  JsonDocument document_;
  Arena arena_;
  NoticeCounts notices_;

  std::uint64_t notices(NoticeCode code) const {
    return notices_.counts[static_cast<std::size_t>(code)];
  }
};

Row properties_of(const std::string& json) {
  Fixture fixture;
  EXPECT_EQ(fixture.track(json), std::nullopt);
  return fixture.properties();
}

TEST(Transformer, MakesARowOfATrack) {
  Fixture fixture;
  EXPECT_EQ(fixture.add(R"({"type":"track","event":"Order Completed","userId":"u","anonymousId":7,)"
                        R"("messageId":"m","receivedAt":"2024-01-01T00:00:00Z",)"
                        R"("context":{"ip":"1.2.3.4","page":{"url":"x"}},)"
                        R"("properties":{"total":1.50,"orderId":"o"}})"),
            std::nullopt);
  const auto rows = fixture.take();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows.at("order_completed"), (std::vector<Row>{{{"id", "m"},
                                                           {"user_id", "u"},
                                                           {"anonymous_id", "7"},
                                                           {"event_text", "Order Completed"},
                                                           {"context_ip", "1.2.3.4"},
                                                           {"context_page_url", "x"},
                                                           {"total", "1.50 (real)"},
                                                           {"order_id", "o"}}}));
}

TEST(Transformer, PutsEachTypeIntoItsTable) {
  Fixture fixture;
  const std::string rest = R"(,"userId":"u","groupId":"g","previousId":"p","messageId":"m",)"
                           R"("receivedAt":"2024-01-01","traits":{"t":1},"properties":{"p":1}})";
  for (const auto* type : {"identify", "group", "alias", "page", "screen"}) {
    EXPECT_EQ(fixture.add("{\"type\":\"" + std::string(type) + "\"" + rest), std::nullopt);
  }
  auto rows = fixture.take();
  const Row traits{{"id", "m"}, {"user_id", "u"}, {"t", "1 (int)"}};
  EXPECT_EQ(rows["identifies"], std::vector<Row>{traits});
  Row group = traits;
  group["group_id"] = "g";
  EXPECT_EQ(rows["groups"], std::vector<Row>{group});
  Row alias = traits;
  alias["previous_id"] = "p";
  EXPECT_EQ(rows["aliases"], std::vector<Row>{alias});
  const Row properties{{"id", "m"}, {"user_id", "u"}, {"p", "1 (int)"}};
  EXPECT_EQ(rows["pages"], std::vector<Row>{properties});
  EXPECT_EQ(rows["screens"], std::vector<Row>{properties});
}

TEST(Transformer, KeepsValuesAsTheTextTheyWere) {
  EXPECT_EQ(properties_of(R"({"s":"a\tb","e":"","n":null,"t":true,"f":false,"i":12,"z":-0,)"
                          R"("d":1.0,"x":1e3,"b":99999999999999999999,"h":1e400,)"
                          R"("w":"2024-01-01T00:00:00Z","a":[ 1, {"b":2, "a":"<"} ],"o":{}})"),
            (Row{{"s", "a\tb"},
                 {"e", ""},
                 {"t", "true (bool)"},
                 {"f", "false (bool)"},
                 {"i", "12 (int)"},
                 {"z", "-0 (int)"},
                 {"d", "1.0 (real)"},
                 {"x", "1e3 (real)"},
                 {"b", "99999999999999999999 (real)"},
                 {"h", "1e400 (huge)"},
                 {"w", "2024-01-01T00:00:00Z (time)"},
                 {"a", R"([1,{"a":"\u003c","b":2}])"}}));
}

TEST(Transformer, TellsIntegersOf64BitsFromLargerOnes) {
  EXPECT_EQ(properties_of(R"({"a":9223372036854775807,"b":9223372036854775808,)"
                          R"("c":-9223372036854775808})"),
            (Row{{"a", "9223372036854775807 (int)"},
                 {"b", "9223372036854775808 (real)"},
                 {"c", "-9223372036854775808 (int)"}}));
}

TEST(Transformer, FlattensObjectsAtAnyDepth) {
  EXPECT_EQ(properties_of(R"({"a":{"bC":{"d e":1}},"":{"x":2}})"),
            (Row{{"a_b_c_d_e", "1 (int)"}, {"key_" + sha256_hex8("") + "_x", "2 (int)"}}));
}

TEST(Transformer, TellsHowAColumnsNameCameAbout) {
  Fixture fixture;
  fixture.track("{\"plain\":1,\"group\":2,\"%\":3,\"" + std::string(128, 'a') + "\":4,\"1" +
                std::string(126, 'b') + "\":5}");
  fixture.tell();
  std::vector<NameOrigin> origins;
  const auto tables = fixture.registry_.tables();
  for (const auto& column : tables.front().columns) {
    if (column.slot >= property_slot_first) origins.push_back(column.origin);
  }
  EXPECT_EQ(origins, (std::vector{NameOrigin::plain, NameOrigin::prefixed, NameOrigin::hashed,
                                  NameOrigin::cut, NameOrigin::cut}));
}

TEST(Transformer, GivesACollidingColumnToTheKeyThatSortsLast) {
  for (const auto* json : {R"({"aB":1,"a_b":2})", R"({"a_b":2,"aB":1})"}) {
    EXPECT_EQ(properties_of(json), (Row{{"a_b", "2 (int)"}})) << json;
  }
  for (const auto* json : {R"({"a":{"b":1},"a_b":2})", R"({"a_b":2,"a":{"b":1}})"}) {
    EXPECT_EQ(properties_of(json), (Row{{"a_b", "2 (int)"}})) << json;
  }
}

TEST(Transformer, LetsANullWinACollision) {
  EXPECT_EQ(properties_of(R"({"aB":1,"a_b":null,"c":3})"), (Row{{"c", "3 (int)"}}));
  EXPECT_EQ(properties_of(R"({"a_b":null,"aB":1,"c":3})"), (Row{{"c", "3 (int)"}}));
  EXPECT_EQ(properties_of(R"({"aB":null,"a_b":1})"), (Row{{"a_b", "1 (int)"}}));
}

TEST(Transformer, KeepsTheLastOfEqualKeys) {
  EXPECT_EQ(properties_of(R"({"a":1,"b":2,"a":3})"), (Row{{"a", "3 (int)"}, {"b", "2 (int)"}}));
  EXPECT_EQ(properties_of(R"({"a":1,"\u0061":3})"), (Row{{"a", "3 (int)"}}));
  EXPECT_EQ(properties_of(R"({"a":1,"a":null})"), Row{});
}

TEST(Transformer, LetsAnEarlierObjectOfAnEqualKeyVanishWhole) {
  EXPECT_EQ(properties_of(R"({"a":{"x":1,"y":2},"a":{"y":3}})"), (Row{{"a_y", "3 (int)"}}));
  EXPECT_EQ(properties_of(R"({"a":{"x":1},"a":2})"), (Row{{"a", "2 (int)"}}));
  EXPECT_EQ(properties_of(R"({"a":2,"a":{"x":1}})"), (Row{{"a_x", "1 (int)"}}));
  EXPECT_EQ(properties_of(R"({"o":{"a":{"x":1},"a":{}},"z":1})"), (Row{{"z", "1 (int)"}}));
  EXPECT_EQ(properties_of(R"({"o":{"a":1},"o":{"b":2},"o":{"c":3}})"), (Row{{"o_c", "3 (int)"}}));
}

TEST(Transformer, DoesNotLetOneEventsCollisionsReachTheNext) {
  Fixture fixture;
  fixture.track(R"({"a":{"x":1},"a":2,"aB":1,"a_b":2})");
  fixture.track(R"({"a":{"x":1},"aB":5})");
  fixture.track("{}");
  auto rows = fixture.take()["e"];
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[0]["a"], "2 (int)");
  EXPECT_FALSE(rows[0].contains("a_x"));
  EXPECT_EQ(rows[1]["a_x"], "1 (int)");
  EXPECT_EQ(rows[1]["a_b"], "5 (int)");
  EXPECT_EQ(rows[2].size(), 3u);
}

TEST(Transformer, KeepsPropertiesApartFromStandardAndContextColumns) {
  Fixture fixture;
  fixture.track(R"({"id":1,"userId":2,"context_ip":3,"context":{"ip":4},"order":5})",
                R"(,"context":{"ip":"x"})");
  const Row row = fixture.properties();
  EXPECT_EQ(row.at("_id"), "1 (int)");
  EXPECT_EQ(row.at("_user_id"), "2 (int)");
  EXPECT_EQ(row.at("_order"), "5 (int)");
  EXPECT_EQ(row.at("context_ip"), "x");
  // Both properties make the path context_ip; "context_ip" sorts behind "context".
  EXPECT_EQ(row.at("_context_ip"), "3 (int)");
}

TEST(Transformer, CountsAReplacementOnceThoughCollisionsReadTheEventTwice) {
  Fixture fixture;
  fixture.track(R"({"s":"\u0000","a":["\ud800"],"x":1,"x":2})");
  EXPECT_EQ(fixture.notices(NoticeCode::replacement_character), 2u);
  EXPECT_EQ(fixture.properties(), (Row{{"s", "\uFFFD"}, {"a", "[\"\uFFFD\"]"}, {"x", "2 (int)"}}));
}

// Pages and screens (7.19) --------------------------------------------------------------------

Row page_of(const std::string& members) {
  Fixture fixture;
  EXPECT_EQ(fixture.add(R"({"type":"page","userId":"u","messageId":"m",)"
                        R"("receivedAt":"2024-01-01",)" +
                        members + "}"),
            std::nullopt);
  return fixture.properties("pages");
}

TEST(PageNames, ComeFromTheCall) {
  EXPECT_EQ(page_of(R"("name":"Home","category":"Docs")"),
            (Row{{"name", "Home"}, {"category", "Docs"}}));
}

TEST(PageNames, ComeFromThePropertiesWhenTheCallHasNone) {
  EXPECT_EQ(page_of(R"("properties":{"name":"Home"})"), (Row{{"name", "Home"}}));
  EXPECT_EQ(page_of(R"("name":null,"properties":{"name":"Home"})"), (Row{{"name", "Home"}}));
  EXPECT_EQ(page_of(R"("name":{"a":1},"properties":{"name":"Home"})"), (Row{{"name", "Home"}}));
}

TEST(PageNames, AreWrittenOnceWhenBothAgree) {
  EXPECT_EQ(page_of(R"("name":"Home","properties":{"name":"Home"})"), (Row{{"name", "Home"}}));
}

TEST(PageNames, KeepADifferentPropertyBesideThem) {
  EXPECT_EQ(
      page_of(R"("name":"Home","category":"C","properties":{"name":"Other","category":7})"),
      (Row{{"name", "Home"}, {"_name", "Other"}, {"category", "C"}, {"_category", "7 (int)"}}));
}

TEST(PageNames, LoseNothingToANullProperty) {
  EXPECT_EQ(page_of(R"("name":"Home","properties":{"name":null})"), (Row{{"name", "Home"}}));
}

TEST(PageNames, DoNotConcernTracks) {
  Fixture fixture;
  fixture.track(R"({"name":"property"})", R"(,"name":"top")");
  EXPECT_EQ(fixture.properties(), (Row{{"name", "property"}}));
}

TEST(PageNames, AreRejectedWhenTheyCannotHaveAColumn) {
  Fixture fixture({.properties_max = 1});
  fixture.add(R"({"type":"page","userId":"u","messageId":"m","receivedAt":"2024-01-01",)"
              R"("name":"Home","properties":{"name":"Other"},"category":"C"})");
  auto rows = fixture.take();
  EXPECT_EQ(rows["pages"].front().at("name"), "Home");
  ASSERT_EQ(rows["rejects"].size(), 2u);
  EXPECT_EQ(rows["rejects"][0].at("3"), "_name");
  EXPECT_EQ(rows["rejects"][0].at("4"), "Other");
  EXPECT_EQ(rows["rejects"][1].at("3"), "category");
  EXPECT_EQ(rows["rejects"][1].at("4"), "C");
}

// What cannot have a column or a table --------------------------------------------------------

TEST(Transformer, RejectsValuesPastTheColumnLimitAndKeepsTheRow) {
  Fixture fixture({.properties_max = 1});
  EXPECT_EQ(fixture.track(R"({"a":1,"b":"two","c":null,"d":[3]})"), std::nullopt);
  auto rows = fixture.take();
  ASSERT_EQ(rows["e"].size(), 1u);
  EXPECT_EQ(rows["e"][0].at("a"), "1 (int)");
  ASSERT_EQ(rows["rejects"].size(), 2u);  // a null is no value
  EXPECT_EQ(rows["rejects"][0].at("1"), "too_many_columns");
  EXPECT_EQ(rows["rejects"][0].at("2"), "e");
  EXPECT_EQ(rows["rejects"][0].at("3"), "b");
  EXPECT_EQ(rows["rejects"][0].at("4"), "two");
  EXPECT_EQ(rows["rejects"][1].at("4"), "[3]");
}

TEST(Transformer, RejectsAValueOnceThoughCollisionsReadTheEventTwice) {
  Fixture fixture({.properties_max = 1});
  fixture.track(R"({"a":1,"b":2,"a":3})");
  auto rows = fixture.take();
  EXPECT_EQ(rows["e"][0].at("a"), "3 (int)");
  EXPECT_EQ(rows["rejects"].size(), 1u);
}

TEST(Transformer, RejectsOnlyTheLastOfEqualKeysThatHaveNoColumn) {
  Fixture fixture({.properties_max = 1});
  fixture.track(R"({"a":1,"b":"first","b":"last"})");
  auto rows = fixture.take();
  ASSERT_EQ(rows["rejects"].size(), 1u);
  EXPECT_EQ(rows["rejects"][0].at("4"), "last");
}

TEST(Transformer, RejectsValuesWhosePathIsTooLong) {
  Fixture fixture({}, {.path_bytes_max = 20});
  EXPECT_EQ(fixture.track(R"({"a_path_of_20_bytes__":1,"a_path_of_21_bytes_xxxxx":2,)"
                          R"("deep":{"deeper":{"the_deepest":3}}})"),
            std::nullopt);
  auto rows = fixture.take();
  EXPECT_EQ(rows["e"][0].at("a_path_of_20_bytes"), "1 (int)");
  ASSERT_EQ(rows["rejects"].size(), 2u);
  EXPECT_EQ(rows["rejects"][0].at("1"), "name_too_long");
  EXPECT_EQ(rows["rejects"][1].at("4"), "3");
}

TEST(Transformer, RefusesEventsPastTheTableLimitAndMakesNoRow) {
  Fixture fixture({.tables_max = 1});
  EXPECT_EQ(fixture.track("{}"), std::nullopt);
  EXPECT_EQ(fixture.add(R"({"type":"track","event":"Other","userId":"u",)"
                        R"("receivedAt":"2024-01-01"})"),
            RejectReason::too_many_tables);
  EXPECT_EQ(fixture.track("{}"), std::nullopt);
  auto rows = fixture.take();
  EXPECT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows["e"].size(), 2u);
}

TEST(Transformer, KeepsRejectedLines) {
  Fixture fixture;
  fixture.transformer_.begin_object(9);
  fixture.transformer_.reject(4, RejectReason::not_json, "detail", "{\xFF");
  const auto batches = fixture.transformer_.take_all_batches();
  ASSERT_EQ(batches.size(), 1u);
  EXPECT_EQ(batches[0].table, rejects_table);
  EXPECT_EQ(batches[0].keys[0].object, 9u);
  EXPECT_EQ(batches[0].keys[0].line, 4u);
  Cell cell;
  std::map<Slot, std::string> cells;
  for (CellReader reader(batches[0].records.data()); reader.next(cell);) {
    cells[cell.slot] = cell.bytes;
  }
  EXPECT_EQ(cells, (std::map<Slot, std::string>{{reject_slot::reason, "not_json"},
                                                {reject_slot::detail, "detail"},
                                                {reject_slot::value, "{\uFFFD"}}));
}

// Keys, batches, observations -----------------------------------------------------------------

TEST(Transformer, TellsARowsIdTimeAndPlace) {
  Fixture fixture;
  fixture.transformer_.begin_object(3);
  fixture.add(
      R"({"type":"alias","userId":"u","messageId":"m","receivedAt":"1970-01-01T00:00:01Z"})", 17);
  const auto batches = fixture.transformer_.take_all_batches();
  ASSERT_EQ(batches.size(), 1u);
  const RowKey& key = batches[0].keys.at(0);
  EXPECT_EQ(key.uuid, xxh3("m"));
  EXPECT_EQ(key.check, xxh3("m", Fixture::seed));
  EXPECT_EQ(key.received_at, 1'000'000);
  EXPECT_EQ(key.object, 3u);
  EXPECT_EQ(key.line, 17u);
}

TEST(Transformer, HandsOnOnlyFullBatches) {
  Fixture fixture({}, {.batch_bytes = 1'000});
  fixture.add(R"({"type":"alias","userId":"u","receivedAt":"2024-01-01"})");
  fixture.track("{\"a\":\"" + std::string(2'000, 'x') + "\"}");
  fixture.track("{}");
  const auto full = fixture.transformer_.take_full_batches();
  ASSERT_EQ(full.size(), 1u);
  EXPECT_EQ(full[0].keys.size(), 2u);
  EXPECT_TRUE(fixture.transformer_.take_full_batches().empty());
  fixture.track("{\"a\":\"" + std::string(2'000, 'x') + "\"}");
  EXPECT_EQ(fixture.transformer_.take_full_batches().size(), 1u);
  EXPECT_EQ(fixture.transformer_.take_all_batches().size(), 1u);
  EXPECT_TRUE(fixture.transformer_.take_all_batches().empty());
}

TEST(Transformer, TellsAnObservationOnce) {
  Fixture fixture;
  fixture.track(R"({"a":1})");
  EXPECT_FALSE(fixture.transformer_.take_observations().empty());
  fixture.track(R"({"a":2})");
  EXPECT_TRUE(fixture.transformer_.take_observations().empty());
  fixture.transformer_.end_object(true);
  fixture.track(R"({"a":3})");
  EXPECT_TRUE(fixture.transformer_.take_observations().empty());
  fixture.track(R"({"a":"text","b":null})");
  const auto fresh = fixture.transformer_.take_observations();
  ASSERT_EQ(fresh.size(), 1u);  // a null is not observed
  EXPECT_EQ(fresh[0].slot, property_slot_first);
  EXPECT_EQ(fresh[0].bits, observed_kind(CellKind::text) | observed_text_other);
}

TEST(Transformer, TellsAgainWhatOnlyAnUnfinishedObjectShowed) {
  Fixture fixture;
  fixture.track(R"({"a":1})");
  fixture.transformer_.take_observations();
  fixture.transformer_.end_object(true);
  fixture.track(R"({"a":1.5})");
  EXPECT_EQ(fixture.transformer_.take_observations().size(), 1u);
  fixture.transformer_.end_object(false);
  fixture.track(R"({"a":1})");
  EXPECT_TRUE(fixture.transformer_.take_observations().empty());
  fixture.track(R"({"a":1.5})");
  EXPECT_EQ(fixture.transformer_.take_observations().size(), 1u);
  fixture.transformer_.end_object(true);
  fixture.track(R"({"a":1.5})");
  EXPECT_TRUE(fixture.transformer_.take_observations().empty());
}

TEST(Transformer, ObservesWhatStringsSpell) {
  Fixture fixture;
  fixture.track(R"({"a":"12"})");
  fixture.track(R"({"a":"1.5","b":["12"]})");
  Observed of_a = 0;
  Observed of_b = 0;
  for (const Observation& seen : fixture.transformer_.take_observations()) {
    if (seen.slot == property_slot_first) of_a |= seen.bits;
    if (seen.slot == property_slot_first + 1) of_b |= seen.bits;
  }
  EXPECT_EQ(of_a, observed_kind(CellKind::text) | observed_text_integer | observed_text_real);
  EXPECT_EQ(of_b, observed_kind(CellKind::array));
}

TEST(Transformer, ObservesLengths) {
  Fixture fixture;
  fixture.track("{\"a\":\"" + std::string(600, 'x') + "\"}");
  const auto observed = fixture.transformer_.take_observations();
  const auto found = std::ranges::find(observed, property_slot_first, &Observation::slot);
  ASSERT_NE(found, observed.end());
  EXPECT_EQ(found->bits,
            observed_kind(CellKind::text) | observed_text_other | observed_length(600));
}

TEST(Transformer, MakesTheSameRowsWhenItHasToForgetItsPaths) {
  Fixture remembers;
  Fixture forgets({}, {.paths_max = 3});
  Fixture forgets_texts({}, {.paths_max = 100, .path_text_bytes = 1});
  for (Fixture* fixture : {&remembers, &forgets, &forgets_texts}) {
    for (int i = 0; i < 50; ++i) {
      fixture->track("{\"k" + std::to_string(i % 20) + "\":{\"a\":" + std::to_string(i) +
                     ",\"b\":\"x\"},\"same\":1}");
    }
  }
  const auto rows = remembers.take();
  EXPECT_EQ(rows, forgets.take());
  EXPECT_EQ(rows, forgets_texts.take());
}

TEST(Transformer, KeepsLongValuesWhole) {
  const std::string text(200'000, 'v');
  EXPECT_EQ(properties_of("{\"a\":\"" + text + "\",\"b\":1}"),
            (Row{{"a", text}, {"b", "1 (int)"}}));
}

}  // namespace
}  // namespace dray
