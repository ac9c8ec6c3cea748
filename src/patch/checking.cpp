// SPDX-License-Identifier: Apache-2.0
#include "patch/checking.hpp"

#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/planner.hpp"

namespace resole::patch {

namespace {

constexpr const char* kPlanAgain = "plan again";

[[noreturn]] void refuse(std::string message) { throw Error(ErrorKind::input, std::move(message), kPlanAgain); }

void require_platform(const oci::Image& image, const document::PlatformPlan& plan, const PlatformView* view) {
  const std::string name = image.platform().text();
  if (plan.manifest != image.descriptor.digest) {
    refuse(fmt::format("the plan's platform {} is of manifest {}, the image has {} there", plan.platform.text(), plan.manifest.short_text(), image.descriptor.digest.short_text()));
  }
  if (plan.diff_ids != image.config.diff_ids()) refuse(fmt::format("the plan's layers of {} are not the image's", name));
  const std::size_t own = !view ? 0 : view->own_layers + (plan.changes_base() ? view->merge_layers : 0);
  if (view && plan.own_layers != 0 && plan.own_layers != own) refuse(fmt::format("the plan takes off layers of {} that are not resole's", name));
  if (plan.strategy != "append" && plan.strategy != "rebase") refuse(fmt::format("the plan's strategy \"{}\" is not known", printable(plan.strategy, 40)));
  if (!plan.patched && plan.changes_base()) refuse(fmt::format("the plan changes the base of {}, which it says is carried", name));
  if (!plan.patched && !plan.packages.empty()) refuse(fmt::format("the plan lists packages for {}, which it says is carried", name));
}

const pkg::InstalledPackage* installed_of(const pkg::Inventory& inventory, const document::PlannedPackage& package) {
  const auto* found = inventory.find(package.name, package.arch);
  // A package that moves between "all" and a real architecture is the same package.
  for (const auto& each : inventory.packages) {
    if (!found && each.name == package.name && (each.arch == "all" || package.arch == "all")) found = &each;
  }
  return found && found->state != pkg::InstallState::removed ? found : nullptr;
}

}  // namespace

void require_plan_of_image(const ImageView& image, const document::Plan& plan) {
  if (image.root.descriptor.digest != plan.source.digest) {
    refuse(fmt::format("the plan was made for {}, but {} is {} now", plan.source.digest.short_text(), printable(image.location.text()),
                       image.root.descriptor.digest.short_text()));
  }
  if (plan.platforms.size() != image.root.images.size()) {
    refuse(fmt::format("the plan has {} platforms, the image {}", plan.platforms.size(), image.root.images.size()));
  }
  for (std::size_t i = 0; i < plan.platforms.size(); ++i) {
    const auto at = std::find(image.positions.begin(), image.positions.end(), i);
    const PlatformView* view = at == image.positions.end() ? nullptr : &image.platforms[static_cast<std::size_t>(at - image.positions.begin())];
    require_platform(image.root.images[i], plan.platforms[i], view);
  }
}

void require_moves_forward(const PlatformView& view, const Ground& ground, const document::PlatformPlan& plan) {
  if (plan.family != view.family->name() || plan.arch != view.inventory.arch || plan.os.id != view.os.id) {
    refuse(fmt::format("the plan is for {} {} ({}), the image is {} {} ({})", printable(plan.os.id), printable(plan.arch), printable(plan.family), printable(view.os.id),
                       printable(view.inventory.arch), view.family->name()));
  }
  std::set<std::pair<std::string, std::string>> seen;
  for (const auto& package : plan.packages) {
    const std::string name = printable(package.name + ":" + package.arch);
    if (!seen.emplace(package.name, package.arch).second) refuse(fmt::format("the plan lists {} twice", name));
    const auto* installed = installed_of(ground.inventory, package);
    const std::string have = installed ? installed->version : "";
    if (have != package.from) {
      refuse(fmt::format("the plan takes {} from {} to {}, but the image has {}", name, package.from.empty() ? "nothing" : printable(package.from),
                         printable(package.to), have.empty() ? "no such package" : printable(have)));
    }
    const auto* given = installed_of(view.given_inventory, package);
    for (const auto* before : {installed, given}) {
      if (!before || view.family->compare(package.to, before->version) >= (before == given ? 0 : 1)) continue;
      throw Error(ErrorKind::refused, fmt::format("the plan takes {} from {} to {}, and no version goes back", name, printable(before->version), printable(package.to)),
                  kPlanAgain);
    }
  }
}

void require_outcome(const PlatformView& view, const Ground& ground, const document::PlatformPlan& plan, const std::vector<build::BuiltLayer>& layers) {
  std::optional<rootfs::Tree> after;
  for (const auto& layer : layers) after = (after ? *after : ground.tree).with(layer.index);
  if (!after) return;
  const pkg::Inventory inventory = view.family->inventory(*after, view.os, view.image.platform());
  for (const auto& package : plan.packages) {
    const auto* have = installed_of(inventory, package);
    if (have && view.family->compare(have->version, package.to) == 0 && have->state == pkg::InstallState::installed) continue;
    throw Error(ErrorKind::internal, fmt::format("{} {} is not installed in the layers that were made for it", printable(package.name), printable(package.to)));
  }
  const auto before = plan::broken_relations(view.given_inventory, *view.family), original = plan::broken_relations(ground.inventory, *view.family);
  for (const auto& [identity, text] : plan::broken_relations(inventory, *view.family)) {
    if (before.contains(identity) || original.contains(identity)) continue;
    throw Error(ErrorKind::refused, fmt::format("what the plan leaves does not fit together: {} does not hold", printable(text)), kPlanAgain);
  }
}

void require_growth(const PlatformView& view, const document::Plan& plan, const document::PlatformPlan& platform, const std::vector<build::BuiltLayer>& layers) {
  if (!plan.policy || !plan.policy->growth) return;
  const auto& old = view.image.manifest.layers();
  std::uint64_t added = 0, replaced = 0, whole = 0;
  for (const auto& layer : layers) added += layer.layer.descriptor.size;
  for (std::size_t i = 0; i < old.size(); ++i) {
    whole += old[i].size;
    if (i + platform.own_layers >= old.size()) replaced += old[i].size;
  }
  const document::GrowthLimit& limit = *plan.policy->growth;
  const std::uint64_t growth = added > replaced ? added - replaced : 0;
  const bool too_many_bytes = limit.bytes > 0 && growth > limit.bytes;
  const bool too_large_a_share = limit.percent > 0 && growth > whole / 100 * limit.percent + whole % 100 * limit.percent / 100;
  if (!too_many_bytes && !too_large_a_share) return;
  throw Error(ErrorKind::refused,
              fmt::format("the image would grow by {}, and {} maxGrowth allows {}", human_size(growth), printable(plan.policy->name),
                          too_many_bytes ? human_size(limit.bytes) : fmt::format("{} % of {}", limit.percent, human_size(whole))),
              "move fewer packages (--only, --min-severity), or change the policy");
}

}  // namespace resole::patch
