// SPDX-License-Identifier: Apache-2.0
// A family of which the planner may ask one thing: the version order. Everything else would be a break of "pure".
#pragma once
#include <stdexcept>

#include "pkg/apk/version.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/family.hpp"
#include "pkg/rpm/version.hpp"

namespace resole::plan {

class VersionOrder final : public pkg::Family {
 public:
  explicit VersionOrder(std::string_view family = "deb") : family_(family) {}
  std::string_view name() const override { return family_; }
  int compare(std::string_view a, std::string_view b) const override {
    return family_ == "rpm" ? rpm::compare_versions(a, b) : family_ == "apk" ? apk::compare_versions(a, b) : deb::compare_versions(a, b);
  }
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
  std::string_view family_;
  [[noreturn]] static void impure() { throw std::logic_error("the planner asked for more than the version order"); }
};

}  // namespace resole::plan
