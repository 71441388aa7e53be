#include "sql/statement.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "base/code_point.h"
#include "base/text.h"

namespace dray {
namespace {

constexpr std::array rows_words = std::to_array<std::string_view>(
    {"select", "with", "values", "table", "from", "summarize", "pivot", "unpivot", "("});
constexpr std::array other_words =
    std::to_array<std::string_view>({"show", "describe", "desc", "explain"});
// What DuckDB alone has.
constexpr std::array duckdb_words =
    std::to_array<std::string_view>({"from", "summarize", "pivot", "unpivot", "describe", "desc"});

bool among(std::span<const std::string_view> words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

bool begins_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool in_word(char c) { return begins_word(c) || is_digit(c) || c == '$'; }

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// A word in lower case, or one character; literals and quoted names are a quote.
struct Token {
  std::string text;
  std::size_t begin = 0;
  std::size_t end = 0;
};

class Tokens {
 public:
  Tokens(std::string_view text, SqlDialect dialect) : text_(text), dialect_(dialect) {}

  // False at the end.
  bool next(Token& token) {
    skip_blanks();
    if (at_ >= text_.size()) return false;
    token.begin = at_;
    const char c = text_[at_];
    if (begins_word(c)) {
      while (at_ < text_.size() && in_word(text_[at_]))
        ++at_;
      token.text = lower_case(text_.substr(token.begin, at_ - token.begin));
      const bool escapes = token.text == "e" && at_ < text_.size() && text_[at_] == '\'';
      if (escapes) skip_quoted('\'', true);
    } else if (c == '\'' || c == '"') {
      skip_quoted(c, c == '\'' && dialect_ == SqlDialect::redshift);
      token.text = c;
    } else if (c == '$' && skip_dollar_quoted()) {
      token.text = "'";
    } else {
      ++at_;
      token.text = c;
    }
    token.end = at_;
    return true;
  }

 private:
  bool starts(std::string_view with) const { return text_.substr(at_).starts_with(with); }

  void skip_blanks() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == ' ' || (c >= '\t' && c <= '\r')) {
        ++at_;
      } else if (starts("--")) {
        at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
      } else if (starts("/*")) {
        skip_comment();
      } else {
        return;
      }
    }
  }

  // They nest.
  void skip_comment() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      if (starts("/*")) {
        ++depth;
        at_ += 2;
      } else if (starts("*/")) {
        at_ += 2;
        if (--depth == 0) return;
      } else {
        ++at_;
      }
    }
  }

  // A doubled quote is one that ends and begins anew, which comes to the same.
  void skip_quoted(char quote, bool with_backslashes) {
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (with_backslashes && text_[at_] == '\\') ++at_;
    }
    at_ = std::min(at_ + 1, text_.size());
  }

  // $$...$$ or $tag$...$tag$.
  bool skip_dollar_quoted() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && in_word(text_[end]) && text_[end] != '$')
      ++end;
    if (end >= text_.size() || text_[end] != '$' || is_digit(text_[at_ + 1])) return false;
    const std::string_view tag = text_.substr(at_, end + 1 - at_);
    const std::size_t close = text_.find(tag, end + 1);
    at_ = close == std::string_view::npos ? text_.size() : close + tag.size();
    return true;
  }

  const std::string_view text_;
  const SqlDialect dialect_;
  std::size_t at_ = 0;
};

Error refused(std::string_view what, std::string_view remedy) {
  return config_error(std::string(what), std::string(remedy));
}

bool is_allowed(const std::string& word, SqlDialect dialect) {
  if (dialect != SqlDialect::duckdb && among(duckdb_words, word)) return false;
  return among(rows_words, word) || among(other_words, word);
}

Result<void> check_first(const std::string& word, SqlDialect dialect) {
  if (is_allowed(word, dialect)) return {};
  return refused("dray query only reads: the statement begins with none of the words that do",
                 dialect == SqlDialect::duckdb
                     ? "select, with, values, table, from, show, describe, summarize or explain"
                     : "select, with, values, table, show or explain");
}

// What stands between `explain` and the statement it is about: that is run by `analyze`.
Result<void> check_explain(std::span<const Token> rest, SqlDialect dialect) {
  std::size_t at = 0;
  const auto word = [&] { return at < rest.size() ? std::string_view(rest[at].text) : ""; };
  const auto runs_it = [&] { return word() == "analyze" || word() == "analyse"; };
  const Error runs = refused("dray query only reads: explain analyze runs the statement",
                             "explain without analyze");
  while (word() == "verbose" || runs_it()) {
    if (runs_it()) return runs;
    ++at;
  }
  // Options. A query in brackets is none, and begins with a word that reads.
  const bool has_options =
      word() == "(" && at + 1 < rest.size() && !is_allowed(rest[at + 1].text, dialect);
  if (has_options) {
    for (; at < rest.size() && word() != ")"; ++at) {
      if (runs_it()) return runs;
    }
    ++at;
  }
  if (at >= rest.size()) return {};  // the engine has a better word for it
  return check_first(rest[at].text, dialect);
}

// DuckDB's log may go to a file, whatever else is locked; and it ends the process when it cannot.
constexpr std::string_view duckdb_log = "enable_logging";

}  // namespace

Result<ReadStatement> read_statement(std::string_view text, SqlDialect dialect) {
  if (text.find('\0') != std::string_view::npos) {
    return config_error("the statement has a NUL character");
  }
  std::vector<Token> tokens;
  Tokens reader(text, dialect);
  bool has_ended = false;
  for (Token token; reader.next(token);) {
    if (token.text == ";") {
      has_ended = has_ended || !tokens.empty();
    } else if (has_ended) {
      return refused("there is more than one statement", "one at a time");
    } else {
      tokens.push_back(token);
    }
  }
  if (tokens.empty()) return refused("the statement is empty", "dray query 'select 1'");
  const std::string& first = tokens.front().text;
  DRAY_TRY(check_first(first, dialect));
  if (first == "explain") DRAY_TRY(check_explain(std::span(tokens).subspan(1), dialect));
  const bool has_into = std::ranges::find(tokens, "into", &Token::text) != tokens.end();
  if (has_into && dialect != SqlDialect::duckdb) {
    return refused("dray query only reads: into makes a table", "the select without into");
  }
  const bool has_log = lower_case(text).find(duckdb_log) != std::string::npos;
  if (has_log && dialect == SqlDialect::duckdb) {
    return refused("dray query only reads: a log is a file", "the statement without its function");
  }
  ReadStatement statement;
  statement.kind =
      among(other_words, first) ? ReadStatement::Kind::other : ReadStatement::Kind::rows;
  statement.begin = tokens.front().begin;
  statement.body = text.substr(statement.begin, tokens.back().end - statement.begin);
  return statement;
}

std::string pointed_at(std::string_view text, std::size_t character) {
  constexpr std::size_t shown_max = 72;
  if (character == 0) return "";
  std::size_t line = 1;
  std::size_t line_begin = 0;
  std::size_t at = 0;
  for (std::size_t count = 1; count < character; ++count) {
    if (at >= text.size()) return "";
    const std::size_t bytes = next_code_point(text.substr(at)).bytes;
    if (text[at] == '\n') {
      ++line;
      line_begin = at + 1;
    }
    at += bytes;
  }
  const std::size_t line_end = std::min(text.find('\n', at), text.size());
  // Only what stands around the place is shown of a long line.
  const std::size_t begin = at - line_begin > shown_max / 2 ? at - shown_max / 2 : line_begin;
  std::string shown(text.substr(begin, std::min(line_end - begin, shown_max)));
  std::ranges::replace_if(
      shown, [](char c) { return c == '\t' || c == '\r'; }, ' ');
  const std::string head =
      "LINE " + std::to_string(line) + ": " + (begin > line_begin ? "..." : "");
  const std::size_t before = head.size() + display_width(text.substr(begin, at - begin));
  return head + shown + "\n" + std::string(before, ' ') + "^";
}

}  // namespace dray
