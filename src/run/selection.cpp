#include "run/selection.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "run/notes.h"
#include "source/layout.h"

namespace dray {
namespace {

// Late objects of a day that is over: a pipeline that was down for a long weekend.
constexpr std::chrono::days days_open{3};

// What came later still, and objects whose content has changed, are found by then.
constexpr std::chrono::hours full_listing_every{24};

void leave_out_to(const std::string& start, Listing& listing) {
  if (start.empty()) return;
  std::erase_if(listing.objects, [&](const ObjectInfo& object) { return object.key <= start; });
}

bool is_unchanged(const LedgerObject& entry, const ObjectInfo& object) {
  return entry.size_bytes == object.size_bytes && entry.version == object.version;
}

// Where to begin the listing; "" for all there is. What was listed in full within a day, and sorts
// by day, need be listed only from the oldest day on that may still get objects.
std::string choose_listing_start(const RunContext& context, const LedgerState& ledger) {
  const Timestamp started = context.report.started;
  const bool is_due = !ledger.listed_at || started < *ledger.listed_at ||
                      started - *ledger.listed_at >= full_listing_every;
  const SyncRequest& request = context.request;
  const auto* const days = std::get_if<ReceivedDays>(&request.read);
  const bool reads_old_days = context.is_retry() || (days != nullptr && days->since);
  if (is_due || !context.store.lists_from_anywhere() || reads_old_days ||
      request.reload_changed == ReloadChanged::yes || request.moved) {
    return {};
  }
  if (!ledger.first_key || !ledger.last_key) return {};
  const auto today = std::chrono::floor<std::chrono::days>(started);
  const auto start_before = [&](const std::string& key) {
    return listing_start(*ledger.first_key, key, days_open, today).value_or("");
  };
  // An object that was set aside is tried again, however old it is.
  return std::min(start_before(*ledger.last_key),
                  start_before(ledger.first_unloaded_key.value_or(*ledger.last_key)));
}

class Selecting {
 public:
  Selecting(const RunContext& context, const LedgerState& ledger,
            std::vector<SkippedObject> skipped)
      : context_(context), request_(context.request), ledger_(ledger) {
    selected_.skipped = std::move(skipped);
    if (const RejectedLines* const retried = context.retried()) {
      for (const auto& [key, lines] : retried->by_object)
        retries_missing_.insert(key);
    }
  }

  SelectedObjects select(Listing listing, std::string start) {
    std::erase_if(listing.problems,
                  [&](const ListProblem& problem) { return find_skipped(problem.key); });
    selected_.note = {context_.report.started, fingerprint(context_.store.location(), listing),
                      std::move(start)};
    selected_.listed_all =
        selected_.note.start.empty() && !context_.is_retry() && listing.problems.empty();
    selected_.began_at_first = selected_.note.start.empty();
    selected_.passed_over = std::move(listing.passed_over);
    context_.report.objects_listed = listing.objects.size();
    tell_problems(listing);
    tell_no_files(listing);
    find_gone(listing);
    const std::size_t listed = listing.objects.size();
    selected_.objects.reserve(listed - std::min(listed, ledger_.objects.size()));
    for (ObjectInfo& object : listing.objects) {
      if (is_new(object)) take(std::move(object));
    }
    tell_changed();
    tell_before_history();
    tell_set_aside_left();
    tell_skipped_changed();
    tell_not_retried();
    context_.progress.objects_total = context_.progress.objects_done + selected_.objects.size();
    context_.progress.bytes_total = context_.progress.bytes_done + bytes_selected_;
    return std::move(selected_);
  }

 private:
  // That whatever is new is taken from; nothing: from any. What the first sync left out stays so,
  // and what it took stays in, whatever day it is now.
  std::optional<std::chrono::sys_days> oldest_day() const {
    const auto* const all = std::get_if<NewObjects>(&request_.read);
    if (all == nullptr || !all->history) return std::nullopt;
    const auto today = std::chrono::floor<std::chrono::days>(context_.report.started);
    const std::chrono::sys_days oldest = today - *all->history;
    const auto first = ledger_.first_key ? classify_key(*ledger_.first_key) : std::nullopt;
    return first && first->received_day ? std::min(oldest, *first->received_day) : oldest;
  }

  void tell_before_history() const {
    if (!oldest_day_ || selected_.of_other_days == 0) return;
    const bool is_told = selected_.objects.empty() && !ledger_.mark.has_loaded;
    if (is_told) return;  // nothing_in_period
    context_.notice("before_history",
                    "objects of days before " +
                        format_timestamp(to_micros(Timestamp(*oldest_day_))).substr(0, 10) +
                        " are not read, for history says so; dray sync --since DAY reads them",
                    selected_.of_other_days);
  }

  void take(ObjectInfo object) {
    ReadObject& selected = selected_.objects.emplace_back();
    selected.info = std::move(object);
    if (const RejectedLines* const retried = context_.retried())
      selected.only_lines = &retried->by_object.at(selected.info.key);
    bytes_selected_ += selected.info.size_bytes;
  }

  // Whether this run reads the object; counts why not.
  bool is_new(const ObjectInfo& object) {
    const SkippedObject* skipped = find_skipped(object.key);
    if (const RejectedLines* const retried = context_.retried())
      return is_to_retry(*retried, object, skipped != nullptr);
    if (skipped != nullptr) {
      leave_out(*skipped, object);
      return false;
    }
    const auto known = ledger_.objects.find(object.key);
    if (!is_of_the_days(object)) {
      selected_.listed_all = false;
      if (known == ledger_.objects.end() || !known->second.loaded) ++selected_.of_other_days;
      if (ledger_.set_aside.contains(object.key)) ++set_aside_left_;
      return false;
    }
    if (known == ledger_.objects.end() || !known->second.loaded) return true;
    const bool is_changed = !is_unchanged(known->second, object);
    if (is_changed && request_.reload_changed == ReloadChanged::yes) return true;
    // Nothing was loaded of an empty object: a writer had only opened it.
    if (is_changed && known->second.size_bytes == 0) return true;
    ++context_.report.objects_known;
    if (is_changed && selected_.changed++ == 0) changed_sample_ = object.key;
    ChangedObjects& changes = selected_.changes;
    if (is_changed && !known->second.changed) changes.changed.push_back(known->second.number);
    if (!is_changed && known->second.changed) changes.settled.push_back(known->second.number);
    return false;
  }

  const SkippedObject* find_skipped(const std::string& key) const {
    const auto found = std::ranges::lower_bound(selected_.skipped, key, {}, &SkippedObject::key);
    return found != selected_.skipped.end() && found->key == key ? &*found : nullptr;
  }

  void leave_out(const SkippedObject& skipped, const ObjectInfo& object) {
    ++context_.report.objects_skipped;
    const bool is_changed = (skipped.version && *skipped.version != object.version) ||
                            (skipped.size_bytes && *skipped.size_bytes != object.size_bytes);
    if (is_changed && skipped_changed_++ == 0) skipped_changed_sample_ = object.key;
  }

  bool is_of_the_days(const ObjectInfo& object) const {
    if (!object.received_day) return true;
    if (const auto* const days = std::get_if<ReceivedDays>(&request_.read)) {
      return (!days->since || *object.received_day >= *days->since) &&
             (!days->until || *object.received_day <= *days->until);
    }
    return !oldest_day_ || *object.received_day >= *oldest_day_;
  }

  // A retry reads lines by their numbers, which say nothing of other content.
  bool is_to_retry(const RejectedLines& retried, const ObjectInfo& object, bool is_skipped) {
    if (!retried.by_object.contains(object.key)) return false;
    retries_missing_.erase(object.key);
    if (is_skipped) {
      not_retried("object_skipped", object.key, "is skipped (dray objects unskip takes it back)");
      return false;
    }
    const auto known = ledger_.objects.find(object.key);
    if (known == ledger_.objects.end() || is_unchanged(known->second, object)) return true;
    not_retried(
        "object_changed", object.key,
        "may have other content than when it was loaded (dray sync --reload-changed loads it "
        "again)");
    return false;
  }

  void not_retried(std::string code, const std::string& key, const char* why) {
    const std::size_t lines = context_.retried()->by_object.at(key).size();
    context_.notice(std::move(code),
                    key + ": " + std::to_string(lines) + (lines == 1 ? " line" : " lines") +
                        " not retried, because the object " + why,
                    1);
    ++objects_not_retried_;
  }

  void tell_not_retried() {
    for (const std::string& key : retries_missing_) {
      not_retried("object_gone", key, "is not there any more");
    }
    if (objects_not_retried_ == 0) return;
    context_.fell_short(std::to_string(objects_not_retried_) +
                        (objects_not_retried_ == 1 ? " object" : " objects") +
                        " could not be retried");
  }

  void tell_problems(const Listing& listing) {
    for (const ListProblem& problem : listing.problems) {
      context_.notice(
          "not_listed",
          problem.key + ": " + problem.message +
              "; mend or remove it, or put it aside: " + skip_command(context_, problem.key),
          1);
    }
    if (!listing.problems.empty()) context_.fell_short("parts of the source could not be listed");
  }

  void tell_no_files(const Listing& listing) const {
    if (listing.no_files.empty()) return;
    const ListProblem& first = listing.no_files.front();
    context_.notice("not_a_file",
                    "named like event files, but not regular files, and so not read; first " +
                        first.key + ", which " + first.message,
                    listing.no_files.size());
  }

  void tell_skipped_changed() const {
    if (skipped_changed_ == 0) return;
    context_.notice("skipped_object_changed",
                    "skipped objects may have other content than when they were put aside, first " +
                        skipped_changed_sample_ + "; dray objects unskip loads one",
                    skipped_changed_);
  }

  // Nothing of an object that was set aside is loaded: when it is gone, there is no more to do. Nor
  // of one whose content had changed: what is loaded is all that is left of it.
  void find_gone(const Listing& listing) {
    if (context_.is_retry() || !listing.problems.empty()) return;
    for (const auto& [key, entry] : ledger_.objects) {
      if (entry.loaded && !entry.changed) continue;
      const auto listed = std::ranges::lower_bound(listing.objects, key, {}, &ObjectInfo::key);
      if (listed != listing.objects.end() && listed->key == key) continue;
      if (entry.loaded) {
        selected_.changes.settled.push_back(entry.number);
      } else {
        selected_.gone.push_back(key);
      }
    }
    if (selected_.gone.empty()) return;
    context_.notice("object_gone",
                    "objects that were set aside are not there any more, first " +
                        *std::ranges::min_element(selected_.gone),
                    selected_.gone.size());
  }

  // What is left out stays so, whichever days this run takes.
  void tell_set_aside_left() const {
    if (set_aside_left_ == 0) return;
    context_.fell_short(std::to_string(set_aside_left_) +
                        (set_aside_left_ == 1 ? " object that was set aside is"
                                              : " objects that were set aside are") +
                        " of other days than this sync takes");
  }

  void tell_changed() const {
    if (selected_.changed == 0) return;
    context_.notice("object_changed",
                    "objects may have other content than when they were loaded, first " +
                        changed_sample_ +
                        "; they were not loaded again (dray sync --reload-changed does)",
                    selected_.changed);
  }

  const RunContext& context_;
  const SyncRequest& request_;
  const LedgerState& ledger_;
  const std::optional<std::chrono::sys_days> oldest_day_ = oldest_day();
  SelectedObjects selected_;
  std::uint64_t bytes_selected_ = 0;
  std::string changed_sample_;
  std::uint64_t skipped_changed_ = 0;
  std::string skipped_changed_sample_;
  std::set<std::string> retries_missing_;  // keys that no listing had yet
  std::uint64_t objects_not_retried_ = 0;
  std::uint64_t set_aside_left_ = 0;  // by the days that were asked for
};

}  // namespace

Result<SelectedObjects> select_objects(const RunContext& context, WarehouseSession& session,
                                       LedgerState& ledger) {
  std::string start = choose_listing_start(context, ledger);
  DRAY_ASSIGN(Listing listing, context.store.list({start}));
  leave_out_to(start, listing);
  DRAY_TRY(read_objects(session, context.report.source, start, ledger));
  DRAY_ASSIGN(std::vector<SkippedObject> skipped, read_skipped(session, context.report.source));
  std::ranges::sort(skipped, {}, &SkippedObject::key);
  return Selecting(context, ledger, std::move(skipped))
      .select(std::move(listing), std::move(start));
}

bool takes_whatever_is_new(const SyncRequest& request) {
  return request.mode == SyncMode::load && std::holds_alternative<NewObjects>(request.read) &&
         !request.moved && request.reload_changed == ReloadChanged::no;
}

bool is_as_noted(const RunContext& context) {
  if (!takes_whatever_is_new(context.request)) return false;
  RunReport& report = context.report;
  const auto text = read_note(context.warehouse, NoteKind::listing, report.source);
  const auto note = text && *text ? parse_note(**text) : std::nullopt;
  if (!note) return false;
  const auto age = report.started - note->listed_at;
  // A clock that was set back tells nothing of how long ago that was.
  if (age < age.zero() || age > full_listing_every) return false;
  auto listing = context.store.list({note->start});
  if (!listing || !listing->problems.empty()) return false;
  leave_out_to(note->start, *listing);
  if (fingerprint(context.store.location(), *listing) != note->fingerprint) return false;
  // Somebody has said that it may be empty, and says so no more.
  const bool is_empty = listing->objects.empty() && note->start.empty();
  if (is_empty && !context.request.empty_ok) return false;
  report.objects_listed = report.objects_known = listing->objects.size();
  return true;
}

std::optional<ListingNote> note_of(const RunContext& context, const LedgerState& ledger,
                                   const SelectedObjects& selected) {
  const auto* const all = std::get_if<NewObjects>(&context.request.read);
  const bool is_all_done = context.report.status == RunStatus::success &&
                           takes_whatever_is_new(context.request) && !all->history &&
                           selected.changed == 0 && !ledger.first_unloaded_key;
  const auto listed_at = selected.listed_all ? context.report.started : ledger.listed_at;
  if (!is_all_done || !listed_at) return std::nullopt;
  ListingNote note = selected.note;
  note.listed_at = *listed_at;
  return note;
}

}  // namespace dray
