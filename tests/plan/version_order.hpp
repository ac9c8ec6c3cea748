// SPDX-License-Identifier: Apache-2.0
// A family of which the planner may ask one thing: the version order. Everything else would be a break of "pure".
#pragma once
#include <stdexcept>

#include "pkg/deb/version.hpp"
#include "pkg/family.hpp"

namespace resole::plan {

class VersionOrder final : public pkg::Family {
 public:
  std::string_view name() const override { return "deb"; }
  int compare(std::string_view a, std::string_view b) const override { return deb::compare_versions(a, b); }
  bool detect(const rootfs::Tree&) const override { impure(); }
  pkg::Inventory inventory(const rootfs::Tree&, const pkg::OsRelease&, const oci::Platform&) const override { impure(); }
  std::unique_ptr<pkg::CandidateSource> candidates(const rootfs::Tree&, const pkg::Inventory&, const pkg::RecipeBook&,
                                                   const pkg::RepositoryOptions&, Fetcher&, Cache&, Reporter&) const override {
    impure();
  }
  std::vector<pkg::Proof> prove(const rootfs::Tree&, const pkg::Inventory&, const pkg::RecipeBook&, const pkg::RepositoryOptions&,
                                 const std::vector<pkg::RepositoryState>&, const std::vector<pkg::Candidate>&, Fetcher&,
                                 Cache&) const override {
    impure();
  }
  pkg::Verdict judge(const rootfs::Tree&, const pkg::Inventory&, const pkg::RecipeBook&, const pkg::Candidate&,
                     const pkg::Candidate*, Fetcher&, Cache&) const override {
    impure();
  }
  pkg::UpgradeResult upgrade(const pkg::UpgradeRequest&) const override { impure(); }
  std::unique_ptr<pkg::ScriptOrder> scripts(const pkg::UpgradeRequest&) const override { impure(); }
  std::vector<pkg::VerifyFinding> verify(const rootfs::Tree&, const pkg::Inventory&) const override { impure(); }

 private:
  [[noreturn]] static void impure() { throw std::logic_error("the planner asked for more than the version order"); }
};

}  // namespace resole::plan
