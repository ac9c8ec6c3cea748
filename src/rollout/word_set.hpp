// SPDX-License-Identifier: Apache-2.0
// Does a text hold one of many words? One pass, whatever their number: manifests are searched by the thousand, and most hold none.
#pragma once
#include <array>
#include <bitset>
#include <string>
#include <string_view>
#include <unordered_set>

namespace resole::rollout {

// A word is a run of letters, digits, '.', '_' and '-', without those three at its end: what stands between the '/', ':' and '@' of a reference.
class WordSet {
 public:
  void add(std::string word);
  bool any_in(std::string_view text) const;
  bool empty() const { return words_.empty(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view word) const { return std::hash<std::string_view>()(word); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> words_;
  std::array<std::bitset<256>, 256> lengths_;  // by the first character
};

}  // namespace resole::rollout
