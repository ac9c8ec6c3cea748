// SPDX-License-Identifier: Apache-2.0
// The merged tree while layers are applied to it, and afterwards.
#pragma once
#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "rootfs/tree.hpp"

namespace resole::rootfs {

struct Record {
  Node node;
  Record* parent = nullptr;
  std::vector<Record*> children;   // sealed: sorted by name, none removed
  const Entry* origin = nullptr;   // of a file: the entry whose content this is, in the index of ...
  std::uint32_t origin_layer = 0;  // ... this layer; for names that were hardlinks another entry than their own
  std::uint32_t touched = 0;       // number (1 = bottom) of the last layer that wrote this, or something below it
  std::uint32_t cleared = 0;       // number of the last layer whose markers hid everything below this
  bool removed = false;
};

struct Tree::State {
  std::vector<std::shared_ptr<const LayerIndex>> layers;
  std::deque<Record> records;  // addresses are stable; removed ones stay, emptied
  // Keys are views of the records' own paths. Every path in here has only directories above it.
  boost::unordered_flat_map<std::string_view, Record*> by_path;
  std::vector<std::vector<const Record*>> link_sets;  // by Node::link_set, names sorted; 0 is unused

  Record* find(std::string_view path) const {
    const auto found = by_path.find(path);
    return found == by_path.end() ? nullptr : found->second;
  }
};

// Applies layers to a State, bottom first, then seals it.
class Merger {
 public:
  explicit Merger(Tree::State& state);
  void apply(std::uint32_t layer);  // index into state.layers
  void seal();

 private:
  void apply_entry(const Entry& entry);
  void hide(const Entry& marker);
  void place(const Entry& entry);
  void place_link(const Entry& entry);
  Record* link_target(const Entry& entry);
  Record& directory_for(const Entry& entry);
  Record& make_directories(const Entry& entry, std::string_view path);
  Record& put(const Entry& entry, std::string_view path, Record& parent);
  Record& create(std::string_view path, Record& parent);
  void overwrite(Record& record, const Entry& entry);
  void make_implicit(Record& record);
  void hide_lower(Record& record);
  void hide_children(Record& record);
  void remove(Record& record);
  void touch(Record* record);
  Resolved resolve(std::string_view path, bool follow_last) const;
  void collect_link_sets();

  Tree::State& state_;
  std::uint32_t layer_ = 0;
  std::uint32_t last_link_set_ = 0;
};

}  // namespace resole::rootfs
