// SPDX-License-Identifier: Apache-2.0
// What the finders of places see: one document of a file, looked at through aliases and merge keys, and a list to which sites are added.
//
// An alias that was followed is remembered. A scalar below an anchor may be edited only when every alias of that anchor was followed on the way to some place
// of an image: another use would change without anybody having looked at it (field/rollout.md 3.3 rule 4).
#pragma once
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rollout/site.hpp"

namespace resole::rollout {

struct At {
  const yaml::Node* node = nullptr;
  std::string pointer;  // of the node itself, where it is defined

  explicit operator bool() const { return node != nullptr; }
  bool is_scalar() const { return node != nullptr && node->is_scalar(); }
  bool is_mapping() const { return node != nullptr && node->kind == yaml::Kind::mapping; }
  bool is_sequence() const { return node != nullptr && node->kind == yaml::Kind::sequence; }
};

class Search {
 public:
  // Of files that are not YAML `root` is an empty scalar.
  Search(std::string_view path, std::string_view text, const yaml::Node& root, std::size_t document);

  std::string_view path() const { return path_; }
  std::string_view text() const { return text_; }
  std::string_view file_name() const;
  At root() const { return {&root_, ""}; }

  At get(const At& mapping, std::string_view key);           // the value of a key, through "<<" and aliases; nothing when there is none
  At at(const At& from, std::initializer_list<std::string_view> keys);
  std::string text_of(const At& mapping, std::string_view key);  // "" unless a scalar
  std::string text_of(const At& from, std::initializer_list<std::string_view> keys);
  void each(const At& collection, const std::function<void(const At& child, std::string_view key)>& visit);  // aliases among the children are followed

  // Collections from here down, as they are written: aliases are not followed, so that nothing is seen twice. `key`: the nearest key above. False: not below this one.
  void walk(const At& from, const std::function<bool(const At& collection, std::string_view key)>& visit, std::string_view key = {});

  Part part(const At& scalar) const;
  // `offset` and `size` of the value are the reference: "docker://" before it, a name and "=".
  Part piece(const At& scalar, std::size_t offset) const;
  Gap gap_behind(const At& mapping, const Part& sibling) const;

  void add(Site site);  // line and document are filled in
  std::vector<Site> take();
  std::size_t line_of(std::size_t offset) const;

 private:
  At resolve(At at);
  void collect_anchors(const yaml::Node& node, std::string& pointer);
  At get_within(const At& mapping, std::string_view key, int depth);
  std::vector<yaml::Span> used_elsewhere() const;

  std::string_view path_, text_;
  const yaml::Node& root_;
  std::size_t document_;
  std::multimap<std::string, At, std::less<>> anchors_;
  std::vector<const yaml::Node*> aliases_;
  std::set<const yaml::Node*> followed_;
  std::size_t steps_ = 0;
  mutable std::vector<std::size_t> line_starts_;
  std::set<std::pair<std::size_t, std::string>> known_;
  std::vector<Site> sites_;
};

}  // namespace resole::rollout
