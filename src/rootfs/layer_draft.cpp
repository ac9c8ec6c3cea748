// SPDX-License-Identifier: Apache-2.0
#include "rootfs/layer_draft.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/entry.hpp"
#include "rootfs/path.hpp"

namespace resole::rootfs {
namespace {

[[noreturn]] void refuse(std::string_view path, std::string_view why) {
  throw Error(ErrorKind::input, fmt::format("{}: {}", printable(path), why),
              "no layer can hold such a file; it comes from a package or from the image");
}

void check_path(std::string_view path) {
  if (tar::clean_path(path) != path || !tar::is_safe_path(path)) refuse(path, "is not a clean path below the image's root");
  for (const std::string_view part : split(path, '/')) {
    if (part.starts_with(kWhiteoutPrefix)) refuse(path, "has the name of a whiteout marker");
  }
}

void check_header(const tar::Header& header, const Blob& content) {
  check_path(header.path);
  if (header.type == tar::Type::hardlink) check_path(header.link);
  if (header.path.empty() && header.type != tar::Type::directory) refuse("/", "is not a directory");
  if (header.type != tar::Type::file && content.size() != 0) {
    throw Error(ErrorKind::internal, fmt::format("{}: content was given for what is no file", printable(header.path)));
  }
  // Overlay stores would take it for a whiteout (Documentation/filesystems/overlayfs.rst).
  if (header.type == tar::Type::character && header.major == 0 && header.minor == 0) refuse(header.path, "is the character device 0:0");
}

}  // namespace

void LayerDraft::put(tar::Header header, Blob content) {
  check_header(header, content);
  header.size = content.size();
  drop_unwritable_xattrs(header);
  removals_.erase(header.path);
  std::string path = header.path;
  puts_.insert_or_assign(std::move(path), std::pair(std::move(header), std::move(content)));
}

void LayerDraft::remove(std::string path) {
  check_path(path);
  if (path.empty()) throw Error(ErrorKind::internal, "the root of an image cannot be removed");
  puts_.erase(path);
  removals_.insert(std::move(path));
}

bool LayerDraft::contains(std::string_view path) const { return puts_.contains(std::string(path)); }

}  // namespace resole::rootfs
