// SPDX-License-Identifier: Apache-2.0
// Large JSON in pieces: a stream is cut where its values begin and end, and each piece is parsed by itself, so that memory is that of the largest one.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace resole {

enum class JsonCut {
  values,   // whole values, one after the other: a document, or JSON lines
  members,  // the members of the one object, or the elements of the one array, that the text is
};

struct JsonPieceLimits {
  std::uint64_t piece = 256ull << 20;    // bytes of one
  std::uint64_t count = 20'000'000;
  std::uint64_t bytes = 4ull << 30;      // of the whole text
};

// `text` of a value or element as it stands; of an object's member as an object with this one member. `offset`: of its first byte in the stream.
// Error(input) with `what`, byte offset and reason where brackets, strings or commas do not fit; the pieces themselves are not looked at.
void for_each_json(Source& source, std::string_view what, JsonCut cut, const std::function<void(std::string_view text, std::uint64_t offset)>& use,
                   JsonPieceLimits limits = {});

// What the beginning of a JSON text tells: its first character and the keys that stand at depth 1, 2 and 3. Never throws.
struct JsonOutline {
  char opens = '\0';                     // '{', '[', or '\0': not JSON
  std::set<std::string> keys[3];
  bool has(unsigned depth, std::string_view key) const { return keys[depth - 1].contains(std::string(key)); }
};
JsonOutline outline_of(std::string_view beginning);

}  // namespace resole
