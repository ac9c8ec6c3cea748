// SPDX-License-Identifier: Apache-2.0
// Layers are applied in the order of their tars, as unpackers do, with one thing remembered that order alone would get wrong: what the
// layer itself has written. A whiteout or opaque marker hides lower layers only, wherever it stands in the tar (image-spec layer.md;
// umoci's "upperPaths"). So everything a layer touches, and every directory above it, is stamped with the layer's number, and hiding passes
// over what bears the stamp:
//
//   lower: d/ d/old     layer: d/new, then .wh.d      merged: d/ d/new
//
// Where unpackers differ this follows the stores that unpack into a plain directory (umoci, vfs): a path
// below a symlinked parent lands where the link points, inside the root. Our own layers never leave them that choice.
#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"
#include "rootfs/resolve.hpp"
#include "rootfs/tree_state.hpp"

namespace resole::rootfs {
namespace {

bool is_directory(const Record* record) { return record != nullptr && record->node.entry.type == tar::Type::directory; }

}  // namespace

Merger::Merger(Tree::State& state) : state_(state) {
  Record& root = state_.records.emplace_back();
  make_implicit(root);
  state_.by_path.emplace(root.node.entry.path, &root);
}

void Merger::apply(std::uint32_t layer) {
  layer_ = layer;
  const LayerIndex& index = *state_.layers[layer];
  state_.by_path.reserve(state_.by_path.size() + index.entries.size());
  with_context([&] { return "merging layer " + index.diff_id.text(); },
               [&] {
                 for (const Entry& entry : index.entries) apply_entry(entry);
               });
}

void Merger::apply_entry(const Entry& entry) {
  if (entry.whiteout || entry.opaque) {
    hide(entry);
  } else if (entry.type == tar::Type::hardlink) {
    place_link(entry);
  } else {
    place(entry);
  }
}

// ---- markers

void Merger::hide(const Entry& marker) {
  if (marker.opaque) {
    const std::string directory = resolve(marker.path, true).path;
    if (Record* record = state_.find(directory); is_directory(record)) hide_children(*record);
    return;
  }
  Record* record = state_.find(marker.path);
  if (record == nullptr) {
    const std::string parent = resolve(parent_of(marker.path), true).path;
    record = state_.find(join_path(parent, name_of(marker.path)));
  }
  if (record != nullptr && record->parent != nullptr) hide_lower(*record);
}

// Takes away what lower layers put at and below this place. Depth is bounded by the length of a path.
void Merger::hide_lower(Record& record) {
  if (record.removed) return;
  if (record.touched != layer_ + 1) {
    remove(record);
    return;
  }
  hide_children(record);
  // Only there because the layer has something below it: its attributes were those of the directory that is hidden now.
  if (record.node.layer != layer_) make_implicit(record);
}

void Merger::hide_children(Record& record) {
  if (record.cleared == layer_ + 1) return;  // what came since is the layer's own
  record.cleared = layer_ + 1;
  for (Record* child : record.children) hide_lower(*child);
}

// ---- objects

void Merger::place(const Entry& entry) {
  if (entry.path.empty()) {
    overwrite(*state_.find(""), entry);
    return;
  }
  Record& parent = directory_for(entry);
  Record& record = put(entry, join_path(parent.node.entry.path, name_of(entry.path)), parent);
  if (entry.type != tar::Type::file) return;
  record.origin = &entry;
  record.origin_layer = layer_;
}

// A further name of a file: attributes and content of the target, which may come from a lower layer in layers that others wrote.
void Merger::place_link(const Entry& entry) {
  Record& parent = directory_for(entry);
  const std::string path = join_path(parent.node.entry.path, name_of(entry.path));
  Record* target = link_target(entry);
  if (target->node.entry.path == path) return;
  if (target->node.link_set == 0) target->node.link_set = ++last_link_set_;
  // Copied first: the new name may take the place of a directory that holds the target.
  const Node node = target->node;
  const Entry* origin = target->origin;
  const std::uint32_t origin_layer = target->origin_layer;
  Record& record = put(node.entry, path, parent);
  record.node.link_set = node.link_set;
  record.origin = origin;
  record.origin_layer = origin_layer;
}

Record* Merger::link_target(const Entry& entry) {
  Record* target = state_.find(entry.link);
  if (target == nullptr) target = state_.find(resolve(entry.link, false).path);
  if (target == nullptr || is_directory(target)) {
    throw Error(ErrorKind::input,
                fmt::format("{}: is a hardlink to {}, which is {}", printable(entry.path), printable(entry.link),
                            target == nullptr ? "not there" : "a directory"),
                "no unpacker can apply such a layer; build the image again");
  }
  return target;
}

// The directory that the entry lies in, made when it is missing.
Record& Merger::directory_for(const Entry& entry) {
  const std::string_view path = parent_of(entry.path);
  if (Record* record = state_.find(path); is_directory(record)) return *record;
  const Resolved resolved = resolve(path, true);
  if (Record* record = state_.find(resolved.path); is_directory(record)) return *record;
  return make_directories(entry, resolved.path);
}

Record& Merger::make_directories(const Entry& entry, std::string_view path) {
  Record* at = state_.find("");
  for (std::size_t end = 0; end < path.size(); ++end) {
    end = std::min(path.find('/', end), path.size());
    const std::string_view prefix = path.substr(0, end);
    Record* next = state_.find(prefix);
    if (next != nullptr && !is_directory(next)) {
      if (next->node.layer == layer_) {
        throw Error(ErrorKind::input,
                    fmt::format("{}: lies below {}, which the same layer makes a file", printable(entry.path), printable(prefix)),
                    "no unpacker agrees with another on such a layer; build the image again");
      }
      remove(*next);  // umoci and overlay: a directory takes the place of a lower layer's file
      next = nullptr;
    }
    if (next == nullptr) {
      next = &create(prefix, *at);
      make_implicit(*next);
    }
    at = next;
  }
  return *at;
}

Record& Merger::put(const Entry& entry, std::string_view path, Record& parent) {
  Record* existing = state_.find(path);
  const bool both_directories = is_directory(existing) && entry.type == tar::Type::directory;
  if (existing != nullptr && !both_directories) {
    remove(*existing);
    existing = nullptr;
  }
  Record& record = existing != nullptr ? *existing : create(path, parent);
  overwrite(record, entry);
  return record;
}

Record& Merger::create(std::string_view path, Record& parent) {
  Record& record = state_.records.emplace_back();
  record.node.entry.path = path;
  record.parent = &parent;
  parent.children.push_back(&record);
  state_.by_path.emplace(record.node.entry.path, &record);
  return record;
}

// Gives the record the attributes of an entry; its place stays.
void Merger::overwrite(Record& record, const Entry& entry) {
  const bool same_spelling = record.node.entry.path == entry.path;
  Entry attributes = entry;
  if (!same_spelling) attributes.path = record.node.entry.path;
  state_.by_path.erase(record.node.entry.path);  // its key views the string that is replaced
  record.node = {.entry = std::move(attributes), .layer = layer_};
  state_.by_path.emplace(record.node.entry.path, &record);
  touch(&record);
}

void Merger::make_implicit(Record& record) {
  Entry& entry = record.node.entry;
  entry.type = tar::Type::directory;
  entry.mode = 0755;
  entry.uid = entry.gid = 0;
  entry.mtime = 0;
  entry.xattrs.clear();
  record.node.layer = layer_;
  record.node.implicit = true;
  touch(&record);
}

void Merger::remove(Record& record) {
  for (Record* child : record.children) {
    if (!child->removed) remove(*child);
  }
  state_.by_path.erase(record.node.entry.path);
  record = {.removed = true};  // gives its memory back; the parent forgets it when the tree is sealed
}

void Merger::touch(Record* record) {
  for (; record != nullptr && record->touched != layer_ + 1; record = record->parent) record->touched = layer_ + 1;
}

Resolved Merger::resolve(std::string_view path, bool follow_last) const {
  const auto lookup = [this](std::string_view at) -> const Node* {
    const Record* record = state_.find(at);
    return record == nullptr ? nullptr : &record->node;
  };
  return resolve_path(lookup, path, follow_last);
}

// ---- the end

void Merger::seal() {
  const auto before = [](const Record* a, const Record* b) { return a->node.entry.path < b->node.entry.path; };
  for (Record& record : state_.records) {
    std::erase_if(record.children, [](const Record* child) { return child->removed; });
    // Siblings share everything before their names, so comparing paths compares names. Tars are mostly sorted already.
    if (!std::is_sorted(record.children.begin(), record.children.end(), before))
      std::sort(record.children.begin(), record.children.end(), before);
  }
  collect_link_sets();
}

void Merger::collect_link_sets() {
  state_.link_sets.resize(last_link_set_ + 1);
  for (const Record& record : state_.records) {
    if (record.node.link_set != 0) state_.link_sets[record.node.link_set].push_back(&record);
  }
  for (auto& set : state_.link_sets) {
    std::sort(set.begin(), set.end(), [](const Record* a, const Record* b) { return a->node.entry.path < b->node.entry.path; });
  }
  for (Record& record : state_.records) {
    if (record.node.link_set != 0 && state_.link_sets[record.node.link_set].size() == 1) record.node.link_set = 0;
  }
}

}  // namespace resole::rootfs
