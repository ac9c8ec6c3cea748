// SPDX-License-Identifier: Apache-2.0
// The same image in a registry or in a layout: what is patched there must come out the same.
#pragma once
#include <string>

#include "oci/image.hpp"
#include "patch/way_rig.hpp"

namespace resole::test {

enum class Kept { registry, layout };

class ImagePlace {
 public:
  ImagePlace(WayRig& rig, Kept kept) : rig_(rig), kept_(kept) {}

  std::string location(const std::string& tag) const {
    return kept_ == Kept::registry ? rig_.at("team/app:" + tag) : "oci:" + (rig_.folder() / "layout").native() + ":" + tag;
  }
  void add(const SampleTree& tree, const std::string& tag) const {
    if (kept_ == Kept::registry) return rig_.registry.add_image("team/app", tree, tag);
    const auto store = registry::open_for_writing(oci::Location::parse(location(tag)), {});
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = tag, .expected = {}, .force = true});
  }
  // Everything that is there under the tag, each part verified by its digest.
  SampleTree take(const std::string& tag) const {
    if (kept_ == Kept::registry) return tree_at(rig_.registry, "team/app", tag);
    const auto store = registry::open_for_reading(oci::Location::parse(location(tag)), {});
    SampleTree out;
    const auto add_part = [&](const auto& self, const oci::Descriptor& part) -> void {
      if (!store->has_blob(part)) return;
      const std::string& bytes = out.blobs[part.digest] = read_all(*store->open_blob(part), 64u << 20, "a part of a layout");
      const oci::References below = oci::references_of(bytes, part.media_type, "a part of a layout");
      for (const auto* list : {&below.manifests, &below.blobs}) {
        for (const oci::Descriptor& child : *list) self(self, child);
      }
    };
    out.root = store->resolve().value();
    add_part(add_part, out.root);
    return out;
  }

 private:
  WayRig& rig_;
  Kept kept_;
};

}  // namespace resole::test
