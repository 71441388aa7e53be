#include "load/redshift_session.h"

#include <algorithm>

#include "base/hash.h"

namespace dray {

Result<void> RedshiftSession::note_profiles(const TableLoad& load, const StagingTable& table) {
  const std::string number = std::to_string(++merges_);
  profiles_ = {"dray touched " + number, "dray kept " + number, "dray cast " + number + " "};
  DRAY_TRY(execute(create_touched_profiles(load, profiles_)));
  DRAY_TRY(execute(insert_staged_profiles(load, table, profiles_)));
  if (load.created) return {};
  if (load.touches_all_profiles) return note_all_profiles(load);
  return execute(insert_replaced_profiles(load, table, window(), profiles_));
}

// A stored id's hash is nowhere but in its profile, which is gone: it is made here.
Result<void> RedshiftSession::note_all_profiles(const TableLoad& load) {
  RedshiftRows ids = new_rows({});
  DRAY_TRY(
      connection_->each_row(select_other_profiles(load, profiles_), [&](PqRow row) -> Result<void> {
        return ids.add({*row[0], static_cast<std::int64_t>(xxh3(*row[0]))});
      }));
  return put_rows("", profiles_.touched, ids);
}

Result<std::uint64_t> RedshiftSession::merge_profiles(const FilesProfileMerge& merge) {
  for (std::size_t i = 0; i < merge.casts.size(); ++i) {
    const ProfileCast& cast = merge.casts[i];
    DRAY_TRY(cast_values(merge, cast, profiles_.cast(i)));
    DRAY_TRY(reject_values(merge, cast, reason_of(cast), [&](std::string_view text) {
      return cast_stored(cast, text).has_value();
    }));
  }
  for (const ProfileRefusal& refused : merge.refused_columns) {
    DRAY_TRY(reject_values(merge, {refused.column, refused.from}, refused.reason,
                           [](std::string_view) { return false; }));
  }
  if (!merge.kept_columns.empty()) {
    DRAY_TRY(execute(create_kept_values(merge, profiles_)));
  }
  DRAY_TRY(execute(delete_touched_profiles(merge, profiles_)));
  return changed(insert_merged_profiles(merge, profiles_));
}

// Staged values that the profiles' column does not take. `cast` tells column and types.
Result<void> RedshiftSession::reject_values(const FilesProfileMerge& merge, const ProfileCast& cast,
                                            RejectReason reason,
                                            const std::function<bool(std::string_view)>& fits) {
  const FilesToLoad& load = *merge.load;
  const RedshiftStaged& staged = stager_.staged().at(load.files);
  const auto& columns = staged.files.columns;
  if (std::ranges::find(columns, cast.column, &LoadColumn::name) == columns.end()) return {};
  const ObjectPositions& positions = staged.object_positions;
  const auto tell = [&](PqRow row) -> Result<void> {
    const std::string text = stored_text(cast.from, *row[2]);
    if (fits(text)) return {};
    DRAY_ASSIGN(const std::uint32_t object, object_of(row[0], positions));
    DRAY_ASSIGN(const std::uint32_t line, line_of(row[1]));
    merge.value_rejects({object, line, reason, cast.column, cast.to, text});
    return {};
  };
  return connection_->each_row(select_staged_values(load, staged.table, cast.column), tell);
}

// Fills a table that tells what the values become that fit.
Result<void> RedshiftSession::cast_values(const ProfileMerge& merge, const ProfileCast& cast,
                                          const std::string& temp_table) {
  DRAY_TRY(execute(create_cast_values(cast, temp_table)));
  RedshiftRows fitting = new_rows({});
  const auto add = [&](PqRow row) -> Result<void> {
    const std::string text = stored_text(cast.from, *row[0]);
    const auto value = cast_stored(cast, text);
    return value ? fitting.add({*stored_value(cast.from, text), *value}) : Result<void>();
  };
  DRAY_TRY(connection_->each_row(select_values_to_cast(merge, cast, profiles_), add));
  return put_rows("", temp_table, fitting);
}

}  // namespace dray
