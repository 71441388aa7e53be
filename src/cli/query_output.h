// The result of `dray query` in its three forms, written as it comes.
#pragma once

#include <memory>
#include <ostream>

#include "cli/environment.h"
#include "cli/failure.h"
#include "load/query.h"

namespace dray {

enum class LineEnd { lf, crlf };

class QueryOutput : public ResultSink {
 public:
  // After the last row.
  virtual void finish() = 0;
};

// Numbers to the right, NULL by its name, cut to the terminal. The first rows, up to a bound,
// settle how wide columns are; what is longer later pushes its line.
std::unique_ptr<QueryOutput> query_text(std::ostream& out, std::size_t columns_max);

// {"columns":[{"name","type"}],"rows":[[...]]} in one line: numbers of all types with all their
// digits, booleans, null; everything else, and what JSON cannot say of a number (nan, inf), as
// strings in the engine's own words. Without finish() it is no JSON: a part is not taken for all.
std::unique_ptr<QueryOutput> query_json(std::ostream& out);

// RFC 4180, with a line of names: NULL is nothing between the commas, an empty string is "".
std::unique_ptr<QueryOutput> query_csv(std::ostream& out, LineEnd line_end);

}  // namespace dray
