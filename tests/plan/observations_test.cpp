// SPDX-License-Identifier: Apache-2.0
// What a plan says beside the packages: copied libraries, metadata that names old versions, platforms that differ.
#include <gtest/gtest.h>

#include "plan/planner.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

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
  std::string build_id = {}, content = {};
  std::vector<std::string> embedded = {}, needed = {};
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
    layer->elf[file.path] = {.soname = file.soname, .needed = file.needed, .bits = file.bits, .machine = 62, .type = 3, .flags = 0, .build_id = file.build_id, .embedded = file.embedded};
    layer->entries.back().sha256 = sha256_of(file.content.empty() ? file.path : file.content);
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
  EXPECT_EQ(copies[0].proof, "soname");
  EXPECT_EQ(copies[0].layer, Digest::of("layer").text());
  EXPECT_TRUE(shadow_copies(tree, inventory, {}).empty());
}

// "path proof version" of each copy of these files, in an image whose openssl goes from 3.0.11 to `to`.
std::vector<std::string> copies_of_openssl(std::vector<Elf> files, const std::string& to = "3.0.15-1~deb12u1", const std::string& diversions = {}) {
  files.push_back({.path = "usr/lib/libcrypto.so.3", .soname = "libcrypto.so.3", .build_id = "aa", .content = "crypto"});
  files.push_back({.path = "usr/bin/openssl", .soname = {}, .build_id = "bb", .content = "program"});
  std::map<std::string, std::string> captured = {
      {"var/lib/dpkg/status",
       "Package: libssl3\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u1\nSource: openssl\n\n"
       "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.11-1~deb12u1\n"},
      {"var/lib/dpkg/info/libssl3.list", "/usr/lib/libcrypto.so.3\n"},
      {"var/lib/dpkg/info/openssl.list", "/usr/bin/openssl\n"}};
  if (!diversions.empty()) captured["var/lib/dpkg/diversions"] = diversions;
  pkg::Inventory inventory;
  inventory.family = "deb";
  PlannedPackage library = planned("libssl3", "3.0.11-1~deb12u1", to), program = planned("openssl", "3.0.11-1~deb12u1", to);
  library.source.name = program.source.name = "openssl";
  std::vector<std::string> found;
  for (const auto& copy : shadow_copies(tree_with(files, captured), inventory, {library, program}))
    found.push_back(copy.path + " " + copy.package + " " + copy.proof + (copy.version.empty() ? "" : " " + copy.version));
  return found;
}

using Strings = std::vector<std::string>;

TEST(ShadowCopies, each_proof_is_named) {
  EXPECT_EQ(copies_of_openssl({{.path = "app/a", .soname = "libcrypto.so.3", .content = "crypto"}}), Strings{"app/a libssl3 content"});
  EXPECT_EQ(copies_of_openssl({{.path = "app/tool", .soname = {}, .content = "program"}}), Strings{"app/tool openssl content"});
  EXPECT_EQ(copies_of_openssl({{.path = "app/tool", .soname = {}, .build_id = "bb"}}), Strings{"app/tool openssl build-id"});
  EXPECT_EQ(copies_of_openssl({{.path = "app/lib", .soname = "libcrypto.so.3", .build_id = "cc"}}), Strings{"app/lib libssl3 soname"});
  EXPECT_EQ(copies_of_openssl({{.path = "venv/x.libs/libcrypto-d3570994.so.3", .soname = "libcrypto-d3570994.so.3"}}),
            Strings{"venv/x.libs/libcrypto-d3570994.so.3 libssl3 hashed-soname"});
  EXPECT_EQ(copies_of_openssl({{.path = "venv/x.libs/libcrypto-d3570994.so.3", .soname = {}}}), Strings{"venv/x.libs/libcrypto-d3570994.so.3 libssl3 hashed-soname"})
      << "a file without a soname is known by its name";
  for (const char* other : {"libcrypto-d357099.so.3", "libcrypto-d357099X.so.3", "libcrypto-d3570994.so.1.1", "libcryptod3570994.so.3", "-d3570994.so.3"})
    EXPECT_EQ(copies_of_openssl({{.path = "app/x", .soname = other}}), Strings{}) << other;
}

TEST(ShadowCopies, linked_in_libraries_are_known_by_their_version) {
  const Elf node{.path = "usr/local/bin/node", .soname = {}, .embedded = {"openssl 3.0.11", "zlib 1.2.13"}};
  EXPECT_EQ(copies_of_openssl({node}), Strings{"usr/local/bin/node libssl3 version-string 3.0.11"});
  Elf newer = node, older = node, linked = node;
  newer.embedded = {"openssl 3.0.15"};
  EXPECT_EQ(copies_of_openssl({newer}), Strings{}) << "it has the fixed version";
  EXPECT_EQ(copies_of_openssl({newer}, "3.0.15-1~deb12u2"), Strings{});
  older.embedded = {"openssl 1.1.1w"};
  EXPECT_EQ(copies_of_openssl({older}).size(), 1u);
  linked.needed = {"libc.so.6", "libcrypto.so.3"};
  EXPECT_EQ(copies_of_openssl({linked}), Strings{}) << "it was built with the version that it names, and uses the package's";
  EXPECT_EQ(copies_of_openssl({node}, "3.0.11-1~deb12u2").size(), 1u) << "a fix in the revision alone is not in anything that is linked in";
}

TEST(ShadowCopies, a_diverted_file_is_the_packages_still) {
  const std::string diversions = "/usr/lib/libcrypto.so.3\n/usr/lib/libcrypto.so.3.real\nwrapper\n";
  const Elf diverted{.path = "usr/lib/libcrypto.so.3.real", .soname = "libcrypto.so.3", .content = "moved"};
  EXPECT_EQ(copies_of_openssl({diverted}, "3.0.15-1~deb12u1", diversions), Strings{"usr/lib/libcrypto.so.3 libssl3 soname"})
      << "and what stands in its place is not";
}

// ---- stale metadata

TEST(StaleMetadata, parts_lists_that_name_the_old_version) {
  const auto curl = planned("curl", "1:7.88.1-10+deb12u7", "1:7.88.1-10+deb12u8");
  const auto tree = tree_with({}, {{"opt/bitnami/curl/.spdx-curl.spdx", "PackageName: curl\nPackageVersion: 1:7.88.1-10+deb12u7\n"},
                                   {"usr/share/sbom/a.cdx.json", R"({"purl": "pkg:deb/debian/curl@1%3A7.88.1-10%2Bdeb12u7?arch=amd64"})"},
                                   {"usr/share/sbom/fresh.spdx.json", R"({"name": "curl", "versionInfo": "1:7.88.1-10+deb12u70"})"},
                                   {"usr/share/sbom/other.spdx.json", R"({"name": "wget", "versionInfo": "1:7.88.1-10+deb12u7"})"},
                                   {"usr/share/sbom/curl.json", "curl 1:7.88.1-10+deb12u7"}});
  const auto found = stale_parts_lists(tree, {curl});
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].where, "sbom");
  EXPECT_EQ(found[0].name, "/opt/bitnami/curl/.spdx-curl.spdx");
  EXPECT_EQ(found[0].value, "1:7.88.1-10+deb12u7");
  EXPECT_EQ(found[0].package, "curl");
  EXPECT_EQ(found[1].name, "/usr/share/sbom/a.cdx.json");
  EXPECT_TRUE(stale_parts_lists(tree, {}).empty());
}

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
