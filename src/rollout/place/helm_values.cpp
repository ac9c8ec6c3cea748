// SPDX-License-Identifier: Apache-2.0
// Values of charts. There is no schema; what occurs is (field/rollout.md 1.1, 3.3 rule 3):
//
//   image: {registry, repository, tag, digest}     any of them missing, tag also as "1.2@sha256:...", version instead of tag, name instead of repository
//   image: registry/repository:tag
//   image: registry/repository                      with a sibling tag or imageTag
#include <algorithm>

#include "base/text.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

namespace {

bool is_image_key(std::string_view key) { return lower(key).ends_with("image"); }

// A registry that is set for all images wins over each map's own (bitnami's common templates).
LeftReason global_registry(Search& search, const At& values) {
  for (const auto key : {"imageRegistry", "registry"}) {
    if (!search.text_of(values, {"global", key}).empty()) return LeftReason::global_registry;
  }
  return LeftReason::none;
}

Part scalar_part(Search& search, const At& mapping, std::initializer_list<std::string_view> keys) {
  for (const auto key : keys) {
    const At found = search.get(mapping, key);
    if (found.is_scalar()) return search.part(found);
  }
  return {};
}

struct Values {
  Search& search;
  std::string_view target;
  const Owner& owner;
  LeftReason global = LeftReason::none;

  Site site(std::string key) const {
    Site site;
    site.target = target;
    site.kind = owner.kind;
    site.ns = owner.ns;
    site.name = owner.name;
    site.container = std::move(key);
    site.type = "values";
    return site;
  }

  bool split_map(const At& map, std::string_view key) {
    Site found = site(map.pointer);
    found.repository = scalar_part(search, map, {"repository"});
    if (!found.repository.there && is_image_key(key)) found.repository = scalar_part(search, map, {"name"});
    if (!found.repository.filled()) return false;
    found.registry = scalar_part(search, map, {"registry"});
    found.tag = scalar_part(search, map, {"tag", "version"});
    found.digest = scalar_part(search, map, {"digest"});
    if (!found.tag.there && !found.digest.there && !found.registry.there && !is_image_key(key)) return false;
    found.tag_key = "tag";
    found.digest_key = "digest";
    found.gap = search.gap_behind(map, found.digest.there ? found.digest : found.tag.there ? found.tag : found.repository);
    if (global != LeftReason::none) {
      found.owner = global;
      found.owner_detail = "global.imageRegistry decides about the registry of every image";
    }
    if (!found.tag.there && !found.digest.there && found.repository.value.find_first_of(":@") != std::string::npos) {  // "repository: app:1.2"
      found.whole = found.repository;
      found.repository = {};
    }
    search.add(std::move(found));
    return true;
  }

  void inline_image(const At& map, const At& image, std::string_view key) {
    const Part whole = search.part(image);
    const bool complete = whole.value.find_first_of(":@") != std::string::npos;
    const Part tag = complete ? Part{} : scalar_part(search, map, {"imageTag", "tag"});
    Site found = site(image.pointer);
    if (tag.filled() && key == "image") {
      found.repository = whole;
      found.tag = tag;
    } else {
      found.whole = whole;
    }
    if (whole.filled()) search.add(std::move(found));
  }

  void look(const At& from) {
    search.walk(from, [&](const At& collection, std::string_view key) {
      if (!collection.is_mapping()) return true;
      if (split_map(collection, key)) return true;
      search.each(collection, [&](const At& child, std::string_view name) {
        if (is_image_key(name) && child.is_scalar()) inline_image(collection, child, name);
      });
      const At merged = search.get(collection, "image");  // one that comes in by "<<" or an alias
      if (merged.is_mapping()) split_map(merged, "image");
      return true;
    });
  }
};

}  // namespace

void add_helm_values(Search& search, const At& values, std::string_view target, const Owner& owner) {
  if (values.is_mapping()) Values{search, target, owner, global_registry(search, values)}.look(values);
}

bool is_helm_values(Search& search) {
  const std::string name = lower(search.file_name());
  return name.find("values") != std::string::npos && search.root().is_mapping() && !is_object(search.root()) && !is_kustomization(search);
}

void find_helm_values(Search& search) { add_helm_values(search, search.root(), "helm-values", {"HelmValues", "", std::string(search.path())}); }

}  // namespace resole::rollout
