// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/status.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "pkg/deb/diversions.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/path_filters.hpp"
#include "pkg/shared_data.hpp"
#include "pkg/small_tree.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

using Strings = std::vector<std::string>;

const std::string kCurl =
    "Package: curl\nStatus: hold ok installed\nMaintainer: M\nArchitecture: amd64\nMulti-Arch: foreign\nSource: curl-src (7.1)\nVersion: "
    "7.1+b1\nOrigin: O\n"
    "Conffiles:\n /etc/curl rc 0123456789abcdef0123456789abcdef\n /etc/old 0123456789abcdef0123456789abcdef obsolete\n /etc/new "
    "newconffile\n"
    " /etc/gone 0123456789abcdef0123456789abcdef remove-on-upgrade\nDescription: x\n";

TEST(DebStatus, Stanza) {
  const std::string text = "Package: a\nStatus: deinstall ok config-files\n\n" + kCurl;
  const auto stanzas = parse_status(text, "status");
  ASSERT_EQ(stanzas.size(), 2u);
  EXPECT_EQ(stanzas[0].package.state, pkg::InstallState::removed);
  const StatusStanza& curl = stanzas[1];
  EXPECT_EQ(curl.package.state, pkg::InstallState::installed);
  EXPECT_TRUE(curl.package.hold);
  EXPECT_EQ(curl.package.source, (pkg::SourceRef{"curl-src", "7.1"}));
  EXPECT_EQ(curl.package.origin, "O");
  EXPECT_EQ(curl.text, kCurl);
  EXPECT_EQ(text.substr(curl.offset), kCurl);
  ASSERT_EQ(curl.conffiles.size(), 4u);
  EXPECT_EQ(curl.conffiles[0].path, "/etc/curl rc");
  EXPECT_TRUE(curl.conffiles[1].obsolete);
  EXPECT_EQ(curl.conffiles[2].md5, "newconffile");
  EXPECT_TRUE(curl.conffiles[3].remove_on_upgrade);
}

TEST(DebStatus, States) {
  const auto state = [](const std::string& status) {
    return parse_status("Package: a\nVersion: 1\nArchitecture: all\nStatus: " + status + "\n", "s")[0].package.state;
  };
  EXPECT_EQ(state("install ok installed"), pkg::InstallState::installed);
  for (const char* word : {"half-installed", "unpacked", "half-configured", "triggers-awaited\nTriggers-Awaited: b", "triggers-pending\nTriggers-Pending: /x",
                           "triggers-awaited\nTriggers-Awaited: b\nTriggers-Pending: /x"}) {
    EXPECT_EQ(state(std::string("install ok ") + word), pkg::InstallState::broken) << word;
  }
  EXPECT_EQ(state("install reinstreq installed"), pkg::InstallState::broken);
  EXPECT_EQ(state("purge ok not-installed"), pkg::InstallState::removed);
}

// dpkg refuses each of these (DebEdges.TriggersThatTheStateDoesNotTellOf asks it).
TEST(DebStatus, TriggersAndStateAgree) {
  for (const char* status : {"triggers-pending", "triggers-awaited", "installed\nTriggers-Pending: /x", "installed\nTriggers-Awaited: b", "triggers-pending\nTriggers-Awaited: b"}) {
    try {
      parse_status(std::string("Package: a\nVersion: 1\nArchitecture: all\nStatus: install ok ") + status + "\n", "s");
      ADD_FAILURE() << status;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      EXPECT_NE(error.message().find("triggers are"), std::string::npos) << error.message();
    }
  }
}

TEST(DebStatus, DamageNamesPackageAndLine) {
  const auto problem = [](const std::string& text) {
    try {
      parse_status(text, "var/lib/dpkg/status");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.message();
    }
    return std::string();
  };
  EXPECT_EQ(problem("Package: a\nStatus: install ok\nVersion: 1\nArchitecture: all\n"),
            "var/lib/dpkg/status, line 1, package a: \"Status: install ok\" has not three words");
  EXPECT_NE(problem("\nPackage: a\nStatus: install ok installed\nArchitecture: all\n").find("line 2"), std::string::npos);
  EXPECT_NE(problem("Status: install ok installed\n").find("no Package field"), std::string::npos);
  EXPECT_NE(problem("Package: a\nStatus: install ok flying\nVersion: 1\nArchitecture: all\n").find("is not a package state"),
            std::string::npos);
  EXPECT_NE(problem("Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\nConffiles:\n nonsense\n").find("Conffiles"),
            std::string::npos);
}

TEST(DebStatus, InfoName) {
  pkg::Package package;
  package.name = "libc6";
  package.arch = "amd64";
  EXPECT_EQ(info_name(package), "libc6");
  package.multi_arch = "same";
  EXPECT_EQ(info_name(package), "libc6:amd64");
}

TEST(DebStatus, Distroless) {
  const std::string control = "Package: base-files\nVersion: 12\nArchitecture: amd64\nDescription: x\n";
  const auto tree = test::tree_of({{"var/lib/dpkg/status.d/base", control},
                                   {"var/lib/dpkg/status.d/base.md5sums", ""},
                                   {"var/lib/dpkg/status.d/tz/control", "Package: tzdata\nVersion: 2025a\nArchitecture: all\n"},
                                   {"var/lib/dpkg/status.d/tz/md5sums", "0123456789abcdef0123456789abcdef  usr/share/zoneinfo/UTC\n"},
                                   {"usr/share/zoneinfo/UTC", "changed"}});
  EXPECT_TRUE(has_database(tree));
  const pkg::Inventory inventory = read_inventory(tree, {});
  ASSERT_EQ(inventory.packages.size(), 2u);
  EXPECT_EQ(inventory.arch, "amd64");
  EXPECT_EQ(inventory.packages[0].state, pkg::InstallState::installed);
  EXPECT_EQ(inventory.packages[1].modified, Strings{"/usr/share/zoneinfo/UTC"});
  EXPECT_FALSE(has_database(test::tree_of({{"etc/os-release", "ID=x\n"}})));
}

std::string sums(const std::map<std::string, std::string>& files) {
  std::string text;
  for (const auto& [path, content] : files) text += to_hex(md5_of(content)) + "  " + path + "\n";
  return text;
}

// What the image did to the files of package "a".
pkg::InstalledPackage changed(std::map<std::string, std::string> files, const std::string& more_fields = "") {
  files["var/lib/dpkg/status"] = "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n" + more_fields;
  const pkg::Inventory inventory = read_inventory(test::tree_of(files), {});
  return inventory.packages.at(0);
}

TEST(DebFileState, ModifiedAndDeleted) {
  const auto package = changed(
      {{"usr/bin/same", "1"},
       {"usr/bin/changed", "local"},
       {"usr/bin/replaced", "-> same"},
       {"usr/lib/libx.so", "3"},
       {"lib", "-> usr/lib"},
       {"etc/conf", "local"},
       {"var/lib/dpkg/info/a.md5sums", sums({{"usr/bin/same", "1"},
                                             {"usr/bin/changed", "2"},
                                             {"usr/bin/replaced", "1"},
                                             {"lib/libx.so", "3"},
                                             {"usr/bin/gone", "4"},
                                             {"etc/conf", "5"},
                                             {"usr/share/doc/a/x", "6"},
                                             {"usr/bin/moved", "7"}})},
       {"var/lib/dpkg/info/a.list",
        "/.\n/usr\n/usr/bin\n/usr/bin/same\n/usr/bin/changed\n/usr/bin/replaced\n/usr/bin/gone\n/usr/bin/link\n"
        "/lib\n/lib/libx.so\n/etc\n/etc/conf\n/usr/share\n/usr/share/doc\n/usr/share/doc/a\n/usr/share/doc/a/x\n/var\n/var/lib/a\n"},
       {"etc/dpkg/dpkg.cfg.d/docker", "path-exclude=/usr/share/doc/*\n"}},
      "Conffiles:\n /etc/conf 0123456789abcdef0123456789abcdef\n");
  EXPECT_EQ(package.modified, (Strings{"/usr/bin/changed", "/usr/bin/replaced"}));
  EXPECT_EQ(package.deleted, (Strings{"/usr/bin/gone", "/usr/bin/link"}));
}

TEST(DebFileState, DivertedFilesLieElsewhere) {
  const auto package = changed({{"usr/bin/x", "of another"},
                                {"usr/bin/x.real", "1"},
                                {"var/lib/dpkg/diversions", "/usr/bin/x\n/usr/bin/x.real\nb\n"},
                                {"var/lib/dpkg/info/a.md5sums", sums({{"usr/bin/x", "1"}})},
                                {"var/lib/dpkg/info/a.list", "/usr\n/usr/bin\n/usr/bin/x\n"}});
  EXPECT_EQ(package.modified, Strings{});
  EXPECT_EQ(package.deleted, Strings{});
}

TEST(DebFileState, TwentyThousandFiles) {
  test::TarBuilder tar;
  tar.dir("usr").dir("usr/share").dir("var").dir("var/lib").dir("var/lib/dpkg").dir("var/lib/dpkg/info").symlink("share", "usr/share");
  std::string status;
  for (int p = 0; p < 200; ++p) {
    const std::string name = "p" + std::to_string(p), directory = "share/" + name;
    std::string list = "/.\n/share\n/" + directory + "\n", md5sums;
    tar.dir("usr/" + directory);
    for (int f = 0; f < 100; ++f) {
      const std::string path = directory + "/file-with-a-name-" + std::to_string(f);
      tar.file("usr/" + path, "x");
      list += "/" + path + "\n";
      md5sums += to_hex(md5_of("x")) + "  " + path + "\n";
    }
    tar.file("var/lib/dpkg/info/" + name + ".list", list).file("var/lib/dpkg/info/" + name + ".md5sums", md5sums);
    status += "Package: " + name + "\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n\n";
  }
  tar.file("var/lib/dpkg/status", status);
  const auto tree = test::tree_of_layer(tar);
  const auto begin = std::clock();
  const auto inventory = read_inventory(tree, {});
  for (const auto& package : inventory.packages) EXPECT_TRUE(package.modified.empty() && package.deleted.empty());
  EXPECT_LT(double(std::clock() - begin) / CLOCKS_PER_SEC, 2.0);  // bounds unoptimised builds; optimised ones take some 20 ms
}

TEST(DebInventory, Architectures) {
  const auto tree = test::tree_of({{"var/lib/dpkg/status",
                                    "Package: dpkg\nStatus: install ok installed\nVersion: 1\nArchitecture: arm64\n\n"
                                    "Package: b\nStatus: install ok installed\nVersion: 1\nArchitecture: armhf\n\n"
                                    "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: all\n"},
                                   {"var/lib/dpkg/arch", "arm64\namd64\n"}});
  const auto inventory = read_inventory(tree, {});
  EXPECT_EQ(inventory.family, "deb");
  EXPECT_EQ(inventory.arch, "arm64");
  EXPECT_EQ(inventory.foreign, (Strings{"amd64", "armhf"}));
  EXPECT_EQ(inventory.packages[0].name, "a");
  ASSERT_NE(inventory.find("dpkg", "arm64"), nullptr);
  EXPECT_EQ(inventory.find("dpkg", "amd64"), nullptr);
}

TEST(DebInventory, RealStatus) {
  SHARED_DATA_OR_SKIP(packed, "feeds/debian/status-12.11.gz");
  const auto unpacked = archive::decompress(Blob::of(packed));
  const std::string text = read_all(*unpacked, 64u << 20, "status");
  const auto stanzas = parse_status(text, "status");
  std::size_t bytes = 0, differently_named = 0, different_version = 0;
  for (const auto& stanza : stanzas) {
    bytes += stanza.text.size() + 1;
    if (stanza.package.state != pkg::InstallState::installed) continue;
    differently_named += stanza.package.source.name != stanza.package.name;
    different_version += stanza.package.source.version != stanza.package.version;
  }
  EXPECT_EQ(bytes, text.size() + (text.ends_with("\n\n") ? 0 : 1));
  EXPECT_GT(differently_named, 600u);
  EXPECT_EQ(different_version, 89u);  // as counted in the field notes
}

TEST(DebPathFilters, LastMatchWins) {
  const auto filters = PathFilters::parse(
      {{"docker",
        "# slim\npath-exclude /usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\npath-exclude=\"/usr/share/man/*\"\n"
        "path-excluded=/x\nforce-unsafe-io\n"}});
  EXPECT_TRUE(filters.excludes("/usr/share/doc/a/README", tar::Type::file));
  EXPECT_FALSE(filters.excludes("/usr/share/doc/a/copyright", tar::Type::file));
  EXPECT_FALSE(filters.excludes("/usr/share/doc/a", tar::Type::directory));
  EXPECT_FALSE(filters.excludes("/usr/share/doc/link", tar::Type::symlink));
  EXPECT_TRUE(filters.excludes("/usr/share/man/man1", tar::Type::directory));
  EXPECT_FALSE(filters.excludes("/usr/share/man", tar::Type::directory));
  EXPECT_FALSE(filters.excludes("/usr/bin/a", tar::Type::file));
  EXPECT_EQ(filters.text(), "-/usr/share/doc/*\n+/usr/share/doc/*/copyright\n-/usr/share/man/*\n");
  const auto narrow = PathFilters::parse({{"x", "path-exclude=/usr/share/*\npath-include=/usr/share/doc/curl/*\n"}});
  EXPECT_TRUE(narrow.excludes("/usr/share/doc", tar::Type::directory));  // as dpkg 1.21.22 does
  EXPECT_FALSE(narrow.excludes("/usr/share/doc/curl", tar::Type::directory));
}

TEST(DebPathFilters, FilesInDpkgsOrder) {
  const auto tree = test::tree_of({{"etc/dpkg/dpkg.cfg", "path-include=/a\n"},
                                   {"etc/dpkg/dpkg.cfg.d/b", "path-exclude=/b\n"},
                                   {"etc/dpkg/dpkg.cfg.d/a", "path-exclude=/a\n"},
                                   {"etc/dpkg/dpkg.cfg.d/c.bak", "path-exclude=/c\n"}});
  EXPECT_EQ(PathFilters::read(tree).text(), "-/a\n-/b\n+/a\n");
}

TEST(DebDiversions, Table) {
  const auto diversions = Diversions::parse("/bin/sh\n/bin/sh.distrib\ndash\n/x\n/y\n:\n", "d");
  EXPECT_EQ(diversions.redirect("/bin/sh", "bash"), "/bin/sh.distrib");
  EXPECT_EQ(diversions.redirect("/bin/sh", "dash"), "/bin/sh");
  EXPECT_EQ(diversions.redirect("/x", "any"), "/y");
  EXPECT_EQ(diversions.redirect("/z", "any"), "/z");
  EXPECT_THROW(Diversions::parse("/a\n/b\n", "d"), Error);
  EXPECT_THROW(Diversions::parse("a\n/b\nc\n", "d"), Error);
}

}  // namespace
}  // namespace resole::deb
