// SPDX-License-Identifier: Apache-2.0
#include "build/script_tree.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "build/resource_watch.hpp"
#include "rootfs/path.hpp"

namespace resole::build {

namespace {

constexpr std::uint64_t kReserve = 256ull << 20;      // that stays free beside the tree
constexpr std::uint64_t kScriptFile = 64ull << 20;    // the longest file of the package tools that is read here
constexpr std::size_t kMapped = 256u << 10;           // smaller files are read, not mapped
constexpr std::string_view kPrefix = "scripts-";
constexpr std::string_view kLock = "lock";

bool is_on_disk(const rootfs::Node& node) { return node.entry.type != tar::Type::character && node.entry.type != tar::Type::block; }

}  // namespace

// ---- the disk becomes a tree

class ScriptTree::Builder {
 public:
  Builder(const io::RootedDirectory& root, const rootfs::Tree* from, const rootfs::Tree& to, std::size_t known) : root_(root), from_(from), to_(to), known_(known) {}

  void run(const LayerOpener& open) {
    if (from_) remove_gone();
    std::vector<std::unordered_map<std::string_view, std::vector<std::string>>> wanted(to_.layers().size());
    std::vector<const rootfs::Node*> links, attributes;
    std::uint64_t bytes = 0;
    to_.walk("", [&](const rootfs::Node& node) {
      if (!is_on_disk(node) || !is_new(node)) return;
      const std::string& path = node.entry.path;
      attributes.push_back(&node);
      if (node.entry.type == tar::Type::file) {
        if (is_further_name(node)) return links.push_back(&node);
        const auto origin = to_.origin(path);
        if (!origin) throw Error(ErrorKind::internal, fmt::format("{} has no bytes in any layer", printable(path)));
        wanted[origin->layer][origin->path].push_back(path);
        bytes += node.entry.size;
        return;
      }
      make(node);
    });
    require_room(bytes);
    for (std::size_t layer = 0; layer < wanted.size(); ++layer) {
      if (!wanted[layer].empty()) unpack(*open(layer), wanted[layer]);
    }
    for (const rootfs::Node* node : links) link(*node);
    // Deepest first, so that nothing is written into a directory after its times are set.
    for (auto node = attributes.rbegin(); node != attributes.rend(); ++node) set_attributes(**node);
  }

 private:
  bool is_new(const rootfs::Node& node) const {
    if (node.entry.path.empty()) return false;
    const rootfs::Node* before = from_ ? from_->find(node.entry.path) : nullptr;
    return !before || node.layer >= known_ || before->entry.type != node.entry.type;
  }

  bool is_further_name(const rootfs::Node& node) const { return node.link_set != 0 && to_.link_set(node.entry.path).front() != node.entry.path; }

  void remove_gone() const {
    std::vector<std::string> gone;
    from_->walk("", [&](const rootfs::Node& node) {
      const rootfs::Node* after = to_.find(node.entry.path);
      if (!after || rootfs::is_directory(after) != rootfs::is_directory(&node)) gone.push_back(node.entry.path);
    });
    for (auto path = gone.rbegin(); path != gone.rend(); ++path) remove(*path);
  }

  // What noise is left in a directory goes with it.
  void remove(const std::string& path) const {
    const io::Descriptor there = root_.open(path, O_PATH | O_NOFOLLOW);
    if (!there) return;
    const auto place = root_.place(path);
    if (unlinkat(place.directory.get(), place.name.c_str(), 0) == 0) return;
    io::set_mode(there.get(), 0700);
    if (const io::Descriptor directory = root_.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) io::clear_directory(directory.get());
    if (unlinkat(place.directory.get(), place.name.c_str(), AT_REMOVEDIR) != 0) io::throw_errno(errno, "remove", root_.path() / path);
  }

  // Everything that has no content.
  void make(const rootfs::Node& node) const {
    const auto place = root_.place(node.entry.path);
    const char* name = place.name.c_str();
    const int directory = place.directory.get();
    if (node.entry.type != tar::Type::directory) unlinkat(directory, name, 0);
    int failed = 0;
    switch (node.entry.type) {
      case tar::Type::directory:
        failed = mkdirat(directory, name, 0700) != 0 && errno != EEXIST ? errno : 0;
        break;
      case tar::Type::symlink:
        failed = symlinkat(node.entry.link.c_str(), directory, name) != 0 ? errno : 0;
        break;
      case tar::Type::fifo:
        failed = mkfifoat(directory, name, 0600) != 0 ? errno : 0;
        break;
      default:
        break;
    }
    if (failed != 0) io::throw_errno(failed, "make", root_.path() / node.entry.path);
  }

  void require_room(std::uint64_t bytes) const {
    struct statvfs facts{};
    if (fstatvfs(root_.descriptor(), &facts) != 0) return;
    const std::uint64_t free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
    if (bytes + kReserve <= free) return;
    throw Error(ErrorKind::input, fmt::format("the image's tree of {} does not fit into {}, where {} are free", human_size(bytes), printable(root_.path().string()), human_size(free)),
                "scripts run in an unpacked tree: give --cache-dir on a disk with more room");
  }

  void unpack(Source& tar, std::unordered_map<std::string_view, std::vector<std::string>>& wanted) const {
    tar::Reader reader(tar);
    tar::Header header;
    std::set<std::string_view> missing;
    for (const auto& [member, paths] : wanted) missing.insert(member);
    while (reader.next(header)) {
      if (header.type != tar::Type::file) continue;
      const auto found = wanted.find(header.path);
      if (found == wanted.end()) continue;
      missing.erase(found->first);
      write(reader, found->second.front());
      // One member at several places: it was linked in a way that no longer holds (its other name was replaced).
      for (std::size_t i = 1; i < found->second.size(); ++i) copy(found->second.front(), found->second[i]);
    }
    reader.drain();
    if (!missing.empty()) throw Error(ErrorKind::input, fmt::format("a layer has not the file {} that its index has", printable(*missing.begin())));
  }

  io::Descriptor fresh_file(const std::string& path) const {
    const auto place = root_.place(path);
    unlinkat(place.directory.get(), place.name.c_str(), 0);
    io::Descriptor file(openat(place.directory.get(), place.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file) io::throw_errno(errno, "write", root_.path() / path);
    return file;
  }

  void write(tar::Reader& reader, const std::string& path) const {
    const io::Descriptor file = fresh_file(path);
    std::vector<char> buffer(256u << 10);
    while (const std::size_t got = reader.read(buffer.data(), buffer.size())) io::write_fully(file.get(), {buffer.data(), got}, root_.path() / path);
  }

  void copy(const std::string& from, const std::string& to) const {
    const Blob bytes = io::map_descriptor(root_.open(from, O_RDONLY).get(), root_.path() / from);
    io::write_fully(fresh_file(to).get(), bytes.bytes(), root_.path() / to);
  }

  void link(const rootfs::Node& node) const {
    const auto first = root_.place(to_.link_set(node.entry.path).front()), place = root_.place(node.entry.path);
    unlinkat(place.directory.get(), place.name.c_str(), 0);
    if (linkat(first.directory.get(), first.name.c_str(), place.directory.get(), place.name.c_str(), 0) == 0) return;
    io::throw_errno(errno, "link", root_.path() / node.entry.path);
  }

  // We must be able to work in every directory, whoever we are: its own mode is in the tree, and only a change of the mode here is a change.
  void set_attributes(const rootfs::Node& node) const {
    const auto place = root_.place(node.entry.path);
    const bool directory = node.entry.type == tar::Type::directory;
    if (node.entry.type != tar::Type::symlink) {
      const mode_t mode = node.entry.mode | (directory ? 0700 : 0);
      if (fchmodat(place.directory.get(), place.name.c_str(), mode, 0) != 0) io::throw_errno(errno, "set the mode of", root_.path() / node.entry.path);
    }
    const timespec time{node.entry.mtime, 0};
    const timespec times[2] = {time, time};
    utimensat(place.directory.get(), place.name.c_str(), times, AT_SYMLINK_NOFOLLOW);
  }

  const io::RootedDirectory& root_;
  const rootfs::Tree* from_;
  const rootfs::Tree& to_;
  const std::size_t known_;
};

// ---- its place

namespace {

void remove_room(const io::Path& path) {
  std::error_code ignored;
  if (const io::Descriptor directory = io::open_descriptor(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) io::clear_directory(directory.get());
  std::filesystem::remove(path, ignored);
}

}  // namespace

// Nobody holds their locks.
void remove_abandoned_trees(const io::Path& parent) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(parent, ignored)) {
    if (!entry.path().filename().string().starts_with(kPrefix)) continue;
    const io::Descriptor lock = io::open_descriptor(entry.path() / kLock, O_RDONLY);
    if (lock && flock(lock.get(), LOCK_EX | LOCK_NB) == 0) remove_room(entry.path());
  }
}

ScriptTree::Room::Room(const io::Path& parent) {
  std::filesystem::create_directories(parent);
  path_ = parent / (std::string(kPrefix) + io::random_name());
  // For nobody else: the tree has programs with setuid bits, and they are ours.
  if (mkdir(path_.c_str(), 0700) != 0) io::throw_errno(errno, "make", path_);
  lock_ = io::open_descriptor(path_ / kLock, O_RDWR | O_CREAT, 0600);
  if (!lock_ || flock(lock_.get(), LOCK_EX) != 0 || mkdir(tree().c_str(), 0755) != 0) {
    const int error = errno;
    remove_room(path_);
    io::throw_errno(error, "prepare", path_);
  }
}

ScriptTree::Room::~Room() { remove_room(path_); }

ScriptTree::ScriptTree(const io::Path& parent) : room_(parent), root_(room_.tree()), sandbox_{root_, owners_} {}

void ScriptTree::become(const rootfs::Tree* from, const rootfs::Tree& to, std::size_t known, const LayerOpener& open) {
  Builder(root_, from, to, known).run(open);
  remember(to);
  if (!from) {
    const TreeUse use = measure(root_);
    sandbox_.bytes = use.bytes;
    sandbox_.files = use.files;
  }
}

void ScriptTree::remember(const rootfs::Tree& tree) {
  seen_.clear();
  names_.clear();
  owners_.clear();
  tree.walk("", [&](const rootfs::Node& node) {
    const std::string& path = node.entry.path;
    if (path.empty() || !is_on_disk(node)) return;
    const auto place = root_.place(path);
    const auto facts = facts_of(place.directory.get(), place.name.c_str());
    if (!facts) return;
    seen_.emplace(path, *facts);
    names_.emplace(facts->identity, path);
    owners_.know(facts->identity, {node.entry.uid, node.entry.gid});
  });
}

// ---- one script

void ScriptTree::put_workplace(const std::string& directory, const std::vector<pkg::ScriptFile>& files) {
  if (directory.empty()) return;
  remove_workplace(directory);
  const auto place = root_.place(directory);
  if (mkdirat(place.directory.get(), place.name.c_str(), 0755) != 0) io::throw_errno(errno, "make", root_.path() / directory);
  for (const pkg::ScriptFile& file : files) {
    const auto at = root_.place(file.path);
    const io::Descriptor made(openat(at.directory.get(), at.name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!made) io::throw_errno(errno, "write", root_.path() / file.path);
    io::write_fully(made.get(), file.content, root_.path() / file.path);
    io::set_mode(made.get(), file.mode);
  }
}

void ScriptTree::remove_workplace(const std::string& directory) {
  if (directory.empty()) return;
  const io::Descriptor there = root_.open(directory, O_PATH | O_NOFOLLOW);
  if (!there) return;
  const auto place = root_.place(directory);
  io::set_mode(there.get(), 0700);
  if (const io::Descriptor inside = root_.open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)) io::clear_directory(inside.get());
  if (unlinkat(place.directory.get(), place.name.c_str(), AT_REMOVEDIR) != 0) unlinkat(place.directory.get(), place.name.c_str(), 0);
}

pkg::ScriptTreeView ScriptTree::view() {
  return {.read = [this](const std::string& path) { return root_.read(path, kScriptFile); },
          .take = [this](const std::string& path) {
            auto text = root_.read(path, kScriptFile);
            const io::Descriptor file = text ? root_.open(path, O_WRONLY | O_NOFOLLOW) : io::Descriptor();
            if (file && ftruncate(file.get(), 0) != 0) io::throw_errno(errno, "empty", root_.path() / path);
            return text.value_or("");
          }};
}

void ScriptTree::make_executable(const std::string& path) {
  const io::Descriptor file = root_.open(path, O_PATH | O_NOFOLLOW);
  const auto facts = facts_of(file.get(), "");
  if (facts && S_ISREG(facts->mode) && (facts->mode & 0555) != 0555) io::set_mode(file.get(), 0755);
}

Blob ScriptTree::content(const std::string& path) const {
  io::Descriptor file = root_.open(path, O_RDONLY | O_NOFOLLOW);
  if (!file && errno == EACCES) {
    const io::Descriptor known = root_.open(path, O_PATH | O_NOFOLLOW);
    const auto facts = facts_of(known.get(), "");
    if (facts && io::set_mode(known.get(), 0600)) {
      file = root_.open(path, O_RDONLY | O_NOFOLLOW);
      io::set_mode(known.get(), facts->mode & 07777);
    }
  }
  if (!file) io::throw_errno(errno, "read", root_.path() / path);
  // Maps are few (vm.max_map_count); most files are small.
  if (const Blob mapped = io::map_descriptor(file.get(), root_.path() / path); mapped.size() > kMapped) return mapped;
  else return Blob::of(std::string(mapped.bytes()));
}

}  // namespace resole::build
