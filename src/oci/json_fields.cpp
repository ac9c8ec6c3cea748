// SPDX-License-Identifier: Apache-2.0
#include "oci/json_fields.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::oci::fields {

namespace {

[[noreturn]] void wrong(std::string_view what, std::string_view key, std::string_view expected) {
  throw Error(ErrorKind::input, fmt::format("{}: \"{}\" {}", what, key, expected), "the image is damaged or was written by a broken tool");
}

std::string string_of(const OrderedJson& value, std::string_view key, std::string_view what) {
  if (!value.is_string()) wrong(what, key, "must be a string");
  return value.get_ref<const std::string&>();
}

}  // namespace

const OrderedJson* find(const OrderedJson& object, std::string_view key) {
  auto at = object.find(std::string(key));
  return at == object.end() || at->is_null() ? nullptr : &*at;
}

void require_object(const OrderedJson& value, std::string_view what) {
  if (!value.is_object()) throw Error(ErrorKind::input, fmt::format("{}: must be a JSON object", what));
}

std::string required_string(const OrderedJson& object, std::string_view key, std::string_view what) {
  const OrderedJson* value = find(object, key);
  if (!value) wrong(what, key, "is missing");
  return string_of(*value, key, what);
}

std::string optional_string(const OrderedJson& object, std::string_view key, std::string_view what) {
  const OrderedJson* value = find(object, key);
  return value ? string_of(*value, key, what) : std::string();
}

bool optional_bool(const OrderedJson& object, std::string_view key, std::string_view what) {
  const OrderedJson* value = find(object, key);
  if (!value) return false;
  if (!value->is_boolean()) wrong(what, key, "must be true or false");
  return value->get<bool>();
}

std::map<std::string, std::string> string_map(const OrderedJson& object, std::string_view key, std::string_view what) {
  std::map<std::string, std::string> out;
  const OrderedJson* value = find(object, key);
  if (!value) return out;
  if (!value->is_object()) wrong(what, key, "must be an object of strings");
  for (const auto& [name, text] : value->items()) {
    if (!text.is_string() && !text.is_null()) wrong(what, key, fmt::format("has a value that is no string at \"{}\"", printable(name)));
    out.emplace(name, text.is_null() ? std::string() : text.get_ref<const std::string&>());
  }
  return out;
}

std::vector<std::string> string_list(const OrderedJson& object, std::string_view key, std::string_view what) {
  std::vector<std::string> out;
  const OrderedJson* value = find(object, key);
  if (!value) return out;
  if (!value->is_array()) wrong(what, key, "must be an array of strings");
  for (const OrderedJson& text : *value) out.push_back(string_of(text, key, what));
  return out;
}

const OrderedJson* optional_array(const OrderedJson& object, std::string_view key, std::size_t most, std::string_view what) {
  const OrderedJson* value = find(object, key);
  if (!value) return nullptr;
  if (!value->is_array()) wrong(what, key, "must be an array");
  if (value->size() > most) wrong(what, key, fmt::format("has {} elements, more than the {} accepted", value->size(), most));
  return value;
}

void edit_string_map(OrderedJson& object, std::string_view key, const std::map<std::string, std::string>& changes) {
  const std::string name(key);
  for (const auto& [field, text] : changes) {
    const bool there = find(object, key) != nullptr;
    if (text.empty()) {
      if (there) object[name].erase(field);
      continue;
    }
    if (!there) object[name] = OrderedJson::object();
    object[name][field] = text;
  }
}

}  // namespace resole::oci::fields
