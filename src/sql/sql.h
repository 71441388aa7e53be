// SQL text that can only have been built here: identifiers and literals are quoted on the way in,
// so that an event called `"; drop table users; --` stays a name.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace dray {

// A statement. Made by SqlBuilder, or from text that a person typed (Sql::typed_by_user).
class Sql {
 public:
  const std::string& text() const { return text_; }

  // The same statement for a server that takes a backslash in a literal for an escape (Redshift):
  // doubled in what a builder quoted; what a person typed stays.
  Sql with_backslashes_escaped() const;

  bool is_typed() const { return is_typed_; }

  // The user's own statement, for `dray query` alone.
  static Sql typed_by_user(std::string text) {
    Sql sql(std::move(text));
    sql.is_typed_ = true;
    return sql;
  }

 private:
  friend class SqlBuilder;
  explicit Sql(std::string text) : text_(std::move(text)) {}
  std::string text_;
  bool is_typed_ = false;
};

// Appends from left to right: SqlBuilder("drop ")...; a character array is code, everything else is
// data and says which kind.
class SqlBuilder {
 public:
  SqlBuilder() = default;
  template <std::size_t N>
  explicit SqlBuilder(const char (&code)[N]) : text_(code, N - 1) {}

  template <std::size_t N>
  SqlBuilder& code(const char (&text)[N]) {
    text_.append(text, N - 1);
    return *this;
  }
  // Fragments that another builder made.
  SqlBuilder& sql(const Sql& other) {
    text_ += other.text();
    return *this;
  }
  // "name", with embedded quotes doubled.
  SqlBuilder& name(std::string_view identifier);
  // "schema"."table"
  SqlBuilder& table(std::string_view schema, std::string_view table);
  // 'text', with embedded quotes doubled. NUL cannot appear in SQL text and becomes U+FFFD.
  SqlBuilder& text(std::string_view value);
  // A word out of a list of the program's own.
  SqlBuilder& word(std::string_view known) {
    text_ += known;
    return *this;
  }
  SqlBuilder& number(std::int64_t value);
  SqlBuilder& number(std::uint64_t value);
  // 1, 2, 3
  SqlBuilder& numbers(std::span<const std::int64_t> values);
  // "a", "b", "c"
  SqlBuilder& names(std::span<const std::string> identifiers);

  std::size_t size() const { return text_.size(); }
  Sql done() && { return Sql(std::move(text_)); }

 private:
  std::string text_;
};

}  // namespace dray
