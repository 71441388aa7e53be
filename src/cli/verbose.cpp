#include "cli/verbose.h"

#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>

#include "cli/format.h"

namespace dray {
namespace {

// A statement may name thousands of columns.
constexpr std::size_t columns_max = 500;

}  // namespace

std::string trace_text(std::string_view statement) {
  std::string out;
  for (std::size_t at = 0; at < statement.size(); ++at) {
    const char c = statement[at];
    if (c == '\'') {
      // A doubled quote is one more pair.
      const std::size_t end = statement.find('\'', at + 1);
      if (!out.ends_with("'...'")) out += "'...'";
      at = end == std::string_view::npos ? statement.size() : end;
    } else if (c == ' ' || c == '\n' || c == '\t') {
      if (!out.ends_with(' ')) out += ' ';
    } else {
      out += c;
    }
  }
  return cut_to_width(printable(out), columns_max);
}

Trace verbose_trace(const Environment& environment) {
  const auto begun = std::chrono::steady_clock::now();
  const auto mutex = std::make_shared<std::mutex>();
  return [&environment, begun, mutex](std::string_view text) {
    const std::chrono::duration<double> since = std::chrono::steady_clock::now() - begun;
    const std::string line = trace_text(text);
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3f s  ", since.count());
    const std::scoped_lock lock(*mutex);
    environment.err << seconds << line << std::endl;
  };
}

}  // namespace dray
