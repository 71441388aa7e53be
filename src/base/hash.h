// Hashes: XXH3 where a stable or keyed 64 bits are wanted, SHA-256 where a name must not collide.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace dray {

// XXH3-64 without a seed: the value of the column `uuid` is this, as a signed integer.
std::uint64_t xxh3(std::string_view bytes);
// With a seed, that is with other collisions.
std::uint64_t xxh3(std::string_view bytes, std::uint64_t seed);

// Lower-case hexadecimal.
std::string sha256_hex(std::string_view bytes);
// Its first eight digits, as names use them.
std::string sha256_hex8(std::string_view bytes);

// A number nobody outside this process can guess, from the operating system.
std::uint64_t random_seed();

}  // namespace dray
