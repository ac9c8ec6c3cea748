// SPDX-License-Identifier: Apache-2.0
// update-alternatives, systemd-tmpfiles and what else scripts do after the files are there, beside the real programs in a root of their
// own.
#include "pkg/deb/alternatives.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/text.hpp"
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

}  // namespace
}  // namespace resole::test
