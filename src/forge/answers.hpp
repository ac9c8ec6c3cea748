// SPDX-License-Identifier: Apache-2.0
// Fields of forges' answers, which may be anything. An inner header: it needs the whole of JSON.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "forge/forge.hpp"

namespace resole::forge {

inline std::string text_in(const Json& object, std::string_view key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

inline bool flag_in(const Json& object, std::string_view key) {
  if (!object.is_object()) return false;
  const auto found = object.find(key);
  return found != object.end() && found->is_boolean() && found->get<bool>();
}

inline const Json& part_in(const Json& object, std::string_view key) {
  static const Json nothing;
  if (!object.is_object()) return nothing;
  const auto found = object.find(key);
  return found == object.end() ? nothing : *found;
}

// A number by which the rest of the calls name the thing.
inline std::uint64_t number_in(const Json& object, std::string_view key, std::string_view name) {
  const Json& found = part_in(object, key);
  if (!found.is_number_unsigned() || found.get<std::uint64_t>() == 0) throw Error(ErrorKind::network, fmt::format("{} answered without a \"{}\"", name, key), "is --forge-api the place of its API?");
  return found.get<std::uint64_t>();
}

inline const Json& list_of(const Json& answer, std::string_view name) {
  if (!answer.is_array()) throw Error(ErrorKind::network, fmt::format("{} answered with something else than a list", name), "is --forge-api the place of its API?");
  return answer;
}

// An address to show and to click on.
inline std::string web_url_in(const Json& object, std::string_view key) {
  const std::string url = text_in(object, key);
  return url.starts_with("https://") || url.starts_with("http://") ? printable(url, 500) : std::string();
}

}  // namespace resole::forge
