// SPDX-License-Identifier: Apache-2.0
// Random packages, random images, two upgrades: ours must leave what dpkg leaves, whatever the combination. Seeds are fixed, so that a
// failure can be run again.
#include <gtest/gtest.h>

#include <cstdlib>
#include <random>

#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t most) { return engine_() % most; }
  bool chance(unsigned percent) { return below(100) < percent; }

 private:
  std::mt19937 engine_;
};

// A version of a package: every path below its own directories, in one of several forms, so that versions differ in kind as well as in
// content.
std::string make_package(const std::string& name, int version, Random& random) {
  DebBuilder builder(name, std::to_string(version));
  if (random.chance(30)) builder.md5sums();
  const std::string usr = "usr/share/" + name, etc = "etc/" + name;
  std::vector<std::string> files;
  for (const char* where : {"/a", "/b", "/c", "/sub/d", "/sub/e", "/sub/deep/f"}) {
    const std::string path = (random.chance(20) ? "lib/" + name : usr) + where;
    const std::size_t form = random.below(10);
    if (form < 4) {
      builder.file(path, "content " + std::to_string(random.below(2)), 0644);
      files.push_back(path);
    } else if (form == 4 && !files.empty()) {
      builder.hardlink(path, files[random.below(files.size())]);
    } else if (form == 5) {
      builder.symlink(path, random.chance(50) ? "a" : "/usr/share");
    } else if (form == 6) {
      builder.dir(path + ".d", random.chance(50) ? 0755 : 0700);
    }
  }
  for (const char* where : {"/x.conf", "/y.conf", "/z.conf"}) {
    const std::size_t form = random.below(4);
    if (form < 2) builder.conffile(etc + where, "conf " + std::to_string(random.below(3)));
    if (form == 2) builder.file(etc + where, "plain " + std::to_string(random.below(2)));
  }
  return builder.build();
}

// What an administrator or an application's layer does. Files have one mode only: ours keeps a mode that differs on purpose, where dpkg
// does not.
std::string vandalise(const std::string& name, Random& random) {
  std::string script = ":";
  for (const char* path : {"x.conf", "y.conf", "z.conf"}) {
    const std::string conf = "etc/" + name + "/" + path;
    const std::size_t what = random.below(5);
    if (what == 0) script += "; if [ -f " + conf + " ]; then printf 'conf %s' " + std::to_string(random.below(4)) + " > " + conf + "; fi";
    if (what == 1) script += "; rm -f " + conf;
    if (what == 2) script += "; mkdir -p etc/" + name + "; [ -e " + conf + " ] || echo mine > " + conf;
  }
  if (random.chance(30)) script += "; mkdir -p usr/share/" + name + "/sub/deep; echo mine > usr/share/" + name + "/sub/deep/mine";
  if (random.chance(20)) script += "; mkdir -p etc/" + name + "; echo old > etc/" + name + "/x.conf.dpkg-old";
  return script;
}

// More of them now and then: RESOLE_RANDOM_SEEDS=1000 test_pkg --gtest_filter='*DebRandom*'
unsigned last_seed() {
  const char* wanted = std::getenv("RESOLE_RANDOM_SEEDS");
  return wanted ? static_cast<unsigned>(std::strtoul(wanted, nullptr, 10)) : 12;
}

class DebRandom : public testing::TestWithParam<unsigned> {};

TEST_P(DebRandom, OursIsDpkgs) {
  REQUIRE_DPKG();
  Random random(GetParam());
  DpkgOracle oracle;
  oracle.shell("mkdir -p usr/lib usr/share && ln -s usr/lib lib");
  const std::vector<std::string> names = {"one", "two", "three"};
  // As in every real system, somebody owns the common directories; else the last package would take /lib with it.
  std::vector<std::string> debs = {DebBuilder("base", "1").dir("usr/share").dir("usr/lib").dir("lib").dir("etc").build()};
  for (const std::string& name : names) debs.push_back(make_package(name, 1, random));
  oracle.install(debs);
  for (int version = 2; version < 4; ++version) {
    debs.clear();
    for (const std::string& name : names) {
      oracle.shell(vandalise(name, random));
      if (random.chance(80)) debs.push_back(make_package(name, version, random));
    }
    if (version == 3) debs.push_back(make_package("new", 1, random));
    if (!debs.empty()) oracle.upgrade(debs);
    if (HasFailure()) break;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, DebRandom, testing::Range(1u, last_seed() + 1));

}  // namespace
}  // namespace resole::test
