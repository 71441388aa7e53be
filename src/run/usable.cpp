#include "run/usable.h"

namespace dray {
namespace {

std::string counted(std::uint64_t count, const char* one, const char* more) {
  return std::to_string(count) + " " + (count == 1 ? one : more);
}

// The names that were passed over, so that whoever sees them knows at once what is the matter.
std::string passed_over_text(const PassedOver& passed_over) {
  if (passed_over.count == 0) return "nothing is there yet";
  std::string text = counted(passed_over.count, "other name was", "other names were");
  text += " passed over: ";
  for (std::size_t i = 0; i < passed_over.first.size(); ++i)
    text += (i > 0 ? ", " : "") + passed_over.first[i];
  if (passed_over.count > passed_over.first.size()) text += ", ...";
  return text;
}

std::string no_event_files(const RunContext& context, const SelectedObjects& selected) {
  return "no event file in " + context.report.location +
         " (names that end in .gz, .zst, .ndjson, .jsonl or .json, and are neither hidden nor "
         "temporary); " +
         passed_over_text(selected.passed_over);
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
    if (selected.began_at_first) tell(context, ledger, no_event_files(context, selected));
    return;
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
