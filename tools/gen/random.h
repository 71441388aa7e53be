#pragma once

#include <cstdint>

namespace dray::gen {

// Every value of the output is a function of a key, never of what was drawn before it. So any line
// can be made alone, and neither threads nor the split into objects can change it. Integers only:
// floating point may be contracted or rounded differently from machine to machine.

// The finalizer of SplitMix64: every bit of the input moves about half of the bits of the result.
constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebU;
  x ^= x >> 31;
  return x;
}

constexpr std::uint64_t key_of(std::uint64_t parent, std::uint64_t child) {
  return mix64(parent ^ mix64(child + 0x9e3779b97f4a7c15U));
}

// What a key is drawn for. Two purposes never share random numbers.
enum class Stream : std::uint64_t {
  track = 1,
  visit,
  step,
  user,
  product,
  company,
  message,
  properties,
  noise,
  late,
  conflict,
  duplicate,
  bad,
  object,
  device,
  flush,
  kind,
};

constexpr std::uint64_t key_of(std::uint64_t parent, Stream stream, std::uint64_t child) {
  return key_of(parent + static_cast<std::uint64_t>(stream) * 0xd1342543de82ef95U, child);
}

constexpr std::uint32_t ppm_all = 1'000'000;

// Draw once per full expression: the order in which a compiler evaluates arguments and operands is
// its own choice.
class Random {
 public:
  explicit constexpr Random(std::uint64_t key) : state_(key) {}

  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    return mix64(state_);
  }

  // Evenly from [0, bound); 0 when bound is 0.
  constexpr std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>(((next() >> 32) * bound) >> 32);
  }

  // From [0, bound), small numbers oftener: a tenth of the range gets about a third of the draws.
  constexpr std::uint32_t skewed(std::uint32_t bound) {
    const std::uint64_t u = next() >> 32;
    return static_cast<std::uint32_t>((((u * u) >> 32) * bound) >> 32);
  }

  // From [low, high].
  constexpr std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + below(static_cast<std::uint32_t>(high - low + 1));
  }

  constexpr bool chance(std::uint32_t ppm) { return below(ppm_all) < ppm; }
  constexpr bool percent(std::uint32_t share) { return below(100) < share; }

 private:
  std::uint64_t state_;
};

}  // namespace dray::gen
