#include "property/random_events.h"

#include <algorithm>

namespace dray::property {
namespace {

// A key and what its values are, where kinds agree. Several lead to one column; then so do their
// kinds.
struct Key {
  const char* text;  // JSON
  std::uint32_t kind;
};
constexpr std::uint32_t boolean = 0, integer = 1, real = 2, time = 3, text = 4, array = 5;
constexpr std::uint32_t kind_count = 6;
constexpr Key keys[] = {
    {"\"price\"", real},     {"\"Price\"", real},
    {"\"qty\"", integer},    {"\"first_name\"", text},
    {"\"firstName\"", text}, {"\"when\"", time},
    {"\"ok\"", boolean},     {"\"id\"", integer},
    {"\"user\"", text},      {"\"tags\"", array},
    {"\"2nd\"", integer},    {"\"context_ip\"", text},
    {"\"\\u0000\"", text},   {"\"\xF0\x9F\x98\x80\"", real},
    {"\"event\"", text},
};

const std::vector<std::string> values[kind_count] = {
    {"true", "false"},
    {"0", "-0", "7", "-12", "9007199254740993", "9223372036854775807", "-9223372036854775808"},
    {"0.5", "-0.0", "1.0", "1e3", "-1.5e-3", "9223372036854775808", "5e-324"},
    {R"("2024-03-01")", R"("2024-03-01T10:20:30.123456789Z")", R"("2024-03-01 10:20+02:00")"},
    {R"("")", R"("red")", R"("x\u0000y")", R"("\ud800")", R"("it's \"quoted\"")", R"("NULL")",
     "\"caf\xC3\xA9\"", R"("12")", R"("1.0")", R"("9007199254740993")", R"("true")"},
    {"[]", R"(["a",1.50,null])", R"([{"b":1,"a":{}}])"},
};

}  // namespace

std::string RandomEvents::one_of(const std::vector<std::string>& options) {
  return options[below(static_cast<std::uint32_t>(options.size()))];
}

Objects RandomEvents::objects(unsigned object_count, unsigned lines_per_object) {
  const std::vector<std::string> folders = {"", "B/", "a/"};
  Objects objects;
  for (unsigned i = 0; i < object_count; ++i) {
    Lines& lines = objects[one_of(folders) + std::to_string(i) + ".json"];
    for (unsigned n = 0; n < lines_per_object; ++n)
      lines.push_back(line());
  }
  return objects;
}

std::string RandomEvents::line() {
  if (!chance(8)) return event();
  return one_of({"", "no event", "{}", R"({"type":"track"})", "[1]",
                 R"({"type":"group","userId":"u1","receivedAt":"2024-03-01"})",
                 R"({"type":"page","receivedAt":"2024-03-01"})",
                 R"({"type":"page","userId":"u1","receivedAt":"2024-02-30"})", "{\"a\":\"\xFF\"}"});
}

std::string RandomEvents::garbage() {
  std::string garbled = line();
  for (std::uint32_t i = below(4); i > 0 && !garbled.empty(); --i) {
    const std::uint32_t at = below(static_cast<std::uint32_t>(garbled.size()));
    const auto byte = static_cast<char>(below(256));
    switch (below(4)) {
      case 0:
        garbled[at] = byte;
        break;
      case 1:
        garbled.erase(at, 1 + below(5));
        break;
      case 2:
        garbled.insert(at, 1, byte);
        break;
      default:
        garbled.resize(at);
    }
  }
  std::ranges::replace(garbled, '\n', ' ');
  return garbled;
}

std::string RandomEvents::event() {
  std::string out = "{";
  if (!chance(5)) out += R"("messageId":"m)" + std::to_string(below(12)) + "\",";
  if (!chance(10)) out += R"("userId":"u)" + std::to_string(below(3)) + "\",";
  out += R"("anonymousId":"a)" + std::to_string(below(3)) + "\",";
  out += R"("receivedAt":)" + instant(events_++) + ",";
  if (chance(30)) out += R"("sentAt":)" + instant(below(12)) + ",";
  if (chance(30)) out += R"("originalTimestamp":)" + instant(below(12)) + ",";
  if (chance(30)) out += R"("timestamp":)" + instant(below(12)) + ",";
  if (chance(5)) out += R"("integrations":{"Warehouses":{"all":false}},)";
  if (chance(40)) out += R"("context":)" + context() + ",";
  return out + call() + "}";
}

std::string RandomEvents::call() {
  switch (below(8)) {
    case 0:
      return R"("type":"identify","traits":)" + body();
    case 1:
      return R"("type":"group","groupId":"g)" + std::to_string(below(3)) + R"(","traits":)" +
             body();
    case 2:
      return R"("type":"page","name":"Home","properties":)" + body();
    case 3:
      return R"("type":"alias","previousId":"a1","traits":)" + body();
    default:
      return R"("type":"track","event":)" +
             one_of({R"("Order Completed")", R"("orderCompleted")", R"("Users")", R"("open")",
                     "\"\xF0\x9F\x98\x80\""}) +
             R"(,"properties":)" + body();
  }
}

// Unique ones are in the order of events; the caller shuffles those.
std::string RandomEvents::instant(std::uint32_t number) {
  const bool tie = times_ == Times::tie;
  const std::string digits =
      std::to_string(1'000'000 + (tie ? below(4) : number * 7'919 % 999'983));
  return "\"2024-03-01T10:00:00." + digits.substr(1) + "Z\"";
}

std::string RandomEvents::body() {
  std::string out = "{";
  for (std::uint32_t i = below(5); i > 0; --i)
    out += (out.size() > 1 ? "," : "") + member();
  return out + "}";
}

std::string RandomEvents::member() {
  const Key& key = keys[below(std::size(keys))];
  if (chance(10)) return std::string(key.text) + ":null";
  if (chance(10)) return R"("first":{"name":)" + value(text) + "}";
  return std::string(key.text) + ":" + value(key.kind);
}

std::string RandomEvents::value(std::uint32_t kind) {
  return one_of(values[kinds_ == Kinds::mixed && chance(20) ? below(kind_count) : kind]);
}

std::string RandomEvents::context() {
  return R"({"ip":"10.0.0.)" + std::to_string(below(9)) + R"(","os":{"build":)" + value(integer) +
         R"(},"traits":)" + body() + "}";
}

std::string to_bytes(const Lines& lines) {
  std::string bytes;
  for (const std::string& line : lines)
    bytes.append(line) += '\n';
  return bytes;
}

}  // namespace dray::property
