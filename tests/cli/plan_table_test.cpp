// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_table.hpp"

#include <gtest/gtest.h>

#include "base/text.hpp"
#include "io/display_width.hpp"
#include "plan/next_steps.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

using advisory::Severity;
using document::HeldReason;
using document::Scope;
using document::UnfixedReason;

document::PlannedPackage planned(const std::string& name, const std::string& from, const std::string& to, Severity severity, std::vector<std::string> fixes) {
  document::PlannedPackage package;
  package.name = name;
  package.arch = "amd64";
  package.from = from;
  package.to = to;
  package.why = document::Why::reported;
  package.severity = severity;
  package.fixes = std::move(fixes);
  package.verdict.kind = pkg::VerdictKind::unchanged;
  return package;
}

document::HeldPackage held(const std::string& name, HeldReason reason, Scope scope, std::vector<std::string> fixes) {
  document::HeldPackage package;
  package.name = name;
  package.arch = "amd64";
  package.installed = "2.36-9+deb12u8";
  package.candidate = "2.36-9+deb12u13";
  package.reason = reason;
  package.scope = scope;
  package.severity = Severity::medium;
  package.fixes = std::move(fixes);
  package.requested = scope == Scope::here;
  package.option = document::option_for(reason);
  package.detail = "needs glibc 2.36-9+deb12u14, the repositories offer glibc 2.36-9+deb12u13, and this goes on for quite a while";
  return package;
}

document::UnfixedFinding unfixed(const std::string& id, const std::string& package, UnfixedReason reason, Scope scope) {
  document::UnfixedFinding finding;
  finding.id = id;
  finding.package = package;
  finding.installed = "1.0-1";
  finding.severity = Severity::low;
  finding.reason = reason;
  finding.scope = scope;
  return finding;
}

document::Plan sample_plan() {
  document::Plan plan;
  document::PlatformPlan platform;
  platform.platform = oci::Platform{.os = "linux", .architecture = "amd64", .variant = ""};
  platform.os.pretty_name = "Debian GNU/Linux 12 (bookworm)";
  platform.arch = "amd64";
  platform.packages = {planned("libcurl4", "7.88.1-10+deb12u5", "7.88.1-10+deb12u12", Severity::critical, {"CVE-2024-1", "CVE-2024-2", "CVE-2024-3"}),
                       planned("a-package-with-a-rather-long-name-that-goes-on", "1:20240101120000.0123456789abcdef-1~bpo12+1",
                               "1:20250101120000.0123456789abcdef-1~bpo12+1", Severity::high, {"CVE-2024-4"})};
  platform.packages[1].known_exploited = true;
  platform.packages[1].verdict.kind = pkg::VerdictKind::sandbox;
  document::PlannedPackage noise = planned("linux-libc-dev", "6.1.1-1", "6.1.2-1", Severity::high, {"CVE-2024-5"});
  noise.noise = true;
  platform.packages.push_back(noise);
  platform.held = {held("nginx", HeldReason::scripts, Scope::here, {"CVE-2024-6"}), held("libc6", HeldReason::fix_not_available, Scope::not_yet, {"CVE-2024-7"}),
                   held("young", HeldReason::too_new, Scope::here, {"CVE-2024-8"})};
  platform.held[2].until = "2026-11-24T00:00:00Z";
  platform.unfixed = {unfixed("CVE-2024-9", "perl-base", UnfixedReason::no_fix, Scope::not_yet), unfixed("CVE-2024-10", "perl-base", UnfixedReason::no_fix, Scope::not_yet),
                      unfixed("CVE-2024-11", "lodash", UnfixedReason::not_a_distribution_package, Scope::application),
                      unfixed("CVE-2024-12", "old", UnfixedReason::end_of_life, Scope::rebase)};
  platform.suppressed = {{"CVE-2024-13", "bash", "5.2", Severity::medium, "team.json statements[0]", "not_affected", "component_not_present | x", "2026-12-31T00:00:00Z"}};
  platform.already_fixed = {{"CVE-2024-14", "bsdutils", "1:2.38.1-5+deb12u3", {"util-linux", "2.38.1-5+deb12u3"}, "2.38.1-5+deb12u1"}};
  platform.not_in_image = {{"CVE-2024-15", "ghost"}};
  platform.packages[0].inferred = {"CVE-2024-3"};
  platform.unfixed[0].inferred = true;
  plan.platforms = {platform};
  return plan;
}

TEST(PlanTable, fits_a_hundred_columns) {
  const std::string text = plan_table(sample_plan(), false);
  for (const std::string_view line : lines(text)) {
    const bool prose = line.find("  ") == std::string_view::npos || line.starts_with("linux/");
    if (!prose) { EXPECT_LE(io::display_width(line), 100u) << line; }
  }
}

TEST(PlanTable, groups_by_where_findings_end) {
  const std::string text = plan_table(sample_plan(), false);
  std::size_t at = 0;
  for (const char* title : {"\nfixed here\n", "\nkernel headers and the like (never gate)\n", "\nheld: a fix is known and not taken\n", "\nby a newer base\n",
                            "\nby rebuilding the application\n", "\nno fix yet\n", "\ndoes not count\n", "\nfixed already\n", "\nreported, and not in the image\n"}) {
    const std::size_t found = text.find(title, at);
    ASSERT_NE(found, std::string::npos) << title << "\n" << text;
    at = found;
  }
  EXPECT_NE(text.find("\nC   libcurl4"), std::string::npos) << "lettered\n" << text;
  EXPECT_NE(text.find("\nH!  a-package"), std::string::npos) << "known to be exploited";
  EXPECT_NE(text.find("CVE-2024-10 CVE-2024-9"), std::string::npos) << "one row per package and reason";
  EXPECT_NE(text.find("waiting until 2026-11-24"), std::string::npos);
  EXPECT_NE(text.find("reported, inferred"), std::string::npos);
  EXPECT_NE(text.find("util-linux 2.38.1-5+deb12u1"), std::string::npos) << "what the fix is a version of";
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_NE(plan_table(sample_plan(), true).find("\x1b[31mC"), std::string::npos) << "coloured when asked";
}

// "Nothing to do", all held, and out of reach are never told alike.
TEST(PlanTable, why_nothing_changes_is_said) {
  document::Plan plan = sample_plan();
  document::PlatformPlan& platform = plan.platforms[0];
  platform.packages.clear();
  const auto said = [&] { return plan_summary(plan); };
  EXPECT_TRUE(said().starts_with("no change, everything that could be fixed is held, 3 held")) << said();
  platform.held.erase(platform.held.begin());
  platform.held.pop_back();
  EXPECT_TRUE(said().starts_with("no change, the fixes are out of reach here, 1 held")) << said();
  platform.held.clear();
  EXPECT_TRUE(said().starts_with("nothing to do")) << said();
}

TEST(PlanTable, ends_with_what_to_do_next) {
  const auto steps = plan::next_steps(sample_plan());
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[0], "4 fixed here, 2 held, 1 by a rebase to a newer base, 1 needs the application rebuilt, 3 have no fix yet, 1 does not count, 1 was fixed already, 1 names a package that is not there");
  EXPECT_NE(steps[1].find("resole build plan.json"), std::string::npos);
  EXPECT_EQ(steps[2], "--scripts sandbox takes what is held: nginx");
  EXPECT_EQ(steps[3], "plan again after 2026-11-24T00:00:00Z: young");
  EXPECT_EQ(steps[4], "rebuild the application for: lodash");
  const std::string text = plan_table(sample_plan(), false);
  EXPECT_TRUE(text.ends_with(join(steps, "\n") + "\n")) << text;
  EXPECT_TRUE(plan::next_steps({}).empty());
}

TEST(PlanMarkdown, is_a_table_that_no_text_breaks) {
  const std::string text = plan_markdown(sample_plan());
  EXPECT_TRUE(text.starts_with("## linux/amd64  Debian GNU/Linux 12 (bookworm)\n\n2 packages change")) << text;
  EXPECT_NE(text.find("\n### fixed here\n\n| S | PACKAGE | FROM | TO | WHY | FIXES |\n| --- | --- | --- | --- | --- | --- |\n| C | libcurl4 |"), std::string::npos) << text;
  EXPECT_NE(text.find("component\\_not\\_present \\| x"), std::string::npos) << "escaped";
  EXPECT_NE(text.find("\n- 4 fixed here, 2 held"), std::string::npos);
  std::size_t columns = 0;
  for (const std::string_view line : lines(text)) {
    if (!line.starts_with("| ")) continue;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i) bars += line[i] == '|' && (i == 0 || line[i - 1] != '\\');
    if (line.find("PACKAGE") != std::string_view::npos || line.find("PATH") != std::string_view::npos || line.find("WHERE") != std::string_view::npos) columns = bars;
    EXPECT_EQ(bars, columns) << line;
  }
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::cli
