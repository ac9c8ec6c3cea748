// SPDX-License-Identifier: Apache-2.0
// Policies.
#pragma once
#include <string>
#include <string_view>

#include "fuzz/targets.hpp"
#include "plan/policy/rules.hpp"

namespace resole::fuzz {

inline void policy(std::string_view bytes) {
  tolerate([&] {
    const plan::Rules rules = plan::read_rules(bytes, "policy");
    require(rules.sha256 == Digest::of(bytes), "digest");
    require(rules.least_age >= 0 && rules.next_expiry(0) >= 0, "a time before time");
    require(!rules.growth || (rules.growth->bytes > 0) != (rules.growth->percent > 0), "a limit of both kinds or none");
    advisory::Finding finding;
    finding.id = "CVE-2026-1";
    const plan::Movement movement{"postgresql-15", "postgresql-15", "postgresql-15", {&finding}};
    if (const plan::Rule* rule = plan::first_fit(rules, movement, {"registry.example.org/db/app"}, 0)) require(!rules.text_of(*rule).empty(), "a rule without a name");
  });
}

}  // namespace resole::fuzz
