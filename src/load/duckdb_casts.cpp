#include "load/duckdb_casts.h"

#include <optional>
#include <string>
#include <string_view>

#include "base/numbers.h"
#include "load/profile_casts.h"
#include "model/cast.h"

namespace dray {
namespace {

std::optional<double> as_exact_double(const Cell& cell) { return as_double(cell, Rounding::none); }

// dray_as_...(text varchar, kind bigint): the arguments.
struct CastInput {
  explicit CastInput(duckdb_data_chunk input)
      : texts(input, 0), kinds(input, 1), rows(duckdb_data_chunk_get_size(input)) {}

  Cell cell(idx_t row) const { return {0, static_cast<CellKind>(kinds[row]), text_of(texts[row])}; }

  DuckColumn<duckdb_string_t> texts;
  DuckColumn<std::int64_t> kinds;
  idx_t rows;
};

// Calls `work`, for DuckDB.
template <typename Work>
void run_cast(duckdb_function_info info, Work work) {
  auto* errors = static_cast<DuckErrors*>(duckdb_scalar_function_get_extra_info(info));
  errors->run(
      [&]() -> Result<void> {
        work();
        return {};
      },
      [&](const char* text) { duckdb_scalar_function_set_error(info, text); });
}

template <typename Value, std::optional<Value> (*cast)(const Cell&)>
void cast_rows(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output) {
  run_cast(info, [&] {
    const CastInput input(chunk);
    duckdb_vector_ensure_validity_writable(output);
    std::uint64_t* validity = duckdb_vector_get_validity(output);
    auto* values = static_cast<Value*>(duckdb_vector_get_data(output));
    for (idx_t i = 0; i < input.rows; ++i) {
      const auto value = input.texts.has(i) ? cast(input.cell(i)) : std::nullopt;
      if (value) {
        values[i] = *value;
      } else {
        duckdb_validity_set_row_invalid(validity, i);
      }
    }
  });
}

// dray_as_varchar: a double's text is DuckDB's own until here.
void write_texts(duckdb_function_info info, duckdb_data_chunk chunk, duckdb_vector output) {
  run_cast(info, [&] {
    const CastInput input(chunk);
    duckdb_vector_ensure_validity_writable(output);
    std::uint64_t* validity = duckdb_vector_get_validity(output);
    for (idx_t i = 0; i < input.rows; ++i) {
      if (!input.texts.has(i)) {
        duckdb_validity_set_row_invalid(validity, i);
        continue;
      }
      const Cell stored = input.cell(i);
      const auto real = stored.kind == CellKind::real ? nearest_double(stored.bytes) : std::nullopt;
      const std::string written = real ? double_text(*real) : std::string(stored.bytes);
      duckdb_vector_assign_string_element_len(output, i, written.data(), written.size());
    }
  });
}

struct CastFunction {
  const char* name;
  duckdb_type result;
  duckdb_scalar_function_t run;
};

Result<void> register_cast(DuckConnection& connection, const CastFunction& cast) {
  duckdb_scalar_function function = duckdb_create_scalar_function();
  duckdb_logical_type text = duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
  duckdb_logical_type number = duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
  duckdb_logical_type result = duckdb_create_logical_type(cast.result);
  duckdb_scalar_function_set_name(function, cast.name);
  duckdb_scalar_function_add_parameter(function, text);
  duckdb_scalar_function_add_parameter(function, number);
  duckdb_scalar_function_set_return_type(function, result);
  duckdb_scalar_function_set_special_handling(function);  // NULL comes in as what it is
  duckdb_scalar_function_set_extra_info(function, &connection.errors(), nullptr);
  duckdb_scalar_function_set_function(function, cast.run);
  const duckdb_state state = duckdb_register_scalar_function(connection.handle(), function);
  duckdb_destroy_logical_type(&result);
  duckdb_destroy_logical_type(&number);
  duckdb_destroy_logical_type(&text);
  duckdb_destroy_scalar_function(&function);
  if (state == DuckDBSuccess) return {};
  return internal_error(std::string("DuckDB refused the function ") + cast.name);
}

}  // namespace

Result<void> register_casts(DuckConnection& connection) {
  for (const CastFunction& cast :
       {CastFunction{"dray_as_boolean", DUCKDB_TYPE_BOOLEAN, cast_rows<bool, as_boolean>},
        CastFunction{"dray_as_bigint", DUCKDB_TYPE_BIGINT, cast_rows<std::int64_t, as_bigint>},
        CastFunction{"dray_as_double", DUCKDB_TYPE_DOUBLE, cast_rows<double, as_exact_double>},
        CastFunction{"dray_as_timestamp", DUCKDB_TYPE_TIMESTAMP, cast_rows<Micros, as_timestamp>},
        CastFunction{"dray_as_varchar", DUCKDB_TYPE_VARCHAR, write_texts}}) {
    DRAY_TRY(register_cast(connection, cast));
  }
  return {};
}

Sql cast_without_loss(const std::string& column, ColumnType from, ColumnType to) {
  SqlBuilder sql;
  switch (to) {
    case ColumnType::boolean:
      sql.code("dray_as_boolean(");
      break;
    case ColumnType::bigint:
      sql.code("dray_as_bigint(");
      break;
    case ColumnType::double_precision:
      sql.code("dray_as_double(");
      break;
    case ColumnType::timestamp:
      sql.code("dray_as_timestamp(");
      break;
    case ColumnType::varchar:
      sql.code("dray_as_varchar(");
      break;
  }
  sql.code("cast(").name(column).code(" as varchar), ");
  return std::move(sql.number(static_cast<std::int64_t>(stored_kind(from, to))).code(")")).done();
}

}  // namespace dray
