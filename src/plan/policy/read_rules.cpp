// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "plan/policy/rules.hpp"

namespace resole::plan {

namespace {

using advisory::Severity;

constexpr std::size_t kMostRules = 10'000, kLargestPolicy = 4u << 20;
constexpr std::string_view kPolicySchema = "resole/policy/v1";

[[noreturn]] void fail_policy(std::string message, std::string hint = {}) { throw Error(ErrorKind::input, std::move(message), std::move(hint)); }

void require_members(const Json& object, std::initializer_list<std::string_view> known) {
  if (!object.is_object()) fail_policy(fmt::format("expected an object, found {}", object.type_name()));
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end())
      fail_policy(fmt::format("\"{}\" is not known here", printable(key, 60)), "known are: " + join({known.begin(), known.end()}, ", "));
    // What a template left empty must not switch a limit off, or widen a rule.
    const bool empty = value.is_string() ? trim(value.get<std::string>()).empty() : value.is_array() && value.empty() && key != "rules";
    if (empty) fail_policy(fmt::format("\"{}\" is empty", key), "give it a value, or leave it out");
  }
}

template <class Value, std::size_t N>
Value one_of(const Json& object, std::string_view key, Value fallback, const std::array<std::pair<std::string_view, Value>, N>& words) {
  const std::string text = string_or(object, key, "");
  if (text.empty()) return fallback;
  std::vector<std::string> all;
  for (const auto& [word, value] : words) {
    if (word == text) return value;
    all.emplace_back(word);
  }
  fail_policy(fmt::format("\"{}\" is \"{}\"", key, printable(text, 60)), "it is one of: " + join(all, ", "));
}

Severity severity_in(const Json& object, std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, Severity>, 5> kLevels = {{{"negligible", Severity::negligible},
                                                                                    {"low", Severity::low},
                                                                                    {"medium", Severity::medium},
                                                                                    {"high", Severity::high},
                                                                                    {"critical", Severity::critical}}};
  return one_of(object, key, Severity::unknown, kLevels);
}

// "3d", "12h"
std::int64_t age_in(const Json& object, std::string_view key) {
  const std::string text = string_or(object, key, "");
  if (text.empty()) return 0;
  const std::int64_t unit = text.back() == 'd' ? 86400 : text.back() == 'h' ? 3600 : 0;
  const auto number = parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
  if (unit == 0 || !number || *number > 36500) fail_policy(fmt::format("\"{}\" is \"{}\"", key, printable(text, 60)), "write days or hours: 3d, 12h");
  return static_cast<std::int64_t>(*number) * unit;
}

// "40MB", "500kB", "10%", or a number of bytes
std::optional<document::GrowthLimit> growth_in(const Json& object, std::string_view key) {
  static constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> kUnits = {{{"kB", 1000}, {"MB", 1'000'000}, {"GB", 1'000'000'000}}};
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return std::nullopt;
  if (found->is_number_integer() && found->get<std::int64_t>() > 0) return document::GrowthLimit{.bytes = found->get<std::uint64_t>()};
  const std::string text = found->is_string() ? found->get<std::string>() : std::string();
  if (text.ends_with('%')) {
    const auto percent = parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
    if (percent && *percent > 0 && *percent <= 10'000) return document::GrowthLimit{.percent = static_cast<unsigned>(*percent)};
  }
  for (const auto& [unit, factor] : kUnits) {
    if (!text.ends_with(unit)) continue;
    const auto number = parse_unsigned(trim(std::string_view(text).substr(0, text.size() - unit.size())));
    if (number && *number > 0 && *number < std::numeric_limits<std::uint64_t>::max() / factor) return document::GrowthLimit{.bytes = *number * factor};
  }
  fail_policy(fmt::format("\"{}\" is {}", key, printable(dump_compact(*found), 60)), "write a size or a share of the image: 40MB, 10%");
}

std::int64_t until_in(const Json& object) {
  const std::string text = string_or(object, "until", "");
  if (text.empty()) return 0;
  const auto time = parse_time(text);
  if (!time) fail_policy(fmt::format("\"until\" is \"{}\"", printable(text, 60)), "write a day or a time: 2026-12-31, 2026-12-31T12:00:00Z");
  return *time;
}

Rule read_rule(const Json& json) {
  static constexpr std::array<std::pair<std::string_view, RuleAction>, 3> kActions = {
      {{"allow", RuleAction::allow}, {"hold", RuleAction::hold}, {"deny", RuleAction::deny}}};
  require_members(json, {"action", "name", "reason", "packages", "sources", "advisories", "images", "until"});
  Rule rule;
  if (string_or(json, "action", "").empty()) fail_policy("\"action\" is missing", "it is allow, hold or deny");
  rule.action = one_of(json, "action", RuleAction::hold, kActions);
  rule.name = string_or(json, "name", "");
  rule.reason = string_or(json, "reason", "");
  rule.packages = strings_or_empty(json, "packages");
  rule.sources = strings_or_empty(json, "sources");
  rule.advisories = strings_or_empty(json, "advisories");
  rule.images = strings_or_empty(json, "images");
  rule.until = until_in(json);
  if (rule.packages.empty() && rule.sources.empty() && rule.advisories.empty() && rule.images.empty())
    fail_policy("the rule does not say what it is about", "name packages, sources, advisories or images; \"*\" is all of them");
  return rule;
}

void read_members(const Json& json, Rules& out) {
  using document::OnPartial;
  static constexpr std::array<std::pair<std::string_view, bool>, 2> kExploited = {{{"always", true}, {"as-others", false}}};
  static constexpr std::array<std::pair<std::string_view, bool>, 2> kEndOfLife = {{{"warn", false}, {"refuse", true}}};
  static constexpr std::array<std::pair<std::string_view, std::optional<Scripts>>, 3> kScripts = {
      {{"hold", Scripts::hold}, {"sandbox", Scripts::sandbox}, {"refuse", Scripts::refuse}}};
  static constexpr std::array<std::pair<std::string_view, OnPartial>, 3> kPartial = {
      {{"report", OnPartial::report}, {"accept", OnPartial::accept}, {"refuse", OnPartial::refuse}}};
  require_members(json, {"schema", "severityFloor", "knownExploited", "minReleaseAge", "maxGrowth", "endOfLife", "scripts", "onPartial", "newDigestFor", "rules"});
  if (const std::string schema = string_or(json, "schema", std::string(kPolicySchema)); schema != kPolicySchema)
    fail_policy(fmt::format("\"schema\" is \"{}\", expected \"{}\"", printable(schema, 60), kPolicySchema));
  out.severity_floor = severity_in(json, "severityFloor");
  out.exploited_always = one_of(json, "knownExploited", true, kExploited);
  out.least_age = age_in(json, "minReleaseAge");
  out.growth = growth_in(json, "maxGrowth");
  out.refuse_end_of_life = one_of(json, "endOfLife", false, kEndOfLife);
  out.scripts = one_of(json, "scripts", std::optional<Scripts>(), kScripts);
  out.on_partial = one_of(json, "onPartial", OnPartial::report, kPartial);
  out.new_digest_for = severity_in(json, "newDigestFor");
  const auto rules = json.find("rules");
  if (rules == json.end() || rules->is_null()) return;
  if (!rules->is_array() || rules->size() > kMostRules) fail_policy(fmt::format("\"rules\" must be a list of at most {}", kMostRules));
  for (std::size_t i = 0; i < rules->size(); ++i) {
    with_context([&] { return fmt::format("rules[{}]", i); }, [&] { out.rules.push_back(read_rule((*rules)[i])); });
  }
}

}  // namespace

Rules read_rules(std::string_view text, std::string_view file_name) {
  const std::string what = "policy " + printable(file_name);
  if (text.size() > kLargestPolicy) throw Error(ErrorKind::input, fmt::format("{} has {}, more than is read", what, human_size(text.size())));
  if (trim(text).empty()) throw Error(ErrorKind::input, what + " is empty");
  const Json json = trim(text).starts_with('{') ? parse_json(text, what, {.bytes = kLargestPolicy, .depth = 20}) : yaml_to_json(text, what);
  Rules out;
  out.name = file_name;
  out.sha256 = Digest::of(text);
  with_context([&] { return what; }, [&] { read_members(json, out); });
  return out;
}

}  // namespace resole::plan
