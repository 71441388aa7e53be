#include "stage/block_store.h"

#include <fcntl.h>
#include <unistd.h>
#include <zstd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <deque>

#include "base/quotable.h"

namespace dray {
namespace {

// What spills is read once, soon, on this machine: speed counts, not size. Level 1 halves twice
// what is written and keeps up with a disk.
constexpr int spill_level = 1;

struct Block {
  std::uint64_t row_count = 0;
  // In memory:
  std::vector<RowKey> keys;
  ByteBuffer records;
  // Or in the file: the keys as they are, then the records compressed.
  bool spilled = false;
  std::uint64_t offset = 0;
  std::size_t compressed_bytes = 0;
  std::size_t records_bytes = 0;
};

std::string system_message(int error) { return std::strerror(error); }

// A file without a name.
class SpillFile {
 public:
  explicit SpillFile(std::string directory) : directory_(std::move(directory)) {}
  ~SpillFile() {
    if (file_ >= 0) ::close(file_);
  }
  SpillFile(const SpillFile&) = delete;
  SpillFile& operator=(const SpillFile&) = delete;

  Result<void> write(std::uint64_t offset, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t written =
          ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return failure("writing to", system_message(errno));
      if (written == 0) return failure("writing to", "nothing was written");
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += static_cast<std::uint64_t>(written);
    }
    return {};
  }

  Result<void> read(std::uint64_t offset, char* to, std::size_t size) const {
    while (size > 0) {
      const ssize_t count = ::pread(file_, to, size, static_cast<off_t>(offset));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failure("reading from", system_message(errno));
      if (count == 0) return failure("reading from", "the file is shorter than it was");
      to += count;
      size -= static_cast<std::size_t>(count);
      offset += static_cast<std::uint64_t>(count);
    }
    return {};
  }

  Result<void> open() {
    if (file_ >= 0) return {};
    std::string name = directory_ + "/dray-stage-XXXXXX";
    file_ = ::mkostemp(name.data(), O_CLOEXEC);
    if (file_ < 0) return failure("creating a file in", system_message(errno));
    ::unlink(name.c_str());
    return {};
  }

 private:
  Error failure(const char* doing, const std::string& why) const {
    return config_error(std::string(doing) + " the temporary directory " +
                            quotable_path(directory_, "of temp_directory") + ": " + why,
                        "free some room there, or set temp_directory to another place");
  }

  std::string directory_;
  int file_ = -1;
};

}  // namespace

class BlockStore::Impl {
 public:
  explicit Impl(BlockStoreOptions options)
      // The rejects' table is there from the start: it grows while others are read.
      : options_(std::move(options)), file_(options_.temp_directory), tables_(1) {}

  Result<void> add(RowBatch batch) {
    Block block;
    block.row_count = batch.keys.size();
    block.keys = std::move(batch.keys);
    block.records = std::move(batch.records);
    const std::size_t bytes = block.records.capacity() + block.keys.capacity() * sizeof(RowKey);
    bool spill = false;
    {
      const std::scoped_lock lock(mutex_);
      spill = memory_bytes_ + bytes > options_.memory_bytes;
      if (!spill) memory_bytes_ += bytes;
    }
    if (spill) DRAY_TRY(write_out(block));
    const std::scoped_lock lock(mutex_);
    if (batch.table >= tables_.size()) tables_.resize(batch.table + 1);
    tables_[batch.table].push_back(std::move(block));
    return {};
  }

  void give_up(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    memory_bytes_ += bytes;
  }

  const std::deque<Block>& blocks(TableNumber table) const {
    static const std::deque<Block> none;
    return table < tables_.size() ? tables_[table] : none;
  }
  const SpillFile& file() const { return file_; }
  std::uint64_t spilled_bytes() const { return file_bytes_; }

 private:
  Result<void> write_out(Block& block) {
    thread_local ByteBuffer compressed;
    compressed.clear();
    char* to = compressed.extend(ZSTD_compressBound(block.records.size()));
    const std::size_t size = ZSTD_compress(to, compressed.size(), block.records.data(),
                                           block.records.size(), spill_level);
    DRAY_ASSERT(!ZSTD_isError(size));
    const std::size_t keys_bytes = block.keys.size() * sizeof(RowKey);
    std::uint64_t offset = 0;
    {
      const std::scoped_lock lock(mutex_);
      DRAY_TRY(file_.open());
      offset = file_bytes_;
      file_bytes_ += keys_bytes + size;
    }
    DRAY_TRY(file_.write(offset, {reinterpret_cast<const char*>(block.keys.data()), keys_bytes}));
    DRAY_TRY(file_.write(offset + keys_bytes, {compressed.data(), size}));
    block.spilled = true;
    block.offset = offset;
    block.compressed_bytes = size;
    block.records_bytes = block.records.size();
    // Assigning {} would keep what the keys took: 32 bytes for every row of the run.
    block.keys = std::vector<RowKey>();
    block.records = ByteBuffer();
    return {};
  }

  const BlockStoreOptions options_;
  mutable std::mutex mutex_;
  std::size_t memory_bytes_ = 0;
  std::uint64_t file_bytes_ = 0;
  SpillFile file_;
  std::vector<std::deque<Block>> tables_;  // by number
};

namespace {

class View final : public StagedRows {
 public:
  struct Entry {
    const Block* block = nullptr;
    std::uint64_t first_row = 0;
    std::string_view event;
  };

  View(std::vector<Entry> entries, std::uint64_t rows, const SpillFile& file)
      : entries_(std::move(entries)), row_count_(rows), dropped_(rows), file_(file) {}

  std::uint64_t row_count() const override { return row_count_; }
  std::size_t block_count() const override { return entries_.size(); }
  bool is_dropped(std::uint64_t row) const override { return dropped_[row]; }
  void drop(std::uint64_t row) override { dropped_[row] = true; }

  Result<RowBlock> keys(std::size_t number, BlockScratch& scratch) const override {
    const Entry& entry = entries_[number];
    RowBlock out{entry.first_row, entry.event, entry.block->keys, {}};
    if (entry.block->spilled) {
      scratch.keys.resize(entry.block->row_count);
      DRAY_TRY(file_.read(entry.block->offset, reinterpret_cast<char*>(scratch.keys.data()),
                          scratch.keys.size() * sizeof(RowKey)));
      out.keys = scratch.keys;
    }
    return out;
  }

  Result<RowBlock> rows(std::size_t number, BlockScratch& scratch) const override {
    DRAY_ASSIGN(RowBlock out, keys(number, scratch));
    const Block& block = *entries_[number].block;
    if (!block.spilled) {
      out.records = {block.records.data(), block.records.size()};
      return out;
    }
    scratch.compressed.clear();
    scratch.plain.clear();
    char* compressed = scratch.compressed.extend(block.compressed_bytes);
    DRAY_TRY(file_.read(block.offset + block.row_count * sizeof(RowKey), compressed,
                        block.compressed_bytes));
    char* plain = scratch.plain.extend(block.records_bytes);
    const std::size_t size =
        ZSTD_decompress(plain, block.records_bytes, compressed, block.compressed_bytes);
    if (size != block.records_bytes) return internal_error("the temporary file is damaged");
    out.records = {plain, size};
    return out;
  }

 private:
  std::vector<Entry> entries_;
  std::uint64_t row_count_;
  std::vector<bool> dropped_;
  const SpillFile& file_;
};

}  // namespace

BlockStore::BlockStore(BlockStoreOptions options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
BlockStore::~BlockStore() = default;

Result<void> BlockStore::add(RowBatch batch) { return impl_->add(std::move(batch)); }

void BlockStore::give_up(std::size_t bytes) { impl_->give_up(bytes); }

std::uint64_t BlockStore::row_count(TableNumber table) const {
  std::uint64_t rows = 0;
  for (const Block& block : impl_->blocks(table))
    rows += block.row_count;
  return rows;
}

std::uint64_t BlockStore::spilled_bytes() const { return impl_->spilled_bytes(); }

std::unique_ptr<StagedRows> BlockStore::view(const std::vector<Part>& parts) const {
  std::vector<View::Entry> entries;
  std::uint64_t rows = 0;
  for (const Part& part : parts) {
    for (const Block& block : impl_->blocks(part.table)) {
      entries.push_back({&block, rows, part.event});
      rows += block.row_count;
    }
  }
  return std::make_unique<View>(std::move(entries), rows, impl_->file());
}

}  // namespace dray
