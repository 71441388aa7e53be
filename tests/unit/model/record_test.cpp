#include "model/record.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dray {
namespace {

struct Seen {
  Slot slot = 0;
  CellKind kind = CellKind::text;
  std::string bytes;
  bool operator==(const Seen&) const = default;
};

std::vector<Seen> cells_of(const char* record) {
  std::vector<Seen> seen;
  Cell cell;
  for (CellReader cells(record); cells.next(cell);) {
    seen.push_back({cell.slot, cell.kind, std::string(cell.bytes)});
  }
  return seen;
}

TEST(Record, GivesBackItsCellsInOrder) {
  ByteBuffer buffer;
  RecordWriter record(buffer);
  record.begin();
  record.cell(7, CellKind::text, "seven");
  record.cell(0, CellKind::integer, "12");
  record.cell(slot_end - 1, CellKind::boolean, "true");
  record.cell(context_slot_first, CellKind::huge, "1e400");
  record.end();
  EXPECT_EQ(cells_of(buffer.data()),
            (std::vector<Seen>{{7, CellKind::text, "seven"},
                               {0, CellKind::integer, "12"},
                               {slot_end - 1, CellKind::boolean, "true"},
                               {context_slot_first, CellKind::huge, "1e400"}}));
}

TEST(Record, KeepsEveryKind) {
  for (const CellKind kind : {CellKind::text, CellKind::time_text, CellKind::integer,
                              CellKind::real, CellKind::huge, CellKind::boolean}) {
    ByteBuffer buffer;
    RecordWriter record(buffer);
    record.begin();
    record.cell(slot_end - 1, kind, "x");
    record.end();
    EXPECT_EQ(cells_of(buffer.data()), (std::vector<Seen>{{slot_end - 1, kind, "x"}}));
  }
}

TEST(Record, KeepsTimes) {
  for (const Micros micros : {Micros{0}, Micros{-1}, Micros{1'700'000'000'123'456}}) {
    ByteBuffer buffer;
    RecordWriter record(buffer);
    record.begin();
    record.cell(3, micros);
    record.end();
    Cell cell;
    CellReader cells(buffer.data());
    ASSERT_TRUE(cells.next(cell));
    EXPECT_EQ(cell.kind, CellKind::micros);
    EXPECT_EQ(micros_of(cell), micros);
    EXPECT_FALSE(cells.next(cell));
  }
}

TEST(Record, MayHaveNoCells) {
  ByteBuffer buffer;
  RecordWriter record(buffer);
  record.begin();
  record.end();
  EXPECT_TRUE(cells_of(buffer.data()).empty());
  EXPECT_EQ(CellReader(buffer.data()).end(), buffer.data() + buffer.size());
}

TEST(Record, KeepsEmptyCells) {
  ByteBuffer buffer;
  RecordWriter record(buffer);
  record.begin();
  record.cell(16, CellKind::text, "");
  record.cell(17, CellKind::text, "");
  record.end();
  EXPECT_EQ(cells_of(buffer.data()),
            (std::vector<Seen>{{16, CellKind::text, ""}, {17, CellKind::text, ""}}));
}

TEST(Record, KeepsLongCellsAndTheirNeighbours) {
  for (const std::size_t size : {0xFFFDU, 0xFFFEU, 0xFFFFU, 0x10000U, 1U << 20}) {
    const std::string text(size, 'l');
    ByteBuffer buffer;
    RecordWriter record(buffer);
    record.begin();
    record.cell(1, CellKind::text, "before");
    record.cell(2, CellKind::text, text);
    record.cell(3, CellKind::real, "1.5");
    record.end();
    EXPECT_EQ(cells_of(buffer.data()), (std::vector<Seen>{{1, CellKind::text, "before"},
                                                          {2, CellKind::text, text},
                                                          {3, CellKind::real, "1.5"}}))
        << size;
  }
}

TEST(Record, LiesBackToBackWithOthers) {
  ByteBuffer buffer;
  for (int i = 0; i < 1'000; ++i) {
    RecordWriter record(buffer);
    record.begin();
    for (int cell = 0; cell < i % 4; ++cell) {
      record.cell(static_cast<Slot>(cell), CellKind::integer, std::to_string(i));
    }
    record.end();
  }
  const char* at = buffer.data();
  for (int i = 0; i < 1'000; ++i) {
    const auto cells = cells_of(at);
    ASSERT_EQ(cells.size(), static_cast<std::size_t>(i % 4));
    for (const Seen& cell : cells)
      ASSERT_EQ(cell.bytes, std::to_string(i));
    at = CellReader(at).end();
  }
  EXPECT_EQ(at, buffer.data() + buffer.size());
}

TEST(Record, KeepsBytesPastNul) {
  ByteBuffer buffer;
  RecordWriter record(buffer);
  record.begin();
  record.cell(1, CellKind::text, std::string_view("a\0b", 3));
  record.end();
  EXPECT_EQ(cells_of(buffer.data()).front().bytes, std::string("a\0b", 3));
}

}  // namespace
}  // namespace dray
