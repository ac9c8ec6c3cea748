// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/protected_paths.hpp"

#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::string_view kAlways = "+etc\n@etc/init.d\n!etc/apk\n";

}  // namespace

ProtectedPaths ProtectedPaths::read(const rootfs::Tree& tree) {
  ProtectedPaths paths;
  paths.add(kAlways);
  const std::string directory = tree.resolve("etc/apk/protected_paths.d", true).path;
  for (const std::string& name : tree.children(directory)) {
    if (!name.ends_with(".list")) continue;
    if (const auto text = tree.content(rootfs::join_path(directory, name))) paths.add(*text);
  }
  return paths;
}

void ProtectedPaths::add(std::string_view lines_of_a_file) {
  for (std::string_view line : lines(lines_of_a_file)) {
    if (line.empty() || line.front() == '#') continue;
    Pattern pattern{.parts = {}, .on = line.front() != '-'};
    if (std::string_view("-+@!").find(line.front()) != std::string_view::npos) line.remove_prefix(1);
    while (line.starts_with('/')) line.remove_prefix(1);
    while (line.ends_with('/')) line.remove_suffix(1);
    if (line.empty()) continue;
    for (const std::string_view part : split(line, '/')) pattern.parts.emplace_back(part);
    patterns_.push_back(std::move(pattern));
  }
}

// The deepest directory on the way that a pattern names decides; of several patterns for it the last.
bool ProtectedPaths::covers(std::string_view directory) const {
  if (directory.empty()) return false;
  const auto parts = split(directory, '/');
  bool on = false;
  for (std::size_t depth = 1; depth <= parts.size(); ++depth) {
    for (const Pattern& pattern : patterns_) {
      if (pattern.parts.size() != depth) continue;
      bool matches = true;
      for (std::size_t i = 0; i < depth && matches; ++i) matches = glob_match(pattern.parts[i], parts[i]);
      if (matches) on = pattern.on;
    }
  }
  return on;
}

bool path_match(std::string_view pattern, std::string_view path) {
  const auto wanted = split(pattern, '/'), have = split(path, '/');
  if (wanted.size() != have.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (!glob_match(wanted[i], have[i])) return false;
  }
  return true;
}

}  // namespace resole::apk
