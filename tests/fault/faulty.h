// A warehouse and a store that fail on purpose: they pass every call on to real ones, and one call
// fails, either before the real one saw it or after it took effect.
//
// Threads: none; one session and one reader at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
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

class FaultySession final : public WarehouseSession {
 public:
  FaultySession(std::unique_ptr<WarehouseSession> real, FaultPlan& faults)
      : real_(std::move(real)), faults_(faults) {}

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
  Result<TableLoaded> load(TableLoad& load) override {
    return faults_.call("load", [&] { return real_->load(load); });
  }
  Result<std::uint64_t> merge_profiles(const ProfileMerge& merge) override {
    return faults_.call("merge_profiles", [&] { return real_->merge_profiles(merge); });
  }
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override {
    return faults_.call("append", [&] { return real_->append(schema, table, rows); });
  }
  std::size_t tables_per_transaction_max() const override {
    return real_->tables_per_transaction_max();
  }
  Result<void> commit() override {
    return faults_.call("commit", [&] { return real_->commit(); });
  }
  void interrupt() override { real_->interrupt(); }

 private:
  std::unique_ptr<WarehouseSession> real_;
  FaultPlan& faults_;
};

// Borrows both.
class FaultyWarehouse final : public Warehouse {
 public:
  FaultyWarehouse(Warehouse& real, FaultPlan& faults,
                  std::size_t columns_per_transaction_max = SIZE_MAX)
      : real_(real), faults_(faults), columns_max_(columns_per_transaction_max) {}

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    auto session = faults_.call("open_session", [&] { return real_.open_session(); });
    if (!session) return session;
    return std::unique_ptr<WarehouseSession>(
        std::make_unique<FaultySession>(std::move(session).value(), faults_));
  }
  std::size_t columns_per_transaction_max() const override {
    return std::min(real_.columns_per_transaction_max(), columns_max_);
  }
  std::size_t name_bytes_max() const override { return real_.name_bytes_max(); }
  CatalogLimits limits() const override { return real_.limits(); }
  bool keeps_schema(std::string_view name) const override { return real_.keeps_schema(name); }
  Result<std::optional<std::string>> read_note(NoteKind kind, const std::string& source) override {
    return real_.read_note(kind, source);
  }
  Result<void> write_note(NoteKind kind, const std::string& source,
                          const std::string& note) override {
    return real_.write_note(kind, source, note);
  }
  bool keeps_notes(NoteKind kind) const override { return real_.keeps_notes(kind); }
  Sql ddl(const SchemaChange& change) const override { return real_.ddl(change); }
  std::string location() const override { return real_.location(); }

 private:
  Warehouse& real_;
  FaultPlan& faults_;
  const std::size_t columns_max_;
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
  std::string location() const override { return real_.location(); }

 private:
  ObjectStore& real_;
  FaultPlan& faults_;
};

}  // namespace dray
