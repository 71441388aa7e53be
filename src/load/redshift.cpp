#include "load/redshift.h"

#include "load/redshift_session.h"

namespace dray {
namespace {

// In the staging location. Borrows the cluster, which has one.
class RedshiftNotes final : public Notes {
 public:
  explicit RedshiftNotes(const RedshiftCluster& cluster) : cluster_(cluster) {}

  bool keeps(NoteKind kind) const override {
    return kind == NoteKind::look || cluster_.options.let_sleep;
  }
  Result<std::optional<std::string>> read(NoteKind kind, const std::string& source) override {
    if (!keeps(kind)) return std::optional<std::string>();
    return cluster_.area->read_note(kind, source);
  }
  Result<void> write(NoteKind kind, const std::string& source, const std::string& note) override {
    return keeps(kind) ? cluster_.area->write_note(kind, source, note) : Result<void>();
  }

 private:
  const RedshiftCluster& cluster_;
};

class RedshiftWarehouse final : public Warehouse {
 public:
  RedshiftWarehouse(std::shared_ptr<RedshiftCluster> cluster, Access access)
      : cluster_(std::move(cluster)),
        access_(access),
        dialect_(cluster_->options.choices,
                 cluster_->options.comments ? Comments::on_tables : Comments::none),
        notes_(*cluster_) {}

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    DRAY_ASSIGN(auto connection, cluster_->connect());
    // There is no setting for it: the whole session is one transaction.
    if (access_ == Access::read_only) {
      DRAY_TRY(connection->execute(SqlBuilder("begin read only").done()));
    }
    return std::unique_ptr<WarehouseSession>(
        std::make_unique<RedshiftSession>(cluster_, dialect_, std::move(connection)));
  }
  const Dialect& dialect() const override { return dialect_; }
  Notes* notes() override { return cluster_->area == nullptr ? nullptr : &notes_; }
  std::optional<std::uint64_t> bytes_wanting(const Growth&) const override { return {}; }
  std::string location() const override { return cluster_->options.location; }

 private:
  const std::shared_ptr<RedshiftCluster> cluster_;
  const Access access_;
  const RedshiftDialect dialect_;
  RedshiftNotes notes_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_redshift(const std::string& address,
                                                 const WarehouseOptions& options) {
  DRAY_ASSIGN(RedshiftOptions redshift, redshift_options(address));
  redshift.choices = options.redshift_choices;
  DRAY_ASSIGN(auto cluster, reach_redshift(std::move(redshift), options));
  return std::unique_ptr<Warehouse>(
      std::make_unique<RedshiftWarehouse>(std::move(cluster), options.access));
}

}  // namespace dray
