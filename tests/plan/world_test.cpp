// SPDX-License-Identifier: Apache-2.0
#include "plan/world.hpp"

#include <gtest/gtest.h>

#include "pkg/deb/relations.hpp"
#include "plan/version_order.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

struct Spec {
  std::string name, version, arch = "amd64", multi_arch, depends, breaks, conflicts, provides;
};

// The violations of these packages as text.
std::vector<std::string> problems(const std::vector<Spec>& specs) {
  std::vector<pkg::Package> packages;
  for (const Spec& spec : specs) {
    pkg::Package& package = packages.emplace_back();
    package.name = spec.name;
    package.version = spec.version;
    package.arch = spec.arch;
    package.multi_arch = spec.multi_arch;
    package.relations.depends = deb::parse_alternatives(spec.depends, "test");
    package.relations.breaks = deb::parse_atoms(spec.breaks, "test");
    package.relations.conflicts = deb::parse_atoms(spec.conflicts, "test");
    package.relations.provides = deb::parse_atoms(spec.provides, "test");
  }
  std::vector<const pkg::Package*> pointers;
  for (const pkg::Package& package : packages) pointers.push_back(&package);
  const VersionOrder family;
  std::vector<std::string> out;
  for (const Violation& violation : World(pointers, family, "amd64").violations())
    out.push_back(violation.package->key() + " " + violation.text());
  return out;
}

using Texts = std::vector<std::string>;

TEST(World, dependencies_and_alternatives) {
  EXPECT_EQ(
      problems({{.name = "a", .version = "1", .depends = "b (>= 2), c | d"}, {.name = "b", .version = "2"}, {.name = "d", .version = "1"}}),
      Texts{});
  EXPECT_EQ(problems({{.name = "a", .version = "1", .depends = "b (>= 2), c | d"}, {.name = "b", .version = "1.9"}}),
            (Texts{"a:amd64 Depends: b (>= 2)", "a:amd64 Depends: c | d"}));
}

TEST(World, provided_names) {
  EXPECT_EQ(problems({{.name = "a", .version = "1", .depends = "virtual"}, {.name = "b", .version = "1", .provides = "virtual"}}), Texts{});
  EXPECT_EQ(problems({{.name = "a", .version = "1", .depends = "virtual (>= 1)"}, {.name = "b", .version = "1", .provides = "virtual"}}),
            Texts{"a:amd64 Depends: virtual (>= 1)"});
  EXPECT_EQ(
      problems({{.name = "a", .version = "1", .depends = "virtual (>= 1)"}, {.name = "b", .version = "1", .provides = "virtual (= 2)"}}),
      Texts{});
}

TEST(World, conflicts_do_not_hit_the_package_itself) {
  EXPECT_EQ(problems({{.name = "mta", .version = "1", .conflicts = "mail-transport-agent", .provides = "mail-transport-agent"}}), Texts{});
  EXPECT_EQ(problems({{.name = "mta", .version = "1", .conflicts = "mail-transport-agent", .provides = "mail-transport-agent"},
                      {.name = "other", .version = "1", .provides = "mail-transport-agent"}}),
            Texts{"mta:amd64 Conflicts: mail-transport-agent"});
  EXPECT_EQ(problems({{.name = "a", .version = "1", .breaks = "b (<< 2)"}, {.name = "b", .version = "1", .arch = "i386"}}),
            Texts{"a:amd64 Breaks: b (<< 2)"})
      << "without a qualifier every architecture is meant";
  EXPECT_EQ(problems({{.name = "a", .version = "1", .breaks = "b:amd64 (<< 2)"}, {.name = "b", .version = "1", .arch = "i386"}}), Texts{});
}

TEST(World, architectures) {
  const auto with = [](const std::string& depends, const std::string& arch, const std::string& multi_arch) {
    return problems(
               {{.name = "a", .version = "1", .depends = depends}, {.name = "b", .version = "1", .arch = arch, .multi_arch = multi_arch}})
        .empty();
  };
  EXPECT_TRUE(with("b", "amd64", ""));
  EXPECT_TRUE(with("b", "all", "")) << "all counts as native";
  EXPECT_FALSE(with("b", "i386", ""));
  EXPECT_FALSE(with("b", "i386", "same"));
  EXPECT_FALSE(with("b", "i386", "allowed"));
  EXPECT_TRUE(with("b", "i386", "foreign"));
  EXPECT_TRUE(with("b:any", "i386", "allowed"));
  EXPECT_FALSE(with("b:any", "i386", "same"));
  EXPECT_TRUE(with("b:i386", "i386", ""));
  EXPECT_FALSE(with("b:i386", "amd64", ""));
}

TEST(World, instances_of_a_multi_arch_same_package_have_one_version) {
  EXPECT_EQ(problems({{.name = "libc6", .version = "2", .multi_arch = "same"},
                      {.name = "libc6", .version = "2", .arch = "i386", .multi_arch = "same"}}),
            Texts{});
  EXPECT_EQ(problems({{.name = "libc6", .version = "2", .multi_arch = "same"},
                      {.name = "libc6", .version = "1", .arch = "i386", .multi_arch = "same"}})
                .size(),
            2u);
}

}  // namespace
}  // namespace resole::plan
