// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_tree.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"
#include "io/rooted_directory.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

std::vector<std::string> manifest_paths(const fs::path& root) {
  std::vector<std::string> paths;
  const std::size_t prefix = root.native().size() + (root.native().ends_with('/') ? 0 : 1);
  std::error_code failed;
  for (auto at = fs::recursive_directory_iterator(root, fs::directory_options::skip_permission_denied), end = fs::recursive_directory_iterator(); at != end; at.increment(failed)) {
    if (failed) throw Error(ErrorKind::input, fmt::format("{}: {}", printable(root.string()), failed.message()), "the tree changed while it was read; run again");
    const std::string& full = at->path().native();
    if (at->is_directory() && !at->is_symlink() && at->path().filename() == ".git") at.disable_recursion_pending();
    if (rollout::EditPlanner::is_manifest(full) && !at->is_symlink() && at->is_regular_file()) paths.push_back(full.substr(prefix));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// Reads without following any link. Empty optional and errno when it cannot be had.
std::optional<std::string> bytes_of(const io::RootedDirectory& tree, const std::string& path, bool& too_large) {
  const io::Descriptor file = tree.open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  struct stat facts {};
  if (!file || fstat(file.get(), &facts) != 0) return std::nullopt;
  if (!S_ISREG(facts.st_mode)) return errno = EINVAL, std::nullopt;
  too_large = static_cast<std::uint64_t>(facts.st_size) > kLargestManifest;
  if (too_large) return std::string();
  std::string text(static_cast<std::size_t>(facts.st_size), '\0');
  std::size_t done = 0;
  while (done < text.size()) {
    const ssize_t got = read(file.get(), text.data() + done, text.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  text.resize(done);
  return text;
}

[[noreturn]] void refuse(const std::string& path, std::string_view reason, std::string_view hint) {
  throw Error(ErrorKind::input, fmt::format("{} {}", printable(path), reason), fmt::format("nothing was written; {}", hint));
}

void require_unchanged(const io::RootedDirectory& tree, const NewBytes& file) {
  bool too_large = false;
  const auto now = bytes_of(tree, file.path, too_large);
  if (!now) refuse(file.path, fmt::format("cannot be read any more: {}", std::strerror(errno)), "run again");
  if (too_large || *now != file.before) refuse(file.path, "changed while it was edited", "run again");
}

void require_writable(const fs::path& root, const NewBytes& file) {
  struct stat facts {};
  if (stat((root / file.path).c_str(), &facts) != 0) refuse(file.path, std::strerror(errno), "run again");
  if ((facts.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)) == 0) refuse(file.path, "is read-only", "chmod u+w it, or leave it out of --manifests");
}

void replace_file(const fs::path& root, const std::string& path, std::string_view bytes) {
  const fs::perms mode = fs::status(root / path).permissions();
  io::write_file_atomic(root / path, bytes);
  fs::permissions(root / path, mode);
}

}  // namespace

void read_manifests(const fs::path& root, rollout::EditPlanner& planner) {
  const io::RootedDirectory tree(root);
  for (const auto& path : manifest_paths(root)) {
    bool too_large = false;
    auto text = bytes_of(tree, path, too_large);
    if (!text) {
      planner.leave(path, document::LeftReason::unreadable, std::strerror(errno));
    } else if (too_large) {
      planner.leave(path, document::LeftReason::unreadable, fmt::format("larger than {}", human_size(kLargestManifest)));
    } else if (planner.wants(path, *text)) {
      planner.take({path, std::move(*text)});
    }
  }
}

std::string read_manifest(const fs::path& root, const std::string& path) {
  const io::RootedDirectory tree(root);
  bool too_large = false;
  auto text = bytes_of(tree, path, too_large);
  if (!text) refuse(path, fmt::format("cannot be read: {}", std::strerror(errno)), "is this the tree that the rollout was made for?");
  if (too_large) refuse(path, fmt::format("is larger than {}", human_size(kLargestManifest)), "is this the tree that the rollout was made for?");
  return std::move(*text);
}

void write_manifests(const fs::path& root, const std::vector<NewBytes>& files) {
  const io::RootedDirectory tree(root);
  for (const auto& file : files) {
    require_unchanged(tree, file);
    require_writable(root, file);
  }
  std::size_t written = 0;
  try {
    for (; written < files.size(); ++written) {
      require_unchanged(tree, files[written]);
      replace_file(root, files[written].path, files[written].after);
    }
  } catch (...) {
    while (written > 0) {
      --written;
      replace_file(root, files[written].path, files[written].before);
    }
    throw;
  }
}

}  // namespace resole::cli
