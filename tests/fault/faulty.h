// A warehouse and a store that fail on purpose: they pass every call on to real ones, and one call
// fails, either before the real one saw it or after it took effect. The seams have no defaults, so
// a call that is not passed on here does not compile.
//
// Threads: none; one session and one reader at a time.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "load/warehouse.h"
#include "source/object_store.h"

namespace dray {

enum class FaultTiming { before, after };
enum class FaultDuration { once, lasting };  // lasting: every later call fails too

// Counts the calls through both seams, those of all sessions and readers included.
class FaultPlan {
 public:
  FaultPlan() = default;  // never fails
  FaultPlan(std::uint64_t at, FaultTiming timing, FaultDuration duration)
      : at_(at), timing_(timing), duration_(duration) {}

  bool fired() const { return !failed_call_.empty(); }
  // The first call that failed: "commit".
  const std::string& failed_call() const { return failed_call_; }
  // Every call so far, by name.
  const std::vector<std::string>& calls() const { return calls_; }

  template <typename Real>
  auto call(const char* name, Real real) -> decltype(real()) {
    calls_.emplace_back(name);
    const bool fails = at_ != 0 && (duration_ == FaultDuration::once ? calls_.size() == at_
                                                                     : calls_.size() >= at_);
    if (!fails) return real();
    if (!fired()) failed_call_ = name;
    if (timing_ == FaultTiming::after) {
      auto outcome = real();
      if (!outcome) return outcome;
    }
    const std::string message = "made to fail: " + std::string(name);
    // A lost request and a lost answer look alike.
    if (std::string_view(name) == "commit") return Error{Cause::in_doubt, message};
    return transient_error(message);
  }

 private:
  std::uint64_t at_ = 0;  // from 1; 0 for never
  FaultTiming timing_ = FaultTiming::before;
  FaultDuration duration_ = FaultDuration::once;
  std::vector<std::string> calls_;
  std::string failed_call_;
};

// Borrows both.
class FaultyRowLoader final : public RowLoader {
 public:
  FaultyRowLoader(RowLoader& real, FaultPlan& faults, std::size_t columns_max)
      : real_(real), faults_(faults), columns_max_(columns_max) {}

  TransactionBounds bounds() const override {
    TransactionBounds bounds = real_.bounds();
    bounds.columns_max = std::min(bounds.columns_max, columns_max_);
    return bounds;
  }
  Result<RowsLoaded> load(RowsToLoad& load) override {
    return faults_.call("load", [&] { return real_.load(load); });
  }
  Result<std::uint64_t> merge_profiles(const RowsProfileMerge& merge) override {
    return faults_.call("merge_profiles", [&] { return real_.merge_profiles(merge); });
  }
  Result<std::vector<CommitRefusal>> check_deferred(const std::string& schema) override {
    return faults_.call("check_deferred", [&] { return real_.check_deferred(schema); });
  }
  Result<void> commit_some(std::chrono::seconds wait_max) override {
    return faults_.call("commit_some", [&] { return real_.commit_some(wait_max); });
  }

 private:
  RowLoader& real_;
  FaultPlan& faults_;
  const std::size_t columns_max_;
};

// Borrows both.
class FaultyFileLoader final : public FileLoader {
 public:
  FaultyFileLoader(FileLoader& real, FaultPlan& faults) : real_(real), faults_(faults) {}

  Result<StageOutcome> stage(const StageRun& run, const std::vector<FilesToLoad*>& loads) override {
    return faults_.call("stage", [&] { return real_.stage(run, loads); });
  }
  Result<FilesToLoad> read_files(const std::string& files) override {
    return faults_.call("read_files", [&] { return real_.read_files(files); });
  }
  Result<FilesLoaded> load(FilesToLoad& load) override {
    return faults_.call("load", [&] { return real_.load(load); });
  }
  Result<std::uint64_t> merge_profiles(const FilesProfileMerge& merge) override {
    return faults_.call("merge_profiles", [&] { return real_.merge_profiles(merge); });
  }
  Result<void> rollback() override {
    return faults_.call("rollback", [&] { return real_.rollback(); });
  }

 private:
  FileLoader& real_;
  FaultPlan& faults_;
};

class FaultySession final : public WarehouseSession {
 public:
  FaultySession(std::unique_ptr<WarehouseSession> real, FaultPlan& faults, std::size_t columns_max)
      : real_(std::move(real)), faults_(faults) {
    const Loader loader = real_->loader();
    if (RowLoader* const* const rows = std::get_if<RowLoader*>(&loader)) {
      row_loader_.emplace(**rows, faults, columns_max);
    } else {
      file_loader_.emplace(*std::get<FileLoader*>(loader), faults);
    }
  }

  Result<Catalog> catalog(const std::string& schema) override {
    return faults_.call("catalog", [&] { return real_->catalog(schema); });
  }
  Result<void> begin() override {
    return faults_.call("begin", [&] { return real_->begin(); });
  }
  Result<void> lock(std::chrono::seconds wait_max) override {
    return faults_.call("lock", [&] { return real_->lock(wait_max); });
  }
  Result<void> apply(const SchemaChange& change) override {
    return faults_.call("apply", [&] { return real_->apply(change); });
  }
  Result<void> execute(const Sql& sql) override {
    return faults_.call("execute", [&] { return real_->execute(sql); });
  }
  Result<QueryResult> query(const Sql& sql) override {
    return faults_.call("query", [&] { return real_->query(sql); });
  }
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override {
    return faults_.call("append", [&] { return real_->append(schema, table, rows); });
  }
  Result<void> commit() override {
    return faults_.call("commit", [&] { return real_->commit(); });
  }
  Loader loader() override {
    if (row_loader_) return &*row_loader_;
    return &*file_loader_;
  }
  void interrupt() override { real_->interrupt(); }

 private:
  std::unique_ptr<WarehouseSession> real_;
  FaultPlan& faults_;
  std::optional<FaultyRowLoader> row_loader_;
  std::optional<FaultyFileLoader> file_loader_;
};

// Borrows both.
class FaultyNotes final : public Notes {
 public:
  FaultyNotes(Notes& real, FaultPlan& faults) : real_(real), faults_(faults) {}

  bool keeps(NoteKind kind) const override { return real_.keeps(kind); }
  Result<std::optional<std::string>> read(NoteKind kind, const std::string& source) override {
    return faults_.call("read_note", [&] { return real_.read(kind, source); });
  }
  Result<void> write(NoteKind kind, const std::string& source, const std::string& note) override {
    return faults_.call("write_note", [&] { return real_.write(kind, source, note); });
  }

 private:
  Notes& real_;
  FaultPlan& faults_;
};

// Borrows both. A transaction takes no more columns than columns_max.
class FaultyWarehouse final : public Warehouse {
 public:
  FaultyWarehouse(Warehouse& real, FaultPlan& faults, std::size_t columns_max = SIZE_MAX)
      : real_(real), faults_(faults), columns_max_(columns_max) {
    if (real.notes() != nullptr) notes_.emplace(*real.notes(), faults);
  }

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    auto session = faults_.call("open_session", [&] { return real_.open_session(); });
    if (!session) return session;
    return std::unique_ptr<WarehouseSession>(
        std::make_unique<FaultySession>(std::move(session).value(), faults_, columns_max_));
  }
  const Dialect& dialect() const override { return real_.dialect(); }
  Notes* notes() override { return notes_ ? &*notes_ : nullptr; }
  std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const override {
    return real_.bytes_wanting(growth);
  }
  std::string location() const override { return real_.location(); }

 private:
  Warehouse& real_;
  FaultPlan& faults_;
  const std::size_t columns_max_;
  std::optional<FaultyNotes> notes_;
};

class FaultyReader final : public ByteReader {
 public:
  FaultyReader(std::unique_ptr<ByteReader> real, FaultPlan& faults)
      : real_(std::move(real)), faults_(faults) {}

  Result<std::size_t> read(std::span<std::byte> buffer) override {
    return faults_.call("read", [&] { return real_->read(buffer); });
  }

 private:
  std::unique_ptr<ByteReader> real_;
  FaultPlan& faults_;
};

// Borrows both.
class FaultyStore final : public ObjectStore {
 public:
  FaultyStore(ObjectStore& real, FaultPlan& faults) : real_(real), faults_(faults) {}

  Result<Listing> list(const ListRequest& request) override {
    return faults_.call("list", [&] { return real_.list(request); });
  }
  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override {
    auto reader = faults_.call("open", [&] { return real_.open(object); });
    if (!reader) return reader;
    return std::unique_ptr<ByteReader>(
        std::make_unique<FaultyReader>(std::move(reader).value(), faults_));
  }
  bool lists_from_anywhere() const override { return real_.lists_from_anywhere(); }
  std::size_t open_ahead_max() const override { return real_.open_ahead_max(); }
  std::string location() const override { return real_.location(); }

 private:
  ObjectStore& real_;
  FaultPlan& faults_;
};

}  // namespace dray
