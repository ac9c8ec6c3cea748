// SPDX-License-Identifier: Apache-2.0
// What is on the disk against what was remembered. Owners are put together like this:
//
//   a chown was seen for the file         what it said
//   the file was there before             what it had, also when it has another name now
//   else                                  root, and the group of a directory that gives its group on (setgid)
//
// A mode that did not change on the disk is the tree's: directories are kept open for us there.
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"
#include "build/script_noise.hpp"
#include "build/script_tree.hpp"
#include "rootfs/path.hpp"

namespace resole::build {

namespace {

constexpr std::string_view kCapability = "security.capability";
constexpr std::size_t kLongestAttribute = 64u << 10;

std::optional<tar::Type> type_of(std::uint32_t mode) {
  if (S_ISREG(mode)) return tar::Type::file;
  if (S_ISDIR(mode)) return tar::Type::directory;
  if (S_ISLNK(mode)) return tar::Type::symlink;
  if (S_ISFIFO(mode)) return tar::Type::fifo;
  return std::nullopt;
}

// In a user namespace the kernel notes for which user the capabilities hold (VFS_CAP_REVISION_3, <linux/capability.h>). In a layer they hold for root.
std::string capability_of_root(std::string value) {
  constexpr std::size_t kWithUser = 24, kWithout = 20;
  constexpr char kRevision2 = 2, kRevision3 = 3;
  if (value.size() != kWithUser || value[3] != kRevision3) return value;
  value[3] = kRevision2;
  value.resize(kWithout);
  return value;
}

std::string target_of(const io::RootedDirectory::Place& place, const std::string& path) {
  std::string target(PATH_MAX, '\0');
  const ssize_t size = readlinkat(place.directory.get(), place.name.c_str(), target.data(), target.size());
  if (size < 0) io::throw_errno(errno, "read the link", path);
  target.resize(static_cast<std::size_t>(size));
  return target;
}

std::map<std::string, std::string> attributes_of(const io::Descriptor& object) {
  std::map<std::string, std::string> found;
  const std::string path = fmt::format("/proc/self/fd/{}", object.get());
  std::string names(kLongestAttribute, '\0');
  const ssize_t size = listxattr(path.c_str(), names.data(), names.size());
  if (size <= 0) return found;
  names.resize(static_cast<std::size_t>(size));
  for (const auto name : split(names, '\0')) {
    if (name != kCapability && !name.starts_with("user.")) continue;
    std::string value(kLongestAttribute, '\0');
    const ssize_t length = getxattr(path.c_str(), std::string(name).c_str(), value.data(), value.size());
    if (length < 0) continue;
    value.resize(static_cast<std::size_t>(length));
    found[std::string(name)] = name == kCapability ? capability_of_root(std::move(value)) : std::move(value);
  }
  return found;
}

}  // namespace

class ScriptTree::Scan {
 public:
  Scan(const ScriptTree& disk, const rootfs::Tree& tree) : disk_(disk), tree_(tree) {}

  ScriptChanges run() {
    owners_[""] = {};
    if (const rootfs::Node* root = tree_.find("")) owners_[""] = {root->entry.uid, root->entry.gid};
    std::vector<std::string> waiting{std::string()};
    while (!waiting.empty()) {
      const std::string directory = std::move(waiting.back());
      waiting.pop_back();
      for (const std::string& name : disk_.root_.list(directory)) {
        std::string path = rootfs::join_path(directory, name);
        if (path.size() >= PATH_MAX - 1) throw Error(ErrorKind::refused, fmt::format("a script made a path that is too long: {}", printable(path)));
        if (look_at(path)) waiting.push_back(std::move(path));
      }
    }
    put_linked();
    for (const auto& [path, facts] : disk_.seen_) {
      if (!found_.contains(path) && !is_noise(path)) out_.draft.remove(path);
    }
    return std::move(out_);
  }

 private:
  // True for a directory to go into.
  bool look_at(const std::string& path) {
    const auto place = disk_.root_.place(path);
    const auto facts = facts_of(place.directory.get(), place.name.c_str());
    if (!facts) return false;
    const bool directory = S_ISDIR(facts->mode);
    const auto seen = disk_.seen_.find(path);
    const bool known = seen != disk_.seen_.end();
    const bool same = known && is_same(seen->second, *facts);
    if (known) found_.insert(path);
    if (!same && is_noise(path)) return directory && known;
    const Owner owner = owner_of(path, *facts);
    if (directory) owners_[path] = owner;
    if (!directory && facts->links > 1 && S_ISREG(facts->mode)) {
      Links& links = linked_[facts->identity];
      links.names.push_back(path);
      links.changed = links.changed || !same;
      return false;
    }
    if (!same) put(path, *facts, owner);
    return directory;
  }

  // Of directories what lies in them is looked at by itself.
  bool is_same(const FileFacts& before, const FileFacts& now) const {
    if (disk_.owners_.given(now.identity)) return false;
    if (S_ISDIR(before.mode) && S_ISDIR(now.mode)) return before.mode == now.mode && before.identity == now.identity;
    return before == now;
  }

  // The node of the tree that this very file was, under whatever name.
  const rootfs::Node* former(const FileFacts& facts) const {
    const auto name = disk_.names_.find(facts.identity);
    return name == disk_.names_.end() ? nullptr : tree_.find(name->second);
  }

  Owner owner_of(const std::string& path, const FileFacts& facts) const {
    Owner owner;
    if (const rootfs::Node* before = former(facts)) {
      owner = {before->entry.uid, before->entry.gid};
    } else {
      const std::string parent(rootfs::parent_of(path));
      const auto above = facts_of(disk_.root_.open(parent, O_PATH | O_DIRECTORY).get(), "");
      const auto known = owners_.find(parent);
      if (above && (above->mode & S_ISGID) != 0 && known != owners_.end()) owner.group = known->second.group;
    }
    if (const GivenOwner* given = disk_.owners_.given(facts.identity)) {
      owner.user = given->user.value_or(owner.user);
      owner.group = given->group.value_or(owner.group);
    }
    return owner;
  }

  void put_linked() {
    for (auto& [identity, links] : linked_) {
      if (!links.changed) continue;
      const auto place = disk_.root_.place(links.names.front());
      const auto facts = facts_of(place.directory.get(), place.name.c_str());
      if (!facts) continue;
      std::sort(links.names.begin(), links.names.end());
      tar::Header header = put(links.names.front(), *facts, owner_of(links.names.front(), *facts));
      header.type = tar::Type::hardlink;
      header.link = links.names.front();
      for (std::size_t i = 1; i < links.names.size(); ++i) {
        header.path = links.names[i];
        out_.draft.put(header);
      }
    }
  }

  tar::Header put(const std::string& path, const FileFacts& facts, const Owner& owner) {
    tar::Header header;
    const auto type = type_of(facts.mode);
    if (!type) {
      out_.left_out.push_back(path);
      return header;
    }
    const rootfs::Node* before = former(facts);
    const auto seen = before ? disk_.seen_.find(before->entry.path) : disk_.seen_.end();
    const bool mode_kept = seen != disk_.seen_.end() && seen->second.mode == facts.mode;
    header.path = path;
    header.type = *type;
    header.mode = mode_kept ? before->entry.mode : facts.mode & 07777;
    header.uid = owner.user;
    header.gid = owner.group;
    header.mtime = facts.mtime / 1'000'000'000;
    Blob content;
    if (*type == tar::Type::symlink) {
      header.mode = 0777;
      header.link = target_of(disk_.root_.place(path), path);
    } else {
      if (*type == tar::Type::file) content = disk_.content(path);
      header.xattrs = xattrs_of(path, before, content);
    }
    out_.draft.put(header, std::move(content));
    keep_open(path, facts);
    return header;
  }

  // Those of the image are not on the disk. Writing to a file, and a chown, take its capabilities away (capabilities(7)).
  std::map<std::string, std::string> xattrs_of(const std::string& path, const rootfs::Node* before, const Blob& content) const {
    std::map<std::string, std::string> xattrs;
    if (before) {
      xattrs = before->entry.xattrs;
      const auto seen = disk_.seen_.find(before->entry.path);
      const bool given = seen != disk_.seen_.end() && disk_.owners_.given(seen->second.identity);
      if (given || (before->entry.type == tar::Type::file && sha256_of(content.bytes()) != before->entry.sha256)) xattrs.erase(std::string(kCapability));
    }
    for (auto& [name, value] : attributes_of(disk_.root_.open(path, O_PATH | O_NOFOLLOW))) xattrs[name] = value;
    return xattrs;
  }

  // The next upgrade step, and our own end, must be able to work in it.
  void keep_open(const std::string& path, const FileFacts& facts) const {
    if (!S_ISDIR(facts.mode) || (facts.mode & 0700) == 0700) return;
    if (const io::Descriptor directory = disk_.root_.open(path, O_PATH | O_NOFOLLOW)) io::set_mode(directory.get(), (facts.mode & 07777) | 0700);
  }

  struct Links {
    std::vector<std::string> names;
    bool changed = false;
  };

  const ScriptTree& disk_;
  const rootfs::Tree& tree_;
  ScriptChanges out_;
  std::set<std::string> found_;
  std::map<std::string, Owner> owners_;  // of directories
  std::map<FileIdentity, Links> linked_;
};

ScriptChanges ScriptTree::changes(const rootfs::Tree& tree) { return Scan(*this, tree).run(); }

}  // namespace resole::build
