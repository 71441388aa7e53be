#include "load/duckdb_query.h"

#include <span>
#include <vector>

#include "base/message.h"
#include "load/open.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_file.h"
#include "sql/statement.h"

namespace dray {
namespace {

constexpr const char* function_name = "dray_result";

struct Extracted {
  Extracted() = default;
  ~Extracted() { duckdb_destroy_extracted(&statements); }
  Extracted(const Extracted&) = delete;
  Extracted& operator=(const Extracted&) = delete;
  duckdb_extracted_statements statements = nullptr;
};

// What DuckDB says of a statement is for the person who typed it, unless it is not of the
// statement.
Error user_error(Error error) {
  const std::string_view text = error.message;
  const bool is_ours = text.starts_with("INTERNAL Error") || text.starts_with("FATAL Error") ||
                       text.starts_with("IO Error");
  if (error.cause == Cause::internal && !is_ours) error.cause = Cause::config;
  return error;
}

Error user_error(const char* message) { return user_error(duckdb_error(message)); }

bool is_said(const char* message) { return message != nullptr && *message != '\0'; }

ValueKind kind_of(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return ValueKind::boolean;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
    case DUCKDB_TYPE_UINTEGER:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_BIGNUM:
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_DECIMAL:
      return ValueKind::number;
    default:
      return ValueKind::text;
  }
}

// A result that is being read, and the table function that shows it to DuckDB once more, so that
// the engine itself turns its values into text: of every type, also of those to come.
class Shown {
 public:
  explicit Shown(DuckResult& result) : result_(result) {}

  void add_columns(duckdb_bind_info info) {
    for (idx_t i = 0; i < duckdb_column_count(&result_.handle()); ++i) {
      duckdb_logical_type type = duckdb_column_logical_type(&result_.handle(), i);
      duckdb_bind_add_result_column(info, ("c" + std::to_string(i)).c_str(), type);
      duckdb_destroy_logical_type(&type);
    }
  }

  void fill(duckdb_data_chunk out) {
    const DuckChunk chunk(duckdb_fetch_chunk(result_.handle()));
    if (!chunk) {
      // The end and a failure look alike.
      if (const char* message = duckdb_result_error(&result_.handle()); is_said(message)) {
        error_ = message;
      }
      duckdb_data_chunk_set_size(out, 0);
      return;
    }
    for (idx_t i = 0; i < duckdb_data_chunk_get_column_count(out); ++i) {
      duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(out, i),
                                     duckdb_data_chunk_get_vector(chunk.handle(), i));
    }
    duckdb_data_chunk_set_size(out, duckdb_data_chunk_get_size(chunk.handle()));
  }

  const std::string& error() const { return error_; }

 private:
  DuckResult& result_;
  std::string error_;
};

// The result that the function shows at the moment, if any: a statement cannot ask for its own.
struct Stage {
  DuckErrors* errors = nullptr;
  Shown* shown = nullptr;
};

void bind_result(duckdb_bind_info info) {
  const auto* stage = static_cast<Stage*>(duckdb_bind_get_extra_info(info));
  if (stage->shown == nullptr) return duckdb_bind_set_error(info, "dray_result() is dray's own");
  const auto bind = [&]() -> Result<void> {
    stage->shown->add_columns(info);
    return {};
  };
  stage->errors->run(bind, [&](const char* text) { duckdb_bind_set_error(info, text); });
}

// The order of rows is the statement's.
void init_result(duckdb_init_info info) { duckdb_init_set_max_threads(info, 1); }

void scan_result(duckdb_function_info info, duckdb_data_chunk out) {
  const auto* stage = static_cast<Stage*>(duckdb_function_get_extra_info(info));
  const auto fill = [&]() -> Result<void> {
    stage->shown->fill(out);
    return {};
  };
  stage->errors->run(fill, [&](const char* text) { duckdb_function_set_error(info, text); });
}

std::optional<std::string_view> text_at(duckdb_vector vector, idx_t row) {
  const DuckColumn<duckdb_string_t> texts(vector);
  return texts.has(row) ? std::optional(text_of(texts[row])) : std::nullopt;
}

Result<void> give_rows(duckdb_data_chunk chunk, ResultSink& sink) {
  const idx_t columns = duckdb_data_chunk_get_column_count(chunk);
  std::vector<std::optional<std::string_view>> values(columns);
  for (idx_t row = 0; row < duckdb_data_chunk_get_size(chunk); ++row) {
    for (idx_t i = 0; i < columns; ++i)
      values[i] = text_at(duckdb_data_chunk_get_vector(chunk, i), row);
    DRAY_TRY(sink.row(values));
  }
  return {};
}

class LockedReader final : public DuckReader {
 public:
  Result<void> open(const std::string& path, const QueryOptions& query) {
    WarehouseOptions options;
    options.memory_bytes = query.memory_bytes;
    options.access = Access::read_only;
    options.wait_max = query.wait_max;
    options.on_wait = query.on_wait;
    DRAY_ASSIGN(database_, DuckDatabase::open(path, options));
    DRAY_ASSIGN(statements_, DuckConnection::open(*database_, DuckConnection::Names::a_person));
    DRAY_ASSIGN(texts_, DuckConnection::open(*database_));
    DRAY_TRY(register_function());
    DRAY_TRY(statements_->execute(SqlBuilder("set autoload_known_extensions = false").done()));
    DRAY_TRY(statements_->execute(SqlBuilder("set autoinstall_known_extensions = false").done()));
    DRAY_TRY(statements_->execute(SqlBuilder("set enable_external_access = false").done()));
    return statements_->execute(SqlBuilder("set lock_configuration = true").done());
  }

  Result<void> query(std::string_view text, ResultSink& sink) override {
    DRAY_TRY(read_statement(text, SqlDialect::duckdb));
    DuckResult result;
    DRAY_TRY(start(std::string(text), result));
    Shown shown(result);
    stage_.shown = &shown;
    auto outcome = give(result, shown, sink);
    stage_.shown = nullptr;
    return outcome;
  }

 private:
  Result<void> register_function() {
    stage_.errors = &database_->errors();
    duckdb_table_function function = duckdb_create_table_function();
    duckdb_table_function_set_name(function, function_name);
    duckdb_table_function_set_extra_info(function, &stage_, nullptr);
    duckdb_table_function_set_bind(function, bind_result);
    duckdb_table_function_set_init(function, init_result);
    duckdb_table_function_set_function(function, scan_result);
    const duckdb_state state = duckdb_register_table_function(texts_->handle(), function);
    duckdb_destroy_table_function(&function);
    if (state != DuckDBSuccess) return internal_error("DuckDB refused the function dray_result");
    return {};
  }

  // The engine's own count and type of statements decide, beside the words.
  Result<void> start(const std::string& text, DuckResult& result) {
    Extracted extracted;
    const idx_t count =
        duckdb_extract_statements(statements_->handle(), text.c_str(), &extracted.statements);
    if (count == 0) {
      return user_error(duckdb_extract_statements_error(extracted.statements));
    }
    if (count > 1) {
      return config_error("the statement is more than one to DuckDB",
                          "one at a time; a pivot reads when it "
                          "lists its values: pivot ... on x in (...)");
    }
    DuckStatement statement;
    if (duckdb_prepare_extracted_statement(statements_->handle(), extracted.statements, 0,
                                           &statement.prepared) != DuckDBSuccess) {
      return user_error(duckdb_prepare_error(statement.prepared));
    }
    const duckdb_statement_type type = duckdb_prepared_statement_type(statement.prepared);
    if (type != DUCKDB_STATEMENT_TYPE_SELECT && type != DUCKDB_STATEMENT_TYPE_EXPLAIN) {
      return config_error("dray query only reads: to DuckDB the statement is none that does");
    }
    auto started = statements_->start(statement, DuckConnection::Rows::streamed, result);
    return started ? started : user_error(std::move(started).error());
  }

  Result<void> give(DuckResult& result, const Shown& shown, ResultSink& sink) {
    DRAY_ASSIGN(const std::vector<ResultColumn> columns, columns_of(result));
    DRAY_TRY(sink.columns(columns));
    auto read = texts_->each_chunk_until(
        SqlBuilder("select cast(columns(*) as varchar) from dray_result()").done(),
        [&](duckdb_data_chunk chunk) { return give_rows(chunk, sink); });
    if (!shown.error().empty()) return user_error(shown.error().c_str());
    return read;
  }

  Result<std::vector<ResultColumn>> columns_of(DuckResult& result) {
    DRAY_ASSIGN(const QueryResult types,
                texts_->query(SqlBuilder("describe select * from dray_result()").done()));
    std::vector<ResultColumn> columns;
    for (idx_t i = 0; i < duckdb_column_count(&result.handle()); ++i) {
      columns.push_back({duckdb_column_name(&result.handle(), i), types.rows[i][1].value_or(""),
                         kind_of(duckdb_column_type(&result.handle(), i))});
    }
    return columns;
  }

  Stage stage_;  // outlives the database, whose function points to it
  std::unique_ptr<DuckDatabase> database_;
  std::unique_ptr<DuckConnection> statements_;  // the person's
  std::unique_ptr<DuckConnection> texts_;       // ours, while theirs is being read
};

}  // namespace

Result<std::unique_ptr<DuckReader>> DuckReader::open(const std::string& path,
                                                     const QueryOptions& options) {
  auto reader = std::make_unique<LockedReader>();
  DRAY_TRY(reader->open(path, options));
  return std::unique_ptr<DuckReader>(std::move(reader));
}

Result<void> query_duckdb(const std::string& address, std::string_view text, ResultSink& sink,
                          const QueryOptions& options) {
  constexpr std::string_view scheme = "duckdb:";
  const std::string path = address.substr(scheme.size());
  DRAY_TRY(read_statement(text, SqlDialect::duckdb));
  FileState state = FileState::made;
  if (path != ":memory:") {
    DRAY_ASSIGN(state, duckdb_file_state(path));
  }
  if (state != FileState::made) {
    return state == FileState::none
               ? config_error("there is no such DuckDB file", "dray sync makes it")
               : config_error("nothing was loaded into this DuckDB file yet", "dray sync");
  }
  DRAY_ASSIGN(const std::unique_ptr<DuckReader> reader, DuckReader::open(path, options));
  return reader->query(text, sink);
}

}  // namespace dray
