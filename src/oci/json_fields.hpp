// SPDX-License-Identifier: Apache-2.0
// Reading members of manifests and configs. `null` counts as absent (Go writers emit it for empty values); a wrong type is Error(input)
// naming the place.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"

namespace resole::oci::fields {

// The member, or nullptr when it is absent or null.
const OrderedJson* find(const OrderedJson& object, std::string_view key);

void require_object(const OrderedJson& value, std::string_view what);
std::string required_string(const OrderedJson& object, std::string_view key, std::string_view what);
std::string optional_string(const OrderedJson& object, std::string_view key, std::string_view what);
bool optional_bool(const OrderedJson& object, std::string_view key, std::string_view what);
std::map<std::string, std::string> string_map(const OrderedJson& object, std::string_view key, std::string_view what);
std::vector<std::string> string_list(const OrderedJson& object, std::string_view key, std::string_view what);
// nullptr when absent; Error(input) when it is no array or has more than `most` elements.
const OrderedJson* optional_array(const OrderedJson& object, std::string_view key, std::size_t most, std::string_view what);

// Sets members of the string map `key` of `object`; "" removes one. A map that does not exist is made only when something is set in it.
void edit_string_map(OrderedJson& object, std::string_view key, const std::map<std::string, std::string>& changes);

}  // namespace resole::oci::fields
