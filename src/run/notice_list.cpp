#include "run/notice_list.h"

#include <utility>

namespace dray {
namespace {

constexpr std::size_t told_max = 20;
constexpr std::size_t named_max = 5;

}  // namespace

NoticeList::NoticeList(const RunContext& context, std::string code, std::string what,
                       std::string noun)
    : context_(context), code_(std::move(code)), what_(std::move(what)), noun_(std::move(noun)) {}

void NoticeList::add(const std::string& name, const std::string& message, std::uint64_t count) {
  if (told_++ < told_max) {
    context_.notice(code_, message, count);
    return;
  }
  others_count_ += count;
  if (others_++ < named_max) names_ += (names_.empty() ? "" : ", ") + name;
}

void NoticeList::tell_others() {
  if (others_ == 0) return;
  std::string message = std::to_string(others_) + " more " + noun_ + (others_ == 1 ? " " : "s ") +
                        what_ + ": " + names_;
  if (others_ > named_max) {
    message += " and " + std::to_string(others_ - named_max) + " more";
  }
  context_.notice(code_, message, others_count_);
}

}  // namespace dray
