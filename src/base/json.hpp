// SPDX-License-Identifier: Apache-2.0
// The one JSON wrapper. Only .cpp files include this; headers use base/json_fwd.hpp. Untrusted text is parsed bounded and with duplicates refused.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"

namespace resole {

struct JsonLimits {
  std::uint64_t bytes = 256ull << 20;
  unsigned depth = 200;
};

// Throws Error(input) with `what`, byte offset and reason: syntax, duplicate key, depth, size, invalid UTF-8, trailing text.
Json parse_json(std::string_view text, std::string_view what, JsonLimits limits = {});
OrderedJson parse_json_ordered(std::string_view text, std::string_view what, JsonLimits limits = {});  // keeps key order, for configs that are edited

std::string dump_document(const Json& value);  // two-space indent, sorted keys, final newline: the form of every document we write
std::string dump_compact(const Json& value);   // no spaces, sorted keys, no newline: the form that is hashed
std::string dump_compact(const OrderedJson& value);

// Reading with a path in the error: at(plan, "platforms", "plan.json").
const Json& member(const Json& object, std::string_view key, std::string_view what);          // Error(input) when absent or not an object
std::string string_member(const Json& object, std::string_view key, std::string_view what);   // Error(input) unless a string
std::string string_or(const Json& object, std::string_view key, std::string_view fallback);   // absent or null -> fallback; wrong type -> Error(input)
std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback);
bool bool_or(const Json& object, std::string_view key, bool fallback);
std::vector<std::string> strings_or_empty(const Json& object, std::string_view key);

}  // namespace resole
