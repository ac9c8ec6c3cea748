// SPDX-License-Identifier: Apache-2.0
#include "rootfs/entry.hpp"

#include "rootfs/capture.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::rootfs {
namespace {

bool is_device(tar::Type type) { return type == tar::Type::character || type == tar::Type::block; }
bool is_link(tar::Type type) { return type == tar::Type::symlink || type == tar::Type::hardlink; }

}  // namespace

void drop_unwritable_xattrs(tar::Header& header) {
  std::erase_if(header.xattrs, [](const auto& xattr) { return is_foreign_xattr(xattr.first) || xattr.second.empty(); });
}

Entry object_entry(tar::Header header) {
  drop_unwritable_xattrs(header);
  Entry entry;
  entry.path = std::move(header.path);
  entry.type = header.type;
  entry.mode = header.mode & 07777;
  entry.uid = header.uid;
  entry.gid = header.gid;
  entry.mtime = header.mtime;
  if (header.type == tar::Type::file) entry.size = header.size;
  if (is_link(header.type)) entry.link = std::move(header.link);
  if (is_device(header.type)) {
    entry.major = header.major;
    entry.minor = header.minor;
  }
  entry.xattrs = std::move(header.xattrs);
  return entry;
}

Entry marker_entry(std::string path, bool opaque) {
  Entry entry;
  entry.path = std::move(path);
  entry.whiteout = !opaque;
  entry.opaque = opaque;
  if (opaque) entry.type = tar::Type::directory;
  return entry;
}

tar::Header header_of(const Entry& entry) {
  tar::Header header;
  header.path = entry.path;
  header.type = entry.type;
  header.mode = entry.mode;
  header.uid = entry.uid;
  header.gid = entry.gid;
  header.size = entry.size;
  header.mtime = entry.mtime;
  header.link = entry.link;
  header.major = entry.major;
  header.minor = entry.minor;
  header.xattrs = entry.xattrs;
  return header;
}

bool same_object(const Node& node, const tar::Header& header, const Sha256& sha256) {
  const Entry& entry = node.entry;
  if (entry.type != header.type || entry.uid != header.uid || entry.gid != header.gid || entry.xattrs != header.xattrs) return false;
  if (entry.type == tar::Type::symlink) return entry.link == header.link;  // the mode of a symlink means nothing (symlink(7))
  if (entry.mode != (header.mode & 07777)) return false;
  if (entry.type == tar::Type::file) return entry.sha256 == sha256;
  return !is_device(entry.type) || (entry.major == header.major && entry.minor == header.minor);
}

}  // namespace resole::rootfs
