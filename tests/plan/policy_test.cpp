// SPDX-License-Identifier: Apache-2.0
// Reading policies, and what is decided on whole plans. What rules do to packages is in cases/policy-*.case.
#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/policy_targets.hpp"
#include "plan/policy/apply.hpp"
#include "plan/policy/rules.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

using advisory::Severity;

const std::string kWhole = R"(schema: resole/policy/v1
severityFloor: medium
knownExploited: as-others
minReleaseAge: 36h
maxGrowth: 40 MB
endOfLife: refuse
scripts: sandbox
onPartial: accept
newDigestFor: high
rules:
  - name: database
    action: hold
    packages: ["postgresql-*"]
    sources: [postgresql-15]
    advisories: ["CVE-2026-*"]
    images: ["registry.example.org/db/*"]
    until: 2026-12-31
    reason: migration is planned
  - {action: deny, images: ["*"]}
)";

std::string failure_of(std::string_view text) {
  try {
    read_rules(text, "policy.yaml");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "none";
}

TEST(Policy, every_member_is_read) {
  const Rules rules = read_rules(kWhole, "policy.yaml");
  EXPECT_EQ(rules.severity_floor, Severity::medium);
  EXPECT_FALSE(rules.exploited_always);
  EXPECT_EQ(rules.least_age, 36 * 3600);
  EXPECT_EQ(rules.growth.value().bytes, 40'000'000u);
  EXPECT_TRUE(rules.refuse_end_of_life);
  EXPECT_EQ(rules.scripts, Scripts::sandbox);
  EXPECT_EQ(rules.on_partial, document::OnPartial::accept);
  EXPECT_EQ(rules.new_digest_for, Severity::high);
  ASSERT_EQ(rules.rules.size(), 2u);
  EXPECT_EQ(rules.rules[0].until, parse_time("2026-12-31"));
  EXPECT_EQ(rules.rules[1].action, RuleAction::deny);
  EXPECT_EQ(rules.text_of(rules.rules[0]), "policy.yaml rules[0] \"database\"");
  EXPECT_EQ(rules.sha256, Digest::of(kWhole));
  EXPECT_EQ(rules.next_expiry(0), parse_time("2026-12-31"));
  EXPECT_EQ(rules.next_expiry(*parse_time("2026-12-31")), 0);
}

TEST(Policy, json_is_read_as_well) {
  const Rules rules = read_rules(R"({"maxGrowth": "10%", "rules": [{"action": "allow", "packages": ["a"]}]})", "policy.json");
  EXPECT_EQ(rules.growth.value().percent, 10u);
  EXPECT_TRUE(rules.exploited_always) << "unless the policy says otherwise";
  EXPECT_EQ(read_rules(R"({"maxGrowth": 1000})", "p").growth.value().bytes, 1000u);
}

TEST(Policy, damage_is_found_by_its_place) {
  EXPECT_EQ(failure_of("severityfloor: high\n"), "policy policy.yaml: \"severityfloor\" is not known here");
  EXPECT_EQ(failure_of("severityFloor: spicy\n"), "policy policy.yaml: \"severityFloor\" is \"spicy\"");
  EXPECT_EQ(failure_of("minReleaseAge: 3 weeks\n"), "policy policy.yaml: \"minReleaseAge\" is \"3 weeks\"");
  EXPECT_EQ(failure_of("maxGrowth: 0\n"), "policy policy.yaml: \"maxGrowth\" is 0");
  EXPECT_EQ(failure_of("maxGrowth: -5\n"), "policy policy.yaml: \"maxGrowth\" is -5");
  EXPECT_EQ(failure_of("rules:\n  - {action: hold, packages: [a]}\n  - {action: skip, packages: [a]}\n"), "policy policy.yaml: rules[1]: \"action\" is \"skip\"");
  EXPECT_EQ(failure_of("rules:\n  - {action: hold}\n"), "policy policy.yaml: rules[0]: the rule does not say what it is about");
  EXPECT_EQ(failure_of("rules:\n  - {packages: [a]}\n"), "policy policy.yaml: rules[0]: \"action\" is missing");
  EXPECT_EQ(failure_of("rules:\n  - hold\n"), "policy policy.yaml: rules[0]: expected an object, found string");
  EXPECT_EQ(failure_of("schema: resole/plan/v1\n"), "policy policy.yaml: \"schema\" is \"resole/plan/v1\", expected \"resole/policy/v1\"");
  for (const char* key : {"severityFloor", "minReleaseAge", "onPartial", "endOfLife", "scripts", "newDigestFor", "maxGrowth", "knownExploited"})
    EXPECT_EQ(failure_of(std::string(key) + ": \"\"\n"), fmt::format("policy policy.yaml: \"{}\" is empty", key)) << "an unset variable of a template";
  EXPECT_EQ(failure_of("rules:\n  - {action: hold, packages: [], images: ['*']}\n"), "policy policy.yaml: rules[0]: \"packages\" is empty");
  EXPECT_EQ(failure_of("rules:\n  - {action: hold, packages: [a], until: ''}\n"), "policy policy.yaml: rules[0]: \"until\" is empty");
  EXPECT_EQ(failure_of(" \n"), "policy policy.yaml is empty");
  EXPECT_NE(failure_of("scripts: hold\nscripts: refuse\n"), "none") << "a key twice";
  EXPECT_NE(failure_of("{\"scripts\": \"hold\""), "none");
  EXPECT_NE(failure_of("- a\n- b\n").find("expected an object"), std::string::npos);
  EXPECT_NE(failure_of("a: &x [*x]\n"), "none");
}

// The example of the schema's description and of docs/policy.md is one that is read.
TEST(Policy, the_documented_example_is_read) {
  std::ifstream file(RESOLE_SOURCE_DATA "/docs/policy.md");
  const std::string page((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t begin = page.find("```yaml\n");
  ASSERT_NE(begin, std::string::npos);
  const std::string example = page.substr(begin + 8, page.find("```", begin + 8) - begin - 8);
  EXPECT_GE(read_rules(example, "docs/policy.md").rules.size(), 3u);
}

// ---------------------------------------------------------------- is it worth a new digest?

document::PlannedPackage moving(const std::string& name, document::Why why, Severity severity) {
  document::PlannedPackage package;
  package.name = name;
  package.arch = "amd64";
  package.from = "1";
  package.to = "2";
  package.why = why;
  package.severity = severity;
  return package;
}

std::size_t left_of(std::vector<document::PlannedPackage> packages, bool* held = nullptr) {
  document::Plan plan;
  plan.platforms.resize(2);  // the second has nothing to do
  plan.platforms[0].packages = std::move(packages);
  Rules rules;
  rules.name = "policy.yaml";
  rules.new_digest_for = Severity::high;
  const bool left = leave_unimportant(plan, rules);
  EXPECT_EQ(left, plan.platforms[0].packages.empty());
  if (held != nullptr) {
    *held = plan.platforms[0].held.size() == 1 && plan.platforms[0].held[0].reason == document::HeldReason::unimportant && !plan.platforms[0].held[0].requested &&
            plan.platforms[0].held[0].rule == "policy.yaml newDigestFor";
  }
  return plan.platforms[0].packages.size();
}

TEST(NewDigestFor, unimportant_fixes_alone_move_nothing) {
  using document::Why;
  bool held = false;
  EXPECT_EQ(left_of({moving("a", Why::reported, Severity::medium)}, &held), 0u);
  EXPECT_TRUE(held);
  EXPECT_EQ(left_of({moving("a", Why::reported, Severity::medium), moving("b", Why::reported, Severity::high)}), 2u) << "then all go";
  EXPECT_EQ(left_of({moving("a", Why::security, Severity::unknown)}), 1u) << "nobody said that it is unimportant";
  EXPECT_EQ(left_of({moving("a", Why::all, Severity::unknown), moving("tzdata", Why::data, Severity::unknown)}), 0u);
  document::PlannedPackage exploited = moving("a", Why::reported, Severity::low);
  exploited.known_exploited = true;
  EXPECT_EQ(left_of({exploited}), 1u);
  document::PlannedPackage noise = moving("linux-libc-dev", Why::reported, Severity::critical);
  noise.noise = true;
  EXPECT_EQ(left_of({moving("a", Why::reported, Severity::low), noise}), 0u);
}

TEST(FuzzReplay, Policy) {
  fuzz::replay({kWhole, R"({"maxGrowth": "10%", "rules": [{"action": "allow", "packages": ["a"]}]})"}, 2000, fuzz::policy);
}

}  // namespace
}  // namespace resole::plan
