// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/outcome.hpp"
#include "cli/verbs.hpp"
#include "io/terminal.hpp"

namespace resole::cli {

namespace {

Json package_json(const pkg::InstalledPackage& package) {
  Json json = {{"name", package.name},
               {"version", package.version},
               {"arch", package.arch},
               {"source", {{"name", package.source.name}, {"version", package.source.version}}}};
  if (package.hold) json["hold"] = true;
  if (!package.modified.empty()) json["modified"] = package.modified;
  if (!package.deleted.empty()) json["deleted"] = package.deleted;
  return json;
}

Json layers_json(const patch::PlatformView& view) {
  Json layers = Json::array();
  const auto all = view.image.layers();
  for (std::size_t i = 0; i < all.size(); ++i) {
    layers.push_back({{"digest", all[i].descriptor.digest.text()},
                      {"diffId", all[i].diff_id.text()},
                      {"size", all[i].descriptor.size},
                      {"mediaType", all[i].descriptor.media_type},
                      {"ours", i + view.own_layers >= all.size()}});
  }
  return layers;
}

// Which base, how that is known, and how many of the layers are the application's. Of a base that is not proven, what the image calls it.
Json base_json(const patch::PlatformView& view, const patch::BaseFinding& base) {
  Json json = Json::object();
  const std::size_t layers = view.image.layers().size(), ours = view.own_layers + view.merge_layers;
  const std::size_t below = base.old_base ? base.old_base->config.diff_ids().size() : base.seam;
  json["proven"] = base.old_base.has_value();
  if (base.old_base) {
    json["name"] = base.old_reference;
    json["foundBy"] = base.found_by;
    json["manifest"] = base.old_base->descriptor.digest.text();
  } else if (!base.named.empty()) {
    json["name"] = base.named;
    json["foundBy"] = base.named_by;
  }
  if (below > 0) {
    json["layers"] = below;
    json["applicationLayers"] = layers - std::min(layers, below + ours);
  }
  if (base.new_base) json["newest"] = {{"name", base.reference}, {"manifest", base.new_base->descriptor.digest.text()}, {"current", base.is_current()}};
  if (!base.remarks.empty()) json["remarks"] = base.remarks;
  return json;
}

std::string base_text(const patch::PlatformView& view, const patch::BaseFinding& base) {
  const Json json = base_json(view, base);
  if (!json.contains("name") && !json.contains("layers")) return {};
  std::string text = fmt::format("base      {} (by {})", printable(string_or(json, "name", "without a name"), 160), string_or(json, "foundBy", "its seam"));
  if (json.contains("layers")) text += fmt::format(", {} layers, {} of the application", integer_or(json, "layers", 0), integer_or(json, "applicationLayers", 0));
  if (!base.old_base) text += ", not proven";
  if (base.new_base) text += base.is_current() ? ", current" : ", a newer one is at " + printable(base.reference, 160);
  text += '\n';
  if (!base.old_base) {
    for (const std::string& remark : base.remarks) text += "          " + printable(remark, 300) + "\n";
  }
  return text;
}

Json platform_json(const patch::PlatformView& view, const patch::BaseFinding& base, const patch::Tools& tools) {
  Json packages = Json::array();
  for (const auto& package : view.given_inventory.packages) {
    if (package.state != pkg::InstallState::removed) packages.push_back(package_json(package));
  }
  const pkg::Release* release = tools.recipes.release(view.os);
  Json json = {{"platform", view.image.platform().text()},
               {"manifest", view.image.descriptor.digest.text()},
               {"config", view.image.manifest.config().digest.text()},
               {"os", {{"id", view.os.id}, {"versionId", view.os.version_id}, {"codename", view.os.codename}, {"prettyName", view.os.pretty_name}}},
               {"endOfLife", release ? (release->lts_end.empty() ? release->end_of_life : release->lts_end) : ""},
               {"family", view.family ? std::string(view.family->name()) : ""},
               {"arch", view.given_inventory.arch},
               {"layers", layers_json(view)},
               {"packages", packages}};
  if (const Json known = base_json(view, base); known.contains("name") || known.contains("layers")) json["base"] = known;
  if (const std::string others = patch::patched_by_others(view.image); !others.empty()) json["patchedBy"] = others;
  if (view.lineage) json["lineage"] = {{"source", view.lineage->source}, {"plan", view.lineage->plan}, {"version", view.lineage->version}};
  return json;
}

void print_platform(const patch::PlatformView& view, const patch::BaseFinding& base, const patch::Tools& tools, bool color) {
  const pkg::Release* release = tools.recipes.release(view.os);
  std::uint64_t size = 0;
  for (const auto& layer : view.image.layers()) size += layer.descriptor.size;
  std::cout << fmt::format("platform  {}\nmanifest  {}\nsystem    {}{}\nlayers    {} ({}){}\n", view.image.platform().text(), view.image.descriptor.digest.text(),
                           view.os.id.empty() ? "unknown" : printable(view.os.pretty_name),
                           release ? ", end of life " + (release->lts_end.empty() ? release->end_of_life : release->lts_end) : "", view.image.layers().size(),
                           human_size(size), view.own_layers ? fmt::format(", the top {} ours", view.own_layers) : "");
  if (view.lineage) std::cout << fmt::format("patched   from {} by plan {}\n", printable(view.lineage->source), printable(view.lineage->plan));
  std::cout << base_text(view, base);
  if (const std::string others = patch::patched_by_others(view.image); !others.empty()) std::cout << "patched   by " << printable(others, 200) << '\n';
  if (!view.family) {
    std::cout << "packages  no package database that resole knows\n";
    return;
  }
  std::cout << fmt::format("packages  {} ({})\n\n", view.given_inventory.packages.size(), view.family->name());
  io::Table table({"PACKAGE", "VERSION", "ARCH", "SOURCE", "NOTE"});
  for (const auto& package : view.given_inventory.packages) {
    if (package.state == pkg::InstallState::removed) continue;
    std::string note = package.hold ? "hold " : "";
    if (!package.modified.empty()) note += fmt::format("{} changed ", package.modified.size());
    if (!package.deleted.empty()) note += fmt::format("{} deleted", package.deleted.size());
    const bool same = package.source.name == package.name && package.source.version == package.version;
    table.row({{package.name, io::Tone::strong},
               {package.version},
               {package.arch, io::Tone::dim},
               {same ? "" : package.source.name + (package.source.version == package.version ? "" : " " + package.source.version), io::Tone::dim},
               {note, io::Tone::warn}});
  }
  std::cout << table.render(color);
}

}  // namespace

int inspect(const Options& options, Workplace& workplace) {
  const patch::ImageView image = patch::look(*options.image, options.planning.platforms, workplace.tools());
  patch::BaseRequest wish = base_request(options.planning);
  wish.strategy = patch::Strategy::automatic;  // looked for whenever that may be
  const std::vector<patch::BaseFinding> bases = patch::find_bases(image, wish, workplace.tools());
  Json platforms = Json::array();
  for (std::size_t i = 0; i < image.platforms.size(); ++i) platforms.push_back(platform_json(image.platforms[i], bases[i], workplace.tools()));
  const Json document = {{"schema", "resole/inspection/v1"},
                         {"reference", image.location.text()},
                         {"digest", image.root.descriptor.digest.text()},
                         {"mediaType", image.root.descriptor.media_type},
                         {"platforms", platforms}};
  put_document(options, dump_document(document));
  const bool known = std::any_of(image.platforms.begin(), image.platforms.end(), [](const auto& view) { return view.family != nullptr; });
  const int code = known ? kExitDone : exit_code(ErrorKind::unsupported);
  if (options.format == "json") return code;
  std::cout << fmt::format("image     {}\ndigest    {}\n", printable(image.location.text()), image.root.descriptor.digest.text());
  for (std::size_t i = 0; i < image.platforms.size(); ++i) {
    std::cout << '\n';
    print_platform(image.platforms[i], bases[i], workplace.tools(), workplace.color());
  }
  return code;
}

}  // namespace resole::cli
