// SPDX-License-Identifier: Apache-2.0
#include "rollout/splice.hpp"

#include <algorithm>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "rollout/targets.hpp"

namespace resole::rollout {

namespace {

struct FlatNode {
  std::string pointer, value, anchor, tag;
  yaml::Kind kind;
  yaml::Style style;
};

void flatten_into(const yaml::Node& node, std::string& pointer, std::vector<FlatNode>& all) {
  all.push_back({pointer, node.value, node.anchor, node.tag, node.kind, node.style});
  const std::size_t length = pointer.size();
  for (std::size_t i = 0; i < node.values.size(); ++i) {
    pointer += '/';
    if (node.kind == yaml::Kind::mapping) {
      const yaml::Node& key = node.keys[i];
      all.push_back({pointer + "?", key.value, key.anchor, key.tag, key.kind, key.style});
      pointer += yaml::pointer_segment(key.value);
    } else {
      pointer += std::to_string(i);
    }
    flatten_into(node.values[i], pointer, all);
    pointer.resize(length);
  }
}

std::vector<FlatNode> flatten(std::string_view text, std::string_view path) {
  std::vector<FlatNode> all;
  const auto documents = yaml::parse(text, path);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    std::string pointer = std::to_string(i);
    flatten_into(documents[i].root, pointer, all);
  }
  return all;
}

struct Intended {
  std::map<std::string, const Change*> replaced, inserted;  // by document and pointer; inserted: of the new scalar

  explicit Intended(const std::vector<PlacedChange>& changes) {
    for (const auto& [document, change] : changes) {
      const std::string pointer = std::to_string(document) + change.pointer;
      if (change.key.empty()) {
        replaced[pointer] = &change;
      } else {
        inserted[pointer + "/" + yaml::pointer_segment(change.key)] = &change;
      }
    }
  }
};

bool is_same(const FlatNode& old_node, const FlatNode& new_node, const Intended& intended) {
  if (old_node.pointer != new_node.pointer || old_node.kind != new_node.kind || old_node.anchor != new_node.anchor || old_node.tag != new_node.tag) return false;
  const auto change = intended.replaced.find(old_node.pointer);
  if (change == intended.replaced.end()) return old_node.value == new_node.value && old_node.style == new_node.style;
  return new_node.kind == yaml::Kind::scalar && new_node.value == old_node.value.substr(0, change->second->kept) + change->second->value;
}

bool same_yaml(std::string_view path, std::string_view before, std::string_view after, const Intended& intended) {
  const auto old_nodes = flatten(before, path), new_nodes = flatten(after, path);
  std::size_t old_at = 0, inserted = 0;
  for (std::size_t i = 0; i < new_nodes.size(); ++i) {
    const auto addition = i + 1 < new_nodes.size() ? intended.inserted.find(new_nodes[i + 1].pointer) : intended.inserted.end();
    if (addition != intended.inserted.end() && new_nodes[i].pointer.ends_with('?')) {  // the key, then its value
      const auto& value = new_nodes[++i];
      if (value.kind != yaml::Kind::scalar || value.value != addition->second->value) return false;
      ++inserted;
      continue;
    }
    if (old_at >= old_nodes.size() || !is_same(old_nodes[old_at++], new_nodes[i], intended)) return false;
  }
  return old_at == old_nodes.size() && inserted == intended.inserted.size();
}

// Sites where they were, with the values that were meant, one per line.
bool same_lines(std::string_view path, std::string_view before, std::string_view after, const Intended& intended) {
  const yaml::Node nothing;
  const auto old_sites = find_sites(path, before, nothing, 0), new_sites = find_sites(path, after, nothing, 0);
  if (old_sites.size() != new_sites.size()) return false;
  for (std::size_t i = 0; i < old_sites.size(); ++i) {
    const auto change = intended.replaced.find("0" + old_sites[i].whole.pointer);
    const std::string& expected = change == intended.replaced.end() ? old_sites[i].whole.value : change->second->value;
    if (new_sites[i].whole.pointer != old_sites[i].whole.pointer || new_sites[i].whole.value != expected) return false;
  }
  return true;
}

}  // namespace

bool order_changes(std::vector<PlacedChange>& changes) {
  // An insertion where another span ends comes behind it; insertions at one place keep their order.
  std::stable_sort(changes.begin(), changes.end(), [](const auto& a, const auto& b) {
    return std::pair(a.change.span.begin, a.change.span.end) < std::pair(b.change.span.begin, b.change.span.end);
  });
  const auto same = [](const PlacedChange& a, const PlacedChange& b) { return a.change.span == b.change.span && a.change.text == b.change.text; };
  changes.erase(std::unique(changes.begin(), changes.end(), same), changes.end());
  for (std::size_t i = 1; i < changes.size(); ++i) {
    const auto& before = changes[i - 1].change;
    const auto& after = changes[i].change;
    const bool both_replace_here = before.span == after.span && before.key.empty();
    if (after.span.begin < before.span.end || both_replace_here) return false;
  }
  return true;
}

std::string splice(std::string_view text, const std::vector<PlacedChange>& ordered) {
  std::string out;
  out.reserve(text.size() + 128 * ordered.size());
  std::size_t at = 0;
  for (const auto& [document, change] : ordered) {
    out += text.substr(at, change.span.begin - at);
    out += change.text;
    at = change.span.end;
  }
  out += text.substr(at);
  return out;
}

bool only_intended_changes(std::string_view path, std::string_view before, std::string_view after, const std::vector<PlacedChange>& ordered) {
  const Intended intended(ordered);
  try {
    return is_lines_path(path) ? same_lines(path, before, after, intended) : same_yaml(path, before, after, intended);
  } catch (const Error&) {
    return false;
  }
}

std::string take_back(std::string_view after, std::vector<document::FileEdit> edits, std::string_view path) {
  std::stable_sort(edits.begin(), edits.end(), [](const auto& a, const auto& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  std::string out;
  std::size_t at = 0, before_at = 0;  // in `after`, and in what it was
  for (const auto& edit : edits) {
    const bool fits = edit.begin >= before_at && edit.end >= edit.begin && edit.old_value.size() == edit.end - edit.begin &&
                      after.size() - at >= edit.begin - before_at && after.substr(at + (edit.begin - before_at)).starts_with(edit.new_value);
    if (!fits) throw Error(ErrorKind::input, fmt::format("{}: byte {} does not hold what the rollout wrote", printable(path), edit.begin), "the file or the rollout was changed since; edit it by hand");
    out += after.substr(at, edit.begin - before_at);
    out += edit.old_value;
    at += edit.begin - before_at + edit.new_value.size();
    before_at = edit.end;
  }
  out += after.substr(at);
  return out;
}

}  // namespace resole::rollout
