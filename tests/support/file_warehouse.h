// A warehouse that loads files, out of one that pulls rows: what stands in for Redshift where only
// the way of a run is looked at. Its files are rows in memory.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "load/warehouse.h"

namespace dray::testing_support {

// The rows of one table as an earlier run wrote them.
struct KeptFile {
  struct Block {
    std::string event;
    std::vector<RowKey> keys;
    std::vector<char> records;
  };
  FilesToLoad told;  // without rows
  std::vector<Block> blocks;
  std::set<std::uint64_t> dropped;  // duplicates within the batch, for their lineage
  std::vector<std::string> object_keys;
  std::vector<std::int64_t> object_numbers;
};

// Outlives the warehouses that share it, as a bucket does.
struct KeptFiles {
  std::map<std::string, KeptFile> files;  // by FilesToLoad::files
  std::uint64_t written = 0;
};

// Why a table's rows are not taken; nothing: they are.
using Refuses = std::function<std::optional<Error>(const std::string& table)>;

// Borrows both. `real` pulls rows. Threads: none.
class FileWarehouse final : public Warehouse {
 public:
  FileWarehouse(Warehouse& real, KeptFiles& kept, Refuses refuses = {})
      : real_(real), kept_(kept), refuses_(std::move(refuses)) {}

  Result<std::unique_ptr<WarehouseSession>> open_session() override;
  const Dialect& dialect() const override { return real_.dialect(); }
  Notes* notes() override { return real_.notes(); }
  std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const override {
    return real_.bytes_wanting(growth);
  }
  std::string location() const override { return real_.location(); }

 private:
  Warehouse& real_;
  KeptFiles& kept_;
  const Refuses refuses_;
};

}  // namespace dray::testing_support
