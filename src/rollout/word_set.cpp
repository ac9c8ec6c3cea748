// SPDX-License-Identifier: Apache-2.0
#include "rollout/word_set.hpp"

namespace resole::rollout {

namespace {

constexpr std::size_t kLongestWord = 255;

constexpr std::array<bool, 256> kWordCharacters = [] {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = table[static_cast<std::size_t>(c - 'a' + 'A')] = true;
  table['.'] = table['_'] = table['-'] = true;
  return table;
}();

}  // namespace

void WordSet::add(std::string word) {
  if (word.empty() || word.size() > kLongestWord) return;
  lengths_[static_cast<unsigned char>(word.front())].set(word.size());
  words_.insert(std::move(word));
}

bool WordSet::any_in(std::string_view text) const {
  const char* at = text.data();
  const char* const end = at + text.size();
  while (at != end) {
    while (at != end && !kWordCharacters[static_cast<unsigned char>(*at)]) ++at;
    const char* const begin = at;
    while (at != end && kWordCharacters[static_cast<unsigned char>(*at)]) ++at;
    std::size_t size = static_cast<std::size_t>(at - begin);
    while (size > 0 && (begin[size - 1] == '.' || begin[size - 1] == '-' || begin[size - 1] == '_')) --size;
    if (size == 0 || size > kLongestWord || !lengths_[static_cast<unsigned char>(*begin)][size]) continue;
    if (words_.contains(std::string_view(begin, size))) return true;
  }
  return false;
}

}  // namespace resole::rollout
