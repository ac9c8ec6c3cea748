// SPDX-License-Identifier: Apache-2.0
// deb and apk advisories name sources (origins) and their versions, rpm advisories binaries and theirs: each is compared with its own kind. The version of a source
// is the one that the package's own entry names, never made from the binary's by cutting something off.
#include "advisory/feed/matching.hpp"

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <tuple>

#include "advisory/feed/scope.hpp"
#include "base/text.hpp"
#include "pkg/apk/version.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/rpm/version.hpp"

namespace resole::advisory::feed {

namespace {

int compare_as(Order order, std::string_view a, std::string_view b) {
  switch (order) {
    case Order::deb:
      return deb::compare_versions(a, b);
    case Order::rpm:
      return rpm::compare_versions(a, b);
    case Order::apk:
      return apk::compare_versions(a, b);
  }
  return 0;
}

bool has_fix(Order order, std::string_view installed, std::string_view fix) {
  return order == Order::rpm ? rpm::reaches(installed, fix) : compare_as(order, installed, fix) >= 0;
}

std::string_view type_of(Order order) { return order == Order::deb ? "deb" : order == Order::rpm ? "rpm" : "apk"; }

bool has_arch(std::string_view arches, std::string_view arch) {
  if (arches.empty() || arch.empty() || arch == "noarch" || arch == "all") return true;
  const auto list = split(arches, ',');
  return std::ranges::find(list, arch) != list.end();
}

bool is_module_build(std::string_view version) { return version.find(".module") != std::string_view::npos; }

// A fix of another module stream is no fix, and none for a package that is of no stream. Where neither side names the stream (AlmaLinux's OSV), the first number
// of the version stands for it ("nodejs 18"): streams that share it are taken for one.
bool same_stream(const Index::Entry& entry, std::string_view installed) {
  const std::string_view version = entry.fixed.empty() ? entry.last : entry.fixed;
  if (version.empty()) return true;
  const bool module = is_module_build(version) || !entry.module.empty();
  if (module != is_module_build(installed)) return false;
  if (!module) return true;
  const auto first_number = [](std::string_view text) {
    const std::string_view plain = rpm::split_version(text).version;
    return plain.substr(0, plain.find('.'));
  };
  return first_number(version) == first_number(installed);
}

// Fixes of other flavours of the same package, which its own repositories never get (matching.md section 2, Oracle).
bool is_other_flavour(std::string_view fixed, std::string_view installed) {
  for (const std::string_view mark : {".ksplice1.", "_fips"}) {
    if (fixed.find(mark) != std::string_view::npos && installed.find(mark) == std::string_view::npos) return true;
  }
  return false;
}

class FeedMatcher {
 public:
  FeedMatcher(const NamedIndex& feed, std::uint32_t scope, std::vector<Finding>& out) : feed_(feed), scope_(scope), order_(feed.index.order(scope)), out_(out) {}

  void take(const pkg::InstalledPackage& package) {
    const std::string& source = package.source.name.empty() ? package.name : package.source.name;
    const std::string& source_version = package.source.version.empty() ? package.version : package.source.version;
    take(package, feed_.index.find(scope_, true, source), source_version, true);
    take(package, feed_.index.find(scope_, false, package.name), package.version, false);
  }

 private:
  void take(const pkg::InstalledPackage& package, Index::Span span, const std::string& version, bool source) {
    for (std::uint32_t i = 0; i < span.count; ++i) {
      const Index::Entry entry = feed_.index.entry(span.first + i);
      if (is_open(entry, package, version)) out_.push_back(finding(entry, package, source));
    }
  }

  bool is_open(const Index::Entry& entry, const pkg::InstalledPackage& package, std::string_view version) const {
    if (entry.status == Status::not_affected || !has_arch(entry.arches, package.arch)) return false;
    if (!entry.introduced.empty() && compare_as(order_, version, entry.introduced) < 0) return false;
    if (!entry.last.empty() && compare_as(order_, version, entry.last) > 0) return false;
    if (order_ == Order::rpm && (!same_stream(entry, version) || is_other_flavour(entry.fixed, version))) return false;
    return entry.fixed.empty() || !has_fix(order_, version, entry.fixed);
  }

  Finding finding(const Index::Entry& entry, const pkg::InstalledPackage& package, bool source) const {
    Finding out;
    out.id = entry.id;
    if (!entry.advisory.empty()) out.aliases.emplace_back(entry.advisory);
    out.package = package.name;
    out.arch = package.arch;
    out.source = package.source.name;
    out.source_version = package.source.version;
    out.type = type_of(order_);
    out.module = entry.module;
    out.installed = package.version;
    out.fixed = entry.fixed;
    out.fix_of = source ? FixOf::source : FixOf::binary;
    out.severity = entry.severity;
    out.status = entry.status;
    out.status_word = entry.word;
    out.origin = feed_.name;
    out.target = feed_.name;
    return out;
  }

  const NamedIndex& feed_;
  std::uint32_t scope_;
  Order order_;
  std::vector<Finding>& out_;
};

Order order_of(const Finding& finding) { return finding.type == "rpm" ? Order::rpm : finding.type == "apk" ? Order::apk : Order::deb; }

// Of two that say the same vulnerability of the same package: a fix before none, the higher before the lower, the more severe.
bool is_better(const Finding& a, const Finding& b) {
  if (a.fixed.empty() != b.fixed.empty()) return b.fixed.empty();
  if (a.fix_of == b.fix_of && !a.fixed.empty()) {
    if (const int order = compare_as(order_of(a), a.fixed, b.fixed); order != 0) return order > 0;
  }
  return a.severity > b.severity;
}

void add_alias(std::vector<std::string>& aliases, std::string alias) {
  if (std::ranges::find(aliases, alias) == aliases.end()) aliases.push_back(std::move(alias));
}

void join_same(std::vector<Finding>& findings) {
  const auto key = [](const Finding& finding) { return std::tie(finding.package, finding.arch, finding.id); };
  // Numbers are sorted, and each finding moved once: it is half a kilobyte.
  std::vector<std::uint32_t> order(findings.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) { return key(findings[a]) < key(findings[b]); });
  std::vector<Finding> joined;
  joined.reserve(findings.size());
  for (const std::uint32_t number : order) {
    Finding& finding = findings[number];
    if (joined.empty() || key(joined.back()) != key(finding)) {
      joined.push_back(std::move(finding));
      continue;
    }
    Finding& kept = joined.back();
    std::vector<std::string> aliases = std::move(kept.aliases);
    for (std::string& alias : finding.aliases) add_alias(aliases, std::move(alias));
    if (is_better(finding, kept)) kept = std::move(finding);
    kept.aliases = std::move(aliases);
  }
  findings = std::move(joined);
}

}  // namespace

bool covers(const Index& index, const pkg::OsRelease& os) {
  return std::ranges::any_of(scopes_of_image(os), [&](const std::string& scope) { return index.find_scope(scope).has_value(); });
}

std::vector<Finding> match_feeds(const std::vector<NamedIndex>& feeds, const pkg::Inventory& inventory) {
  std::vector<Finding> findings;
  const auto wanted = scopes_of_image(inventory.os);
  for (const NamedIndex& feed : feeds) {
    for (const std::string& name : wanted) {
      const auto scope = feed.index.find_scope(name);
      if (!scope) continue;
      FeedMatcher matcher(feed, *scope, findings);
      for (const pkg::InstalledPackage& package : inventory.packages) {
        if (package.state != pkg::InstallState::removed) matcher.take(package);
      }
    }
  }
  join_same(findings);
  add_attributes(findings, feeds);
  return findings;
}

void add_attributes(std::vector<Finding>& findings, const std::vector<NamedIndex>& feeds) {
  for (const NamedIndex& feed : feeds) {
    if (feed.index.attributes() == 0) continue;
    for (Finding& finding : findings) {
      const auto attribute = feed.index.attribute(finding.id);
      if (!attribute) continue;
      finding.epss = std::max(finding.epss, attribute->epss);
      finding.known_exploited = finding.known_exploited || attribute->known_exploited;
    }
  }
}

}  // namespace resole::advisory::feed
