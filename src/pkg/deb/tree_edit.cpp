// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/tree_edit.hpp"

#include "pkg/deb/follow.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

constexpr int kMostFollowed = 40;

}  // namespace

// Parents that are only drafted yet are as they are spelt: actions make no links to directories and then files below them.
std::string TreeEdit::place(std::string_view path) const {
  while (path.starts_with('/')) path.remove_prefix(1);
  const rootfs::Resolved parent = follow(tree_, rootfs::parent_of(path));
  const std::string name(rootfs::name_of(path));
  return parent.path.empty() && !rootfs::parent_of(path).empty() ? std::string(path) : rootfs::join_path(parent.path, name);
}

const std::pair<tar::Header, Blob>* TreeEdit::drafted(const std::string& final_path) const {
  const auto found = draft_.puts().find(final_path);
  return found == draft_.puts().end() ? nullptr : &found->second;
}

bool TreeEdit::is_removed(const std::string& final_path) const { return draft_.removals().contains(final_path) && !drafted(final_path); }

std::optional<tar::Header> TreeEdit::header(std::string_view path) const {
  const std::string at = place(path);
  if (const auto* put = drafted(at)) return put->first;
  if (is_removed(at)) return std::nullopt;
  const rootfs::Node* node = tree_.find(at);
  return node ? std::optional(rootfs::header_of(*node)) : std::nullopt;
}

bool TreeEdit::is_there(std::string_view path) const { return header(path).has_value(); }

std::optional<std::string> TreeEdit::link(std::string_view path) const {
  const auto object = header(path);
  return object && object->type == tar::Type::symlink ? std::optional(object->link) : std::nullopt;
}

bool TreeEdit::leads_to_something(std::string_view path) const {
  std::string at(path);
  for (int links = 0; links < kMostFollowed; ++links) {
    const auto target = link(at);
    if (!target) return is_there(at);
    at = target->starts_with('/') ? *target : rootfs::join_path(rootfs::parent_of(place(at)), *target);
  }
  return false;
}

bool TreeEdit::is_directory(std::string_view path) const {
  const auto object = header(path);
  if (object && object->type == tar::Type::directory) return true;
  const rootfs::Node* node = follow(tree_, path).node;
  return node && node->entry.type == tar::Type::directory;
}

std::optional<std::string> TreeEdit::content(std::string_view path) const {
  const std::string at = place(path);
  if (const auto* put = drafted(at)) {
    if (put->first.type == tar::Type::file) return std::string(put->second.bytes());
    return std::nullopt;
  }
  if (is_removed(at)) return std::nullopt;
  const auto captured = tree_.content(path);
  return captured ? std::optional(std::string(*captured)) : std::nullopt;
}

bool TreeEdit::has_parent(std::string_view path) const {
  const std::string at = place(path), parent(rootfs::parent_of(at));
  if (parent.empty()) return true;
  if (const auto* put = drafted(parent)) return put->first.type == tar::Type::directory;
  const rootfs::Node* node = tree_.find(parent);
  return node && node->entry.type == tar::Type::directory && !is_removed(parent);
}

void TreeEdit::put_file(std::string_view path, std::string content, std::uint32_t mode) {
  tar::Header fresh;
  fresh.mode = mode;
  if (const auto before = header(path); before && before->type == tar::Type::file) fresh = *before;
  put_file(path, std::move(content), std::move(fresh));
}

void TreeEdit::put_file(std::string_view path, std::string content, tar::Header header) {
  header.path = place(path);
  header.type = tar::Type::file;
  header.mtime = epoch_;
  draft_.put(std::move(header), Blob::of(std::move(content)));
}

void TreeEdit::put_link(std::string_view path, std::string target) {
  tar::Header link;
  link.type = tar::Type::symlink;
  link.mode = 0777;
  link.link = std::move(target);
  put(path, std::move(link));
}

void TreeEdit::put(std::string_view path, tar::Header header) {
  header.path = place(path);
  header.mtime = epoch_;
  draft_.put(std::move(header));
}

void TreeEdit::remove(std::string_view path) { draft_.remove(place(path)); }

void TreeEdit::make_parents(std::string_view path) {
  const std::string at = place(path);
  std::string parent;
  for (std::size_t slash = at.find('/'); slash != std::string::npos; slash = at.find('/', slash + 1)) {
    parent = at.substr(0, slash);
    if (drafted(parent) || tree_.find(parent)) continue;
    tar::Header directory;
    directory.type = tar::Type::directory;
    directory.mode = 0755;
    directory.path = parent;
    directory.mtime = epoch_;
    draft_.put(std::move(directory));
  }
}

}  // namespace resole::deb
