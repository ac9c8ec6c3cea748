// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/family.hpp"

#include "pkg/apk/candidates.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/inventory.hpp"
#include "pkg/apk/scripts.hpp"
#include "pkg/apk/upgrade.hpp"
#include "pkg/apk/verify.hpp"
#include "pkg/apk/version.hpp"

namespace resole::apk {

bool ApkFamily::detect(const rootfs::Tree& tree) const { return !database_directory(tree).empty(); }

pkg::Inventory ApkFamily::inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform) const { return read_inventory(tree, os, platform); }

int ApkFamily::compare(std::string_view a, std::string_view b) const { return compare_versions(a, b); }

bool ApkFamily::satisfies(std::string_view version, pkg::Operator op, std::string_view wanted) const { return apk::satisfies(version, op, wanted); }

std::unique_ptr<pkg::CandidateSource> ApkFamily::candidates(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                                            const pkg::RepositoryOptions& options, Fetcher& fetcher, Cache& cache, Reporter& reporter) const {
  return load_candidates({tree, inventory, recipes, options, fetcher, cache}, reporter);
}

std::vector<pkg::Proof> ApkFamily::prove(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                         const pkg::RepositoryOptions& options, const std::vector<pkg::RepositoryState>& /*states*/,
                                         const std::vector<pkg::Candidate>& packages, Fetcher& fetcher, Cache& cache) const {
  return apk::prove({tree, inventory, recipes, options, fetcher, cache}, packages);
}

// The scripts of the installed version are in the image, always: what an index has of it adds nothing.
pkg::Verdict ApkFamily::judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes, const pkg::Candidate& candidate,
                              const pkg::Candidate* /*installed*/, Fetcher& fetcher, Cache& cache) const {
  return apk::judge(tree, inventory, recipes, candidate, fetcher, cache);
}

pkg::UpgradeResult ApkFamily::upgrade(const pkg::UpgradeRequest& request) const { return apk::upgrade(request); }

std::unique_ptr<pkg::ScriptOrder> ApkFamily::scripts(const pkg::UpgradeRequest& request) const { return script_order(request); }

std::vector<pkg::VerifyFinding> ApkFamily::verify(const rootfs::Tree& tree, const pkg::Inventory& /*inventory*/) const { return apk::verify(tree); }

}  // namespace resole::apk
