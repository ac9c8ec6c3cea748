// SPDX-License-Identifier: Apache-2.0
// What scripts of known snippets do, by dpkg, which runs them (outside of any chroot, with DPKG_ROOT), and by ours, which does not.
#include "pkg/deb/script_actions.hpp"

#include <gtest/gtest.h>

#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

const OracleOptions kJudged{.keep_deleted = false, .keep = {}, .judge = true};

// A script as dh_installdeb makes it.
std::string helper_script(const std::string& line) {
  return "#!/bin/sh\nset -e\n# Automatically added by dh_installdeb/13.11.4\n" + line +
         " -- \"$@\"\n# End automatically added section\nexit 0\n";
}

DebBuilder foo_with_binary(const std::string& version) {
  return DebBuilder("foo", version).file("usr/bin/foo", version, 0755).field("Maintainer", "A <a@example.org>");
}

DebBuilder with_helper(DebBuilder deb, const std::string& arguments) {
  for (const char* name : {"preinst", "postinst", "prerm", "postrm"})
    deb.control(name, helper_script("dpkg-maintscript-helper " + arguments), 0755);
  return deb;
}

class Chrootless : public DpkgOracle {
 public:
  Chrootless() { dpkg_options = "--force-script-chrootless"; }
};

#define REQUIRE_SCRIPTS() \
  REQUIRE_DPKG();         \
  if (!has_program("dpkg-maintscript-helper") || geteuid() != 0) GTEST_SKIP() << "dpkg-maintscript-helper and root are needed as oracles"

struct HelperTest {
  const char* name;
  const char* arguments;
  const char* shell;  // what happened to the image
};

// ---- rm_conffile

class DebRmConffile : public testing::TestWithParam<HelperTest> {};

TEST_P(DebRmConffile, AsDpkg) {
  REQUIRE_SCRIPTS();
  Chrootless oracle;
  oracle.install({foo_with_binary("1.0").conffile("etc/apt/preferences.d/foo", "old\n", 0640).conffile("etc/stays", "s\n").build()});
  oracle.shell(GetParam().shell);
  oracle.upgrade({with_helper(foo_with_binary("2.0"), GetParam().arguments).conffile("etc/stays", "s\n").build()}, kJudged);
}

INSTANTIATE_TEST_SUITE_P(
    Branches, DebRmConffile,
    testing::Values(HelperTest{"unedited", "rm_conffile /etc/apt/preferences.d/foo 1.5~", ":"},
                    HelperTest{"escaped", "rm_conffile /etc/apt/preferences.d/foo 1.5\\~", ":"},
                    HelperTest{"edited", "rm_conffile /etc/apt/preferences.d/foo 1.5~ foo", "echo mine > etc/apt/preferences.d/foo"},
                    HelperTest{"backup_is_there", "rm_conffile /etc/apt/preferences.d/foo 1.5~ foo",
                               "echo mine > etc/apt/preferences.d/foo; echo older > etc/apt/preferences.d/foo.dpkg-bak"},
                    HelperTest{"deleted", "rm_conffile /etc/apt/preferences.d/foo 1.5~", "rm etc/apt/preferences.d/foo"},
                    HelperTest{"too_new", "rm_conffile /etc/apt/preferences.d/foo 0.9", ":"},
                    HelperTest{"same_version", "rm_conffile /etc/apt/preferences.d/foo 1.0", ":"},
                    HelperTest{"any_version", "rm_conffile /etc/apt/preferences.d/foo", ":"},
                    HelperTest{"not_owned", "rm_conffile /etc/apt/preferences.d/other 1.5~", "echo x > etc/apt/preferences.d/other"},
                    HelperTest{"leftover", "rm_conffile /etc/apt/preferences.d/foo 1.5~",
                               "rm etc/apt/preferences.d/foo; echo x > etc/apt/preferences.d/foo.dpkg-remove"}),
    [](const auto& each) { return each.param.name; });

// ---- mv_conffile

class DebMvConffile : public testing::TestWithParam<HelperTest> {};

TEST_P(DebMvConffile, AsDpkg) {
  REQUIRE_SCRIPTS();
  Chrootless oracle;
  oracle.install({foo_with_binary("1.0").conffile("etc/apt/preferences.d/old", "old\n", 0640).build()});
  oracle.shell(GetParam().shell);
  oracle.upgrade({with_helper(foo_with_binary("2.0"), GetParam().arguments).conffile("etc/apt/preferences.d/new", "new\n").build()}, kJudged);
}

INSTANTIATE_TEST_SUITE_P(
    Branches, DebMvConffile,
    testing::Values(HelperTest{"unedited", "mv_conffile /etc/apt/preferences.d/old /etc/apt/preferences.d/new 1.5~", ":"},
                    HelperTest{"edited", "mv_conffile /etc/apt/preferences.d/old /etc/apt/preferences.d/new 1.5~ foo",
                               "echo mine > etc/apt/preferences.d/old"},
                    HelperTest{"deleted", "mv_conffile /etc/apt/preferences.d/old /etc/apt/preferences.d/new 1.5~",
                               "rm etc/apt/preferences.d/old"},
                    HelperTest{"too_new", "mv_conffile /etc/apt/preferences.d/old /etc/apt/preferences.d/new 0.9", ":"},
                    HelperTest{"unedited_new_is_there", "mv_conffile /etc/apt/preferences.d/old /etc/apt/preferences.d/new 1.5~",
                               "echo mine > etc/apt/preferences.d/new"}),
    [](const auto& each) { return each.param.name; });

// ---- links and directories

class DebSymlinkToDir : public testing::TestWithParam<HelperTest> {};

TEST_P(DebSymlinkToDir, AsDpkg) {
  REQUIRE_SCRIPTS();
  Chrootless oracle;
  oracle.install({foo_with_binary("1.0").symlink("usr/share/doc/foo", "foo-common").file("usr/share/doc/foo-common/copyright", "c").build()});
  oracle.shell(GetParam().shell);
  oracle.upgrade({with_helper(foo_with_binary("2.0").file("usr/share/doc/foo/copyright", "new").file("usr/share/doc/foo-common/copyright", "c2"),
                              GetParam().arguments)
                      .build()},
                 kJudged);
}

INSTANTIATE_TEST_SUITE_P(Branches, DebSymlinkToDir,
                         testing::Values(HelperTest{"relative", "symlink_to_dir /usr/share/doc/foo foo-common 1.5~", ":"},
                                         HelperTest{"absolute", "symlink_to_dir /usr/share/doc/foo /usr/share/doc/foo-common 1.5~", ":"},
                                         HelperTest{"a_directory_already", "symlink_to_dir /usr/share/doc/foo foo-common 1.5~",
                                                    "rm usr/share/doc/foo; mkdir usr/share/doc/foo"},
                                         HelperTest{"no_version", "symlink_to_dir /usr/share/doc/foo foo-common", ":"}),
                         [](const auto& each) { return each.param.name; });

class DebDirToSymlink : public testing::TestWithParam<HelperTest> {};

TEST_P(DebDirToSymlink, AsDpkg) {
  REQUIRE_SCRIPTS();
  Chrootless oracle;
  oracle.install({foo_with_binary("1.0").file("usr/share/doc/foo/copyright", "c").file("usr/share/doc/foo/deep/er", "d").build(),
                  DebBuilder("foo-common", "1")
                      .file("usr/share/doc/foo-common/copyright", "c")
                      .file("usr/share/doc/foo-common/deep/er", "other")
                      .build()});
  oracle.shell(GetParam().shell);
  oracle.upgrade({with_helper(foo_with_binary("2.0").symlink("usr/share/doc/foo", "foo-common"), GetParam().arguments).build()}, kJudged);
}

INSTANTIATE_TEST_SUITE_P(Branches, DebDirToSymlink,
                         testing::Values(HelperTest{"relative", "dir_to_symlink /usr/share/doc/foo foo-common 1.5~", ":"},
                                         HelperTest{"absolute", "dir_to_symlink /usr/share/doc/foo /usr/share/doc/foo-common 1.5~ foo",
                                                    ":"},
                                         HelperTest{"slash", "dir_to_symlink /usr/share/doc/foo/ foo-common 1.5~", ":"},
                                         HelperTest{"a_link_already", "dir_to_symlink /usr/share/doc/foo foo-common 1.5~",
                                                    "rm -r usr/share/doc/foo; ln -s foo-common usr/share/doc/foo"},
                                         HelperTest{"too_new", "dir_to_symlink /usr/share/doc/foo foo-common 0.5", ":"}),
                         [](const auto& each) { return each.param.name; });

// ---- what would fail, or cannot be done without the bytes, is not let through

pkg::Verdict judge_upgrade(const DpkgOracle& oracle, const DebBuilder& fresh) {
  MemoryCache cache;
  return judge_deb(oracle.image(), fresh.build(), cache);
}

TEST(DebScriptActions, WhatDpkgWouldRefuseIsHeld) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo_with_binary("1.0").file("usr/share/doc/foo/copyright", "c").conffile("usr/share/foo/conf", "c").build()});
  oracle.shell("echo mine > usr/share/doc/foo/mine");
  const auto foreign = judge_upgrade(oracle, with_helper(foo_with_binary("2.0"), "dir_to_symlink /usr/share/doc/foo foo-common 1.5~"));
  EXPECT_EQ(foreign.kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(foreign.reason, "/usr/share/doc/foo would become a link, but /usr/share/doc/foo/mine is not the package's: dpkg refuses that");
  const auto conffile = judge_upgrade(oracle, with_helper(foo_with_binary("2.0"), "dir_to_symlink /usr/share/foo bar 1.5~"));
  EXPECT_EQ(conffile.reason, "/usr/share/foo would become a link, but has configuration files: dpkg refuses that");
}

TEST(DebScriptActions, EditedFilesWhoseBytesAreNotAtHandAreHeld) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo_with_binary("1.0").conffile("etc/foo.conf", "c").build()});
  oracle.shell("echo mine > etc/foo.conf");
  const auto verdict = judge_upgrade(oracle, with_helper(foo_with_binary("2.0"), "rm_conffile /etc/foo.conf 1.5~"));
  EXPECT_EQ(verdict.kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(verdict.reason, "/etc/foo.conf was edited in the image and would be renamed");
}

TEST(DebScriptActions, ThePlanSaysWhatIsDone) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo_with_binary("1.0").conffile("etc/foo.conf", "c").build()});
  const auto verdict = judge_upgrade(oracle, with_helper(foo_with_binary("2.0"), "rm_conffile /etc/foo.conf 1.5~"));
  EXPECT_EQ(verdict.kind, pkg::VerdictKind::recognised);
  EXPECT_EQ(verdict.actions, std::vector<std::string>{"rm-conffile /etc/foo.conf 1.5~"});
  const auto past = judge_upgrade(oracle, with_helper(foo_with_binary("2.0"), "rm_conffile /etc/foo.conf 0.5~"));
  EXPECT_EQ(past.kind, pkg::VerdictKind::recognised);
  EXPECT_TRUE(past.actions.empty()) << "the installed version is newer than the one that it speaks of";
}

TEST(DebScriptActions, HelpersThatDoNotMatchAreUnknown) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo_with_binary("1.0").conffile("etc/foo.conf", "c").build()});
  const auto only_preinst = foo_with_binary("2.0").control("preinst", helper_script("dpkg-maintscript-helper rm_conffile /etc/foo.conf 1.5~"), 0755);
  EXPECT_EQ(judge_upgrade(oracle, only_preinst).kind, pkg::VerdictKind::unknown);
  for (const char* arguments : {"rm_conffile /etc/foo.conf 1.5~ other", "rm_conffile $FILE 1.5~", "rm_conffile /etc/../x 1.5~",
                                "supports rm_conffile", "rm_conffile /etc/foo.conf 1.5~ foo; rm -rf /"}) {
    EXPECT_EQ(judge_upgrade(oracle, with_helper(foo_with_binary("2.0"), arguments)).kind, pkg::VerdictKind::unknown) << arguments;
  }
}

}  // namespace
}  // namespace resole::test
