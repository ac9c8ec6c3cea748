// SPDX-License-Identifier: Apache-2.0
#include "cli/manifest_tree.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestManifest = 16u << 20;

bool is_manifest_name(const fs::path& path) {
  const std::string extension = lower(path.extension().string());
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

std::vector<fs::path> manifest_paths(const fs::path& root) {
  std::vector<fs::path> paths;
  for (auto at = fs::recursive_directory_iterator(root), end = fs::recursive_directory_iterator(); at != end; ++at) {
    if (at->is_symlink()) continue;
    if (at->is_directory() && at->path().filename() == ".git") at.disable_recursion_pending();
    if (at->is_regular_file() && is_manifest_name(at->path())) paths.push_back(at->path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

std::vector<rollout::ManifestFile> read_manifests(const fs::path& root, const std::function<bool(std::string_view)>& wanted, Reporter& reporter) {
  std::vector<rollout::ManifestFile> files;
  for (const auto& path : manifest_paths(root)) {
    if (fs::file_size(path) > kLargestManifest) {
      reporter.warn(fmt::format("{} is larger than {} and was not searched", printable(path.string()), human_size(kLargestManifest)));
      continue;
    }
    std::string text = io::read_file(path, kLargestManifest);
    if (wanted(text)) files.push_back({fs::relative(path, root).generic_string(), std::move(text)});
  }
  return files;
}

void write_manifests(const fs::path& root, const std::vector<rollout::EditedFile>& files) {
  for (const auto& file : files) {
    if (fs::is_symlink(root / file.path) || io::read_file(root / file.path, kLargestManifest) != file.before) {
      throw Error(ErrorKind::input, printable(file.path) + " changed while it was edited", "nothing was written; run again");
    }
  }
  for (const auto& file : files) {
    const fs::path path = root / file.path;
    const fs::perms mode = fs::status(path).permissions();
    io::write_file_atomic(path, file.after);
    fs::permissions(path, mode);
  }
}

}  // namespace resole::cli
