// SPDX-License-Identifier: Apache-2.0
// YAML 1.2 chapter 10.3, the core schema: what an unquoted word means.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"

namespace resole {

namespace {

constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

[[noreturn]] void fail(std::string_view what, const yaml::Node& node, std::string_view reason) {
  throw Error(ErrorKind::input, fmt::format("{}: byte {}: {}", what, node.text.begin, reason));
}

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool all_digits(std::string_view text) { return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos; }

template <class Number, class... Base>
std::optional<Number> convert(std::string_view text, Base... base) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base...);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Digits with a point or an exponent: [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  std::size_t exponent = text.find_first_of("eE");
  const std::string_view number = text.substr(0, exponent);
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point),
                         fraction = point == std::string_view::npos ? std::string_view() : number.substr(point + 1);
  const auto digits_or_none = [](std::string_view part) { return part.empty() || all_digits(part); };
  if (!digits_or_none(whole) || !digits_or_none(fraction) || (whole.empty() && fraction.empty())) return false;
  if (exponent == std::string_view::npos) return true;
  std::string_view power = text.substr(exponent + 1);
  if (power.starts_with('-') || power.starts_with('+')) power.remove_prefix(1);
  return all_digits(power);
}

std::optional<Json> integer(const yaml::Node& node, std::string_view what) {
  std::string_view text = node.value;
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    text.remove_prefix(2);
    if (text.empty() || text.find_first_not_of(base == 16 ? "0123456789abcdefABCDEF" : "01234567") != std::string_view::npos)
      return std::nullopt;
  } else {
    const std::string_view digits = text.substr(text.starts_with('-') || text.starts_with('+') ? 1 : 0);
    if (!all_digits(digits)) return std::nullopt;
    if (digits.size() > 1 && digits.front() == '0')
      fail(what, node, fmt::format("\"{}\" is octal to some readers: write 0o..., or quote it", text));
    if (text.starts_with('+')) text.remove_prefix(1);
  }
  const auto value = convert<std::int64_t>(text, base);
  if (!value) fail(what, node, "a number that is too large");
  return Json(*value);
}

std::optional<Json> floating(const yaml::Node& node, std::string_view what) {
  std::string_view text = node.value;
  if (is_one_of(lower(text), {".inf", "+.inf", "-.inf", ".nan"})) fail(what, node, "infinity and NaN are no settings");
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (!is_float(text)) return std::nullopt;
  const auto value = convert<double>(text);
  if (!value || !std::isfinite(*value)) fail(what, node, "a number that is too large");
  return Json(negative ? -*value : *value);
}

Json resolve_plain(const yaml::Node& node, std::string_view what) {
  if (is_one_of(node.value, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (is_one_of(node.value, {"true", "True", "TRUE"})) return true;
  if (is_one_of(node.value, {"false", "False", "FALSE"})) return false;
  if (auto number = integer(node, what)) return *std::move(number);
  if (auto number = floating(node, what)) return *std::move(number);
  return node.value;
}

Json convert_scalar(const yaml::Node& node, std::string_view what) {
  if (node.tag.empty()) return node.style == yaml::Style::plain ? resolve_plain(node, what) : Json(node.value);
  const std::string_view tag = node.tag;
  if (!tag.starts_with(kTagPrefix)) fail(what, node, fmt::format("the tag \"{}\" is not known here", printable(tag)));
  const std::string_view type = tag.substr(kTagPrefix.size());
  if (type == "str") return node.value;
  const Json value = resolve_plain(node, what);
  const bool fits = (type == "int" && value.is_number_integer()) || (type == "float" && value.is_number()) ||
                    (type == "bool" && value.is_boolean()) || (type == "null" && value.is_null());
  if (!fits) fail(what, node, fmt::format("\"{}\" is not what its tag \"{}\" says", printable(node.value), printable(type)));
  return value;
}

Json convert_node(const yaml::Node& node, std::string_view what) {
  switch (node.kind) {
    case yaml::Kind::scalar:
      return convert_scalar(node, what);
    case yaml::Kind::alias:
      fail(what, node, "aliases are not accepted here: write the value out");
    case yaml::Kind::sequence:
    case yaml::Kind::mapping:
      break;
  }
  if (!node.tag.empty() && node.tag != std::string(kTagPrefix) + (node.kind == yaml::Kind::mapping ? "map" : "seq")) {
    fail(what, node, fmt::format("the tag \"{}\" is not known here", printable(node.tag)));
  }
  Json out = node.kind == yaml::Kind::mapping ? Json::object() : Json::array();
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    if (node.kind == yaml::Kind::sequence) {
      out.push_back(convert_node(node.values[i], what));
    } else {
      if (!node.keys[i].is_scalar()) fail(what, node.keys[i], "a key that is no word");
      out[node.keys[i].value] = convert_node(node.values[i], what);
    }
  }
  return out;
}

}  // namespace

Json yaml_to_json(std::string_view text, std::string_view what) {
  const auto documents = yaml::parse(text, what);
  if (documents.size() > 1) throw Error(ErrorKind::input, fmt::format("{}: {} documents where one is expected", what, documents.size()));
  return documents.empty() ? Json() : convert_node(documents.front().root, what);
}

}  // namespace resole
