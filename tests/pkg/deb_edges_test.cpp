// SPDX-License-Identifier: Apache-2.0
// The edges of dpkg, each compared with what the real dpkg makes of the same directory: what deb_upgrade_test.cpp does not have.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"
#include "support/deb_builder.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

DebBuilder edge(const std::string& version, const std::string& arch = "amd64") { return DebBuilder("edge", version, arch); }

// dpkg refuses these, and so do we: with a message that has all these words.
void expect_both_refuse(DpkgOracle& oracle, const std::vector<std::string>& debs, const std::vector<std::string>& words) {
  const rootfs::Tree before = oracle.image();
  MemoryCache cache;
  try {
    upgrade_tree(before, debs, cache);
    ADD_FAILURE() << "not refused";
  } catch (const Error& error) {
    EXPECT_TRUE(error.kind() == ErrorKind::refused || error.kind() == ErrorKind::input) << error.what();
    EXPECT_FALSE(error.hint().empty()) << error.what();
    for (const std::string& word : words) EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
  }
  EXPECT_FALSE(oracle.accepts(debs)) << "the oracle's own answer";
}

// ---- diversions

TEST(DebEdges, DivertedLinks) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/a", "1", 0755).hardlink("usr/bin/b", "usr/bin/a").hardlink("usr/bin/c", "usr/bin/a").symlink("usr/bin/s", "a").build()});
  oracle.shell(
      "printf '%s\n' /usr/bin/b /usr/bin/b.real : /usr/bin/s /usr/bin/s.real : /usr/bin/new /usr/share/new.real : > var/lib/dpkg/diversions;"
      "mv usr/bin/b usr/bin/b.real; mv usr/bin/s usr/bin/s.real; mkdir -p usr/share; echo mine > usr/bin/s");
  oracle.upgrade({edge("2")
                      .file("usr/bin/a", "2", 0755)
                      .hardlink("usr/bin/b", "usr/bin/a")
                      .hardlink("usr/bin/c", "usr/bin/a")
                      .symlink("usr/bin/s", "b")
                      .file("usr/bin/new", "2")
                      .build()});
  oracle.upgrade({edge("3").file("usr/bin/a", "3", 0755).build()});
}

TEST(DebEdges, DivertedConffilesThatGo) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/a.conf", "a\n").conffile("etc/b.conf", "b\n").build()});
  oracle.shell(
      "printf '%s\n' /etc/a.conf /etc/a.conf.real : /etc/b.conf /etc/b.conf.real : > var/lib/dpkg/diversions;"
      "mv etc/a.conf etc/a.conf.real; mv etc/b.conf etc/b.conf.real; echo mine > etc/a.conf");
  oracle.upgrade({edge("2").conffile_line("remove-on-upgrade /etc/b.conf").file("usr/bin/edge", "2").build()});
}

TEST(DebEdges, ConflictingDiversionsAreRefused) {
  REQUIRE_DPKG();
  const std::vector<std::string> tables = {
      "'%s\n' /usr/bin/a /usr/bin/a.1 one /usr/bin/a /usr/bin/a.2 two",      // one file, two places
      "'%s\n' /usr/bin/a /usr/bin/x one /usr/bin/b /usr/bin/x two",          // two files, one place
      "'%s\n' /usr/bin/a /usr/bin/b one /usr/bin/b /usr/bin/c two",          // a place that is diverted itself
      "'%s\n' /usr/bin/a /usr/bin/a.1",                                      // half of one
  };
  for (const std::string& table : tables) {
    DpkgOracle oracle;
    oracle.install({edge("1").file("usr/bin/edge", "1").build()});
    oracle.shell("printf " + table + " > var/lib/dpkg/diversions");
    SCOPED_TRACE(table);
    expect_both_refuse(oracle, {edge("2").file("usr/bin/edge", "2").build()}, {"var/lib/dpkg/diversions"});
  }
}

// /etc/edge was moved away, and a link stands there; nobody edited the file (dpkg: the new version takes its place).
TEST(DebEdges, AConffileBehindALinkOfALaterLayer) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/edge/a", "1\n").conffile("etc/edge/b", "1\n").build()});
  TarBuilder moved;
  moved.dir("srv").dir("srv/edge").file("srv/edge/a", "1\n").file("srv/edge/b", "mine\n").symlink("etc/edge", "../srv/edge");
  auto layers = oracle.image().layers();
  const std::string bytes = moved.bytes();
  const auto source = source_of(std::string_view(bytes));
  layers.push_back(std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(*source, Digest::of(bytes))));
  const rootfs::Tree tree = rootfs::Tree::merge(layers);
  MemoryCache cache;
  const auto result = upgrade_tree(tree, {edge("2").conffile("etc/edge/a", "2\n").conffile("etc/edge/b", "2\n").build()}, cache);
  const rootfs::Tree after = apply(tree, result);
  EXPECT_EQ(after.find("srv/edge/a")->entry.sha256, sha256_of("2\n"));
  EXPECT_FALSE(after.find("srv/edge/a.dpkg-dist"));
  EXPECT_EQ(after.find("srv/edge/b")->entry.sha256, sha256_of("mine\n"));
  EXPECT_TRUE(after.find("srv/edge/b.dpkg-dist"));
}

// ---- overrides

TEST(DebEdges, TheLastNameOfAFileDecidesItsMode) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/a", "1", 0755).hardlink("usr/bin/b", "usr/bin/a").hardlink("usr/bin/c", "usr/bin/a").build()});
  oracle.shell("printf '%s\n' '#12 #34 4711 /usr/bin/b' > var/lib/dpkg/statoverride");
  oracle.upgrade({edge("2").file("usr/bin/a", "2", 0755).hardlink("usr/bin/b", "usr/bin/a").hardlink("usr/bin/c", "usr/bin/a").build()});
  oracle.upgrade({edge("3").file("usr/bin/a", "2", 0755).hardlink("usr/bin/c", "usr/bin/a").hardlink("usr/bin/b", "usr/bin/a").build()});
  oracle.upgrade({edge("4").file("usr/bin/a", "2", 0755).hardlink("usr/bin/c", "usr/bin/a").hardlink("usr/bin/b", "usr/bin/a").build()});
}

TEST(DebEdges, StatOverridesOfLinksAndNewFiles) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/a", "1", 0755).hardlink("usr/bin/b", "usr/bin/a").symlink("usr/bin/s", "a").build()});
  oracle.shell("printf '%s\n' '#12 #34 4711 /usr/bin/b' '#1 #2 700 /usr/bin/s' '#3 #4 640 /etc/edge.conf' '#5 #6 2755 /usr/bin/gone' > "
               "var/lib/dpkg/statoverride");
  oracle.upgrade({edge("2")
                      .file("usr/bin/a", "2", 0755)
                      .hardlink("usr/bin/b", "usr/bin/a")
                      .symlink("usr/bin/s", "b")
                      .conffile("etc/edge.conf", "x\n")
                      .build()});
}

// ---- shapes

TEST(DebEdges, ADirectoryBecomesAFile) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/share/edge/d/x", "1").file("usr/share/edge/e/x", "1").dir("usr/share/edge/f").build()});
  oracle.upgrade({edge("2").file("usr/share/edge/d", "now a file").symlink("usr/share/edge/g", "d").file("usr/share/edge/f", "file").build()});
}

TEST(DebEdges, DevicesAndPipes) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/share/edge/a", "1").symlink("usr/share/edge/to-gone", "nowhere").build()});
  oracle.upgrade({edge("2").symlink("usr/share/edge/a", "/etc").file("usr/share/edge/to-gone", "2").build()});
}

// ---- more than one architecture

DebBuilder shared_library(const std::string& version, const std::string& arch) {
  return DebBuilder("libedge", version, arch)
      .field("Multi-Arch", "same")
      .file("usr/lib/" + arch + "/libedge.so.1", arch + version)
      .file("usr/share/doc/libedge/copyright", "shared " + version)
      .symlink("usr/share/doc/libedge/link", "copyright")
      .conffile("etc/libedge.conf", "conf " + version + "\n")
      .control("triggers", "interest-noawait /usr/share/edge\n");
}

TEST(DebEdges, InstancesOfOneVersion) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.shell("printf 'amd64\ni386\n' > var/lib/dpkg/arch");
  oracle.install({shared_library("1", "amd64").build(), shared_library("1", "i386").build()});
  oracle.shell("echo edited > etc/libedge.conf");
  oracle.upgrade({shared_library("2", "amd64").build(), shared_library("2", "i386").build()});
}

TEST(DebEdges, AnotherInstanceJoins) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.shell("printf 'amd64\ni386\n' > var/lib/dpkg/arch");
  oracle.install({shared_library("1", "amd64").build(), DebBuilder("foreign", "1", "i386").file("usr/bin/foreign", "1").build()});
  oracle.upgrade({shared_library("2", "amd64").build(), shared_library("2", "i386").build(),
                  DebBuilder("foreign", "2", "i386").file("usr/bin/foreign", "2").build()});
}

TEST(DebEdges, InstancesThatDifferAreRefused) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.shell("printf 'amd64\ni386\n' > var/lib/dpkg/arch");
  oracle.install({shared_library("1", "amd64").build(), shared_library("1", "i386").build()});
  expect_both_refuse(oracle,
                     {shared_library("2", "amd64").file("usr/share/libedge/data", "of amd64").build(),
                      shared_library("2", "i386").file("usr/share/libedge/data", "of i386").build()},
                     {"/usr/share/libedge/data", "libedge"});
}

TEST(DebEdges, InstancesShareAllButTheirLink) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.shell("printf 'amd64\ni386\n' > var/lib/dpkg/arch");
  oracle.install({shared_library("1", "amd64").build(), shared_library("1", "i386").build()});
  expect_both_refuse(oracle,
                     {shared_library("2", "amd64").symlink("usr/share/libedge/l", "a").build(),
                      shared_library("2", "i386").symlink("usr/share/libedge/l", "b").build()},
                     {"/usr/share/libedge/l"});
}

// ---- triggers

TEST(DebEdges, InterestsChange) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").control("triggers", "interest-noawait /usr/share/a\ninterest /usr/share/b\ninterest named\ninterest gone\n").build(),
                  DebBuilder("other", "1").control("triggers", "interest named\ninterest-noawait /usr/share/b\n").build()});
  oracle.upgrade({edge("2")
                      .control("triggers", "interest /usr/share/a\ninterest-noawait /usr/share/b\ninterest-noawait named\ninterest-await new\nactivate named\n")
                      .file("usr/share/a/file", "")
                      .build()});
  oracle.upgrade({edge("3").build(), DebBuilder("other", "2").control("triggers", "interest named\n").build()});
}

TEST(DebEdges, PendingTriggersEndWithTheUpgrade) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").control("triggers", "interest named\n").file("usr/bin/edge", "1").build()});
  oracle.shell("sed -i 's/install ok installed/install ok triggers-pending/; s/^Version: .*/&\\nTriggers-Pending: named/' var/lib/dpkg/status");
  oracle.upgrade({edge("2").control("triggers", "interest named\n").file("usr/bin/edge", "2").build()});
}

TEST(DebEdges, TriggersThatTheStateDoesNotTellOf) {
  REQUIRE_DPKG();
  for (const char* change : {"s/ok installed/ok triggers-pending/", "s/ok installed/ok triggers-awaited/", "s/^Version: .*/&\\nTriggers-Pending: named/",
                             "s/^Version: .*/&\\nTriggers-Awaited: edge/"}) {
    SCOPED_TRACE(change);
    DpkgOracle oracle;
    oracle.install({edge("1").file("usr/bin/edge", "1").build()});
    oracle.shell(std::string("sed -i '") + change + "' var/lib/dpkg/status");
    expect_both_refuse(oracle, {edge("2").file("usr/bin/edge", "2").build()}, {"edge", "triggers"});
  }
}

// ---- configuration files

TEST(DebEdges, EditedConffilesThatGoAreRenamed) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/apt/apt.conf.d/edge", "a\n", 0600).conffile("etc/dpkg/dpkg.cfg.d/edge", "# b\n").build()});
  oracle.shell("echo '# mine' > etc/apt/apt.conf.d/edge");
  oracle.upgrade({edge("2")
                      .conffile_line("remove-on-upgrade /etc/apt/apt.conf.d/edge")
                      .conffile_line("remove-on-upgrade /etc/dpkg/dpkg.cfg.d/edge")
                      .file("usr/bin/edge", "2")
                      .build()},
                 {.keep_deleted = false, .keep = {}, .judge = true});
}

TEST(DebEdges, AnEditedConffileThatGoesIsHeldWithoutItsBytes) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/edge.conf", "a\n").build()});
  const auto deb = edge("2").conffile_line("remove-on-upgrade /etc/edge.conf").file("usr/bin/edge", "2").build();
  MemoryCache cache;
  EXPECT_TRUE(judge_deb(oracle.image(), deb, cache).passes());
  oracle.shell("echo mine > etc/edge.conf");
  const pkg::Verdict verdict = judge_deb(oracle.image(), deb, cache);
  EXPECT_EQ(verdict.kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(verdict.reason, "/etc/edge.conf was edited in the image and would be renamed");
}

TEST(DebEdges, ConffilesThatMoveToAnotherPackage) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/a.conf", "a\n").conffile("etc/b.conf", "b\n").conffile("etc/c.conf", "c\n").file("usr/bin/edge", "1").build(),
                  DebBuilder("other", "1").conffile("etc/z.conf", "z\n").build()});
  oracle.shell("echo mine > etc/c.conf");
  oracle.upgrade({edge("2").conffile("etc/a.conf", "a2\n").file("usr/bin/edge", "2").build(),
                  DebBuilder("other", "2").field("Replaces", "edge (<< 2)").conffile("etc/z.conf", "z\n").conffile("etc/c.conf", "c\n").conffile("etc/b.conf", "b2\n").build()});
}

TEST(DebEdges, ConffilesThatMoveToAPackageThatComesFirst) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/a.conf", "a\n").conffile("etc/b.conf", "b\n").conffile("etc/c.conf", "c\n").file("usr/bin/edge", "1").build()});
  oracle.upgrade({DebBuilder("another", "2").field("Replaces", "edge (<< 2)").conffile("etc/b.conf", "b\n").conffile("etc/c.conf", "c2\n").build(),
                  edge("2").conffile("etc/a.conf", "a\n").file("usr/bin/edge", "2").build()});
}

TEST(DebEdges, ADirectoryInAConffilesPlace) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/a.conf", "a\n").file("usr/bin/edge", "1").build()});
  oracle.shell("rm etc/a.conf; mkdir etc/a.conf; echo x > etc/a.conf/x");
  expect_both_refuse(oracle, {edge("2").conffile("etc/a.conf", "a2\n").file("usr/bin/edge", "2").build()}, {"etc/a.conf"});
}

// dpkg puts a directory in its place. Here the link stays, and leads somewhere: links to what is only there at run time (/var/lock) must not go.
TEST(DebEdges, ALinkToNowhereWhereAPackageShipsADirectory) {
  const rootfs::Tree tree = tree_of_layer(
      TarBuilder().dir("var").dir("var/lib").dir("var/lib/dpkg").file("var/lib/dpkg/status", "").dir("usr").dir("usr/share").symlink("usr/share/edge", "nowhere"));
  MemoryCache cache;
  const rootfs::Tree after = apply(tree, upgrade_tree(tree, {edge("2").file("usr/share/edge/file", "2").build()}, cache));
  const rootfs::Resolved file = after.resolve("usr/share/edge/file", true);
  ASSERT_NE(file.node, nullptr);
  EXPECT_EQ(file.node->entry.sha256, sha256_of("2"));
}

// ---- states

TEST(DebEdges, BrokenStatesAreMended) {
  REQUIRE_DPKG();
  for (const char* state : {"unpacked", "half-configured"}) {
    DpkgOracle oracle;
    oracle.install({edge("1").conffile("etc/edge.conf", "1\n").file("usr/bin/edge", "1").build()});
    oracle.shell(std::string("sed -i 's/install ok installed/install ok ") + state + "/; s/^Version: .*/&\\nConfig-Version: 0.9/' var/lib/dpkg/status");
    SCOPED_TRACE(state);
    oracle.upgrade({edge("2").conffile("etc/edge.conf", "2\n").file("usr/bin/edge", "2").build()});
  }
}

TEST(DebEdges, WhatWasRemovedComesBack) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/a.conf", "a\n").conffile("etc/b.conf", "b\n").conffile("etc/c.conf", "c\n").file("usr/bin/edge", "1").build(),
                  DebBuilder("other", "1").file("usr/bin/other", "1").build()});
  oracle.dpkg("-r edge");
  oracle.shell("echo edited > etc/b.conf; rm etc/c.conf");
  oracle.upgrade({edge("2").conffile("etc/a.conf", "a2\n").conffile("etc/b.conf", "b2\n").conffile("etc/c.conf", "c2\n").file("usr/bin/edge", "2").build(),
                  DebBuilder("other", "2").field("Depends", "edge").file("usr/bin/other", "2").build()});
}

TEST(DebEdges, EssentialAndProtected) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  const auto fields = [](DebBuilder builder) { return builder.field("Essential", "yes").field("Protected", "yes").field("Important", "yes"); };
  oracle.install({fields(edge("1")).file("usr/bin/edge", "1").build()});
  oracle.upgrade({fields(edge("2")).file("usr/bin/edge", "2").build()});
  oracle.upgrade({edge("3").file("usr/bin/edge", "3").build()});
}

// ---- a database with holes

TEST(DebEdges, TheListIsLost) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/edge", "1").file("usr/bin/only-in-1", "1").conffile("etc/edge.conf", "1\n").build()});
  oracle.shell("rm var/lib/dpkg/info/edge.*");
  oracle.upgrade({edge("2").file("usr/bin/edge", "2").conffile("etc/edge.conf", "2\n").build()});
}

TEST(DebEdges, AllOfInfoIsLost) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/edge", "1").build(), DebBuilder("other", "1").file("usr/bin/other", "1").build()});
  oracle.shell("rm var/lib/dpkg/info/*; echo 1 > var/lib/dpkg/info/format");
  oracle.upgrade({edge("2").file("usr/bin/edge", "2").md5sums().build()});
}

// ---- the same path twice in one run

TEST(DebEdges, TheOneThatReplacesWins) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/edge", "1").build(), DebBuilder("other", "1").file("usr/bin/other", "1").build()});
  const std::string winner = edge("2").field("Replaces", "other").file("usr/bin/tool", "of edge").file("usr/bin/edge", "2").build();
  // Sums of its own: those that dpkg makes depend on which of the two it unpacks first.
  const std::string loser = DebBuilder("other", "2").file("usr/bin/tool", "of other").file("usr/bin/other", "2").md5sums().build();
  oracle.upgrade({loser, winner});
}

TEST(DebEdges, TheOneThatReplacesWinsInTheOtherOrderToo) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/edge", "1").build(), DebBuilder("other", "1").file("usr/bin/other", "1").build()});
  const std::string winner = edge("2").field("Replaces", "other").file("usr/bin/tool", "of edge").file("usr/bin/edge", "2").build();
  const std::string loser = DebBuilder("other", "2").file("usr/bin/tool", "of other").file("usr/bin/other", "2").build();
  oracle.upgrade({winner, loser});
}

TEST(DebEdges, WithoutReplacesBothRefuse) {
  REQUIRE_DPKG();
  for (const char* fields : {"", "other (<< 2)", "virtual"}) {
    DpkgOracle oracle;
    oracle.install({edge("1").file("usr/bin/edge", "1").build(), DebBuilder("other", "1").file("usr/bin/other", "1").build()});
    DebBuilder mine = edge("2").file("usr/bin/tool", "same");
    if (*fields) mine.field("Replaces", fields);
    SCOPED_TRACE(fields);
    expect_both_refuse(oracle, {DebBuilder("other", "2").field("Provides", "virtual").file("usr/bin/tool", "same").build(), mine.build()},
                       {"edge 2", "other 2", "/usr/bin/tool"});
  }
}

TEST(DebEdges, ADirectoryOfBothIsNoConflict) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").file("usr/bin/edge", "1").build(), DebBuilder("other", "1").file("usr/bin/other", "1").build()});
  oracle.upgrade({edge("2").dir("usr/share/both", 0750).file("usr/bin/edge", "2").build(),
                  DebBuilder("other", "2").dir("usr/share/both", 0700).file("usr/bin/other", "2").build()});
}

// ---- disappearance, once more

TEST(DebEdges, AnEssentialPackageDisappearsToo) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").field("Essential", "yes").file("usr/bin/edge", "1").build(), DebBuilder("taker", "1").file("usr/bin/taker", "1").build()});
  oracle.upgrade({DebBuilder("taker", "2").field("Replaces", "edge").file("usr/bin/edge", "2").file("usr/bin/taker", "2").build()});
}

TEST(DebEdges, AConffileOfTheTakerIsCoveredToo) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({edge("1").conffile("etc/edge.conf", "1\n").build(), DebBuilder("taker", "1").file("usr/bin/taker", "1").build()});
  oracle.shell("echo edited > etc/edge.conf");
  oracle.upgrade({DebBuilder("taker", "2").field("Replaces", "edge").conffile("etc/edge.conf", "2\n").file("usr/bin/taker", "2").build()});
}

}  // namespace
}  // namespace resole::test
