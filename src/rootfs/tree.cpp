// SPDX-License-Identifier: Apache-2.0
#include "rootfs/tree.hpp"

#include "rootfs/path.hpp"
#include "rootfs/resolve.hpp"
#include "rootfs/tree_state.hpp"

namespace resole::rootfs {
namespace {

std::string_view without_slash(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  return path;
}

}  // namespace

Tree::Tree(std::unique_ptr<State> state) : state_(std::move(state)) {}
Tree::Tree(Tree&&) noexcept = default;
Tree& Tree::operator=(Tree&&) noexcept = default;
Tree::~Tree() = default;

Tree Tree::merge(std::vector<std::shared_ptr<const LayerIndex>> layers) {
  auto state = std::make_unique<State>();
  state->layers = std::move(layers);
  Merger merger(*state);
  for (std::uint32_t layer = 0; layer < state->layers.size(); ++layer) merger.apply(layer);
  merger.seal();
  return Tree(std::move(state));
}

Tree Tree::with(std::shared_ptr<const LayerIndex> top) const {
  auto layers = state_->layers;
  layers.push_back(std::move(top));
  return merge(std::move(layers));
}

const std::vector<std::shared_ptr<const LayerIndex>>& Tree::layers() const { return state_->layers; }

const Node* Tree::find(std::string_view path) const {
  const Record* record = state_->find(without_slash(path));
  return record == nullptr ? nullptr : &record->node;
}

Resolved Tree::resolve(std::string_view path, bool follow_last) const {
  return resolve_path([this](std::string_view at) { return find(at); }, path, follow_last);
}

std::optional<std::string_view> Tree::content(std::string_view path) const {
  const Resolved resolved = resolve(path, true);
  const Record* record = state_->find(resolved.path);
  if (record == nullptr || record->origin == nullptr) return std::nullopt;
  const auto& captured = state_->layers[record->origin_layer]->captured;
  const auto found = captured.find(record->origin->path);
  if (found == captured.end()) return std::nullopt;
  return found->second;
}

std::optional<Origin> Tree::origin(std::string_view path) const {
  const Record* record = state_->find(without_slash(path));
  if (record == nullptr || record->origin == nullptr) return std::nullopt;
  return Origin{record->origin_layer, record->origin->path};
}

const ElfFacts* Tree::elf(std::string_view path) const {
  const Record* record = state_->find(without_slash(path));
  if (record == nullptr || record->origin == nullptr) return nullptr;
  const auto& elf = state_->layers[record->origin_layer]->elf;
  const auto found = elf.find(record->origin->path);
  return found == elf.end() ? nullptr : &found->second;
}

std::vector<std::string> Tree::children(std::string_view directory) const {
  std::vector<std::string> names;
  const Record* record = state_->find(without_slash(directory));
  if (record == nullptr) return names;
  names.reserve(record->children.size());
  for (const Record* child : record->children) names.emplace_back(name_of(child->node.entry.path));
  return names;
}

std::vector<std::string> Tree::link_set(std::string_view path) const {
  const Record* record = state_->find(without_slash(path));
  if (record == nullptr) return {};
  if (record->node.link_set == 0) return {record->node.entry.path};
  std::vector<std::string> names;
  for (const Record* name : state_->link_sets[record->node.link_set]) names.push_back(name->node.entry.path);
  return names;
}

void Tree::walk(std::string_view below, const std::function<void(const Node&)>& visit) const {
  const Record* start = state_->find(without_slash(below));
  if (start == nullptr) return;
  std::vector<const Record*> waiting{start};
  while (!waiting.empty()) {
    const Record* record = waiting.back();
    waiting.pop_back();
    visit(record->node);
    waiting.insert(waiting.end(), record->children.rbegin(), record->children.rend());
  }
}

}  // namespace resole::rootfs
