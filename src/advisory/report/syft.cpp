// SPDX-License-Identifier: Apache-2.0
// Syft's own JSON: an inventory, with the source of Debian's packages and the origin of Alpine's. `source.target` was renamed to `source.metadata`.
#include "advisory/package_type.hpp"
#include "advisory/report/formats_of_reports.hpp"
#include "advisory/report/reading.hpp"
#include "base/text.hpp"

namespace resole::advisory::syft {

namespace {

void read_subject(const Json& report, Subject& subject) {
  const Json& distro = object_or_empty(report, "distro");
  subject.os_family = lower(string_or(distro, "id", string_or(distro, "name", "")));
  subject.os_name = string_or(distro, "versionID", string_or(distro, "version", ""));
  const Json& source = object_or_empty(report, "source");
  for (const char* key : {"metadata", "target"}) {
    const auto image = source.find(key);
    if (image == source.end() || !image->is_object()) continue;
    subject.name = text_or_empty(*image, "userInput");
    subject.image_id = text_or_empty(*image, "imageID");
    subject.architecture = text_or_empty(*image, "architecture");
    if (std::string digest = text_or_empty(*image, "manifestDigest"); !digest.empty()) subject.digests.push_back(std::move(digest));
    for (const std::string& reference : strings_or_empty(*image, "repoDigests")) subject.digests.push_back(digest_part(reference));
    each(*image, "layers", [&](const Json& layer) {
      if (std::string digest = text_or_empty(layer, "digest"); !digest.empty()) subject.diff_ids.push_back(std::move(digest));
    });
  }
}

}  // namespace

std::vector<std::string> fields() {
  std::vector<std::string> out = {"/distro/id", "/distro/name", "/distro/versionID", "/distro/version", "/schema/url", "/descriptor/name"};
  for (const char* image : {"/source/target", "/source/metadata"})
    append_fields(out, image, {"/userInput", "/imageID", "/architecture", "/manifestDigest", "/repoDigests", "/layers/*/digest"});
  append_fields(out, "/artifacts/*", {"/name", "/version", "/type", "/purl", "/metadata/source", "/metadata/sourceVersion", "/metadata/architecture", "/metadata/arch", "/metadata/originPackage"});
  return out;
}

bool recognise(const Json& report) {
  return has(report, "artifacts") && report["artifacts"].is_array() && (has(report, "descriptor") || has(report, "schema")) && has(report, "source");
}

void read(const Json& report, Report& out) {
  out.inventory_only = true;
  read_subject(report, out.subject);
  each_row(out, report, "artifacts", [&](const Json& artifact) {
    ListedPackage one;
    one.name = text_or_empty(artifact, "name");
    one.version = text_or_empty(artifact, "version");
    one.type = text_or_empty(artifact, "type");
    one.purl = text_or_empty(artifact, "purl");
    const auto metadata = artifact.find("metadata");
    if (metadata != artifact.end() && metadata->is_object()) {
      one.source = text_or_empty(*metadata, "source");
      if (one.source.empty()) one.source = text_or_empty(*metadata, "originPackage");
      one.source_version = text_or_empty(*metadata, "sourceVersion");
      one.arch = text_or_empty(*metadata, "architecture");
      if (one.arch.empty()) one.arch = text_or_empty(*metadata, "arch");
    }
    if (!one.name.empty()) out.packages.push_back(std::move(one));
  });
}

}  // namespace resole::advisory::syft
