#include "run/objects_told.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace dray {
namespace {

// What objects are of which lines were rejects, where their beginning tells: once for each kind,
// and not by the line.
void tell_shapes(const RunContext& context, const ObjectSet& objects) {
  for (const ObjectShape shape :
       {ObjectShape::utf16, ObjectShape::json_array, ObjectShape::spread, ObjectShape::separated}) {
    const ReadObject* first = nullptr;
    std::uint64_t count = 0;
    for (const ReadObject& object : objects.objects) {
      const bool is_one = object.set_aside_reason.empty() && object.counts.rejected > 0;
      if (!is_one || object.shape != shape) continue;
      if (first == nullptr) first = &object;
      ++count;
    }
    if (first == nullptr) continue;
    context.notice("not_event_lines",
                   "objects seem to be " + std::string(explain(shape)) +
                       ", and dray sync --reload-changed; first is " + first->info.key,
                   count);
  }
}

// Load balancers and rotations leave .gz of no bytes. There is nothing in one to load, now or by
// another try; once it has content it counts as new.
void tell_if_empty(const ReadObject& object, std::vector<std::string_view>& empty) {
  if (object.info.size_bytes == 0 && object.info.encoding != Encoding::plain) {
    empty.push_back(object.info.key);
  }
}

void tell_empty(const RunContext& context, const std::vector<std::string_view>& empty) {
  if (empty.empty()) return;
  context.notice("empty_object",
                 "compressed objects are empty, without the bytes that even no lines make; "
                 "first " +
                     std::string(empty.front()),
                 empty.size());
}

// What was tried twice does not mend itself.
std::string after_set_aside(const RunContext& context, const LedgerState& ledger,
                            const ReadObject& object) {
  if (context.is_retry()) return "; its rejects stay open";
  const auto before = ledger.set_aside.find(object.info.key);
  if (before == ledger.set_aside.end()) return "; the next sync tries it again";
  const Timestamp begun = std::chrono::floor<std::chrono::seconds>(before->second.since);
  return "; tried " + std::to_string(before->second.attempts + 1) + " times since " +
         format_timestamp(to_micros(begun)) +
         ": put a whole object in its place, or leave it out: " +
         skip_command(context, object.info.key);
}

void tell_set_aside(const RunContext& context, const LedgerState& ledger,
                    const ReadObject& object) {
  context.notice(
      "object_set_aside",
      object.info.key + ": " + object.set_aside_reason + after_set_aside(context, ledger, object),
      1);
}

void tell_how_many_set_aside(const RunContext& context) {
  const std::uint64_t count = context.report.objects_set_aside;
  if (count == 0) return;
  context.fell_short(std::to_string(count) +
                     (count == 1 ? " object could not be read and was set aside"
                                 : " objects could not be read and were set aside"));
  if (context.report.objects_loaded + context.report.objects_known == 0)
    context.report.status = RunStatus::failure;
}

}  // namespace

void tell_objects(const RunContext& context, const LedgerState& ledger, const Registry& registry,
                  ObjectSet& objects) {
  std::vector<std::string_view> empty;
  context.report.bytes_plain += objects.totals.bytes_plain;
  objects.keys.reserve(objects.objects.size());
  for (const ReadObject& object : objects.objects) {
    objects.keys.push_back(object.info.key);
    objects.unusable.push_back(!object.set_aside_reason.empty());
    context.report.bytes_read += object.info.size_bytes;
    if (objects.unusable.back()) {
      ++context.report.objects_set_aside;
      tell_set_aside(context, ledger, object);
      continue;
    }
    ++context.report.objects_loaded;
    tell_if_empty(object, empty);
  }
  for (std::size_t i = 0; i < notice_code_count; ++i) {
    const auto code = static_cast<NoticeCode>(i);
    const ReadTotals::Found& found = objects.totals.notices[i];
    if (found.count == 0) continue;
    std::string message(explain(code));
    message += "; first ";
    if (code == NoticeCode::shared_column) {
      message += registry.column_name(objects.totals.first_shared) + ' ';
    }
    message += "in " + objects.objects[found.first_object].info.key + ':';
    context.notice(std::string(to_string(code)), message + std::to_string(found.first_line),
                   found.count);
  }
  tell_shapes(context, objects);
  tell_empty(context, empty);
  tell_how_many_set_aside(context);
}

}  // namespace dray
