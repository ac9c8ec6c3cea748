// SPDX-License-Identifier: Apache-2.0
#include "plan/solver.hpp"

#include <gtest/gtest.h>

#include "pkg/deb/relations.hpp"
#include "plan/version_order.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

pkg::Package package(const std::string& name, const std::string& version, const std::string& depends = {}) {
  pkg::Package made;
  made.name = name;
  made.version = version;
  made.arch = "amd64";
  made.source = {name, version};
  made.relations.depends = deb::parse_alternatives(depends, "test");
  return made;
}

std::vector<std::string> names(const std::vector<const pkg::Package*>& packages) {
  std::vector<std::string> out;
  for (const pkg::Package* each : packages) out.push_back(each->key() + "=" + each->version);
  return out;
}

using Names = std::vector<std::string>;

TEST(Solver, adds_what_is_missing_and_nothing_else) {
  const auto app1 = package("app", "1"), app2 = package("app", "2", "lib, tool | other"), lib = package("lib", "1", "deep"),
             deep = package("deep", "1"), tool = package("tool", "1"), other = package("other", "1"), unrelated = package("unrelated", "1"),
             old = package("old", "1"), newer = package("old", "2");
  const auto answer = solve({.installed = {&app1, &old},
                             .available = {&app2, &newer, &lib, &tool, &other, &deep, &unrelated},
                             .wanted = {&app2},
                             .architectures = {"amd64"},
                             .ignored = {}},
                            VersionOrder());
  ASSERT_TRUE(answer);
  EXPECT_EQ(names(answer->taken), (Names{"app:amd64=2", "lib:amd64=1", "tool:amd64=1", "deep:amd64=1"}));
  EXPECT_TRUE(answer->removed.empty());
}

// libsolv's Debian loader would read this as "gdb-minimal obsoletes gdb" (field/matching.md 0.4).
TEST(Solver, replaces_is_no_reason_to_swap_packages) {
  const auto gdb = package("gdb", "13.1-3"), newer = package("gdb", "13.1-4");
  auto minimal = package("gdb-minimal", "13.1-4");
  minimal.relations.conflicts = deb::parse_atoms("gdb", "test");
  minimal.relations.replaces = deb::parse_atoms("gdb", "test");
  const auto answer =
      solve({.installed = {&gdb}, .available = {&minimal, &newer}, .wanted = {&newer}, .architectures = {"amd64"}, .ignored = {}},
            VersionOrder());
  ASSERT_TRUE(answer);
  EXPECT_EQ(names(answer->taken), Names{"gdb:amd64=13.1-4"});
}

TEST(Solver, versions_are_ordered_as_the_family_orders_them) {
  const auto app1 = package("app", "1"), app2 = package("app", "2", "native (>= 2.0-0), tilde (<< 1.0), epoch (>= 1:0.5)");
  const auto native = package("native", "2.0"), tilde = package("tilde", "1.0~rc1"), epoch = package("epoch", "1:0.6");
  EXPECT_TRUE(solve(
      {.installed = {&app1}, .available = {&app2, &native, &tilde, &epoch}, .wanted = {&app2}, .architectures = {"amd64"}, .ignored = {}},
      VersionOrder()));
  const auto low = package("epoch", "5.0");
  EXPECT_FALSE(solve(
      {.installed = {&app1}, .available = {&app2, &native, &tilde, &low}, .wanted = {&app2}, .architectures = {"amd64"}, .ignored = {}},
      VersionOrder()));
}

TEST(Solver, architectures_are_kept_apart) {
  const auto app1 = package("app", "1"), app2 = package("app", "2", "lib");
  auto lib = package("lib", "1");
  lib.arch = "i386";
  SolverInput input{.installed = {&app1}, .available = {&app2, &lib}, .wanted = {&app2}, .architectures = {"amd64", "i386"}, .ignored = {}};
  EXPECT_FALSE(solve(input, VersionOrder()));
  lib.multi_arch = "foreign";
  EXPECT_TRUE(solve(input, VersionOrder()));
  lib.multi_arch = "allowed";
  EXPECT_FALSE(solve(input, VersionOrder()));
  const auto any = package("app", "2", "lib:any");
  EXPECT_TRUE(solve({.installed = {&app1}, .available = {&any, &lib}, .wanted = {&any}, .architectures = {"amd64", "i386"}, .ignored = {}},
                    VersionOrder()));
  const auto exact = package("app", "2", "lib:i386");
  EXPECT_TRUE(
      solve({.installed = {&app1}, .available = {&exact, &lib}, .wanted = {&exact}, .architectures = {"amd64", "i386"}, .ignored = {}},
            VersionOrder()));
}

TEST(Solver, removal_only_when_allowed) {
  const auto app1 = package("app", "1"), app2 = package("app", "2", "new"), old = package("old", "1");
  auto fresh = package("new", "1");
  fresh.relations.conflicts = deb::parse_atoms("old", "test");
  SolverInput input{.installed = {&app1, &old}, .available = {&app2, &fresh}, .wanted = {&app2}, .architectures = {"amd64"}, .ignored = {}};
  EXPECT_FALSE(solve(input, VersionOrder()));
  input.allow_removal = true;
  const auto answer = solve(input, VersionOrder());
  ASSERT_TRUE(answer);
  EXPECT_EQ(names(answer->removed), Names{"old:amd64=1"});
}

TEST(Solver, installed_packages_with_broken_dependencies_stay) {
  const auto broken = package("broken", "1", "gone"), app1 = package("app", "1"), app2 = package("app", "2", "lib"),
             lib = package("lib", "1");
  const auto answer =
      solve({.installed = {&broken, &app1}, .available = {&app2, &lib}, .wanted = {&app2}, .architectures = {"amd64"}, .ignored = {}},
            VersionOrder());
  ASSERT_TRUE(answer);
  EXPECT_TRUE(answer->removed.empty());
}

}  // namespace
}  // namespace resole::plan
