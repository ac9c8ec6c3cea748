// SPDX-License-Identifier: Apache-2.0
// ld.so.conf and its includes (glibc elf/ldconfig.c, parse_conf()), then the directories that Debian builds into ldconfig.
#include <algorithm>
#include <array>
#include <set>

#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/ld_so_cache.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

constexpr unsigned kIncludeDepth = 10;
constexpr std::size_t kMostDirectories = 1000;

struct Multiarch {
  std::string_view arch, triplet;
};
// dpkg-architecture(1): where the triplet is not simply CPU-linux-gnu.
constexpr std::array<Multiarch, 12> kTriplets = {{{"amd64", "x86_64-linux-gnu"},
                                                  {"arm64", "aarch64-linux-gnu"},
                                                  {"armhf", "arm-linux-gnueabihf"},
                                                  {"armel", "arm-linux-gnueabi"},
                                                  {"i386", "i386-linux-gnu"},
                                                  {"ppc64el", "powerpc64le-linux-gnu"},
                                                  {"s390x", "s390x-linux-gnu"},
                                                  {"riscv64", "riscv64-linux-gnu"},
                                                  {"mips64el", "mips64el-linux-gnuabi64"},
                                                  {"mipsel", "mipsel-linux-gnu"},
                                                  {"loong64", "loongarch64-linux-gnu"},
                                                  {"x32", "x86_64-linux-gnux32"}}};

class Directories {
 public:
  explicit Directories(const rootfs::Tree& tree) : tree_(tree) {}

  void read_conf(const std::string& path, unsigned depth) {
    if (depth > kIncludeDepth) return;
    for (std::string_view line : lines(tree_.content(path).value_or(""))) {
      line = trim(line.substr(0, line.find('#')));
      if (line.empty()) continue;
      const auto words = split_words(line);
      if (words[0] == "include") {
        for (std::size_t i = 1; i < words.size(); ++i) include(words[i], path, depth);
      } else if (words[0] != "hwcap") {
        add(line.substr(0, line.find('=')));  // "directory=libc6" is an old form of the same
      }
    }
  }

  void add(std::string_view directory) {
    directory = trim(directory);
    while (directory.size() > 1 && directory.ends_with('/')) directory.remove_suffix(1);
    if (!directory.starts_with('/') || found_.size() == kMostDirectories) return;
    const rootfs::Resolved at = follow(tree_, directory);
    // A directory under another name is the same; the first spelling is what the cache keeps.
    if (at.node && at.node->entry.type == tar::Type::directory && seen_.insert(at.path).second) found_.emplace_back(directory);
  }

  std::vector<std::string> take() { return std::move(found_); }

 private:
  // Patterns stand in the last component ("ld.so.conf.d/*.conf"); files come in the order of glob(3) in the C locale.
  void include(std::string_view pattern, const std::string& from, unsigned depth) {
    const std::string full = pattern.starts_with('/') ? std::string(pattern) : rootfs::join_path(rootfs::parent_of(from), pattern);
    const std::string directory = follow(tree_, rootfs::parent_of(full)).path;
    for (const std::string& name : tree_.children(directory)) {
      if (!name.starts_with('.') && glob_match(rootfs::name_of(full), name)) read_conf("/" + rootfs::join_path(directory, name), depth + 1);
    }
  }

  const rootfs::Tree& tree_;
  std::set<std::string> seen_;
  std::vector<std::string> found_;
};

}  // namespace

std::vector<std::string> library_directories(const rootfs::Tree& tree, std::string_view arch) {
  Directories directories(tree);
  directories.read_conf("/etc/ld.so.conf", 0);
  const auto known = std::ranges::find(kTriplets, arch, &Multiarch::arch);
  if (known != kTriplets.end()) {
    directories.add("/lib/" + std::string(known->triplet));
    directories.add("/usr/lib/" + std::string(known->triplet));
  }
  directories.add("/lib");
  directories.add("/usr/lib");
  return directories.take();
}

}  // namespace resole::deb
