// SPDX-License-Identifier: Apache-2.0
#include "rollout/template.hpp"

#include <kainjow/mustache.hpp>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::rollout {

namespace mustache = kainjow::mustache;

namespace {

mustache::data to_data(const Json& json) {
  if (json.is_object()) {
    mustache::data object{mustache::data::type::object};
    for (const auto& [key, value] : json.items()) object.set(key, to_data(value));
    return object;
  }
  if (json.is_array()) {
    mustache::data list{mustache::data::type::list};
    for (const auto& item : json) list.push_back(to_data(item));
    return list;
  }
  if (json.is_boolean()) return mustache::data{json.get<bool>()};
  if (json.is_string()) return mustache::data{json.get<std::string>()};
  if (json.is_null()) return mustache::data{false};
  return mustache::data{json.dump()};
}

}  // namespace

std::string render_template(std::string_view name, std::string_view text, const Json& context) {
  mustache::mustache parsed{std::string(text)};
  if (!parsed.is_valid()) throw Error(ErrorKind::input, fmt::format("template {}: {}", printable(name), parsed.error_message()), "see the built-in templates in templates/");
  parsed.set_custom_escape([](const std::string& plain) { return plain; });
  return parsed.render(to_data(context));
}

}  // namespace resole::rollout
