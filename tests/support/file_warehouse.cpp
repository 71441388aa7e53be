#include "support/file_warehouse.h"

#include <set>
#include <utility>

namespace dray::testing_support {
namespace {

// Knows what was dropped; reads the file's rows.
class KeptRows final : public StagedRows {
 public:
  explicit KeptRows(const KeptFile& file) : file_(file), dropped_(file.dropped) {
    for (const KeptFile::Block& block : file.blocks) {
      first_rows_.push_back(row_count_);
      row_count_ += block.keys.size();
    }
  }

  std::uint64_t row_count() const override { return row_count_; }
  std::size_t block_count() const override { return file_.blocks.size(); }
  Result<RowBlock> keys(std::size_t block, BlockScratch&) const override {
    const KeptFile::Block& kept = file_.blocks[block];
    return RowBlock{first_rows_[block], kept.event, kept.keys, {}};
  }
  Result<RowBlock> rows(std::size_t block, BlockScratch& scratch) const override {
    DRAY_ASSIGN(RowBlock rows, keys(block, scratch));
    rows.records = file_.blocks[block].records;
    return rows;
  }
  bool is_dropped(std::uint64_t row) const override { return dropped_.contains(row); }
  void drop(std::uint64_t row) override { dropped_.insert(row); }

 private:
  const KeptFile& file_;
  std::vector<std::uint64_t> first_rows_;
  std::uint64_t row_count_ = 0;
  std::set<std::uint64_t> dropped_;
};

Result<KeptFile> kept_file(const FilesToLoad& load) {
  KeptFile file;
  file.told = load;
  file.told.rows.reset();
  file.told.value_rejects = {};
  std::erase_if(file.told.columns, [](const LoadColumn& column) { return column.refused; });
  file.object_keys = *load.rows->object_keys;
  file.object_numbers = *load.rows->object_numbers;
  const StagedRows& rows = *load.rows->rows;
  BlockScratch scratch;
  for (std::size_t number = 0; number < rows.block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, rows.rows(number, scratch));
    file.blocks.push_back({std::string(block.event),
                           {block.keys.begin(), block.keys.end()},
                           {block.records.begin(), block.records.end()}});
  }
  for (std::uint64_t row = 0; row < rows.row_count(); ++row) {
    if (rows.is_dropped(row)) file.dropped.insert(row);
  }
  file.told.rows_in_files = rows.row_count() - file.dropped.size();
  return file;
}

class FileSession final : public WarehouseSession, public FileLoader {
 public:
  FileSession(Warehouse& warehouse, std::unique_ptr<WarehouseSession> real, KeptFiles& kept,
              const Refuses& refuses)
      : warehouse_(warehouse), real_(std::move(real)), kept_(kept), refuses_(refuses) {}

  Result<Catalog> catalog(const std::string& schema) override { return real_->catalog(schema); }
  Result<void> begin() override {
    loaded_.clear();
    return real_->begin();
  }
  Result<void> lock(std::chrono::seconds wait_max) override { return real_->lock(wait_max); }
  Result<void> apply(const SchemaChange& change) override { return real_->apply(change); }
  Result<void> execute(const Sql& sql) override { return real_->execute(sql); }
  Result<QueryResult> query(const Sql& sql) override { return real_->query(sql); }
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override {
    return real_->append(schema, table, rows);
  }
  // What is loaded is not wanted any more.
  Result<void> commit() override {
    DRAY_TRY(real_->commit());
    for (const std::string& files : loaded_)
      kept_.files.erase(files);
    return {};
  }
  void interrupt() override { real_->interrupt(); }
  Loader loader() override { return static_cast<FileLoader*>(this); }

  Result<StageOutcome> stage(const StageRun&, const std::vector<FilesToLoad*>& loads) override {
    StageOutcome outcome;
    for (FilesToLoad* load : loads) {
      if (load->rows) {
        load->files = "file " + std::to_string(++kept_.written);
        DRAY_ASSIGN(kept_.files[load->files], kept_file(*load));
      }
      load->rows_in_files = kept_.files.at(load->files).told.rows_in_files;
      outcome.failures.push_back(refuses_ ? refuses_(load->table) : std::nullopt);
    }
    return outcome;
  }

  Result<FilesToLoad> read_files(const std::string& files) override {
    const auto kept = kept_.files.find(files);
    if (kept == kept_.files.end()) return config_error(files + " is gone");
    return kept->second.told;
  }

  Result<FilesLoaded> load(FilesToLoad& load) override {
    FilesLoaded out;
    RunRows rows;
    if (load.rows) {
      rows = *load.rows;
    } else {
      const KeptFile& kept = kept_.files.at(load.files);
      kept_rows_.emplace(kept);
      rows.rows = &*kept_rows_;
      rows.object_keys = &kept.object_keys;
      rows.object_numbers = &kept.object_numbers;
      out.object_keys = kept.object_keys;
    }
    at_hand_ = RowsToLoad{load, rows, {}};
    DRAY_ASSIGN(const RowsLoaded loaded, rows_of_real().load(*at_hand_));
    static_cast<TableLoaded&>(out) = loaded;
    loaded_.insert(load.files);
    return out;
  }

  Result<std::uint64_t> merge_profiles(const FilesProfileMerge& merge) override {
    return rows_of_real().merge_profiles({merge, &*at_hand_});
  }

  // In a session of its own: after a failure the other may be of no use.
  Result<void> rollback() override {
    real_.reset();
    DRAY_ASSIGN(real_, warehouse_.open_session());
    return {};
  }

 private:
  RowLoader& rows_of_real() { return *std::get<RowLoader*>(real_->loader()); }

  Warehouse& warehouse_;
  std::unique_ptr<WarehouseSession> real_;
  KeptFiles& kept_;
  const Refuses& refuses_;
  std::optional<KeptRows> kept_rows_;
  std::optional<RowsToLoad> at_hand_;
  std::set<std::string> loaded_;  // in the transaction at hand
};

}  // namespace

Result<std::unique_ptr<WarehouseSession>> FileWarehouse::open_session() {
  DRAY_ASSIGN(auto session, real_.open_session());
  return std::unique_ptr<WarehouseSession>(
      std::make_unique<FileSession>(real_, std::move(session), kept_, refuses_));
}

}  // namespace dray::testing_support
