// SPDX-License-Identifier: Apache-2.0
#include "rollout/edit.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "rollout/advice.hpp"
#include "rollout/decide.hpp"
#include "rollout/findings.hpp"
#include "rollout/splice.hpp"
#include "rollout/targets.hpp"

namespace resole::rollout {

namespace {

// Content-addressed: the same images at the same places are the same change set, on any machine, before and after it is written.
std::string change_set_id(const document::Rollout& rollout) {
  Json images = Json::array(), places = Json::array();
  for (const auto& image : rollout.images) images.push_back({image.source_reference, image.source.text(), image.patched_reference, image.patched.text()});
  for (const auto& workload : rollout.workloads) places.push_back({workload.file, workload.document, workload.pointer});
  return Digest::of(dump_compact(Json{{"images", images}, {"places", places}})).text();
}

// Does kustomize's image transformer see this site? (field/rollout.md 1.2: neither ephemeral containers nor volumes)
bool is_kustomized(const Site& site) { return site.is_entry() || (site.target == "kubernetes" && (site.type == "container" || site.type == "init")); }

std::string effect_of(const Site& site) {
  if (site.next_run || site.target == "github-actions" || site.target == "gitlab-ci" || site.target == "dockerfile") return "next-run";
  return site.target == "compose" || site.target == "quadlet" || site.target == "ecs" ? "manual" : "rolling";
}

std::vector<std::string> keys_of(const Site& site) {
  std::vector<std::string> keys;
  if (site.is_whole()) return keys;
  if (site.registry.filled()) keys.emplace_back("registry");
  keys.emplace_back("repository");
  if (site.tag.there) keys.emplace_back("tag");
  if (site.digest.there) keys.emplace_back("digest");
  return keys;
}

}  // namespace

struct EditPlanner::State {
  struct KeptFile {
    ManifestFile file;
    std::vector<Site> sites;
  };

  Images images;
  WordSet context;
  EditOptions options;
  KustomizeTree tree;
  std::vector<KeptFile> files;
  std::set<std::string> image_updater;
  std::vector<RenovateConfig> renovate;
  document::Rollout rollout;
  std::vector<std::set<std::string>> spellings;
  std::vector<EditedFile> edited;
  std::map<const Site*, KustomizeTree::Entry> entries;
  std::map<const Site*, std::vector<const Site*>> seen_by;  // an entry -> workloads that it is applied to

  State(std::vector<document::RolloutImage> list, const EditOptions& wanted) : images(std::move(list), wanted.tags), options(wanted) {
    spellings.resize(images.list().size());
    add_context_words(context);
  }

  // ---- what other files say

  void know_entries() {
    for (const auto& kept : files) {
      for (const Site& site : kept.sites) {
        if (!site.is_entry() && site.name_before_equals.empty()) continue;
        std::string name = site.is_entry() ? site.name_part.value : site.name_before_equals == "=" ? written_name(site) : site.name_before_equals;
        entries[&site] = {kept.file.path, std::move(name), site.line, site.main().outer.begin, site.document};
      }
    }
    for (const auto& [site, entry] : entries) tree.add_entry(entry);
    tree.sort();
  }

  std::vector<KustomizeTree::Found> deciders(const KeptFile& kept, const Site& site) const {
    if (tree.empty() || !is_kustomized(site)) return {};
    const auto self = entries.find(&site);
    return tree.over(kept.file.path, written_name(site), self == entries.end() ? nullptr : &self->second);
  }

  void know_what_entries_see() {
    std::map<std::pair<std::string, std::size_t>, const Site*> by_place;
    for (const auto& [site, entry] : entries) by_place[{entry.file, entry.begin}] = site;
    for (const auto& kept : files) {
      for (const Site& site : kept.sites) {
        for (const auto& found : deciders(kept, site)) {
          const auto entry = by_place.find({found.entry->file, found.entry->begin});
          if (found.match == NameMatch::yes && entry != by_place.end() && !is_partial_entry(site)) seen_by[entry->second].push_back(&site);
        }
      }
    }
  }

  // Who builds this file without such an entry runs the source as long as it gets no entry of its own.
  std::string bare_roots(const KeptFile& kept, const Site& site) const {
    const auto roots = tree.roots_without_entry(kept.file.path, written_name(site));
    return roots.empty() ? "" : fmt::format("; {} has none and needs one of its own", printable(join({roots.begin(), roots.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(roots.size(), 3))}, ", ")));
  }

  // ---- deciding

  Verdict judge(const KeptFile& kept, const Site& site) const {
    Verdict verdict = is_partial_entry(site) ? judge_partial(kept, site) : decide(site, images, options.pin, kept.file.text);
    if (!verdict.image || verdict.changes.empty()) return verdict;
    const auto leave = [&](LeftReason reason, std::string detail) {
      verdict.left = reason;
      verdict.detail = std::move(detail);
      verdict.changes.clear();
    };
    if (const auto found = deciders(kept, site); !found.empty()) {
      const auto& entry = *found.back().entry;
      leave(found.back().match == NameMatch::yes ? LeftReason::overridden : LeftReason::name_pattern, fmt::format("the entry \"{}\" in {}:{}{}", printable(entry.name), printable(entry.file), entry.line, bare_roots(kept, site)));
    } else if (site.target == "dockerfile" && !options.dockerfiles) {
      leave(LeftReason::needs_option, "");
    } else if (const LeftReason owner = owner_by_comment(site, kept.file.text); owner != LeftReason::none) {
      leave(owner, "");
    } else if (const auto followed = followed_by_updater(site); !followed.empty()) {
      leave(LeftReason::image_updater, followed);
    }
    return verdict;
  }

  Verdict judge_partial(const KeptFile& kept, const Site& site) const {
    const auto seen = seen_by.find(&site);
    Verdict first = decide(site, images, options.pin, kept.file.text);
    if (seen == seen_by.end()) return first;
    bool any = false;
    std::set<std::string> meanings;
    for (const Site* workload : seen->second) {
      const std::string reference = workload->is_whole() ? std::string(trim(workload->whole.value)) : decide(*workload, images, options.pin, "").current;
      const std::size_t at = reference.find('@');
      Inherited inherited{std::string(tag_of(reference)), at == std::string::npos ? "" : reference.substr(at + 1)};
      if (inherited.tag.empty() && inherited.digest.empty()) inherited.tag = "latest";
      Verdict verdict = decide(site, images, options.pin, kept.file.text, inherited);
      any = any || verdict.image.has_value();
      if (meanings.insert(verdict.current).second && meanings.size() == 1) first = std::move(verdict);
    }
    if (meanings.size() > 1 && any) {
      first.image = images.of_name(written_name(site));
      first.left = LeftReason::ambiguous;
      first.changes.clear();
    }
    return first;
  }

  std::string followed_by_updater(const Site& site) const {
    if (image_updater.empty() || (site.target != "argocd" && site.target != "kustomize" && site.target != "helm-values")) return {};
    try {
      const std::string name = oci::Reference::parse(written_name(site)).name();
      return image_updater.contains(name) ? "an Application's image-list names " + name : "";
    } catch (const Error&) {
      return {};
    }
  }

  void file(KeptFile& kept) {
    std::vector<PlacedChange> changes;
    std::vector<std::pair<std::size_t, std::size_t>> owners;  // workload, number of its changes
    for (const Site& site : kept.sites) {
      Verdict verdict = judge(kept, site);
      if (!verdict.image) continue;
      add_workload(kept, site, verdict);
      if (verdict.left != LeftReason::none) {
        rollout.not_applied.push_back({kept.file.path, verdict.current, verdict.left, verdict.detail, site.line});
        continue;
      }
      rollout.workloads.back().edited = !verdict.changes.empty();
      for (auto& change : verdict.changes) changes.push_back({site.document, std::move(change)});
    }
    if (!changes.empty()) apply(kept, std::move(changes));
  }

  void add_workload(const KeptFile& kept, const Site& site, const Verdict& verdict) {
    const auto& image = images.list()[*verdict.image];
    const Part& main = site.main();
    document::Workload workload{site.kind, site.ns, site.name, site.container, site.type, std::string(site.target), *verdict.image, kept.file.path, main.pointer, site.document,
                                main.text.begin, main.text.end, verdict.current, verdict.desired,
                                std::string(repository_of(image.source_reference)) + "@" + image.source.text(), false, effect_of(site), keys_of(site)};
    rollout.workloads.push_back(std::move(workload));
    const std::string name = site.is_entry() ? site.name_part.value : written_name(site);
    if (site.target == "kubernetes" && images.of_name(name) == verdict.image) spellings[*verdict.image].insert(name);
  }

  // ---- writing

  void apply(KeptFile& kept, std::vector<PlacedChange> changes) {
    const std::string& path = kept.file.path;
    const std::string& text = kept.file.text;
    const bool disjoint = order_changes(changes);
    std::string after = disjoint ? splice(text, changes) : std::string();
    if (!disjoint || !only_intended_changes(path, text, after, changes)) {
      for (auto& workload : rollout.workloads) {
        if (workload.file != path || !workload.edited) continue;
        workload.edited = false;
        rollout.not_applied.push_back({path, workload.current, LeftReason::not_isolated, "", 1 + static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(workload.begin), '\n'))});
      }
      return;
    }
    EditedFile edited_file{path, {}, std::move(after), {}};
    for (const auto& [document, change] : changes) {
      edited_file.edits.push_back({path, change.pointer, std::string(change.span.of(text)), change.text, document, change.span.begin, change.span.end});
    }
    rollout.files.push_back({path, Digest::of(text), Digest::of(edited_file.after)});
    rollout.edits.insert(rollout.edits.end(), edited_file.edits.begin(), edited_file.edits.end());
    edited_file.before = std::move(kept.file.text);
    edited.push_back(std::move(edited_file));
  }
};

EditPlanner::EditPlanner(std::vector<document::RolloutImage> images, const EditOptions& options) : state_(std::make_unique<State>(std::move(images), options)) {}
EditPlanner::~EditPlanner() = default;

bool EditPlanner::is_manifest(std::string_view path) { return is_manifest_path(path); }

bool EditPlanner::wants(std::string_view path, std::string_view text) const {
  return !state_->images.list().empty() && (state_->images.mentioned_in(text) || is_context(path) || state_->context.any_in(text));
}

void EditPlanner::take(ManifestFile file) {
  if (is_renovate_config(file.path)) {
    state_->renovate.push_back({file.path, file.text.find("kubernetes") != std::string::npos});
    return;
  }
  Findings found = find_in(file.path, file.text, state_->images, state_->tree);
  auto& rollout = state_->rollout;
  std::move(found.left.begin(), found.left.end(), std::back_inserter(rollout.not_applied));
  std::move(found.policies.begin(), found.policies.end(), std::back_inserter(rollout.policies));
  state_->image_updater.merge(found.image_updater);
  // Entries without the name of an image matter too: they may decide about a workload.
  const bool matters = std::any_of(found.sites.begin(), found.sites.end(), [&](const Site& site) {
    return site.is_entry() || state_->images.mentioned_in(site.whole.value) || state_->images.mentioned_in(site.repository.value);
  });
  if (matters) state_->files.push_back({std::move(file), std::move(found.sites)});
}

void EditPlanner::leave(const std::string& path, LeftReason reason, std::string detail) {
  state_->rollout.not_applied.push_back({path, "", reason, std::move(detail), 0});
}

void EditPlanner::take_running(std::string_view ndjson, std::string_view what) {
  auto running = read_running(ndjson, what, state_->images);
  std::move(running.begin(), running.end(), std::back_inserter(state_->rollout.running));
}

EditPlan EditPlanner::finish() {
  State& state = *state_;
  std::sort(state.files.begin(), state.files.end(), [](const auto& a, const auto& b) { return a.file.path < b.file.path; });
  state.know_entries();
  state.know_what_entries_see();
  for (auto& kept : state.files) state.file(kept);
  document::Rollout& rollout = state.rollout;
  rollout.tool_version = RESOLE_VERSION;
  rollout.images = state.images.list();
  for (std::size_t i = 0; i < rollout.images.size(); ++i) rollout.images[i].spellings.assign(state.spellings[i].begin(), state.spellings[i].end());
  join_running(rollout);
  rollout.waves = waves_of(rollout);
  rollout.warnings = warnings_of(rollout, state.edited, state.renovate);
  const auto order = [](const document::NotApplied& a, const document::NotApplied& b) {
    return std::tie(a.file, a.line, a.reference, a.reason) < std::tie(b.file, b.line, b.reference, b.reason);
  };
  std::stable_sort(rollout.not_applied.begin(), rollout.not_applied.end(), order);
  rollout.change_set_id = change_set_id(rollout);
  return {std::move(rollout), std::move(state.edited)};
}

EditPlan plan_edits(const std::vector<ManifestFile>& files, std::vector<document::RolloutImage> images, const EditOptions& options) {
  EditPlanner planner(std::move(images), options);
  for (const auto& file : files) {
    if (planner.wants(file.path, file.text)) planner.take(file);
  }
  return planner.finish();
}

}  // namespace resole::rollout
