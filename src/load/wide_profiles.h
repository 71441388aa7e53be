// Profiles (`users`, `accounts`) with more values than a row of PostgreSQL's has room for: each
// came in a row that had, but not all of them in one.
//
// Threads: as the connection. Errors: as sql/sqlstate.h decides.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/staged.h"
#include "sql/pq_connection.h"

namespace dray {

struct WideProfilesQuery {
  const ProfileMerge& merge;
  const Sql& touched;  // the table that has the profiles of this merge, by `id`
  const Sql& is_row;   // whether a row `s` of the source table is that of an id `t.id`
};

// In the merge's transaction. Borrows all.
class WideProfiles {
 public:
  WideProfiles(PqConnection& connection, const WideProfilesQuery& query)
      : connection_(connection), query_(query), merge_(query.merge) {}

  // Looks for them, if the table has so many columns that there may be any. Afterwards
  // pg_temp.dray_wide has their ids and numbers, and pg_temp.dray_unfit the `number` and the
  // `place` in merge.columns of each value that has no room, the last ones of the table's columns.
  Result<void> find();

  // Whether the tables above are there.
  bool found() const { return found_; }
  // Which of merge.columns have such values.
  const std::vector<std::size_t>& places() const { return places_; }
  // "(select id ...)": whose value of that place has none.
  static Sql unfit_at(std::size_t place);
  // The type of such a column in the profiles.
  ColumnType type_of(std::size_t place) const { return types_[place]; }

 private:
  // What a value takes in its row: `nothing`, a number of bytes, or one of those of the source.
  using Room = unsigned char;
  using Profile = std::vector<Room>;  // by place in merge.columns

  Result<std::size_t> values_fitting();
  Result<std::size_t> find_candidates(std::size_t values_max);
  Result<void> find_unfit(std::size_t first, std::size_t end);
  Result<std::vector<Profile>> read_profiles(std::size_t first, std::size_t end);
  Result<void> read_columns(std::size_t first, std::size_t end, std::size_t column,
                            std::size_t column_end, std::vector<Profile>& profiles);
  Room room_of(std::size_t place, std::string_view text) const;
  std::vector<std::size_t> unfit_places(const Profile& profile) const;

  PqConnection& connection_;
  const WideProfilesQuery query_;
  const ProfileMerge& merge_;
  std::vector<std::size_t> order_;  // places in merge.columns, by the table's columns
  std::vector<ColumnType> types_;   // by place
  std::size_t bytes_before_ = 0;    // of a row's first value that may have no room
  bool found_ = false;
  std::vector<std::size_t> places_;
};

}  // namespace dray
