// What a warehouse has refused in the attempts at one run so far: tables, whose rows wait, and
// rows, which are rejects. The next attempt leaves that out, and its other rows load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "run/context.h"
#include "run/load_transaction.h"
#include "run/object_set.h"
#include "run/tables.h"
#include "run/value_rejects.h"

namespace dray {

// A value that outlives the attempts. Rows are known by object and line, because each attempt reads
// and stages them anew.
class Refusals {
 public:
  // Looks for what `error` blames, where a table that `transaction` was at refused something. True
  // if an attempt without that is worth its while. Opens transactions and takes them back, so that
  // `transaction` is of no use after it. Errors: `cancelled` alone.
  Result<bool> learn(const Error& error, const RunContext& context, LoadTransaction& transaction,
                     const Tables& tables, const ObjectSet& objects);

  // Takes what was refused out of an attempt that has written nothing yet. Tells of rows in a
  // notice and as rejects.
  Result<void> leave_out(const RunContext& context, const ObjectSet& objects,
                         ValueRejects& value_rejects, Tables& tables,
                         LoadTransaction& transaction) const;

  bool has_rows() const { return !rows_.empty(); }

 private:
  using Line = std::pair<std::string, std::uint32_t>;  // an object's key, a line's number

  // Of how many tables the rows at fault are looked for, which takes some twenty transactions each.
  // Further ones wait whole.
  static constexpr std::size_t searches_max = 20;
  // That end with a table which refuses something. Then the tables that no attempt has got to wait
  // as well; after as many again, all.
  static constexpr std::size_t attempts_max = 20;

  // Borrows what learn() is given.
  struct Attempt {
    const RunContext& context;
    LoadTransaction& transaction;
    const Tables& tables;
    const ObjectSet& objects;
  };
  Result<bool> blame(std::size_t target, const Error& error, const Attempt& attempt);
  Result<void> try_others(const std::vector<std::size_t>& targets, const Attempt& attempt);
  void give_up(const std::vector<std::size_t>& targets, const Tables& tables);
  Result<void> find_rows(std::size_t target, LoadTransaction::Beside beside,
                         const Attempt& attempt);
  Result<void> leave_out_rows(const RunContext& context, const ObjectSet& objects,
                              ValueRejects& value_rejects, Target& target) const;

  std::map<std::string, Error> tables_;                      // why each waits
  std::map<std::string, std::map<Line, std::string>> rows_;  // by table: why each is refused
  std::set<std::string> searched_;                           // tables, for rows
  std::set<std::string> last_;  // tables that are written behind those that they refer to
  std::size_t attempts_ = 0;    // that ended so
};

}  // namespace dray
