// SPDX-License-Identifier: Apache-2.0
// An index.json names images by an annotation of its entries:
//
//   {"mediaType": "...index...", "digest": "sha256:aa...", "size": 1024, "annotations": {"org.opencontainers.image.ref.name": "1.4"}}
//
// skopeo and umoci write a tag there, podman a whole reference; docker and containerd write the tag and, beside it, the whole reference as
// "io.containerd.image.name", which is accepted as a second name. Entries without a name are common too: skopeo takes the name off the
// entry that had it before. So "the only image there" counts different digests, and an artifact that is attached to an image (a signature)
// is not one.
#include "registry/layout_index.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/image.hpp"
#include "registry/local_image.hpp"

namespace resole::registry {

namespace {

constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr const char* kFullName = "io.containerd.image.name";
constexpr std::array kNames = {kRefName, kFullName};
constexpr std::string_view kEmpty = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";

oci::Index parse(std::string_view index, std::string_view what) {
  return oci::Index::parse(std::string(index.empty() ? kEmpty : index), oci::media_type::kOciIndex, what);
}

std::string annotation(const oci::Descriptor& descriptor, const char* name) {
  const auto at = descriptor.annotations.find(name);
  return at == descriptor.annotations.end() ? std::string() : at->second;
}

bool is_image(const oci::Descriptor& descriptor) {
  const bool right_type = oci::media_type::is_index(descriptor.media_type) || oci::media_type::is_manifest(descriptor.media_type);
  return right_type && descriptor.artifact_type.empty() && !descriptor.digest.empty();
}

std::vector<std::size_t> having(const oci::Index& index, const char* name, const std::string& value) {
  std::vector<std::size_t> out;
  for (std::size_t at = 0; at < index.entries().size(); ++at) {
    if (annotation(index.entries()[at].descriptor, name) == value) out.push_back(at);
  }
  return out;
}

std::vector<std::string> names_of(const oci::Index& index) {
  std::set<std::string> out;
  for (const oci::IndexEntry& entry : index.entries()) {
    const std::string name = annotation(entry.descriptor, kRefName);
    const std::string& shown = name.empty() ? annotation(entry.descriptor, kFullName) : name;
    if (!shown.empty()) out.insert(printable(shown));
  }
  return {out.begin(), out.end()};
}

[[noreturn]] void refuse_ambiguous(const oci::Index& index, const std::string& tag, std::string_view what) {
  const std::vector<std::string> names = names_of(index);
  const std::string listed = names.empty() ? "none of them has a name" : "it has: " + join(names, ", ");
  if (!tag.empty())
    throw Error(ErrorKind::input, fmt::format("{}: several images are named \"{}\"", what, printable(tag)),
                "name one by its digest: @sha256:...");
  throw Error(ErrorKind::input, fmt::format("{}: more than one image is in it; {}", what, listed),
              names.empty() ? "name one by its digest: @sha256:..." : "say which one, with :NAME behind the path");
}

// Entries that the name means, all of one digest; empty when there is none.
std::vector<std::size_t> positions(const oci::Index& index, const std::string& tag, std::string_view what) {
  std::vector<std::size_t> out;
  if (tag.empty()) {
    for (std::size_t at = 0; at < index.entries().size(); ++at) {
      if (is_image(index.entries()[at].descriptor)) out.push_back(at);
    }
  } else {
    out = having(index, kRefName, tag);
    if (out.empty()) out = having(index, kFullName, tag);
  }
  const auto digest = [&](std::size_t at) -> const Digest& { return index.entries()[at].descriptor.digest; };
  if (std::any_of(out.begin(), out.end(), [&](std::size_t at) { return digest(at) != digest(out.front()); }))
    refuse_ambiguous(index, tag, what);
  return out;
}

oci::Descriptor without_names(oci::Descriptor descriptor) {
  for (const char* name : kNames) descriptor.annotations.erase(name);
  return descriptor;
}

// The entry that stands for the new root: what it replaces keeps its names and the members that we do not know.
OrderedJson renewed(OrderedJson entry, const oci::Publication& publication) {
  std::map<std::string, std::string> annotations = without_names(publication.root).annotations;
  if (entry.is_object() && entry.contains("annotations") && entry["annotations"].is_object()) {
    for (const char* name : kNames) {
      if (entry["annotations"].contains(name)) annotations[name] = entry["annotations"][name].get<std::string>();
    }
  }
  const bool named_otherwise = annotations.contains(kFullName) && annotations.at(kFullName) == publication.tag;
  if (!publication.tag.empty() && !named_otherwise) annotations[kRefName] = publication.tag;
  oci::Descriptor root = publication.root;
  root.annotations = std::move(annotations);
  if (!entry.is_object()) return root.to_json();
  for (const char* stale : {"data", "urls", "platform", "artifactType", "annotations"}) entry.erase(stale);
  const OrderedJson fresh = root.to_json();
  for (const auto& [key, value] : fresh.items()) entry[key] = value;
  return entry;
}

}  // namespace

std::optional<oci::Descriptor> find_name(std::string_view bytes, const std::string& tag, std::string_view what) {
  const oci::Index index = parse(bytes, what);
  const std::vector<std::size_t> found = positions(index, tag, what);
  if (found.empty()) return std::nullopt;
  return without_names(index.entries()[found.front()].descriptor);
}

std::optional<oci::Descriptor> find_digest(std::string_view bytes, const Digest& digest, std::string_view what) {
  const oci::Index index = parse(bytes, what);
  for (const oci::IndexEntry& entry : index.entries()) {
    if (entry.descriptor.digest == digest) return without_names(entry.descriptor);
  }
  return std::nullopt;
}

std::vector<std::string> names_in(std::string_view bytes, std::string_view what) { return names_of(parse(bytes, what)); }

std::vector<oci::Descriptor> roots_in(std::string_view bytes, std::string_view what) {
  const oci::Index index = parse(bytes, what);
  std::vector<oci::Descriptor> out;
  for (const oci::IndexEntry& entry : index.entries()) out.push_back(entry.descriptor);
  return out;
}

std::string with_published(std::string_view bytes, const oci::Publication& publication, std::string_view what) {
  const oci::Index index = parse(bytes, what);
  const std::vector<std::size_t> found = positions(index, publication.tag, what);
  std::optional<oci::Descriptor> current;
  if (!found.empty()) current = index.entries()[found.front()].descriptor;
  if (current && current->digest == publication.root.digest) return std::string(bytes);
  require_expected(current, publication, what);
  OrderedJson json = parse_json_ordered(index.bytes(), what);
  auto& entries = json["manifests"].get_ref<OrderedJson::array_t&>();
  if (found.empty()) {
    entries.push_back(renewed(OrderedJson(), publication));
  } else {
    for (std::size_t at : found) entries[at] = renewed(std::move(entries[at]), publication);
  }
  return dump_compact(json);
}

}  // namespace resole::registry
