// SPDX-License-Identifier: Apache-2.0
#include "patch/verifying.hpp"

#include <mutex>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/planner.hpp"

namespace resole::patch {

namespace {

class Findings {
 public:
  explicit Findings(Verification& out) : out_(out) {}
  void add(const std::string& platform, std::string subject, std::string problem) {
    const std::lock_guard lock(mutex_);
    out_.findings.push_back({platform, std::move(subject), std::move(problem)});
  }

 private:
  Verification& out_;
  std::mutex mutex_;
};

// Digests of all blobs. The layer index may come from the cache, so the bytes in this store are read here in any case.
void verify_blobs(const ImageView& image, const PlatformView& view, Findings& findings, const Tools& tools) {
  std::vector<oci::Descriptor> blobs;
  std::uint64_t total = 0;
  for (const auto& layer : view.image.layers()) blobs.push_back(layer.descriptor);
  for (const auto& blob : blobs) total += blob.size;
  Phase phase(tools.reporter, "verifying layers", total);
  parallel_for(blobs.size(), tools.jobs, [&](std::size_t i) {
    try {
      const auto source = image.store->open_blob(blobs[i]);
      std::vector<char> buffer(1u << 20);
      while (source->read(buffer.data(), buffer.size()) > 0) {
      }
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;
      findings.add(view.image.platform().text(), "layer " + blobs[i].digest.short_text(), error.message());
    }
  });
}

// Did the image lack it before our upgrade? Files that were deleted stay deleted, and directories that held nothing else with them.
bool was_deleted_before(const PlatformView& view, const pkg::VerifyFinding& finding) {
  const auto below_root = [](std::string_view path) { return path.substr(path.starts_with('/') ? 1 : 0); };
  const std::string_view path = below_root(finding.path);
  for (const auto& package : view.inventory.packages) {
    if (package.key() != finding.package) continue;
    return std::any_of(package.deleted.begin(), package.deleted.end(), [&](const std::string& each) {
      const std::string_view deleted = below_root(each);
      return deleted == path || (deleted.starts_with(path) && deleted.size() > path.size() && deleted[path.size()] == '/');
    });
  }
  return false;
}

// A package that we upgraded must be there in full, but for what the image had deleted of it.
bool is_lost(const PlatformView& view, const pkg::VerifyFinding& finding) {
  if (finding.kind != pkg::VerifyKind::missing || view.own_layers == 0 || was_deleted_before(view, finding)) return false;
  return std::any_of(view.lineage->packages.begin(), view.lineage->packages.end(),
                     [&](const plan::Floor& floor) { return floor.name + ":" + floor.arch == finding.package; });
}

void verify_packages(const PlatformView& view, Verification& out, Findings& findings, const Tools& tools) {
  Phase phase(tools.reporter, "verifying packages");
  for (const auto& finding : view.family->verify(view.given, view.given_inventory)) {
    if (finding.is_problem() || is_lost(view, finding)) {
      findings.add(view.image.platform().text(), finding.package.empty() ? finding.path : finding.package + " " + finding.path, finding.problem);
    } else {
      ++(finding.kind == pkg::VerifyKind::missing ? out.missing : out.local);
      tools.reporter.debug(fmt::format("{} {}: {}", finding.package, printable(finding.path), finding.problem));
    }
  }
}

std::vector<Digest> planned_layers(const document::PlatformPlan& plan) {
  const auto end = plan.diff_ids.end() - static_cast<std::ptrdiff_t>(std::min(plan.own_layers, plan.diff_ids.size()));
  if (!plan.changes_base()) return {plan.diff_ids.begin(), end};
  std::vector<Digest> layers = plan.base->new_diff_ids;
  layers.insert(layers.end(), plan.diff_ids.begin() + static_cast<std::ptrdiff_t>(std::min(plan.base->layers, plan.diff_ids.size())), end);
  return layers;
}

// The layers of the plan's image, on the base that the plan gives it and without those that it replaces, must be the bottom of the image, unchanged; above them stand only the layers that the
// lineage names, and the config says what it said.
void verify_untouched(const PlatformView& view, const document::PlatformPlan& plan, Findings& findings) {
  const std::string platform = view.image.platform().text();
  const auto& have = view.image.config.diff_ids();
  const std::vector<Digest> wanted = planned_layers(plan);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (i >= have.size() || have[i] != wanted[i]) {
      findings.add(platform, fmt::format("layer {}", i + 1), "is not the layer of the plan: " + wanted[i].short_text() + " was expected");
      return;
    }
  }
  const std::size_t ours = view.own_layers + (plan.changes_base() ? view.merge_layers : 0);
  if (have.size() != wanted.size() + ours) {
    findings.add(platform, "layers", fmt::format("{} above those of the plan's image, where resole made {}", have.size() - wanted.size(), ours));
  }
  if (plan.changes_base() && plan.base->merged != (view.merge_layers == 1)) findings.add(platform, "layers", "the merged package database is not the layer that the plan has");
  if (!plan.config_content.empty() && plan.config_content != config_content(view.image.config)) {
    findings.add(platform, "config", "is not the plan's image's (user, entrypoint, environment or the like was changed)");
  }
}

// What a platform that the plan does not change must be: the very same manifest.
void verify_carried(const PlatformView& view, const document::PlatformPlan& plan, Findings& findings) {
  if (view.image.descriptor.digest == plan.manifest) return;
  findings.add(view.image.platform().text(), "manifest", fmt::format("is {}; the plan leaves {} as it is", view.image.descriptor.digest.short_text(), plan.manifest.short_text()));
}

// Copies of the code of the packages that were patched. The original still has the files that they are copies of.
void list_shadow_copies(const PlatformView& view, Verification& out) {
  if (view.own_layers == 0) return;
  std::vector<document::PlannedPackage> patched;
  for (const plan::Floor& floor : view.lineage->packages) {
    const auto* before = view.inventory.find(floor.name, floor.arch);
    const auto* after = view.given_inventory.find(floor.name, floor.arch);
    if (!before || !after) continue;
    document::PlannedPackage package;
    package.name = floor.name;
    package.arch = floor.arch;
    package.from = before->version;
    package.to = after->version;
    package.source = after->source;
    patched.push_back(std::move(package));
  }
  for (auto& copy : plan::shadow_copies(view.original, view.inventory, patched)) out.shadow_copies.push_back(std::move(copy));
}

// Relations that the original's packages met and these do not (`apt-get check`).
void verify_relations(const PlatformView& view, Findings& findings) {
  if (view.own_layers == 0) return;
  const auto before = plan::broken_relations(view.inventory, *view.family);
  for (const auto& [identity, text] : plan::broken_relations(view.given_inventory, *view.family)) {
    if (!before.contains(identity)) findings.add(view.image.platform().text(), text, "does not hold");
  }
}

void verify_versions(const PlatformView& view, const document::PlatformPlan& plan, Findings& findings) {
  for (const auto& package : plan.packages) {
    const auto* have = view.given_inventory.find(package.name, package.arch);
    if (!have || have->state != pkg::InstallState::installed) {
      findings.add(view.image.platform().text(), package.name, "is not installed; the plan has " + package.to);
    } else if (view.family->compare(have->version, package.to) != 0) {
      findings.add(view.image.platform().text(), package.name, "is " + printable(have->version) + "; the plan has " + package.to);
    }
  }
  for (const auto& before : view.inventory.packages) {
    const auto* have = view.given_inventory.find(before.name, before.arch);
    if (have && view.family->compare(have->version, before.version) < 0) {
      findings.add(view.image.platform().text(), before.name, "went back from " + printable(before.version) + " to " + printable(have->version));
    }
  }
}

const document::PlatformPlan* plan_for(const PlatformView& view, const document::Plan& plan) {
  for (const auto& platform : plan.platforms) {
    if (platform.platform.matches(view.image.platform())) return &platform;
  }
  return nullptr;
}

void verify_platforms(const ImageView& image, const document::Plan& plan, Findings& findings) {
  for (const auto& platform : plan.platforms) {
    const auto same = [&](const oci::Image& have) { return platform.platform.matches(have.platform()); };
    if (std::none_of(image.root.images.begin(), image.root.images.end(), same)) findings.add(platform.platform.text(), "platform", "is in the plan, but not in the image");
  }
}

bool wants_change(const document::PlatformPlan& plan) {
  return plan.changes_base() || std::any_of(plan.packages.begin(), plan.packages.end(), [](const auto& package) { return !package.noise; });
}

}  // namespace

Verification verify_image(const ImageView& image, const std::optional<document::Plan>& plan, const Tools& tools) {
  Verification out;
  out.against_plan = plan.has_value();
  Findings findings(out);
  for (const PlatformView& view : image.platforms) {
    verify_blobs(image, view, findings, tools);
    out.layers += view.image.layers().size();
    if (view.family) {
      verify_packages(view, out, findings, tools);
      verify_relations(view, findings);
      list_shadow_copies(view, out);
      out.packages += view.given_inventory.packages.size();
    }
    if (!plan) continue;
    const auto* wanted = plan_for(view, *plan);
    if (!wanted) {
      findings.add(view.image.platform().text(), "platform", "is not in the plan");
    } else if (!wanted->patched || !wants_change(*wanted)) {
      verify_carried(view, *wanted, findings);
    } else {
      verify_untouched(view, *wanted, findings);
      verify_versions(view, *wanted, findings);
      if (!view.lineage || view.lineage->plan != document::plan_digest(*plan).text()) {
        findings.add(view.image.platform().text(), "lineage", "the image does not say that it was made from this plan");
      }
    }
  }
  if (plan) verify_platforms(image, *plan, findings);
  std::sort(out.findings.begin(), out.findings.end(), [](const Finding& a, const Finding& b) {
    return std::tie(a.platform, a.subject, a.problem) < std::tie(b.platform, b.subject, b.problem);
  });
  return out;
}

}  // namespace resole::patch
