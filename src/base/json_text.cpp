#include "base/json_text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace dray {
namespace {

// Bytes that cannot stand as they are in canonical text; E2 may begin U+2028 or U+2029.
constexpr std::array<bool, 256> make_special() {
  std::array<bool, 256> special{};
  for (unsigned c = 0; c < 0x20; ++c)
    special[c] = true;
  for (const char c : {'"', '\\', '<', '>', '&'})
    special[static_cast<unsigned char>(c)] = true;
  special[0xE2] = true;
  return special;
}
constexpr auto special_bytes = make_special();

void append_unicode_escape(unsigned code_unit, std::string& out) {
  constexpr char hex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4)
    out += hex[(code_unit >> shift) & 15];
}

void append_special(std::string_view text, std::size_t& at, std::string& out) {
  const char c = text[at];
  constexpr std::string_view short_from = "\"\\\b\f\n\r\t";
  constexpr std::string_view short_to = "\"\\bfnrt";
  if (const std::size_t i = short_from.find(c); i != std::string_view::npos) {
    out += '\\';
    out += short_to[i];
  } else if (static_cast<unsigned char>(c) != 0xE2) {
    append_unicode_escape(static_cast<unsigned char>(c), out);
  } else if (text.substr(at, 3) == "\xE2\x80\xA8" || text.substr(at, 3) == "\xE2\x80\xA9") {
    append_unicode_escape(text[at + 2] == '\xA8' ? 0x2028 : 0x2029, out);
    at += 2;
  } else {
    out += c;
  }
}

void append_string(std::string_view text, std::string& out) {
  out += '"';
  std::size_t begin = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (!special_bytes[static_cast<unsigned char>(text[at])]) continue;
    out.append(text, begin, at - begin);
    append_special(text, at, out);
    begin = at + 1;
  }
  out.append(text, begin, text.size() - begin);
  out += '"';
}

void append_string_value(const JsonDocument& document, JsonValue value, std::string& out,
                         Replaced& replaced) {
  if (!document.has_escapes(value)) {
    append_string(document.raw_string(value), out);
    return;
  }
  std::string text;
  if (unescape_json(document.raw_string(value), text) == Replaced::yes) replaced = Replaced::yes;
  append_string(text, out);
}

struct Member {
  std::string key;
  JsonValue value = 0;
};

// The members by key; the last of those that share one.
std::vector<Member> sorted_members(const JsonDocument& document, JsonValue object,
                                   Replaced& replaced) {
  std::vector<Member> members;
  for (JsonValue key = document.first(object); !document.at_end(key);
       key = document.after(key + 2)) {
    Member member{{}, key + 2};
    if (unescape_json(document.raw_string(key), member.key) == Replaced::yes) {
      replaced = Replaced::yes;
    }
    members.push_back(std::move(member));
  }
  std::ranges::stable_sort(members, {}, &Member::key);
  std::vector<Member> unique;
  for (Member& member : members) {
    if (!unique.empty() && unique.back().key == member.key) unique.pop_back();
    unique.push_back(std::move(member));
  }
  return unique;
}

void append_object(const JsonDocument& document, JsonValue value, std::string& out,
                   Replaced& replaced) {
  out += '{';
  bool first = true;
  for (const Member& member : sorted_members(document, value, replaced)) {
    if (!first) out += ',';
    first = false;
    append_string(member.key, out);
    out += ':';
    append_canonical(document, member.value, out, replaced);
  }
  out += '}';
}

void append_array(const JsonDocument& document, JsonValue value, std::string& out,
                  Replaced& replaced) {
  out += '[';
  bool first = true;
  for (JsonValue element = document.first(value); !document.at_end(element);
       element = document.after(element)) {
    if (!first) out += ',';
    first = false;
    append_canonical(document, element, out, replaced);
  }
  out += ']';
}

}  // namespace

std::string_view string_text(const JsonDocument& document, JsonValue value, Arena& arena,
                             Replaced& replaced) {
  const std::string_view raw = document.raw_string(value);
  if (!document.has_escapes(value)) return raw;
  std::string text;
  text.reserve(raw.size());
  if (unescape_json(raw, text) == Replaced::yes) replaced = Replaced::yes;
  return arena.keep(text);
}

void append_canonical(const JsonDocument& document, JsonValue value, std::string& out,
                      Replaced& replaced) {
  switch (document.kind(value)) {
    case JsonKind::object:
      return append_object(document, value, out, replaced);
    case JsonKind::array:
      return append_array(document, value, out, replaced);
    case JsonKind::string:
      return append_string_value(document, value, out, replaced);
    case JsonKind::number:
      out += document.number(value);
      return;
    case JsonKind::true_value:
      out += "true";
      return;
    case JsonKind::false_value:
      out += "false";
      return;
    case JsonKind::null:
      out += "null";
      return;
  }
}

}  // namespace dray
