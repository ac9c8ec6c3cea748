// SPDX-License-Identifier: Apache-2.0
#include "cli/option_rules.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/option_values.hpp"

namespace resole::cli {

void fill_in_snapshot(PlanningOptions& planning) {
  const auto waits = [](std::string_view text) { return waits_for_snapshot(text); };
  const auto mirror_waits = [&](const auto& mirror) { return waits(mirror.second); };
  if (!planning.snapshot) {
    std::erase_if(planning.package_mirrors, mirror_waits);
    std::erase_if(planning.package_repos, waits);
    return;
  }
  const auto any = std::any_of(planning.package_mirrors.begin(), planning.package_mirrors.end(), mirror_waits) ||
                   std::any_of(planning.package_repos.begin(), planning.package_repos.end(), waits);
  if (!any) {
    throw Error(ErrorKind::usage, "--snapshot: no --package-mirror or --package-repo has {snapshot} in its URL",
                "say where snapshots are: --package-mirror 'http://archive.example.org/debian=https://snapshots.example.org/debian/{snapshot}'");
  }
  std::stable_partition(planning.package_mirrors.begin(), planning.package_mirrors.end(), mirror_waits);
  for (auto& [from, to] : planning.package_mirrors) to = at_snapshot(to, *planning.snapshot);
  for (auto& repository : planning.package_repos) repository = at_snapshot(repository, *planning.snapshot);
  if (!planning.as_of) planning.as_of = planning.snapshot;
}

void require_together(const Options& options) {
  const auto refuse = [&](std::string message, std::string hint) { throw Error(ErrorKind::usage, std::move(message), std::move(hint)); };
  const BuildingOptions& building = options.building;
  if (!building.deployed_as.empty() && building.deployed_as.size() != building.to.size()) {
    refuse(fmt::format("{} --deployed-as for {} --to", building.deployed_as.size(), building.to.size()), "give one per --to, in the same order");
  }
  if (!options.planning.scanner.empty() && options.planning.reports.empty()) refuse("--scanner needs a --report", "name the report that the scanner's program is to read");
  if (options.planning.update == "reported" && options.planning.reports.empty() && options.planning.feeds.empty()) refuse("--update reported needs a --report or a --feed", "name the scanner's report, or --update security");
  if (options.propose.branch_only && options.propose.patch_only) refuse("--branch-only and --patch-only exclude each other", "a patch is written without any remote");
  if (!options.rollout.renderings.empty() && options.rollout.render_dir.empty()) refuse("--render needs --render-dir", "name the directory that the renderings go to");
}

}  // namespace resole::cli
