// SPDX-License-Identifier: Apache-2.0
// Small systems upgraded by the real apt (simulated, in a root of its own, as in a chroot) and planned by us: the same packages in the same
// versions. What apt keeps back, we hold.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "plan/case_file.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;
using Changes = std::set<std::string>;  // "libfoo:i386 1.0-2"

void put_file(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(("timeout 60 " + command + " 2>&1").c_str(), "r");
  std::array<char, 4096> buffer;
  while (pipe) {
    const std::size_t got = fread(buffer.data(), 1, buffer.size(), pipe);
    if (got == 0) break;
    out.append(buffer.data(), got);
  }
  EXPECT_EQ(pclose(pipe), 0) << command << "\n" << out;
  return out;
}

class AptRoot {
 public:
  explicit AptRoot(const CaseSystem& system) {
    std::string name = (fs::temp_directory_path() / "resole-apt-XXXXXX").string();
    root_ = mkdtemp(name.data());
    std::string sources;
    for (const auto& [archive, packages] : system.archives) {
      const fs::path base = root_ / "repo/dists" / archive;
      std::string listed;
      for (const std::string_view arch : lines(system.architectures)) {
        const std::string index = of_architecture(packages, arch), place = fmt::format("main/binary-{}/Packages", arch);
        put_file(base / place, index);
        listed += fmt::format(" {} {} {}\n", sha256_hex_of(index), index.size(), place);
      }
      put_file(base / "Release", fmt::format("Origin: Debian\nLabel: {}\nSuite: {}\nCodename: {}\nDate: Fri, 20 Nov 2026 00:00:00 UTC\n"
                                             "Architectures: {}\nComponents: main\nSHA256:\n{}",
                                             archive, archive, archive, join(lines_of(system.architectures), " "), listed));
      sources += fmt::format("deb [trusted=yes check-date=no] file:{} {} main\n", (root_ / "repo").string(), archive);
    }
    put_file(root_ / "etc/apt/sources.list", sources);
    put_file(root_ / "etc/apt/preferences", system.preferences);
    put_file(root_ / "etc/machine-id", "0123456789abcdef0123456789abcdef\n");
    put_file(root_ / "var/lib/dpkg/status", system.status);
    for (const char* directory : {"etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "var/lib/apt/lists/partial",
                                  "var/cache/apt/archives/partial"}) {
      fs::create_directories(root_ / directory);
    }
    for (const std::string_view arch : lines(system.architectures)) architectures_ += fmt::format(" -o APT::Architectures::={}", arch);
    output_of(command() + " update");
  }
  ~AptRoot() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  Changes upgrade(const std::string& options) const {
    Changes changes;
    const std::string output = output_of(command() + " " + options + " -s --with-new-pkgs upgrade");
    for (const std::string_view line : lines(output)) {
      // "Inst libfoo:i386 [1.0-1] (1.0-2 Debian:security [i386])"
      if (line.starts_with("Remv")) changes.emplace(line);  // `upgrade` takes nothing away (dist-upgrade would), as we do not
      if (!line.starts_with("Inst ")) continue;
      const auto words = split_words(line);
      const std::string_view version = line.substr(line.find('(') + 1);
      changes.insert(fmt::format("{} {}", words.at(1), version.substr(0, version.find(' '))));
    }
    return changes;
  }

 private:
  // An index of one architecture holds its packages, and those for all.
  static std::string of_architecture(const std::string& packages, std::string_view arch) {
    std::string text;
    for (std::size_t at = 0; at < packages.size();) {
      const std::size_t end = std::min(packages.find("\n\n", at), packages.size());
      const std::string stanza = packages.substr(at, end - at) + "\n";
      if (stanza.find(fmt::format("\nArchitecture: {}\n", arch)) != std::string::npos || stanza.find("\nArchitecture: all\n") != std::string::npos)
        text += stanza + "Description: d\n\n";
      at = end + 2;
    }
    return text;
  }

  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> all;
    for (const std::string_view line : lines(text)) all.emplace_back(line);
    return all;
  }

  std::string command() const {
    const std::string root = root_.string();
    return "env LC_ALL=C apt-get -o Dir=" + root + " -o Dir::State::status=" + root + "/var/lib/dpkg/status -o Dir::Bin::ischroot=/bin/true" +
           " -o APT::Architecture=amd64" + architectures_ + " -o APT::Sandbox::User=root -o Acquire::Languages=none" +
           " -o APT::Get::Upgrade-By-Source-Package=true";
  }
  fs::path root_;
  std::string architectures_;
};

// "libfoo:i386 1.0-1 -> 1.0-2 (all)"; a new package has no old version.
Changes planned_changes(const std::string& problem) {
  Changes changes;
  const std::string answer = answer_to(problem + "policy update=all\n");
  for (const std::string_view line : lines(answer)) {
    const auto words = split_words(line);
    const auto arrow = std::ranges::find(words, "->");
    if (arrow == words.end() || words[0] == "held") continue;
    const std::string_view name = words[0].ends_with(":all") ? words[0].substr(0, words[0].size() - 4) : words[0];  // apt leaves it out
    changes.insert(fmt::format("{} {}", name, *(arrow + 1)));
  }
  return changes;
}

struct Simulated {
  const char *name, *problem, *options;
  std::size_t changes;  // that apt makes: the oracle must see the edge too
};

class AptSimulation : public testing::TestWithParam<Simulated> {};

TEST_P(AptSimulation, PlansWhatAptDoes) {
  if (std::system("command -v apt-get >/dev/null 2>&1") != 0) GTEST_SKIP() << "apt is not on this machine";
  const Simulated& each = GetParam();
  const Changes apts = AptRoot(system_of(each.problem)).upgrade(each.options);
  EXPECT_EQ(apts.size(), each.changes) << "the oracle's own answer";
  EXPECT_EQ(planned_changes(each.problem), apts);
}

INSTANTIATE_TEST_SUITE_P(
    Edges, AptSimulation,
    testing::Values(
        Simulated{"hold", "installed a 1-1 | Status: hold ok installed\ninstalled b 1-1\nmain a 1-2\nmain b 1-2\n", "", 1},
        Simulated{"hold_of_a_dependency",
                  "installed a 1-1 | Status: hold ok installed\ninstalled b 1-1 | Depends: a\ninstalled c 1-1\nmain a 1-2\n"
                  "main b 1-2 | Depends: a (>= 1-2)\nmain c 1-2 | Depends: a (>= 1-1)\n",
                  "", 1},
        Simulated{"instances_move_together",
                  "foreign i386\ninstalled lib 1-1 | Multi-Arch: same\ninstalled lib:i386 1-1 | Multi-Arch: same\n"
                  "main lib 1-2 | Multi-Arch: same\nmain lib:i386 1-2 | Multi-Arch: same\n",
                  "", 2},
        Simulated{"an_instance_that_is_held_holds_the_other",
                  "foreign i386\ninstalled lib 1-1 | Multi-Arch: same\ninstalled lib:i386 1-1 | Multi-Arch: same | Status: hold ok installed\n"
                  "installed b 1-1\nmain lib 1-2 | Multi-Arch: same\nmain lib:i386 1-2 | Multi-Arch: same\nmain b 1-2\n",
                  "", 1},
        Simulated{"an_instance_without_an_update_holds_the_other",
                  "foreign i386\ninstalled lib 1-1 | Multi-Arch: same\ninstalled lib:i386 1-1 | Multi-Arch: same\ninstalled b 1-1\n"
                  "main lib 1-2 | Multi-Arch: same\nmain b 1-2\n",
                  "", 1},
        Simulated{"instances_of_others_move_alone",
                  "foreign i386\ninstalled tool:i386 1-1\ninstalled lib 1-1 | Multi-Arch: same\nmain tool:i386 1-2\nmain tool 1-2\n"
                  "main lib 1-2 | Multi-Arch: same\nmain lib:i386 1-2 | Multi-Arch: same\n",
                  "", 2},
        Simulated{"for_all_becomes_native", "installed a 1-1 | Architecture: all\ninstalled b 1-1\nmain a 1-2\nmain b 1-2 | Architecture: all\n", "", 2},
        Simulated{"a_new_dependency", "installed a 1-1\nmain a 1-2 | Depends: new (>= 3)\nmain new 3-1 | Depends: newer\nmain newer 1-1\nmain other 1-1\n", "", 3},
        Simulated{"a_new_dependency_that_is_not_there", "installed a 1-1\ninstalled b 1-1\nmain a 1-2 | Depends: new (>= 3)\nmain new 2-1\nmain b 1-2\n", "", 1},
        Simulated{"phased", "installed a 1-1\ninstalled b 1-1\nmain a 1-2 | Phased-Update-Percentage: 0\nmain b 1-2 | Phased-Update-Percentage: 40\n", "", 2},
        Simulated{"phased_and_never_wanted", "waits-for-phases\ninstalled a 1-1\ninstalled b 1-1\nmain a 1-2 | Phased-Update-Percentage: 99\nmain b 1-2\n",
                  "-o APT::Get::Never-Include-Phased-Updates=true", 1},
        Simulated{"essential", "installed a 1-1 | Essential: yes\nmain a 1-2 | Essential: yes | Pre-Depends: b\nmain b 1-1\n", "", 2},
        Simulated{"renamed_by_provides", "installed a 1-1\ninstalled u 1-1 | Depends: a\nmain a 1-2 | Depends: c\nmain c 1-1 | Provides: d\nmain u 1-2 | Depends: a, d\n", "", 3}),
    [](const auto& each) { return each.param.name; });

}  // namespace
}  // namespace resole::plan
