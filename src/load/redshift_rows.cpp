#include "load/redshift_rows.h"

#include <utility>

#include "base/hash.h"
#include "base/numbers.h"
#include "base/time.h"
#include "base/utf8.h"
#include "stage/csv.h"

namespace dray {
namespace {

// Redshift compiles an INSERT of literals on its leader and sends them row by row to its slices.
// Beyond a few hundred kilobytes a file and a COPY are quicker.
constexpr std::size_t literals_bytes_max = 256U << 10;
constexpr std::size_t file_bytes = 8U << 20;

// Which no text is, for nobody can foresee it.
std::string new_null_text() {
  return "null-" + sha256_hex(std::to_string(random_seed())).substr(0, 16);
}

}  // namespace

RedshiftRows::RedshiftRows(StagingArea* area, std::string folder, std::vector<std::uint32_t> widths)
    : area_(area),
      folder_(std::move(folder)),
      widths_(std::move(widths)),
      null_text_(new_null_text()) {}

Result<void> RedshiftRows::add(const std::vector<PlainValue>& row) {
  ++count_;
  if (!in_files_) add_literals(row);
  if (area_ == nullptr) return {};
  add_csv(row);
  if (csv_.size() >= literals_bytes_max) in_files_ = true;
  return csv_.size() < file_bytes ? Result<void>() : end_file();
}

std::optional<Sql> RedshiftRows::take_literals() {
  if (area_ != nullptr || literals_.size() < literals_bytes_max) return std::nullopt;
  return take_last_literals();
}

std::optional<Sql> RedshiftRows::take_last_literals() {
  if (in_files_ || literal_rows_ == 0) return std::nullopt;
  literal_rows_ = 0;
  return std::exchange(literals_, SqlBuilder()).done();
}

std::string_view RedshiftRows::that_fits(std::size_t column, std::string_view text) const {
  return column < widths_.size() && widths_[column] > 0 ? cut_utf8(text, widths_[column]) : text;
}

void RedshiftRows::add_literals(const std::vector<PlainValue>& row) {
  literals_.word(literal_rows_++ == 0 ? "(" : ", (");
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) literals_.code(", ");
    const PlainValue& value = row[i];
    if (const auto* truth = std::get_if<bool>(&value)) {
      literals_.word(*truth ? "true" : "false");
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      literals_.number(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      literals_.text(double_text(*real));
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      literals_.text(that_fits(i, *text));
    } else if (const auto* time = std::get_if<Timestamp>(&value)) {
      literals_.text(format_timestamp(to_micros(*time)));
    } else {
      literals_.code("null");
    }
  }
  literals_.code(")");
}

void RedshiftRows::add_csv(const std::vector<PlainValue>& row) {
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (i > 0) csv_ += ',';
    const PlainValue& value = row[i];
    if (const auto* truth = std::get_if<bool>(&value)) {
      csv_ += *truth ? 't' : 'f';
    } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
      csv_ += std::to_string(*number);
    } else if (const auto* real = std::get_if<double>(&value)) {
      csv_ += double_text(*real);
    } else if (const auto* text = std::get_if<std::string_view>(&value)) {
      const std::string_view fits = that_fits(i, *text);
      const std::size_t before = csv_.size();
      csv_.resize(before + csv_text_bytes_max(fits.size()));
      const char* const end = put_csv_text(fits, csv_.data() + before);
      csv_.resize(static_cast<std::size_t>(end - csv_.data()));
    } else if (const auto* time = std::get_if<Timestamp>(&value)) {
      csv_ += format_timestamp(to_micros(*time));
    } else {
      csv_ += null_text_;
    }
  }
  csv_ += '\n';
}

Result<void> RedshiftRows::end_file() {
  DRAY_ASSIGN(StagingArea::PlainFile file, area_->write_file(folder_, files_.size() + 1, csv_));
  files_.push_back(std::move(file));
  csv_.clear();
  return {};
}

Result<std::string> RedshiftRows::end() {
  if (!csv_.empty()) DRAY_TRY(end_file());
  return area_->write_manifest(folder_, files_);
}

}  // namespace dray
