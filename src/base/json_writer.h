// Builds one JSON text from left to right. Commas and colons come by themselves; calling it in an
// order that is no JSON (a value without a key inside an object, an end too many) is a bug.
//
// Strings may hold any bytes: what is not UTF-8 becomes U+FFFD, so that the text is always JSON.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace dray {

// Appends `text` as a JSON string, quotes included.
void append_json_string(std::string& out, std::string_view text);

class JsonWriter {
 public:
  // `indent` spaces per level; 0 writes everything on one line.
  explicit JsonWriter(std::size_t indent = 0) : indent_(indent) {}

  JsonWriter& begin_object() { return begin('{'); }
  JsonWriter& end_object() { return end('{', '}'); }
  JsonWriter& begin_array() { return begin('['); }
  JsonWriter& end_array() { return end('[', ']'); }

  JsonWriter& key(std::string_view name);

  JsonWriter& value(std::string_view text);
  JsonWriter& value(const char* text) { return value(std::string_view(text)); }
  JsonWriter& value(const std::string& text) { return value(std::string_view(text)); }
  JsonWriter& value(bool truth) { return verbatim(truth ? "true" : "false"); }
  JsonWriter& value(double number);  // null when it is not finite: JSON has no word for it
  JsonWriter& value(std::uint64_t number) { return verbatim(std::to_string(number)); }
  JsonWriter& value(std::int64_t number) { return verbatim(std::to_string(number)); }
  JsonWriter& value(int number) { return verbatim(std::to_string(number)); }
  JsonWriter& null() { return verbatim("null"); }
  // Text that already is JSON, such as a number that must keep its digits.
  JsonWriter& verbatim(std::string_view json);

  template <typename T>
  JsonWriter& field(std::string_view name, const T& content) {
    return key(name).value(content);
  }
  // null when there is none.
  template <typename T>
  JsonWriter& field(std::string_view name, const std::optional<T>& content) {
    key(name);
    return content ? value(*content) : null();
  }

  // The finished text; everything that was begun has to be ended.
  std::string done() &&;

 private:
  JsonWriter& begin(char bracket);
  JsonWriter& end(char opening, char closing);
  void before_value();
  void new_line();

  std::string text_;
  std::size_t indent_;
  std::vector<char> open_;  // the opening brackets around the cursor
  bool empty_ = true;       // nothing yet in the innermost container
  bool after_key_ = false;
};

}  // namespace dray
