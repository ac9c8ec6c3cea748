// SPDX-License-Identifier: Apache-2.0
// A tree and a draft over it as one thing that can be read and changed, path by path: what several actions do, one after the other. Paths
// are absolute, as scripts spell them.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::deb {

class TreeEdit {
 public:
  TreeEdit(const rootfs::Tree& tree, rootfs::LayerDraft& draft, std::int64_t epoch) : tree_(tree), draft_(draft), epoch_(epoch) {}

  bool is_there(std::string_view path) const;            // something bears the name, be it a link to nowhere
  bool leads_to_something(std::string_view path) const;  // links followed
  bool is_link(std::string_view path) const { return link(path).has_value(); }
  bool is_directory(std::string_view path) const;                   // links followed
  std::optional<std::string> link(std::string_view path) const;     // where a link points
  std::optional<std::string> content(std::string_view path) const;  // nullopt: absent, no file, or its bytes are not at hand
  std::optional<tar::Header> header(std::string_view path) const;   // of the object itself
  bool has_parent(std::string_view path) const;

  void put_file(std::string_view path, std::string content, std::uint32_t mode = 0644);  // an existing file keeps mode and owner
  void put_file(std::string_view path, std::string content, tar::Header header);         // with these attributes
  void put_link(std::string_view path, std::string target);
  void put(std::string_view path, tar::Header header);  // directory, link or empty file with these attributes
  void remove(std::string_view path);
  void make_parents(std::string_view path);  // 0755 root:root

 private:
  std::string place(std::string_view path) const;  // final path
  const std::pair<tar::Header, Blob>* drafted(const std::string& final_path) const;
  bool is_removed(const std::string& final_path) const;

  const rootfs::Tree& tree_;
  rootfs::LayerDraft& draft_;
  std::int64_t epoch_;
};

}  // namespace resole::deb
