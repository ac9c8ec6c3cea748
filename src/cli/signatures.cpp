// SPDX-License-Identifier: Apache-2.0
#include "cli/signatures.hpp"

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/store.hpp"
#include "rollout/images.hpp"

namespace resole::cli {

namespace {

enum class Signed { yes, no, unknown };

// cosign's tag for signatures of a digest, and the index of referrers where a registry has no API for them (OCI distribution-spec, "Referrers Tag Schema").
std::string tag_beside(const Digest& digest, std::string_view ending) {
  std::string tag = digest.text();
  tag[tag.find(':')] = '-';
  return tag + std::string(ending);
}

bool lists_signature(const std::string& index) {
  const Json json = parse_json(index, "index of referrers", {.bytes = 8u << 20, .depth = 30});
  const auto manifests = json.find("manifests");
  if (manifests == json.end() || !manifests->is_array()) return false;
  for (const Json& each : *manifests) {
    const std::string type = each.is_object() ? string_or(each, "artifactType", "") : "";
    for (const char* known : {"sigstore.bundle", "cosign.artifact.sig", "cncf.notary.signature"}) {
      if (type.find(known) != std::string::npos) return true;
    }
  }
  return false;
}

Signed is_signed(const std::string& reference, const Digest& digest, const patch::Tools& tools) {
  const std::string repository(rollout::repository_of(reference));
  try {
    const auto store_of = [&](std::string_view ending) { return tools.open_for_reading(oci::Location::parse(repository + ":" + tag_beside(digest, ending))); };
    if (store_of(".sig")->resolve()) return Signed::yes;
    const auto referrers = store_of("");
    const auto index = referrers->resolve();
    return index && lists_signature(referrers->manifest(*index)) ? Signed::yes : Signed::no;
  } catch (const Error& error) {
    tools.reporter.debug(fmt::format("whether {} is signed is not known: {}", printable(reference), error.what()));
    return Signed::unknown;
  }
}

}  // namespace

void require_signatures(const std::string& mode, const document::Rollout& rollout, Workplace& workplace) {
  if (mode == "ignore") return;
  for (const auto& image : rollout.images) {
    const bool asks = mode == "check";
    const Signed source = image.source_was_signed ? Signed::yes : asks ? is_signed(image.source_reference, image.source, workplace.tools()) : Signed::no;
    if (source == Signed::unknown) workplace.reporter().warn(fmt::format("whether {} is signed could not be found out", printable(image.source_reference)));
    if (source != Signed::yes) continue;
    const Signed patched = asks ? is_signed(image.patched_reference, image.patched, workplace.tools()) : Signed::no;
    if (patched == Signed::yes) continue;
    throw Error(ErrorKind::refused,
                fmt::format("{} is signed, {} {}", printable(image.source_reference), printable(image.patched_reference), patched == Signed::no ? "is not" : "perhaps is not: its registry does not say"),
                "sign the patched image first (cosign sign " + std::string(rollout::repository_of(image.patched_reference)) + "@" + image.patched.text() + "), or say --signatures ignore");
  }
}

}  // namespace resole::cli
