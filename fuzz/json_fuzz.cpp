// Whatever the bytes: the document's verdict is that of a slow checker of RFC 8259, and what it
// takes is read back whole: canonical text is JSON again, a fixed point, and as long as its bounds
// allow.
//
// Input: the text.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/json.h"
#include "base/json_text.h"
#include "base/result.h"
#include "base/utf8.h"

namespace {

using dray::JsonDocument;
using dray::JsonError;
using dray::JsonKind;
using dray::JsonValue;

// One function per production. The text is UTF-8.
class SlowChecker {
 public:
  explicit SlowChecker(std::string_view text) : text_(text) {}
  bool is_json() { return (blanks(), value(0)) && (blanks(), text_.empty()); }
  bool is_too_deep() const { return is_too_deep_; }

 private:
  bool take(std::string_view word) {
    if (text_.substr(0, word.size()) != word) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool take_one_of(std::string_view set) {
    if (text_.empty() || set.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  bool take_some_of(std::string_view set) {
    const std::size_t before = text_.size();
    while (take_one_of(set)) {
    }
    return text_.size() < before;
  }
  void blanks() { take_some_of(" \t\r\n"); }
  bool number() {
    take("-");
    if (!take("0") && !take_some_of("0123456789")) return false;  // behind "0" no digit is taken
    if (take(".") && !take_some_of("0123456789")) return false;
    if (!take_one_of("eE")) return true;
    take_one_of("+-");
    return take_some_of("0123456789");
  }
  bool string() {
    if (!take("\"")) return false;
    while (!text_.empty()) {
      if (take("\"")) return true;
      if (static_cast<unsigned char>(text_.front()) < 0x20) return false;
      if (!take("\\")) {
        text_.remove_prefix(1);
      } else if (take("u")) {
        for (int i = 0; i < 4; ++i) {
          if (!take_one_of("0123456789abcdefABCDEF")) return false;
        }
      } else if (!take_one_of("\"\\/bfnrt")) {
        return false;
      }
    }
    return false;
  }
  bool container(bool is_object, std::uint32_t depth) {
    if (depth > JsonDocument::depth_max) {
      is_too_deep_ = true;
      return false;
    }
    const std::string_view end = is_object ? "}" : "]";
    blanks();
    if (take(end)) return true;
    do {
      blanks();
      if (is_object && !(string() && (blanks(), take(":")) && (blanks(), true))) return false;
      if (!value(depth)) return false;
      blanks();
    } while (take(","));
    return take(end);
  }
  bool value(std::uint32_t depth) {
    if (take("{")) return container(true, depth + 1);
    if (take("[")) return container(false, depth + 1);
    if (text_.substr(0, 1) == "\"") return string();
    return take("true") || take("false") || take("null") || number();
  }

  std::string_view text_;
  bool is_too_deep_ = false;
};

// to_valid_utf8() replaces NUL too, which is no JSON anyway but between values a grammar error.
bool is_utf8(std::string_view text) {
  std::string without_nul(text);
  for (char& c : without_nul) {
    if (c == '\0') c = ' ';
  }
  return dray::to_valid_utf8(without_nul) == without_nul;
}

void read_all(const JsonDocument& document, JsonValue value, dray::Arena& arena) {
  const std::string_view text = document.text();
  const std::string_view raw = document.raw(value);
  DRAY_ASSERT(raw.data() >= text.data() && raw.data() + raw.size() <= text.data() + text.size());
  dray::Replaced replaced = dray::Replaced::no;
  switch (document.kind(value)) {
    case JsonKind::object:
      for (JsonValue key = document.first(value); !document.at_end(key);
           key = document.after(key + 2)) {
        DRAY_ASSERT(document.kind(key) == JsonKind::string);
        read_all(document, key, arena);
        read_all(document, key + 2, arena);
      }
      break;
    case JsonKind::array:
      for (JsonValue e = document.first(value); !document.at_end(e); e = document.after(e)) {
        read_all(document, e, arena);
      }
      break;
    case JsonKind::string: {
      DRAY_ASSERT(document.raw_string(value).size() + 2 == raw.size());
      const std::string_view characters = dray::string_text(document, value, arena, replaced);
      DRAY_ASSERT(characters.size() <= raw.size());
      DRAY_ASSERT(dray::to_valid_utf8(characters) == characters);
      break;
    }
    case JsonKind::number:
      DRAY_ASSERT(document.number(value) == raw);
      DRAY_ASSERT(document.is_integer(value) ==
                  (raw.find_first_of(".eE") == std::string_view::npos));
      break;
    default:
      break;
  }
}

std::string canonical(const JsonDocument& document) {
  std::string out;
  dray::Replaced replaced = dray::Replaced::no;
  dray::append_canonical(document, document.root(), out, replaced);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static JsonDocument document;
  const JsonError error = document.parse(text);
  if (!is_utf8(text)) {
    DRAY_ASSERT(error != JsonError::none);
    return 0;
  }
  SlowChecker checker(text);
  DRAY_ASSERT((error == JsonError::none) == checker.is_json());
  if (error != JsonError::none) {
    DRAY_ASSERT(error != JsonError::not_utf8);
    DRAY_ASSERT(document.error_offset() <= text.size());
    DRAY_ASSERT(!checker.is_too_deep() || error == JsonError::too_deep ||
                error == JsonError::control_character || error == JsonError::unclosed_string);
    return 0;
  }
  dray::Arena arena;
  read_all(document, document.root(), arena);
  const std::string once = canonical(document);
  DRAY_ASSERT(once.size() <= text.size() * 6);
  JsonDocument again;
  DRAY_ASSERT(again.parse(once) == JsonError::none);
  DRAY_ASSERT(canonical(again) == once);
  return 0;
}
