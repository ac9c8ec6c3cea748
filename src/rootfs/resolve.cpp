// SPDX-License-Identifier: Apache-2.0
#include "rootfs/resolve.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::rootfs {
namespace {

constexpr int kMostLinks = 40;    // as Linux (path_resolution(7))
constexpr int kMostSteps = 4096;  // twice what a path of 4096 bytes can hold

// What is still to be walked: components, the next one last.
class Steps {
 public:
  explicit Steps(std::string_view path) { push(path); }
  bool empty() const { return steps_.empty(); }
  std::string take() {
    std::string step = std::move(steps_.back());
    steps_.pop_back();
    return step;
  }
  void push(std::string_view path) {
    const auto parts = split(path, '/');
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) {
      if (!part->empty() && *part != ".") steps_.emplace_back(*part);
    }
  }

 private:
  std::vector<std::string> steps_;
};

[[noreturn]] void refuse(std::string_view path) {
  throw Error(ErrorKind::input, fmt::format("{}: too many symbolic links", printable(path)),
              "the image's links form a circle or a chain that no system follows");
}

}  // namespace

Resolved resolve_path(const Lookup& lookup, std::string_view path, bool follow_last) {
  Steps steps(path);
  Resolved at{.path = {}, .node = lookup(""), .parent_exists = true};
  int links = 0, walked = 0;
  while (!steps.empty()) {
    const std::string step = steps.take();
    if (++walked > kMostSteps) refuse(path);
    if (step == "..") {
      at.path = std::string(parent_of(at.path));
      at.node = lookup(at.path);
      at.parent_exists = is_directory(lookup(parent_of(at.path)));
      continue;
    }
    const bool in_directory = is_directory(at.node);
    std::string next = join_path(at.path, step);
    const Node* node = in_directory ? lookup(next) : nullptr;
    const bool is_link = node != nullptr && node->entry.type == tar::Type::symlink;
    if (is_link && (follow_last || !steps.empty())) {
      if (++links > kMostLinks) refuse(path);
      if (node->entry.link.starts_with('/')) at = {.path = {}, .node = lookup(""), .parent_exists = true};
      steps.push(node->entry.link);
      continue;
    }
    at = {.path = std::move(next), .node = node, .parent_exists = in_directory};
  }
  return at;
}

}  // namespace resole::rootfs
