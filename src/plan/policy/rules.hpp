// SPDX-License-Identifier: Apache-2.0
// The operator's policy (--policy FILE, docs/schema/policy.json, docs/policy.md): what is taken, what is left, and when an image is refused.
//
//   severityFloor: medium      minReleaseAge: 3d      onPartial: accept
//   rules:
//     - {action: hold, sources: ["postgresql-*"], images: ["registry.example.org/db/*"], until: 2026-12-31, reason: "migration is planned"}
//
// Values only. Each decision that a rule makes names the rule, in the plan.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "document/plan.hpp"
#include "pkg/package.hpp"

namespace resole::plan {

enum class Scripts { hold, sandbox, refuse };

// allow: the limits of the policy (severity floor, minimum age) do not hold it back; hold: it stays as it is; deny: a plan that moves or adds it is refused.
enum class RuleAction { allow, hold, deny };

struct Rule {
  RuleAction action = RuleAction::hold;
  std::string name, reason;
  std::vector<std::string> packages, sources, advisories, images;  // globs; of each list that is there one must fit
  std::int64_t until = 0;                                          // no longer from then on; 0: for ever
};

struct Rules {
  std::string name;                                // of the file
  Digest sha256;
  advisory::Severity severity_floor = advisory::Severity::unknown;  // unknown: none
  bool exploited_always = true;                    // what is known to be exploited passes floor, --min-severity and age
  std::int64_t least_age = 0;                      // seconds that a version must have been public
  std::optional<document::GrowthLimit> growth;
  bool refuse_end_of_life = false;
  std::optional<Scripts> scripts;
  document::OnPartial on_partial = document::OnPartial::report;
  advisory::Severity new_digest_for = advisory::Severity::unknown;  // no new digest for fixes below it alone; unknown: for any
  std::vector<Rule> rules;

  std::string limit(std::string_view member) const;    // "policy.yaml minReleaseAge": which rule decided
  std::string text_of(const Rule& rule) const;         // "policy.yaml rules[0] \"database\""
  std::int64_t next_expiry(std::int64_t now) const;    // of a rule; 0: none
};

// YAML or JSON. Error(input) with file, place and reason; a member that is not known is an error, since what was meant would not happen.
Rules read_rules(std::string_view text, std::string_view file_name);

// What a rule is compared with.
struct Movement {
  std::string_view package, source, candidate_source;
  std::vector<const advisory::Finding*> fixes;
};

// The first that fits decides. nullptr: none does.
const Rule* first_fit(const Rules& rules, const Movement& movement, const std::vector<std::string>& image_names, std::int64_t now);

}  // namespace resole::plan
