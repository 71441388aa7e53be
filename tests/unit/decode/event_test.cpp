#include "decode/event.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/hash.h"

namespace dray {
namespace {

constexpr Micros second = 1'000'000;

// Decodes lines; what the last event borrows lives until the next.
class Fixture {
 public:
  Decoded decode(std::string line) {
    line_ = std::move(line);
    EXPECT_EQ(document_.parse(line_), JsonError::none) << line_;
    arena_.clear();
    return decode_event(document_, line_, warehouse_id_, arena_, notices_);
  }
  // Of {"userId":"u","receivedAt":"...",<members>}.
  Decoded members(const std::string& members) {
    return decode(R"({"userId":"u","receivedAt":"1970-01-01T01:00:00Z",)" + members + "}");
  }
  Event event(const std::string& line) { return as_event(decode(line)); }
  Event event_of(const std::string& members) { return as_event(this->members(members)); }

  std::uint64_t notices(NoticeCode code) const {
    return notices_.counts[static_cast<std::size_t>(code)];
  }
  std::uint64_t all_notices() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t count : notices_.counts)
      sum += count;
    return sum;
  }

  std::optional<std::string> warehouse_id_;
  JsonDocument document_;
  NoticeCounts notices_;

 private:
  Event as_event(const Decoded& decoded) {
    const auto* event = std::get_if<Event>(&decoded);
    EXPECT_NE(event, nullptr) << line_;
    return event == nullptr ? Event{} : *event;
  }

  std::string line_;
  Arena arena_;
};

std::optional<RejectReason> reason_of(const Decoded& decoded) {
  const auto* reason = std::get_if<RejectReason>(&decoded);
  return reason == nullptr ? std::nullopt : std::optional(*reason);
}
std::optional<RejectReason> reason_of(const std::string& line) {
  Fixture fixture;
  return reason_of(fixture.decode(line));
}
std::optional<RejectReason> reason_of_members(const std::string& members) {
  Fixture fixture;
  return reason_of(fixture.members(members));
}

TEST(DecodeEvent, KnowsTheSixTypes) {
  Fixture fixture;
  for (const auto& [name, type] :
       {std::pair("track", EventType::track), std::pair("identify", EventType::identify),
        std::pair("page", EventType::page), std::pair("screen", EventType::screen),
        std::pair("group", EventType::group), std::pair("alias", EventType::alias)}) {
    EXPECT_EQ(
        fixture.event_of("\"type\":\"" + std::string(name) + R"(","event":"E","groupId":"g")").type,
        type);
  }
}

TEST(DecodeEvent, RejectsWhatIsNoObject) {
  for (const auto* line : {"[]", "1", "\"track\"", "null", "true", R"([{"type":"track"}])"}) {
    EXPECT_EQ(reason_of(line), RejectReason::not_an_object) << line;
  }
}

TEST(DecodeEvent, RejectsUnknownTypes) {
  for (const auto* type :
       {R"("type":"Track")", R"("type":"")", R"("type":"tracks")", R"("type":null)", R"("type":1)",
        R"("type":["track"])", R"("Type":"track")"}) {
    EXPECT_EQ(reason_of_members(type), RejectReason::unknown_type) << type;
  }
  EXPECT_EQ(reason_of("{}"), RejectReason::unknown_type);
}

TEST(DecodeEvent, RejectsTracksWithoutAnEventName) {
  for (const auto* event : {R"("a":1)", R"("event":"")", R"("event":null)", R"("event":7)",
                            R"("event":{})", R"("event":["E"])"}) {
    EXPECT_EQ(reason_of_members(R"("type":"track",)" + std::string(event)), RejectReason::no_event)
        << event;
  }
}

TEST(DecodeEvent, TakesAnEventNameOfBlanks) {
  Fixture fixture;
  EXPECT_EQ(fixture.event_of(R"("type":"track","event":"  ")").event_name, "  ");
}

TEST(DecodeEvent, BoundsTheEventName) {
  const auto named = [](std::size_t size) {
    return R"("type":"track","event":")" + std::string(size, 'e') + "\"";
  };
  EXPECT_EQ(reason_of_members(named(8'192)), std::nullopt);
  EXPECT_EQ(reason_of_members(named(8'193)), RejectReason::event_name_too_long);
}

TEST(DecodeEvent, ReadsTheEventOfTracksOnly) {
  Fixture fixture;
  EXPECT_EQ(fixture.event_of(R"("type":"page","event":"E")").event_name, "");
}

TEST(DecodeEvent, RejectsGroupsWithoutAGroup) {
  for (const auto* group : {R"("a":1)", R"("groupId":"")", R"("groupId":null)", R"("groupId":true)",
                            R"("groupId":{})", R"("groupId":[])"}) {
    EXPECT_EQ(reason_of_members(R"("type":"group",)" + std::string(group)),
              RejectReason::no_group_id)
        << group;
  }
  Fixture fixture;
  EXPECT_EQ(fixture.event_of(R"("type":"group","groupId":1.50)").group_id, "1.50");
}

TEST(DecodeEvent, RejectsEventsOfNobody) {
  for (const auto* ids : {R"("a":1)", R"("userId":"","anonymousId":"")", R"("userId":null)",
                          R"("userId":true,"anonymousId":false)", R"("userId":{},"anonymousId":[])",
                          R"("previousId":"p")"}) {
    EXPECT_EQ(reason_of(R"({"type":"alias","receivedAt":"2024-01-01",)" + std::string(ids) + "}"),
              RejectReason::no_user)
        << ids;
  }
}

TEST(DecodeEvent, TakesNumbersAsIdsByTheirText) {
  Fixture fixture;
  const Event event =
      fixture.event(R"({"type":"alias","receivedAt":"2024-01-01","userId":12345678901234567890,)"
                    R"("anonymousId":1e3,"previousId":-0.50,"messageId":7})");
  EXPECT_EQ(event.user_id, "12345678901234567890");
  EXPECT_EQ(event.anonymous_id, "1e3");
  EXPECT_EQ(event.previous_id, "-0.50");
  EXPECT_EQ(event.message_id, "7");
}

TEST(DecodeEvent, ResolvesEscapesInKeysAndIds) {
  Fixture fixture;
  const Event event = fixture.event(
      R"({"ty\u0070e":"tr\u0061ck","event":"a\tb","userId":"\u00e9","messageId":"\ud800",)"
      R"("receivedAt":"2024\u002d01-01"})");
  EXPECT_EQ(event.type, EventType::track);
  EXPECT_EQ(event.event_name, "a\tb");
  EXPECT_EQ(event.user_id, "é");
  EXPECT_EQ(event.message_id, "\uFFFD");
  EXPECT_EQ(fixture.notices(NoticeCode::replacement_character), 1u);
}

TEST(DecodeEvent, LetsTheLastOfEqualKeysWin) {
  Fixture fixture;
  EXPECT_EQ(fixture.event_of(R"("type":"page","userId":"second","userId":"last")").user_id, "last");
  const Event event = fixture.event_of(R"("type":"page","properties":{"a":1},"properties":7)");
  EXPECT_EQ(event.fields, no_value);
}

TEST(DecodeEvent, MakesAnIdOfTheLineWhereThereIsNone) {
  for (const auto* id : {"", R"(,"messageId":"")", R"(,"messageId":null)", R"(,"messageId":{})"}) {
    Fixture fixture;
    const std::string line =
        R"({"type":"page","userId":"u","receivedAt":"2024-01-01")" + std::string(id) + "}";
    EXPECT_EQ(fixture.event(line).message_id, "gen-" + sha256_hex(line));
    // A carriage return belongs to the line.
    EXPECT_EQ(fixture.event(line + "\r").message_id, "gen-" + sha256_hex(line + "\r"));
  }
}

// Times ---------------------------------------------------------------------------------------

TEST(DecodeEvent, FallsBackThroughTheTimes) {
  Fixture fixture;
  const auto received = [&](const std::string& times) {
    return fixture.event(R"({"type":"page","userId":"u",)" + times + "}").received_at / second;
  };
  const std::string timestamp = R"("timestamp":"1970-01-01T00:00:03Z")";
  const std::string original = R"("originalTimestamp":"1970-01-01T00:00:04Z")";
  EXPECT_EQ(received(R"("receivedAt":"1970-01-01T00:00:01Z","sentAt":"1970-01-01T00:00:02Z")"), 1);
  EXPECT_EQ(received(R"("receivedAt":"bad","sentAt":"1970-01-01T00:00:02Z",)" + timestamp), 2);
  EXPECT_EQ(received(R"("sentAt":null,)" + timestamp + "," + original), 3);
  EXPECT_EQ(received(R"("receivedAt":17,)" + original), 4);
}

TEST(DecodeEvent, RejectsEventsWithoutAnyTime) {
  EXPECT_EQ(reason_of(R"({"type":"page","userId":"u"})"), RejectReason::no_received_at);
  EXPECT_EQ(reason_of(R"({"type":"page","userId":"u","receivedAt":"","sentAt":"x",)"
                      R"("timestamp":1700000000,"originalTimestamp":null})"),
            RejectReason::no_received_at);
}

TEST(DecodeEvent, TakesTheServersTimestamp) {
  Fixture fixture;
  const Event event = fixture.event_of(
      R"("type":"page","timestamp":"1970-01-01T00:00:07Z","sentAt":"1970-01-01T00:30:00Z",)"
      R"("originalTimestamp":"1970-01-01T00:00:09Z")");
  EXPECT_EQ(event.timestamp, 7 * second);
  EXPECT_EQ(event.original_timestamp, 9 * second);
  EXPECT_EQ(event.sent_at, 1'800 * second);
  EXPECT_EQ(fixture.all_notices(), 0u);
}

TEST(DecodeEvent, CorrectsTheClientsClockByWhenItSent) {
  Fixture fixture;
  // Received at 3600; sent at 1800 by a clock that showed 1790 when it happened.
  EXPECT_EQ(fixture
                .event_of(R"("type":"page","sentAt":"1970-01-01T00:30:00Z",)"
                          R"("originalTimestamp":"1970-01-01T00:29:50Z")")
                .timestamp,
            3'590 * second);
  // Without a time of sending there is nothing to correct by.
  EXPECT_EQ(
      fixture.event_of(R"("type":"page","originalTimestamp":"1970-01-01T00:29:50Z")").timestamp,
      1'790 * second);
  EXPECT_EQ(fixture.event_of(R"("type":"page")").timestamp, 3'600 * second);
  EXPECT_EQ(fixture.event_of(R"("type":"page","timestamp":"bad")").timestamp, 3'600 * second);
}

TEST(DecodeEvent, CorrectsEvenByATimeOfSendingThatIsLaterThanReceived) {
  Fixture fixture;
  const Event event = fixture.event_of(
      R"("type":"page","sentAt":"1970-01-01T02:00:00Z","originalTimestamp":"1970-01-01T01:59:00Z")");
  EXPECT_EQ(event.timestamp, 3'540 * second);
  EXPECT_EQ(event.sent_at, 3'600 * second);
  EXPECT_EQ(fixture.notices(NoticeCode::bad_sent_at), 1u);
}

TEST(DecodeEvent, NeverCorrectsOutOfTheYearsThatCanBeStored) {
  Fixture fixture;
  const Event event = fixture.event(
      R"({"type":"page","userId":"u","receivedAt":"0001-01-02","sentAt":"0001-01-02",)"
      R"("originalTimestamp":"9999-01-01"})");
  EXPECT_TRUE(parse_timestamp(format_timestamp(event.timestamp)));
  const Event early = fixture.event(
      R"({"type":"page","userId":"u","receivedAt":"0001-01-02","sentAt":"9999-01-01",)"
      R"("originalTimestamp":"0001-01-01"})");
  EXPECT_EQ(early.timestamp, early.received_at);
}

TEST(DecodeEvent, NoticesTimesThatAreOfNoUse) {
  Fixture fixture;
  fixture.event_of(R"("type":"page","sentAt":"yesterday")");
  EXPECT_EQ(fixture.notices(NoticeCode::bad_sent_at), 1u);
  fixture.event_of(R"("type":"page","originalTimestamp":12)");
  EXPECT_EQ(fixture.notices(NoticeCode::bad_original_timestamp), 1u);
  fixture.event_of(R"("type":"page","timestamp":"1970-01-02T01:00:00.000001Z")");
  EXPECT_EQ(fixture.notices(NoticeCode::future_timestamp), 1u);
  fixture.event_of(R"("type":"page","timestamp":"1970-01-02T01:00:00Z")");
  fixture.event_of(R"("type":"page","sentAt":null,"originalTimestamp":null)");
  EXPECT_EQ(fixture.all_notices(), 3u);
}

// What the event is made of -------------------------------------------------------------------

TEST(DecodeEvent, TakesPropertiesOrTraitsByType) {
  Fixture fixture;
  for (const auto& [type, fields] :
       {std::pair("track", "p"), std::pair("page", "p"), std::pair("screen", "p"),
        std::pair("identify", "t"), std::pair("group", "t"), std::pair("alias", "t")}) {
    const Event event =
        fixture.event_of("\"type\":\"" + std::string(type) +
                         R"(","event":"E","groupId":"g","properties":{"p":1},"traits":{"t":1})");
    ASSERT_NE(event.fields, no_value) << type;
    EXPECT_EQ(fixture.document_.raw_string(fixture.document_.first(event.fields)), fields) << type;
  }
}

TEST(DecodeEvent, IgnoresPropertiesAndContextThatAreNoObjects) {
  for (const auto* other : {"null", "7", "\"x\"", "[{}]", "true"}) {
    Fixture fixture;
    const Event event = fixture.event_of(R"("type":"page","properties":)" + std::string(other) +
                                         ",\"context\":" + other);
    EXPECT_EQ(event.fields, no_value) << other;
    EXPECT_EQ(event.context, no_value) << other;
  }
}

TEST(DecodeEvent, TakesNameAndCategoryUnlessNullOrAnObject) {
  Fixture fixture;
  const Event event = fixture.event_of(R"("type":"page","name":"","category":["a"])");
  EXPECT_NE(event.name, no_value);
  EXPECT_NE(event.category, no_value);
  const Event none = fixture.event_of(R"("type":"page","name":null,"category":{"a":1})");
  EXPECT_EQ(none.name, no_value);
  EXPECT_EQ(none.category, no_value);
}

// Integrations --------------------------------------------------------------------------------

bool is_filtered(Fixture& fixture, const std::string& integrations) {
  return std::holds_alternative<Filtered>(
      fixture.members(R"("type":"page","integrations":)" + integrations));
}

TEST(Integrations, KeepEventsOutOfAllWarehouses) {
  Fixture fixture;
  for (const auto* none :
       {R"({"Warehouses":false})", R"({"Warehouses":{"all":false}})",
        R"({"Warehouses":{"all":true,"all":false}})", R"({"Warehouses":true,"Warehouses":false})",
        R"({"Wareh\u006fuses":false})"}) {
    EXPECT_TRUE(is_filtered(fixture, none)) << none;
  }
}

TEST(Integrations, OtherwiseLetEventsIn) {
  Fixture fixture;
  for (const auto* all :
       {"{}", "null", "[]", "false", R"({"All":false})", R"({"warehouses":false})",
        R"({"Warehouses":true})", R"({"Warehouses":null})", R"({"Warehouses":{}})",
        R"({"Warehouses":{"all":true}})", R"({"Warehouses":{"all":null}})",
        R"({"Warehouses":{"All":false}})"}) {
    EXPECT_FALSE(is_filtered(fixture, all)) << all;
  }
  EXPECT_EQ(fixture.all_notices(), 0u);
}

TEST(Integrations, SelectWarehousesByTheirIds) {
  Fixture fixture;
  const std::string one = R"({"Warehouses":{"warehouseIds":["a","\u0062",7]}})";
  EXPECT_FALSE(is_filtered(fixture, one));  // this warehouse has no id
  fixture.warehouse_id_ = "b";
  EXPECT_FALSE(is_filtered(fixture, one));
  fixture.warehouse_id_ = "c";
  EXPECT_TRUE(is_filtered(fixture, one));
  fixture.warehouse_id_ = "7";
  EXPECT_TRUE(is_filtered(fixture, one));
  EXPECT_TRUE(is_filtered(fixture, R"({"Warehouses":{"warehouseIds":[]}})"));
  fixture.warehouse_id_ = "a";
  EXPECT_TRUE(is_filtered(fixture, R"({"Warehouses":{"all":false,"warehouseIds":["a"]}})"));
}

TEST(Integrations, LetEventsInWithANoticeWhenNobodyKnowsTheirForm) {
  Fixture fixture;
  fixture.warehouse_id_ = "a";
  std::uint64_t count = 0;
  for (const auto* form : {R"({"Warehouses":[]})", R"({"Warehouses":"none"})",
                           R"({"Warehouses":0})", R"({"Warehouses":{"warehouseIds":"b"}})"}) {
    EXPECT_FALSE(is_filtered(fixture, form)) << form;
    EXPECT_EQ(fixture.notices(NoticeCode::unknown_integrations), ++count) << form;
  }
}

TEST(Integrations, DoNotHideRejects) {
  EXPECT_EQ(reason_of(R"({"type":"page","integrations":{"Warehouses":false}})"),
            RejectReason::no_user);
}

TEST(RejectReasonOf, FollowsTheJsonError) {
  EXPECT_EQ(reject_reason(JsonError::not_utf8), RejectReason::not_utf8);
  EXPECT_EQ(reject_reason(JsonError::too_deep), RejectReason::too_deep);
  EXPECT_EQ(reject_reason(JsonError::too_long), RejectReason::line_too_long);
  for (const JsonError error : {JsonError::empty, JsonError::control_character,
                                JsonError::unclosed_string, JsonError::grammar}) {
    EXPECT_EQ(reject_reason(error), RejectReason::not_json);
  }
}

}  // namespace
}  // namespace dray
