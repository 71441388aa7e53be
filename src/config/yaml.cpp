#include "config/yaml.h"

#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>
#include <vector>

namespace dray {
namespace {

// The number of the first line whose indentation has a tab in it; 0 when there is none.
std::size_t line_with_tab(const std::string& text) {
  std::size_t number = 1;
  for (std::size_t at = 0; at < text.size(); ++number) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::size_t begin = std::min(text.find_first_not_of(" \t\r", at), end);
    const bool has_text = begin < end && text[begin] != '#';
    if (has_text && text.find('\t', at) < begin) return number;
    at = end + 1;
  }
  return 0;
}

// Whether the quoted text that begins there ends.
bool is_closed(std::string_view text, std::size_t begin) {
  const char quote = text[begin];
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '"' || text.substr(at + 1, 1) != "'") return true;
      ++at;  // a quote within
    }
  }
  return false;
}

// Where the last scalar of a text begins.
class LastScalar final : public YAML::EventHandler {
 public:
  YAML::Mark mark = YAML::Mark::null_mark();

  void OnScalar(const YAML::Mark& at, const std::string&, YAML::anchor_t,
                const std::string&) override {
    mark = at;
  }
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// The parser takes the end of the file for the second quote, so that only the last text may lack
// it. Throws as YAML::LoadAll() does.
std::optional<Error> quote_error(const std::string& text, const std::string& file_name) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  LastScalar last;
  while (parser.HandleNextDocument(last)) {
  }
  if (last.mark.is_null()) return std::nullopt;
  const auto begin = static_cast<std::size_t>(last.mark.pos);
  if (begin >= text.size() || (text[begin] != '"' && text[begin] != '\'')) return std::nullopt;
  if (is_closed(text, begin)) return std::nullopt;
  return config_error(file_name + ":" + std::to_string(last.mark.line + 1) +
                      ": a quote is opened here and never closed");
}

}  // namespace

std::optional<Error> tab_error(const std::string& text, const std::string& file_name) {
  const std::size_t line = line_with_tab(text);
  if (line == 0) return std::nullopt;
  return config_error(file_name + ":" + std::to_string(line) +
                      ": tabs are not allowed before a key or an entry; indent with spaces");
}

int line_of(const YAML::Node& node) { return node.Mark().line + 1; }

Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file_name) {
  try {
    const std::vector<YAML::Node> documents = YAML::LoadAll(text);
    if (documents.empty() || (documents.size() == 1 && documents[0].IsNull())) {
      return config_error(file_name + ": is empty; `dray init` writes one to start from");
    }
    if (documents.size() > 1) {
      return config_error(file_name + ":" + std::to_string(line_of(documents[1])) +
                          ": a second YAML document; one file holds one");
    }
    if (auto quote = quote_error(text, file_name)) return std::move(*quote);
    return documents[0];
  } catch (const YAML::Exception& problem) {
    if (auto tab = tab_error(text, file_name)) return std::move(*tab);
    return config_error(file_name + ":" + std::to_string(problem.mark.line + 1) +
                        ": not YAML: " + problem.msg);
  }
}

}  // namespace dray
