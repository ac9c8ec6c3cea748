// SPDX-License-Identifier: Apache-2.0
#include "patch/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "advisory/feed/matching.hpp"
#include "advisory/vex/screen.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::patch {

namespace {

advisory::ImageFacts facts_of(const PlatformView& view, const ImageView& image) {
  advisory::ImageFacts facts;
  facts.config_digest = view.image.manifest.config().digest.text();
  facts.manifest_digest = view.image.descriptor.digest.text();
  facts.root_digest = image.root.descriptor.digest.text();
  facts.os_id = view.os.id;
  facts.os_version = view.os.version_id;
  facts.architecture = view.image.platform().architecture;
  for (const auto& diff_id : view.image.config.diff_ids()) facts.diff_ids.push_back(diff_id.text());
  if (view.own_layers > 0 && view.own_layers < facts.diff_ids.size())
    facts.original_diff_ids.assign(facts.diff_ids.begin(), facts.diff_ids.end() - static_cast<std::ptrdiff_t>(view.own_layers));
  for (const auto& layer : view.image.manifest.layers()) facts.layer_digests.push_back(layer.digest.text());
  for (const pkg::Inventory* inventory : {&view.given_inventory, &view.inventory}) {
    for (const auto& package : inventory->packages) {
      facts.packages.emplace_back(package.name, package.version);
      facts.packages.emplace_back(package.source.name, package.source.version);
    }
  }
  std::sort(facts.packages.begin(), facts.packages.end());
  facts.packages.erase(std::unique(facts.packages.begin(), facts.packages.end()), facts.packages.end());
  return facts;
}

// What is known of the image's identity, per platform; and what each report is to each of them.
std::vector<advisory::ImageFacts> facts_of_all(const ImageView& image) {
  std::vector<advisory::ImageFacts> facts;
  for (const PlatformView& view : image.platforms) facts.push_back(facts_of(view, image));
  return facts;
}

constexpr std::string_view kScanAgain = "scan this image again, or give --force-report if you know that they are the same";

bool fits(advisory::Match match) { return match == advisory::Match::proven || match == advisory::Match::plausible; }

// A report that fitted one platform says something about the others of the same index: their packages are built from the same sources.
std::vector<advisory::Finding> inferred(std::vector<advisory::Finding> findings) {
  for (advisory::Finding& finding : findings) finding.inferred = true;
  return findings;
}

// The findings of all reports that are about this platform; a report about another image is refused unless forced.
std::vector<advisory::Finding> findings_for(const PlatformView& view, const ImageView& image, const PlanRequest& request, document::PlatformPlan& out) {
  std::vector<advisory::Finding> findings;
  const std::vector<advisory::ImageFacts> facts = facts_of_all(image);
  const advisory::ImageFacts own = facts_of(view, image);
  const auto add = [&](const std::vector<advisory::Finding>& more) { findings.insert(findings.end(), more.begin(), more.end()); };
  for (const auto& [report, from_directory] : request.reports) {
    std::string why, ignored;
    const advisory::Match match = advisory::match(report, own, why);
    const bool another_fits = std::any_of(facts.begin(), facts.end(), [&, &about = report](const auto& each) { return fits(advisory::match(about, each, ignored)); });
    const std::string name = printable(report.name);
    for (const std::string& note : report.notes) out.notes.push_back(name + ": " + note);
    if (report.inventory_only) {
      out.notes.push_back(fmt::format("{} is an inventory of {} packages without findings: nothing is asked for by it", name, report.packages.size()));
      continue;
    }
    if (fits(match) || request.force_report) {
      if (match != advisory::Match::proven) out.notes.push_back("report " + name + " is not proven to be about this image: " + why);
      add(report.findings);
    } else if (another_fits || match == advisory::Match::other_platform) {
      out.notes.push_back("report " + name + " is about another platform, inferred from it by source package: " + why);
      add(inferred(report.findings));
    } else if (from_directory) {
      out.notes.push_back("report " + name + " of the directory is about another image, left out: " + why);
    } else {
      throw Error(ErrorKind::input, fmt::format("report {} is about another image: {}", name, why), std::string(kScanAgain));
    }
  }
  return findings;
}

// Under which names the image is known: as it was given, and as it runs. Files have none.
std::vector<oci::Reference> references_of(const ImageView& image, const PlanRequest& request) {
  std::vector<oci::Reference> references;
  if (image.location.reference) references.push_back(*image.location.reference);
  if (!request.deployed_as.empty()) references.push_back(oci::Reference::parse(request.deployed_as));
  return references;
}

// Takes out of the findings what VEX documents, ignore lists and the reports themselves suppress.
std::vector<document::SuppressedFinding> screen(std::vector<advisory::Finding>& findings, const PlatformView& view, const ImageView& image, const PlanRequest& request) {
  advisory::vex::ImageIdentity identity{.digests = {}, .names = {}, .architecture = view.image.platform().architecture, .inventory = view.given_inventory};
  for (const Digest* digest : {&view.image.descriptor.digest, &view.image.manifest.config().digest, &image.root.descriptor.digest})
    identity.digests.push_back(digest->text());
  for (const oci::Reference& reference : references_of(image, request)) identity.names.emplace_back(reference.name(), reference.tag);
  std::vector<document::SuppressedFinding> out;
  for (const auto& each : advisory::vex::suppress(findings, request.vex, identity, request.as_of)) {
    const advisory::Finding& finding = each.finding;
    out.push_back({finding.id, finding.package, finding.installed, finding.severity, each.by, each.says, each.reason, each.until == 0 ? "" : format_time(each.until)});
  }
  const auto key = [](const document::SuppressedFinding& each) { return std::tie(each.package, each.id, each.installed, each.by); };
  std::stable_sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  out.erase(std::unique(out.begin(), out.end(), [&](const auto& a, const auto& b) { return key(a) == key(b); }), out.end());
  return out;
}

// What the feeds say about the packages of the original, and of those that an earlier run added. Feeds that are about other releases only must not pass for
// feeds that know of nothing.
void add_feeds(std::vector<advisory::Finding>& findings, const PlatformView& view, const PlanRequest& request) {
  std::vector<advisory::feed::NamedIndex> feeds;
  std::set<std::string> scopes;
  bool covered = false;
  for (const OpenFeed& feed : request.feeds) {
    feeds.push_back({feed.name, *feed.index});
    covered = covered || advisory::feed::covers(*feed.index, view.os);
    for (const std::string_view scope : feed.index->scopes()) scopes.emplace(scope);
  }
  if (!covered && !scopes.empty()) {
    std::string about;
    for (const std::string& scope : scopes) {
      about += (about.empty() ? "" : ", ") + printable(scope);
      if (about.size() > 160) {
        about += " and others";
        break;
      }
    }
    throw Error(ErrorKind::input, fmt::format("none of the feeds is about {}: they are about {}", printable(view.os.pretty_name), about),
                "import the feed of this release, or leave --feed out");
  }
  pkg::Inventory inventory = view.inventory;
  for (const pkg::InstalledPackage& package : view.given_inventory.packages) {
    if (inventory.find(package.name, package.arch) == nullptr) inventory.packages.push_back(package);
  }
  advisory::feed::add_attributes(findings, feeds);
  auto more = advisory::feed::match_feeds(feeds, inventory);
  findings.insert(findings.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

std::vector<std::string> image_names(const ImageView& image, const PlanRequest& request) {
  std::vector<std::string> names = {image.location.text()};
  for (const oci::Reference& reference : references_of(image, request)) {
    names.push_back(reference.name());
    if (!reference.tag.empty()) names.push_back(reference.name() + ":" + reference.tag);
  }
  return names;
}

std::vector<advisory::Finding> gather_findings(const PlatformView& view, const ImageView& image, const PlanRequest& request, document::PlatformPlan& out) {
  std::vector<advisory::Finding> findings = findings_for(view, image, request, out);
  add_feeds(findings, view, request);
  out.suppressed = screen(findings, view, image, request);
  for (const auto& document : request.vex) {
    for (const std::string& note : document.notes) out.notes.push_back(document.name + ": " + note);
  }
  return findings;
}

void require_reports_used(const ImageView& image, const PlanRequest& request) {
  if (request.force_report) return;
  const std::vector<advisory::ImageFacts> facts = facts_of_all(image);
  std::size_t of_directories = 0, used = 0;
  for (const auto& [report, from_directory] : request.reports) {
    std::string why;
    const bool about = std::any_of(facts.begin(), facts.end(), [&, &given = report](const auto& each) { return advisory::match(given, each, why) != advisory::Match::mismatch; });
    if (!about && !from_directory)
      throw Error(ErrorKind::input, fmt::format("report {} is about none of the image's platforms: {}", printable(report.name), why), std::string(kScanAgain));
    of_directories += from_directory ? 1 : 0;
    used += from_directory && about ? 1 : 0;
  }
  if (of_directories > 0 && used == 0) {
    throw Error(ErrorKind::input, fmt::format("none of the directory's {} reports is about this image", of_directories), std::string(kScanAgain));
  }
}

}  // namespace resole::patch
