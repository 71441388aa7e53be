#include "sqlite/sqlite.h"

#include <string_view>
#include <utility>

#include "sqlite/sqlite_session.h"

namespace dray {
namespace {

class SqliteWarehouse final : public Warehouse {
 public:
  SqliteWarehouse(std::string directory, const WarehouseOptions& options)
      : directory_(std::move(directory)), options_(options), dialect_(directory_) {}

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    DRAY_ASSIGN(auto connection, SqliteConnection::open(directory_, options_.access));
    return std::unique_ptr<WarehouseSession>(std::make_unique<SqliteSession>(
        std::move(connection), dialect_, options_.duplicates_bytes));
  }
  const Dialect& dialect() const override { return dialect_; }
  Notes* notes() override { return nullptr; }
  std::optional<std::uint64_t> bytes_wanting(const Growth&) const override { return {}; }
  std::string location() const override { return "sqlite:" + directory_; }

 private:
  const std::string directory_;
  const WarehouseOptions options_;
  const SqliteDialect dialect_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_sqlite(const std::string& address,
                                               const WarehouseOptions& options) {
  constexpr std::string_view scheme = "sqlite:";
  DRAY_ASSERT(address.starts_with(scheme));
  auto warehouse = std::make_unique<SqliteWarehouse>(address.substr(scheme.size()), options);
  if (options.access == Access::read_write) {
    // The first write makes the main file.
    DRAY_ASSIGN(const auto session, warehouse->open_session());
    DRAY_TRY(session->execute(SqlBuilder("pragma main.user_version = 1").done()));
  }
  return std::unique_ptr<Warehouse>(std::move(warehouse));
}

}  // namespace dray
