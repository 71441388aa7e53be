#include "stage/parts.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "base/time.h"
#include "stage/csv.h"
#include "staged_rows.h"

namespace dray {
namespace {

struct Value {
  Slot slot = 0;
  CellKind kind = CellKind::text;
  std::string bytes;
};

Value micros(Slot slot, Micros value) {
  return {slot, CellKind::micros, {reinterpret_cast<const char*>(&value), sizeof value}};
}

LoadColumn column(std::string name, ColumnType type, Slot slot) {
  return {std::move(name), type, true, {}, {}, slot};
}

LoadColumn standard(StandardColumn which) {
  return {std::string(facts(which).name), facts(which).type, true, {}, which, 0};
}

std::string unzstd(std::string_view bytes) {
  // One frame, whose length it need not tell.
  std::string plain(8U << 20, '\0');
  const std::size_t frame = ZSTD_findFrameCompressedSize(bytes.data(), bytes.size());
  EXPECT_EQ(frame, bytes.size()) << "more than one frame";
  const std::size_t size = ZSTD_decompress(plain.data(), plain.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) {
    ADD_FAILURE() << ZSTD_getErrorName(size);
    return {};
  }
  plain.resize(size);
  return plain;
}

// RFC 4180, byte by byte, with nothing of ours in it.
std::vector<std::vector<std::string>> read_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> row;
  std::string field;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < text.size() && text[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      EXPECT_TRUE(field.empty()) << "a quote inside a field without quotes";
      quoted = true;
    } else if (c == ',' || c == '\n') {
      row.push_back(std::exchange(field, {}));
      if (c == '\n') rows.push_back(std::exchange(row, {}));
    } else {
      field += c;
    }
  }
  EXPECT_TRUE(row.empty() && field.empty() && !quoted) << "the last row is not ended";
  return rows;
}

class Parts : public testing::Test {
 protected:
  void add(const std::vector<Value>& values, RowKey key = {}) {
    key.line = ++line_;
    batch_.table = 1;
    batch_.keys.push_back(key);
    RecordWriter record(batch_.records);
    record.begin();
    for (const Value& value : values)
      record.cell(value.slot, value.kind, value.bytes);
    record.end();
  }

  // Hands what was added to the store as one block.
  void end_block() { ASSERT_TRUE(store_.add(std::exchange(batch_, {}))); }

  PartsWritten write(std::vector<LoadColumn> columns, PartOptions options = {},
                     const std::vector<std::uint64_t>& dropped = {}) {
    PartWriter writer(std::move(options));
    return write(writer, std::move(columns), dropped);
  }

  PartsWritten write(PartWriter& writer, std::vector<LoadColumn> columns,
                     const std::vector<std::uint64_t>& dropped = {}) {
    if (!batch_.keys.empty()) end_block();
    const auto view = store_.view({{1, "order_completed"}});
    for (const std::uint64_t row : dropped)
      view->drop(row);
    load_.columns = std::move(columns);
    load_.rows = view.get();
    load_.uuid_ts = *parse_timestamp("2026-11-23T01:02:03Z");
    load_.value_rejects = [this](const ValueReject& reject) {
      rejects_.push_back(std::to_string(reject.line) + " " + std::string(reject.column) + " " +
                         std::string(to_string(reject.reason)) + " " + std::string(reject.value));
    };
    parts_.clear();
    part_rows_.clear();
    const auto written =
        writer.write(load_, load_, [this](const FinishedPart& part) -> Result<void> {
          parts_.push_back(unzstd(part.bytes));
          part_rows_.push_back(part.rows);
          if (fail_at_part_ == parts_.size()) return config_error("the bucket is gone");
          return {};
        });
    failure_ = written ? std::string() : written.error().text();
    return written ? *written : PartsWritten{};
  }

  std::string text() const {
    std::string all;
    for (const std::string& part : parts_)
      all += part;
    return all;
  }

  BlockStore store_{store_options(64U << 20)};
  RowBatch batch_;
  RowsToLoad load_;
  std::uint32_t line_ = 0;
  std::vector<std::string> parts_;
  std::vector<std::uint64_t> part_rows_;
  std::vector<std::string> rejects_;
  std::string failure_;
  std::size_t fail_at_part_ = 0;
};

std::string csv_text(std::string_view text) {
  std::string out(csv_text_bytes_max(text.size()), '\0');
  out.resize(static_cast<std::size_t>(put_csv_text(text, out.data()) - out.data()));
  return out;
}

TEST(CsvText, StandsWithoutQuotesWhereItCan) {
  for (const char* text : {"a", "ab", "abc", "abcd", "abcdefg", "two words", "it's", "a\tb", "\\N",
                           "exactly sixteen.", "seventeen bytes..", "Überraschung – größer"}) {
    EXPECT_EQ(csv_text(text), text);
  }
}

TEST(CsvText, IsQuotedWhenEmptyOrBlankAtAnEnd) {
  EXPECT_EQ(csv_text(""), "\"\"");
  for (const std::string text : {" ", " a", "a ", "\ta", "a\t", "a\v", "  "})
    EXPECT_EQ(csv_text(text), '"' + text + '"');
}

// Steps of sixteen bytes, words that overlap: every byte of every length has to be looked at.
TEST(CsvText, FindsWhatNeedsQuotesAtEveryPlaceOfEveryLength) {
  for (std::size_t size = 1; size <= 70; ++size) {
    EXPECT_EQ(csv_text(std::string(size, 'x')), std::string(size, 'x'));
    for (std::size_t at = 0; at < size; ++at) {
      for (const char special : {'"', ',', '\n', '\r'}) {
        std::string text;
        for (std::size_t i = 0; i < size; ++i)
          text += static_cast<char>('a' + i % 26);
        text[at] = special;
        std::string expected = '"' + text + '"';
        if (special == '"') expected.insert(at + 1, 1, '"');
        EXPECT_EQ(csv_text(text), expected) << size << " " << at;
      }
    }
  }
}

TEST_F(Parts, WritesEachTypeAsCopyReadsIt) {
  add({{16, CellKind::boolean, "true"},
       {17, CellKind::integer, "-9223372036854775808"},
       {18, CellKind::real, "0.10"},
       {19, CellKind::time_text, "2026-11-23T10:00:00.250Z"},
       {20, CellKind::text, "plain"},
       micros(8, *parse_timestamp("2026-01-02T03:04:05.000006Z"))},
      {.uuid = 0xFFFFFFFFFFFFFFFF, .received_at = 0});
  write({standard(StandardColumn::received_at), standard(StandardColumn::uuid),
         standard(StandardColumn::uuid_ts), standard(StandardColumn::event),
         column("timestamp", ColumnType::timestamp, 8), column("flag", ColumnType::boolean, 16),
         column("n", ColumnType::bigint, 17), column("x", ColumnType::double_precision, 18),
         column("at", ColumnType::timestamp, 19), column("s", ColumnType::varchar, 20)});
  EXPECT_EQ(text(),
            "1970-01-01 00:00:00,-1,2026-11-23 01:02:03,order_completed,"
            "2026-01-02 03:04:05.000006,t,-9223372036854775808,0.10,2026-11-23 10:00:00.25,"
            "plain\n");
}

TEST_F(Parts, AbsentTextIsTheMarkerAndAbsentAnythingElseAnEmptyField) {
  add({});
  add({{16, CellKind::text, ""}, {18, CellKind::integer, "7"}});
  const std::vector<LoadColumn> columns = {
      column("a", ColumnType::varchar, 16),   column("b", ColumnType::varchar, 17),
      column("c", ColumnType::bigint, 18),    column("d", ColumnType::double_precision, 19),
      column("e", ColumnType::timestamp, 20), column("f", ColumnType::boolean, 21)};
  EXPECT_EQ(write(columns).null_text_values, 0U);
  EXPECT_EQ(text(), "\\N,\\N,,,,\n\"\",\\N,7,,,\n");
  PartOptions options;
  options.null_text = "@NULL@";
  write(columns, options);
  EXPECT_EQ(text(), "@NULL@,@NULL@,,,,\n\"\",@NULL@,7,,,\n");
}

TEST_F(Parts, CountsTextsThatWouldBecomeNull) {
  add({{16, CellKind::text, "\\N"}});
  add({{16, CellKind::text, "\\n"}});
  add({{16, CellKind::text, "\\N"}});
  const std::vector<LoadColumn> columns = {column("a", ColumnType::varchar, 16)};
  EXPECT_EQ(write(columns).null_text_values, 2U);
  EXPECT_EQ(text(), "\"\\N\"\n\\n\n\"\\N\"\n");
  PartOptions options;
  options.null_text = "\\NULL";
  EXPECT_EQ(write(columns, options).null_text_values, 0U);
  EXPECT_EQ(text(), "\\N\n\\n\n\\N\n");
}

TEST_F(Parts, TellsValuesThatDoNotFitAndLeavesThemNull) {
  add({{16, CellKind::text, "012"}, {17, CellKind::text, "x"}, {18, CellKind::real, "1.5"}});
  add({{16, CellKind::text, "12"}, {17, CellKind::text, "false"}, {18, CellKind::real, "1e3"}});
  write({column("x", ColumnType::double_precision, 16), column("b", ColumnType::boolean, 17),
         column("n", ColumnType::bigint, 18), column("t", ColumnType::timestamp, 19)});
  EXPECT_EQ(text(), ",,,\n12,f,1000,\n");
  EXPECT_EQ(rejects_, (std::vector<std::string>{"1 x does_not_fit 012", "1 b does_not_fit x",
                                                "1 n does_not_fit 1.5"}));
}

TEST_F(Parts, ARefusedColumnHasNoFieldAndItsValuesAreTold) {
  add({{16, CellKind::text, "kept"}, {17, CellKind::text, "told"}});
  add({{16, CellKind::text, "kept"}});
  LoadColumn refused = column("b", ColumnType::varchar, 17);
  refused.refused = RejectReason::too_many_columns;
  write({column("a", ColumnType::varchar, 16), refused, column("c", ColumnType::bigint, 18)});
  EXPECT_EQ(text(), "kept,\nkept,\n");
  EXPECT_EQ(rejects_, (std::vector<std::string>{"1 b too_many_columns told"}));
}

// The event is a row's as well, though its block has it.
TEST_F(Parts, AnEventThatDoesNotFitItsColumnIsToldLikeAnyOtherValue) {
  LoadColumn event = standard(StandardColumn::event);
  for (const ColumnType type : {ColumnType::boolean, ColumnType::bigint,
                                ColumnType::double_precision, ColumnType::timestamp}) {
    event.type = type;
    rejects_.clear();
    line_ = 0;
    add({{16, CellKind::integer, "1"}});
    write({event, column("n", ColumnType::bigint, 16)});
    EXPECT_EQ(text().substr(0, 3), ",1\n") << to_string(type);
    EXPECT_EQ(rejects_.at(0), "1 event does_not_fit order_completed") << to_string(type);
  }
  event.type = ColumnType::varchar;
  event.varchar_bytes = 9;
  rejects_.clear();
  write({event});
  EXPECT_EQ(text().substr(0, 10), "order_com\n");
  EXPECT_EQ(rejects_.at(0), "1 event too_long order_completed");
  event.refused = RejectReason::unknown_column_type;
  rejects_.clear();
  write({event, column("n", ColumnType::bigint, 16)});
  EXPECT_EQ(text().substr(0, 2), "1\n");
  EXPECT_EQ(rejects_.at(0), "1 event unknown_column_type order_completed");
}

TEST_F(Parts, TheHashOfAProfileIsThatOfItsIdAsTheColumnHoldsIt) {
  PartOptions options;
  options.origins = RowOrigins::add;
  const std::vector<std::int64_t> objects = {7};
  load_.object_numbers = &objects;
  load_.profile_id_column = "user_id";
  const auto user = static_cast<Slot>(StandardColumn::user_id);
  add({{user, CellKind::text, "1.0"}});
  add({{user, CellKind::text, "ana"}});
  write({column("user_id", ColumnType::bigint, user)}, options);
  EXPECT_EQ(text(),
            "1,0,7,1," + std::to_string(static_cast<std::int64_t>(xxh3("1"))) + "\n,1,7,2,\n");
  write({column("user_id", ColumnType::varchar, user)}, options);
  EXPECT_EQ(text(), "1.0,0,7,1," + std::to_string(static_cast<std::int64_t>(xxh3("1.0"))) +
                        "\nana,1,7,2," + std::to_string(static_cast<std::int64_t>(xxh3("ana"))) +
                        "\n");
}

TEST_F(Parts, ATimeIsCutToItsColumnLikeAnyText) {
  add({micros(8, 0)});
  LoadColumn narrow = column("timestamp", ColumnType::varchar, 8);
  narrow.varchar_bytes = 10;
  write({narrow});
  EXPECT_EQ(text(), "1970-01-01\n");
  EXPECT_EQ(rejects_, (std::vector<std::string>{"1 timestamp too_long 1970-01-01 00:00:00"}));
}

TEST_F(Parts, DoublesAreTheTextOfTheEventAndVanishingOnesZero) {
  for (const char* number : {"1.50", "-0.0", "1e21", "1.7976931348623157e308", "4.9e-324", "1e-400",
                             "123456789012345678901234567890.5"}) {
    add({{16, CellKind::real, number}});
  }
  add({{16, CellKind::integer, "9007199254740993"}});
  write({column("x", ColumnType::double_precision, 16)});
  EXPECT_EQ(text(),
            "1.50\n-0.0\n1e21\n1.7976931348623157e308\n4.9e-324\n0\n"
            "123456789012345678901234567890.5\n9007199254740993\n");
  EXPECT_TRUE(rejects_.empty());
  LoadColumn known = column("x", ColumnType::double_precision, 16);
  known.created = false;  // 2^53 + 1 is no double's
  write({known});
  EXPECT_EQ(rejects_, (std::vector<std::string>{"8 x does_not_fit 9007199254740993"}));
}

TEST_F(Parts, AVarcharTakesEveryKindAsItsText) {
  add({{16, CellKind::integer, "1"}});
  add({{16, CellKind::boolean, "true"}});
  add({{16, CellKind::huge, "1e400"}});
  add({{16, CellKind::time_text, "2026-11-23T10:00Z"}});
  add({micros(16, 0)});
  add({{16, CellKind::text, "[1,\"a\"]"}});
  write({column("a", ColumnType::varchar, 16)});
  EXPECT_EQ(text(), "1\ntrue\n1e400\n2026-11-23T10:00Z\n1970-01-01 00:00:00\n\"[1,\"\"a\"\"]\"\n");
}

TEST_F(Parts, CellsOutOfOrderAndOfOtherTablesFindTheirFieldsAmongHundreds) {
  std::vector<LoadColumn> columns;
  for (Slot slot = 16; slot < 216; ++slot)
    columns.push_back(column("c", ColumnType::bigint, slot));
  add({{200, CellKind::integer, "3"},
       {4999, CellKind::integer, "9"},
       {16, CellKind::integer, "1"},
       {79, CellKind::integer, "2"},
       {215, CellKind::integer, "4"}});
  add({});
  write(columns);
  const auto rows = read_csv(text());
  ASSERT_EQ(rows.size(), 2U);
  std::vector<std::string> expected(200);
  EXPECT_EQ(rows[1], expected);
  expected[0] = "1";
  expected[63] = "2";
  expected[184] = "3";
  expected[199] = "4";
  EXPECT_EQ(rows[0], expected);
}

TEST_F(Parts, ReadsBackAsTheSameTexts) {
  const std::vector<std::string> pieces = {
      "\"", ",",     "\n",  "\r\n",          " ",
      "x",  "größe", "\\N", "{\"a\":[1,2]}", "Mozilla/5.0 (X11; Linux, like)"};
  std::uint64_t random = 12345;
  std::vector<std::vector<std::string>> expected;
  for (int row = 0; row < 2'000; ++row) {
    std::vector<Value> values;
    auto& fields = expected.emplace_back();
    for (Slot slot = 16; slot < 21; ++slot) {
      std::string text;
      random = random * 6364136223846793005U + 1442695040888963407U;
      for (std::uint64_t rest = random >> 33; rest != 0; rest /= 10)
        if (rest % 3 != 0) text += pieces[rest % 10];
      values.push_back({slot, CellKind::text, text});
      fields.push_back(text);
    }
    add(values);
    if (row % 300 == 0) ASSERT_NO_FATAL_FAILURE(end_block());
  }
  std::vector<LoadColumn> columns;
  for (Slot slot = 16; slot < 21; ++slot)
    columns.push_back(column("c", ColumnType::varchar, slot));
  const PartsWritten written = write(columns);
  EXPECT_EQ(read_csv(text()), expected);
  EXPECT_EQ(written.rows, 2'000U);
  EXPECT_EQ(written.bytes_plain, text().size());
}

TEST_F(Parts, DroppedRowsAreNotWritten) {
  for (int i = 0; i < 5; ++i)
    add({{16, CellKind::integer, std::to_string(i)}});
  const PartsWritten written = write({column("n", ColumnType::bigint, 16)}, {}, {0, 3});
  EXPECT_EQ(text(), "1\n2\n4\n");
  EXPECT_EQ(written.rows, 3U);
  EXPECT_EQ(part_rows_, (std::vector<std::uint64_t>{3}));
  EXPECT_EQ(write({column("n", ColumnType::bigint, 16)}, {}, {0, 1, 2, 3, 4}).parts, 0U);
  EXPECT_TRUE(parts_.empty());
}

// Text that zstd makes little of, in many blocks.
class LargeParts : public Parts {
 protected:
  static constexpr std::uint64_t rows = 40'000;
  static constexpr std::size_t text_bytes = 200;

  void SetUp() override {
    std::uint64_t random = 1;
    for (std::uint64_t row = 0; row < rows; ++row) {
      std::string text;
      while (text.size() < text_bytes) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        text += static_cast<char>('!' + 12 + (random >> 33) % 64);
      }
      add({{16, CellKind::text, text}});
      if (row % 997 == 0) ASSERT_NO_FATAL_FAILURE(end_block());
    }
  }

  std::vector<LoadColumn> columns() const { return {column("a", ColumnType::varchar, 16)}; }

  void expect_whole_rows(const PartsWritten& written) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < parts_.size(); ++i) {
      const auto in_part = read_csv(parts_[i]);
      EXPECT_EQ(in_part.size(), part_rows_[i]);
      sum += in_part.size();
    }
    EXPECT_EQ(sum, rows);
    EXPECT_EQ(written.rows, rows);
    EXPECT_EQ(written.parts, parts_.size());
  }
};

TEST_F(LargeParts, AreCutBetweenRowsWhenLargeEnough) {
  PartOptions options;
  options.part_bytes = 1U << 20;
  const PartsWritten written = write(columns(), options);
  expect_whole_rows(written);
  EXPECT_GE(parts_.size(), 5U);
  EXPECT_LE(parts_.size(), 8U);
}

TEST_F(LargeParts, AreAMultipleOfEqualPartsWhenAskedTo) {
  for (const unsigned multiple : {2U, 4U, 5U}) {
    PartOptions options;
    options.part_bytes = 4U << 20;
    options.parts_multiple = multiple;
    const PartsWritten written = write(columns(), options);
    expect_whole_rows(written);
    EXPECT_EQ(parts_.size() % multiple, 0U) << parts_.size();
    for (const std::uint64_t in_part : part_rows_) {
      EXPECT_LE(in_part, rows / parts_.size() + 1);
      EXPECT_GE(in_part, rows / parts_.size() - parts_.size());
    }
  }
}

TEST_F(Parts, ATextLongerThanItsColumnIsCutBetweenCharactersAndTold) {
  add({{40, CellKind::text, "abcdefg"}});
  add({{40, CellKind::text, "abcdefgh"}});
  add({{40, CellKind::text, "abcdef\xC3\xA4"}});
  add({{40, CellKind::text, "abcdefg\xC3\xA4"}});
  LoadColumn narrow = column("note", ColumnType::varchar, 40);
  narrow.varchar_bytes = 8;
  write({narrow});
  EXPECT_EQ(text(), "abcdefg\nabcdefgh\nabcdef\xC3\xA4\nabcdefg\n");
  EXPECT_EQ(rejects_, (std::vector<std::string>{"4 note too_long abcdefg\xC3\xA4"}));
}

TEST_F(Parts, ATextThatWouldMakeItsRowTooLongForCopyIsLeftOutAndTold) {
  std::vector<LoadColumn> columns = {
      column("id", ColumnType::varchar, static_cast<Slot>(StandardColumn::id))};
  std::vector<Value> row = {{static_cast<Slot>(StandardColumn::id), CellKind::text, "m1"}};
  std::vector<Value> of_bars = row;
  for (Slot slot = 40; slot < 120; ++slot) {
    columns.push_back(column("p" + std::to_string(slot), ColumnType::varchar, slot));
    row.push_back({slot, CellKind::text, std::string(65'000, 'x')});
    of_bars.push_back({slot, CellKind::text, std::string(65'000, '|')});
  }
  columns.push_back(column("n", ColumnType::bigint, 120));
  row.push_back({120, CellKind::integer, "7"});
  add(row);
  add(of_bars);
  const PartsWritten written = write(columns);
  EXPECT_EQ(written.rows, 2U);
  // 46 texts of 65,000 bytes are within 3,000,000, and 23 of them where each byte counts twice.
  EXPECT_EQ(rejects_.size(), (80U - 46U) + (80U - 23U));
  EXPECT_EQ(rejects_.front().substr(0, 19), "1 p86 row_too_wide ");
  const std::string first = text().substr(0, text().find('\n'));
  EXPECT_LT(first.size(), 3'100'000U);
  EXPECT_TRUE(first.ends_with(",\\N,\\N,7")) << first.substr(first.size() - 20);
}

TEST_F(Parts, PlacesFollowTheColumns) {
  const Slot user_id = static_cast<Slot>(StandardColumn::user_id);
  add({{40, CellKind::text, "a"}, {user_id, CellKind::text, "u1"}}, {.object = 1});
  add({{40, CellKind::text, "b"}}, {.object = 0});
  add({{40, CellKind::text, "c"}, {user_id, CellKind::text, "u1"}}, {.object = 1});
  const std::vector<std::int64_t> numbers = {17, 18};
  load_.object_numbers = &numbers;
  PartOptions options;
  options.origins = RowOrigins::add;
  write({column("note", ColumnType::varchar, 40)}, options, {1});
  EXPECT_EQ(text(), "a,0,18,1\nc,2,18,3\n");

  load_.profile_id_column = "user_id";
  write({column("note", ColumnType::varchar, 40), column("user_id", ColumnType::varchar, user_id)},
        options);
  const std::string uuid = std::to_string(static_cast<std::int64_t>(xxh3("u1")));
  EXPECT_EQ(text(), "a,u1,0,18,1," + uuid + "\nb,\\N,1,17,2,\nc,u1,2,18,3," + uuid + "\n");
}

TEST_F(LargeParts, AreNotDividedBelowAMegabyteEach) {
  PartOptions options;
  options.parts_multiple = 16;
  EXPECT_EQ(write(columns(), options).parts, 1U);
}

// Some of the rows, and then the disk fails.
class FailingRows final : public StagedRows {
 public:
  explicit FailingRows(StagedRows& rows) : rows_(rows) {}
  std::uint64_t row_count() const override { return rows_.row_count(); }
  std::size_t block_count() const override { return rows_.block_count(); }
  Result<RowBlock> keys(std::size_t block, BlockScratch& scratch) const override {
    return rows_.keys(block, scratch);
  }
  Result<RowBlock> rows(std::size_t block, BlockScratch& scratch) const override {
    if (block == 10) return config_error("the disk is gone");
    return rows_.rows(block, scratch);
  }
  bool is_dropped(std::uint64_t row) const override { return rows_.is_dropped(row); }
  void drop(std::uint64_t row) override { rows_.drop(row); }

 private:
  StagedRows& rows_;
};

TEST_F(LargeParts, TheWriterForgetsHalfAPartWhenRowsCannotBeRead) {
  PartWriter writer({});
  write(writer, columns());
  const auto view = store_.view({{1, ""}});
  FailingRows failing(*view);
  load_.rows = &failing;
  std::size_t parts = 0;
  const auto failed = writer.write(load_, load_, [&](const FinishedPart&) -> Result<void> {
    ++parts;
    return {};
  });
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().text(), "the disk is gone");
  EXPECT_EQ(parts, 0U);
  expect_whole_rows(write(writer, columns()));
}

TEST_F(LargeParts, TheWriterGoesOnAfterTheSinkFailed) {
  PartOptions options;
  options.part_bytes = 1U << 20;
  PartWriter writer(options);
  fail_at_part_ = 2;
  write(writer, columns());
  EXPECT_EQ(failure_, "the bucket is gone");
  EXPECT_EQ(parts_.size(), 2U);
  fail_at_part_ = 0;
  expect_whole_rows(write(writer, columns()));
}

}  // namespace
}  // namespace dray
