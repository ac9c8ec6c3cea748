// SPDX-License-Identifier: Apache-2.0
// Edits of indexes. Only the entries of replaced children are touched; everything else, known or not, keeps its place and its members.
// An edit that changes nothing gives back the bytes that came.
#include <fmt/format.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/image.hpp"
#include "oci/json_fields.hpp"
#include "oci/manifest_checks.hpp"

namespace resole::oci {

namespace {

// The entry keeps platform, artifactType and annotations (platform objects hold more than we model); `data` and `urls` led to the old
// bytes.
void renew(OrderedJson& entry, const Descriptor& next, bool annotated) {
  entry["mediaType"] = next.media_type;
  entry["digest"] = next.digest.text();
  entry["size"] = next.size;
  entry.erase("data");
  entry.erase("urls");
  if (annotated) fields::edit_string_map(entry, "annotations", next.annotations);
}

bool speaks_of_replaced(const IndexEntry& entry, const std::map<Digest, Descriptor>& replaced) {
  if (!entry.attestation) return false;
  const std::optional<Digest> subject = Digest::try_parse(entry.attestation_of);
  if (!subject) return false;
  const auto at = replaced.find(*subject);
  return at != replaced.end() && at->second.digest != *subject;
}

}  // namespace

EditedIndex replace_children(const Index& index, const Descriptor& old_root, const std::map<Digest, Descriptor>& replaced,
                             const std::map<std::string, std::string>& annotations) {
  const OrderedJson before = parse_json_ordered(index.bytes(), "index", {.bytes = kManifestLimit, .depth = 64});
  OrderedJson json = before;
  const bool annotated = !media_type::is_docker(index.type());  // Docker's lists have no annotations
  EditedIndex out;
  OrderedJson kept = OrderedJson::array();
  OrderedJson& old_entries = json["manifests"];
  for (std::size_t at = 0; at < index.entries().size(); ++at) {
    const IndexEntry& entry = index.entries()[at];
    if (speaks_of_replaced(entry, replaced)) {
      out.dropped.push_back(entry.descriptor);
      continue;
    }
    OrderedJson& element = old_entries[at];
    const auto next = replaced.find(entry.descriptor.digest);
    if (!entry.descriptor.digest.empty() && next != replaced.end() && next->second.digest != next->first)
      renew(element, next->second, annotated);
    kept.push_back(std::move(element));
  }
  old_entries = std::move(kept);
  if (annotated) fields::edit_string_map(json, "annotations", annotations);
  out.bytes = json == before ? index.bytes() : dump_compact(json);
  out.descriptor = old_root.with_content(out.bytes);
  return out;
}

std::vector<EditedIndex> replace_in_tree(const Root& root, const std::map<Digest, Descriptor>& replaced,
                                         const std::map<std::string, std::string>& annotations) {
  if (!root.index) throw Error(ErrorKind::internal, "there is no index to edit");
  std::vector<EditedIndex> out;
  std::map<Digest, Descriptor> all = replaced;
  for (const NestedIndex& nested : root.nested) {
    bool touched = false;
    for (const IndexEntry& entry : nested.index.entries()) {
      const auto next = all.find(entry.descriptor.digest);
      touched = touched || (next != all.end() && next->second.digest != next->first) || speaks_of_replaced(entry, all);
    }
    if (!touched) continue;
    out.push_back(replace_children(nested.index, nested.descriptor, all, {}));
    all.insert_or_assign(nested.descriptor.digest, out.back().descriptor);
  }
  out.push_back(replace_children(*root.index, root.descriptor, all, annotations));
  return out;
}

References references_of(std::string_view bytes, std::string_view media_type, std::string_view what) {
  References out;
  if (media_type::is_index(media_type)) {
    const Index index = Index::parse(std::string(bytes), media_type, what);
    for (const IndexEntry& entry : index.entries()) out.manifests.push_back(entry.descriptor);
  } else if (media_type::is_manifest(media_type)) {
    const Manifest manifest = Manifest::parse(std::string(bytes), media_type, what, Families::any);
    out.blobs.push_back(manifest.config());
    out.blobs.insert(out.blobs.end(), manifest.layers().begin(), manifest.layers().end());
  }
  return out;
}

}  // namespace resole::oci
