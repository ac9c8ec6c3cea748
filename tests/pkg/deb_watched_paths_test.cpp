// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/watched_paths.hpp"

#include <gtest/gtest.h>

#include "pkg/deb/scripts.hpp"
#include "pkg/small_tree.hpp"

namespace resole::test {
namespace {

deb::WatchFinding judge(const std::map<std::string, std::string>& image, const std::string& before, const std::string& after, const std::string& triggers = {}) {
  return deb::judge_payload(tree_of(image), deb::compare_payload(before, after), triggers);
}

const std::string kA(32, 'a'), kB(32, 'b');
std::string sum(const std::string& md5, const std::string& path) { return md5 + "  " + path + "\n"; }

TEST(DebWatchedPaths, ComparesSums) {
  const auto change = deb::compare_payload(sum(kA, "usr/a") + sum(kA, "usr/b") + sum(kA, "usr/with blank"), sum(kA, "usr/a") + sum(kB, "usr/with blank") + sum(kA, "usr/c") + "junk\n");
  EXPECT_EQ(change.named, (std::vector<std::string>{"/usr/b", "/usr/c"}));
  EXPECT_EQ(change.changed, (std::vector<std::string>{"/usr/with blank"}));
}

TEST(DebWatchedPaths, ACacheThatHasToBeMadeAgain) {
  const std::string before = sum(kA, "usr/share/glib-2.0/schemas/org.x.gschema.xml"), after = sum(kB, "usr/share/glib-2.0/schemas/org.x.gschema.xml");
  const std::map<std::string, std::string> with = {{"usr/share/glib-2.0/schemas/gschemas.compiled", "x"}};
  EXPECT_EQ(judge(with, before, after).problem,
            "/usr/share/glib-2.0/schemas/org.x.gschema.xml changes, from which gschemas.compiled (glib-compile-schemas) is made");
  EXPECT_EQ(judge(with, before, before).problem, "") << "nothing changes";
  EXPECT_EQ(judge({{"etc/x", ""}}, before, after).problem, "") << "an image without the cache";
}

TEST(DebWatchedPaths, NamesOrContents) {
  const std::string module = "usr/lib/x86_64-linux-gnu/gdk-pixbuf-2.0/2.10.0/loaders/libx.so";
  EXPECT_EQ(judge({{"etc/x", ""}}, sum(kA, module), sum(kB, module)).problem, "");
  EXPECT_NE(judge({{"etc/x", ""}}, sum(kA, module), sum(kA, module) + sum(kA, module + "2")).problem, "");
  EXPECT_NE(judge({{"etc/x", ""}}, sum(kA, module), "").problem, "");
}

TEST(DebWatchedPaths, WhatIsLeftIsTold) {
  const auto finding = judge({{"etc/x", ""}}, sum(kA, "usr/share/fonts/a.ttf"), sum(kB, "usr/share/fonts/a.ttf") + sum(kB, "usr/share/fonts/b.ttf"));
  EXPECT_EQ(finding.problem, "");
  EXPECT_EQ(finding.notes, std::vector<std::string>{"the font cache (fc-cache) is left as it is: fontconfig compares times and reads the directories again"});
}

TEST(DebWatchedPaths, TriggersOfPackagesThatNobodyReviewed) {
  const std::map<std::string, std::string> image = {{"var/lib/dpkg/triggers/File", "/usr/share/strange stranger/noawait\n/usr/share/fonts fontconfig/noawait\n"},
                                                    {"var/lib/dpkg/triggers/rebuild-all", "stranger\n"},
                                                    {"var/lib/dpkg/triggers/ldconfig", "libc-bin\n"}};
  EXPECT_EQ(judge(image, sum(kA, "usr/share/strange/x"), sum(kB, "usr/share/strange/x")).problem,
            "/usr/share/strange/x changes, of which stranger is told by a trigger");
  EXPECT_EQ(judge(image, "", sum(kB, "usr/share/stranger/x") + sum(kA, "usr/share/fonts/x")).problem, "");
  EXPECT_EQ(judge(image, "", "", "activate-noawait ldconfig\n").problem, "");
  EXPECT_EQ(judge(image, "", "", "interest rebuild-all\nactivate rebuild-all\n").problem, "it activates the trigger rebuild-all of stranger");
  EXPECT_EQ(judge(image, "", "", "activate-noawait /usr/share/strange\n").problem, "/usr/share/strange/ changes, of which stranger is told by a trigger");
  EXPECT_EQ(judge(image, "", "", "activate nobody-waits\nactivate ../../etc/passwd\n").problem, "");
}

TEST(DebWatchedPaths, APackageWithoutScriptsAsksToo) {
  const auto tree = tree_of({{"usr/share/mime/mime.cache", ""}});
  pkg::Package package;
  package.name = "foo";
  const deb::ControlFacts before{.scripts = {}, .md5sums = sum(kA, "usr/share/mime/packages/foo.xml"), .triggers = {}},
      after{.scripts = {}, .md5sums = sum(kB, "usr/share/mime/packages/foo.xml"), .triggers = {}};
  const auto verdict = deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = after, .before = &before});
  EXPECT_EQ(verdict.kind, pkg::VerdictKind::unknown);
  EXPECT_EQ(deb::judge_scripts({.tree = tree, .candidate = package, .installed = &package, .fresh = before, .before = &before}).kind, pkg::VerdictKind::none);
}

}  // namespace
}  // namespace resole::test
