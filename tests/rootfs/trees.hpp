// SPDX-License-Identifier: Apache-2.0
// Trees from archives in memory, and trees as text that can be read in a failed test:
//
//   d 755 0:0 etc
//   f 644 0:0 etc/motd "new"          content in quotes when it is one of the words below, else the beginning of its sha256
//   f 644 0:0 etc/issue "new" = etc/motd     a further name of etc/motd
//   l 0:0 etc/link -> motd
#pragma once
#include <fmt/format.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/layer_index.hpp"
#include "rootfs/tree.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {

inline rootfs::LayerIndex index_of(std::string_view tar, const rootfs::IndexLimits& limits = {}) {
  return rootfs::index_layer(*source_of(tar), Digest(), limits);
}

inline TarBuilder tar() { return {}; }

inline std::shared_ptr<const rootfs::LayerIndex> shared_index_of(const TarBuilder& tar) {
  return std::make_shared<const rootfs::LayerIndex>(index_of(tar.bytes()));
}

inline rootfs::Tree tree_of(const std::vector<TarBuilder>& layers) {
  std::vector<std::shared_ptr<const rootfs::LayerIndex>> indexes;
  for (const TarBuilder& layer : layers) indexes.push_back(shared_index_of(layer));
  return rootfs::Tree::merge(std::move(indexes));
}

inline std::string content_text(const Sha256& sha256) {
  for (const std::string_view word : {"", "old", "new", "x", "y", "z", "1", "2", "3"}) {
    if (sha256_of(word) == sha256) return fmt::format("\"{}\"", word);
  }
  return to_hex(sha256).substr(0, 12);
}

inline std::string line_of(const rootfs::Tree& tree, const rootfs::Node& node) {
  const rootfs::Entry& entry = node.entry;
  const std::string path = entry.path.empty() ? "/" : entry.path;
  const std::string owner = fmt::format("{}:{}", entry.uid, entry.gid);
  std::string line;
  switch (entry.type) {
    case tar::Type::file:
      line = fmt::format("f {:o} {} {} {}", entry.mode, owner, path, content_text(entry.sha256));
      break;
    case tar::Type::directory:
      line = fmt::format("d {:o} {} {}", entry.mode, owner, path);
      break;
    case tar::Type::symlink:
      line = fmt::format("l {} {} -> {}", owner, path, entry.link);
      break;
    case tar::Type::character:
      line = fmt::format("c {:o} {} {} {}:{}", entry.mode, owner, path, entry.major, entry.minor);
      break;
    case tar::Type::block:
      line = fmt::format("b {:o} {} {} {}:{}", entry.mode, owner, path, entry.major, entry.minor);
      break;
    case tar::Type::fifo:
      line = fmt::format("p {:o} {} {}", entry.mode, owner, path);
      break;
    case tar::Type::hardlink:
      line = "a hardlink must not be in a tree";
      break;
  }
  for (const auto& [name, value] : entry.xattrs) line += fmt::format(" {}={}", name, value);
  const std::string first = tree.link_set(entry.path).front();
  return first == entry.path ? line : line + " = " + first;
}

// Without the root directory, which every tree has.
inline std::vector<std::string> lines_of(const rootfs::Tree& tree) {
  std::vector<std::string> lines;
  tree.walk("", [&](const rootfs::Node& node) {
    if (!node.entry.path.empty()) lines.push_back(line_of(tree, node));
  });
  return lines;
}

// For EXPECT_EQ: a difference is shown as a diff.
inline std::string text_of(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

inline tar::Header header(std::string path, tar::Type type, std::uint32_t mode = 0644, std::uint32_t uid = 0, std::uint32_t gid = 0) {
  tar::Header out;
  out.path = std::move(path);
  out.type = type;
  out.mode = mode;
  out.uid = uid;
  out.gid = gid;
  out.mtime = 1700000000;
  return out;
}

inline tar::Header file_header(std::string path, std::uint32_t mode = 0644) { return header(std::move(path), tar::Type::file, mode); }
inline tar::Header directory_header(std::string path, std::uint32_t mode = 0755) {
  return header(std::move(path), tar::Type::directory, mode);
}
inline tar::Header link_header(std::string path, std::string target, tar::Type type) {
  tar::Header out = header(std::move(path), type, 0777);
  out.link = std::move(target);
  return out;
}

// The kind and text of the Error that `body` throws; "" when it throws none.
template <class Body>
std::string error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return fmt::format("{}: {}", kind_name(error.kind()), error.what());
  }
  return {};
}

}  // namespace resole::test
