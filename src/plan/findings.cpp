// SPDX-License-Identifier: Apache-2.0
// Scanners print a binary package's name and installed version beside a version of its SOURCE as the fix (field/matching.md 0.1):
//
//   bsdutils  installed 1:2.37.2-4ubuntu3  fixed 2.37.2-4ubuntu3.4     (source util-linux 2.37.2-4ubuntu3)
//
// Comparing those two strings says "already fixed". The way here: the package URL or the name leads to the installed package, the package to its source and
// the source's version; that one is compared with the fix, and so is the source version that the candidate's own stanza names. Where the fix is a version of
// the binary (Finding::fix_of, and rpm's advisories), both sides are the binary's.
#include "plan/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "advisory/package_type.hpp"
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
      for (auto* list : {&slot.fixable, &slot.at_floor, &slot.waiting, &slot.beyond}) list->clear();
      by_name_.emplace(slot.installed->name, &slot);
      by_source_.emplace(slot.installed->source.name, &slot);
    }
  }

  Distributed run(const std::vector<Finding>& findings) {
    const std::vector<const Finding*> order = in_order(findings);
    remember_versions(order);
    for (const Finding* finding : order) {
      if (finding->status != Status::not_affected && finding->suppressed.empty()) take(*finding);
    }
    const auto same = [](const auto& a, const auto& b) { return std::tie(a.id, a.package) == std::tie(b.id, b.package); };
    out_.not_in_image.erase(std::unique(out_.not_in_image.begin(), out_.not_in_image.end(), same), out_.not_in_image.end());
    out_.unfixed.erase(std::unique(out_.unfixed.begin(), out_.unfixed.end(),
                                   [](const auto& a, const auto& b) {
                                     return std::tie(a.id, a.package, a.installed, a.detail) ==
                                            std::tie(b.id, b.package, b.installed, b.detail);
                                   }),
                       out_.unfixed.end());
    out_.already_fixed.erase(std::unique(out_.already_fixed.begin(), out_.already_fixed.end(),
                                         [](const auto& a, const auto& b) {
                                           return std::tie(a.id, a.package, a.installed, a.fixed) == std::tie(b.id, b.package, b.installed, b.fixed);
                                         }),
                             out_.already_fixed.end());
    return std::move(out_);
  }

 private:
  using Index = std::multimap<std::string_view, Slot*, std::less<>>;

  // The same plan whatever order the reports come in.
  static std::vector<const Finding*> in_order(const std::vector<Finding>& findings) {
    std::vector<const Finding*> order;
    for (const Finding& finding : findings) order.push_back(&finding);
    const auto key = [](const Finding* each) {
      return std::tie(each->package, each->id, each->arch, each->installed, each->fixed, each->fixed_in, each->source, each->target, each->status,
                      each->severity, each->fix_of, each->selector, each->inferred, each->origin);
    };
    std::stable_sort(order.begin(), order.end(), [&](const Finding* a, const Finding* b) { return key(a) < key(b); });
    return order;
  }

  // The names by which tools call one architecture, as the deb family has them.
  static std::string_view architecture(std::string_view word) {
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kNames = {
        {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"386", "i386"}, {"i686", "i386"}, {"x86", "i386"}, {"noarch", "all"}, {"armv7l", "armhf"}, {"ppc64le", "ppc64el"}}};
    for (const auto& [name, own] : kNames) {
      if (word == name) return own;
    }
    return word;
  }

  static std::vector<Slot*> look_up(const Index& index, std::string_view name, std::string_view arch) {
    std::vector<Slot*> found;
    const std::string_view wanted = architecture(arch);
    const auto [begin, end] = index.equal_range(name);
    for (auto each = begin; each != end; ++each) {
      const std::string_view slot_arch = architecture(each->second->installed->arch);
      if (wanted.empty() || slot_arch == wanted || slot_arch == "all" || wanted == "all" || wanted == "src" || wanted == "source") found.push_back(each->second);
    }
    return found;
  }

  // By the package URL; by the binary's name; else by the source's, as the report knows it; else by the printed name read as a source (some scanners
  // print that). What was seen on another platform holds for everything that the source builds here, whatever the architecture.
  std::vector<Slot*> packages_of(const Finding& finding) const {
    const std::string_view arch = finding.inferred ? std::string_view() : std::string_view(finding.arch);
    if (finding.inferred && !finding.source.empty()) {
      if (auto found = look_up(by_source_, finding.source, ""); !found.empty()) return found;
    }
    if (const auto url = advisory::PackageUrl::parse(finding.purl)) {
      if (!fits_family(url->type)) return {};
      const std::string_view url_arch = finding.inferred ? std::string_view() : url->qualifier("arch");
      if (auto found = look_up(by_name_, url->name, url_arch); !found.empty()) return found;
    } else if (!finding.type.empty() && !fits_family(advisory::family_of_type(finding.type))) {
      return {};
    }
    auto found = look_up(by_name_, finding.package, arch);
    if (found.empty() && !finding.source.empty()) found = look_up(by_source_, finding.source, arch);
    if (found.empty()) found = look_up(by_source_, finding.package, arch);
    return found;
  }

  bool fits_family(std::string_view type) const {
    const std::string_view family = advisory::family_of_type(type);
    return family.empty() || family == family_.name();
  }

  void take(const Finding& finding) {
    if (!finding.operating_system || finding.by_cpe)
      return add_unfixed(finding, finding.package, finding.installed, UnfixedReason::not_a_distribution_package, Scope::application);
    const auto packages = packages_of(finding);
    if (packages.empty()) out_.not_in_image.push_back({finding.id, finding.package});
    for (Slot* slot : packages) {
      if (finding.selector) {
        take_selector(finding, *slot);
      } else {
        take(finding, *slot);
      }
    }
    if (finding.inferred && !packages.empty()) ++out_.inferred;
  }

  // Which advisories the other reports and the feeds have versions for, by source.
  void remember_versions(const std::vector<const Finding*>& findings) {
    for (const Finding* finding : findings) {
      if (finding->selector || !finding->operating_system || finding->by_cpe || !finding->suppressed.empty()) continue;
      for (const Slot* slot : packages_of(*finding)) {
        versioned_.emplace(slot->installed->source.name, finding->id);
        for (const std::string& alias : finding->aliases) versioned_.emplace(slot->installed->source.name, alias);
      }
    }
  }

  // A selector names an advisory; what fixes it is said by others, whose findings are among these, or by nobody.
  void take_selector(const Finding& finding, const Slot& slot) {
    const auto known = [&](const std::string& id) { return versioned_.contains({slot.installed->source.name, id}); };
    if (known(finding.id) || std::any_of(finding.aliases.begin(), finding.aliases.end(), known)) return;
    add_unfixed(finding, slot.installed->name, slot.installed->version, UnfixedReason::no_fix, Scope::not_yet);
    out_.unfixed.back().detail = "only " + finding.origin + " names it, without a version that could be relied on: add a feed or a report with versions";
  }

  void take(const Finding& finding, Slot& slot) {
    const std::string fixed = own_fix(finding, slot);
    if (fixed.empty()) {
      const UnfixedReason reason = reason_of(finding.status);
      return add_unfixed(finding, slot.installed->name, slot.installed->version, reason,
                         reason == UnfixedReason::end_of_life ? Scope::rebase : Scope::not_yet);
    }
    if (family_.compare(version_of(finding, *slot.installed), fixed) >= 0) {
      const bool of_source = !of_binary(finding);
      out_.already_fixed.push_back({finding.id, slot.installed->name, slot.installed->version, of_source ? slot.installed->source : pkg::SourceRef{}, fixed, finding.inferred});
      return;
    }
    auto& list = reaches(slot.floor_candidate, slot, finding, fixed) ? slot.at_floor
                 : reaches(slot.candidate, slot, finding, fixed)     ? slot.fixable
                 : reaches(slot.younger, slot, finding, fixed)       ? slot.waiting
                                                                     : slot.beyond;
    list.push_back(&finding);
  }

  bool of_binary(const Finding& finding) const {
    return finding.fix_of == advisory::FixOf::binary || (finding.fix_of == advisory::FixOf::family && family_.name() == "rpm");
  }
  const std::string& version_of(const Finding& finding, const pkg::Package& package) const {
    return of_binary(finding) ? package.version : package.source.version;
  }

  // Of several fixes, one per branch that is maintained, that of the installed version's branch: of those above it the one that begins most like it,
  // and the lowest of these. "2.6.9, 3.1.0" for 3.0.1 is 3.1.0.
  std::string own_fix(const Finding& finding, const Slot& slot) const {
    if (finding.fixed_in.size() < 2) return finding.fixed;
    const std::string& installed = version_of(finding, *slot.installed);
    const auto likeness = [&](const std::string& fix) {
      return std::mismatch(fix.begin(), fix.end(), installed.begin(), installed.end()).first - fix.begin();
    };
    const std::string* best = nullptr;
    for (const std::string& fix : finding.fixed_in) {
      if (family_.compare(fix, installed) <= 0) continue;
      if (best == nullptr || likeness(fix) > likeness(*best) || (likeness(fix) == likeness(*best) && family_.compare(fix, *best) < 0)) best = &fix;
    }
    return best == nullptr ? finding.fixed_in.back() : *best;
  }

  // A candidate that another source builds now says nothing about the fix in the old one.
  bool reaches(const std::optional<pkg::Candidate>& candidate, const Slot& slot, const Finding& finding, const std::string& fixed) const {
    return candidate && candidate->source.name == slot.installed->source.name && family_.compare(version_of(finding, *candidate), fixed) >= 0;
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
    if (!finding.operating_system) {
      unfixed.detail = finding.target;
    } else if (!finding.status_word.empty() && reason != UnfixedReason::no_fix) {
      unfixed.detail = "said to be " + printable(finding.status_word, 60);
    }
    unfixed.inferred = finding.inferred;
    out_.unfixed.push_back(std::move(unfixed));
  }

  std::vector<Slot>& slots_;
  const pkg::Family& family_;
  Index by_name_, by_source_;
  std::set<std::pair<std::string, std::string>> versioned_;  // source, advisory
  Distributed out_;
};

}  // namespace

Distributed distribute(const std::vector<Finding>& findings, std::vector<Slot>& slots, const pkg::Family& family) {
  Distributed out = Distributor(slots, family).run(findings);
  const auto order = [](const auto& a, const auto& b) {
    return std::tie(a.package, a.id, a.installed, a.detail) < std::tie(b.package, b.id, b.installed, b.detail);
  };
  std::stable_sort(out.unfixed.begin(), out.unfixed.end(), order);
  const auto by_package = [](const auto& a, const auto& b) { return std::tie(a.package, a.id, a.installed, a.fixed) < std::tie(b.package, b.id, b.installed, b.fixed); };
  std::stable_sort(out.already_fixed.begin(), out.already_fixed.end(), by_package);
  return out;
}

}  // namespace resole::plan
