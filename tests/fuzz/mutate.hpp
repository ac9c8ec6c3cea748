// SPDX-License-Identifier: Apache-2.0
// What a fuzzer does, repeatable and short: valid inputs are damaged in the ways that find parser bugs, with a fixed seed, and given to a
// target. The same targets run under libFuzzer for as long as one likes (*_fuzz.cpp).
#pragma once
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace resole::fuzz {

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random_() % bound); }

  std::string mutate(std::string bytes, std::string_view other) {
    for (std::size_t left = 1 + below(4); left > 0; --left) step(bytes, other);
    return bytes;
  }

 private:
  void step(std::string& bytes, std::string_view other) {
    static constexpr std::string_view kTelling("\x00\xff\x7f\x80\x01 \n\"{}[],:-&*|>\\/=0789", 27);
    const std::size_t at = below(bytes.size()), length = 1 + below(below(8) == 0 ? 600 : 8);
    switch (below(7)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = kTelling[below(kTelling.size())];
        break;
      case 2:
        bytes.erase(at, length);
        break;
      case 3:
        bytes.insert(at, bytes.substr(at, length));
        break;
      case 4:
        bytes.insert(at, length, kTelling[below(kTelling.size())]);
        break;
      case 5:
        bytes.resize(at);
        break;
      case 6:
        bytes.insert(at, other.substr(below(other.size()), length));
        break;
    }
  }

  std::mt19937_64 random_;  // not the distributions: they differ between standard libraries
};

// Runs `target` on mutations of the seeds, for at most a second. The target throws when it finds a bug.
inline void replay(const std::vector<std::string>& seeds, std::size_t rounds, const std::function<void(std::string_view)>& target,
                   const std::function<void(std::string&, Mutator&)>& repair = {}) {
  for (const std::string& seed : seeds) ASSERT_NO_THROW(target(seed));
  Mutator mutator(20261121);
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t round = 0; round < rounds && std::chrono::steady_clock::now() - start < std::chrono::seconds(1); ++round) {
    std::string input = mutator.mutate(seeds[mutator.below(seeds.size())], seeds[mutator.below(seeds.size())]);
    if (repair) repair(input, mutator);
    ASSERT_NO_THROW(target(input)) << "round " << round;
  }
}

}  // namespace resole::fuzz
