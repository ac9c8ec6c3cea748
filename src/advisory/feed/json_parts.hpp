// SPDX-License-Identifier: Apache-2.0
// Parts of a JSON document that may be absent, but not of another type: absent reads as empty.
#pragma once
#include <string>
#include <string_view>

#include "base/json.hpp"

namespace resole::advisory::feed {

const Json& members_of(const Json& object, std::string_view key);    // an object
const Json& elements_of(const Json& object, std::string_view key);   // an array
std::string text_of(const Json& value, std::string_view what);       // a string, else Error(input)

}  // namespace resole::advisory::feed
