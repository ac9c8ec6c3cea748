// SPDX-License-Identifier: Apache-2.0
// Images without dpkg: var/lib/dpkg/status.d, in both of the forms that exist (field notes 9).
#include <gtest/gtest.h>

#include "pkg/deb/unscripted.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

const std::string kStanza = "Package: libfoo1\nVersion: 1\nArchitecture: amd64\nMaintainer: A <a@example.org>\nDescription: d\n";
const std::string kSums = "0cc175b9c0f1b6a831c399e269772661  usr/lib/libfoo.so.1.0\n";

std::string newer() {
  return DebBuilder("libfoo1", "2").file("usr/lib/libfoo.so.1.1", "b").symlink("usr/lib/libfoo.so.1", "libfoo.so.1.1").md5sums().build();
}

TEST(DebDistroless, EntryBesideMd5sums) {
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/libfoo1", kStanza},
                                     {"var/lib/dpkg/status.d/libfoo1.md5sums", kSums},
                                     {"usr/lib/libfoo.so.1.0", "a"},
                                     {"usr/lib/libfoo.so.1", "-> libfoo.so.1.0"}});
  MemoryCache cache;
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {newer()}, cache));
  EXPECT_EQ(after.content("var/lib/dpkg/status.d/libfoo1"), DebBuilder("libfoo1", "2").control_text());
  EXPECT_EQ(after.content("var/lib/dpkg/status.d/libfoo1.md5sums"), "92eb5ffee6ae2fec3ad71c777531578f  usr/lib/libfoo.so.1.1\n");
  EXPECT_EQ(after.find("usr/lib/libfoo.so.1.0"), nullptr);
  EXPECT_EQ(after.find("usr/lib/libfoo.so.1")->entry.link, "libfoo.so.1.1");
  EXPECT_EQ(after.find("var/lib/dpkg/info"), nullptr);
  EXPECT_EQ(after.find("etc/ld.so.cache"), nullptr);
}

TEST(DebDistroless, NestedEntryKeepsItsOddName) {
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/bGliZm9v/control", kStanza},
                                     {"var/lib/dpkg/status.d/bGliZm9v/md5sums", kSums},
                                     {"usr/lib/libfoo.so.1.0", "a"}});
  MemoryCache cache;
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {newer()}, cache));
  EXPECT_EQ(after.content("var/lib/dpkg/status.d/bGliZm9v/control"), DebBuilder("libfoo1", "2").control_text());
  EXPECT_EQ(after.find("usr/lib/libfoo.so.1.0"), nullptr);
  EXPECT_EQ(after.children("var/lib/dpkg/status.d"), std::vector<std::string>{"bGliZm9v"});
}

TEST(DebDistroless, WhatTheImageLeftOutStaysOut) {
  const std::string sums = kSums + "92eb5ffee6ae2fec3ad71c777531578f  usr/share/doc/libfoo1/changelog.gz\n92eb5ffee6ae2fec3ad71c777531578f  usr/lib/tools/a\n";
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/libfoo1", kStanza},
                                     {"var/lib/dpkg/status.d/libfoo1.md5sums", sums},
                                     {"usr/share/doc/libfoo1/copyright", "x"},
                                     {"usr/lib/libfoo.so.1.0", "a"}});
  MemoryCache cache;
  const std::string deb = DebBuilder("libfoo1", "2")
                              .file("usr/lib/libfoo.so.1.0", "b")
                              .file("usr/lib/engines/new.so", "b")
                              .file("usr/lib/tools/b", "b")
                              .file("usr/share/doc/libfoo1/copyright", "c")
                              .file("usr/share/doc/libfoo1/changelog.gz", "b")
                              .file("usr/share/doc/libfoo1/NEWS", "b")
                              .file("usr/share/man/man1/foo.1", "b")
                              .symlink("usr/share/man/man1/bar.1", "foo.1")
                              .md5sums()
                              .build();
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {deb}, cache, 2, {.keep_deleted = true}));
  EXPECT_EQ(after.find("usr/lib/libfoo.so.1.0")->entry.sha256, sha256_of("b"));
  EXPECT_NE(after.find("usr/lib/engines/new.so"), nullptr) << "nothing says that it was left out";
  EXPECT_EQ(after.find("usr/lib/tools"), nullptr) << "the image dropped that directory";
  EXPECT_EQ(after.children("usr/share/doc/libfoo1"), std::vector<std::string>{"copyright"});
  EXPECT_EQ(after.find("usr/share/doc/libfoo1/copyright")->entry.sha256, sha256_of("c"));
  EXPECT_EQ(after.find("usr/share/man"), nullptr);
}

TEST(DebDistroless, LinksOfALibraryThatGoesGoWithIt) {
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/libfoo1", kStanza},
                                     {"var/lib/dpkg/status.d/libfoo1.md5sums", kSums},
                                     {"usr/lib/libfoo.so.1.0", "a"},
                                     {"usr/lib/libfoo.so.1", "-> libfoo.so.1.0"},
                                     {"usr/lib/libfoo.so", "-> libfoo.so.1"},
                                     {"usr/lib/libother.so.1", "-> libother.so.1.0"},
                                     {"usr/lib/notes", "-> libfoo.so.1.0"}});
  MemoryCache cache;
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {DebBuilder("libfoo1", "2").file("usr/lib/libfoo.so.2", "b").md5sums().build()}, cache));
  EXPECT_EQ(after.children("usr/lib"), (std::vector<std::string>{"libfoo.so.2", "libother.so.1", "notes"})) << "what led nowhere before is not ours";
}

TEST(DebDistroless, ConffilesOfTheEntrysLayerAreThePackages) {
  const auto index = [](const TarBuilder& tar) {
    const std::string bytes = tar.bytes();
    const auto source = source_of(std::string_view(bytes));
    return std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest::of(bytes)));
  };
  TarBuilder base;
  for (const char* directory : {"var", "var/lib", "var/lib/dpkg", "var/lib/dpkg/status.d", "etc"}) base.dir(directory);
  base.file("var/lib/dpkg/status.d/libfoo1", kStanza).file("var/lib/dpkg/status.d/libfoo1.md5sums", kSums);
  base.file("etc/a.conf", "old").file("etc/b.conf", "old");
  const rootfs::Tree tree = rootfs::Tree::merge({index(base), index(TarBuilder().dir("etc").file("etc/b.conf", "mine"))});
  MemoryCache cache;
  const rootfs::Tree after =
      apply(tree, upgrade_tree(tree, {DebBuilder("libfoo1", "2").conffile("etc/a.conf", "new").conffile("etc/b.conf", "new").build()}, cache));
  EXPECT_EQ(after.find("etc/a.conf")->entry.sha256, sha256_of("new"));
  EXPECT_EQ(after.find("etc/b.conf")->entry.sha256, sha256_of("mine"));
  EXPECT_EQ(after.find("etc/b.conf.dpkg-dist")->entry.sha256, sha256_of("new"));
}

TEST(DebDistroless, ABundleIsMadeOfThePackageWhereItsFilesAreNotThere) {
  const std::string entry = "Package: ca-certificates\nVersion: 1\nArchitecture: all\nMaintainer: A <a@example.org>\nDescription: d\n";
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/ca", entry},
                                     {"var/lib/dpkg/status.d/ca.md5sums", "92eb5ffee6ae2fec3ad71c777531578f  usr/share/ca-certificates/mozilla/a.crt\n"},
                                     {"etc/ssl/certs/ca-certificates.crt", "old bundle"}});
  MemoryCache cache;
  const std::string deb = DebBuilder("ca-certificates", "2", "all")
                              .file("usr/share/ca-certificates/mozilla/b.crt", "second")
                              .file("usr/share/ca-certificates/mozilla/a.crt", "first\n")
                              .md5sums()
                              .build();
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {deb}, cache, 2, {.keep_deleted = true}));
  EXPECT_EQ(after.content("etc/ssl/certs/ca-certificates.crt"), "first\nsecond\n");
  EXPECT_EQ(after.find("usr/share/ca-certificates"), nullptr);
  EXPECT_EQ(after.find("etc/ca-certificates.conf"), nullptr);
}

TEST(DebDistroless, ItsScriptsNeverRan) {
  pkg::Package candidate;
  candidate.name = "libfoo1";
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/libfoo1", kStanza}});
  EXPECT_EQ(deb::unscripted_verdict(tree, candidate)->kind, pkg::VerdictKind::none);
  const std::string status = "Package: bar\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n";
  const rootfs::Tree both = tree_of({{"var/lib/dpkg/status.d/libfoo1", kStanza}, {"var/lib/dpkg/status", status}});
  EXPECT_TRUE(deb::unscripted_verdict(both, candidate));
  candidate.name = "bar";
  EXPECT_FALSE(deb::unscripted_verdict(both, candidate)) << "dpkg's own";
  EXPECT_FALSE(deb::unscripted_verdict(tree_of({{"var/lib/dpkg/status", status}}), candidate));
}

// An image can have packages of both kinds: each is edited where it stands.
TEST(DebDistroless, BesideDpkgsOwnStatus) {
  const std::string status = "Package: bar\nStatus: install ok installed\nMaintainer: A <a@example.org>\nArchitecture: amd64\nVersion: 1\nDescription: d\n";
  const rootfs::Tree tree = tree_of({{"var/lib/dpkg/status.d/libfoo1", kStanza},
                                     {"var/lib/dpkg/status.d/libfoo1.md5sums", kSums},
                                     {"usr/lib/libfoo.so.1.0", "a"},
                                     {"usr/bin/bar", "1"},
                                     {"var/lib/dpkg/info/bar.list", "/.\n/usr\n/usr/bin\n/usr/bin/bar\n"},
                                     {"var/lib/dpkg/status", status}});
  MemoryCache cache;
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {newer(), DebBuilder("bar", "2").file("usr/bin/bar", "2").build()}, cache));
  EXPECT_EQ(after.content("var/lib/dpkg/status.d/libfoo1"), DebBuilder("libfoo1", "2").control_text());
  EXPECT_NE(after.content("var/lib/dpkg/status")->find("Package: bar\n"), std::string_view::npos);
  EXPECT_EQ(after.content("var/lib/dpkg/status")->find("libfoo1"), std::string_view::npos);
  EXPECT_EQ(after.find("var/lib/dpkg/info/libfoo1.list"), nullptr);
  EXPECT_NE(after.content("var/lib/dpkg/info/bar.list")->find("/usr/bin/bar\n"), std::string_view::npos);
}

}  // namespace
}  // namespace resole::test
