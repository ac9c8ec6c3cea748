// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/preferences.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "pkg/deb/apt_config.hpp"
#include "pkg/deb/policy.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/small_tree.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

Preferences preferences(const std::string& text) { return Preferences::parse({{"preferences", text}}); }
IndexTraits stable() {
  return {.archive = "stable",
          .codename = "bookworm",
          .version = "12.5",
          .origin = "Debian",
          .label = "Debian",
          .component = "main",
          .architecture = "amd64",
          .site = "mirror.example.org"};
}
bool release_matches(const char* data, const IndexTraits& index = stable()) {
  return PinTarget(PinTarget::Kind::release, data).matches_index(index);
}

TEST(DebPin, Release) {
  for (const char* good :
       {"*", "stable", "bookworm", "12*", "a=stable", "n=book*", "o=Debian, l=debian", "v=12.5, c=main, b=amd64", "a=/^st.*e$/"}) {
    EXPECT_TRUE(release_matches(good)) << good;
  }
  for (const char* bad : {"", "testing", "11*", "a=stable, n=trixie", "o=Ubuntu", "c=contrib", "b=i386", "x=y"})
    EXPECT_FALSE(release_matches(bad)) << bad;
  const IndexTraits now{.archive = "now", .priority = 100, .installed = true};
  EXPECT_TRUE(release_matches("a=now", now));
  EXPECT_TRUE(release_matches("now", now));
  EXPECT_FALSE(release_matches("o=*", now));
}

TEST(DebPin, OriginIsTheHost) {
  EXPECT_TRUE(PinTarget(PinTarget::Kind::origin, "mirror.example.org").matches_index(stable()));
  EXPECT_TRUE(PinTarget(PinTarget::Kind::origin, "\"*.example.org\"").matches_index(stable()));
  EXPECT_FALSE(PinTarget(PinTarget::Kind::origin, "Debian").matches_index(stable()));
}

TEST(DebPin, Version) {
  const PinTarget prefix(PinTarget::Kind::version, "1.2*"), exact(PinTarget::Kind::version, "1.2"),
      regex(PinTarget::Kind::version, "/deb12u[0-9]$/");
  EXPECT_TRUE(prefix.matches_version("1.20-1"));
  EXPECT_FALSE(exact.matches_version("1.20-1"));
  EXPECT_TRUE(regex.matches_version("1-1+deb12u7"));
  EXPECT_FALSE(regex.matches_version("1-1+deb12u17x"));
}

TEST(DebPreferences, RecordsAndComments) {
  const auto read = preferences(
      "# why\nExplanation: x\nPackage: a b:any src:c\nPin: version 1*\nPin-Priority: -5\n\nPackage: *\nPin: origin x\nPin-Priority: "
      "never\n");
  ASSERT_EQ(read.pins.size(), 4u);
  EXPECT_EQ(read.pins[1].arch, "any");
  EXPECT_TRUE(read.pins[2].of_source);
  EXPECT_EQ(read.pins[0].priority, -5);
  EXPECT_FALSE(read.pins[3].name);
  EXPECT_EQ(read.pins[3].priority, kNeverPriority);
}

TEST(DebPreferences, WhatAptRefusesIsRefused) {
  for (const char* bad :
       {"Package: a\nPin: version 1\n", "Package: a\nPin: version 1\nPin-Priority: 0\n", "Package: a\nPin: version 1\nPin-Priority: many\n",
        "Package: a\nPin: version 1\nPin-Priority: 40000\n", "Package: a\nPin: version 1\nPin-Priority: never\n",
        "Pin: version 1\nPin-Priority: 1\n", "Package: /a{1,1000}/\nPin: version 1\nPin-Priority: 1\n",
        "Package: /(a)\\1/\nPin: version 1\nPin-Priority: 1\n", "Package: /(/\nPin: version 1\nPin-Priority: 1\n"}) {
    EXPECT_THROW(preferences(bad), Error) << bad;
  }
  EXPECT_EQ(preferences("Package: a\nPin: sometimes x\nPin-Priority: 1\n").warnings.size(), 1u);
  EXPECT_EQ(preferences("Package: *\nPin: version 1\nPin-Priority: 1\n").warnings.size(), 1u);
}

int priority(const std::string& text, const std::string& name, const std::string& version, const std::string& arch = "amd64") {
  const Policy policy(preferences(text), {stable()}, "amd64");
  return policy.priority(name, arch, {.version = version, .source_version = version, .source_name = name + "-src", .indexes = {0}});
}

TEST(DebPolicy, FirstPinThatMatchesDecides) {
  const std::string pins =
      "Package: lib*\nPin: version 1*\nPin-Priority: 700\n\nPackage: libx\nPin: release a=stable\nPin-Priority: 600\n\nPackage: *\nPin: "
      "release a=stable\nPin-Priority: 400\n\n"
      "Package: src:y-src\nPin: release n=bookworm\nPin-Priority: 300\n\nPackage: z:i386\nPin: release n=bookworm\nPin-Priority: 200\n";
  EXPECT_EQ(priority(pins, "libx", "1.0"), 700);
  EXPECT_EQ(priority(pins, "libx", "2.0"), 600);
  EXPECT_EQ(priority(pins, "other", "1"), 400);
  EXPECT_EQ(priority(pins, "y", "1"), 300);
  EXPECT_EQ(priority(pins, "z", "1", "i386"), 200);
  EXPECT_EQ(priority(pins, "z", "1"), 400);
  EXPECT_EQ(priority(pins, "libx", "1.0", "i386"), 400);  // a pin without architecture is about the native one
}

TEST(DebPolicy, NeverWins) {
  const std::string pins =
      "Package: a\nPin: release a=stable\nPin-Priority: 900\n\nPackage: *\nPin: release a=stable\nPin-Priority: never\n";
  EXPECT_EQ(priority(pins, "a", "1"), kNeverPriority);
  const Policy policy(preferences(pins), {stable()}, "amd64");
  EXPECT_FALSE(policy.choose("a", "amd64", {{.version = "1", .indexes = {0}}}));
}

TEST(DebPolicy, DefaultReleaseComesFirst) {
  Preferences read = preferences("Package: *\nPin: release a=stable\nPin-Priority: 400\n");
  read.default_release = "bookworm";
  EXPECT_EQ(Policy(read, {stable()}, "amd64").index_priority(0), 990);
  read.default_release = "trixie";
  const Policy unknown(read, {stable()}, "amd64");
  EXPECT_EQ(unknown.index_priority(0), 400);
  EXPECT_EQ(unknown.warnings().size(), 1u);
}

TEST(DebPolicy, HoldsAnInstalledVersionByItsPin) {
  const std::string pins = "Package: a\nPin: version 1\nPin-Priority: 1000\n";
  const Policy policy(preferences(pins), {stable()}, "amd64");
  const auto chosen = policy.choose("a", "amd64", {{.version = "1", .installed = true}, {.version = "2", .indexes = {0}}});
  ASSERT_TRUE(chosen);
  EXPECT_EQ(*chosen, 0u);
}

TEST(DebPolicy, WhatIsChosen) {
  IndexTraits backports = stable();
  backports.archive = "stable-backports";
  backports.codename = "bookworm-backports";
  backports.priority = 100;
  const auto chosen = [&](const std::string& pins, std::vector<PolicyVersion> versions) -> std::string {
    const Policy policy(preferences(pins), {stable(), backports}, "amd64");
    const auto at = policy.choose("a", "amd64", versions);
    return at ? versions[*at].version : "-";
  };
  const PolicyVersion have1{.version = "1", .installed = true}, have3{.version = "3", .installed = true};
  const PolicyVersion stable2{.version = "2", .indexes = {0}}, backport4{.version = "4", .indexes = {1}};
  EXPECT_EQ(chosen("", {stable2, backport4}), "2") << "priority before version";
  EXPECT_EQ(chosen("", {have1, stable2, backport4}), "2");
  EXPECT_EQ(chosen("", {have3, stable2, backport4}), "4") << "what is installed is not given up, and follows within its priority";
  EXPECT_EQ(chosen("", {have3, stable2}), "3");
  const auto pin = [](const std::string& what, const char* priority) { return "Package: a\nPin: " + what + "\nPin-Priority: " + priority + "\n"; };
  EXPECT_EQ(chosen(pin("version 2", "999"), {have3, stable2}), "3") << "not back below 1000";
  EXPECT_EQ(chosen(pin("version 2", "1000"), {have3, stable2}), "2");
  EXPECT_EQ(chosen(pin("release n=bookworm-backports", "990"), {have1, stable2, backport4}), "4");
  EXPECT_EQ(chosen(pin("version *", "-1"), {stable2, backport4}), "-");
  EXPECT_EQ(chosen(pin("release a=now", "600"), {have1, stable2}), "1") << "the installed state can be pinned";
  EXPECT_EQ(chosen("Package: *\nPin: release a=stable\nPin-Priority: -10\n", {have1, stable2, backport4}), "4");
}

TEST(DebPreferences, TenThousandPinsAtMost) {
  std::string names;
  for (int i = 0; i < 10'001; ++i) names += " p" + std::to_string(i);
  EXPECT_THROW(preferences("Package:" + names + "\nPin: version 1\nPin-Priority: 1\n"), Error);
}

TEST(DebAptConfig, NamesThatAptReads) {
  const auto kept = test::tree_of({{"etc/apt/apt.conf", "0"},
                                   {"etc/apt/apt.conf.d/a", "1"},
                                   {"etc/apt/apt.conf.d/b.conf", "2"},
                                   {"etc/apt/apt.conf.d/B-1_x", "3"},
                                   {"etc/apt/apt.conf.d/d.conf~", "-"},
                                   {"etc/apt/apt.conf.d/.e", "-"},
                                   {"etc/apt/apt.conf.d/f.", "-"},
                                   {"etc/apt/apt.conf.d/g h", "-"},
                                   {"etc/apt/apt.conf.d/i.conf.dpkg-old", "-"},
                                   {"etc/apt/apt.conf.d/j.pref", "-"},
                                   {"etc/apt/apt.conf.d/k/l", "-"}});
  std::string contents;
  for (const auto& [path, content] : read_configuration(kept, "etc/apt/apt.conf", "etc/apt/apt.conf.d", {"", "conf"})) contents += content;
  EXPECT_EQ(contents, "0312");
}

TEST(DebAptConfig, AgreesWithAptConfig) {
  if (!test::has_program("apt-config")) GTEST_SKIP() << "apt-config is not on this machine";
  const test::DpkgOracle place;
  const std::string file = place.root() + "/apt.conf";
  for (const std::string text :
       {"APT::Default-Release \"a\"; APT::Default-Release \"b\";", "APT::Default-Release\n\"a\"\n;", "apt::default-release stable;", "APT { Default-Release \"b\" };",
        "APT { Default-Release \"b\"; }", "APT::Default-Release \"a\";\nAPT { Default-Release \"b\" };", "APT::Default-Release 'a';", "APT::Default-Release \"a;b\";",
        "\"APT::Default-Release\" a;", "APT::Default-Release a;// x\n", "/* APT::Default-Release \"a\";", "APT::Default-Release \"x\"; APT::Default-Release \"\";",
        "APT::Default-Release \"a\"; #clear APT::Default-Release;", "APT::Default-Release \"a\";\n#clear APT;\n", "# APT::Default-Release \"a\";\n", "",
        "Other { Default-Release \"x\"; };", "APT { Get { Default-Release \"x\"; }; };", "APT { Get { Assume-Yes 1 }; Default-Release y };"}) {
    std::ofstream(file) << text;
    // APT::Default-Release "a";
    const std::string dumped = test::run("apt-config -c " + file + " dump APT::Default-Release");
    const std::size_t open = dumped.find('"'), close = dumped.rfind("\";");
    EXPECT_EQ(default_release_in(text), open < close && close != std::string::npos ? dumped.substr(open + 1, close - open - 1) : "") << text;
  }
}

TEST(DebAptConfig, LaterFilesCount) {
  const auto release = [](std::map<std::string, std::string> files) { return default_release(test::tree_of(files)); };
  EXPECT_EQ(release({{"etc/apt/apt.conf.d/1", "APT::Default-Release a;"}, {"etc/apt/apt.conf.d/2", "Other x;"}}), "a");
  EXPECT_EQ(release({{"etc/apt/apt.conf.d/1", "APT::Default-Release a;"}, {"etc/apt/apt.conf.d/2", "APT::Default-Release \"\";"}}), "");
  EXPECT_EQ(release({{"etc/apt/apt.conf.d/1", "APT::Default-Release a;"}, {"etc/apt/apt.conf", "#clear APT::Default-Release;"}}), "");
}

TEST(DebAptConfig, DepthIsBounded) {
  std::string deep;
  for (int i = 0; i < 50; ++i) deep += "a { ";
  EXPECT_EQ(default_release_in("APT::Default-Release a;" + deep + "x y;"), "a");
}

TEST(DebAptConfig, DefaultRelease) {
  EXPECT_EQ(default_release_in("APT::Default-Release \"bookworm\";\n"), "bookworm");
  EXPECT_EQ(default_release_in("// x\nAPT { /* y */ Default-Release \"bookworm\"; Get { Assume-Yes \"1\"; }; };"), "bookworm");
  EXPECT_EQ(default_release_in("apt::default-release stable;"), "stable");
  EXPECT_EQ(default_release_in("Other { Default-Release \"x\"; };# APT::Default-Release \"y\";\n"), "");
  const auto tree = test::tree_of({{"etc/apt/apt.conf", "APT::Default-Release \"b\";"},
                                   {"etc/apt/apt.conf.d/10x", "APT::Default-Release \"a\";"},
                                   {"etc/apt/apt.conf.d/20x.bak", "APT::Default-Release \"c\";"}});
  EXPECT_EQ(default_release(tree), "b");
}

TEST(DebPreferences, TreeOrder) {
  const auto tree = test::tree_of({{"etc/apt/preferences", "Package: a\nPin: version 1\nPin-Priority: 1\n"},
                                   {"etc/apt/preferences.d/z", "Package: a\nPin: version 1\nPin-Priority: 3\n"},
                                   {"etc/apt/preferences.d/b.pref", "Package: a\nPin: version 1\nPin-Priority: 2\n"},
                                   {"etc/apt/preferences.d/c.bak", "nonsense"}});
  const auto read = Preferences::read(tree);
  ASSERT_EQ(read.pins.size(), 3u);
  EXPECT_EQ(read.pins[0].priority, 1);
  EXPECT_EQ(read.pins[1].priority, 2);
}

}  // namespace
}  // namespace resole::deb
