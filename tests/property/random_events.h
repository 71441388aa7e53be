// Small adversarial logs, the same for the same seed: few names and ids, so that duplicates, ties,
// colliding keys and late events happen at all.
#pragma once

#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace dray::property {

using Lines = std::vector<std::string>;        // without line feeds
using Objects = std::map<std::string, Lines>;  // by key

enum class Kinds {
  agree,  // all values of one key are of one kind: no sync fixes a type that another regrets
  mixed,
};
enum class Times {
  tie,     // few instants: rows are equally late, and their places decide
  unique,  // every event has an instant of its own
};

class RandomEvents {
 public:
  RandomEvents(unsigned seed, Kinds kinds, Times times)
      : random_(seed), kinds_(kinds), times_(times) {}

  Objects objects(unsigned object_count, unsigned lines_per_object);
  std::string line();     // most are events, some cannot be used
  std::string garbage();  // a line with bytes broken, perhaps a line no more

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  std::mt19937& engine() { return random_; }

 private:
  bool chance(std::uint32_t percent) { return below(100) < percent; }
  std::string one_of(const std::vector<std::string>& options);
  std::string event();
  std::string call();
  std::string instant(std::uint32_t number);
  std::string body();
  std::string member();
  std::string value(std::uint32_t kind);
  std::string context();

  std::mt19937 random_;
  const Kinds kinds_;
  const Times times_;
  std::uint32_t events_ = 0;
};

// The lines with a line feed behind each.
std::string to_bytes(const Lines& lines);

}  // namespace dray::property
