// SPDX-License-Identifier: Apache-2.0
#include "rollout/images.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "oci/reference.hpp"

namespace resole::rollout {

namespace {

std::optional<oci::Reference> parse(std::string_view text) {
  try {
    return oci::Reference::parse(text);
  } catch (const Error&) {
    return std::nullopt;  // not a reference: not ours to judge
  }
}

// The given name, or the location itself when it is a registry's.
std::string deployed_name(const std::string& deployed_as, const std::string& location, std::string_view option, std::string_view verbs) {
  if (!deployed_as.empty()) return deployed_as;
  const oci::Location place = oci::Location::parse(location);
  if (place.reference) return place.reference->text();
  throw Error(ErrorKind::usage, fmt::format("{} is a local file: under which reference does it run?", printable(location)),
              fmt::format("run {} again with {}", verbs, option));
}

document::RolloutImage image_of(const document::Result& result, const document::Destination& destination) {
  document::RolloutImage image;
  image.source_reference = deployed_name(result.source_deployed_as, result.source_reference, "--source-deployed-as", "plan or patch");
  image.patched_reference = deployed_name(destination.deployed_as, destination.location, "--deployed-as", "build or patch");
  image.source = result.source.digest;
  image.patched = result.patched.digest;
  for (const auto& platform : result.platforms) {
    image.platforms.push_back({platform.platform.text(), platform.source_manifest, platform.manifest, platform.outcome});
    for (const auto& package : platform.packages) {
      image.packages.push_back({package.name, package.arch, package.from, package.to, package.fixes});
      image.fixed.insert(image.fixed.end(), package.fixes.begin(), package.fixes.end());
    }
  }
  std::sort(image.fixed.begin(), image.fixed.end());
  image.fixed.erase(std::unique(image.fixed.begin(), image.fixed.end()), image.fixed.end());
  return image;
}

bool is_source(const oci::Reference& reference, const document::RolloutImage& image) {
  const auto is_digest_of_source = [&](const Digest& digest) {
    return digest == image.source ||
           std::any_of(image.platforms.begin(), image.platforms.end(), [&](const auto& platform) { return platform.source == digest; });
  };
  const auto source = parse(image.source_reference);
  if (!source || source->name() != reference.name()) return false;
  if (!reference.digest.empty()) return is_digest_of_source(reference.digest);
  const std::string tag = reference.tag.empty() ? "latest" : reference.tag;
  return tag == (source->tag.empty() ? "latest" : source->tag);
}

std::string_view tag_of(std::string_view reference) {
  const std::string_view without_digest = reference.substr(0, reference.find('@'));
  return without_digest.substr(repository_of(reference).size());  // ":tag" or ""
}

}  // namespace

std::string_view repository_of(std::string_view reference) {
  const std::string_view without_digest = reference.substr(0, reference.find('@'));
  const auto colon = without_digest.rfind(':');
  const auto slash = without_digest.rfind('/');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return has_tag ? without_digest.substr(0, colon) : without_digest;
}

std::vector<document::RolloutImage> images_of(const std::vector<document::Result>& results) {
  std::vector<document::RolloutImage> images;
  for (const auto& result : results) {
    if (result.destinations.empty() || result.patched.digest == result.source.digest) continue;
    images.push_back(image_of(result, result.destinations.front()));
  }
  const auto order = [](const document::RolloutImage& a, const document::RolloutImage& b) {
    return std::tie(a.source_reference, a.source) < std::tie(b.source_reference, b.source);
  };
  std::sort(images.begin(), images.end(), order);
  return images;
}

std::optional<Match> match(std::string_view written, const std::vector<document::RolloutImage>& images, Pin pin) {
  const auto reference = parse(written);
  if (!reference) return std::nullopt;
  for (std::size_t i = 0; i < images.size(); ++i) {
    if (!is_source(*reference, images[i])) continue;
    const std::string_view patched = images[i].patched_reference;
    const std::string digest = "@" + images[i].patched.text();
    const std::string tag(tag_of(patched));
    const bool written_digest = written.find('@') != std::string_view::npos;
    const bool written_tag = !tag_of(written).empty();
    const bool want_digest = pin == Pin::digest || pin == Pin::both || (pin == Pin::automatic && written_digest) || tag.empty();
    const bool want_tag = pin == Pin::tag || pin == Pin::both || (pin == Pin::automatic && (written_tag || !written_digest));
    return Match{i, std::string(repository_of(patched)) + (want_tag ? tag : "") + (want_digest ? digest : "")};
  }
  return std::nullopt;
}

}  // namespace resole::rollout
