#include "load/duckdb_chunk_writer.h"

#include <cstring>
#include <string_view>

namespace dray {

// One row of one vector.
class ChunkWriter::Out {
 public:
  static constexpr bool takes_number_text = false;

  Out(Target& target, idx_t row, std::uint64_t& text_bytes)
      : target_(target), row_(row), text_bytes_(text_bytes) {}

  // Up to 12 bytes lie in the vector itself (duckdb.h, duckdb_string_t).
  bool put_text(std::size_t, const Cell&, std::string_view text) {
    duckdb_string_t value{};
    if (text.size() > sizeof value.value.inlined.inlined) {
      text_bytes_ += text.size();
      value.value.pointer.length = static_cast<std::uint32_t>(text.size());
      std::memcpy(value.value.pointer.prefix, text.data(), sizeof value.value.pointer.prefix);
      value.value.pointer.ptr = const_cast<char*>(text.data());
    } else {
      value.value.inlined.length = static_cast<std::uint32_t>(text.size());
      std::memcpy(value.value.inlined.inlined, text.data(), text.size());
    }
    put(value);
    return true;
  }

  bool put_copied_text(std::size_t, const Cell&, std::string_view text) {
    text_bytes_ += text.size();
    duckdb_vector_assign_string_element_len(target_.vector, row_, text.data(), text.size());
    set_valid();
    return true;
  }

  void put_time(Micros value) { put(value); }
  void put_boolean(bool value) { put(value); }
  void put_integer(std::int64_t value) { put(value); }
  void put_double(double value) { put(value); }

 private:
  template <typename T>
  void put(T value) {
    static_cast<T*>(target_.data)[row_] = value;
    set_valid();
  }
  void set_valid() { target_.validity[row_ / 64] |= std::uint64_t{1} << (row_ % 64); }

  Target& target_;
  const idx_t row_;
  std::uint64_t& text_bytes_;
};

ChunkWriter::ChunkWriter(const RowShape& shape, duckdb_data_chunk chunk)
    : shape_(shape), targets_(shape.size()) {
  idx_t shown = 0;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (shape.column(i).refused) continue;
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, shown++);
    duckdb_vector_ensure_validity_writable(vector);
    targets_[i] = {vector, duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
    std::memset(targets_[i].validity, 0, duckdb_vector_size() / 8);
  }
}

const char* ChunkWriter::write(const RowBlock& block, std::size_t block_row, const char* record,
                               idx_t row) {
  const RowKey& key = block.keys[block_row];
  for (const std::size_t i : shape_.filled()) {
    Out out(targets_[i], row, text_bytes_);
    shape_.put_filled(i, key, out);
  }
  return shape_.each_cell(block, key, record, [&](std::size_t i, const Cell& cell) {
    Out out(targets_[i], row, text_bytes_);
    shape_.put(i, cell, key, out);
  });
}

}  // namespace dray
