// SPDX-License-Identifier: Apache-2.0
#include "rootfs/tree_difference.hpp"

#include <algorithm>

#include "rootfs/path.hpp"

namespace resole::rootfs {

namespace {

class Comparison {
 public:
  Comparison(const Tree& from, const Tree& to, std::int64_t latest, const std::function<Blob(const Node&)>& content)
      : from_(from), to_(to), latest_(latest), content_(content) {}

  LayerDraft run() {
    from_.walk("", [&](const Node& node) {
      const std::string& path = node.entry.path;
      // Below a directory that goes, nothing has to be said.
      if (!to_.find(path) && to_.find(parent_of(path))) draft_.remove(path);
    });
    to_.walk("", [&](const Node& node) {
      if (!is_same(node)) put(node);
    });
    return std::move(draft_);
  }

 private:
  bool is_same(const Node& node) const {
    const Node* before = from_.find(node.entry.path);
    if (!before || !same_object(*before, header_of(node), node.entry.sha256)) return false;
    if (node.link_set == 0 && before->link_set == 0) return true;
    return from_.link_set(node.entry.path) == to_.link_set(node.entry.path);
  }

  // Of a link set all names are put, or none.
  void put(const Node& node) {
    const auto names = to_.link_set(node.entry.path);
    if (draft_.contains(node.entry.path)) return;
    tar::Header header = header_of(node);
    header.path = names.front();
    header.mtime = std::min(header.mtime, latest_);
    const bool file = header.type == tar::Type::file;
    draft_.put(header, file ? content_(node) : Blob());
    for (std::size_t i = 1; i < names.size(); ++i) {
      header.path = names[i];
      header.type = tar::Type::hardlink;
      header.link = names.front();
      draft_.put(header);
    }
  }

  const Tree &from_, &to_;
  const std::int64_t latest_;
  const std::function<Blob(const Node&)>& content_;
  LayerDraft draft_;
};

}  // namespace

LayerDraft difference(const Tree& from, const Tree& to, std::int64_t latest, const std::function<Blob(const Node&)>& content) {
  return Comparison(from, to, latest, content).run();
}

}  // namespace resole::rootfs
