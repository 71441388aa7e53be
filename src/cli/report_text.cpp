#include <algorithm>
#include <cmath>
#include <map>

#include "cli/format.h"
#include "cli/report_output.h"
#include "cli/table.h"

namespace dray {
namespace {

// A screen's worth, together.
constexpr std::size_t collections_shown_max = 40;
constexpr std::size_t notices_of_a_kind_max = 10;

bool has_something_to_say(const CollectionReport& collection) {
  return collection.created || collection.rows_loaded > 0 || collection.duplicates > 0 ||
         collection.rows_replaced > 0 || collection.values_rejected > 0 ||
         !collection.new_columns.empty();
}

std::string new_columns_text(const CollectionReport& collection) {
  if (collection.created) {
    return "new table, " + counted(collection.new_columns.size(), "column");
  }
  std::string out;
  for (const std::string& column : collection.new_columns) {
    if (!out.empty()) out += ", ";
    out += column;
  }
  return out;
}

// Nothing where there is nothing, so that the eye finds what is there.
std::string count_text(std::uint64_t count) { return count == 0 ? "" : with_thousands(count); }

// Those with something to say; of too many the ones with the most rows. In the report's order.
std::vector<const CollectionReport*> shown(const RunReport& report, Detail detail,
                                           std::size_t& more) {
  std::vector<const CollectionReport*> found;
  for (const CollectionReport& collection : report.collections) {
    if (has_something_to_say(collection)) found.push_back(&collection);
  }
  more = 0;
  if (detail == Detail::all || found.size() <= collections_shown_max) return found;
  more = found.size() - collections_shown_max;
  std::vector<const CollectionReport*> by_rows = found;
  std::ranges::stable_sort(by_rows, std::greater<>(), &CollectionReport::rows_loaded);
  by_rows.resize(collections_shown_max);
  std::erase_if(found, [&](const CollectionReport* collection) {
    return std::ranges::find(by_rows, collection) == by_rows.end();
  });
  return found;
}

// Where the rest is; a plan is in no history.
std::string see_all(const RunReport& report, SyncMode mode) {
  if (mode == SyncMode::plan) return "--json has all";
  return "see all with: dray history " + shell_word(report.run_id.text()) + " --warehouse " +
         path_word(report.warehouse);
}

std::string collections_table(const RunReport& report, SyncMode mode, const Terminal& terminal,
                              Detail detail) {
  std::size_t more = 0;
  std::vector<std::vector<std::string>> rows;
  for (const CollectionReport* collection : shown(report, detail, more)) {
    rows.push_back({collection->table, with_thousands(collection->rows_loaded),
                    count_text(collection->duplicates), count_text(collection->values_rejected),
                    new_columns_text(*collection)});
  }
  if (rows.empty()) return "";
  std::string out = render_table({{"collection"},
                                  {"rows", Align::right},
                                  {"duplicates", Align::right},
                                  {"rejects", Align::right},
                                  {"new columns"}},
                                 rows, terminal.columns);
  if (more > 0) out += "and " + with_thousands(more) + " more; " + see_all(report, mode) + "\n";
  return out + "\n";
}

std::string rate_text(const RunReport& report) {
  const double seconds = static_cast<double>(report.duration.count()) / 1e6;
  std::string out = " in " + human_duration(report.duration);
  if (seconds <= 0 || report.counts.lines == 0) return out;
  const auto lines = static_cast<double>(report.counts.lines) / seconds;
  const auto bytes =
      static_cast<double>(report.bytes_plain > 0 ? report.bytes_plain : report.bytes_read) /
      seconds;
  out += ", " + with_thousands(static_cast<std::uint64_t>(std::llround(lines))) + " lines/s, ";
  return out + human_bytes(bytes) + "/s";
}

std::string objects_text(const RunReport& report) {
  std::string out =
      counted(report.objects_loaded, "object") + " (" + human_bytes(report.bytes_read);
  if (report.bytes_plain > report.bytes_read) {
    out += ", " + human_bytes(report.bytes_plain) + " unpacked";
  }
  out += ")" + rate_text(report);
  if (report.objects_set_aside > 0) {
    out += "; " + with_thousands(report.objects_set_aside) + " set aside";
  }
  if (report.objects_known > 0) {
    out += "; " + with_thousands(report.objects_known) + " loaded before";
  }
  if (report.objects_skipped > 0) {
    out += "; " + with_thousands(report.objects_skipped) + " skipped";
  }
  return out + "\n";
}

std::string counts_text(const LineCounts& counts) {
  return counted(counts.lines, "line") + " = " + with_thousands(counts.loaded) + " loaded + " +
         with_thousands(counts.duplicate) + " duplicate + " + with_thousands(counts.filtered) +
         " filtered + " + with_thousands(counts.rejected) + " rejected" +
         (counts.waiting == 0 ? "" : " + " + with_thousands(counts.waiting) + " waiting") + "\n";
}

std::string status_text(const RunReport& report, const Terminal& terminal) {
  const Colour colour = report.status == RunStatus::success   ? Colour::green
                        : report.status == RunStatus::partial ? Colour::yellow
                                                              : Colour::red;
  return painted(terminal, colour, to_string(report.status));
}

std::string notice_text(const Notice& notice, const Terminal& terminal) {
  std::string out = painted(terminal, Colour::yellow, "notice:") + " " + printable(notice.message);
  // These say their numbers themselves.
  const bool is_counted = notice.code == "mixed_types" || notice.code == "strings_converted";
  if (notice.count > 1 && !is_counted) out += " (" + with_thousands(notice.count) + " times)";
  return out + "\n";
}

// Objects that cannot be read have a notice each, and there may be thousands.
std::string notices_text(const RunReport& report, SyncMode mode, const Terminal& terminal,
                         Detail detail) {
  std::map<std::string_view, std::size_t> of_a_kind;
  std::string out;
  std::size_t more = 0;
  for (const Notice& notice : report.notices) {
    if (detail == Detail::summary && of_a_kind[notice.code]++ >= notices_of_a_kind_max) {
      ++more;
    } else {
      out += notice_text(notice, terminal);
    }
  }
  if (more > 0) {
    out += "and " + with_thousands(more) + (more == 1 ? " more notice" : " more notices") +
           " like these; " + see_all(report, mode) + "\n";
  }
  return out;
}

std::string of_warehouse(const RunReport& report) {
  return " --warehouse " + path_word(report.warehouse);
}

// "25 lines and 4 values"; empty without any.
std::string rejects_counted(const RunReport& report) {
  std::string out;
  if (report.counts.rejected > 0) out = counted(report.counts.rejected, "line");
  if (report.values_rejected > 0) {
    out += (out.empty() ? "" : " and ") + counted(report.values_rejected, "value");
  }
  return out;
}

std::string next_text(const RunReport& report, SyncMode mode) {
  std::string out;
  // A plan records nothing. Of what failed and was rolled back there are no counts.
  if (mode == SyncMode::plan) return out;
  if (const std::string rejects = rejects_text(report, mode); !rejects.empty()) {
    out += rejects + "\n";
  }
  if (report.objects_set_aside > 0) {
    out += "see the objects set aside, and what to do, with: dray status" + of_warehouse(report) +
           "\n";
  }
  return out;
}

bool nothing_new(const RunReport& report) {
  return report.status == RunStatus::success && report.counts == LineCounts{} &&
         report.objects_loaded == 0 && report.objects_set_aside == 0 && report.ddl.empty() &&
         report.error.empty() && std::ranges::none_of(report.collections, has_something_to_say);
}

// One column a line. Only the first pair of parentheses, that of a table's columns, is laid out.
std::string laid_out(std::string_view statement) {
  const bool is_laid_out = statement.find('\n') != std::string_view::npos;
  if (is_laid_out || !statement.starts_with("create table ")) return std::string(statement);
  std::string out;
  int depth = 0;
  bool is_done = false;
  char quote = 0;
  for (std::size_t at = 0; at < statement.size(); ++at) {
    const char c = statement[at];
    out += c;
    if (is_done) continue;
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '(' && ++depth == 1) {
      out += "\n  ";
    } else if (c == ',' && depth == 1) {
      out += "\n  ";
      while (at + 1 < statement.size() && statement[at + 1] == ' ')
        ++at;
    } else if (c == ')' && --depth == 0) {
      out.insert(out.size() - 1, "\n");
      is_done = true;
    }
  }
  return out;
}

std::string ddl_text(const RunReport& report) {
  if (report.ddl.empty()) return "no change of the schema\n";
  std::string out;
  for (const std::string& told : report.ddl) {
    const std::string statement = laid_out(told);
    // Its line breaks are its layout: only what else a terminal would obey is told by a name.
    for (std::size_t at = 0; at < statement.size();) {
      const std::size_t end = std::min(statement.find('\n', at), statement.size());
      out += printable(std::string_view(statement).substr(at, end - at)) + "\n";
      at = end + 1;
    }
    if (!out.ends_with(";\n")) out.insert(out.size() - 1, ";");
  }
  return out;
}

}  // namespace

std::string rejects_text(const RunReport& report, SyncMode mode) {
  std::string out = rejects_counted(report);
  if (out.empty()) return out;
  out += " rejected";
  if (mode == SyncMode::plan) return out;
  const bool is_one = report.counts.rejected + report.values_rejected == 1;
  return out + "; see " + (is_one ? "it" : "them") + " with: dray rejects list --run " +
         shell_word(report.run_id.text()) + of_warehouse(report);
}

std::string conservation_bug(const RunReport& report) {
  if (report.counts.conserved()) return "";
  return "BUG: the counts of " + report.source + " do not add up: " + counts_text(report.counts) +
         "Do not rely on this run, and please report it with the output of: dray history " +
         report.run_id.text() + " --json\n";
}

std::string report_text(const RunReport& report, SyncMode mode, const Terminal& terminal,
                        Detail detail) {
  const std::string title = painted(terminal, Colour::bold, printable(report.source));
  if (nothing_new(report)) {
    return title + ": nothing new; " + counted(report.objects_known, "object") +
           " loaded before\n" + notices_text(report, mode, terminal, detail);
  }
  std::string out =
      title + ": " + printable(report.location) + " to " + printable(report.warehouse) + ": ";
  if (mode == SyncMode::plan) {
    out += report.status == RunStatus::success
               ? "a plan; nothing was changed\n\n"
               : "a plan: " + status_text(report, terminal) + "\n\n";
  } else {
    out += status_text(report, terminal) + " (run " + printable(report.run_id.text()) + ")\n\n";
  }
  out += collections_table(report, mode, terminal, detail);
  if (report.counts != LineCounts{} || report.status != RunStatus::failure) {
    out += counts_text(report.counts) + objects_text(report);
  }
  if (mode == SyncMode::plan) {
    out +=
        "rows that are stored already, and values that do not fit a column, are told by the sync\n";
    out += "\n" + ddl_text(report);
  }
  out += notices_text(report, mode, terminal, detail);
  if (!report.error.empty()) {
    out += painted(terminal, Colour::red, "error:") + " " + printable(report.error) + "\n";
  }
  return out + next_text(report, mode);
}

}  // namespace dray
