// SPDX-License-Identifier: Apache-2.0
#include "patch/scripts.hpp"

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::patch {

std::optional<plan::SandboxObstacle> sandbox_obstacle(const PlatformView& view, const Tools& tools) {
  const std::string wanted = view.image.platform().architecture, here = tools.sandbox.architecture();
  if (wanted != here) {
    return plan::SandboxObstacle{document::HeldReason::needs_emulator, fmt::format("programs of {} do not run on this machine{}{}", printable(wanted), here.empty() ? "" : ", which is ", here)};
  }
  if (const auto obstacle = tools.sandbox.obstacle()) return plan::SandboxObstacle{document::HeldReason::needs_sandbox, fmt::format("{} ({})", obstacle->reason, obstacle->hint)};
  return std::nullopt;
}

bool runs_scripts(const document::PlannedPackage& package) { return package.verdict.kind == pkg::VerdictKind::sandbox; }

bool runs_scripts(const document::PlatformPlan& plan) {
  return std::any_of(plan.packages.begin(), plan.packages.end(), [](const auto& package) { return runs_scripts(package); });
}

void require_sandbox(const PlatformView& view, const document::PlatformPlan& plan, const Tools& tools) {
  if (!runs_scripts(plan)) return;
  const auto obstacle = sandbox_obstacle(view, tools);
  if (!obstacle) return;
  const auto package = std::find_if(plan.packages.begin(), plan.packages.end(), [](const auto& each) { return runs_scripts(each); });
  throw Error(ErrorKind::refused, fmt::format("the plan runs the scripts of {} in the sandbox, which cannot be done here: {}", printable(package->name), obstacle->detail),
              "build where a sandbox can be made, or plan again here: such packages are then held");
}

build::ScriptedUpgrade upgrade_with_scripts(const ImageView& image, const PlatformView& view, const pkg::UpgradeRequest& wish, const build::LayerSettings& settings,
                                            const Tools& tools) {
  std::vector<std::string> names;
  for (const pkg::Item& item : wish.items) {
    if (item.run_scripts) names.push_back(printable(item.name));
  }
  tools.reporter.note(fmt::format("running the maintainer scripts of {} in the sandbox: what they leave is not reproducible", join(names, ", ")));
  const auto layers = view.image.layers();
  const build::ScriptedRequest request{.family = *view.family,
                                       .upgrade = wish,
                                       .open_layer = [&](std::size_t layer) { return archive::decompress(image.store->open_blob(layers.at(layer).descriptor)); },
                                       .settings = settings,
                                       .scratch = tools.scratch};
  return with_context([] { return std::string("running maintainer scripts"); }, [&] { return build::upgrade_with_scripts(request, tools.sandbox); });
}

}  // namespace resole::patch
