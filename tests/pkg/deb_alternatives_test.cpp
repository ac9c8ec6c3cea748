// SPDX-License-Identifier: Apache-2.0
// update-alternatives, systemd-tmpfiles and what else scripts do after the files are there, beside the real programs in a root of their
// own.
#include "pkg/deb/alternatives.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/accounts.hpp"
#include "pkg/deb/shipped_defaults.hpp"
#include "pkg/deb/tmpfiles.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using deb::Alternative;
using ArgumentWords = std::vector<std::string>;

// A directory that a real program changes, and the same as a tree that ours changes.
class Beside : public DpkgOracle {
 public:
  rootfs::Tree ours(const rootfs::Tree& before, const std::function<void(deb::TreeEdit&)>& change) {
    rootfs::LayerDraft draft;
    deb::TreeEdit edit(before, draft, 1700000000);
    change(edit);
    std::string bytes;
    StringSink sink(bytes);
    return before.with(std::make_shared<const rootfs::LayerIndex>(draft.write(before, 1700000000, sink)));
  }
  void compare(const std::string& program, const std::function<void(deb::TreeEdit&)>& change) {
    const rootfs::Tree mine = ours(image(), change);
    shell(program);
    for (const std::string& difference : differences(image(), mine)) ADD_FAILURE() << program << ": " << difference;
  }
};

class Alternatives : public Beside {
 public:
  Alternatives() {
    shell(
        "mkdir -p etc/alternatives var/lib/dpkg/alternatives usr/bin usr/share/man/man1; touch usr/bin/nano usr/bin/vim usr/bin/ed "
        "usr/share/man/man1/nano.1.gz usr/share/man/man1/vim.1.gz");
  }
  void install(const std::string& arguments) {
    ArgumentWords words;
    for (const auto word : split_words(arguments)) words.emplace_back(word);
    compare("update-alternatives --root \"$PWD\" --quiet --install " + arguments + "; rm -r var/log",
            [&](deb::TreeEdit& edit) { deb::install_alternative(words, edit); });
  }
};

const std::string kManualSlave = " --slave /usr/share/man/man1/editor.1.gz editor.1.gz /usr/share/man/man1/";
const std::string kNano = "/usr/bin/editor editor /usr/bin/nano 40", kVim = "/usr/bin/editor editor /usr/bin/vim 50",
                  kEd = "/usr/bin/editor editor /usr/bin/ed -100";

#define REQUIRE_ALTERNATIVES() \
  if (!has_program("update-alternatives") || !has_program("tar")) GTEST_SKIP() << "update-alternatives is needed as oracle"

TEST(DebAlternatives, InstallAsUpdateAlternatives) {
  REQUIRE_ALTERNATIVES();
  Alternatives alternatives;
  alternatives.install(kEd);                                                             // the first
  alternatives.install(kNano + kManualSlave + "nano.1.gz");                                    // better, with a new slave
  alternatives.install(kNano + kManualSlave + "nano.1.gz");                                    // again
  alternatives.install(kVim + kManualSlave + "vim.1.gz");                                      // better still
  alternatives.install("/usr/bin/editor editor /usr/bin/vim 10" + kManualSlave + "vim.1.gz");  // worse now: nano is back
  alternatives.install(kEd + kManualSlave + "missing.1.gz");
  alternatives.install("/usr/bin/editor editor /usr/bin/ed 99" + kManualSlave + "missing.1.gz");  // best, but its slave is not there
}

TEST(DebAlternatives, SlavesThatNobodyUsesGo) {
  REQUIRE_ALTERNATIVES();
  Alternatives alternatives;
  alternatives.install(kNano + kManualSlave + "nano.1.gz");
  alternatives.install(kNano);
}

TEST(DebAlternatives, LinksThatMove) {
  REQUIRE_ALTERNATIVES();
  Alternatives alternatives;
  alternatives.shell("mkdir -p usr/games");
  alternatives.install(kNano + kManualSlave + "nano.1.gz");
  alternatives.install(
      "/usr/games/editor editor /usr/bin/nano 40 --slave /usr/share/man/man1/edit.1.gz editor.1.gz /usr/share/man/man1/nano.1.gz");
}

TEST(DebAlternatives, ByHand) {
  REQUIRE_ALTERNATIVES();
  Alternatives alternatives;
  alternatives.install(kNano);
  alternatives.install(kVim);
  alternatives.shell("update-alternatives --root \"$PWD\" --quiet --set editor /usr/bin/nano; rm -r var/log");
  alternatives.install(kVim + kManualSlave + "vim.1.gz");
  alternatives.install(kNano + kManualSlave + "nano.1.gz");
  alternatives.shell("ln -sf /usr/bin/ed etc/alternatives/editor");  // none of the choices
  alternatives.install(kVim + kManualSlave + "vim.1.gz");
  alternatives.shell("ln -sf /usr/bin/nowhere etc/alternatives/editor");
  alternatives.install(kVim + kManualSlave + "vim.1.gz");
  alternatives.shell("rm etc/alternatives/editor");
  alternatives.install(kVim + kManualSlave + "vim.1.gz");
}

TEST(DebAlternatives, AFileInTheLinksPlaceStays) {
  REQUIRE_ALTERNATIVES();
  Alternatives alternatives;
  alternatives.shell("echo mine > usr/bin/editor");
  alternatives.install(kNano);
}

TEST(DebAlternatives, WhatWouldFail) {
  const auto tree = tree_of(
      {{"usr/bin/nano", ""}, {"var/lib/dpkg/alternatives/pager", "auto\n/usr/bin/pager\n\n/bin/more\nfifty\n\n"}, {"bin/more", ""}});
  rootfs::LayerDraft draft;
  deb::TreeEdit edit(tree, draft, 0);
  EXPECT_THROW(deb::install_alternative(ArgumentWords{"/usr/bin/editor", "editor", "/usr/bin/vim", "1"}, edit), Error);
  EXPECT_THROW(deb::install_alternative(ArgumentWords{"/usr/bin/pager", "pager", "/bin/more", "1"}, edit), Error) << "a damaged table";
  EXPECT_TRUE(draft.empty());
}

TEST(DebAlternatives, TablesThereAndBack) {
  const std::string text = "manual\n/usr/bin/a\nb\n/usr/bin/b\nc\n/usr/bin/c\n\n/x\n1\n\n/x.c\n/y\n-2\n/y.b\n\n\n";
  EXPECT_EQ(Alternative::parse(text, "a").text(), text);
  for (const char* damaged : {"", "auto", "auto\n/x", "auto\n/x\nb", "semi\n/x\n\n\n", "auto\n/x\n\n/y\n", "auto\n/x\n\n/y\n1x\n\n"}) {
    EXPECT_THROW(Alternative::parse(damaged, "a"), Error) << damaged;
  }
}

// ---- tmpfiles

TEST(DebTmpfiles, AsSystemdTmpfiles) {
  if (!has_program("systemd-tmpfiles") || geteuid() != 0) GTEST_SKIP() << "systemd-tmpfiles and root are needed as oracle";
  const std::string conf =
      "# comment\n"
      "d /var/lib/foo 0750 foo bar - -\n"
      "d /var/lib/deep/er/still 0711 - - -\n"
      "d /var/cache/there 0700 foo - 10d\n"
      "d /var/cache/kept - - - -\n"
      "f /etc/foo/empty 0600 - bar -\n"
      "f /var/lib/there 0640 - - -\n"
      "L /etc/foo/link - - - - ../os-release\n"
      "L /etc/already - - - - /else\n"
      "L+ /etc/mtab - - - - ../proc/self/mounts\n"
      "z /var/cache/there 0710 - bar -\n"
      "r! /var/lib/gone\n"
      "d! /var/lib/boot 0755 - - -\n"
      "x /var/tmp/foo-*\n"
      "d /run/foo 0755 - - -\n";
  Beside beside;
  beside.shell(
      "printf 'root:x:0:0::/root:/bin/sh\\nfoo:x:123:124::/:/bin/sh\\n' > etc/passwd; printf 'root:x:0:\\nbar:x:124:\\n' > etc/group; "
      "mkdir -p var/lib var/cache/there "
      "var/cache/kept run usr/lib/tmpfiles.d; chmod 0777 var/cache/kept; touch etc/mtab; ln -s here etc/already; echo x > var/lib/there; "
      "chmod 0640 var/lib/there; cat > "
      "usr/lib/tmpfiles.d/foo.conf <<'E'\n" +
      conf + "E\n");
  std::vector<std::string> notes;
  beside.compare("systemd-tmpfiles --root=\"$PWD\" --create foo.conf && rm -rf run/foo",
                 [&](deb::TreeEdit& edit) { notes = deb::apply_tmpfiles(conf, "foo.conf", edit); });
  EXPECT_TRUE(notes.empty()) << join(notes, "\n");
}

TEST(DebTmpfiles, WhatIsLeftIsTold) {
  const auto tree = tree_of({{"etc/passwd", "root:x:0:0::/:/bin/sh\n"}, {"var/lib/x", "x"}, {"var/lib/d/", ""}});
  rootfs::LayerDraft draft;
  deb::TreeEdit edit(tree, draft, 0);
  const auto notes = deb::apply_tmpfiles(
      "d /var/lib/%m\nd /var/lib/new 0755 nobody-knows - -\nd /var/../etc/x\nC /etc/foo - - - -\nw /var/lib/x - - - - text\nd /var/lib/y "
      "9999\n"
      "z /var/lib/x 0600\nL+ /var/lib/d - - - - elsewhere\nf /var/lib/content - - - - text\n\"\n",
      "foo.conf", edit);
  EXPECT_EQ(notes.size(), 8u) << join(notes, "\n");
  EXPECT_TRUE(draft.empty());
}

// ---- ucf

struct UcfTest {
  const char* name;
  const char* shell;  // what happened to the image
  bool big = false;
};

class DebUcf : public testing::TestWithParam<UcfTest> {};

// ucf knows absolute paths only: it is given those of the directory, which are taken out of what it wrote.
TEST_P(DebUcf, RenewsWhatNobodyEdited) {
  if (!has_program("ucf") || geteuid() != 0) GTEST_SKIP() << "ucf and root are needed as oracles";
  const std::string ucf =
      " ucf_() { DEBCONF_ALREADY_RUNNING=YES DEBIAN_HAS_FRONTEND=1 DEBCONF_REDIR=1 ucf --state-dir \"$PWD/var/lib/ucf\" \"$PWD$1\" \"$PWD$2\" 3>/dev/null >/dev/null 2>&1 </dev/null; };"
      " bare() { sed -i \"s|$PWD||\" var/lib/ucf/hashfile; for f in var/lib/ucf/cache/:*; do new=$(echo \"$f\" | sed \"s|$(echo $PWD | tr / :)||\"); [ \"$f\" = \"$new\" ] || mv -f \"$f\" \"$new\"; done; "
      "rm -f var/lib/ucf/hashfile.[0-9]*; };"
      " full() { sed -i \"s|  /|  $PWD/|\" var/lib/ucf/hashfile; for f in var/lib/ucf/cache/:etc*; do mv \"$f\" \"var/lib/ucf/cache/$(echo $PWD | tr / :):etc${f#*:etc}\"; done; };";
  const std::string fresh = GetParam().big ? std::string(30000, 'n') + "\n" : "new\n";
  Beside beside;
  beside.shell(ucf +
               "mkdir -p etc/foo usr/share/foo var/lib/ucf/cache; echo old > usr/share/foo/a; echo other > usr/share/foo/b;"
               "ucf_ /usr/share/foo/a /etc/foo/a; ucf_ /usr/share/foo/b /etc/foo/b; bare;" +
               GetParam().shell);
  beside.shell("head -c " + std::to_string(fresh.size() - 1) + " /dev/zero | tr '\\0' n > usr/share/foo/a; echo >> usr/share/foo/a");
  if (!GetParam().big) beside.shell("echo new > usr/share/foo/a");
  beside.compare(ucf + "full; ucf_ /usr/share/foo/a /etc/foo/a; bare", [&](deb::TreeEdit& edit) { deb::renew_default("/etc/foo/a", fresh, edit); });
}

INSTANTIATE_TEST_SUITE_P(Cases, DebUcf,
                         testing::Values(UcfTest{"plain", ":"}, UcfTest{"mode_and_owner_stay", "chmod 0640 etc/foo/a; chgrp 42 etc/foo/a"},
                                         UcfTest{"no_cached_copy", "rm var/lib/ucf/cache/:etc:foo:a"},
                                         UcfTest{"big_without_copy", "rm var/lib/ucf/cache/:etc:foo:a", true}),
                         [](const auto& each) { return each.param.name; });

TEST(DebUcfCalls, InPlainWords) {
  using Calls = std::vector<std::pair<std::string, std::string>>;
  EXPECT_EQ(deb::ucf_calls("ini=\"/etc/php/8.2/cli/php.ini\"\n  ucf --three-way /usr/lib/php/8.2/php.ini-production.cli $ini\nucfr php8.2-cli $ini\n"),
            (Calls{{"/usr/lib/php/8.2/php.ini-production.cli", "/etc/php/8.2/cli/php.ini"}}));
  EXPECT_EQ(deb::ucf_calls("d=/usr/share/foo\nucf --debconf-ok \"${d}/a\" /etc/a\n"), (Calls{{"/usr/share/foo/a", "/etc/a"}}));
  for (const char* script :
       {"ucf --purge /etc/a\n", "# ucf /usr/share/a /etc/a\n", "f=/a\nf=/b\nucf $f /etc/a\n", "for f in /a; do\nucf $f /etc/a\n", "ucf $1 /etc/a\n", "f=$(mktemp)\nucf $f /etc/a\n",
        "ucf --sum-file /x /a /etc/a\n", "ucf /a relative\n", "f=/a\nread f\nucf $f /etc/a\n", "ucf /usr/share/a* /etc/a\n", "ucf ${f /etc/a\n"}) {
    EXPECT_TRUE(deb::ucf_calls(script).empty()) << script;
  }
}

// ---- users and groups

struct AccountTest {
  const char* name;
  const char* conf;
  bool met;  // nobody has to be made
};

class DebAccounts : public testing::TestWithParam<AccountTest> {};

TEST_P(DebAccounts, AsSystemdSysusers) {
  if (!has_program("systemd-sysusers") || geteuid() != 0) GTEST_SKIP() << "systemd-sysusers and root are needed as oracle";
  Beside beside;
  beside.shell(
      "mkdir -p etc usr/lib/sysusers.d; printf 'root:x:0:0:root:/root:/bin/bash\nfoo:x:123:124::/:/bin/sh\nlone:x:125:124::/:/bin/sh\n' > etc/passwd;"
      "printf 'root:x:0:\nfoo:x:124:\nbar:x:200:foo,root\n' > etc/group; printf 'root:*:1::::::\nfoo:*:1::::::\nlone:*:1::::::\n' > etc/shadow; printf 'root:*::\nfoo:*::\nbar:*::foo,root\n' > etc/gshadow;"
      "cat > usr/lib/sysusers.d/x.conf <<'E'\n" +
      std::string(GetParam().conf) + "E\n");
  const std::string unmet = deb::unmet_sysusers(beside.image(), GetParam().conf);
  EXPECT_EQ(unmet.empty(), GetParam().met) << unmet;
  beside.shell("cat etc/passwd etc/group > before; systemd-sysusers --root=\"$PWD\" x.conf >/dev/null 2>&1; cat etc/passwd etc/group | cmp -s - before && touch same || true");
  EXPECT_EQ(beside.image().find("same") != nullptr, GetParam().met) << "the real program";
}

INSTANTIATE_TEST_SUITE_P(Cases, DebAccounts,
                         testing::Values(AccountTest{"there", "# comment\nu foo - \"other text\" /elsewhere\ng bar 500\n", true},
                                         AccountTest{"user_is_new", "u new - \"New\"\n", false}, AccountTest{"group_is_new", "g new -\n", false},
                                         AccountTest{"user_without_group", "u lone -\n", false}, AccountTest{"user_with_given_group", "u lone 125:foo\n", true},
                                         AccountTest{"user_with_given_number", "u lone 125:124\n", true},
                                         AccountTest{"member", "m foo bar\nm root bar\n", true}, AccountTest{"member_is_new", "m lone bar\n", false},
                                         AccountTest{"range", "r - 500-600\nu foo -\n", true}, AccountTest{"two_lines", "u foo -\nu new -\n", false}),
                         [](const auto& each) { return each.param.name; });

TEST(DebAccountsText, WhatIsNotUnderstoodIsNotMet) {
  const auto tree = tree_of({{"etc/passwd", "root:x:0:0::/:/bin/sh\n"}, {"etc/group", "root:x:0:\n"}});
  for (const char* conf : {"x foo\n", "u\n", "u %b -\n", "u \"unfinished\n", "\"\" x\n"}) EXPECT_NE(deb::unmet_sysusers(tree, conf), "") << conf;
  EXPECT_EQ(deb::unmet_sysusers(tree_of({{"etc/x", ""}}), "# nothing\n\n"), "");
  EXPECT_EQ(deb::unmet_sysusers(tree_of({{"etc/x", ""}}), "u root -\n"), "user root would have to be made");
}

TEST(DebAccountsText, ActionsOfRecipes) {
  const auto tree = tree_of({{"etc/passwd", "root:x:0:0::/:/bin/sh\nfoo:x:5:5::/:/bin/sh\n"}, {"etc/group", "root:x:0:\nfoo:x:5:\nadm:x:4:foo\n"}, {"usr/bin/x", "x"}});
  const auto unmet = [&](const char* action) { return deb::unmet_account(tree, pkg::parse_action(action)); };
  for (const char* action : {"adduser foo", "adduser foo adm", "addgroup adm", "deluser bar", "deluser root adm", "delgroup bar", "noop"}) EXPECT_EQ(unmet(action), "") << action;
  EXPECT_EQ(unmet("adduser bar"), "user bar would have to be made");
  EXPECT_EQ(unmet("adduser root adm"), "user root would have to become a member of group adm");
  EXPECT_EQ(unmet("addgroup bar"), "group bar would have to be made");
  EXPECT_EQ(unmet("deluser foo"), "user foo would have to go");
  EXPECT_EQ(unmet("deluser foo adm"), "user foo would have to leave group adm");
  EXPECT_EQ(unmet("owner /etc/passwd foo foo"), "");
  EXPECT_EQ(unmet("owner /etc/nothing nobody-knows"), "") << "there is nothing to give";
  EXPECT_EQ(unmet("owner /etc/passwd nobody-knows"), "user nobody-knows would have to be made");
  EXPECT_EQ(unmet("owner /usr/bin/x foo"), "/usr/bin/x would get another owner, and its bytes are not at hand");
  EXPECT_EQ(unmet("delgroup adm"), "group adm would have to go");
}

}  // namespace
}  // namespace resole::test
