// SPDX-License-Identifier: Apache-2.0
// What a plan says beside the packages: copied libraries, metadata that names old versions, platforms that differ.
#include <gtest/gtest.h>

#include "plan/planner.hpp"

namespace resole::plan {
namespace {

using document::PlannedPackage;

PlannedPackage planned(std::string name, std::string from, std::string to) {
  PlannedPackage package;
  package.name = name;
  package.arch = "amd64";
  package.from = std::move(from);
  package.to = to;
  package.source = {std::move(name), std::move(to)};
  return package;
}

// ---- copied libraries

struct Elf {
  std::string path, soname;
  std::uint8_t bits = 64;
};

rootfs::Tree tree_with(const std::vector<Elf>& files, const std::map<std::string, std::string>& captured) {
  auto layer = std::make_shared<rootfs::LayerIndex>();
  layer->diff_id = Digest::of("layer");
  const auto add = [&](const std::string& path, tar::Type type, const std::string& link = {}) {
    rootfs::Entry entry;
    entry.path = path;
    entry.type = type;
    entry.mode = 0755;
    entry.link = link;
    layer->entries.push_back(entry);
  };
  std::set<std::string> directories;
  const auto add_with_parents = [&](const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
      if (directories.insert(path.substr(0, slash)).second) add(path.substr(0, slash), tar::Type::directory);
    }
    add(path, tar::Type::file);
  };
  add("lib", tar::Type::symlink, "usr/lib");
  for (const Elf& file : files) {
    add_with_parents(file.path);
    layer->elf[file.path] = {.soname = file.soname, .needed = {}, .bits = file.bits, .machine = 62, .type = 3, .flags = 0};
  }
  for (const auto& [path, text] : captured) {
    add_with_parents(path);
    layer->captured[path] = text;
  }
  return rootfs::Tree::merge({layer});
}

TEST(ShadowCopies, unowned_files_with_the_soname_of_an_upgraded_library_are_found) {
  const auto tree = tree_with({{"usr/lib/x86_64-linux-gnu/libz.so.1.2.13", "libz.so.1"},
                               {"usr/lib/x86_64-linux-gnu/libbz2.so.1.0.4", "libbz2.so.1.0"},
                               {"app/lib/libz.so.1", "libz.so.1"},
                               {"app/lib32/libz.so.1", "libz.so.1", 32},
                               {"app/vendored/libbz2.so.1.0", "libbz2.so.1.0"},
                               {"opt/other/libz-for-tool.so", "libz.so.1"}},
                              {{"var/lib/dpkg/status",
                                "Package: zlib1g\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.2.13-1\n\n"
                                "Package: libbz2-1.0\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0.8-5\n\n"
                                "Package: tool\nStatus: install ok installed\nArchitecture: amd64\nVersion: 1.0-1\n"},
                               {"var/lib/dpkg/info/zlib1g.list", "/.\n/lib\n/lib/x86_64-linux-gnu\n/lib/x86_64-linux-gnu/libz.so.1.2.13\n"},
                               {"var/lib/dpkg/info/libbz2-1.0.list", "/lib/x86_64-linux-gnu/libbz2.so.1.0.4\n"},
                               {"var/lib/dpkg/info/tool.list", "/opt/other/libz-for-tool.so\n"}});
  pkg::Inventory inventory;
  inventory.family = "deb";
  const auto copies = shadow_copies(tree, inventory, {planned("zlib1g", "1.2.13-1", "1.2.13-2")});
  ASSERT_EQ(copies.size(), 1u) << "not the package's own, not another package's, not 32 bits, not a library that is not upgraded";
  EXPECT_EQ(copies[0].path, "app/lib/libz.so.1");
  EXPECT_EQ(copies[0].soname, "libz.so.1");
  EXPECT_EQ(copies[0].package, "zlib1g");
  EXPECT_EQ(copies[0].layer, Digest::of("layer").text());
  EXPECT_TRUE(shadow_copies(tree, inventory, {}).empty());
}

// ---- stale metadata

std::string stale(const std::string& name, const std::string& value, const PlannedPackage& package) {
  const auto found = stale_metadata({name + "=" + value}, {}, {package});
  return found.empty() ? "" : found[0].where + " " + found[0].name + " " + found[0].value + " " + found[0].package;
}

TEST(StaleMetadata, an_upstream_version_counts_beside_the_package_name) {
  const auto nginx = planned("nginx", "1.25.1-1~bookworm", "1.25.3-1~bookworm");
  EXPECT_EQ(stale("NGINX_VERSION", "1.25.1", nginx), "env NGINX_VERSION 1.25.1 nginx");
  EXPECT_EQ(stale("NGINX_VERSION", "v1.25.1", nginx), "env NGINX_VERSION v1.25.1 nginx");
  EXPECT_EQ(stale("NGINX_VERSION", "1.25.10", nginx), "") << "another version";
  EXPECT_EQ(stale("APP_VERSION", "1.25.1", nginx), "") << "another thing";
  EXPECT_EQ(stale("NGINXPLUS_VERSION", "1.25.1", nginx), "");
  EXPECT_EQ(stale("NGINX_VERSION", "1.25.1", planned("nginx", "1.25.1-1", "1.25.1-2")), "") << "the upstream version is still right";
}

TEST(StaleMetadata, a_full_version_speaks_for_itself) {
  const auto curl = planned("curl", "7.88.1-10+deb12u7", "7.88.1-10+deb12u8");
  EXPECT_EQ(stale("BASE", "curl=7.88.1-10+deb12u7,bash", curl), "env BASE curl=7.88.1-10+deb12u7,bash curl");
  EXPECT_EQ(stale("BASE", "7.88.1-10+deb12u70", curl), "");
  const auto labels =
      stale_metadata({}, {{"org.example.curl", "7.88.1-10+deb12u7"}, {"io.resole.packages", "curl:amd64=7.88.1-10+deb12u7"}}, {curl});
  ASSERT_EQ(labels.size(), 1u);
  EXPECT_EQ(labels[0].where, "label");
  EXPECT_EQ(labels[0].name, "org.example.curl");
}

// ---- skew

document::PlatformPlan platform(const char* architecture, std::vector<PlannedPackage> packages) {
  document::PlatformPlan plan;
  plan.platform.architecture = architecture;
  plan.packages = std::move(packages);
  return plan;
}

pkg::Inventory inventory(const std::string& name, const std::string& version) {
  pkg::Inventory inventory;
  pkg::InstalledPackage package;
  package.name = name;
  package.version = version;
  package.arch = "arm64";
  package.source = {name, version};
  inventory.packages = {package};
  return inventory;
}

std::vector<document::Skew> skew_of(const std::vector<document::PlatformPlan>& platforms, std::vector<const pkg::Inventory*> inventories = {}) {
  inventories.resize(platforms.size(), nullptr);
  return skew(platforms, outcomes(platforms, inventories));
}

TEST(Skew, platforms_with_other_source_versions_are_listed) {
  PlannedPackage rebuilt = planned("bash", "5.2-1", "5.2-2+b1");
  rebuilt.source.version = "5.2-2";
  const auto found =
      skew_of({platform("amd64", {planned("curl", "1-1", "1-3"), planned("bash", "5.2-1", "5.2-2"), planned("only-here", "1", "2")}),
               platform("arm64", {planned("curl", "1-1", "1-2"), rebuilt})});
  ASSERT_EQ(found.size(), 1u) << "a rebuild of one architecture is the same code";
  EXPECT_EQ(found[0].package, "curl");
  EXPECT_EQ(found[0].versions, (std::map<std::string, std::string>{{"linux/amd64", "1-3"}, {"linux/arm64", "1-2"}}));
}

TEST(Skew, a_package_that_does_not_move_on_one_platform_counts_with_what_stays) {
  const pkg::Inventory there = inventory("curl", "1-1");
  auto arm = platform("arm64", {});
  const auto found = skew_of({platform("amd64", {planned("curl", "1-1", "1-3")}), arm}, {nullptr, &there});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].versions.at("linux/arm64"), "1-1");
  arm.patched = false;
  EXPECT_TRUE(skew_of({platform("amd64", {planned("curl", "1-1", "1-3")}), arm}, {nullptr, &there}).empty()) << "a platform that is carried has no plan";
}

TEST(Skew, what_is_ahead_of_another_platform_is_named_with_that_platform) {
  const pkg::Inventory there = inventory("curl", "1-1");
  const std::vector<document::PlatformPlan> platforms = {platform("amd64", {planned("bash", "5.2-1", "5.2-2"), planned("curl", "1-1", "1-3")}),
                                                         platform("arm64", {planned("bash", "5.2-1", "5.2-2")})};
  const auto found = ahead(platforms, outcomes(platforms, {nullptr, &there}), *pkg::families().front());
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0], (std::map<std::string, std::string>{{"curl", "linux/arm64 stays at 1-1"}}));
  EXPECT_TRUE(found[1].empty());
}

}  // namespace
}  // namespace resole::plan
