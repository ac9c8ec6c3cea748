// SPDX-License-Identifier: Apache-2.0
// Scanners print a binary package's name and installed version beside a version of its SOURCE as the fix (field/matching.md 0.1):
//
//   bsdutils  installed 1:2.37.2-4ubuntu3  fixed 2.37.2-4ubuntu3.4     (source util-linux 2.37.2-4ubuntu3)
//
// Comparing those two strings says "already fixed". The way here: the name leads to the installed package, the package to its source and
// the source's version; that one is compared with the fix, and so is the source version that the candidate's own stanza names.
#include "plan/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/text.hpp"

namespace resole::plan {

namespace {

using advisory::Finding;
using advisory::Status;
using document::Scope;
using document::UnfixedReason;

class Distributor {
 public:
  Distributor(std::vector<Slot>& slots, const pkg::Family& family) : slots_(slots), family_(family) {
    for (Slot& slot : slots_) {
      by_name_.emplace(slot.installed->name, &slot);
      by_source_.emplace(slot.installed->source.name, &slot);
    }
  }

  Distributed run(const std::vector<Finding>& findings) {
    for (const Finding* finding : in_order(findings)) {
      if (finding->status != Status::not_affected) take(*finding);
    }
    const auto same = [](const auto& a, const auto& b) { return std::tie(a.id, a.package) == std::tie(b.id, b.package); };
    out_.not_in_image.erase(std::unique(out_.not_in_image.begin(), out_.not_in_image.end(), same), out_.not_in_image.end());
    out_.unfixed.erase(std::unique(out_.unfixed.begin(), out_.unfixed.end(),
                                   [](const auto& a, const auto& b) {
                                     return std::tie(a.id, a.package, a.installed, a.detail) ==
                                            std::tie(b.id, b.package, b.installed, b.detail);
                                   }),
                       out_.unfixed.end());
    return std::move(out_);
  }

 private:
  using Index = std::multimap<std::string_view, Slot*, std::less<>>;

  // The same plan whatever order the reports come in.
  static std::vector<const Finding*> in_order(const std::vector<Finding>& findings) {
    std::vector<const Finding*> order;
    for (const Finding& finding : findings) order.push_back(&finding);
    const auto key = [](const Finding* each) {
      return std::tie(each->package, each->id, each->arch, each->installed, each->fixed, each->source, each->target, each->status,
                      each->severity);
    };
    std::stable_sort(order.begin(), order.end(), [&](const Finding* a, const Finding* b) { return key(a) < key(b); });
    return order;
  }

  static std::vector<Slot*> look_up(const Index& index, std::string_view name, std::string_view arch) {
    std::vector<Slot*> found;
    const auto [begin, end] = index.equal_range(name);
    for (auto each = begin; each != end; ++each) {
      const std::string& slot_arch = each->second->installed->arch;
      if (arch.empty() || slot_arch == arch || slot_arch == "all" || arch == "all") found.push_back(each->second);
    }
    return found;
  }

  // By the binary's name; else by the source's, as the report knows it; else by the printed name read as a source (some scanners print
  // that).
  std::vector<Slot*> packages_of(const Finding& finding) const {
    auto found = look_up(by_name_, finding.package, finding.arch);
    if (found.empty() && !finding.source.empty()) found = look_up(by_source_, finding.source, finding.arch);
    if (found.empty()) found = look_up(by_source_, finding.package, finding.arch);
    return found;
  }

  void take(const Finding& finding) {
    if (!finding.operating_system)
      return add_unfixed(finding, finding.package, finding.installed, UnfixedReason::not_a_distribution_package, Scope::application);
    const auto packages = packages_of(finding);
    if (packages.empty()) out_.not_in_image.push_back({finding.id, finding.package});
    for (Slot* slot : packages) take(finding, *slot);
  }

  void take(const Finding& finding, Slot& slot) {
    if (finding.fixed.empty()) {
      const UnfixedReason reason = reason_of(finding.status);
      return add_unfixed(finding, slot.installed->name, slot.installed->version, reason,
                         reason == UnfixedReason::end_of_life ? Scope::rebase : Scope::not_yet);
    }
    if (family_.compare(slot.installed->source.version, finding.fixed) >= 0) {
      ++out_.already_fixed;
      return;
    }
    auto& list = reaches(slot.floor_candidate, slot, finding.fixed) ? slot.at_floor
                 : reaches(slot.candidate, slot, finding.fixed)     ? slot.fixable
                                                                    : slot.beyond;
    list.push_back(&finding);
  }

  // A candidate that another source builds now says nothing about the fix in the old one.
  bool reaches(const std::optional<pkg::Candidate>& candidate, const Slot& slot, const std::string& fixed) const {
    return candidate && candidate->source.name == slot.installed->source.name && family_.compare(candidate->source.version, fixed) >= 0;
  }

  static UnfixedReason reason_of(Status status) {
    switch (status) {
      case Status::will_not_fix:
        return UnfixedReason::will_not_fix;
      case Status::deferred:
        return UnfixedReason::deferred;
      case Status::end_of_life:
        return UnfixedReason::end_of_life;
      case Status::under_investigation:
        return UnfixedReason::under_investigation;
      default:
        return UnfixedReason::no_fix;
    }
  }

  void add_unfixed(const Finding& finding, const std::string& package, const std::string& installed, UnfixedReason reason, Scope scope) {
    document::UnfixedFinding unfixed;
    unfixed.id = finding.id;
    unfixed.package = package;
    unfixed.installed = installed;
    unfixed.needed = finding.fixed;
    unfixed.severity = finding.severity;
    unfixed.reason = reason;
    unfixed.scope = scope;
    if (!finding.operating_system) unfixed.detail = finding.target;
    out_.unfixed.push_back(std::move(unfixed));
  }

  std::vector<Slot>& slots_;
  const pkg::Family& family_;
  Index by_name_, by_source_;
  Distributed out_;
};

}  // namespace

Distributed distribute(const std::vector<Finding>& findings, std::vector<Slot>& slots, const pkg::Family& family) {
  Distributed out = Distributor(slots, family).run(findings);
  const auto order = [](const auto& a, const auto& b) {
    return std::tie(a.package, a.id, a.installed, a.detail) < std::tie(b.package, b.id, b.installed, b.detail);
  };
  std::stable_sort(out.unfixed.begin(), out.unfixed.end(), order);
  return out;
}

}  // namespace resole::plan
