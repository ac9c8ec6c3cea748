// SPDX-License-Identifier: Apache-2.0
//   linux/amd64: CVE-2024-2398
//     trivy.json: HIGH in libcurl4 7.88.1-10+deb12u5; fixed in source curl 7.88.1-10+deb12u6
//     libcurl4:amd64 is at 7.88.1-10+deb12u5 (source curl)
//     offered: 7.88.1-10+deb12u8 by bookworm-security (http://security.example.org/debian-security), which is newer
//     fixed here: goes to 7.88.1-10+deb12u8 from bookworm-security (reported), signed by 8CAE…; scripts: unchanged
#include "plan/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "base/text.hpp"

namespace resole::plan {

namespace {

using advisory::Finding;

constexpr std::size_t kMostPackagesExplained = 8, kMostLinesOfOne = 6;

bool is_named(const Finding& finding, std::string_view id) {
  return finding.id == id || std::find(finding.aliases.begin(), finding.aliases.end(), id) != finding.aliases.end();
}

std::string with_source(const std::string& version, const std::string& name, const pkg::SourceRef& source) {
  if (source.name.empty() || (source.name == name && source.version == version)) return version;
  return source.version == version ? fmt::format("{} (source {})", version, source.name) : fmt::format("{} (source {} {})", version, source.name, source.version);
}

std::string with_version(const std::string& name, const std::string& version) { return printable(name) + (version.empty() ? "" : " " + printable(version)); }

std::string of_repository(const pkg::RepositoryEntry& entry) { return fmt::format("{} ({})", entry.suite.empty() ? entry.path : entry.suite, printable(entry.uri)); }

class Explainer {
 public:
  Explainer(const Explained& facts, std::string_view subject) : facts_(facts), subject_(subject) {
    for (const Finding& finding : facts.findings) findings_.push_back(&finding);
    const auto key = [](const Finding* each) { return std::tie(each->package, each->id, each->arch, each->origin, each->fixed); };
    std::stable_sort(findings_.begin(), findings_.end(), [&](const Finding* a, const Finding* b) { return key(a) < key(b); });
  }

  std::vector<std::string> run() {
    const std::set<std::string> packages = names_of_packages();
    if (packages.empty())
      explain_advisory();
    else
      explain_packages(packages, true);
    if (lines_.empty()) lines_.push_back("  " + absence());
    lines_.insert(lines_.begin(), fmt::format("{}: {}", facts_.plan.platform.text(), printable(subject_)));
    return std::move(lines_);
  }

 private:
  void say(std::string line) { lines_.push_back("  " + std::move(line)); }

  // The subject as a package: installed binaries of that name, or of that source; packages that the plan adds.
  std::set<std::string> names_of_packages() const {
    std::set<std::string> names;
    for (const auto& each : facts_.inventory.packages) {
      if (each.state != pkg::InstallState::removed && (each.name == subject_ || each.source.name == subject_)) names.insert(each.key());
    }
    for (const auto& each : facts_.plan.packages) {
      if (each.from.empty() && (each.name == subject_ || each.source.name == subject_)) names.insert(each.name + ":" + each.arch);
    }
    return names;
  }

  std::string absence() const {
    const bool looks_like_advisory = subject_.find("CVE-") == 0 || subject_.find("GHSA-") == 0 || subject_.find("DSA-") == 0;
    if (looks_like_advisory) return "no report or feed names it for this image, and nothing in the plan fixes it";
    return "neither a package nor a source of this image, nor an advisory that a report or feed names for it";
  }

  void explain_advisory() {
    std::set<std::string> packages, said;
    for (const Finding* each_finding : findings_) {
      const Finding& finding = *each_finding;
      if (!is_named(finding, subject_)) continue;
      ids_.insert(finding.id);
      if (const std::string line = text_of(finding); said.insert(line).second && said.size() <= kMostLinesOfOne) say(line);
      for (const auto& each : facts_.inventory.packages) {
        const bool fits = each.name == finding.package || each.source.name == finding.package || (!finding.source.empty() && each.source.name == finding.source);
        if (finding.operating_system && fits && each.state != pkg::InstallState::removed) packages.insert(each.key());
      }
    }
    if (said.size() > kMostLinesOfOne) say(fmt::format("... and {} findings more", said.size() - kMostLinesOfOne));
    for (const auto& each : facts_.plan.suppressed) {
      if (each.id == subject_ || ids_.contains(each.id)) say(text_of(each));
    }
    ids_.insert(std::string(subject_));
    for (const auto& each : facts_.plan.packages) {
      if (fixes_it(each.fixes)) packages.insert(each.name + ":" + each.arch);
    }
    explain_packages(packages, false);
    for (const auto& each : facts_.plan.unfixed) {
      if (ids_.contains(each.id) && each.scope == document::Scope::application)
        say(fmt::format("{} is no package of the distribution{}: the application has to be rebuilt", with_version(each.package, each.installed),
                        each.detail.empty() ? "" : " (" + printable(each.detail) + ")"));
    }
    for (const auto& each : facts_.plan.not_in_image) {
      if (ids_.contains(each.id)) say(fmt::format("{} is not in the image", printable(each.package)));
    }
  }

  static std::string text_of(const Finding& finding) {
    std::string text = fmt::format("{}: {} in {}", finding.origin.empty() ? "a report" : printable(finding.origin), advisory::severity_name(finding.severity),
                                   with_version(finding.package, finding.installed));
    const std::string fixed = finding.fixed_in.size() > 1 ? join(finding.fixed_in, ", ") : finding.fixed;
    const std::string status = finding.status_word.empty() ? std::string(advisory::status_name(finding.status)) : finding.status_word;
    text += fixed.empty() ? "; no fix: " + printable(status) : fmt::format("; fixed in {}{}", finding.source.empty() ? "" : printable(finding.source) + " ", printable(fixed));
    if (finding.known_exploited) text += "; known to be exploited";
    if (finding.inferred) text += "; inferred from another platform";
    return text;
  }

  static std::string text_of(const document::SuppressedFinding& each) {
    std::string text = fmt::format("does not count in {}: {} says {}", with_version(each.package, each.installed), printable(each.by), printable(each.says));
    if (!each.reason.empty()) text += " (" + printable(each.reason) + ")";
    if (!each.until.empty()) text += ", until " + each.until.substr(0, 10);
    return text;
  }

  bool fixes_it(const std::vector<std::string>& fixes) const {
    return std::any_of(fixes.begin(), fixes.end(), [&](const std::string& id) { return ids_.contains(id); });
  }

  void explain_packages(const std::set<std::string>& keys, bool with_findings) {
    std::size_t shown = 0;
    for (const std::string& key : keys) {
      if (++shown > kMostPackagesExplained) {
        say(fmt::format("... and {} packages more of the same", keys.size() - kMostPackagesExplained));
        return;
      }
      const std::size_t colon = key.rfind(':');
      explain_package(key.substr(0, colon), key.substr(colon + 1), with_findings);
    }
  }

  void explain_package(const std::string& name, const std::string& arch, bool with_findings) {
    const pkg::InstalledPackage* installed = facts_.inventory.find(name, arch);
    if (installed != nullptr) say(fmt::format("{} is at {}", installed->key(), with_source(installed->version, name, installed->source)));
    if (with_findings) say_findings(name);
    if (installed != nullptr) say_offer(*installed);
    bool decided = false;
    for (const auto& each : facts_.plan.packages) {
      if (each.name == name && (each.arch == arch || each.arch == "all" || arch == "all")) decided = say_planned(each, with_findings);
    }
    for (const auto& each : facts_.plan.held) {
      if (each.name == name && each.arch == arch && (with_findings || fixes_it(each.fixes) || !decided)) decided = say_held(each);
    }
    std::set<std::string> unfixed;
    for (const auto& each : facts_.plan.unfixed) {
      if (each.package != name || each.scope == document::Scope::application || (!with_findings && !ids_.contains(each.id))) continue;
      unfixed.insert(fmt::format("{}{}", document::word(each.reason), each.scope == document::Scope::rebase ? "; a newer base has to bring it" : ""));
      decided = true;
    }
    for (const std::string& reason : unfixed) say("no fix yet: " + reason);
    const bool fixed = say_already_fixed(name, with_findings);
    if (!decided && !fixed && installed != nullptr) say("stays: nothing asks for another version");
  }

  // What the finding names is what was compared: the source's version, or the binary's. Of several fixes the highest.
  bool say_already_fixed(const std::string& name, bool with_findings) {
    const document::AlreadyFixed* highest = nullptr;
    std::set<std::string> ids;
    for (const auto& each : facts_.plan.already_fixed) {
      if (each.package != name || (!with_findings && !ids_.contains(each.id))) continue;
      ids.insert(each.id);
      if (highest == nullptr || facts_.family.compare(each.fixed, highest->fixed) > 0) highest = &each;
    }
    if (highest == nullptr) return false;
    if (with_findings) {
      say("fixed already: " + printable(join({ids.begin(), ids.end()}, " "), 300));
      return true;
    }
    const bool of_source = !highest->source.name.empty();
    say(fmt::format("fixed already: the installed {}version {} is not below {}", of_source ? "source " : "", of_source ? highest->source.version : highest->installed,
                    printable(highest->fixed, 80)));
    return true;
  }

  void say_findings(const std::string& name) {
    std::set<std::string> said;
    std::size_t left = 0;
    for (const Finding* finding : findings_) {
      if (!finding->operating_system || finding->package != name) continue;
      const std::string line = printable(finding->id) + " " + text_of(*finding);
      if (said.size() >= kMostLinesOfOne ? !said.contains(line) : false)
        ++left;
      else if (said.insert(line).second)
        say(line);
    }
    if (left > 0) say(fmt::format("... and {} findings more", left));
    for (const auto& each : facts_.plan.suppressed) {
      if (each.package == name) say(each.id + " " + text_of(each));
    }
  }

  void say_offer(const pkg::InstalledPackage& installed) {
    const pkg::Offers offers = facts_.offers.offers(installed.name, installed.arch == "all" ? facts_.inventory.arch : installed.arch);
    if (offers.all.empty()) return say("no repository of the image has the package");
    const pkg::Candidate* best = offers.chosen ? &offers.all[*offers.chosen] : nullptr;
    for (const pkg::Candidate& each : offers.all) {
      if (!offers.chosen && (best == nullptr || facts_.family.compare(each.version, best->version) > 0)) best = &each;
    }
    const int order = facts_.family.compare(best->version, installed.version);
    say(fmt::format("offered: {} by {}, {}", with_source(best->version, installed.name, best->source), of_repository(best->entry),
                    order > 0 ? "which is newer" : order == 0 ? "which is what is installed" : "which is older"));
  }

  bool say_planned(const document::PlannedPackage& each, bool with_findings) {
    const bool fixes = fixes_it(each.fixes);
    const std::string why = each.why_detail.empty() ? std::string(document::word(each.why)) : each.why_detail;
    std::string text = each.from.empty() ? "is newly installed at " : fixes ? "fixed here: goes to " : "goes to ";
    text += fmt::format("{} from {}, {}", with_source(each.to, each.name, each.source), each.repository.suite, why);
    if (!each.repository.key.empty()) text += ", signed by " + each.repository.key.substr(0, 16);
    text += fmt::format("; scripts: {}", pkg::verdict_name(each.verdict.kind));
    if (!each.verdict.reason.empty()) text += " (" + printable(each.verdict.reason, 120) + ")";
    say(text);
    if (!each.rule.empty()) say("let through by " + printable(each.rule));
    if (with_findings && !each.fixes.empty()) say(fmt::format("fixes {}", printable(join(each.fixes, " "), 300)));
    return true;
  }

  bool say_held(const document::HeldPackage& each) {
    std::string text = fmt::format("held ({}): {}", document::word(each.reason), document::sentence(each.reason));
    if (!each.detail.empty()) text += " " + printable(each.detail, 300);
    say(text);
    if (!each.rule.empty()) say("decided by " + printable(each.rule));
    if (!each.until.empty()) say("until " + each.until);
    if (!each.option.empty()) say("taken with " + printable(each.option));
    return true;
  }

  const Explained& facts_;
  std::string_view subject_;
  std::vector<const Finding*> findings_;  // whatever order the reports come in
  std::set<std::string> ids_;
  std::vector<std::string> lines_;
};

}  // namespace

std::vector<std::string> explain(const Explained& facts, std::string_view subject) { return Explainer(facts, subject).run(); }

}  // namespace resole::plan
