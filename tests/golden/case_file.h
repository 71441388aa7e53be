// The text of a .case: sections that begin with "--- ", in the order in which things happen.
//
//   # What the rule is, and why.
//
//   --- given "type":"track","event":"Sold","userId":"u1","receivedAt":"2024-05-01T10:00:00Z"
//   --- object a.json
//   {"messageId":"m1","properties":{"price":1.5}}
//   --- sync
//   success: 1 line = 1 loaded
//   sold 1, tracks 1
//   --- table sold
//   id      | price
//   varchar | double precision
//   m1      | 1.5
//
//   given   members that every following object's lines get in front of their own (of two keys the
//           last wins, so a line can say otherwise); without any, none
//   object  a key and the lines under it; the store keeps it from here on, and a second one of that
//           key replaces it. \xHH is the byte HH. `cut` after the key: no line feed at the end
//   sql     what a user does to the warehouse meanwhile
//   sync    what came out: status, ends of the lines, rows of each table, notices, rejects.
//           After the word, as they differ from SyncRequest: source=, warehouse_id=, line_max=,
//           threads=, only=KEY:LINE, types=TABLE.COLUMN:TYPE,..., contract_columns, reload_changed
//   table   after a sync: id and the columns that are not standard ones; those too whose names
//           follow, `all` for all of them. uuid_ts is never shown
//
// Lines at the end of a section that are blank or begin with '#' are remarks and stay.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dray::golden {

struct Section {
  std::string word;                // "object"; empty for what precedes the first section
  std::vector<std::string> words;  // after it: "a.json", "cut"
  std::string header;              // the line as it stands, without "--- "
  std::vector<std::string> lines;  // its body
  std::vector<std::string> tail;   // blank lines and remarks at its end
};

std::vector<Section> parse_case(std::string_view text);
std::string write_case(const std::vector<Section>& sections);

// The bytes of an object: its lines, behind `given`, with each \xHH the byte HH.
std::string object_bytes(const Section& object, std::string_view given);

using Row = std::vector<std::string>;

// A table for people: columns side by side, and where that would be too wide, a line per column.
std::vector<std::string> draw(const std::vector<Row>& rows);

// Whether two bodies say the same: how far apart their columns stand does not matter.
bool says_the_same(const std::vector<std::string>& a, const std::vector<std::string>& b);

// A cell as it is shown: as it is, or in quotes if that could be misread.
std::string show(std::string_view text);

}  // namespace dray::golden
