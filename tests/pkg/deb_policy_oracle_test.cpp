// SPDX-License-Identifier: Apache-2.0
// The real apt beside ours: the same indexes, status and preferences, and what `apt-cache policy` would install.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

#include "base/text.hpp"
#include "pkg/deb/candidates.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb_oracle.hpp"
#include "support/fake_archive.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

struct Suite {
  std::string name, codename, label, fields, packages;
  int priority;
};

const std::vector<Suite>& suites() {
  using test::package_stanza;
  static const std::vector<Suite> all = {
      {"stable", "bookworm", "Debian", "",
       package_stanza("a", "1.0") + package_stanza("b", "1.0", "Source: s (0.9)\n") + package_stanza("c", "1.0") +
           package_stanza("d", "2.0"),
       500},
      {"stable-security", "bookworm-security", "Debian-Security", "",
       package_stanza("a", "1.1") + package_stanza("b", "1.1", "Source: s (1.0)\n"), 500},
      {"stable-backports", "bookworm-backports", "Debian Backports", "NotAutomatic: yes\nButAutomaticUpgrades: yes\n",
       package_stanza("a", "2.0~bpo") + package_stanza("c", "2.0~bpo") + package_stanza("e", "3.0"), 100},
      {"experimental", "rc-buggy", "Debian", "NotAutomatic: yes\n", package_stanza("a", "3.0") + package_stanza("e", "4.0"), 1},
  };
  return all;
}

const std::string kStatus = [] {
  std::string status = "Package: dpkg\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nMaintainer: x\nDescription: x\n\n";
  for (const auto& [name, version] : std::map<std::string, std::string>{{"a", "1.0"}, {"b", "1.0"}, {"c", "1.5~bpo"}, {"d", "2.5"}}) {
    status += "Package: " + name + "\nStatus: install ok installed\nVersion: " + version +
              "\nArchitecture: amd64\nMaintainer: x\nDescription: x\n\n";
  }
  return status;
}();

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// A root of its own with a file: repository per suite, read once by apt-get update.
class Apt {
 public:
  Apt() {
    std::string name = (fs::temp_directory_path() / "resole-apt-XXXXXX").string();
    root_ = mkdtemp(name.data());
    std::string sources;
    for (const Suite& suite : suites()) {
      const fs::path base = root_ / "repo/dists" / suite.name;
      write(base / "main/binary-amd64/Packages", suite.packages);
      write(base / "Release", "Origin: Debian\nLabel: " + suite.label + "\nSuite: " + suite.name + "\nCodename: " + suite.codename + "\n" +
                                  suite.fields + "Date: Fri, 20 Nov 2026 00:00:00 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n " +
                                  sha256_hex_of(suite.packages) + " " + std::to_string(suite.packages.size()) +
                                  " main/binary-amd64/Packages\n");
      sources += "deb [trusted=yes check-date=no] file:" + (root_ / "repo").string() + " " + suite.name + " main\n";
    }
    write(root_ / "etc/apt/sources.list", sources);
    write(root_ / "var/lib/dpkg/status", kStatus);
    for (const char* directory : {"etc/apt/preferences.d", "etc/apt/sources.list.d", "etc/apt/apt.conf.d", "var/lib/apt/lists/partial",
                                  "var/cache/apt/archives/partial"}) {
      fs::create_directories(root_ / directory);
    }
    test::run(command("apt-get") + " update");
  }
  ~Apt() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  // Package -> candidate ("(none)" when there is none).
  std::map<std::string, std::string> candidates(const std::string& preferences, const std::string& default_release) const {
    write(root_ / "etc/apt/preferences", preferences);
    const std::string release = default_release.empty() ? "" : " -o APT::Default-Release=" + default_release;
    const std::string text = test::run(command("apt-cache") + release + " policy a b c d e");
    std::map<std::string, std::string> found;
    std::string name;
    for (std::string_view line : lines(text)) {
      if (line.size() == 2 && line[1] == ':') name = line.substr(0, 1);
      if (trim(line).starts_with("Candidate: ")) found[name] = trim(line).substr(11);
    }
    return found;
  }

 private:
  std::string command(const std::string& program) const {
    const std::string root = root_.string();
    return "LC_ALL=C APT_CONFIG=/dev/null " + program + " -o Dir=" + root + " -o Dir::State::status=" + root +
           "/var/lib/dpkg/status -o APT::Architecture=amd64 -o APT::Architectures::=amd64 -o APT::Sandbox::User=root -o "
           "Acquire::Languages=none";
  }
  fs::path root_;
};

std::map<std::string, std::string> ours(const std::string& text, const std::string& default_release) {
  std::vector<LocalIndex> indexes;
  for (const Suite& suite : suites()) {
    LocalIndex index;
    index.bytes = Blob::of(suite.packages);
    index.entry = {.uri = "file:/repo",
                   .suite = suite.name,
                   .component = "main",
                   .origin = "Debian",
                   .label = suite.label,
                   .codename = suite.codename};
    index.traits.priority = suite.priority;
    index.traits.architecture = "amd64";
    indexes.push_back(std::move(index));
  }
  const pkg::Inventory inventory = inventory_from(parse_status(kStatus, "status"), {}, "");
  Preferences preferences = Preferences::parse({{"preferences", text}});
  preferences.default_release = default_release;
  const auto source = candidates_from_indexes(std::move(indexes), inventory, preferences);
  std::map<std::string, std::string> found;
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    const auto offers = source->offers(name, "amd64");
    const auto* installed = inventory.find(name, "amd64");
    // No offer is chosen when the installed version stays and no index has it; apt names that version.
    found[name] = offers.chosen ? offers.all[*offers.chosen].version : installed ? installed->version : "(none)";
  }
  return found;
}

TEST(DebPolicyOracle, AgreesWithApt) {
  if (!test::has_program("apt-get") || !test::has_program("apt-cache")) GTEST_SKIP() << "apt is not on this machine";
  const Apt apt;
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", ""},
      {"", "stable-backports"},
      {"", "rc-buggy"},
      {"Package: *\nPin: release n=bookworm-backports\nPin-Priority: 600\n", ""},
      {"Package: *\nPin: release a=experimental\nPin-Priority: 500\n", ""},
      {"Package: a\nPin: version 1.0*\nPin-Priority: 990\n", ""},
      {"Package: a b\nPin: release l=Debian-Security\nPin-Priority: -1\n", ""},
      {"Package: src:s\nPin: release l=Debian-Security\nPin-Priority: 50\n", ""},
      {"Package: /^[ac]$/\nPin: release a=stable-backports\nPin-Priority: 700\n", ""},
      {"Package: [ab]\nPin: release a=stable\nPin-Priority: 900\n\nPackage: a\nPin: version 3.0\nPin-Priority: 999\n", ""},
      {"Package: *\nPin: release o=Debian\nPin-Priority: 300\n\nPackage: *\nPin: release l=Debian-Security\nPin-Priority: 900\n", ""},
      {"Package: *\nPin: release l=Debian-Security\nPin-Priority: never\n", ""},
      {"Package: e\nPin: release c=main\nPin-Priority: 100\n", ""},
      {"Package: *\nPin: release stable*\nPin-Priority: 450\n", "experimental"},
      {"Package: b\nPin: source-version 0.9\nPin-Priority: 800\n", ""},
      {"Package: a:any\nPin: version 2*\nPin-Priority: 510\n", ""},
      {"Package: c\nPin: release a=now\nPin-Priority: 995\n", ""},
      {"Package: e\nPin: release *\nPin-Priority: -10\n", ""},
  };
  for (const auto& [preferences, release] : cases)
    EXPECT_EQ(ours(preferences, release), apt.candidates(preferences, release)) << preferences << "/ " << release;
}

}  // namespace
}  // namespace resole::deb
