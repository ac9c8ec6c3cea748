// SPDX-License-Identifier: Apache-2.0
// Images without dpkg: var/lib/dpkg/status.d, in both of the forms that exist (field notes 9).
#include <gtest/gtest.h>

#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace {

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

}  // namespace
}  // namespace resole::test
