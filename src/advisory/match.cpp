// SPDX-License-Identifier: Apache-2.0
// Is a report about this image? A scan of another build names packages that are not there and misses others, so "same repository name"
// proves nothing: what proves it is the content (diff_ids), the config's digest (what docker calls the image ID) or a manifest digest. A
// report without any of them (of a root filesystem, or of a tool that leaves them out) is taken as plausible when the architecture fits, the
// distribution and its release are the same, and half of the packages that it names, however few, are there at the versions that it names. Where
// the report leaves out distribution or release, the packages alone have to tell: without one that is there, nothing does.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "advisory/finding.hpp"
#include "advisory/package_type.hpp"
#include "base/text.hpp"

namespace resole::advisory {

namespace {

// Scanners' family words -> os-release ID.
std::string os_id_of(std::string_view family) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 13> kFamilies = {
      {{"redhat", "rhel"},
       {"alma", "almalinux"},
       {"amazon", "amzn"},
       {"amazon linux", "amzn"},
       {"oracle", "ol"},
       {"cbl-mariner", "mariner"},
       {"centos-stream", "centos"},
       {"debian gnu/linux", "debian"},
       {"opensuse.leap", "opensuse-leap"},
       {"opensuse.tumbleweed", "opensuse-tumbleweed"},
       {"suse linux enterprise server", "sles"},
       {"suse linux enterprise micro", "sl-micro"},
       {"slem", "sl-micro"}}};
  const std::string word = lower(family);
  for (const auto& [name, id] : kFamilies) {
    if (word == name) return std::string(id);
  }
  return word;
}

// "12.11" is a point release of "12"; scanners read debian_version, images say VERSION_ID.
bool same_release(std::string_view a, std::string_view b) {
  if (a.size() > b.size()) std::swap(a, b);
  return a.empty() || (b.starts_with(a) && (b.size() == a.size() || b[a.size()] == '.'));
}

// The names by which tools call one architecture, as OCI has them.
std::string architecture_of(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> kNames = {
      {{"x86_64", "amd64"}, {"aarch64", "arm64"}, {"i386", "386"}, {"i686", "386"}, {"armhf", "arm"}}};
  const std::string word = lower(text);
  for (const auto& [name, architecture] : kNames) {
    if (word == name) return std::string(architecture);
  }
  return word;
}

bool contains(const std::vector<std::string>& list, const std::string& text) {
  return !text.empty() && std::find(list.begin(), list.end(), text) != list.end();
}

std::string layers_in_words(const std::vector<std::string>& diff_ids) {
  return fmt::format("{} layer{}, the last {}", diff_ids.size(), diff_ids.size() == 1 ? "" : "s", printable(diff_ids.back(), 80));
}

std::string os_in_words(const std::string& id, const std::string& version, const std::string& architecture) {
  std::vector<std::string> parts;
  for (const std::string& part : {id, version, architecture}) {
    if (!part.empty()) parts.push_back(printable(part, 60));
  }
  return parts.empty() ? "an image without os-release" : join(parts, " ");
}

// Epochs are left out by some tools and written by others.
std::string_view without_epoch(std::string_view version) {
  const std::size_t colon = version.find(':');
  return colon == std::string_view::npos ? version : version.substr(colon + 1);
}

bool has_package(const ImageFacts& image, const std::string& name, std::string_view version) {  // "": whatever version
  const auto [begin, end] = std::equal_range(image.packages.begin(), image.packages.end(), std::pair<std::string, std::string>(name, ""),
                                             [](const auto& a, const auto& b) { return a.first < b.first; });
  return std::any_of(begin, end, [&](const auto& each) { return version.empty() || without_epoch(each.second) == without_epoch(version); });
}

// The distribution's packages that the report names, each once, and how many of them the image has at that version; of a selector's, whose versions are prose
// or left out, by name.
struct Overlap {
  std::size_t named = 0, found = 0;
  bool asks = false;  // something of the distribution is asked for
};
Overlap overlap_of(const Report& report, const ImageFacts& image) {
  std::set<std::pair<std::string, std::string>> named;
  for (const ListedPackage& package : report.packages) {
    if (is_distribution_type(package.type) && !package.version.empty()) named.emplace(package.name, package.version);
  }
  for (const Finding& finding : report.findings) {
    if (finding.operating_system && (!finding.installed.empty() || finding.selector)) named.emplace(finding.package, finding.installed);
  }
  Overlap overlap{.named = named.size(), .asks = std::any_of(report.findings.begin(), report.findings.end(), [](const Finding& finding) { return finding.operating_system; })};
  for (const auto& [name, version] : named) overlap.found += has_package(image, name, version) ? 1 : 0;
  return overlap;
}

}  // namespace

Match match(const Report& report, const ImageFacts& image, std::string& why) {
  const Subject& subject = report.subject;
  const auto equal_layers = [&](const std::vector<std::string>& diff_ids) { return !diff_ids.empty() && subject.diff_ids == diff_ids; };
  if (equal_layers(image.diff_ids) || equal_layers(image.original_diff_ids)) {
    why = fmt::format("all {} layers are the same", subject.diff_ids.size());
    return Match::proven;
  }
  if (!subject.image_id.empty() && subject.image_id == image.config_digest) {
    why = "the image ID is the same, " + image.config_digest;
    return Match::proven;
  }
  if (contains(subject.digests, image.manifest_digest)) {
    why = "the digest is the same, " + image.manifest_digest;
    return Match::proven;
  }
  const std::string reported_id = os_id_of(subject.os_family);
  const std::string reported_architecture = architecture_of(subject.architecture), architecture = architecture_of(image.architecture);
  const bool names_release = !reported_id.empty() && !subject.os_name.empty() && !image.os_version.empty();
  const bool same_os = reported_id.empty() || (reported_id == os_id_of(image.os_id) && same_release(subject.os_name, image.os_version));
  const bool same_index = contains(subject.digests, image.root_digest);
  if (!reported_architecture.empty() && !architecture.empty() && reported_architecture != architecture) {
    why = fmt::format("the report is about {}, the image is for {}", printable(reported_architecture, 60), architecture);
    return same_index && same_os ? Match::other_platform : Match::mismatch;
  }
  if (same_index) {
    why = "the digest is the same, " + image.root_digest;
    return Match::proven;
  }
  if (!subject.layer_digests.empty() && subject.layer_digests == image.layer_digests) {
    why = fmt::format("all {} layers are the same", subject.layer_digests.size());
    return Match::proven;
  }
  if (!subject.diff_ids.empty() && !image.diff_ids.empty()) {
    why = fmt::format("the report is about {} with {}; the image has {}", printable(subject.name), layers_in_words(subject.diff_ids),
                      layers_in_words(image.diff_ids));
    return Match::mismatch;
  }
  const std::string reported = os_in_words(reported_id, subject.os_name, reported_architecture);
  const std::string actual = os_in_words(image.os_id, image.os_version, architecture);
  if (!same_os) {
    why = fmt::format("the report is about {}, the image is {}", reported, actual);
    return Match::mismatch;
  }
  const Overlap overlap = overlap_of(report, image);
  const std::string packages = overlap.named == 1 ? fmt::format("the one package that it names is {}in the image at that version", overlap.found == 1 ? "" : "not ")
                                                  : fmt::format("{} of the {} packages that it names are in the image at that version", overlap.found, overlap.named);
  if (overlap.found * 2 < overlap.named) {
    why = overlap.named == 1 ? packages : "only " + packages;
    return Match::mismatch;
  }
  if (!names_release && overlap.found == 0 && overlap.asks) {
    why = fmt::format("the report does not say which {} it is about, nor which versions are installed", reported_id.empty() ? "distribution" : "release of " + printable(reported_id, 60));
    return Match::mismatch;
  }
  why = reported_id.empty() ? "the report names neither layers nor a distribution"
                            : fmt::format("the report names no layers, but its distribution fits: {}, the image is {}", reported, actual);
  if (overlap.named > 0) why += "; " + packages;
  return Match::plausible;
}

}  // namespace resole::advisory
