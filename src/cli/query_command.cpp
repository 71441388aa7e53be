#include <string>
#include <string_view>

#include "app/address.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/query_output.h"
#include "cli/selection.h"
#include "load/query.h"

namespace dray {
namespace {

std::unique_ptr<QueryOutput> output_of(const QueryCommand& command,
                                       const Environment& environment) {
  switch (command.form) {
    case OutputForm::json:
      return query_json(environment.out);
    case OutputForm::csv:
      return query_csv(environment.out, command.crlf ? LineEnd::crlf : LineEnd::lf);
    case OutputForm::text:
      break;
  }
  return query_text(environment.out, environment.out_terminal.columns);
}

// Passes on, and knows whether there was anything.
class Counted final : public ResultSink {
 public:
  explicit Counted(ResultSink& sink) : sink_(sink) {}
  Result<void> columns(std::span<const ResultColumn> columns) override {
    has_begun_ = true;
    return sink_.columns(columns);
  }
  Result<void> row(ResultRow values) override { return sink_.row(values); }
  bool has_begun() const { return has_begun_; }

 private:
  ResultSink& sink_;
  bool has_begun_ = false;
};

// `show tables` looks in one schema, and the tables are in others; to PostgreSQL it is a setting.
bool is_show_tables(const std::string& sql) {
  std::string words;
  for (const char c : sql) {
    const bool is_blank = std::string_view(" \t\r\n;").find(c) != std::string_view::npos;
    if (!is_blank) words += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (is_blank && !words.empty() && words.back() != ' ') words += ' ';
  }
  if (words.ends_with(' ')) words.pop_back();
  return words == "show tables";
}

// The command that has them all.
std::string all_tables(const QueryCommand& command) {
  const std::string& warehouse = command.selection.warehouse;
  return "dray query " + (warehouse.empty() ? "" : path_word(shown_address(warehouse)) + " ") +
         "'select table_schema, table_name from information_schema.tables'";
}

Result<void> run(const QueryCommand& command, const Environment& environment, ResultSink& sink) {
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  QueryOptions options;
  DRAY_ASSIGN(options.memory_bytes, select_memory(command.selection));
  const FileWait wait = wait_of(command.selection, environment);
  options.wait_max = wait.wait_max;
  options.on_wait = wait.tell;
  return query_warehouse(address, command.sql, sink, options);
}

}  // namespace

int run_command(const QueryCommand& command, const Environment& environment) {
  const auto output = output_of(command, environment);
  Counted sink(*output);
  auto outcome = run(command, environment, sink);
  // Told by whoever told the program to run: nothing of the query's is wrong.
  if (!environment.out) return exit_success;
  const bool is_asking = is_show_tables(command.sql);
  if (outcome.ok()) {
    output->finish();
    environment.out << std::flush;
    if (is_asking) {
      environment.err << "dray: the tables of a source are in its schema; all of them: "
                      << all_tables(command) << std::endl;
    }
    return exit_success;
  }
  if (is_asking && outcome.error().remedy.empty()) outcome.error().remedy = all_tables(command);
  // In the middle of a result an object of its own would only be part of it.
  const OutputForm form =
      sink.has_begun() && command.form == OutputForm::json ? OutputForm::csv : command.form;
  return tell_failure(environment, form, outcome.error());
}

}  // namespace dray
