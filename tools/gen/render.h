#pragma once

#include <cstdint>
#include <string>

#include "gen/members.h"
#include "gen/options.h"
#include "gen/plan.h"

namespace dray::gen {

// Writes events as JSON in the form in which a server stores them.
class Renderer {
 public:
  Renderer(const Options& options, std::uint64_t users);

  // Appends one object without a newline. Conflict::written when it has a property of another type.
  Conflict append(std::string& out, const Event& event) const;

 private:
  const Options& options_;  // Outlives this.
  std::uint64_t key_;
  std::uint64_t companies_;
  MemberOptions members_;
};

}  // namespace dray::gen
