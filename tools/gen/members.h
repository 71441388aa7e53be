#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gen/scene.h"

namespace dray::gen {

enum class Conflict { none, written };

struct MemberOptions {
  std::uint64_t key;                   // content_key()
  std::optional<std::uint32_t> width;  // Options::width
  std::uint32_t nulls_ppm;
  std::int64_t start_ms;
};

// Appends the object of properties or traits; nothing for an alias, which has none.
// Conflict::written when one of them has another type than it usually has, as the event asked for.
Conflict append_members(std::string& out, const Scene& scene, const MemberOptions& options);

}  // namespace dray::gen
