// SPDX-License-Identifier: Apache-2.0
#include "plan/policy/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace resole::plan {

namespace {

bool one_fits(const std::vector<std::string>& globs, std::string_view text) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return glob_match(glob, text); });
}

bool names_advisory(const Rule& rule, const advisory::Finding& finding) {
  return one_fits(rule.advisories, finding.id) ||
         std::any_of(finding.aliases.begin(), finding.aliases.end(), [&](const std::string& alias) { return one_fits(rule.advisories, alias); });
}

bool rule_fits(const Rule& rule, const Movement& movement, const std::vector<std::string>& image_names) {
  if (!rule.packages.empty() && !one_fits(rule.packages, movement.package)) return false;
  if (!rule.sources.empty() && !one_fits(rule.sources, movement.source) && !one_fits(rule.sources, movement.candidate_source)) return false;
  if (!rule.images.empty() && std::none_of(image_names.begin(), image_names.end(), [&](const std::string& name) { return one_fits(rule.images, name); }))
    return false;
  return rule.advisories.empty() ||
         std::any_of(movement.fixes.begin(), movement.fixes.end(), [&](const advisory::Finding* each) { return names_advisory(rule, *each); });
}

}  // namespace

std::string Rules::limit(std::string_view member) const { return fmt::format("{} {}", printable(name), member); }

std::string Rules::text_of(const Rule& rule) const {
  std::string text = fmt::format("{} rules[{}]", printable(name), &rule - rules.data());
  if (!rule.name.empty()) text += fmt::format(" \"{}\"", printable(rule.name, 80));
  return text;
}

std::int64_t Rules::next_expiry(std::int64_t now) const {
  std::int64_t next = 0;
  for (const Rule& rule : rules) {
    if (rule.until > now && (next == 0 || rule.until < next)) next = rule.until;
  }
  return next;
}

const Rule* first_fit(const Rules& rules, const Movement& movement, const std::vector<std::string>& image_names, std::int64_t now) {
  for (const Rule& rule : rules.rules) {
    if (rule.until != 0 && now >= rule.until) continue;
    if (rule_fits(rule, movement, image_names)) return &rule;
  }
  return nullptr;
}

}  // namespace resole::plan
