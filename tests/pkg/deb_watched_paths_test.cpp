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
            "/usr/share/glib-2.0/schemas/org.x.gschema.xml changes, from which gschemas.compiled (glib-compile-schemas) is made: the image's gschemas.compiled is not what its schemas give");
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
  for (const auto& [cache, file] : std::map<std::string, std::string>{{"usr/lib/locale/locale-archive", "usr/share/i18n/locales/de_DE"}}) {
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
    const deb::ControlFacts before{.scripts = scripts, .md5sums = sum_line(kSumA, file), .triggers = {}, .conffiles = {}},
        after{.scripts = scripts, .md5sums = sum_line(kSumB, file), .triggers = {}, .conffiles = {}};
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

// A default that another package's postinst copies: php8.2-cli of php8.2-common.
TEST(DebWatchedPaths, DefaultsOfAnotherPackagesPostinst) {
  const std::string from = "usr/lib/php/8.2/php.ini-production.cli", to = "etc/php/8.2/cli/php.ini";
  const std::string sum = to_hex(md5_of("old\n"));
  const auto verdict = [&](const std::string& content, const std::string& remembered) {
    const auto tree = tree_of({{"var/lib/ucf/hashfile", remembered + "  /" + to + "\n"},
                               {to, content},
                               {"var/lib/dpkg/info/foo-cli.postinst", "#!/bin/sh\nphpini=\"/" + to + "\"\nucf /" + from + " $phpini\nucf /usr/lib/php/8.2/php.ini-production $phpini\n"}});
    pkg::Package package;
    package.name = "foo-common";
    const deb::ControlFacts before{.scripts = {}, .md5sums = sum_line(sum, from), .triggers = {}, .conffiles = {}},
        after{.scripts = {}, .md5sums = sum_line(kSumB, from), .triggers = {}, .conffiles = {}};
    return deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = after, .before = &before});
  };
  EXPECT_EQ(verdict("old\n", sum).actions, std::vector<std::string>{"ucf /" + from + " /" + to});
  EXPECT_EQ(verdict("mine\n", sum).reason, "/" + to + " was changed in the image, and so is its default (/" + from + ", ucf)");
  EXPECT_TRUE(verdict("old\n", kSumA).actions.empty()) << "the file was made from another default";
  EXPECT_TRUE(verdict("old\n", kSumA).passes());
}

// systemd-sysusers reads files of the package: the users are there, or the package waits.
TEST(DebWatchedPaths, UsersOfSysusers) {
  const std::string conf = "usr/lib/sysusers.d/foo.conf";
  const deb::Scripts scripts = {{"postinst", "#!/bin/sh\nset -e\n# Automatically added by dh_installsysusers\nif [ \"$1\" = \"configure\" ] || [ \"$1\" = \"abort-upgrade\" ] || [ \"$1\" = "
                                             "\"abort-deconfigure\" ] || [ \"$1\" = \"abort-remove\" ] ; then\n   systemd-sysusers ${DPKG_ROOT:+--root=\"$DPKG_ROOT\"} foo.conf\nfi\n"
                                             "# End automatically added section\n"}};
  const auto verdict = [&](const std::string& before_sum, bool scripted_before, const char* text, bool administrators = false) {
    std::map<std::string, std::string> files = {{"etc/passwd", "root:x:0:0::/:/bin/sh\nfoo:x:5:5::/:/bin/sh\n"}, {"etc/group", "root:x:0:\nfoo:x:5:\n"}, {"bin/systemd-sysusers", ""}};
    if (administrators) files["etc/sysusers.d/foo.conf"] = "u other -\n";
    const auto tree = tree_of(files);
    pkg::Package package;
    package.name = "foo";
    const deb::ControlFacts before{.scripts = scripted_before ? scripts : deb::Scripts(), .md5sums = before_sum.empty() ? "" : sum_line(before_sum, conf), .triggers = {}, .conffiles = {}},
        after{.scripts = scripts, .md5sums = sum_line(kSumB, conf), .triggers = {}, .conffiles = {}};
    deb::ScriptCase each{.tree = tree, .candidate = package, .installed = &package, .fresh = after, .before = &before};
    if (text) each.read = [text, &conf](const std::string& path) { return path == conf ? std::optional<std::string>(text) : std::nullopt; };
    return deb::judge_scripts(each);
  };
  using enum pkg::VerdictKind;
  EXPECT_EQ(verdict(kSumB, true, nullptr).kind, unchanged) << "the same file made the same users before; it is not even read";
  EXPECT_EQ(verdict(kSumA, true, "u foo -\n").kind, unchanged);
  EXPECT_EQ(verdict(kSumA, true, "u new -\n").reason, "/usr/lib/sysusers.d/foo.conf: user new would have to be made (systemd-sysusers)");
  EXPECT_EQ(verdict("", false, "u foo -\n").kind, recognised);
  EXPECT_EQ(verdict("", false, "u foo -\n").actions, std::vector<std::string>{"sysusers foo.conf"});
  EXPECT_EQ(verdict("", false, "u new -\n").kind, unknown);
  EXPECT_EQ(verdict("", false, nullptr).kind, unknown);
  EXPECT_EQ(verdict("", false, "u foo -\n", true).kind, unknown) << "an administrator's file takes its place";
}

TEST(DebWatchedPaths, APackageWithoutScriptsAsksToo) {
  const auto tree = tree_of({{"usr/share/mime/mime.cache", ""}});
  pkg::Package package;
  package.name = "foo";
  const deb::ControlFacts before{.scripts = {}, .md5sums = sum_line(kSumA, "usr/share/mime/packages/foo.xml"), .triggers = {}, .conffiles = {}},
      after{.scripts = {}, .md5sums = sum_line(kSumB, "usr/share/mime/packages/foo.xml"), .triggers = {}, .conffiles = {}};
  const auto verdict = deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = after, .before = &before});
  EXPECT_EQ(verdict.kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = before, .before = &before}).kind,
            pkg::VerdictKind::none);
}

}  // namespace
}  // namespace resole::test
