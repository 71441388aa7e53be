// Runs the cases: each is a test of its own, golden.<topic>.<name>.
//
// UPDATE_GOLDEN=1 writes what comes out into the case; the diff is the review.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <set>
#include <sstream>
#include <utility>

#include "base/utf8.h"
#include "golden/case_file.h"
#include "load/open.h"
#include "model/standard_columns.h"
#include "run/sync.h"
#include "source/memory.h"
#include "support/postgres.h"
#include "support/source_directory.h"
#include "transform/naming.h"

namespace dray::golden {
namespace {

// Paths below tests/golden, as CMake found them.
constexpr const char* case_paths[] = {
#include "golden_cases.inc"
};

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << "cannot read " << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// A type's own name, which DuckDB shouts.
std::string in_lower_case(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

// DuckDB says DECIMAL where PostgreSQL says numeric.
std::string common_type_name(const std::string& name) {
  constexpr std::string_view numeric = "numeric";
  const std::string lower = in_lower_case(name);
  return lower.starts_with(numeric) ? "decimal" + lower.substr(numeric.size()) : lower;
}

bool is_update() {
  return std::getenv("UPDATE_GOLDEN") != nullptr;  // NOLINT(concurrency-mt-unsafe): nobody sets it
}

std::string counted(std::uint64_t count, std::string_view word) {
  return std::to_string(count) + ' ' + std::string(word) + (count == 1 ? "" : "s");
}

// "sold.total:double+precision,*.id:varchar": a '+' stands for the blank.
std::vector<TypeRule> types_of(std::string text) {
  std::ranges::replace(text, '+', ' ');
  std::vector<TypeRule> rules;
  std::istringstream entries(text);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const std::size_t colon = entry.find(':');
    for (const ColumnType type :
         {ColumnType::boolean, ColumnType::bigint, ColumnType::double_precision,
          ColumnType::timestamp, ColumnType::varchar}) {
      if (to_string(type) == entry.substr(colon + 1))
        rules.push_back({entry.substr(0, colon), type});
    }
  }
  return rules;
}

SyncRequest request_of(const Section& sync) {
  SyncRequest request;
  request.source = "shop";
  request.contract_columns = false;
  request.threads = 1;
  request.memory_bytes = 16U << 20;
  request.temp_directory = testing::TempDir();
  for (const std::string& word : sync.words) {
    const std::string name = word.substr(0, word.find('='));
    const std::string value = word.size() > name.size() ? word.substr(name.size() + 1) : "";
    if (name == "source") {
      request.source = value;
    } else if (name == "warehouse_id") {
      request.warehouse_id = value;
    } else if (name == "line_max") {
      request.line_bytes_max = std::stoull(value);
    } else if (name == "threads") {
      request.threads = static_cast<unsigned>(std::stoul(value));
    } else if (name == "only") {
      const std::size_t colon = value.find(':');
      if (!std::holds_alternative<RejectedLines>(request.read)) request.read = RejectedLines();
      std::get<RejectedLines>(request.read)
          .by_object[value.substr(0, colon)]
          .insert(std::stoull(value.substr(colon + 1)));
    } else if (name == "types") {
      request.types = TypeRules(types_of(value));
    } else if (name == "contract_columns") {
      request.contract_columns = true;
    } else if (name == "reload_changed") {
      request.reload_changed = ReloadChanged::yes;
    } else {
      ADD_FAILURE() << "sync knows no " << word;
    }
  }
  return request;
}

std::unique_ptr<Warehouse> open_memory() {
  WarehouseOptions options;
  options.threads = 1;
  options.memory_bytes = 128U << 20;
  options.duplicates_bytes = 1;  // each row is settled by itself
  auto warehouse = open_warehouse("duckdb::memory:", options);
  EXPECT_TRUE(warehouse.ok()) << warehouse.error().text();
  return std::move(warehouse).value();
}

class CaseRun {
 public:
  explicit CaseRun(std::unique_ptr<Warehouse> warehouse) : warehouse_(std::move(warehouse)) {}

  // Sets the expectations of `sections` to what comes out.
  void run(std::vector<Section>& sections) {
    for (std::size_t i = 1; i < sections.size() && !testing::Test::HasFailure(); ++i) {
      Section& section = sections[i];
      if (section.word == "given") {
        given_ = section.header.substr(std::min(section.header.size(), std::size_t{6}));
      } else if (section.word == "object") {
        put(section);
      } else if (section.word == "sql") {
        for (const std::string& line : section.lines)
          query(line);
      } else if (section.word == "sync") {
        section.lines = sync(request_of(section));
        add_missing_tables(sections, i);
      } else if (section.word == "table") {
        section.lines = table(section.words);
      } else {
        ADD_FAILURE() << "no section is called \"" << section.word << '"';
      }
    }
  }

 private:
  void put(const Section& object) {
    ASSERT_FALSE(object.words.empty()) << "an object without a key";
    const std::string& key = object.words[0];
    if (keys_.insert(key).second) {
      store_.add(key, object_bytes(object, given_));
    } else {
      store_.replace(key, object_bytes(object, given_));
    }
  }

  QueryResult query(const std::string& text) {
    auto session = warehouse_->open_session();
    EXPECT_TRUE(session.ok());
    auto result = (*session)->query(Sql::typed_by_user(text));
    if (result) return std::move(result).value();
    ADD_FAILURE() << text << ": " << result.error().text();
    return {};
  }

  Catalog catalog() { return catalog(schema_); }

  Catalog catalog(const std::string& schema) {
    auto session = warehouse_->open_session();
    EXPECT_TRUE(session.ok());
    auto catalog = (*session)->catalog(schema);
    EXPECT_TRUE(catalog.ok());
    return std::move(catalog).value();
  }

  // --- what a sync says ----------------------------------------------------------------------

  std::vector<std::string> sync(const SyncRequest& request) {
    SyncProgress progress;
    const auto report = dray::sync(request, store_, *warehouse_, progress, {});
    schema_ = schema_name(request.source);
    std::vector<std::string> lines;
    if (report.failure && report.failure->cause == Cause::config) {
      std::istringstream message(report.failure->text());
      for (std::string line; std::getline(message, line);)
        lines.push_back("error: " + line);
      return lines;
    }
    EXPECT_TRUE(report.counts.conserved());
    lines.push_back(ends(report));
    if (schema_ != "shop") lines.push_back("schema " + report.source);
    if (!report.error.empty()) lines.push_back("because " + report.error);
    if (const std::string rows = rows_of_tables(); !rows.empty()) lines.push_back(rows);
    for (const Notice& notice : report.notices)
      lines.push_back("notice " + notice.code + ' ' + std::to_string(notice.count));
    add_rejects(report.run_id.text(), lines);
    return lines;
  }

  static std::string ends(const RunReport& report) {
    const LineCounts& counts = report.counts;
    std::string text = std::string(to_string(report.status)) + ": " + counted(counts.lines, "line");
    std::string separator = " = ";
    const auto add = [&](std::uint64_t count, const char* word) {
      if (count == 0) return;
      text += std::exchange(separator, " + ") + std::to_string(count) + ' ' + word;
    };
    add(counts.loaded, "loaded");
    add(counts.duplicate, "duplicate");
    add(counts.filtered, "filtered");
    add(counts.rejected, "rejected");
    return text;
  }

  std::string rows_of_tables() {
    std::string text;
    for (const LiveTable& table : catalog().tables) {
      if (table.is_view) continue;
      const QueryResult count = query("select count(*) from " + quoted(table.name));
      text += (text.empty() ? "" : ", ") + table.name + ' ' + count.rows.at(0).at(0).value_or("");
    }
    return text;
  }

  void add_rejects(const std::string& run_id, std::vector<std::string>& lines) {
    if (!catalog("_dray").schema_exists) return;
    const QueryResult rejects = query(
        "select object, line, reason, table_name, column_name, value from _dray.rejects "
        "where run_id = '" +
        run_id + "' order by object, line, table_name, column_name");
    for (const auto& row : rejects.rows) {
      std::string line = "reject " + *row[0] + ':' + *row[1] + ' ' + *row[2];
      if (row[3]) line += ' ' + *row[3] + '.' + row[4].value_or("");
      lines.push_back(line + ": " + show(beginning(row[5].value_or(""))));
    }
  }

  static std::string beginning(const std::string& text) {
    const std::string_view cut = cut_utf8(text, 100);
    return std::string(cut) + (cut.size() < text.size() ? " ..." : "");
  }

  // --- what a table holds --------------------------------------------------------------------

  std::string quoted(const std::string& table) const {
    return '"' + schema_ + "\".\"" + table + '"';
  }

  static bool is_shown(const std::string& column, const std::vector<std::string>& words) {
    if (column == "uuid_ts") return false;
    if (column == "id" || !standard_column(column)) return true;
    return std::ranges::any_of(
        words, [&](const std::string& word) { return word == column || word == "all"; });
  }

  std::vector<std::string> table(const std::vector<std::string>& words) {
    const std::string name = words.empty() ? "" : words[0];
    for (const LiveTable& table : catalog().tables) {
      if (table.name == name) return table_rows(table, {words.begin() + 1, words.end()});
    }
    return {"there is no such table"};
  }

  std::vector<std::string> table_rows(const LiveTable& table,
                                      const std::vector<std::string>& words) {
    std::vector<Row> rows(2);
    std::string select;
    for (const LiveColumn& column : table.columns) {
      if (!is_shown(column.name, words)) continue;
      rows[0].push_back(column.name);
      rows[1].push_back(column.writable ? std::string(to_string(column.type))
                                        : common_type_name(column.type_name));
      const std::string value = '"' + column.name + '"';
      select += select.empty() ? "select " : ", ";
      select += column.writable ? value : "cast(" + value + " as varchar)";
    }
    const QueryResult result = query(select + " from " + quoted(table.name) + " order by 1");
    for (const auto& values : result.rows) {
      Row& row = rows.emplace_back();
      for (const auto& value : values)
        row.push_back(value ? show(*value) : "NULL");
    }
    return draw(rows);
  }

  // A new case gets all tables, for its author to cut down; `tracks` has what the events' own have.
  void add_missing_tables(std::vector<Section>& sections, std::size_t sync) {
    const bool has_none =
        std::ranges::none_of(sections, [](const Section& s) { return s.word == "table"; });
    if (!is_update() || !has_none || sync + 1 != sections.size()) return;
    std::vector<std::string> tail = std::exchange(sections[sync].tail, {});
    for (const LiveTable& table : catalog().tables) {
      if (table.name == "tracks" || table.is_view) continue;
      Section& section = sections.emplace_back();
      section.word = "table";
      section.words = {table.name};
      section.header = "table " + table.name;
    }
    sections.back().tail = std::move(tail);
  }

  std::string given_;
  std::set<std::string> keys_;
  std::string schema_;
  MemoryStore store_;
  std::unique_ptr<Warehouse> warehouse_;
};

// Where the cases are run: DuckDB's file is made for them, PostgreSQL must give the same.
enum class On { duckdb, postgres };

std::unique_ptr<Warehouse> open(const std::string& address) {
  auto warehouse = open_warehouse(address, {});
  EXPECT_TRUE(warehouse.ok()) << warehouse.error().text();
  return std::move(warehouse).value();
}

void check_case(const std::string& path, std::unique_ptr<Warehouse> warehouse, On on) {
  const std::string text = read_file(path);
  const std::vector<Section> expected = parse_case(text);
  EXPECT_TRUE(std::ranges::any_of(expected, [](const Section& s) { return s.word == "sync"; }))
      << path << " has no sync";
  std::vector<Section> actual = expected;
  CaseRun(std::move(warehouse)).run(actual);
  if (testing::Test::HasFailure()) return;
  if (is_update() && on == On::duckdb) {
    std::ofstream(path, std::ios::binary) << write_case(actual);
    return;
  }
  for (std::size_t i = 0; i < expected.size(); ++i) {
    if (says_the_same(expected[i].lines, actual[i].lines)) continue;
    EXPECT_THAT(actual[i].lines, testing::ElementsAreArray(expected[i].lines))
        << path << ": --- " << expected[i].header << "\nUPDATE_GOLDEN=1 writes what came out:\n"
        << write_case({actual[i]});
  }
}

class CaseTest : public testing::Test {
 public:
  explicit CaseTest(std::string path) : path_(std::move(path)) {}
  void TestBody() override {
    check_case(testing_support::in_source("tests/golden/" + path_), open_memory(), On::duckdb);
  }

 private:
  std::string path_;
};

// "types/new_column.case" is the test types.new_column.
bool register_cases() {
  for (const std::string path : case_paths) {
    const std::size_t slash = path.find('/');
    const std::string topic = path.substr(0, slash);
    const std::string name = path.substr(slash + 1, path.rfind('.') - slash - 1);
    testing::RegisterTest(topic.c_str(), name.c_str(), nullptr, nullptr, __FILE__, __LINE__,
                          [path] { return new CaseTest(path); });
  }
  return true;
}

const bool registered = register_cases();

// PostgreSQL cuts names where the others do not, and tells capitals apart.
bool is_for_postgres(std::string_view path) {
  return path != "names/long_names.case" && path != "json/nesting.case" &&
         path != "names/an_event_called_like_a_cut_name.case" &&
         path != "names/made_by_hand_in_capitals.case" && path != "issues/002.case";
}

TEST(Postgres, GivesTheSameTables) {
  const testing_support::PostgresDatabase database;
  for (const std::string path : case_paths) {
    if (!is_for_postgres(path)) continue;
    SCOPED_TRACE(path);
    check_case(testing_support::in_source("tests/golden/" + path), open(database.url()),
               On::postgres);
    if (HasFailure()) return;
    const auto session = open(database.url())->open_session();
    ASSERT_TRUE(session.ok());
    const QueryResult schemas =
        (*session)
            ->query(Sql::typed_by_user("select nspname from pg_namespace where nspname not like "
                                       "'pg@_%' escape '@' and nspname <> 'information_schema'"))
            .value();
    for (const auto& row : schemas.rows)
      ASSERT_TRUE(
          (*session)
              ->execute(std::move(SqlBuilder("drop schema ").name(*row[0]).code(" cascade")).done())
              .ok());
  }
}

TEST(CaseFile, IsWrittenAsItWasRead) {
  const std::string text =
      "# why\n\n--- given \"a\":1\n--- object a.json cut\n{\"b\":2}\n\n--- sync\nx | y\n";
  EXPECT_EQ(write_case(parse_case(text)), text);
}

TEST(CaseFile, PutsWhatIsGivenInFrontOfALine) {
  const auto sections = parse_case("--- object a cut\n{\"b\":\"\\xFF\"}\n{}\nnone\n");
  EXPECT_EQ(object_bytes(sections[1], "\"a\":1"), "{\"a\":1,\"b\":\"\xFF\"}\n{\"a\":1}\nnone");
  EXPECT_EQ(object_bytes(sections[1], ""), "{\"b\":\"\xFF\"}\n{}\nnone");
}

TEST(CaseFile, ComparesCellsNotSpaces) {
  EXPECT_TRUE(says_the_same({"a | b"}, {"a   |   b"}));
  EXPECT_FALSE(says_the_same({"a | b"}, {"a | c"}));
  EXPECT_FALSE(says_the_same({"a | b"}, {"a | b", "c"}));
}

}  // namespace
}  // namespace dray::golden
