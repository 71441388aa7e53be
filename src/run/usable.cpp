#include "run/usable.h"

#include <algorithm>

namespace dray {
namespace {

std::string counted(std::uint64_t count, const char* one, const char* more) {
  return std::to_string(count) + " " + (count == 1 ? one : more);
}

// The names that were passed over, so that whoever sees them knows at once what is the matter.
std::string passed_over_text(const PassedOver& passed_over) {
  if (passed_over.count == 0) return "nothing is there";
  std::string text = counted(passed_over.count, "other name was", "other names were");
  text += " passed over: ";
  for (std::size_t i = 0; i < passed_over.first.size(); ++i)
    text += (i > 0 ? ", " : "") + passed_over.first[i];
  if (passed_over.count > passed_over.first.size()) text += ", ...";
  return text;
}

constexpr const char* looked_for =
    "names that end in .gz, .zst, .ndjson, .jsonl or .json, and are neither hidden nor temporary";

std::string no_event_files(const RunContext& context, const SelectedObjects& selected) {
  return "no event file in " + context.report.location + " (" + looked_for + "); " +
         passed_over_text(selected.passed_over);
}

// What was loaded from there is gone: a disk that is not mounted leaves an empty folder, and then
// "nothing new" would be told for ever.
void tell_emptied(const RunContext& context, const LedgerState& ledger,
                  const SelectedObjects& selected) {
  const auto loaded = static_cast<std::uint64_t>(
      std::ranges::count_if(ledger.objects, [](const auto& entry) { return entry.second.loaded; }));
  const bool is_disk = context.report.location.find("://") == std::string::npos;
  std::string why = "no event file in " + context.report.location + ", from where ";
  why += loaded == 0 ? "lines were" : counted(loaded, "object was", "objects were");
  why += " loaded before: ";
  why += is_disk ? "is its disk mounted, and are the files where they were?"
                 : "have they moved, or expired?";
  context.fell_short(why);
  context.notice("source_empty",
                 passed_over_text(selected.passed_over) + " (" + looked_for +
                     " are looked for); if nothing has to be there any more, say so: --empty-ok, "
                     "or empty_ok: true for the source in dray.yaml",
                 1);
}

// `why` is the end of a source that has never loaded a row, and worth a notice of another.
void tell(const RunContext& context, const LedgerState& ledger, const std::string& why) {
  if (ledger.mark.has_loaded) return context.notice("nothing_usable", why, 1);
  context.fell_short(why);
  context.report.status = RunStatus::failure;
}

}  // namespace

void judge_listing(const RunContext& context, const LedgerState& ledger,
                   const SelectedObjects& selected) {
  const RunReport& report = context.report;
  if (context.is_retry()) return;
  if (report.objects_listed == 0) {
    if (!selected.began_at_first) return;
    if (ledger.mark.has_loaded && !context.request.empty_ok)
      return tell_emptied(context, ledger, selected);
    return tell(context, ledger, no_event_files(context, selected));
  }
  if (ledger.mark.has_loaded) return;
  if (selected.of_other_days > 0) {
    return context.notice("nothing_in_period",
                          "all objects that are not loaded were received on other days than those "
                          "that this sync takes (--since, --until, history)",
                          selected.of_other_days);
  }
  if (!ledger.mark.has_rejected) {
    return context.notice("nothing_usable", "no line of this source was ever there to load", 1);
  }
  tell(context, ledger,
       "no line of this source was ever loaded: " +
           counted(report.objects_known, "object was", "objects were") +
           " read before, and all their lines are rejects");
}

void judge_lines(const RunContext& context, const LedgerState& ledger,
                 const std::vector<ReadObject>& objects) {
  if (context.is_retry()) return;
  LineCounts counts;
  std::uint64_t read = 0;
  for (const ReadObject& object : objects) {
    if (!object.set_aside_reason.empty()) continue;
    counts += object.counts;
    ++read;
  }
  if (counts.lines > counts.rejected) return;
  if (read == 0) {
    // That none could be read is told already.
    if (!ledger.mark.has_loaded) context.report.status = RunStatus::failure;
    return;
  }
  const std::string place = counted(read, "new object", "new objects");
  if (counts.lines == 0) {
    // An empty object is no mistake by itself.
    if (!ledger.mark.has_loaded) {
      context.notice("nothing_usable", "there is no line in " + place, 1);
    }
    return;
  }
  tell(context, ledger,
       "no line of " + place + " could be loaded: " +
           counted(counts.rejected, "line is a reject", "lines are rejects"));
}

}  // namespace dray
