// SPDX-License-Identifier: Apache-2.0
// The installed database, scripts and triggers of real Alpine roots read and written again; what is refused.
#include <gtest/gtest.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/commit_order.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/inventory.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "pkg/apk/script_store.hpp"
#include "pkg/shared_data.hpp"
#include "pkg/small_tree.hpp"

namespace resole::apk {
namespace RESOLE_TEST_FILE {

const std::string kSum = "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=";

std::string stanza_text(const std::string& name, const std::string& more = {}) {
  return "C:" + kSum + "\nP:" + name + "\nV:1.0-r0\nA:x86_64\nS:1\nI:1\nT:\nU:\nL:\n" + more + "\n";
}

rootfs::Tree real_root(const std::string& tar_gz) {
  const auto source = archive::decompress(Blob({}, tar_gz));
  std::vector<std::shared_ptr<const rootfs::LayerIndex>> layers;
  layers.push_back(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, {})));
  return rootfs::Tree::merge(std::move(layers));
}

TEST(ApkInstalled, RealDatabaseIsWrittenAsItWas) {
  SHARED_DATA_OR_SKIP(image, "images/alpine-minirootfs-3.20.3-x86_64.tar.gz");
  const rootfs::Tree tree = real_root(image);
  const std::string text(tree.content("lib/apk/db/installed").value());
  std::vector<InstalledStanza> stanzas = parse_installed(text, "installed");
  EXPECT_EQ(stanzas.size(), 14u);
  EXPECT_EQ(write_installed(stanzas), text);
  for (InstalledStanza& stanza : stanzas) {  // and from the fields alone
    stanza.raw.clear();
    stanza.header.clear();
  }
  EXPECT_EQ(write_installed(stanzas), text);
  const InstalledDatabase database = InstalledDatabase::read(tree);
  const ScriptStore store = ScriptStore::read(tree, database.directory);
  EXPECT_EQ(write_triggers(store), tree.content("lib/apk/db/triggers").value());
  std::vector<const Description*> order;  // the root was made in one go: its scripts stand in the order of that commit
  for (const char* name : {"busybox", "alpine-baselayout"}) order.push_back(&database.find(name)->description);
  EXPECT_EQ(write_scripts(order, store), tree.content("lib/apk/db/scripts.tar").value());
}

TEST(ApkInstalled, OlderDatabaseIsSortedAndItsStanzasStay) {
  SHARED_DATA_OR_SKIP(image, "images/alpine-minirootfs-3.16.9-aarch64.tar.gz");
  const rootfs::Tree tree = real_root(image);
  const std::string text(tree.content("lib/apk/db/installed").value());
  const std::string written = write_installed(parse_installed(text, "installed"));
  EXPECT_NE(written, text);
  EXPECT_EQ(written.size(), text.size());
  for (const InstalledStanza& stanza : parse_installed(text, "installed")) EXPECT_NE(written.find(stanza.raw + "\n"), std::string::npos);
}

TEST(ApkInventory, RealRoot) {
  SHARED_DATA_OR_SKIP(image, "images/alpine-minirootfs-3.20.3-aarch64.tar.gz");
  const rootfs::Tree tree = real_root(image);
  const pkg::Inventory inventory = read_inventory(tree, {}, {});
  EXPECT_EQ(inventory.family, "apk");
  EXPECT_EQ(inventory.arch, "aarch64");
  ASSERT_EQ(inventory.packages.size(), 14u);
  const pkg::InstalledPackage* ssl = inventory.find("libssl3", "aarch64");
  ASSERT_NE(ssl, nullptr);
  EXPECT_EQ(ssl->source, (pkg::SourceRef{"openssl", "3.3.2-r0"}));
  for (const auto& package : inventory.packages) {
    EXPECT_TRUE(package.modified.empty()) << package.name << ": " << join(package.modified, " ");
    EXPECT_TRUE(package.deleted.empty()) << package.name << ": " << join(package.deleted, " ");
  }
}

TEST(ApkInventory, LaterLayersChangeAndDelete) {
  const std::string database = stanza_text("a", "F:etc\nR:conf\nZ:Q1hvfkN/qlp/zhXR3cuerq6jd2Z7g=\nF:usr\nF:usr/bin\nR:one\na:0:0:755\nZ:" + kSum + "\nR:two\nZ:" + kSum + "\n");
  const rootfs::Tree below = test::tree_of({{"lib/apk/db/installed", database}, {"etc/conf", "changed below"}, {"usr/bin/one", "1"}, {"usr/bin/two", "2"}});
  const std::string above = test::TarBuilder().dir("usr").dir("usr/bin").file("usr/bin/one", "other").whiteout("usr/bin/two").bytes();
  const auto source = source_of(std::string_view(above));
  const rootfs::Tree tree = below.with(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, {})));
  const pkg::Inventory inventory = read_inventory(tree, {}, {});
  ASSERT_EQ(inventory.packages.size(), 1u);
  EXPECT_EQ(inventory.packages[0].modified, (std::vector<std::string>{"/usr/bin/one"})) << "etc is protected: apk has rules of its own for it";
  EXPECT_EQ(inventory.packages[0].deleted, (std::vector<std::string>{"/usr/bin/two"}));
  const pkg::Inventory before = read_inventory(below, {}, {});
  EXPECT_TRUE(before.packages[0].modified.empty()) << "what the layer of the package itself has is the package's";
}

TEST(ApkInstalled, UsrMergedPlace) {
  EXPECT_EQ(database_directory(test::tree_of({{"usr/lib/apk/db/installed", ""}})), "usr/lib/apk/db");
  EXPECT_EQ(database_directory(test::tree_of({{"usr/lib/apk/db/installed", ""}, {"lib", "-> usr/lib"}})), "usr/lib/apk/db");
  EXPECT_EQ(database_directory(test::tree_of({{"lib/apk/db/installed", ""}})), "lib/apk/db");
  EXPECT_EQ(database_directory(test::tree_of({{"lib/apk/db/lock", ""}})), "");
}

TEST(ApkInstalled, Refusals) {
  const auto refused = [](const std::string& text) {
    try {
      parse_installed(text, "installed");
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.message();
    }
    return std::string();
  };
  EXPECT_NE(refused(stanza_text("a", "P:b\n")), "") << "P: twice";
  EXPECT_NE(refused(stanza_text("a") + stanza_text("a")), "") << "one package twice";
  EXPECT_NE(refused(stanza_text("a", "R:x\n")), "");
  EXPECT_NE(refused(stanza_text("a", "F:../x\n")), "");
  EXPECT_NE(refused(stanza_text("a", "F:/x\n")), "");
  EXPECT_NE(refused(stanza_text("a", "F:x\nR:../y\n")), "");
  EXPECT_NE(refused(stanza_text("a", "F:x\nR:y\nZ:Q1short\n")), "");
  EXPECT_NE(refused("C:" + kSum + "\nV:1\n\n"), "");
  EXPECT_NE(refused(stanza_text("a", "nonsense\n")), "");
  EXPECT_EQ(refused(stanza_text("a", "z:what a later apk may have\nF:x\nR:y\nz:and here\n")), "");
}

TEST(ApkProtectedPaths, Rules) {
  ProtectedPaths paths = ProtectedPaths::read(test::tree_of({{"etc/apk/protected_paths.d/mine.list", "# c\n-etc/plain\n+srv/*/conf\n"},
                                                             {"etc/apk/protected_paths.d/readme.txt", "+opt\n"}}));
  EXPECT_TRUE(paths.covers("etc"));
  EXPECT_TRUE(paths.covers("etc/ssl/certs"));
  EXPECT_TRUE(paths.covers("etc/init.d"));
  EXPECT_FALSE(paths.covers("etc/plain/below"));
  EXPECT_TRUE(paths.covers("srv/app/conf/d"));
  EXPECT_FALSE(paths.covers("srv/app"));
  EXPECT_FALSE(paths.covers("opt"));
  EXPECT_FALSE(paths.covers("usr/etc"));
  EXPECT_FALSE(paths.covers(""));
}

TEST(ApkCommitOrder, DependenciesFirstThenTheDatabase) {
  const auto package = [](const std::string& name, const std::string& depends, const std::string& provides = {}, const std::string& install_if = {}) {
    Description description;
    description.name = name;
    description.version = "1";
    description.depends = parse_wishes(depends, name);
    description.provides = parse_wishes(provides, name);
    description.install_if = parse_wishes(install_if, name);
    return description;
  };
  const std::vector<Description> all = {package("a", "b so:c.so"), package("b", ""), package("c", "a", "so:c.so=1"), package("d", "", "", "a b"), package("e", "!b")};
  const auto order = [&](const std::set<std::string>& changing, std::string_view world) {
    std::vector<CommitMember> members;
    for (const Description& each : all) members.push_back({&each, changing.contains(each.name)});
    std::string names;
    for (const std::size_t i : commit_order(members, world)) names += all[i].name;
    return names;
  };
  EXPECT_EQ(order({"a", "b", "c", "d", "e"}, ""), "bdcae") << "d comes once what it is installed for is being looked at";
  EXPECT_EQ(order({"a", "b", "c", "d", "e"}, "e\nc>=1\n"), "beadc") << "a conflict is looked at, too";
  EXPECT_EQ(order({"a", "e"}, ""), "ae");
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::apk
