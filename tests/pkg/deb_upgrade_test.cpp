// SPDX-License-Identifier: Apache-2.0
// Upgrades compared with what the real dpkg makes of the same directory, rule by rule (field notes "dpkg rules").
#include "pkg/deb/upgrade.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

DebBuilder foo(const std::string& version) { return DebBuilder("foo", version); }

TEST(DebUpgrade, OrdinaryPackage) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install(
      {foo("1.0").file("usr/bin/foo", "one", 0755).file("usr/share/foo/same", "same").symlink("usr/bin/foolink", "foo").build()});
  oracle.upgrade({foo("1.1")
                      .file("usr/bin/foo", "two", 0755)
                      .file("usr/share/foo/same", "same")
                      .file("usr/share/foo/new/deep", "x")
                      .symlink("usr/bin/foolink", "foo")
                      .build()});
  ASSERT_EQ(oracle.result.segments.size(), 1u);
  EXPECT_EQ(oracle.result.segments[0].entries.size(), 2u) << "equal files are left out";
}

TEST(DebUpgrade, ControlFieldsAreWrittenAsDpkgDoes) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  const auto fields = [](DebBuilder builder) {
    return builder.field("Homepage", "https://example.org/")
        .field("Source", "foosrc (3)")
        .field("Suggests", "a|b(>=1), c:any ( << 3 ) , d (=1)")
        .field("Essential", "no")
        .field("Multi-Arch", "no")
        .field("Section", "net")
        .field("Priority", "optional")
        .field("Installed-Size", "12")
        .field("Tag", "a::b, c::d")
        .field("Built-Using", "x (= 1)")
        .field("Enhances", "zz")
        .field("Origin", "Test")
        .field("Bugs", "mailto:a@example.org")
        .field("Provides", "virtual (= 3), other")
        .field("Breaks", "old (<< 0:2)")
        .field("Recommends", "e | f")
        .field("Maintainer", "B <b@example.org>");
  };
  oracle.install({fields(foo("0:1.0-1")).file("usr/bin/foo", "1").build()});
  oracle.upgrade({fields(foo("0:1.0-2")).file("usr/bin/foo", "2").md5sums().build()});
}

TEST(DebUpgrade, NewPackagesStandInDpkgsOrder) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({DebBuilder("m", "1").file("usr/m", "").build(), DebBuilder("c", "1").file("usr/c", "").build()});
  oracle.upgrade({DebBuilder("z", "1").file("usr/z", "").build(), DebBuilder("a", "1").file("usr/a", "").build(),
                  DebBuilder("d", "1", "all").build(), DebBuilder("m", "2").file("usr/m", "2").build()});
}

TEST(DebUpgrade, ObsoleteFilesAndDirectories) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1")
                      .file("usr/share/foo/a/b/c", "1")
                      .file("usr/share/foo/kept/x", "1")
                      .file("usr/share/foo/mine/y", "1")
                      .symlink("usr/lib/foo.so.1", "foo.so.1.0")
                      .file("usr/lib/foo.so.1.0", "lib")
                      .dir("usr/share/foo/empty")
                      .dir("usr/share/shared")
                      .build(),
                  DebBuilder("bar", "1").file("usr/share/shared/bar", "").dir("usr/share/foo/empty").build()});
  oracle.shell("echo mine > usr/share/foo/mine/user");
  oracle.upgrade({foo("2").file("usr/share/foo/kept/z", "2").build()});
}

// ---- conffiles: every cell of the matrix

struct ConffileCase {
  const char* name;
  const char* disk;  // what the image has: nullptr = deleted, "" = as the old package
  const char* fresh;
  bool known;  // was it a conffile of the old package?
};

class DebConffiles : public testing::TestWithParam<ConffileCase> {};

TEST_P(DebConffiles, AsDpkgWithConfold) {
  REQUIRE_DPKG();
  const ConffileCase& each = GetParam();
  DpkgOracle oracle;
  auto old = foo("1").file("usr/bin/foo", "1");
  if (each.known) old.conffile("etc/foo.conf", "original\n", 0640);
  oracle.install({old.build()});
  if (!each.disk)
    oracle.shell("rm -f etc/foo.conf");
  else if (*each.disk)
    oracle.shell(std::string("printf '%s\\n' '") + each.disk + "' > etc/foo.conf && chmod 0604 etc/foo.conf");
  oracle.upgrade({foo("2").file("usr/bin/foo", "2").conffile("etc/foo.conf", std::string(each.fresh) + "\n").build()});
}

INSTANTIATE_TEST_SUITE_P(
    Matrix, DebConffiles,
    testing::Values(ConffileCase{"unedited_unchanged", "", "original", true}, ConffileCase{"unedited_changed", "", "new", true},
                    ConffileCase{"edited_unchanged", "mine", "original", true}, ConffileCase{"edited_changed", "mine", "new", true},
                    ConffileCase{"edited_to_new", "new", "new", true}, ConffileCase{"deleted_unchanged", nullptr, "original", true},
                    ConffileCase{"deleted_changed", nullptr, "new", true}, ConffileCase{"unknown_absent", nullptr, "new", false},
                    ConffileCase{"unknown_present", "mine", "new", false}, ConffileCase{"unknown_equal", "new", "new", false}),
    [](const auto& each) { return each.param.name; });

TEST(DebUpgrade, ConffilesThatGo) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1")
                      .conffile("etc/z.conf", "z\n")
                      .conffile("etc/foo/a.conf", "a\n")
                      .conffile("etc/b.conf", "b\n")
                      .conffile("etc/c.conf", "c\n")
                      .conffile("etc/d.conf", "d\n")
                      .conffile("etc/e.conf", "e\n")
                      .file("usr/bin/foo", "1")
                      .build()});
  oracle.shell("echo edited > etc/b.conf; rm etc/d.conf; rm etc/e.conf");
  oracle.upgrade({foo("2")
                      .conffile("etc/new.conf", "n\n")
                      .conffile_line("remove-on-upgrade /etc/c.conf")
                      .conffile_line("remove-on-upgrade /etc/d.conf")
                      .file("usr/bin/foo", "2")
                      .build()});
  oracle.upgrade({foo("3").conffile("etc/b.conf", "b3\n").file("etc/z.conf", "now plain\n").build()});
}

TEST(DebUpgrade, ObsoleteConffilesAreListedBackwards) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1")
                      .conffile_line("/etc/c.conf")
                      .conffile_line("/etc/a.conf")
                      .conffile_line("/etc/b.conf")
                      .file("etc/a.conf", "a")
                      .file("etc/b.conf", "b")
                      .file("etc/c.conf", "c")
                      .build()});
  oracle.upgrade({foo("2").build()});
}

TEST(DebUpgrade, ConffileThatIsALink) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").conffile("etc/a.conf", "a\n").conffile("etc/b.conf", "b\n").build()});
  oracle.shell(
      "mkdir srv; mv etc/a.conf srv/a; ln -s ../srv/a etc/a.conf; mv etc/b.conf srv/b; ln -s ../srv/b etc/b.conf; echo edited > srv/b");
  oracle.upgrade({foo("2").conffile("etc/a.conf", "a2\n").conffile("etc/b.conf", "b2\n").build()});
}

TEST(DebUpgrade, ConffileMovesBetweenPackages) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").conffile("etc/a.conf", "a\n").conffile("etc/b.conf", "b\n").file("usr/bin/foo", "").build()});
  oracle.shell("echo edited > etc/b.conf");
  oracle.upgrade(
      {foo("2").file("usr/bin/foo", "2").build(),
       DebBuilder("bar", "2").field("Replaces", "foo (<< 2)").conffile("etc/a.conf", "a2\n").conffile("etc/b.conf", "b2\n").build()});
}

// ---- links and directories

TEST(DebUpgrade, DirectoriesAndLinks) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.shell(
      "mkdir -p usr/lib usr/share/real && ln -s usr/lib lib && mkdir -p var && ln -s /run/lock var/lock && ln -s real usr/share/alias && "
      "chmod 0711 usr/share");
  oracle.install({foo("1")
                      .file("lib/libfoo.so.1", "1")
                      .dir("var/lock")
                      .dir("usr/share/todir")
                      .file("usr/share/wasfile", "f")
                      .symlink("usr/share/link", "wasfile")
                      .build()});
  oracle.shell("ls -la . usr/share var");
  oracle.upgrade({foo("2")
                      .file("lib/libfoo.so.1", "2")
                      .dir("var/lock", 0777)
                      .symlink("usr/share/todir", "real")
                      .dir("usr/share/wasfile", 0750)
                      .file("usr/share/link", "now a file")
                      .symlink("usr/share/alias", "./real")
                      .dir("usr/share/real", 0700)
                      .build()});
}

TEST(DebUpgrade, FilesMoveFromLibToUsrLib) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.shell("mkdir -p usr/lib && ln -s usr/lib lib");
  oracle.install({foo("1").file("lib/foo/a", "a").file("lib/foo/b", "b").symlink("lib/foo/c", "a").build()});
  oracle.upgrade({foo("2").file("usr/lib/foo/a", "a").symlink("usr/lib/foo/c", "a").build()});
}

TEST(DebUpgrade, HardLinks) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1")
                      .file("usr/bin/a", "same", 0755)
                      .hardlink("usr/bin/b", "usr/bin/a")
                      .hardlink("usr/bin/c", "usr/bin/a")
                      .file("usr/bin/d", "d")
                      .hardlink("usr/bin/e", "usr/bin/d")
                      .file("usr/bin/x", "x")
                      .build()});
  oracle.upgrade({foo("2")
                      .file("usr/bin/a", "same", 0755)
                      .hardlink("usr/bin/b", "usr/bin/a")
                      .hardlink("usr/bin/c", "usr/bin/a")
                      .hardlink("usr/bin/new", "usr/bin/a")
                      .file("usr/bin/d", "d2")
                      .hardlink("usr/bin/e", "usr/bin/d")
                      .file("usr/bin/x", "x")
                      .build()});
  oracle.upgrade({foo("3")
                      .file("usr/bin/a", "same", 0755)
                      .hardlink("usr/bin/b", "usr/bin/a")
                      .file("usr/bin/c", "same", 0755)
                      .file("usr/bin/d", "d2")
                      .hardlink("usr/bin/e", "usr/bin/d")
                      .file("usr/bin/x", "x")
                      .hardlink("usr/bin/y", "usr/bin/x")
                      .build()});
}

TEST(DebUpgrade, ModesOfTheNewPackage) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1")
                      .file("usr/bin/setuid", "x", 04755)
                      .file("usr/bin/setgid", "same", 02755)
                      .file("usr/bin/noexec", "same", 0644)
                      .file("usr/bin/linked", "x", 0700)
                      .hardlink("usr/bin/other-name", "usr/bin/linked")
                      .dir("usr/share/private", 0700)
                      .owner("no-such-user", "no-such-group")
                      .file("usr/bin/owned", "x", 0755, 12, 34)
                      .build()});
  oracle.upgrade({foo("2")
                      .file("usr/bin/setuid", "y", 0755)
                      .file("usr/bin/setgid", "same", 0755)
                      .file("usr/bin/noexec", "same", 0755)
                      .file("usr/bin/linked", "x", 0711)
                      .hardlink("usr/bin/other-name", "usr/bin/linked")
                      .dir("usr/share/private", 0755)
                      .owner("no-such-user", "no-such-group")
                      .file("usr/bin/owned", "y", 0755, 56, 34)
                      .build()});
  EXPECT_TRUE(oracle.result.kept.empty());
}

// ---- local rules

TEST(DebUpgrade, Diversions) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/bin/foo", "1").file("usr/bin/own", "1").conffile("etc/foo.conf", "a\n").build(),
                  DebBuilder("div", "1").file("usr/bin/other", "").build()});
  oracle.shell(
      "printf '%s\n' /usr/bin/foo /usr/bin/foo.real div /usr/bin/own /usr/bin/own.real foo /etc/foo.conf /etc/foo.conf.real : > "
      "var/lib/dpkg/diversions;"
      "mv usr/bin/foo usr/bin/foo.real; mv etc/foo.conf etc/foo.conf.real");
  oracle.upgrade({foo("2").file("usr/bin/foo", "2").file("usr/bin/own", "2").conffile("etc/foo.conf", "b\n").build(),
                  DebBuilder("div", "2").file("usr/bin/foo", "wrapper", 0755).build()});
  oracle.upgrade({foo("3").file("usr/bin/own", "3").build()});
}

TEST(DebUpgrade, StatOverrides) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/bin/foo", "1", 0755).build()});
  oracle.shell(
      "printf '%s\n' '#12 #34 4711 /usr/bin/foo' '#1 #2 2750 /usr/share/foo' '#5 #6 600 /etc/foo.conf' > var/lib/dpkg/statoverride");
  oracle.upgrade({foo("2").file("usr/bin/foo", "2", 0755).file("usr/share/foo/x", "").conffile("etc/foo.conf", "c\n").build()});
}

TEST(DebUpgrade, PathFilters) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  const std::string filters = "path-exclude=/usr/share/doc/*\npath-include=/usr/share/doc/*/copyright\npath-exclude=/etc/ex*\n";
  oracle.install(
      {foo("1").file("usr/share/doc/foo/README", "1").file("usr/share/doc/foo/copyright", "1").file("usr/bin/foo", "1").build()});
  // dpkg reads its configuration from the machine, not from --root: both are told the same.
  oracle.shell("mkdir -p etc/dpkg/dpkg.cfg.d && printf '" + filters + "' > etc/dpkg/dpkg.cfg.d/docker");
  oracle.dpkg_options = "--path-exclude='/usr/share/doc/*' --path-include='/usr/share/doc/*/copyright' --path-exclude='/etc/ex*'";
  oracle.upgrade({foo("2")
                      .file("usr/share/doc/foo/README", "2")
                      .file("usr/share/doc/foo/NEWS", "2")
                      .file("usr/share/doc/foo/copyright", "2")
                      .symlink("usr/share/doc/foo/x", "y")
                      .dir("usr/share/doc/foo/examples")
                      .file("usr/bin/foo", "2")
                      .conffile("etc/excluded.conf", "x\n")
                      .build()});
  oracle.upgrade(
      {foo("3").file("usr/share/doc/foo/copyright", "2").file("usr/bin/foo", "2").conffile("etc/excluded.conf", "x3\n").md5sums().build()});
}

// ---- between packages

TEST(DebUpgrade, FilesTakenOver) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/bin/foo", "1").file("usr/bin/tool", "1").file("usr/share/foo/data", "1").build(),
                  DebBuilder("bar", "1").file("usr/bin/bar", "1").build()});
  oracle.upgrade({DebBuilder("bar", "2")
                      .field("Replaces", "foo (<< 2)")
                      .file("usr/bin/bar", "2")
                      .file("usr/bin/tool", "2")
                      .file("usr/share/foo/data", "1")
                      .build()});
}

// ---- disappearance: every condition of pkg_disappear_others()

DebBuilder taker() {
  return DebBuilder("taker", "2").field("Replaces", "bar, baz").file("usr/bin/taker", "2").file("usr/bin/bar", "2").file("usr/share/bar/data", "2");
}
DebBuilder bar() { return DebBuilder("bar", "1").file("usr/bin/bar", "1").file("usr/share/bar/data", "1"); }
bool knows(const rootfs::Tree& tree, const std::string& package) {
  return tree.content("var/lib/dpkg/status").value_or("").find("Package: " + package + "\n") != std::string_view::npos;
}

struct DisappearanceCase {
  const char* name;
  std::vector<std::string> also;  // installed beside bar and an old taker
  std::string fields;             // of bar
  bool disappears;
};

class DebDisappearance : public testing::TestWithParam<DisappearanceCase> {};

TEST_P(DebDisappearance, AsDpkg) {
  REQUIRE_DPKG();
  const DisappearanceCase& each = GetParam();
  DpkgOracle oracle;
  DebBuilder old = bar();
  old.control("triggers", "interest-noawait /usr/share/bar\n");
  if (!each.fields.empty()) old.field("Provides", each.fields);
  std::vector<std::string> debs = {old.build(), DebBuilder("taker", "1").file("usr/bin/taker", "1").build()};
  debs.insert(debs.end(), each.also.begin(), each.also.end());
  oracle.install(debs);
  oracle.upgrade({DebBuilder("another", "1").file("usr/bin/another", "").build(), taker().build()});
  EXPECT_EQ(knows(oracle.image(), "bar"), !each.disappears) << "the oracle's own answer";
  const std::string told = "bar:amd64 1 disappears, as with dpkg: taker:amd64 2 has all of its files";
  EXPECT_EQ(std::ranges::find(oracle.result.notes, told) != oracle.result.notes.end(), each.disappears);
}

INSTANTIATE_TEST_SUITE_P(
    Rules, DebDisappearance,
    testing::Values(
        DisappearanceCase{"alone", {}, "", true},
        DisappearanceCase{"needed", {DebBuilder("user", "1").field("Depends", "bar").file("usr/bin/user", "").build()}, "", false},
        DisappearanceCase{"recommended", {DebBuilder("user", "1").field("Recommends", "bar").file("usr/bin/user", "").build()}, "", false},
        DisappearanceCase{"suggested", {DebBuilder("user", "1").field("Suggests", "bar").file("usr/bin/user", "").build()}, "", true},
        DisappearanceCase{"an_alternative", {DebBuilder("user", "1").field("Depends", "bar | taker (>= 2)").build()}, "", true},
        DisappearanceCase{"needed_by_what_it_provides", {DebBuilder("user", "1").field("Depends", "virtual").build()}, "virtual", false},
        DisappearanceCase{"others_provide_it", {DebBuilder("user", "1").field("Depends", "virtual").build(),
                                                DebBuilder("other", "1").field("Provides", "virtual").file("usr/bin/other", "").build()},
                          "virtual", true}),
    [](const auto& each) { return each.param.name; });

TEST(DebUpgrade, WhatKeepsAFileOfItsOwnStays) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({bar().conffile("etc/bar.conf", "1").build(), DebBuilder("baz", "1").dir("usr/share/bar").build(),
                  DebBuilder("taker", "1").file("usr/bin/taker", "1").build()});
  oracle.upgrade({taker().build()});
  EXPECT_TRUE(knows(oracle.image(), "bar"));
  EXPECT_FALSE(knows(oracle.image(), "baz")) << "a package of shared directories alone";
}

TEST(DebUpgrade, FilesThatAnotherPackageReplaces) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/bin/foo", "1").build(),
                  DebBuilder("bar", "1").field("Replaces", "foo").file("usr/bin/bar", "1").file("usr/bin/tool", "bar's").build()});
  oracle.upgrade({foo("2").file("usr/bin/foo", "2").file("usr/bin/tool", "foo's").build()});
}

TEST(DebUpgrade, FilesMoveInOneRun) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/bin/foo", "1").file("usr/bin/tool", "1").build()});
  oracle.upgrade(
      {foo("2").file("usr/bin/foo", "2").build(),
       DebBuilder("foo-tools", "2").field("Replaces", "foo (<< 2)").field("Breaks", "foo (<< 2)").file("usr/bin/tool", "2").build()});
}

TEST(DebUpgrade, MultiArchSame) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  const auto lib = [](const std::string& version, const std::string& arch) {
    return DebBuilder("libfoo", version, arch)
        .field("Multi-Arch", "same")
        .file("usr/lib/" + arch + "/libfoo.so.1", arch + version)
        .file("usr/share/doc/libfoo/copyright", "shared" + version)
        .control("triggers", "activate-noawait ldconfig\n")
        .build();
  };
  oracle.shell("printf 'amd64\ni386\n' > var/lib/dpkg/arch");
  oracle.install({lib("1", "amd64"), lib("1", "i386")});
  oracle.upgrade({lib("2", "amd64"), lib("2", "i386")});
}

TEST(DebUpgrade, ArchitectureChanges) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/bin/foo", "1").build(), DebBuilder("bar", "1", "all").file("usr/bin/bar", "1").build(),
                  DebBuilder("baz", "1").file("usr/bin/baz", "1").build()});
  oracle.upgrade({DebBuilder("foo", "2", "all").file("usr/bin/foo", "2").build(), DebBuilder("bar", "2").file("usr/bin/bar", "2").build(),
                  DebBuilder("baz", "2").field("Multi-Arch", "same").file("usr/bin/baz", "2").build()});
}

TEST(DebUpgrade, TriggersFile) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").control("triggers", "interest-noawait /usr/share/foo\ninterest named\n").build()});
  oracle.upgrade({foo("2").control("triggers", "interest-noawait /usr/share/foo\ninterest named\n").control("shlibs", "x\n").build()});
}

}  // namespace
}  // namespace resole::test
