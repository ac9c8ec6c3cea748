// SPDX-License-Identifier: Apache-2.0
// SPDX 2.2 and 2.3 as JSON: an inventory. Trivy notes the image's digests in annotations (2.3) or attributionTexts (2.2) of the container's package, and the source as
// "built package from: openssl 3.0.11-1"; packages are known by their package URLs.
#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::spdx {

namespace {

void read_remark(std::string_view remark, Subject& subject) {
  const auto value = [&](std::string_view key) { return remark.starts_with(key) ? std::string(trim(remark.substr(key.size()))) : std::string(); };
  if (const std::string id = value("ImageID:"); !id.empty()) subject.image_id = id;
  if (const std::string id = value("DiffID:"); !id.empty()) subject.diff_ids.push_back(id);
  if (const std::string reference = value("RepoDigest:"); !reference.empty()) subject.digests.push_back(digest_part(reference));
}

void read_container(const Json& package, Subject& subject) {
  subject.name = text_or_empty(package, "name");
  each(package, "annotations", [&](const Json& annotation) { read_remark(text_or_empty(annotation, "comment"), subject); });
  for (const std::string& text : strings_or_empty(package, "attributionTexts")) read_remark(text, subject);
  if (std::string digest = digest_part(text_or_empty(package, "versionInfo")); !digest.empty()) subject.digests.push_back(std::move(digest));
}

ListedPackage read_package(const Json& package) {
  ListedPackage one;
  one.name = text_or_empty(package, "name");
  one.version = text_or_empty(package, "versionInfo");
  each(package, "externalRefs", [&](const Json& reference) {
    if (one.purl.empty() && text_or_empty(reference, "referenceType") == "purl") one.purl = text_or_empty(reference, "referenceLocator");
  });
  if (const auto url = PackageUrl::parse(one.purl)) {
    one.type = url->type;
    one.arch = url->qualifier("arch");
    if (is_distribution_type(url->type) && one.version.find(':') == std::string::npos && !url->qualifier("epoch").empty()) one.version = full_version(*url);
    one.source = url->qualifier("upstream").substr(0, url->qualifier("upstream").find('@'));
  }
  const std::string info = text_or_empty(package, "sourceInfo"), lead = "built package from: ";
  if (info.starts_with(lead)) {
    const std::string text = info.substr(lead.size());
    const std::size_t blank = text.find(' ');
    one.source = text.substr(0, blank);
    if (blank != std::string::npos) one.source_version = text.substr(blank + 1);
  }
  return one;
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/spdxVersion", "/name"};
  append_fields(out, "/packages/*", {"/SPDXID", "/name", "/versionInfo", "/sourceInfo", "/primaryPackagePurpose", "/attributionTexts", "/annotations/*/comment", "/externalRefs/*/referenceType",
                                     "/externalRefs/*/referenceLocator"});
  return out;
}

bool recognise(const Json& report) { return has(report, "spdxVersion"); }

void read(const Json& report, Report& out) {
  out.inventory_only = true;
  out.subject.name = text_or_empty(report, "name");
  each_row(out, report, "packages", [&](const Json& package) {
    const std::string id = text_or_empty(package, "SPDXID"), purpose = text_or_empty(package, "primaryPackagePurpose");
    if (purpose == "CONTAINER" || id.starts_with("SPDXRef-ContainerImage")) return read_container(package, out.subject);
    if (purpose == "OPERATING-SYSTEM" || id.starts_with("SPDXRef-OperatingSystem")) {
      out.subject.os_family = lower(text_or_empty(package, "name"));
      out.subject.os_name = text_or_empty(package, "versionInfo");
      return;
    }
    ListedPackage one = read_package(package);
    if (out.subject.os_family.empty()) {
      const auto url = PackageUrl::parse(one.purl);
      if (url && is_distribution_type(url->type)) read_os_text(url->qualifier("distro"), out.subject);
    }
    if (!one.name.empty() && !one.purl.empty()) out.packages.push_back(std::move(one));
  });
}

}  // namespace resole::advisory::spdx
