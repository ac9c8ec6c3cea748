// SPDX-License-Identifier: Apache-2.0
// Random packages whose versions differ in kind as well as in content. Seeds are fixed, so that a failure can be run again.
#pragma once
#include <random>
#include <string>
#include <vector>

#include "support/deb_builder.hpp"

namespace resole::test {

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
inline std::string make_package(const std::string& name, int version, Random& random) {
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

}  // namespace resole::test
