// One JSON text, indexed and fully checked, read in place.
//
// simdjson's first stage finds the structural characters and checks UTF-8 with the widest
// instructions the machine has, chosen at run time; one walk of ours over those positions then
// checks the grammar and links every container to its end. Afterwards the text is known to be valid
// JSON (RFC 8259), so that everything downstream reads it without checking, skips a container in
// one step, and sees numbers and strings as views of the raw text: no number passes through a
// double.
//
// Threads: one document belongs to one thread at a time. Lifetimes: values borrow the document and
// the text it was last given.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace dray {

enum class JsonKind : std::uint8_t { object, array, string, number, true_value, false_value, null };

enum class JsonError : std::uint8_t {
  none,
  empty,  // nothing but white space
  not_utf8,
  control_character,  // an unescaped control character inside a string
  unclosed_string,
  grammar,  // anything else that RFC 8259 does not allow
  too_deep,
  too_long,
};

std::string_view to_string(JsonError error);

// A reference to one value of a document: an index into its structural characters.
using JsonValue = std::uint32_t;

class JsonDocument {
 public:
  // Containers inside containers, the outermost counting as one. Segment's SDKs stay below 10; 128
  // leaves room and keeps recursion over a document shallow.
  static constexpr std::uint32_t depth_max = 128;
  // Positions are 32 bits and two of them are flags.
  static constexpr std::size_t text_bytes_max = (1U << 30) - 128;

  JsonDocument();
  ~JsonDocument();
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  // Indexes and checks `text`; on any error but `none` the document has no values. The text may be
  // followed by anything; nothing behind it is relied on.
  JsonError parse(std::string_view text);

  // The byte at which parse() failed on grammar, for messages.
  std::size_t error_offset() const { return error_offset_; }

  JsonValue root() const { return 0; }

  JsonKind kind(JsonValue value) const {
    switch (text_[positions_[value]]) {
      case '{':
        return JsonKind::object;
      case '[':
        return JsonKind::array;
      case '"':
        return JsonKind::string;
      case 't':
        return JsonKind::true_value;
      case 'f':
        return JsonKind::false_value;
      case 'n':
        return JsonKind::null;
      default:
        return JsonKind::number;
    }
  }

  // The first byte of the value, which tells its kind.
  char first_byte(JsonValue value) const { return text_[positions_[value]]; }

  // Between the quotes, escapes not yet resolved.
  std::string_view raw_string(JsonValue value) const {
    const std::uint32_t begin = positions_[value] + 1;
    return text_.substr(begin, (ends_[value] & end_mask) - begin);
  }
  bool has_escapes(JsonValue value) const { return (ends_[value] & flag) != 0; }

  // The number exactly as written.
  std::string_view number(JsonValue value) const {
    const std::uint32_t begin = positions_[value];
    return text_.substr(begin, (ends_[value] & end_mask) - begin);
  }
  // Written without fraction and exponent.
  bool is_integer(JsonValue value) const { return (ends_[value] & flag) != 0; }

  // The value's text, a container's with its brackets.
  std::string_view raw(JsonValue value) const;

  // Members of an object: for (JsonValue key = first(object); !at_end(key); key = after(key + 2))
  // with the value at key + 2. Elements of an array: for (JsonValue e = first(array); !at_end(e);
  // e = after(e)).
  JsonValue first(JsonValue container) const { return container + 1; }
  bool at_end(JsonValue value) const {
    const char c = text_[positions_[value]];
    return c == '}' || c == ']';
  }
  // The next member or element behind `value`, or the container's end.
  JsonValue after(JsonValue value) const {
    const char c = text_[positions_[value]];
    const JsonValue next = (c == '{' || c == '[') ? ends_[value] + 1 : value + 1;
    return text_[positions_[next]] == ',' ? next + 1 : next;
  }

  std::string_view text() const { return text_; }

 private:
  struct Indexer;
  static constexpr std::uint32_t flag = 1U << 31;
  static constexpr std::uint32_t end_mask = flag - 1;

  bool check();
  bool check_string(std::uint32_t index, bool text_has_backslash);
  bool check_scalar(std::uint32_t index);
  std::uint32_t token_end(std::uint32_t index) const;

  std::unique_ptr<Indexer> indexer_;
  std::string_view text_;
  const std::uint32_t* positions_ = nullptr;  // the indexer's; count_ of them and the text's end
  std::uint32_t count_ = 0;
  // For containers the index of their end; for scalars the byte behind them (behind the last
  // character, for strings the closing quote) and a flag.
  std::unique_ptr<std::uint32_t[]> ends_;
  std::size_t capacity_ = 0;
  std::size_t error_offset_ = 0;
  JsonError error_ = JsonError::none;
};

// Whether unescape() had to put U+FFFD somewhere: for \u0000, which no warehouse stores, and for a
// surrogate without its other half, which UTF-8 cannot.
enum class Replaced : bool { no, yes };

// Appends the characters that the escapes in `raw` (valid JSON string content) stand for.
Replaced unescape_json(std::string_view raw, std::string& out);

}  // namespace dray
