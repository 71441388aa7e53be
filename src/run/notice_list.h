// Notices of one code: the first ones by themselves, the others together, so that many of one cause
// do not scroll the first off the screen.
//
// Threads: as the run's report. Borrows the context.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "run/context.h"

namespace dray {

class NoticeList {
 public:
  // `what` ends the sentence on the others: "20 more columns WHAT: a, b". `noun` is one of them.
  NoticeList(const RunContext& context, std::string code, std::string what,
             std::string noun = "column");

  // `name` is what stands for it among the others.
  void add(const std::string& name, const std::string& message, std::uint64_t count);
  // Once, after all.
  void tell_others();

 private:
  const RunContext& context_;
  const std::string code_;
  const std::string what_;
  const std::string noun_;
  std::size_t told_ = 0;
  std::size_t others_ = 0;
  std::uint64_t others_count_ = 0;
  std::string names_;
};

}  // namespace dray
