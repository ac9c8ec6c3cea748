// SPDX-License-Identifier: Apache-2.0
#include "build/resource_watch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <set>
#include <utility>

#include "base/text.hpp"

namespace resole::build {

namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenGlances = 40ms;     // at processes and free space
constexpr auto kBetweenLooks = 1s;         // at the whole tree, while the disk does not fill up
constexpr std::size_t kMostOpen = 50'000;    // descriptors of all processes: each is looked at in every glance
constexpr std::size_t kBlock = 512;        // the unit of st_blocks, whatever the file system's own

// Small files of /proc; "" when the process is gone.
std::string read_proc(const std::string& path) {
  const io::Descriptor file = io::open_descriptor(path, O_RDONLY);
  std::string text;
  std::array<char, 4096> buffer;
  while (file) {
    const ssize_t got = read(file.get(), buffer.data(), buffer.size());
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  return text;
}

std::uint64_t free_bytes(const io::RootedDirectory& tree) {
  struct statvfs facts{};
  if (fstatvfs(tree.descriptor(), &facts) != 0) return 0;
  return static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
}

std::uint64_t resident(const std::vector<std::string>& processes) {
  static const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  std::uint64_t bytes = 0;
  for (const std::string& process : processes) {
    const std::string memory = read_proc(process + "/statm");
    const auto words = split_words(memory);
    if (words.size() > 1) bytes += parse_unsigned(words[1]).value_or(0) * page;
  }
  return bytes;
}

}  // namespace

TreeUse measure(const io::RootedDirectory& tree) {
  TreeUse use;
  std::vector<std::string> waiting{std::string()};
  while (!waiting.empty()) {
    const std::string directory = std::move(waiting.back());
    waiting.pop_back();
    const io::Descriptor opened = tree.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!opened) continue;  // gone, or closed to us: what lies in it is counted when the scripts are done
    for (const std::string& name : io::names_in(opened.get())) {
      const auto facts = facts_of(opened.get(), name.c_str());
      if (!facts) continue;
      ++use.files;
      use.bytes += facts->blocks * kBlock;
      if (!S_ISDIR(facts->mode)) continue;
      std::string path = directory.empty() ? name : directory + "/" + name;
      if (path.size() >= PATH_MAX - 1) use.too_deep = true;
      else waiting.push_back(std::move(path));
    }
  }
  return use;
}

ResourceWatch::ResourceWatch(const SandboxLimits& limits, const SandboxTree& tree)
    : limits_(limits),
      tree_(tree),
      deadline_(Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(limits.seconds))),
      next_look_(Clock::now() + kBetweenLooks),
      free_at_look_(free_bytes(tree.root)) {}

std::string ResourceWatch::exceeded() {
  const auto now = Clock::now();
  if (now < next_glance_) return {};
  next_glance_ = now + kBetweenGlances;
  if (now >= deadline_) return fmt::format("it did not end within {}", human_duration(limits_.seconds));
  const auto running = processes();
  if (resident(running) > limits_.memory) return fmt::format("it used more than {} of memory", human_size(limits_.memory));
  if (std::string problem = open_files_exceeded(running); !problem.empty()) return problem;
  return tree_exceeded();
}

// All of the pid namespace: they are the descendants of its first one.
std::vector<std::string> ResourceWatch::processes() const {
  std::vector<std::string> found;
  if (first_ > 0) found.push_back(fmt::format("/proc/{}", first_));
  for (std::size_t at = 0; at < found.size(); ++at) {
    const io::Descriptor tasks = io::open_descriptor(found[at] + "/task", O_RDONLY | O_DIRECTORY);
    if (!tasks) continue;
    for (const std::string& task : io::names_in(tasks.get())) {
      const std::string children = read_proc(fmt::format("{}/task/{}/children", found[at], task));
      for (const auto child : split_words(children)) found.push_back(fmt::format("/proc/{}", child));
    }
  }
  return found;
}

// Files that were removed and are still open, and those of memfd_create(2), have no name in the tree, and may be in no process's memory: the space that
// they take is seen through their descriptors alone.
std::string ResourceWatch::open_files_exceeded(const std::vector<std::string>& processes) {
  std::set<std::pair<dev_t, ino_t>> seen;
  std::size_t open = 0;
  nameless_ = 0;
  for (const std::string& process : processes) {
    const io::Descriptor descriptors = io::open_descriptor(process + "/fd", O_RDONLY | O_DIRECTORY);
    if (!descriptors) continue;
    const auto names = io::names_in(descriptors.get());
    if ((open += names.size()) > kMostOpen) return fmt::format("it had more than {} files open", kMostOpen);
    for (const std::string& name : names) {
      struct stat facts{};
      if (fstatat(descriptors.get(), name.c_str(), &facts, 0) != 0 || !S_ISREG(facts.st_mode) || facts.st_nlink != 0) continue;
      if (seen.emplace(facts.st_dev, facts.st_ino).second) nameless_ += static_cast<std::uint64_t>(facts.st_blocks) * kBlock;
    }
  }
  return nameless_ > limits_.disk ? fmt::format("it wrote more than {}", human_size(limits_.disk)) : "";
}

// The whole tree is looked at now and then, and at once when the file system lost a good part of what may be added.
std::string ResourceWatch::tree_exceeded() {
  const std::uint64_t left = free_bytes(tree_.root);
  const bool filling = left + limits_.disk / 8 < free_at_look_;
  if (!filling && Clock::now() < next_look_) return {};
  free_at_look_ = left;
  const TreeUse use = measure(tree_.root);
  next_look_ = Clock::now() + kBetweenLooks;
  if (use.bytes + nameless_ > tree_.bytes + limits_.disk) return fmt::format("it wrote more than {}", human_size(limits_.disk));
  if (use.files > tree_.files + limits_.files) return fmt::format("it made more than {} files", limits_.files);
  if (use.too_deep) return "it made directories deeper than paths can be";
  return {};
}

}  // namespace resole::build
