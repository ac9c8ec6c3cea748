// SPDX-License-Identifier: Apache-2.0
// The image that a report is about, as far as the report tells, and repositories that have some of its fixes. What becomes of a package is decided by its source's name,
// so that every end of a finding comes up: offered at its highest or its lowest fix, not offered, fixed already, not in the image.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "advisory/package_type.hpp"
#include "advisory/vex/screen.hpp"
#include "plan/explain.hpp"
#include "plan/planner.hpp"
#include "plan/version_order.hpp"

namespace resole::plan {

class ReportWorld final : public pkg::CandidateSource {
 public:
  // Everything that any of the reports says about the distribution's packages.
  explicit ReportWorld(const std::vector<const advisory::Report*>& reports) : family_(family_of(reports)) {
    inventory_.family = std::string(family_.name());
    inventory_.arch = "amd64";
    for (const advisory::Report* report : reports) read(*report);
    for (const auto& [name, package] : packages_) {
      if (fate(package.source.name) != Fate::absent) inventory_.packages.push_back(installed(package));
    }
  }

  document::PlatformPlan plan(const advisory::Report& report) const {
    std::vector<advisory::Finding> findings = report.findings;
    const advisory::vex::ImageIdentity identity{.digests = {}, .names = {}, .architecture = "amd64", .inventory = inventory_};
    document::PlatformPlan out;
    for (const auto& each : advisory::vex::suppress(findings, {}, identity, 0))
      out.suppressed.push_back({each.finding.id, each.finding.package, each.finding.installed, each.finding.severity, each.by, each.says, each.reason, ""});
    Request request{.inventory = inventory_, .offers = *this, .family = family_, .findings = findings, .floors = {}, .policy = {.update = Update::reported, .severities = {}, .only = {}, .hold = {}}, .verdicts = {}};
    for (;;) {
      auto answer = make(request);
      if (const auto* need = std::get_if<NeedControl>(&answer)) {
        for (const auto& each : need->packages) request.verdicts[each.entry.sha256.text()].kind = pkg::VerdictKind::none;
        continue;
      }
      auto& decision = std::get<Decision>(answer);
      out.platform = oci::Platform{.os = "linux", .architecture = "amd64", .variant = ""};
      out.packages = std::move(decision.packages);
      out.held = std::move(decision.held);
      out.unfixed = std::move(decision.unfixed);
      out.not_in_image = std::move(decision.not_in_image);
      out.already_fixed = std::move(decision.already_fixed);
      return out;
    }
  }

  std::vector<std::string> explain(const document::PlatformPlan& plan, const advisory::Report& report, std::string_view subject) const {
    return plan::explain({plan, inventory_, *this, family_, report.findings}, subject);
  }

  pkg::Offers offers(std::string_view name, std::string_view) const override {
    pkg::Offers out;
    const auto found = packages_.find(std::string(name));
    if (found == packages_.end()) return out;
    const auto fixes = fixes_.find(found->second.source.name);
    const Fate fate = this->fate(found->second.source.name);
    if (fixes == fixes_.end() || (fate != Fate::highest && fate != Fate::lowest)) return out;
    pkg::Candidate candidate;
    candidate.name = name;
    const std::string& fix = fate == Fate::highest ? fixes->second.back() : fixes->second.front();
    // The binary keeps the epoch that its source has not (bsdutils 1:2.37 of util-linux 2.37).
    const std::string& installed = found->second.version;
    const std::size_t colon = installed.find(':');
    candidate.version = (colon == std::string::npos || fix.find(':') != std::string::npos ? "" : installed.substr(0, colon + 1)) + fix;
    candidate.arch = "amd64";
    candidate.source = {found->second.source.name, fix};
    candidate.entry.uri = "http://mirror.example.org/distribution";
    candidate.entry.suite = "stable";
    candidate.entry.path = "pool/" + candidate.name;
    candidate.entry.sha256 = Digest::of(candidate.name + " " + candidate.version);
    out.all.push_back(std::move(candidate));
    out.chosen = 0;
    return out;
  }
  std::vector<pkg::Candidate> providers(std::string_view) const override { return {}; }
  std::vector<std::string> names() const override { return {}; }
  const std::vector<pkg::RepositoryState>& repositories() const override { return states_; }
  const std::vector<pkg::RepositoryFailure>& failures() const override { return failures_; }

 private:
  enum class Fate { highest, lowest, not_offered, fixed_already, absent };
  static Fate fate(const std::string& source) {
    unsigned sum = 0;
    for (const char c : source) sum = sum * 31 + static_cast<unsigned char>(c);
    static constexpr Fate kFates[] = {Fate::highest, Fate::lowest, Fate::not_offered, Fate::highest, Fate::fixed_already, Fate::lowest, Fate::absent};
    return kFates[sum % 7];
  }

  static std::string_view family_of(const std::vector<const advisory::Report*>& reports) {
    for (const advisory::Report* report : reports) {
      for (const advisory::Finding& each : report->findings) {
        const std::string_view family = each.operating_system ? advisory::family_of_type(each.type) : std::string_view();
        if (!family.empty()) return family;
      }
      const std::string& os = report->subject.os_family;
      if (os == "alpine" || os == "wolfi" || os == "chainguard") return "apk";
      if (!os.empty() && os != "debian" && os != "ubuntu") return "rpm";
    }
    return "deb";
  }

  void read(const advisory::Report& report) {
    for (const advisory::Finding& each : report.findings) {
      if (!each.operating_system) continue;
      pkg::InstalledPackage package;
      package.name = each.package;
      package.version = each.installed.empty() ? "1" : each.installed;
      package.arch = "amd64";
      package.source = {each.source.empty() ? each.package : each.source, each.source_version.empty() ? package.version : each.source_version};
      const auto [known, fresh] = packages_.emplace(each.package, package);
      if (!fresh && known->second.source.name == known->first && !each.source.empty()) known->second.source = package.source;  // one of the scanners knows it better
      std::vector<std::string>& fixes = fixes_[known->second.source.name];
      if (!each.fixed.empty()) fixes.push_back(each.fixed);
      fixes.insert(fixes.end(), each.fixed_in.begin(), each.fixed_in.end());
    }
    for (auto& [source, fixes] : fixes_) std::sort(fixes.begin(), fixes.end(), [&](const auto& a, const auto& b) { return family_.compare(a, b) < 0; });
    std::erase_if(fixes_, [](const auto& each) { return each.second.empty(); });
  }

  pkg::InstalledPackage installed(pkg::InstalledPackage package) const {
    const auto fixes = fixes_.find(package.source.name);
    if (fate(package.source.name) == Fate::fixed_already && fixes != fixes_.end()) package.version = package.source.version = fixes->second.back();
    return package;
  }

  VersionOrder family_;
  pkg::Inventory inventory_;
  std::map<std::string, pkg::InstalledPackage> packages_;
  std::map<std::string, std::vector<std::string>> fixes_;  // of a source, ascending
  std::vector<pkg::RepositoryState> states_;
  std::vector<pkg::RepositoryFailure> failures_;
};

}  // namespace resole::plan
