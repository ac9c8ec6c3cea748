// SPDX-License-Identifier: Apache-2.0
// A package's md5sums file says what its files were; the layer index says what they are. Some thousand packages have a hundred thousand
// files, so the symlinks on the way (merged /usr: "lib/x" is "usr/lib/x") are resolved once per directory and not once per file.
//
// Traps: a file that another package took over (Replaces) leaves the .list of the first but stays in its md5sums; diverted files lie
// elsewhere; a list names directories too, which are known by what follows below them, or not at all when they are empty.
#include "pkg/deb/file_state.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <unordered_map>

#include "base/text.hpp"
#include "pkg/deb/diversions.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/path_filters.hpp"

namespace resole::deb {
namespace {

// Looks up package paths ("/lib/x") in the tree, following symlinks of the directories only.
class PathLookup {
 public:
  explicit PathLookup(const rootfs::Tree& tree) : tree_(tree) {}

  const rootfs::Node* find(std::string_view absolute) {
    const std::string_view path = absolute.substr(absolute.find_first_not_of('/'));
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return tree_.find(path);
    const std::string& directory = resolved(path.substr(0, slash));
    if (directory.empty()) return nullptr;
    buffer_.assign(directory).append(path.substr(slash));
    return tree_.find(buffer_);
  }

 private:
  // Where a directory really is; "" when it is not there. Lists name the files of a directory one after the other: the last answer is kept
  // at hand.
  const std::string& resolved(std::string_view directory) {
    if (last_ && last_->first == directory) return last_->second;
    auto found = directories_.find(std::string(directory));
    if (found == directories_.end()) {
      const rootfs::Resolved resolved = tree_.resolve(directory, true);
      found = directories_.emplace(std::string(directory), resolved.node ? resolved.path : std::string()).first;
    }
    last_ = &*found;
    return found->second;
  }

  const rootfs::Tree& tree_;
  std::unordered_map<std::string, std::string> directories_;
  const std::pair<const std::string, std::string>* last_ = nullptr;
  std::string buffer_;
};

struct PackageFiles {
  std::optional<std::string_view> list, md5sums;
};

// info/NAME.list and .md5sums, or what stands beside the stanza in status.d. After a switch between "all" and an architecture dpkg may have
// left the other spelling of the name.
PackageFiles files_of(const rootfs::Tree& tree, const StatusStanza& stanza) {
  if (stanza.is_entry()) {
    const bool nested = stanza.file.ends_with("/control");
    const std::string base = nested ? stanza.file.substr(0, stanza.file.size() - std::string_view("control").size()) : stanza.file + ".";
    return {.list = {}, .md5sums = tree.content(base + "md5sums")};
  }
  const std::string base = std::string(kInfoDirectory) + "/" + info_name(stanza.package);
  return {.list = tree.content(base + ".list"), .md5sums = tree.content(base + ".md5sums")};
}

// Is there a line that says exactly this?
bool has_line(std::string_view text, std::string_view line) {
  for (std::size_t at = text.find(line); at != std::string_view::npos; at = text.find(line, at + 1)) {
    const std::size_t end = at + line.size();
    if ((at == 0 || text[at - 1] == '\n') && (end == text.size() || text[end] == '\n')) return true;
  }
  return false;
}

class FileCheck {
 public:
  explicit FileCheck(const rootfs::Tree& tree)
      : lookup_(tree), tree_(tree), filters_(PathFilters::read(tree)), diversions_(Diversions::read(tree)) {}

  void mark(StatusStanza& stanza) {
    if (stanza.is_sliced()) {
      check_slices(stanza.package);
      return;
    }
    const PackageFiles files = files_of(tree_, stanza);
    conffiles_.clear();
    for (const Conffile& conffile : stanza.conffiles) conffiles_.insert(conffile.path);
    if (files.md5sums) check_sums(stanza.package, *files.md5sums, files.list);
    if (files.list) check_list(stanza.package, *files.list);
    for (auto* paths : {&stanza.package.modified, &stanza.package.deleted}) {
      std::ranges::sort(*paths);
      paths->erase(std::unique(paths->begin(), paths->end()), paths->end());
    }
  }

 private:
  const rootfs::Node* find(const pkg::InstalledPackage& package, std::string_view path) {
    return lookup_.find(diversions_.empty() ? path : diversions_.redirect(path, package.name));
  }

  void check_sums(pkg::InstalledPackage& package, std::string_view sums, std::optional<std::string_view> list) {
    for (std::string_view line : lines(sums)) {
      constexpr std::size_t kHex = 32;
      if (line.size() < kHex + 3 || line.front() == '\\') continue;
      const auto md5 = md5_from_hex(line.substr(0, kHex));
      if (!md5) continue;
      path_.assign("/").append(line.substr(kHex + 2));
      const rootfs::Node* node = find(package, path_);
      if (node && node->entry.type == tar::Type::file && (!node->entry.md5 || *node->entry.md5 == *md5)) continue;
      if (conffiles_.contains(path_) || (list && !has_line(*list, path_))) continue;
      if (node)
        package.modified.push_back(path_);
      else if (!filters_.excludes(path_, tar::Type::file))
        package.deleted.push_back(path_);
    }
  }

  void check_slices(pkg::InstalledPackage& package) {
    if (!slices_) slices_ = read_slices(tree_);
    for (const auto& [path, sliced] : slices_->paths) {
      const auto& sha256 = sliced.final_sha256 ? sliced.final_sha256 : sliced.sha256;
      if (!sha256 || !sliced.packages.contains(package.name)) continue;
      const rootfs::Node* node = find(package, path);
      if (!node)
        package.deleted.push_back(path);
      else if (node->entry.type != tar::Type::file || to_hex(node->entry.sha256) != *sha256)
        package.modified.push_back(path);
    }
  }

  // What md5sums does not tell: symlinks that are gone. Below /var only empty directories are left to miss, and images clean up there as a
  // matter of course.
  void check_list(pkg::InstalledPackage& package, std::string_view list) {
    const auto paths = lines(list);
    for (std::size_t i = 0; i < paths.size(); ++i) {
      const std::string_view path = paths[i];
      if (path.size() < 2 || path.front() != '/' || path == "/." || path.starts_with("/var/")) continue;
      if (find(package, path)) continue;
      const bool has_children =
          i + 1 < paths.size() && paths[i + 1].size() > path.size() && paths[i + 1].starts_with(path) && paths[i + 1][path.size()] == '/';
      if (has_children || conffiles_.contains(path) || filters_.excludes(path, tar::Type::file)) continue;
      package.deleted.emplace_back(path);
    }
  }

  PathLookup lookup_;
  const rootfs::Tree& tree_;
  PathFilters filters_;
  Diversions diversions_;
  std::set<std::string, std::less<>> conffiles_;
  std::shared_ptr<const Slices> slices_;
  std::string path_;
};

}  // namespace

void mark_changed_files(const rootfs::Tree& tree, std::vector<StatusStanza>& stanzas) {
  FileCheck check(tree);
  for (StatusStanza& stanza : stanzas) {
    if (stanza.package.state != pkg::InstallState::removed) check.mark(stanza);
  }
}

}  // namespace resole::deb
