// SPDX-License-Identifier: Apache-2.0
// Random packages, random images, two upgrades: ours must leave what dpkg leaves, whatever the combination. Seeds are fixed, so that a
// failure can be run again.
#include <gtest/gtest.h>

#include <cstdlib>

#include "pkg/deb_oracle.hpp"
#include "pkg/random_packages.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

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
