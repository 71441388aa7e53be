#include "cli/query_output.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/json_writer.h"
#include "cli/format.h"
#include "cli/table.h"

namespace dray {
namespace {

std::size_t digits_at(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of("0123456789", at);
  return std::min(end, text.size()) - std::min(at, text.size());
}

// The grammar of RFC 8259, section 6.
bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_at(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_at(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = digits_at(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

std::string csv_field(std::string_view text) {
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string_view::npos) {
    return std::string(text);
  }
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

// Whoever read it has gone, or the disk is full: nobody needs the rest.
Result<void> written(const std::ostream& out) {
  if (out) return {};
  return internal_error("the output cannot be written");
}

class TextOutput final : public QueryOutput {
 public:
  TextOutput(std::ostream& out, std::size_t columns_max) : out_(out), columns_max_(columns_max) {}

  Result<void> columns(std::span<const ResultColumn> columns) override {
    std::vector<TableColumn> titles;
    for (const ResultColumn& column : columns) {
      titles.push_back(
          {column.name, column.kind == ValueKind::number ? Align::right : Align::left});
    }
    table_ = std::make_unique<TableStream>(std::move(titles), columns_max_);
    return {};
  }

  Result<void> row(ResultRow values) override {
    std::vector<std::string> cells;
    for (const auto& value : values)
      cells.emplace_back(value.value_or("NULL"));
    out_ << table_->add(cells);
    ++rows_;
    return written(out_);
  }

  void finish() override {
    if (table_) out_ << table_->rest();
    out_ << "(" << counted(rows_, "row") << ")\n";
  }

 private:
  std::ostream& out_;
  const std::size_t columns_max_;
  std::unique_ptr<TableStream> table_;
  std::uint64_t rows_ = 0;
};

class JsonOutput final : public QueryOutput {
 public:
  explicit JsonOutput(std::ostream& out) : out_(out) {}

  Result<void> columns(std::span<const ResultColumn> columns) override {
    JsonWriter json;
    json.begin_array();
    for (const ResultColumn& column : columns) {
      kinds_.push_back(column.kind);
      json.begin_object().field("name", column.name).field("type", column.type).end_object();
    }
    out_ << "{\"columns\":" << std::move(json.end_array()).done() << ",\"rows\":[";
    return written(out_);
  }

  Result<void> row(ResultRow values) override {
    JsonWriter json;
    json.begin_array();
    for (std::size_t i = 0; i < values.size(); ++i)
      write_cell(json, kinds_[i], values[i]);
    out_ << (is_first_ ? "" : ",") << std::move(json.end_array()).done();
    is_first_ = false;
    return written(out_);
  }

  void finish() override { out_ << "]}\n"; }

 private:
  static void write_cell(JsonWriter& json, ValueKind kind,
                         const std::optional<std::string_view>& value) {
    if (!value) {
      json.null();
    } else if ((kind == ValueKind::number && is_json_number(*value)) ||
               (kind == ValueKind::boolean && (*value == "true" || *value == "false"))) {
      json.verbatim(*value);
    } else {
      json.value(*value);
    }
  }

  std::ostream& out_;
  std::vector<ValueKind> kinds_;
  bool is_first_ = true;
};

class CsvOutput final : public QueryOutput {
 public:
  CsvOutput(std::ostream& out, LineEnd line_end)
      : out_(out), line_end_(line_end == LineEnd::crlf ? "\r\n" : "\n") {}

  Result<void> columns(std::span<const ResultColumn> columns) override {
    std::vector<std::optional<std::string_view>> names;
    for (const ResultColumn& column : columns)
      names.emplace_back(column.name);
    return row(names);
  }

  Result<void> row(ResultRow values) override {
    std::string line;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) line += ',';
      if (values[i]) line += csv_field(*values[i]);
    }
    out_ << line << line_end_;
    return written(out_);
  }

  void finish() override {}

 private:
  std::ostream& out_;
  const char* line_end_;
};

}  // namespace

std::unique_ptr<QueryOutput> query_text(std::ostream& out, std::size_t columns_max) {
  return std::make_unique<TextOutput>(out, columns_max);
}

std::unique_ptr<QueryOutput> query_json(std::ostream& out) {
  return std::make_unique<JsonOutput>(out);
}

std::unique_ptr<QueryOutput> query_csv(std::ostream& out, LineEnd line_end) {
  return std::make_unique<CsvOutput>(out, line_end);
}

}  // namespace dray
