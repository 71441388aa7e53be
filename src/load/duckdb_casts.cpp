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

bool is_valid(duckdb_vector vector, idx_t row) {
  const std::uint64_t* validity = duckdb_vector_get_validity(vector);
  return validity == nullptr ||
         duckdb_validity_row_is_valid(const_cast<std::uint64_t*>(validity), row);
}

// dray_as_...(text varchar, kind bigint)
template <typename Value, std::optional<Value> (*cast)(const Cell&)>
void cast_rows(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
  auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(texts));
  const auto* kind =
      static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  duckdb_vector_ensure_validity_writable(output);
  std::uint64_t* validity = duckdb_vector_get_validity(output);
  auto* values = static_cast<Value*>(duckdb_vector_get_data(output));
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    std::optional<Value> value;
    if (is_valid(texts, i)) {
      value = cast({0,
                    static_cast<CellKind>(kind[i]),
                    {duckdb_string_t_data(&text[i]), duckdb_string_t_length(text[i])}});
    }
    if (value) {
      values[i] = *value;
    } else {
      duckdb_validity_set_row_invalid(validity, i);
    }
  }
}

// dray_as_varchar(text varchar, kind bigint): a double's text is DuckDB's own until here.
void write_texts(duckdb_function_info, duckdb_data_chunk input, duckdb_vector output) {
  duckdb_vector texts = duckdb_data_chunk_get_vector(input, 0);
  auto* text = static_cast<duckdb_string_t*>(duckdb_vector_get_data(texts));
  const auto* kind =
      static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(input, 1)));
  duckdb_vector_ensure_validity_writable(output);
  std::uint64_t* validity = duckdb_vector_get_validity(output);
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(input); ++i) {
    if (!is_valid(texts, i)) {
      duckdb_validity_set_row_invalid(validity, i);
      continue;
    }
    const std::string_view stored(duckdb_string_t_data(&text[i]), duckdb_string_t_length(text[i]));
    const auto real =
        static_cast<CellKind>(kind[i]) == CellKind::real ? nearest_double(stored) : std::nullopt;
    const std::string written = real ? double_text(*real) : std::string(stored);
    duckdb_vector_assign_string_element_len(output, i, written.data(), written.size());
  }
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
