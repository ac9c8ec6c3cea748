// SPDX-License-Identifier: Apache-2.0
// What holds of every upgrade, over random packages and images: done twice it is done once; the order of the packages does not matter; what
// no upgraded package owns stays as it is; no version goes back. (Of plans: tests/plan/property_test.cpp; of whole images:
// integration/idempotent.bats. That the upgrade is dpkg's: deb_random_test.cpp.)
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/random_packages.hpp"
#include "pkg/small_tree.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

const std::vector<std::string> kNames = {"one", "two", "three", "four"};

// An application's layer: edited and deleted files of the packages, files of its own between and beside them.
rootfs::Tree with_application(const rootfs::Tree& tree, Random& random) {
  TarBuilder layer;
  for (const char* directory : {"srv", "srv/app", "usr/share/one", "usr/share/two"}) layer.dir(directory);
  layer.file("srv/app/page", "mine").symlink("srv/app/link", "page").hardlink("srv/app/twin", "srv/app/page").file("usr/share/one/mine", "mine", 0600);
  for (const std::string& name : kNames) {
    const std::string conf = "etc/" + name + "/x.conf", data = "usr/share/" + name + "/a";
    if (tree.find(conf) && random.chance(50)) layer.file(conf, "conf " + std::to_string(random.below(4)));
    if (tree.find("etc/" + name + "/y.conf") && random.chance(30)) layer.whiteout("etc/" + name + "/y.conf");
    if (tree.find(data) && random.chance(30)) layer.file(data, "changed by the application");
  }
  const std::string bytes = layer.bytes();
  return tree.with(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source_of(std::string_view(bytes)), Digest())));
}

struct Sample {
  rootfs::Tree before;
  std::vector<std::string> debs;   // of the upgrade
  std::vector<std::string> names;  // of its packages
};

Sample sample(unsigned seed) {
  Random random(seed);
  MemoryCache cache;
  rootfs::Tree empty = tree_of({{"lib", "-> usr/lib"}, {"usr/lib/", ""}, {"usr/share/", ""}, {"etc/", ""}, {"var/lib/dpkg/status", ""}, {"var/lib/dpkg/info/", ""}});
  std::vector<std::string> first;
  for (const std::string& name : kNames) first.push_back(make_package(name, 1, random));
  first.push_back(make_package("bystander", 1, random));
  rootfs::Tree installed = apply(empty, upgrade_tree(empty, first, cache));
  Sample made{with_application(installed, random), {}, {}};
  for (const std::string& name : kNames) {
    if (!random.chance(80)) continue;
    made.debs.push_back(make_package(name, 2, random));
    made.names.push_back(name);
  }
  if (made.debs.empty() || random.chance(40)) {
    made.debs.push_back(make_package("fresh", 1, random));
    made.names.push_back("fresh");
  }
  return made;
}

// Everything that the packages list, where it really lies.
void add_owned(const rootfs::Tree& tree, const std::vector<std::string>& names, std::set<std::string>& owned) {
  for (const std::string& name : names) {
    const std::string listed(tree.content("var/lib/dpkg/info/" + name + ".list").value_or(""));
    for (const std::string_view line : lines(listed)) {
      if (line.size() > 1) owned.insert(tree.resolve(line.substr(1), false).path);
    }
  }
}

class EveryUpgrade : public testing::TestWithParam<unsigned> {};

// dpkg turns the order of the obsolete conffiles around with every unpacking (DebRandom compares the order itself): of its lists and its
// status the lines are compared, wherever they stand.
bool has_same_lines(const rootfs::Tree& a, const rootfs::Tree& b, const std::string& path) {
  if (path != "var/lib/dpkg/status" && !path.ends_with(".list")) return false;
  const std::string left(a.content(path).value_or("")), right(b.content(path).value_or(""));
  auto here = lines(left), there = lines(right);
  std::ranges::sort(here);
  std::ranges::sort(there);
  return here == there;
}

std::string path_of(const std::string& difference) { return difference.substr(1, difference.find(' ') - 1); }  // "/PATH is ...", "/PATH should ..."

TEST_P(EveryUpgrade, DoneTwiceIsDoneOnce) {
  const Sample given = sample(GetParam());
  MemoryCache cache;
  const rootfs::Tree once = apply(given.before, upgrade_tree(given.before, given.debs, cache));
  const rootfs::Tree twice = apply(once, upgrade_tree(once, given.debs, cache));
  for (const std::string& each : differences(once, twice)) {
    if (!has_same_lines(once, twice, path_of(each))) ADD_FAILURE() << each;
  }
}

TEST_P(EveryUpgrade, DoesNotDependOnTheOrderOfItsPackages) {
  Sample given = sample(GetParam());
  MemoryCache cache, other;
  const pkg::UpgradeResult first = upgrade_tree(given.before, given.debs, cache);
  std::mt19937 shuffler(GetParam());
  std::shuffle(given.debs.begin(), given.debs.end(), shuffler);
  const pkg::UpgradeResult second = upgrade_tree(given.before, given.debs, other);
  EXPECT_EQ(first.payload_key, second.payload_key);
  for (const std::string& each : differences(apply(given.before, first), apply(given.before, second))) ADD_FAILURE() << each;
}

TEST_P(EveryUpgrade, LeavesAloneWhatItsPackagesDoNotOwn) {
  const Sample given = sample(GetParam());
  MemoryCache cache;
  const rootfs::Tree after = apply(given.before, upgrade_tree(given.before, given.debs, cache));
  std::set<std::string> owned;
  add_owned(given.before, given.names, owned);
  add_owned(after, given.names, owned);
  const std::vector<std::string> changes = differences(given.before, after);
  EXPECT_FALSE(changes.empty()) << "an upgrade that changes nothing proves nothing";
  for (const std::string& each : changes) {
    std::string path = path_of(each);
    if (path.starts_with("var/lib/dpkg/")) continue;
    if (path.ends_with(".dpkg-dist")) path.resize(path.size() - std::string_view(".dpkg-dist").size());
    EXPECT_TRUE(owned.contains(path)) << each;
  }
  for (const char* path : {"srv/app/page", "srv/app/twin", "srv/app/link", "usr/share/one/mine"}) EXPECT_NE(after.find(path), nullptr) << path;
}

TEST_P(EveryUpgrade, LowersNoVersion) {
  const Sample given = sample(GetParam());
  MemoryCache cache;
  const rootfs::Tree after = apply(given.before, upgrade_tree(given.before, given.debs, cache));
  const pkg::Inventory then = deb::read_inventory(given.before, {}), now = deb::read_inventory(after, {});
  for (const auto& package : then.packages) {
    const auto* found = now.find(package.name, package.arch);
    ASSERT_NE(found, nullptr) << package.name;
    EXPECT_LE(deb::compare_versions(package.version, found->version), 0) << package.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, EveryUpgrade, testing::Range(1u, 16u));

}  // namespace
}  // namespace resole::test
