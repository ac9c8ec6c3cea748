// SPDX-License-Identifier: Apache-2.0
#include "advisory/feed/json_parts.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

const Json& part_of(const Json& object, std::string_view key, const Json& empty) {
  if (!object.is_object()) throw Error(ErrorKind::input, fmt::format("an object with \"{}\" is expected", key));
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return empty;
  if (found->is_array() && found->empty()) return empty;  // what some programs write for an empty object, too
  if (found->type() != empty.type()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be {}", key, empty.is_array() ? "an array" : "an object"));
  return *found;
}

}  // namespace

const Json& members_of(const Json& object, std::string_view key) {
  static const Json kNone = Json::object();
  return part_of(object, key, kNone);
}

const Json& elements_of(const Json& object, std::string_view key) {
  static const Json kNone = Json::array();
  return part_of(object, key, kNone);
}

std::string text_of(const Json& value, std::string_view what) {
  if (!value.is_string()) throw Error(ErrorKind::input, fmt::format("{} must be a string", what));
  return value.get<std::string>();
}

}  // namespace resole::advisory::feed
