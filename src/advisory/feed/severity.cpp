// SPDX-License-Identifier: Apache-2.0
#include "advisory/feed/severity.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "base/text.hpp"

namespace resole::advisory::feed {

Severity severity_of_word(std::string_view word) {
  std::string plain = lower(trim(word));
  while (plain.ends_with('*')) plain.pop_back();  // Debian: taken from elsewhere
  if (plain == "important") return Severity::high;
  if (plain == "moderate") return Severity::medium;
  if (plain == "unimportant" || plain == "negligible") return Severity::negligible;
  return parse_severity(plain);
}

Severity severity_of_cvss3(std::string_view vector) {
  if (!vector.starts_with("CVSS:3.")) return Severity::unknown;
  std::map<std::string_view, std::string_view> metrics;
  for (const std::string_view part : split(vector, '/')) {
    if (const auto colon = part.find(':'); colon != std::string_view::npos) metrics[part.substr(0, colon)] = part.substr(colon + 1);
  }
  const bool changed = metrics["S"] == "C";
  bool known = changed || metrics["S"] == "U";
  const auto weight = [&](std::string_view metric, std::initializer_list<std::pair<std::string_view, double>> weights) {
    for (const auto& [word, value] : weights) {
      if (metrics[metric] == word) return value;
    }
    known = false;
    return 0.0;
  };
  const double attack = weight("AV", {{"N", 0.85}, {"A", 0.62}, {"L", 0.55}, {"P", 0.2}}), complexity = weight("AC", {{"L", 0.77}, {"H", 0.44}}),
               privileges = changed ? weight("PR", {{"N", 0.85}, {"L", 0.68}, {"H", 0.5}}) : weight("PR", {{"N", 0.85}, {"L", 0.62}, {"H", 0.27}}),
               interaction = weight("UI", {{"N", 0.85}, {"R", 0.62}});
  const auto impact_of = [&](std::string_view metric) { return weight(metric, {{"H", 0.56}, {"L", 0.22}, {"N", 0}}); };
  const double base = 1 - (1 - impact_of("C")) * (1 - impact_of("I")) * (1 - impact_of("A"));
  if (!known) return Severity::unknown;
  const double impact = changed ? 7.52 * (base - 0.029) - 3.25 * std::pow(base - 0.02, 15) : 6.42 * base;
  if (impact <= 0) return Severity::negligible;
  const double exploitability = 8.22 * attack * complexity * privileges * interaction;
  const double raw = std::min(changed ? 1.08 * (impact + exploitability) : impact + exploitability, 10.0);
  const double score = std::ceil(std::round(raw * 100'000) / 10'000) / 10;  // Roundup()
  return score >= 9 ? Severity::critical : score >= 7 ? Severity::high : score >= 4 ? Severity::medium : Severity::low;
}

std::vector<std::string> cves_in(std::string_view text) {
  std::vector<std::string> found;
  const auto digit = [&](std::size_t at) { return at < text.size() && text[at] >= '0' && text[at] <= '9'; };
  for (std::size_t at = text.find("CVE-"); at != std::string_view::npos; at = text.find("CVE-", at + 4)) {
    std::size_t end = at + 4;
    while (digit(end) && end < at + 8) ++end;
    if (end != at + 8 || end >= text.size() || text[end] != '-' || !digit(end + 1)) continue;
    for (++end; digit(end) && end < at + 30;) ++end;
    std::string id(text.substr(at, end - at));
    if (std::ranges::find(found, id) == found.end()) found.push_back(std::move(id));
  }
  return found;
}

}  // namespace resole::advisory::feed
