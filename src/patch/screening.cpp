// SPDX-License-Identifier: Apache-2.0
#include "patch/screening.hpp"

#include <algorithm>
#include <tuple>

#include "advisory/vex/screen.hpp"
#include "base/text.hpp"

namespace resole::patch {

namespace {

// Under which names the image is known: as it was given, and as it runs. Files have none.
std::vector<oci::Reference> references_of(const ImageView& image, const PlanRequest& request) {
  std::vector<oci::Reference> references;
  if (image.location.reference) references.push_back(*image.location.reference);
  if (!request.deployed_as.empty()) references.push_back(oci::Reference::parse(request.deployed_as));
  return references;
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

}  // namespace resole::patch
