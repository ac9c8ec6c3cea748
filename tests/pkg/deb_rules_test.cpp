// SPDX-License-Identifier: Apache-2.0
// What ours does beyond dpkg, because it has layers below and an operator's word: sticky metadata, deleted and modified files, segments and
// their cache.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"
#include "pkg/deb/bytecode.hpp"
#include "pkg/deb/extended_states.hpp"
#include "pkg/owners.hpp"
#include "pkg/deb/stat_overrides.hpp"
#include "pkg/deb/triggers.hpp"
#include "pkg/deb/upgrade.hpp"
#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

DebBuilder foo_package(const std::string& version) { return DebBuilder("foo", version); }

std::shared_ptr<const rootfs::LayerIndex> layer(const TarBuilder& tar) {
  const std::string bytes = tar.bytes();
  const auto source = source_of(bytes);
  return std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest()));
}

std::string stanza(const std::string& name, const std::string& version, const std::string& more = {}) {
  return "Package: " + name + "\nStatus: install ok installed\nMaintainer: A <a@example.org>\nArchitecture: amd64\nVersion: " + version +
         "\n" + more + "Description: d\n\n";
}

// An image with foo 1 of these paths; the files are written by `files`.
TarBuilder image(const std::string& paths, const std::string& more = {}) {
  TarBuilder tar;
  tar.dir("var").dir("var/lib").dir("var/lib/dpkg").dir("var/lib/dpkg/info").dir("etc").dir("usr", 0751).dir("usr/bin").dir("usr/share");
  tar.file("var/lib/dpkg/status", stanza("foo", "1", more)).file("var/lib/dpkg/info/foo.list", "/.\n" + paths);
  return tar;
}

rootfs::Tree tree_of(const TarBuilder& tar) { return rootfs::Tree::merge({layer(tar)}); }

pkg::UpgradeResult upgrade(const rootfs::Tree& tree, const std::vector<std::string>& debs, OracleOptions options = {}) {
  MemoryCache cache;
  return upgrade_tree(tree, debs, cache, 2, options);
}

tar::Header with_mode(std::string path, std::uint32_t mode, std::uint32_t gid = 0) {
  tar::Header header;
  header.path = std::move(path);
  header.mode = mode;
  header.gid = gid;
  return header;
}

tar::Header program(std::string path, std::uint32_t mode, std::uint32_t gid = 0) {
  tar::Header header = with_mode(std::move(path), mode, gid);
  header.size = 3;
  return header;
}

struct ModeCase {
  const char* name;
  std::uint32_t installed, below, fresh;  // by the layer that installed it; by a later layer (0: it is the only one); by the new package
  bool scripted;
  std::uint32_t expected;
};

class DebModes : public testing::TestWithParam<ModeCase> {};

// Where dpkg's answer is the whole one (one layer, no script) the oracle tests ask it: DebUpgrade.ModesOfTheNewPackage.
TEST_P(DebModes, OfAFileThatIsReplaced) {
  const ModeCase& each = GetParam();
  const std::string script = each.scripted ? "#!/bin/sh\nchmod 2755 /bin/tool\n" : "#!/bin/sh\nchmod x /usr/bin/tool-other /usr/bin/toolx\n";
  TarBuilder first = image("/usr/bin/tool\n");
  first.file("var/lib/dpkg/info/foo.postinst", script).add(program("usr/bin/tool", each.installed), "old");
  std::vector<std::shared_ptr<const rootfs::LayerIndex>> layers = {layer(first)};
  if (each.below) layers.push_back(layer(TarBuilder().dir("usr", 0751).dir("usr/bin").add(program("usr/bin/tool", each.below), "old")));
  const rootfs::Tree tree = rootfs::Tree::merge(std::move(layers));
  const auto result = upgrade(tree, {foo_package("2").file("usr/bin/tool", "new", each.fresh).control("postinst", script, 0755).build()});
  EXPECT_EQ(apply(tree, result).find("usr/bin/tool")->entry.mode, each.expected);
  ASSERT_EQ(result.kept.size(), each.expected == each.fresh ? 0u : 1u) << "what differs from the package is told";
  if (!result.kept.empty()) {
    EXPECT_EQ(result.kept[0].path, "/usr/bin/tool");
  }
}

INSTANTIATE_TEST_SUITE_P(Matrix, DebModes,
                         testing::Values(ModeCase{"package_changes", 0644, 0, 0755, false, 0755},
                                         ModeCase{"package_drops_setuid", 04755, 0, 0755, false, 0755},
                                         ModeCase{"package_brings_setuid", 0755, 0, 04755, false, 0755},
                                         ModeCase{"package_brings_sticky", 0755, 0, 01755, false, 01755},
                                         ModeCase{"script_set_setgid", 02755, 0, 0755, true, 02755},
                                         ModeCase{"script_and_hardening", 04755, 0755, 04755, true, 0755},
                                         ModeCase{"later_layer_opened", 0644, 0600, 0755, false, 0600},
                                         ModeCase{"later_layer_hardened", 04755, 0755, 04755, false, 0755},
                                         ModeCase{"later_layer_added_setuid", 0755, 04755, 0755, false, 04755},
                                         ModeCase{"later_layer_kept_setuid_that_goes", 04755, 04711, 0755, false, 0711},
                                         ModeCase{"later_layer_is_equal", 04755, 04755, 0755, false, 0755}),
                         [](const auto& each) { return each.param.name; });

TEST(DebRules, WhatAPostinstNamesStays) {
  const std::string script = "#!/bin/sh\nchown root:ssh /usr/bin/agent && chmod 2755 /usr/bin/agent\n";
  const rootfs::Tree tree = tree_of(image("/usr/bin/agent\n/usr/bin/plain\n")
                                        .file("var/lib/dpkg/info/foo.postinst", script)
                                        .add(program("usr/bin/agent", 02755, 101), "old")
                                        .file("usr/bin/plain", "old", 0755));
  const auto result = upgrade(tree, {foo_package("2").file("usr/bin/agent", "new", 0755).file("usr/bin/plain", "new", 0755).build()});
  const rootfs::Tree after = apply(tree, result);
  EXPECT_EQ(after.find("usr/bin/agent")->entry.mode, 02755u);
  EXPECT_EQ(after.find("usr/bin/agent")->entry.gid, 101u);
  EXPECT_EQ(after.find("usr/bin/agent")->entry.sha256, sha256_of("new"));
  ASSERT_EQ(result.kept.size(), 1u);
  EXPECT_EQ(result.kept[0].path, "/usr/bin/agent");
  EXPECT_EQ(result.kept[0].what,
            "mode 2755 kept, package has 0755 (a postinst of the package names the file); "
            "owner 0:101 kept, package has 0:0 (a postinst of the package names the file)");
}

// That a postinst names a file does not mean that it makes it privileged: one that asks whether the program is there must not keep what a fix took away.
TEST(DebRules, APrivilegeThatThePackageGivesUpGoes) {
  const auto mode_after = [](const std::string& script) {
    const rootfs::Tree tree =
        tree_of(image("/usr/bin/tool\n").file("var/lib/dpkg/info/foo.postinst", script).add(program("usr/bin/tool", 04755), "old"));
    return apply(tree, upgrade(tree, {foo_package("2").file("usr/bin/tool", "new", 0755).control("postinst", script, 0755).build()})).find("usr/bin/tool")->entry.mode;
  };
  for (const char* script : {"#!/bin/sh\n[ ! -x /usr/bin/tool ] || /usr/bin/tool\n", "#!/bin/sh\nchmod 0755 /usr/bin/tool\n", "#!/bin/sh\nchmod go-w /usr/bin/tool\n",
                             "#!/bin/sh\nupdate-alternatives --install /usr/bin/t t /usr/bin/tool 4755\n"}) {
    EXPECT_EQ(mode_after(script), 0755u) << script;
  }
  for (const char* script : {"#!/bin/sh\nchmod 4755 /usr/bin/tool\n", "#!/bin/sh\nchmod u+s /usr/bin/tool\n", "#!/bin/sh\n/bin/chmod -- \"$mode\" /usr/bin/tool\n",
                             "#!/bin/sh\ndpkg-statoverride --update --add root root 04755 /usr/bin/tool\n",
                             "#!/bin/sh\nfor f in /usr/bin/tool; do chmod 4755 $f; done\n"}) {
    EXPECT_EQ(mode_after(script), 04755u) << script;
  }
}

TEST(DebRules, OwnersThatALaterLayerGaveStay) {
  const auto layers = [](std::uint32_t later) {
    return rootfs::Tree::merge({layer(image("/usr/bin/tool\n").add(program("usr/bin/tool", 0755, 7), "old").hardlink("usr/bin/same", "usr/bin/tool")),
                                layer(TarBuilder().dir("usr", 0751).dir("usr/bin").add(program("usr/bin/tool", 0700, later), "old"))});
  };
  const auto gid_after = [&](std::uint32_t later) {
    const rootfs::Tree tree = layers(later);
    return apply(tree, upgrade(tree, {foo_package("2").file("usr/bin/tool", "new", 0755).build()})).find("usr/bin/tool")->entry.gid;
  };
  EXPECT_EQ(gid_after(8), 8u);
  EXPECT_EQ(gid_after(7), 0u) << "only the mode was changed later";
}

TEST(DebRules, FilesOfNobodyTakeThePackagesMode) {
  const rootfs::Tree tree = tree_of(image("/usr/bin/other\n").file("usr/bin/new", "mine", 04755));
  const rootfs::Tree after = apply(tree, upgrade(tree, {foo_package("2").file("usr/bin/new", "new", 0755).build()}));
  EXPECT_EQ(after.find("usr/bin/new")->entry.mode, 0755u) << "a setuid bit that no package gave does not pass to the package's file";
}

TEST(DebRules, FileCapabilitiesAreCarried) {
  tar::Header ping = with_mode("usr/bin/ping", 0755);
  ping.size = 3;
  ping.xattrs["security.capability"] = std::string("\1\0\0\2", 4);
  ping.xattrs["user.note"] = "mine";
  const std::string script = "setcap cap_net_raw+ep /bin/ping";
  const rootfs::Tree tree = tree_of(image("/usr/bin/ping\n").file("var/lib/dpkg/info/foo.postinst", script).add(ping, "old"));
  const auto result = upgrade(tree, {foo_package("2").file("usr/bin/ping", "new", 0755).build()});
  const auto xattrs = apply(tree, result).find("usr/bin/ping")->entry.xattrs;
  EXPECT_EQ(xattrs, (std::map<std::string, std::string>{{"security.capability", std::string("\1\0\0\2", 4)}}));
  ASSERT_EQ(result.kept.size(), 1u);
  const rootfs::Tree unscripted = tree_of(image("/usr/bin/ping\n").add(ping, "old"));
  const auto plain = upgrade(unscripted, {foo_package("2").file("usr/bin/ping", "new", 0755).build()});
  EXPECT_TRUE(apply(unscripted, plain).find("usr/bin/ping")->entry.xattrs.empty()) << "as when dpkg unpacks";
}

TEST(DebRules, OwnersByTheImagesNames) {
  const rootfs::Tree tree =
      tree_of(image("").file("etc/passwd", "root:x:0:0::/:\nwww:x:333:334::/:\n").file("etc/group", "root:x:0:\nweb:x:444:\n"));
  const rootfs::Tree after = apply(tree, upgrade(tree, {foo_package("2")
                                                            .owner("www", "web")
                                                            .file("usr/bin/a", "", 0644, 33, 33)
                                                            .owner("nobody-known", "")
                                                            .file("usr/bin/b", "", 0644, 7, 8)
                                                            .build()}));
  EXPECT_EQ(after.find("usr/bin/a")->entry.uid, 333u);
  EXPECT_EQ(after.find("usr/bin/a")->entry.gid, 444u);
  EXPECT_EQ(after.find("usr/bin/b")->entry.uid, 7u);
  EXPECT_EQ(after.find("usr/bin/b")->entry.gid, 8u);
}

TEST(DebRules, DeletedFilesStayDeleted) {
  const rootfs::Tree base = tree_of(
      image("/usr\n/usr/bin\n/usr/bin/foo\n/usr/share\n/usr/share/doc\n/usr/share/doc/foo\n/usr/share/doc/foo/README\n/usr/share/man.1\n")
          .file("var/lib/dpkg/info/foo.md5sums", "0cc175b9c0f1b6a831c399e269772661  usr/share/man.1\n")
          .file("usr/bin/foo", "1"));
  const auto result = upgrade(base,
                              {foo_package("2")
                                   .file("usr/bin/foo", "2")
                                   .file("usr/share/doc/foo/README", "2")
                                   .file("usr/share/man.1", "2")
                                   .file("usr/share/new", "2")
                                   .build()},
                              {.keep_deleted = true});
  const rootfs::Tree after = apply(base, result);
  EXPECT_EQ(after.find("usr/share/man.1"), nullptr);
  EXPECT_EQ(after.find("usr/share/doc/foo/README"), nullptr);
  EXPECT_NE(after.find("usr/share/new"), nullptr);
  EXPECT_EQ(after.content("var/lib/dpkg/info/foo.list").value().find("/usr/share/man.1\n") == std::string_view::npos, false)
      << "the database still knows it";
  EXPECT_TRUE(std::ranges::any_of(result.notes, [](const std::string& note) { return note.find("stay deleted") != std::string::npos; }));
}

TEST(DebRules, WhatThePlanKeepsIsNotWritten) {
  const rootfs::Tree tree =
      tree_of(image("/usr/bin/foo\n/usr/bin/gone\n").file("usr/bin/foo", "patched by hand").file("usr/bin/gone", "patched too"));
  const auto deb = foo_package("2").file("usr/bin/foo", "2").build();
  MemoryCache cache;
  const auto result = upgrade_tree(tree, {deb}, cache, 1, {.keep = {"/usr/bin/foo", "/usr/bin/gone"}});
  const rootfs::Tree after = apply(tree, result);
  EXPECT_EQ(after.find("usr/bin/foo")->entry.sha256, sha256_of("patched by hand"));
  EXPECT_NE(after.find("usr/bin/gone"), nullptr);
}

TEST(DebRules, AConflictIsRefused) {
  const rootfs::Tree tree = rootfs::Tree::merge({layer(image("/usr/bin/foo\n")
                                                           .file("usr/bin/foo", "1")
                                                           .file("var/lib/dpkg/status", stanza("bar", "1") + stanza("foo", "1"))
                                                           .file("var/lib/dpkg/info/bar.list", "/.\n/usr/bin/bar\n")
                                                           .file("usr/bin/bar", "bar"))});
  try {
    upgrade(tree, {foo_package("2").file("usr/bin/bar", "2").build()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(error.message().find("/usr/bin/bar, which belongs to bar"), std::string::npos);
  }
  EXPECT_THROW(upgrade(tree, {foo_package("2").file("usr/x", "").build(), DebBuilder("new", "1").file("usr/x", "").build()}), Error);
}

TEST(DebRules, MissingDirectoriesOfTheDatabaseAreMade) {
  const auto deb = foo_package("2").file("usr/bin/foo", "2").control("triggers", "interest-noawait named\n").build();
  TarBuilder tar;
  tar.dir("var", 0711).dir("var/lib").dir("var/lib/dpkg").file("var/lib/dpkg/status", stanza("foo", "1"));
  const rootfs::Tree tree = tree_of(tar), after = apply(tree, upgrade(tree, {deb}));
  EXPECT_NE(after.content("var/lib/dpkg/info/foo.list").value_or("").find("/usr/bin/foo\n"), std::string_view::npos);
  EXPECT_EQ(after.content("var/lib/dpkg/triggers/named"), "foo/noawait\n");
  EXPECT_EQ(after.find("var/lib/dpkg/info")->entry.mode, 0755u);
  EXPECT_FALSE(after.find("var/lib/dpkg/info")->implicit);
}

TEST(DebRules, ADatabaseThatCannotBeWrittenIsTheImagesFault) {
  const auto deb = foo_package("2").file("usr/bin/foo", "2").control("triggers", "interest named\n").build();
  const auto message_with = [&](const std::string& place, const std::string& target) {
    TarBuilder tar;
    tar.file("var/lib/dpkg/status", stanza("foo", "1"));
    if (target.empty())
      tar.file(place);
    else
      tar.symlink(place, target);
    const rootfs::Tree tree = tree_of(tar);
    try {
      apply(tree, upgrade(tree, {deb}));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      EXPECT_FALSE(error.hint().empty());
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(message_with("var/lib/dpkg/info", "/srv/none").find("/var/lib/dpkg/info is a link to nowhere"), std::string::npos);
  EXPECT_NE(message_with("var/lib/dpkg/info", "").find("/var/lib/dpkg/info is not a directory"), std::string::npos);
  EXPECT_NE(message_with("var/lib/dpkg/triggers", "../../x").find("/var/lib/dpkg/triggers is a link to nowhere"), std::string::npos);
}

TEST(DebRules, TwoPackagesThatBringOneFile) {
  const rootfs::Tree tree = tree_of(image("/usr/bin/foo\n").file("usr/bin/foo", "1"));
  try {
    upgrade(tree, {foo_package("2").file("usr/bin/foo", "2").file("usr/bin/x", "").build(), DebBuilder("bar", "3").file("usr/bin/x", "").build()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    for (const char* part : {"bar 3", "foo 2", "/usr/bin/x"}) EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("--hold bar or --hold foo"), std::string::npos) << error.hint();
  }
}

TEST(DebRules, ADisappearanceWithAScriptIsRefused) {
  TarBuilder tar = image("/usr\n/usr/bin\n/usr/bin/foo\n").file("usr/bin/foo", "1").file("var/lib/dpkg/info/foo.postrm", "#!/bin/sh\n");
  try {
    upgrade(tree_of(tar), {DebBuilder("bar", "2").field("Replaces", "foo").file("usr/bin/foo", "2").build()});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(std::string(error.what()).find("bar 2 takes over all files of foo"), std::string::npos) << error.what();
    EXPECT_NE(error.hint().find("--hold bar"), std::string::npos);
  }
}

TEST(DebRules, ThePackageMustBeThePlannedOne) {
  const rootfs::Tree tree = tree_of(image(""));
  const pkg::RecipeBook recipes;
  SilentReporter reporter;
  MemoryCache cache;
  pkg::Item item;
  item.name = item.to.name = "foo";
  item.arch = item.to.arch = "amd64";
  item.from = "1";
  item.to.version = "3";
  const Blob archive = Blob::of(foo_package("2").build());
  item.archive = [archive] { return archive; };
  item.to.entry.sha256 = Digest::of(archive.bytes());
  const pkg::Inventory inventory;
  const pkg::UpgradeRequest request{.tree = tree,
                                    .inventory = inventory,
                                    .items = {item},
                                    .recipes = recipes,
                                    .cache = cache,
                                    .spool = memory_spool,
                                    .reporter = reporter};
  EXPECT_THROW(deb::upgrade(request), Error);
}

// ---- the payload layer

TEST(DebPayload, HoldsEveryParentWithTheImagesAttributes) {
  const rootfs::Tree tree = tree_of(image("/usr/bin/foo\n").file("usr/bin/foo", "1"));
  const auto result = upgrade(tree, {foo_package("2").file("usr/bin/foo", "2").file("usr/share/foo/deep/x", "").build()});
  std::map<std::string, tar::Header> members;
  std::vector<std::string> order;
  for (const auto& [header, content] : read_tar(payload_bytes(tree, result))) {
    EXPECT_TRUE(members.emplace(header.path, header).second) << header.path << " twice";
    order.push_back(header.path);
  }
  ASSERT_TRUE(members.contains("usr")) << "without it overlay stores give the directory 0755";
  EXPECT_EQ(members["usr"].mode, 0751u);
  EXPECT_TRUE(members.contains("usr/bin"));
  EXPECT_EQ(order.back().starts_with("usr/"), true);
  EXPECT_LT(std::ranges::find(order, "usr/share/foo/deep") - order.begin(), std::ranges::find(order, "usr/bin/foo") - order.begin())
      << "directories come before files";
}

TEST(DebPayload, DoesNotDependOnJobsOrOrderOrTheCache) {
  const rootfs::Tree tree = tree_of(image("/usr/bin/foo\n/usr/bin/same\n").file("usr/bin/foo", "1").file("usr/bin/same", "same"));
  std::vector<std::string> debs = {
      foo_package("2").file("usr/bin/foo", std::string(3 << 20, 'f')).file("usr/bin/same", "same").conffile("etc/foo.conf", "x").build()};
  for (char c = 'a'; c < 'h'; ++c)
    debs.push_back(DebBuilder(std::string("new-") + c, "1").file(std::string("usr/bin/") + c, std::string(c * 100u, c)).build());
  MemoryCache cold, warm;
  const auto first = upgrade_tree(tree, debs, cold, 1);
  std::ranges::reverse(debs);
  const auto second = upgrade_tree(tree, debs, warm, 4);
  const auto third = upgrade_tree(tree, debs, warm, 2);
  EXPECT_EQ(first.payload_key, second.payload_key);
  EXPECT_EQ(first.payload_key, third.payload_key);
  EXPECT_EQ(payload_bytes(tree, first), payload_bytes(tree, second));
  ASSERT_EQ(third.segments.size(), second.segments.size());
  for (std::size_t i = 0; i < third.segments.size(); ++i) {
    EXPECT_EQ(first.segments[i].package, third.segments[i].package);
    EXPECT_TRUE(first.segments[i].compressed.bytes() == third.segments[i].compressed.bytes());
    EXPECT_EQ(third.segments[i].raw, nullptr) << "a warm run decodes nothing";
  }
  EXPECT_TRUE(differences(apply(tree, first), apply(tree, third)).empty());
}

TEST(DebPayload, KeySeesTheStateBelow) {
  const auto deb = foo_package("2").file("usr/bin/foo", "2").build();
  const auto key = [&](const TarBuilder& tar) { return upgrade(tree_of(tar), {deb}).payload_key; };
  const std::string plain = key(image("/usr/bin/foo\n").file("usr/bin/foo", "1"));
  EXPECT_EQ(plain, key(image("/usr/bin/foo\n").file("usr/bin/foo", "1").file("usr/bin/application", "unrelated")));
  EXPECT_NE(plain, key(image("/usr/bin/foo\n").file("usr/bin/foo", "2"))) << "an equal file is left out";
  EXPECT_EQ(plain, key(image("/usr/bin/foo\n").file("usr/bin/foo", "1", 0755))) << "the package's mode";
  const auto scripted = [] { return image("/usr/bin/foo\n").file("var/lib/dpkg/info/foo.postinst", "chmod 755 /usr/bin/foo\n"); };
  EXPECT_NE(key(scripted().file("usr/bin/foo", "1")), key(scripted().file("usr/bin/foo", "1", 0755))) << "a mode that stays";
  EXPECT_NE(plain, key(image("/usr/bin/foo\n/usr/bin/gone\n").file("usr/bin/foo", "1").file("usr/bin/gone", "1"))) << "a whiteout";
}

// A set of links one of which changed cannot be written while the content goes by for the first time: the package is read again.
TEST(DebPayload, LinkSetsAreWrittenWhole) {
  const rootfs::Tree tree = tree_of(image("/usr/bin/a\n/usr/bin/b\n").file("usr/bin/a", "same", 0755).hardlink("usr/bin/b", "usr/bin/a"));
  const auto result = upgrade(
      tree, {foo_package("2").file("usr/bin/a", "same", 0755).hardlink("usr/bin/b", "usr/bin/a").hardlink("usr/bin/c", "usr/bin/a").build()});
  ASSERT_EQ(result.segments.size(), 1u);
  ASSERT_EQ(result.segments[0].entries.size(), 3u);
  EXPECT_EQ(result.segments[0].entries[0].type, tar::Type::file);
  EXPECT_EQ(apply(tree, result).link_set("usr/bin/c"), (std::vector<std::string>{"usr/bin/a", "usr/bin/b", "usr/bin/c"}));
  EXPECT_TRUE(upgrade(tree, {foo_package("2").file("usr/bin/a", "same", 0755).hardlink("usr/bin/b", "usr/bin/a").build()}).segments.empty());
}

// ---- small parts

TEST(DebBytecode, OfChangedAndRemovedSourcesIsStale) {
  const rootfs::Tree tree = tree_of(TarBuilder()
                                        .dir("usr")
                                        .dir("usr/lib")
                                        .file("usr/lib/os.py")
                                        .file("usr/lib/ossaudio.py")
                                        .dir("usr/lib/__pycache__")
                                        .file("usr/lib/__pycache__/os.cpython-311.pyc")
                                        .file("usr/lib/__pycache__/os.cpython-311.opt-1.pyc")
                                        .file("usr/lib/__pycache__/ossaudio.cpython-311.pyc")
                                        .file("usr/lib/__pycache__/os.pypy39.pyc"));
  EXPECT_EQ(deb::stale_bytecode(tree, {"usr/lib/os.py"}),
            (std::vector<std::string>{"usr/lib/__pycache__/os.cpython-311.opt-1.pyc", "usr/lib/__pycache__/os.cpython-311.pyc"}));
  EXPECT_TRUE(deb::stale_bytecode(tree, {"usr/lib/other.py", "usr/lib/os.pyc"}).empty());
  EXPECT_EQ(deb::stale_bytecode(tree, {"usr/lib/ossaudio.py", "usr/lib/__pycache__/ossaudio.cpython-311.pyc"}).size(), 0u)
      << "the package brings the bytecode itself";
}

TEST(DebBytecode, ADirectoryOfNothingElseGoes) {
  const rootfs::Tree tree = tree_of(image("/usr\n/usr/share\n/usr/share/py\n/usr/share/py/m.py\n")
                                        .dir("usr/share/py")
                                        .file("usr/share/py/m.py", "x")
                                        .dir("usr/share/py/__pycache__")
                                        .file("usr/share/py/__pycache__/m.cpython-311.pyc", "x"));
  const rootfs::Tree after = apply(tree, upgrade(tree, {foo_package("2").build()}));
  EXPECT_EQ(after.find("usr/share/py"), nullptr);
}

TEST(DebExtendedStates, NewPackagesAreMarkedOnce) {
  EXPECT_EQ(deb::mark_automatic("", {{"b", "all"}, {"a", "i386"}}, "amd64"),
            "Package: a\nArchitecture: i386\nAuto-Installed: 1\n\nPackage: b\nArchitecture: amd64\nAuto-Installed: 1\n\n");
  const std::string before = "Package: b\nArchitecture: amd64\nAuto-Installed: 0\n\n";
  EXPECT_EQ(deb::mark_automatic(before, {{"b", "amd64"}}, "amd64"), before);
}

TEST(DebStatOverrides, BrokenTablesAreRefused) {
  const auto owners = pkg::Owners::parse("root:x:0:0::/:\n", "root:x:0:\n");
  EXPECT_EQ(deb::StatOverrides::parse("root #5 4755 /usr/bin/with blank\n", owners).find("/usr/bin/with blank")->gid, 5u);
  for (const char* bad : {"root root 4755\n", "nobody root 755 /x\n", "root root 9999 /x\n", "#x root 755 /x\n", "root root 17777 /x\n"}) {
    EXPECT_THROW(deb::StatOverrides::parse(bad, owners), Error) << bad;
  }
}

TEST(DebTriggers, InterestsOfAPackage) {
  const auto found =
      deb::trigger_interests("# comment\ninterest-noawait /usr/share/x\ninterest named # why\nactivate ldconfig\n\ninterest-await other\n");
  EXPECT_EQ(found, (std::set<std::pair<std::string, std::string>>{{"/usr/share/x", "/noawait"}, {"named", ""}, {"other", ""}}));
}

}  // namespace
}  // namespace resole::test
