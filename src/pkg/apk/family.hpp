// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "pkg/family.hpp"

namespace resole::apk {

// apk of Alpine, Wolfi, Chainguard. Stateless: everything it does lies in the functions of this folder.
class ApkFamily final : public pkg::Family {
 public:
  std::string_view name() const override { return "apk"; }
  bool detect(const rootfs::Tree& tree) const override;
  pkg::Inventory inventory(const rootfs::Tree& tree, const pkg::OsRelease& os, const oci::Platform& platform) const override;
  int compare(std::string_view a, std::string_view b) const override;
  bool satisfies(std::string_view version, pkg::Operator op, std::string_view wanted) const override;
  std::unique_ptr<pkg::CandidateSource> candidates(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                                   const pkg::RepositoryOptions& options, Fetcher& fetcher, Cache& cache, Reporter& reporter) const override;
  std::vector<pkg::Proof> prove(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes, const pkg::RepositoryOptions& options,
                                const std::vector<pkg::RepositoryState>& states, const std::vector<pkg::Candidate>& packages, Fetcher& fetcher,
                                Cache& cache) const override;
  pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes, const pkg::Candidate& candidate,
                     const pkg::Candidate* installed, Fetcher& fetcher, Cache& cache) const override;
  pkg::UpgradeResult upgrade(const pkg::UpgradeRequest& request) const override;
  std::unique_ptr<pkg::ScriptOrder> scripts(const pkg::UpgradeRequest& request) const override;
  std::vector<pkg::VerifyFinding> verify(const rootfs::Tree& tree, const pkg::Inventory& inventory) const override;
};

}  // namespace resole::apk
