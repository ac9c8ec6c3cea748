// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/family.hpp"

#include "pkg/deb/inventory.hpp"
#include "pkg/deb/load_candidates.hpp"
#include "pkg/deb/merge.hpp"
#include "pkg/deb/prove.hpp"
#include "pkg/deb/script_order.hpp"
#include "pkg/deb/scripts.hpp"
#include "pkg/deb/unscripted.hpp"
#include "pkg/deb/upgrade.hpp"
#include "pkg/deb/verify.hpp"
#include "pkg/deb/version.hpp"

namespace resole::deb {

bool DebFamily::detect(const rootfs::Tree& tree) const { return has_database(tree); }

pkg::Inventory DebFamily::inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform) const { return read_inventory(tree, os, platform); }

int DebFamily::compare(std::string_view a, std::string_view b) const { return compare_versions(a, b); }

std::unique_ptr<pkg::CandidateSource> DebFamily::candidates(const rootfs::Tree& tree, const pkg::Inventory& inventory,
                                                            const pkg::RecipeBook& recipes, const pkg::RepositoryOptions& options,
                                                            Fetcher& fetcher, Cache& cache, Reporter& reporter) const {
  return load_candidates({tree, inventory, recipes, options, fetcher, cache}, reporter);
}

std::vector<pkg::Proof> DebFamily::prove(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                          const pkg::RepositoryOptions& options, const std::vector<pkg::RepositoryState>& /*states*/,
                                          const std::vector<pkg::Candidate>& packages, Fetcher& fetcher, Cache& cache) const {
  // Every candidate's entry names its release and index; the states of the plan add nothing to that.
  return deb::prove({tree, inventory, recipes, options, fetcher, cache}, packages);
}

pkg::Verdict DebFamily::judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                              const pkg::Candidate& candidate, const pkg::Candidate* installed, Fetcher& fetcher, Cache& cache) const {
  if (auto verdict = unscripted_verdict(tree, candidate)) return *verdict;
  return deb::judge(tree, inventory, recipes, candidate, installed, fetcher, cache);
}

pkg::UpgradeResult DebFamily::upgrade(const pkg::UpgradeRequest& request) const { return deb::upgrade(request); }

std::unique_ptr<pkg::ScriptOrder> DebFamily::scripts(const pkg::UpgradeRequest& request) const { return script_order(request); }

pkg::MergeResult DebFamily::merge(const pkg::MergeRequest& request) const { return deb::merge(request); }

std::vector<pkg::VerifyFinding> DebFamily::verify(const rootfs::Tree& tree, const pkg::Inventory& inventory) const {
  return deb::verify(tree, inventory);
}

}  // namespace resole::deb
