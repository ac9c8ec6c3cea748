// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/watched_paths.hpp"

#include <gtest/gtest.h>

#include "pkg/deb/scripts.hpp"
#include "pkg/small_tree.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

deb::WatchFinding watched(const std::map<std::string, std::string>& image, const std::string& before, const std::string& after,
                        const std::string& triggers = {}) {
  return deb::judge_payload(tree_of(image), deb::compare_payload(before, after), triggers);
}

const std::string kSumA(32, 'a'), kSumB(32, 'b');
std::string sum_line(const std::string& md5, const std::string& path) { return md5 + "  " + path + "\n"; }

TEST(DebWatchedPaths, ComparesSums) {
  const auto change = deb::compare_payload(sum_line(kSumA, "usr/a") + sum_line(kSumA, "usr/b") + sum_line(kSumA, "usr/with blank"),
                                           sum_line(kSumA, "usr/a") + sum_line(kSumB, "usr/with blank") + sum_line(kSumA, "usr/c") + "junk\n");
  EXPECT_EQ(change.named, (std::vector<std::string>{"/usr/b", "/usr/c"}));
  EXPECT_EQ(change.changed, (std::vector<std::string>{"/usr/with blank"}));
}

TEST(DebWatchedPaths, ACacheThatHasToBeMadeAgain) {
  const std::string before = sum_line(kSumA, "usr/share/glib-2.0/schemas/org.x.gschema.xml"),
                    after = sum_line(kSumB, "usr/share/glib-2.0/schemas/org.x.gschema.xml");
  const std::map<std::string, std::string> with = {{"usr/share/glib-2.0/schemas/gschemas.compiled", "x"}};
  EXPECT_EQ(watched(with, before, after).problem,
            "/usr/share/glib-2.0/schemas/org.x.gschema.xml changes, from which gschemas.compiled (glib-compile-schemas) is made");
  EXPECT_EQ(watched(with, before, before).problem, "") << "nothing changes";
  EXPECT_EQ(watched({{"etc/x", ""}}, before, after).problem, "") << "an image without the cache";
}

TEST(DebWatchedPaths, NamesOrContents) {
  const std::string module = "usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders/libx.so";
  EXPECT_EQ(watched({{"etc/x", ""}}, sum_line(kSumA, module), sum_line(kSumB, module)).problem, "");
  EXPECT_NE(watched({{"etc/x", ""}}, sum_line(kSumA, module), sum_line(kSumA, module) + sum_line(kSumA, module + "2")).problem, "");
  EXPECT_NE(watched({{"etc/x", ""}}, sum_line(kSumA, module), "").problem, "");
}

TEST(DebWatchedPaths, ATimeZoneThatWasCopied) {
  const std::string zone = "usr/share/zoneinfo/Europe/Berlin", before = sum_line(kSumA, zone), after = sum_line(kSumB, zone);
  EXPECT_EQ(watched({{"etc/localtime", "TZif2"}}, before, after).problem, "/usr/share/zoneinfo/Europe/Berlin changes, from which /etc/localtime, a copy, is made");
  EXPECT_EQ(watched({{"etc/localtime", "-> /usr/share/zoneinfo/Europe/Berlin"}, {"usr/share/zoneinfo/Europe/Berlin", "TZif2"}}, before, after).problem, "");
  EXPECT_EQ(watched({{"etc/x", ""}}, before, after).problem, "");
}

TEST(DebWatchedPaths, UsersAndLocales) {
  for (const auto& [cache, file] : std::map<std::string, std::string>{{"bin/systemd-sysusers", "usr/lib/sysusers.d/demo.conf"},
                                                                     {"usr/lib/locale/locale-archive", "usr/share/i18n/locales/de_DE"},
                                                                     {"var/lib/ucf/hashfile", "usr/lib/php/8.2/php.ini-production.cli"}}) {
    EXPECT_NE(watched({{cache, ""}}, sum_line(kSumA, file), sum_line(kSumB, file)).problem, "") << file;
    EXPECT_EQ(watched({{cache, ""}}, sum_line(kSumA, file), sum_line(kSumA, file)).problem, "") << file;
    EXPECT_EQ(watched({{"etc/x", ""}}, sum_line(kSumA, file), sum_line(kSumB, file)).problem, "") << file;
  }
}

// The postinsts of openssh-server, dovecot-core and unattended-upgrades name their defaults in these ways.
TEST(DebWatchedPaths, DefaultsThatUcfCopies) {
  const auto kind = [](const std::string& postinst, const std::string& file, const std::string& state = "var/lib/ucf/hashfile") {
    const auto tree = tree_of({{state, ""}});
    pkg::Package package;
    package.name = "foo";
    const deb::Scripts scripts = {{"postinst", "#!/bin/sh\n" + postinst}};
    const deb::ControlFacts before{.scripts = scripts, .md5sums = sum_line(kSumA, file), .triggers = {}},
        after{.scripts = scripts, .md5sums = sum_line(kSumB, file), .triggers = {}};
    return deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = after, .before = &before}).kind;
  };
  using enum pkg::VerdictKind;
  const std::string named = "cp /usr/share/foo/foo.conf \"$new\"\nucf --three-way \"$new\" /etc/foo.conf\n";
  EXPECT_EQ(kind(named, "usr/share/foo/foo.conf"), unknown);
  EXPECT_EQ(kind(named, "usr/share/foo/other"), unchanged);
  EXPECT_EQ(kind(named, "usr/share/foo/foo.conf", "etc/x"), unchanged) << "nothing in the image was made by ucf";
  EXPECT_EQ(kind("for f in $all; do\n  ucf \"/usr/share/foo/$f\" \"/etc/foo/$f\"\ndone\n", "usr/share/foo/conf.d/10-auth.conf"), unknown);
  EXPECT_EQ(kind("DEFAULTS=\"/usr/share/foo\"\nX=1 ucf \"$DEFAULTS/a\" /etc/a\n", "usr/share/foo/a"), unknown);
  EXPECT_EQ(kind("# ucf /usr/share/foo/a /etc/a\nucf --purge /usr/share/foo/a\n", "usr/share/foo/a"), unchanged);
  EXPECT_EQ(kind("ucf \"/usr/share/foo/$f\" /etc/a\n", "usr/share/doc/foo/changelog.gz"), unchanged);
  EXPECT_EQ(kind("ucf /usr/share/foo/a /etc/a\n/usr/bin/foo --check\n", "usr/bin/foo"), unchanged);
}

TEST(DebWatchedPaths, WhatIsLeftIsTold) {
  const auto finding =
      watched({{"etc/x", ""}}, sum_line(kSumA, "usr/share/fonts/a.ttf"), sum_line(kSumB, "usr/share/fonts/a.ttf") + sum_line(kSumB, "usr/share/fonts/b.ttf"));
  EXPECT_EQ(finding.problem, "");
  EXPECT_EQ(finding.notes, std::vector<std::string>{
                               "the font cache (fc-cache) is left as it is: fontconfig compares times and reads the directories again"});
}

TEST(DebWatchedPaths, TriggersOfPackagesThatNobodyReviewed) {
  const std::map<std::string, std::string> image = {
      {"var/lib/dpkg/triggers/File", "/usr/share/strange stranger/noawait\n/usr/share/fonts fontconfig/noawait\n"},
      {"var/lib/dpkg/triggers/rebuild-all", "stranger\n"},
      {"var/lib/dpkg/triggers/ldconfig", "libc-bin\n"}};
  EXPECT_EQ(watched(image, sum_line(kSumA, "usr/share/strange/x"), sum_line(kSumB, "usr/share/strange/x")).problem,
            "/usr/share/strange/x changes, of which stranger is told by a trigger");
  EXPECT_EQ(watched(image, "", sum_line(kSumB, "usr/share/stranger/x") + sum_line(kSumA, "usr/share/fonts/x")).problem, "");
  EXPECT_EQ(watched(image, "", "", "activate-noawait ldconfig\n").problem, "");
  EXPECT_EQ(watched(image, "", "", "interest rebuild-all\nactivate rebuild-all\n").problem,
            "it activates the trigger rebuild-all of stranger");
  EXPECT_EQ(watched(image, "", "", "activate-noawait /usr/share/strange\n").problem,
            "/usr/share/strange/ changes, of which stranger is told by a trigger");
  EXPECT_EQ(watched(image, "", "", "activate nobody-waits\nactivate ../../etc/passwd\n").problem, "");
}

TEST(DebWatchedPaths, APackageWithoutScriptsAsksToo) {
  const auto tree = tree_of({{"usr/share/mime/mime.cache", ""}});
  pkg::Package package;
  package.name = "foo";
  const deb::ControlFacts before{.scripts = {}, .md5sums = sum_line(kSumA, "usr/share/mime/packages/foo.xml"), .triggers = {}},
      after{.scripts = {}, .md5sums = sum_line(kSumB, "usr/share/mime/packages/foo.xml"), .triggers = {}};
  const auto verdict = deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = after, .before = &before});
  EXPECT_EQ(verdict.kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = before, .before = &before}).kind,
            pkg::VerdictKind::none);
}

}  // namespace
}  // namespace resole::test
