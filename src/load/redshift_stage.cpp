#include "load/redshift_stage.h"

#include <algorithm>
#include <thread>

#include "base/guarded.h"
#include "load/redshift_errors.h"

namespace dray {
namespace {

// A copy that failed for a reason that may pass is tried so often.
constexpr int copy_attempts_max = 3;

// One name for each table of each run, that tells whose it is.
std::string staging_table_name(const StageRun& run, std::size_t number) {
  return staging_table_prefix(run.source) + run.run_id.text() + " " + std::to_string(number);
}

}  // namespace

// A name has 127 bytes, and a schema's may take them all.
std::string staging_table_prefix(const std::string& source) { return source.substr(0, 80) + " "; }

Result<void> RedshiftStager::stage(const StageRun& run, const std::vector<FilesToLoad*>& loads,
                                   std::vector<std::optional<Error>>& failures) {
  next_ = 0;
  {
    const std::size_t count = std::min<std::size_t>(cluster_.options.connections_max, loads.size());
    std::vector<std::jthread> workers;
    for (std::size_t i = 0; i < count; ++i)
      workers.emplace_back([&] {
        auto worked = guarded([&]() -> Result<void> {
          work(run, loads, failures);
          return {};
        });
        if (!worked) fail(std::move(worked).error());
      });
  }
  if (interrupted_) return cancelled_error();
  if (failure_) return *failure_;
  return {};
}

void RedshiftStager::work(const StageRun& run, const std::vector<FilesToLoad*>& loads,
                          std::vector<std::optional<Error>>& failures) {
  Worker worker;
  if (auto connected = connect(worker); !connected) {
    fail(std::move(connected).error());
    return;
  }
  while (true) {
    {
      const std::scoped_lock lock(mutex_);
      if (failure_) break;
    }
    const std::size_t i = next_++;
    if (i >= loads.size() || interrupted_) break;
    auto staged = stage_table(worker, run, *loads[i], i + 1, failures[i]);
    if (!staged) {
      fail(std::move(staged).error().within("stage " + loads[i]->table));
      break;
    }
  }
  const std::scoped_lock lock(mutex_);
  std::erase(connections_, worker.connection.get());
}

Result<void> RedshiftStager::connect(Worker& worker) {
  DRAY_ASSIGN(auto connection, cluster_.connect());
  const std::scoped_lock lock(mutex_);
  std::erase(connections_, worker.connection.get());
  worker.connection = std::move(connection);
  connections_.push_back(worker.connection.get());
  if (interrupted_) worker.connection->interrupt();
  return {};
}

void RedshiftStager::fail(Error error) {
  const std::scoped_lock lock(mutex_);
  if (!failure_) failure_ = std::move(error);
}

void RedshiftStager::interrupt() {
  interrupted_ = true;
  const std::scoped_lock lock(mutex_);
  for (PqConnection* connection : connections_)
    connection->interrupt();
}

// An Error concerns all tables: no S3, no cluster, no right to read the staging location. What
// Redshift has against the rows of this one is told as a value; its files stay.
Result<void> RedshiftStager::stage_table(Worker& worker, const StageRun& run, FilesToLoad& load,
                                         std::size_t number, std::optional<Error>& failure) {
  RedshiftStaged staged;
  staged.is_own = load.rows.has_value();
  if (load.rows) {
    DRAY_ASSIGN(staged.files, cluster_.area->write(load, *load.rows, run.run_id, number, parts_));
  } else {
    DRAY_ASSIGN(staged.files, cluster_.area->read(load.files));
  }
  staged.table = {redshift_staging_schema, staging_table_name(run, number)};
  load.files = staged.files.description();
  load.rows_in_files = staged.files.rows;
  {
    const std::scoped_lock lock(mutex_);
    staged_[load.files] = staged;
  }
  if (failure) return {};
  auto copied = copy(worker, staged);
  if (copied) {
    const std::scoped_lock lock(mutex_);
    staged_[load.files].copy = *copied;
    return {};
  }
  Error& error = copied.error();
  const bool is_of_this_table = error.cause == Cause::bad_data || error.cause == Cause::internal;
  if (!is_of_this_table) return error;
  failure = explained(*worker.connection, staged, load, std::move(error));
  return {};
}

Result<std::int64_t> RedshiftStager::copy(Worker& worker, const RedshiftStaged& staged) {
  for (int attempt = 1;; ++attempt) {
    auto copied = copy_once(*worker.connection, staged);
    if (copied) return copied;
    const bool may_pass = copied.error().cause == Cause::transient;
    // Whatever state the connection is in, a new one has none.
    if (interrupted_ || (may_pass && attempt == copy_attempts_max)) return copied;
    DRAY_TRY(connect(worker));
    if (!may_pass) return copied;
  }
}

// Made and filled in one transaction, so that a staging table is there with all rows or not at all.
Result<std::int64_t> RedshiftStager::copy_once(PqConnection& connection,
                                               const RedshiftStaged& staged) {
  const StagedTable& files = staged.files;
  std::int64_t number = 0;
  DRAY_TRY(connection.execute(SqlBuilder("begin").done()));
  DRAY_TRY(connection.execute(drop_staging_table(staged.table)));
  DRAY_TRY(connection.execute(create_staging_table(staged.table, files)));
  if (files.rows > 0) {
    DRAY_ASSIGN(const CopyAccess access, cluster_.copy_access());
    const CopyTarget target{staged.table.schema, staged.table.name, files.manifest(),
                            files.null_text, files.compression};
    DRAY_TRY(connection.execute(copy_file(target, access).with_backslashes_escaped()));
    DRAY_ASSIGN(number, check_copy(connection, files.rows));
  }
  auto committed = connection.commit();
  // Whether it did or not, the next attempt makes the table anew.
  if (!committed && committed.error().cause == Cause::in_doubt) {
    return std::move(committed).error().with_cause(Cause::transient);
  }
  DRAY_TRY(std::move(committed));
  return number;
}

Error RedshiftStager::explained(PqConnection& connection, const RedshiftStaged& staged,
                                const FilesToLoad& load, Error error) {
  const auto refused = find_load_error(connection, staged.files.folder);
  if (!refused) return error;
  error.message += "\n" + to_text(*refused, staged.files);
  const auto origin = cluster_.area->origin_of(refused->file, refused->line, staged.files);
  if (origin && *origin) {
    error.message += "\nthat row is line " + std::to_string((*origin)->line) + " of ";
    error.message += object_with_number(load.rows, (*origin)->object_number);
  }
  return error;
}

}  // namespace dray
