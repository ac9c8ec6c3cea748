// SPDX-License-Identifier: Apache-2.0
#include "patch/rebasing.hpp"

#include <algorithm>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/base_hints.hpp"
#include "oci/base_swap.hpp"
#include "plan/rebase_guards.hpp"

namespace resole::patch {

namespace {

using Indexes = std::vector<std::shared_ptr<const rootfs::LayerIndex>>;

constexpr std::size_t kMostUnpacked = 127;  // overlayfs in containerd and Docker (apko docs/layering.md)

Indexes lowest(const rootfs::Tree& tree, std::size_t count) { return {tree.layers().begin(), tree.layers().begin() + static_cast<std::ptrdiff_t>(count)}; }

Indexes stack(Indexes below, const rootfs::Tree& application, std::size_t from, std::size_t to) {
  for (std::size_t i = from; i < to; ++i) below.push_back(application.layers()[i]);
  return below;
}

// What the new base is called afterwards: by the name that can move again, and what it means now. A file or directory is no name; the image's own word stays.
std::map<std::string, std::string> labels_of(const BaseFinding& base) {
  std::map<std::string, std::string> labels = {{std::string(oci::kBaseDigest), base.root.text()}};
  if (const oci::Location location = oci::Location::parse(base.reference); location.reference) {
    oci::Reference name = *location.reference;
    if (!name.tag.empty()) name.digest = {};
    labels[std::string(oci::kBaseName)] = name.text();
  }
  return labels;
}

std::vector<std::string> words_of(const std::vector<pkg::MergeConflict>& conflicts, bool of_files) {
  std::vector<std::string> words;
  for (const auto& conflict : conflicts) {
    if (conflict.subject.starts_with('/') == of_files) words.push_back(fmt::format("{}: {}", conflict.subject, conflict.problem));
  }
  std::ranges::sort(words);
  return words;
}

std::vector<std::string> layer_problems(const oci::Image& given, const oci::Image& swapped) {
  const std::size_t before = given.manifest.layers().size(), after = swapped.manifest.layers().size() + 3;  // ours come on top
  if (after <= kMostUnpacked || after <= before) return {};
  return {fmt::format("{} layers are more than unpackers take ({})", after, kMostUnpacked)};
}

// The same base with other layers than the application's: what it says when it has nothing of the image's system at all.
void require_family(const PlatformView& given) {
  if (given.family) return;
  throw Error(ErrorKind::unsupported, "the image has no package database: whether its application fits another base cannot be known", "use --strategy append, or build it again");
}

}  // namespace

Rebased rebase(const PlatformView& given, const BaseFinding& base, const std::set<std::string>& allowed, const std::string& compression, const Tools& tools) {
  require_family(given);
  const std::size_t below = base.old_base->config.diff_ids().size();
  const std::size_t own = given.own_layers + given.merge_layers, layers = given.image.manifest.layers().size();
  if (below + own > layers) throw Error(ErrorKind::input, "the base has layers that resole put on top of the image", "name another --old-base");
  oci::SwappedImage swapped = oci::swap_base(given.image, {.old_base = *base.old_base, .new_base = *base.new_base, .strip = own, .labels = labels_of(base)});

  const Indexes next = load_layers(base.new_base->layers(), *base.store, tools);
  const rootfs::Tree old_tree = rootfs::Tree::merge(lowest(given.original, below)), new_tree = rootfs::Tree::merge(next);
  rootfs::Tree stacked = rootfs::Tree::merge(stack(next, given.original, below, layers - own));
  const std::int64_t epoch = std::max(parse_time(given.image.config.created()).value_or(0), parse_time(base.new_base->config.created()).value_or(0));

  Phase phase(tools.reporter, "merging package databases");
  const pkg::OsRelease new_os = read_os_release(new_tree);
  document::PlannedBase planned{.name = base.reference,
                                .found_by = base.found_by,
                                .old_digest = base.old_base->descriptor.digest,
                                .new_digest = base.new_base->descriptor.digest,
                                .layers = below,
                                .reference = base.reference,
                                .old_reference = base.old_reference,
                                .root = base.root,
                                .new_diff_ids = base.new_base->config.diff_ids(),
                                .merged = false,
                                .changes = {},
                                .guards = {},
                                .allowed = {allowed.begin(), allowed.end()},
                                .gain = {}};
  planned.guards.push_back(plan::guard_of("system", plan::system_problems(given.os, new_os)));
  planned.guards.push_back(plan::guard_of("layers", layer_problems(given.image, swapped.image)));

  pkg::MergeResult merged = given.family->merge(
      {.old_base = old_tree, .new_base = new_tree, .application = given.original, .stacked = stacked, .arch = given.inventory.arch, .epoch = epoch});
  planned.guards.push_back(plan::guard_of("packages", words_of(merged.conflicts, false)));
  planned.guards.push_back(plan::guard_of("files", words_of(merged.conflicts, true)));

  std::vector<build::BuiltLayer> written;
  if (plan::all_pass(planned.guards)) {
    auto layer = build::write_database(merged.draft, stacked, {.compression = compression == "zstd" ? archive::Compression::zstd : archive::Compression::gzip, .manifest_type = swapped.image.manifest.type(), .epoch = epoch, .jobs = tools.jobs}, tools.cache);
    if (layer && !layer->index->entries.empty()) {
      layer->role = "merge";
      stacked = stacked.with(layer->index);
      planned.merged = true;
      written.push_back(std::move(*layer));
    }
  }
  rootfs::Tree same = rootfs::Tree::merge(stacked.layers());
  PlatformView view{.image = std::move(swapped.image),
                    .lineage = given.lineage,
                    .own_layers = 0,
                    .merge_layers = 0,
                    .given = std::move(stacked),
                    .original = std::move(same),
                    .os = new_os,
                    .family = given.family,
                    .inventory = {},
                    .given_inventory = {}};
  view.inventory = view.given_inventory = given.family->inventory(view.given, view.os, view.image.platform());

  const oci::Platform platform = given.image.platform();
  const pkg::Inventory old_packages = given.family->inventory(old_tree, given.os, platform), new_packages = given.family->inventory(new_tree, new_os, platform);
  planned.guards.push_back(plan::guard_of("sonames", plan::soname_problems(given.original, view.given, next.size())));
  planned.guards.push_back(plan::guard_of(std::string(plan::kAllowRemoved), plan::removed_problems(given.inventory, view.inventory), allowed));
  planned.guards.push_back(plan::guard_of(std::string(plan::kAllowInterpreter),
                                          plan::interpreter_problems({old_packages, base.old_base->config.env()}, {new_packages, base.new_base->config.env()}), allowed));
  planned.changes = plan::base_changes(given.inventory, view.inventory);

  std::vector<std::string> notes = std::move(merged.notes);
  for (const std::string& place : swapped.notes) notes.push_back(fmt::format("{}: the application and the new base both set it; the application's stays", printable(place, 120)));
  return {std::move(view), std::move(written), own, std::move(planned), new_packages, base.new_base->config.created(), std::move(notes)};
}

}  // namespace resole::patch
