// SPDX-License-Identifier: Apache-2.0
// For random trees a and b: the layer that leads from a to b, laid over a, is b; and its tar keeps every rule of the unpackers.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "rootfs/path.hpp"
#include "rootfs/random_trees.hpp"
#include "rootfs/trees.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using rootfs::LayerIndex;
using rootfs::Tree;

ModelTree random_tree(ModelTree tree) {
  const auto steps =
      *rc::gen::container<std::vector<std::array<unsigned, 3>>>(rc::gen::container<std::array<unsigned, 3>>(rc::gen::inRange(0u, 1000u)));
  for (const auto& [operation, place, variant] : steps) tree.apply(operation, place, variant);
  return tree;
}

struct WrittenModel {
  std::string tar;
  LayerIndex index;
};

WrittenModel write_model(const rootfs::LayerDraft& draft, const Tree& below) {
  WrittenModel out;
  StringSink sink(out.tar);
  out.index = draft.write(below, 1'600'000'000, sink);
  return out;
}

void expect_well_formed(const WrittenModel& written, const Tree& below) {
  std::set<std::string> paths, whiteouts;
  std::vector<std::string> order[3];  // whiteouts, directories, the rest
  int part = 0;
  for (const auto& [header, content] : read_tar(written.tar)) {
    RC_ASSERT(paths.insert(header.path).second);
    const std::string name(rootfs::name_of(header.path)), parent(rootfs::parent_of(header.path));
    const bool whiteout = name.starts_with(".wh.");
    const int kind = whiteout ? 0 : header.type == tar::Type::directory ? 1 : 2;
    RC_ASSERT(kind >= part);
    part = kind;
    order[kind].push_back(whiteout ? rootfs::join_path(parent, name.substr(4)) : header.path);
    if (whiteout) {
      RC_ASSERT(header.mode == 0u && header.uid == 0u && header.gid == 0u && header.mtime == 1'600'000'000 && content.empty());
      RC_ASSERT(below.find(order[0].back()) != nullptr);
      whiteouts.insert(order[0].back());
    }
    if (header.type == tar::Type::hardlink) RC_ASSERT(paths.contains(header.link));
  }
  for (const auto& some : order) RC_ASSERT(std::is_sorted(some.begin(), some.end()));
  for (const auto& some : order) {
    for (const std::string& path : some) {
      const std::string parent(rootfs::parent_of(path));
      RC_ASSERT(parent.empty() || paths.contains(parent));
    }
  }
  for (const int kind : {1, 2}) {
    for (std::string path : order[kind]) {
      for (; !path.empty(); path = std::string(rootfs::parent_of(path))) RC_ASSERT(!whiteouts.contains(path));
    }
  }
}

RC_GTEST_PROP(LayerDraftProperty, DiffOverTheOldTreeIsTheNewTree, ()) {
  const ModelTree old_model = random_tree({});
  const ModelTree new_model = random_tree(*rc::gen::arbitrary<bool>() ? old_model : ModelTree());
  const Tree below = tree_of({old_model.tar()}), wanted = tree_of({new_model.tar()});
  const WrittenModel written = write_model(new_model.draft_over(old_model), below);
  expect_well_formed(written, below);

  const LayerIndex read = index_of(written.tar);
  RC_ASSERT(read.entries == written.index.entries);
  RC_ASSERT(read.diff_id == written.index.diff_id);
  const Tree patched = below.with(std::make_shared<const LayerIndex>(read));
  RC_ASSERT(text_of(lines_of(patched)) == text_of(lines_of(wanted)));
}

RC_GTEST_PROP(LayerDraftProperty, NothingIsWrittenForAnEqualTree, ()) {
  const ModelTree model = random_tree({});
  RC_ASSERT(write_model(model.draft_over(model), tree_of({model.tar()})).index.entries.empty());
}

RC_GTEST_PROP(LayerDraftProperty, LayersOverLayersGiveTheLastTree, ()) {
  std::vector<std::shared_ptr<const LayerIndex>> layers;
  ModelTree before, model;
  for (int i = 0; i < 4; ++i) {
    before = std::exchange(model, random_tree(model));
    layers.push_back(std::make_shared<const LayerIndex>(write_model(model.draft_over(before), Tree::merge(layers)).index));
  }
  RC_ASSERT(text_of(lines_of(Tree::merge(layers))) == text_of(lines_of(tree_of({model.tar()}))));
}

}  // namespace
}  // namespace resole::test
