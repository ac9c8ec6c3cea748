// SPDX-License-Identifier: Apache-2.0
// Argo CD: sources of an Application or of an ApplicationSet's template, and .argocd-source.yaml, .argocd-source-APP.yaml with the same members on top.
//
//   kustomize: {images: ["nginx=mirror.example.org/nginx:1.25", "app:1.4"]}
//   helm: {parameters: [{name: image.tag, value: "1.4"}], valuesObject: {...}}
#include "base/text.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

namespace {

void add_image_overrides(Search& search, const At& images, const Owner& owner) {
  search.each(images, [&](const At& each, std::string_view) {
    if (!each.is_scalar()) return;
    const std::size_t equals = each.node->value.find('=');
    Site site;
    site.target = "argocd";
    site.kind = owner.kind;
    site.ns = owner.ns;
    site.name = owner.name;
    site.type = "entry";
    site.name_before_equals = equals == std::string::npos ? "=" : each.node->value.substr(0, equals);
    site.container = site.name_before_equals == "=" ? "" : site.name_before_equals;
    site.whole = equals == std::string::npos ? search.part(each) : search.piece(each, equals + 1);
    search.add(std::move(site));
  });
}

// "image.tag" and "web.image.tag": what stands before the last word groups the parameters of one image.
void add_parameters(Search& search, const At& list, const Owner& owner) {
  std::map<std::string, Site> images;
  std::map<std::string, At> strings;
  search.each(list, [&](const At& parameter, std::string_view) {
    const std::string name = search.text_of(parameter, "name");
    const At value = search.get(parameter, "value");
    if (!value.is_scalar()) return;
    const std::size_t dot = name.rfind('.');
    const std::string prefix = dot == std::string::npos ? "" : name.substr(0, dot);
    const std::string_view last = std::string_view(name).substr(dot == std::string::npos ? 0 : dot + 1);
    Part Site::*part = last == "registry"                       ? &Site::registry
                       : last == "repository"                   ? &Site::repository
                       : last == "tag" || last == "version"     ? &Site::tag
                       : last == "digest"                       ? &Site::digest
                                                                : nullptr;
    if (part && !prefix.empty()) {
      images[prefix].*part = search.part(value);
    } else if (lower(last).ends_with("image")) {
      strings.emplace(name, value);
    }
  });
  for (auto& [prefix, site] : images) {
    if (!site.repository.filled()) continue;
    site.target = "argocd";
    site.kind = owner.kind;
    site.ns = owner.ns;
    site.name = owner.name;
    site.container = prefix;
    site.type = "values";
    search.add(std::move(site));
  }
  for (const auto& [name, value] : strings) add_whole(search, value, "argocd", owner, name, "values");
}

void add_source(Search& search, const At& source, const Owner& owner) {
  add_image_overrides(search, search.at(source, {"kustomize", "images"}), owner);
  const At helm = search.get(source, "helm");
  add_parameters(search, search.get(helm, "parameters"), owner);
  add_helm_values(search, search.get(helm, "valuesObject"), "argocd", owner);
}

bool is_overrides_file(std::string_view name) { return name.starts_with(".argocd-source"); }

}  // namespace

bool is_argocd(Search& search) {
  return is_overrides_file(search.file_name()) || search.text_of(search.root(), "apiVersion").starts_with("argoproj.io/");
}

void find_argocd(Search& search) {
  const At root = search.root(), meta = search.get(root, "metadata");
  if (is_overrides_file(search.file_name())) {
    std::string name(search.file_name());
    name = name.starts_with(".argocd-source-") ? name.substr(15, name.rfind('.') - 15) : "";
    return add_source(search, root, {"Application", "", name});
  }
  const Owner owner{search.text_of(root, "kind"), search.text_of(meta, "namespace"), search.text_of(meta, "name")};
  if (owner.kind != "Application" && owner.kind != "ApplicationSet") return;
  search.walk(root, [&](const At& collection, std::string_view key) {
    const bool source = collection.is_mapping() && (key == "source" || key == "sources");
    if (source) add_source(search, collection, owner);
    return !source;
  });
}

}  // namespace resole::rollout
