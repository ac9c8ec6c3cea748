// SPDX-License-Identifier: Apache-2.0
#include "patch/building.hpp"

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "build/layers.hpp"
#include "build/script_tree.hpp"
#include "patch/built_before.hpp"
#include "patch/checking.hpp"
#include "patch/downloads.hpp"
#include "patch/places.hpp"
#include "patch/publishing.hpp"
#include "patch/rebasing.hpp"
#include "patch/watched.hpp"
#include "patch/scripts.hpp"
#include "pkg/resource.hpp"
#include "plan/rebase_guards.hpp"

namespace resole::patch {

namespace {

archive::Compression compression_of(const document::Plan& plan) {
  return plan.compression == "zstd" ? archive::Compression::zstd : archive::Compression::gzip;
}

// Other compressors than the plan's give other bytes: said, not hidden (product.md: same digest for one tool version and its compressors).
void compare_compressors(const document::Plan& plan, Reporter& reporter) {
  const auto recorded = plan.compressors.find(plan.compression);
  const std::string here = archive::compressor_text(compression_of(plan));
  if (recorded != plan.compressors.end() && recorded->second != here) {
    reporter.warn(fmt::format("the plan was made with {}, this is {}: the diff_ids will be the same, the digests not", printable(recorded->second), here));
  }
}

// Where each package was proven to be. Throws when one cannot be.
std::vector<std::string> prove(const PlatformView& view, const document::PlatformPlan& plan, const BuildRequest& request, const Tools& tools) {
  std::vector<std::string> places(plan.packages.size());
  if (request.trust_plan) {
    tools.reporter.warn("the plan's packages are not proven again from signed indexes (--trust-plan)");
    return places;
  }
  Phase phase(tools.reporter, "proving packages");
  std::vector<pkg::Candidate> packages;
  for (const auto& package : plan.packages) packages.push_back(package.candidate());
  for (const auto& package : plan.packages) {
    if (const auto against = package.against()) packages.push_back(*against);
  }
  auto proofs =
      view.family->prove(view.given, view.given_inventory, tools.recipes, request.repositories, plan.repositories, packages, tools.fetcher, tools.cache);
  for (std::size_t i = 0; i < proofs.size(); ++i) {
    if (!proofs[i].problem.empty()) {
      throw Error(ErrorKind::refused, fmt::format("package {} {} of the plan cannot be proven: {}", packages[i].name, packages[i].version, proofs[i].problem),
                  "plan again; --trust-plan builds without the proof");
    }
    if (i < places.size()) places[i] = std::move(proofs[i].uri);
  }
  return places;
}

// Facts of the plan are computed again from the verified bytes; a difference means that the plan was edited or the archive lies (exit 4).
void check_verdict(const PlatformView& view, const Ground& ground, const document::PlannedPackage& package, const pkg::Candidate& candidate, const Tools& tools) {
  const auto installed = package.against();
  if (installed) tools.fetcher.fetch(pkg::resource_of(*installed));  // whole, so that proven bytes are compared
  const pkg::Verdict verdict =
      view.family->judge(ground.tree, ground.inventory, tools.recipes, candidate, installed ? &*installed : nullptr, tools.fetcher, tools.cache);
  if (runs_scripts(package) || (verdict.passes() && verdict.actions == package.verdict.actions)) return;
  throw Error(ErrorKind::verification,
              fmt::format("the plan says that the scripts of {} {} are {}, but: {}", package.name, package.to, pkg::verdict_name(package.verdict.kind),
                          verdict.passes() ? "other actions take their place" : verdict.reason),
              "plan again");
}

// The plan's packages on their way here, each checked against its verdict when it arrives.
Downloads start_downloads(const PlatformView& view, const document::PlatformPlan& plan, const Ground& ground, const std::vector<std::string>& proven_at,
                          const pkg::RepositoryOptions& repositories, const Tools& tools) {
  std::vector<Resource> resources;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    const pkg::Candidate package = plan.packages[i].candidate();
    std::vector<std::string> places = places_of(package.entry.uri, plan.repositories, repositories);
    if (!proven_at[i].empty()) places.insert(places.begin(), proven_at[i]);
    resources.push_back(pkg::resource_of(package, places));
  }
  return {tools.fetcher, std::move(resources),
          [&](std::size_t i) { check_verdict(view, ground, plan.packages[i], plan.packages[i].candidate(), tools); }};
}

std::vector<pkg::Item> items_of(const document::PlatformPlan& plan, Downloads& downloads) {
  std::vector<pkg::Item> items;
  for (std::size_t i = 0; i < plan.packages.size(); ++i) {
    const auto& package = plan.packages[i];
    items.push_back({.name = package.name,
                     .arch = package.arch,
                     .from = package.from,
                     .to = package.candidate(),
                     .archive = [&downloads, i] { return downloads.get(i); },
                     .overwrite = package.overwrite,
                     .keep = package.keep,
                     .run_scripts = runs_scripts(package),
                     .actions = runs_scripts(package) ? std::vector<std::string>() : package.verdict.actions});
  }
  return items;
}

// What is built upon: the image as it was given, or as it comes to on another base.
struct Foundation {
  const PlatformView& given;
  const std::optional<Rebased>& rebased;
  const PlatformView& view() const { return rebased ? rebased->view : given; }
};

Lineage lineage_of(const Foundation& on, const document::Plan& plan, const document::PlatformPlan& platform, const std::vector<build::BuiltLayer>& layers) {
  const PlatformView& given = on.given;
  Lineage lineage;
  lineage.source = platform.own_layers > 0 && given.lineage ? given.lineage->source : given.image.descriptor.digest.text();
  lineage.plan = document::plan_digest(plan).text();
  lineage.version = RESOLE_VERSION;
  for (const auto& layer : layers) {
    (layer.role == "merge" ? lineage.merge_layer : lineage.layers.emplace_back()) = layer.layer.diff_id.text();
  }
  for (const auto& package : platform.packages) lineage.packages.push_back({package.name, package.arch, package.to});
  if (on.rebased) {
    lineage.base_old = platform.base->old_digest.text();
    lineage.base_new = platform.base->new_digest.text();
  } else if (given.lineage) {
    lineage.base_old = given.lineage->base_old;
    lineage.base_new = given.lineage->base_new;
    if (given.merge_layers > 0) lineage.merge_layer = given.lineage->merge_layer;
  }
  if (lineage.base_new.empty()) return lineage;
  std::vector<Digest> diff_ids = on.view().image.config.diff_ids();
  diff_ids.resize(diff_ids.size() - (on.rebased ? 0 : platform.own_layers));
  for (const auto& layer : layers) diff_ids.push_back(layer.layer.diff_id);
  lineage.rootfs = rootfs_text(diff_ids);
  return lineage;
}

document::PlatformResult carried(const PlatformView* view, const document::PlatformPlan& plan, std::string outcome) {
  document::PlatformResult out;
  out.platform = plan.platform;
  out.outcome = std::move(outcome);
  out.source_manifest = out.manifest = plan.manifest;
  out.config = view ? view->image.manifest.config().digest : plan.config;
  out.held = plan.held;
  out.unfixed = plan.unfixed;
  out.shadow_copies = plan.shadow_copies;
  return out;
}

bool wants_change(const document::PlatformPlan& plan) {
  return plan.changes_base() || std::any_of(plan.packages.begin(), plan.packages.end(), [](const auto& package) { return !package.noise; });
}

struct BuiltPlatform {
  document::PlatformResult result;
  std::vector<build::BuiltLayer> layers;
  std::optional<oci::EditedImage> edited;
  std::optional<PatchedTree::Borrowed> base = {};
};

// The plan is reviewed, not trusted: on another base the guards are asked again.
std::optional<Rebased> rebased_as_planned(const PlatformView& given, const document::Plan& plan, const document::PlatformPlan& platform, PatchedTree::Borrowed& base, const Tools& tools) {
  if (!platform.changes_base()) return std::nullopt;
  const BaseFinding found = planned_base(given.image, *platform.base, tools);
  Rebased rebased = rebase(given, found, {platform.base->allowed.begin(), platform.base->allowed.end()}, plan.compression, tools);
  if (!plan::all_pass(rebased.base.guards)) throw Error(ErrorKind::refused, "the base cannot be changed: " + plan::problems_of(rebased.base.guards), "plan again");
  if (rebased.strip != platform.own_layers) throw Error(ErrorKind::input, "the plan takes off other layers than resole's", "plan again");
  base = {found.new_base->manifest.layers(), found.store};
  return rebased;
}

// The image's layers, with or without scripts on the way.
build::ScriptedUpgrade upgrade_packages(const ImageView& image, const PlatformView& view, const document::PlatformPlan& platform, const pkg::UpgradeRequest& wish,
                                        build::LayerSettings settings, Downloads& downloads, const Tools& tools) {
  if (runs_scripts(platform)) {
    build::ScriptedUpgrade done = upgrade_with_scripts(image, view, wish, settings, tools);
    downloads.finish();
    return done;
  }
  build::ScriptedUpgrade done;
  {
    Phase phase(tools.reporter, "upgrading packages");
    done.upgrade = view.family->upgrade(wish);
    downloads.finish();  // also what was not read, since its segment is in the cache
  }
  Phase phase(tools.reporter, "writing layers");
  if (done.upgrade.epoch > 0) settings.epoch = done.upgrade.epoch;
  done.layers = build::write_layers(done.upgrade, wish.tree, settings, tools.cache);
  return done;
}

// The packages of the plan, in layers over the foundation.
build::ScriptedUpgrade upgrade_on(const Foundation& on, const ImageView& image, const document::Plan& plan, const document::PlatformPlan& platform, const BuildRequest& request,
                                  std::int64_t created, const Tools& tools) {
  if (platform.packages.empty()) return {};
  const PlatformView& view = on.view();
  const Ground ground = ground_of(view, on.rebased ? 0 : platform.own_layers);
  require_moves_forward(view, ground, platform);
  require_sandbox(view, platform, tools);
  const std::vector<std::string> proven_at = prove(view, platform, request, tools);
  Downloads downloads = start_downloads(view, platform, ground, proven_at, request.repositories, tools);
  const pkg::UpgradeRequest wish{.tree = ground.tree,
                           .inventory = ground.inventory,
                           .items = items_of(platform, downloads),
                           .recipes = tools.recipes,
                           .compression = compression_of(plan),
                           .jobs = tools.jobs,
                           .cache = tools.cache,
                           .spool = tools.spool,
                           .reporter = tools.reporter};
  build::ScriptedUpgrade done = upgrade_packages(
      image, view, platform, wish,
      {.compression = compression_of(plan), .manifest_type = view.image.manifest.type(), .epoch = created, .jobs = tools.jobs}, downloads, tools);
  require_outcome(view, ground, platform, done.layers);
  return done;
}

BuiltPlatform build_platform(const ImageView& image, const PlatformView& given, const document::Plan& plan, const document::PlatformPlan& platform,
                             const BuildRequest& request, const Tools& tools) {
  if (!platform.patched || !given.family || !wants_change(platform)) {
    return {carried(&given, platform, platform.patched ? "unchanged" : "carried"), {}, {}};
  }
  PatchedTree::Borrowed base;
  const std::optional<Rebased> rebased = rebased_as_planned(given, plan, platform, base, tools);
  const Foundation on{given, rebased};
  const PlatformView& view = on.view();
  std::int64_t created = parse_time(view.image.config.created()).value_or(0);
  if (rebased) created = std::max(created, parse_time(rebased->created).value_or(0));
  build::ScriptedUpgrade done = upgrade_on(on, image, plan, platform, request, created, tools);
  const pkg::UpgradeResult& upgrade = done.upgrade;
  const std::int64_t epoch = rebased ? std::max(upgrade.epoch, created) : upgrade.epoch > 0 ? upgrade.epoch : created;

  BuiltPlatform built;
  if (rebased) {
    built.layers = rebased->layers;
    built.base = std::move(base);
  }
  built.layers.insert(built.layers.end(), std::make_move_iterator(done.layers.begin()), std::make_move_iterator(done.layers.end()));
  require_growth(view, plan, platform, built.layers);

  const Lineage lineage = lineage_of(on, plan, platform, built.layers);
  oci::ImageEdit change{
      .strip_layers = rebased ? 0 : platform.own_layers, .append = {}, .created = format_time(epoch), .labels = lineage_labels(lineage), .annotations = {}};
  if (!oci::media_type::is_docker(view.image.manifest.type())) change.annotations = lineage_annotations(lineage);
  for (const auto& layer : built.layers) {
    change.append.push_back({layer.layer, fmt::format("resole {} {} plan {}", RESOLE_VERSION, layer.role, lineage.plan)});
  }
  built.edited = oci::edit(view.image, change);

  built.result = carried(&given, platform, "patched");
  built.result.manifest = built.edited->manifest.digest;
  built.result.config = built.edited->config.digest;
  built.result.packages = platform.packages;
  for (const auto& layer : built.layers) {
    built.result.layers.push_back({layer.role, layer.layer.descriptor.digest, layer.layer.diff_id, layer.layer.descriptor.size, layer.raw_size, layer.reused});
  }
  for (const auto& kept : upgrade.kept) built.result.kept.emplace_back(kept.path, kept.what);
  built.result.notes = upgrade.notes;
  built.result.scripts = done.scripts;
  return built;
}

std::map<std::string, std::string> index_annotations(const ImageView& image, const document::Result& result) {
  if (oci::media_type::is_docker(image.root.index->type())) return {};
  return {{std::string(label::kSource), image.root.descriptor.digest.text()}, {std::string(label::kPlan), result.plan.text()}, {std::string(label::kVersion), RESOLE_VERSION}};
}

// The root that the destinations get: the one image, or the index with its patched children replaced.
void add_root(const ImageView& image, std::vector<BuiltPlatform>& built, PatchedTree& tree, document::Result& result) {
  std::map<Digest, oci::Descriptor> replaced;
  for (auto& platform : built) {
    if (!platform.edited) continue;
    for (const auto& layer : platform.layers) tree.blobs.push_back({layer.layer.descriptor, layer.bytes, layer.kept_as});
    if (platform.base) tree.borrowed.push_back(*platform.base);
    tree.blobs.push_back({platform.edited->config, Blob::of(platform.edited->config_bytes)});
    tree.manifests.push_back({platform.edited->manifest, platform.edited->manifest_bytes});
    replaced[platform.result.source_manifest] = platform.edited->manifest;
  }
  tree.root = image.root.descriptor;
  if (replaced.empty()) return;
  if (!image.root.index) {
    tree.root = tree.manifests.back().descriptor;
    return;
  }
  for (oci::EditedIndex& index : oci::replace_in_tree(image.root, replaced, index_annotations(image, result))) {
    tree.manifests.push_back({index.descriptor, std::move(index.bytes)});
    result.dropped.insert(result.dropped.end(), index.dropped.begin(), index.dropped.end());
  }
  tree.root = tree.manifests.back().descriptor;
}

Made make(const ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools) {
  std::vector<BuiltPlatform> built;
  for (const auto& platform : plan.platforms) built.push_back({carried(nullptr, platform, "carried"), {}, {}});
  parallel_for(image.platforms.size(), tools.jobs, [&](std::size_t i) {
    const PlatformView& view = image.platforms[i];
    const std::size_t at = image.positions[i];
    built[at] = with_context([&] { return "building " + view.image.platform().text(); },
                             [&] { return build_platform(image, view, plan, plan.platforms[at], request, tools); });
  });

  Made made;
  document::Result& result = made.result;
  result.tool_version = RESOLE_VERSION;
  result.plan = document::plan_digest(plan);
  result.source_reference = plan.source_reference;
  result.source_deployed_as = plan.source_deployed_as;
  result.source = image.root.descriptor;

  add_root(image, built, made.tree, result);
  result.patched = made.tree.root;
  for (auto& platform : built) result.platforms.push_back(std::move(platform.result));
  return made;
}

document::Result deliver(const ImageView& image, const document::Plan& plan, Made made, std::vector<Destination> destinations, const BuildRequest& request,
                         const Tools& tools) {
  document::Result& result = made.result;
  const bool changed = result.patched.digest != image.root.descriptor.digest;
  result.outcome = !changed ? "unchanged" : plan.partial() ? "partial" : "patched";

  if (!changed && request.on_unchanged == OnUnchanged::fail) {
    throw Error(ErrorKind::refused, "nothing to change in this image", "--on-unchanged copy or skip accept that");
  }
  if (!changed && request.on_unchanged == OnUnchanged::skip) return result;
  if (!changed) result.outcome = plan.partial() ? "partial" : "copied";
  for (auto& destination : destinations) require_own(destination, result);
  for (auto& destination : destinations) {
    publish(image, made, destination, tools);
    result.destinations.push_back({destination.request.location.text(), destination.request.location.tag, destination.request.deployed_as});
    if (request.published) request.published(result);
  }
  return result;
}

// What was kept of a build is what it made; a new base's layers are where the plan says, as long as they are.
void borrow_bases(const ImageView& image, const document::Plan& plan, PatchedTree& tree, const Tools& tools) {
  for (const std::size_t at : image.positions) {
    const document::PlatformPlan& platform = plan.platforms[at];
    if (!platform.patched || !platform.changes_base()) continue;
    const BaseFinding base = planned_base(image.root.images[at], *platform.base, tools);
    tree.borrowed.push_back({base.new_base->manifest.layers(), base.store});
  }
}

Tools with_reporter(const Tools& tools, Reporter& reporter) {
  return {.fetcher = tools.fetcher,
          .cache = tools.cache,
          .clock = tools.clock,
          .reporter = reporter,
          .recipes = tools.recipes,
          .spool = tools.spool,
          .sandbox = tools.sandbox,
          .scratch = tools.scratch,
          .jobs = tools.jobs,
          .open_for_reading = tools.open_for_reading,
          .open_for_writing = tools.open_for_writing};
}

}  // namespace

document::Result build_image(const ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools) {
  require_plan_of_image(image, plan);
  compare_compressors(plan, tools.reporter);
  std::vector<Destination> destinations = open_destinations(image, request, plan.changes(), tools);
  WatchedReporter watched(tools.reporter);
  Made made = make(image, plan, request, with_reporter(tools, watched));
  if (!request.trust_plan && !watched.warned()) BuiltBefore(image, plan, request, tools).keep(made);
  return deliver(image, plan, std::move(made), std::move(destinations), request, tools);
}

document::Result build_or_recall(ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools) {
  build::remove_abandoned_trees(tools.scratch);
  auto made = request.trust_plan ? std::nullopt : BuiltBefore(image, plan, request, tools).recall();
  if (made) {
    compare_compressors(plan, tools.reporter);
    borrow_bases(image, plan, made->tree, tools);
    std::vector<Destination> destinations = open_destinations(image, request, plan.changes(), tools);
    // What is there already is not sent; what is sent must be what it is called.
    const bool nothing_to_send = std::all_of(destinations.begin(), destinations.end(), [&](const Destination& each) { return means(each, made->result); });
    if (nothing_to_send || is_intact(*made)) return deliver(image, plan, std::move(*made), std::move(destinations), request, tools);
  }
  read_layers(image, tools);
  return build_image(image, plan, request, tools);
}

}  // namespace resole::patch
