// SPDX-License-Identifier: Apache-2.0
#include "rollout/images.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::rollout {

namespace {

constexpr std::size_t kPlanDigits = 8;

std::optional<oci::Reference> parse(std::string_view text) {
  if (text.empty() || text.find_first_of(" \t\r\n${}") != std::string_view::npos) return std::nullopt;
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

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

// The first destination's repository is where pods pull from; of the tags there, one may move and one may not.
void choose_tags(const document::Result& result, const TagForms& forms, document::RolloutImage& image) {
  const std::string source_tag(tag_of(image.source_reference));
  const std::string immutable = expand_tag(forms.immutable, source_tag, result.plan), moving = expand_tag(forms.moving, source_tag, result.plan);
  std::string repository;
  for (const auto& destination : result.destinations) {
    const std::string name = deployed_name(destination.deployed_as, destination.location, "--deployed-as", "build or patch");
    if (repository.empty()) repository = repository_of(name);
    if (repository_of(name) != repository) continue;
    if (tag_of(name) == immutable) image.immutable_reference = name;
    if (image.patched_reference.empty() || tag_of(name) == moving || tag_of(image.patched_reference) == immutable) image.patched_reference = name;
  }
}

document::RolloutImage image_of(const document::Result& result, const TagForms& forms) {
  document::RolloutImage image;
  image.source_reference = deployed_name(result.source_deployed_as, result.source_reference, "--source-deployed-as", "plan or patch");
  choose_tags(result, forms, image);
  image.source = result.source.digest;
  image.patched = result.patched.digest;
  image.source_was_signed = result.source_was_signed;
  image.plan = result.plan;
  for (const auto& platform : result.platforms) {
    image.platforms.push_back({platform.platform.text(), platform.source_manifest, platform.manifest, platform.outcome});
    for (const auto& layer : platform.layers) image.added_bytes += layer.size;
    for (const auto& package : platform.packages) {
      const bool judged = package.severity != advisory::Severity::unknown && !package.fixes.empty();
      image.packages.push_back({package.name, package.arch, package.from, package.to, package.fixes, judged ? lower(advisory::severity_name(package.severity)) : "", package.known_exploited});
      image.fixed.insert(image.fixed.end(), package.fixes.begin(), package.fixes.end());
    }
  }
  std::sort(image.fixed.begin(), image.fixed.end());
  image.fixed.erase(std::unique(image.fixed.begin(), image.fixed.end()), image.fixed.end());
  return image;
}

std::string tag_or_latest(const oci::Reference& reference) { return reference.tag.empty() && reference.digest.empty() ? "latest" : reference.tag; }

}  // namespace

std::string_view repository_of(std::string_view reference) {
  const std::string_view without_digest = reference.substr(0, reference.find('@'));
  const auto colon = without_digest.rfind(':');
  const auto slash = without_digest.rfind('/');
  const bool has_tag = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  return has_tag ? without_digest.substr(0, colon) : without_digest;
}

std::string_view tag_of(std::string_view reference) {
  const std::string_view without_digest = reference.substr(0, reference.find('@'));
  const std::string_view tag = without_digest.substr(repository_of(reference).size());
  return tag.empty() ? tag : tag.substr(1);
}

std::string expand_tag(std::string_view form, std::string_view tag, const Digest& plan) {
  std::string out(form);
  const std::string digest = plan.text();
  replace_all(out, "{plan8}", std::string_view(digest).substr(digest.find(':') + 1).substr(0, kPlanDigits));
  replace_all(out, "{tag}", tag.empty() ? "latest" : tag);
  if (out.find_first_of("{}") != std::string::npos) {
    throw Error(ErrorKind::usage, fmt::format("the form of a tag \"{}\" has something else in braces than tag and plan8", printable(form)), "for example {tag}-r{plan8}");
  }
  return out;
}

std::vector<document::RolloutImage> images_of(const std::vector<document::Result>& results, const TagForms& forms) {
  std::vector<document::RolloutImage> images;
  for (const auto& result : results) {
    if (result.destinations.empty() || result.patched.digest == result.source.digest) continue;
    images.push_back(image_of(result, forms));
  }
  const auto order = [](const document::RolloutImage& a, const document::RolloutImage& b) {
    return std::tie(a.source_reference, a.source) < std::tie(b.source_reference, b.source);
  };
  std::sort(images.begin(), images.end(), order);
  return images;
}

std::string Wish::text() const { return name + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest); }

Images::Images(std::vector<document::RolloutImage> images, TagForms forms) : images_(std::move(images)) {
  for (const auto& image : images_) {
    const auto source = parse(image.source_reference), patched = parse(image.patched_reference);
    if (!source || !patched) {
      throw Error(ErrorKind::input, fmt::format("\"{}\" -> \"{}\" are no references of images", printable(image.source_reference), printable(image.patched_reference)));
    }
    Known known{*source, *patched, source->name(), patched->name(), std::string(tag_of(image.patched_reference)), std::string(tag_of(image.immutable_reference)), "", ""};
    std::string form = forms.immutable;
    replace_all(form, "{tag}", tag_or_latest(*source));
    const std::size_t plan = form.find("{plan8}");
    if (plan != std::string::npos) {
      known.immutable_before = form.substr(0, plan);
      known.immutable_behind = form.substr(plan + 7);
    }
    for (const oci::Reference* reference : {&known.source, &known.patched}) {
      last_parts_.add(reference->repository.substr(reference->repository.rfind('/') + 1));
      auto& indices = by_name_[reference->name()];
      if (indices.empty() || indices.back() != known_.size()) indices.push_back(known_.size());
    }
    known_.push_back(std::move(known));
  }
}

bool Images::is_immutable_tag(const Known& known, std::string_view tag) const {
  const std::string_view before = known.immutable_before, behind = known.immutable_behind;
  if (before.empty() || tag.size() != before.size() + kPlanDigits + behind.size() || !tag.starts_with(before) || !tag.ends_with(behind)) return false;
  return tag.substr(before.size(), kPlanDigits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::optional<Match> Images::meaning(const oci::Reference& reference, const std::string& name, std::size_t index) const {
  const Known& known = known_[index];
  const auto& image = images_[index];
  const bool source_name = name == known.source_name, patched_name = name == known.patched_name;
  if (!reference.digest.empty()) {
    if (source_name && reference.digest == image.source) return Match{index, Meaning::source, image.patched};
    if (patched_name && reference.digest == image.patched) return Match{index, Meaning::ours, image.patched};
    for (const auto& platform : image.platforms) {
      if (source_name && reference.digest == platform.source) return Match{index, Meaning::source, platform.patched};
      if (patched_name && reference.digest == platform.patched) return Match{index, Meaning::ours, platform.patched};
    }
  }
  const std::string tag = tag_or_latest(reference);
  const bool earlier = patched_name && (is_immutable_tag(known, tag) || (!source_name && !tag.empty() && tag == known.moving_tag) ||
                                        (tag == known.immutable_tag && !tag.empty()) || (source_name && tag == known.moving_tag && tag != tag_or_latest(known.source)));
  if (earlier) return Match{index, Meaning::ours, image.patched};
  if (!source_name) return std::nullopt;
  const bool same_tag = !tag.empty() && tag == tag_or_latest(known.source);
  if (reference.digest.empty()) return same_tag ? std::optional(Match{index, Meaning::source, image.patched}) : std::nullopt;
  return same_tag || tag.empty() ? std::optional(Match{index, Meaning::other_digest, image.patched}) : std::nullopt;
}

std::optional<Match> Images::match(std::string_view written) const {
  if (!mentioned_in(written)) return std::nullopt;
  const auto reference = parse(written);
  if (!reference) return std::nullopt;
  const std::string name = reference->name();
  const auto candidates = by_name_.find(name);
  if (candidates == by_name_.end()) return std::nullopt;
  std::optional<Match> best;
  for (const std::size_t i : candidates->second) {
    const auto found = meaning(*reference, name, i);
    if (found && (!best || found->meaning < best->meaning)) best = found;
  }
  return best;
}

std::optional<std::size_t> Images::of_name(std::string_view name) const {
  if (!mentioned_in(name)) return std::nullopt;
  const auto reference = parse(name);
  const auto candidates = reference ? by_name_.find(reference->name()) : by_name_.end();
  if (candidates == by_name_.end()) return std::nullopt;
  for (const std::size_t i : candidates->second) {
    if (known_[i].source_name == candidates->first) return i;
  }
  return std::nullopt;
}

Wish Images::wish(const Match& match, std::string_view written_name, Shape written, Pin pin) const {
  const Known& known = known_[match.image];
  const auto spelled = parse(written_name);
  Wish wish;
  wish.name = spelled && spelled->name() == known.patched_name ? std::string(written_name) : std::string(repository_of(images_[match.image].patched_reference));
  const bool any_tag = !known.moving_tag.empty() || !known.immutable_tag.empty();
  const bool digest = pin == Pin::digest || pin == Pin::both || (pin == Pin::automatic && written.digest) || !any_tag;
  const bool tag = pin == Pin::tag || pin == Pin::both || (pin == Pin::automatic && (written.tag || !written.digest));
  if (digest) wish.digest = match.patched.text();
  if (tag && any_tag) wish.tag = (!digest || known.moving_tag.empty()) && !known.immutable_tag.empty() ? known.immutable_tag : known.moving_tag;
  return wish;
}

}  // namespace resole::rollout
