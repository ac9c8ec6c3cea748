// SPDX-License-Identifier: Apache-2.0
// Immutable views of manifests, indexes and configs over the bytes they came as (digests never drift), and edits that return new views.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"
#include "oci/descriptor.hpp"

namespace resole::oci {

class Store;

// Docker and OCI media types in one tree are refused, except where an image is only looked at (inspect).
enum class Families : std::uint8_t { one, any };

// image-spec manifest.md and Docker schema 2. Refused with Error(input): both `layers` and `manifests` (CVE-2021-41190), media types of two
// families, a body whose mediaType is not the descriptor's, schema 1, duplicate keys, more than 1000 layers.
class Manifest {
 public:
  static Manifest parse(std::string bytes, std::string_view media_type, std::string_view what, Families families = Families::one);
  const std::string& bytes() const { return bytes_; }
  const std::string& type() const { return media_type_; }
  Digest digest() const { return Digest::of(bytes_); }
  const Descriptor& config() const { return config_; }
  const std::vector<Descriptor>& layers() const { return layers_; }
  const std::map<std::string, std::string>& annotations() const { return annotations_; }

 private:
  std::string bytes_, media_type_;
  Descriptor config_;
  std::vector<Descriptor> layers_;
  std::map<std::string, std::string> annotations_;
};

// What is mixed ("a layer of type ... in a manifest of type ..."); nullopt when everything is of one family.
std::optional<std::string> mixed_families(const Manifest& manifest);

struct HistoryEntry {
  std::string created, created_by, comment, author;
  bool empty_layer = false;
};

// image-spec config.md. len(diff_ids) must equal len(layers) (checked in Image). History may be absent, short or long: it is never used as
// an index of layers.
class Config {
 public:
  static Config parse(std::string bytes, std::string_view what);
  const std::string& bytes() const { return bytes_; }
  const Platform& platform() const { return platform_; }
  const std::vector<Digest>& diff_ids() const { return diff_ids_; }
  const std::vector<HistoryEntry>& history() const { return history_; }
  const std::map<std::string, std::string>& labels() const { return labels_; }
  const std::vector<std::string>& env() const { return env_; }
  const std::string& user() const { return user_; }
  const std::string& created() const { return created_; }

 private:
  std::string bytes_, user_, created_;
  Platform platform_;
  std::vector<Digest> diff_ids_;
  std::vector<HistoryEntry> history_;
  std::map<std::string, std::string> labels_;
  std::vector<std::string> env_;
};

struct Layer {
  Descriptor descriptor;  // as stored: compressed size and digest
  Digest diff_id;         // of the uncompressed tar
};

// One platform's image.
struct Image {
  Descriptor descriptor;  // of the manifest, with the platform of the index entry when it came from one
  Manifest manifest;
  Config config;
  std::vector<Layer> layers() const;  // bottom first
  Platform platform() const;          // the config's, completed by the index entry's
};

// One child of an index.
struct IndexEntry {
  Descriptor descriptor;
  bool runnable = false;       // an image for an os/architecture (not an attestation, artifact, unknown/unknown or nested index)
  bool attestation = false;    // BuildKit attestation child (vnd.docker.reference.type)
  std::string attestation_of;  // digest text of the child it speaks of
};

class Index {
 public:
  static Index parse(std::string bytes, std::string_view media_type, std::string_view what);
  const std::string& bytes() const { return bytes_; }
  const std::string& type() const { return media_type_; }
  Digest digest() const { return Digest::of(bytes_); }
  const std::vector<IndexEntry>& entries() const { return entries_; }
  const std::map<std::string, std::string>& annotations() const { return annotations_; }

 private:
  std::string bytes_, media_type_;
  std::vector<IndexEntry> entries_;
  std::map<std::string, std::string> annotations_;
};

// An index that is an entry of another one.
struct NestedIndex {
  Descriptor descriptor;
  Index index;
};

// What a location names: one image or an index of them.
struct Root {
  Descriptor descriptor;
  std::optional<Index> index;  // set for an index
  std::vector<Image>
      images;  // the runnable images (of any os), in the index's order, those of nested indexes included; exactly one without an index
  std::vector<NestedIndex>
      nested;  // every index below `index`, once, children before parents (the order in which replace_in_tree rewrites them)
  std::vector<Descriptor> absent;  // entries that should be images or indexes, but that the store does not have (a sparse index)
};

// Reads manifest(s) and config(s), nothing of the layers. Nested indexes are followed (depth <= 3). Error(input) for an index without
// runnable images, for an artifact that is no image, for diff_ids that are not as many as the layers, and (unless Families::any) for mixed
// media types.
Root read_root(Store& store, const Descriptor& root, Families families = Families::one);

// ---- edits: pure, bytes in, bytes out; unknown fields, key order, annotations and history of the input are kept

struct AppendedLayer {
  Layer layer;
  std::string created_by;  // history text: tool and plan digest, no time
};

struct ImageEdit {
  std::size_t strip_layers = 0;  // top layers to take off first (our own of an earlier run), with their history entries
  std::vector<AppendedLayer> append;
  std::string created;                             // RFC 3339 of the epoch rule; for the config and the new history entries
  std::map<std::string, std::string> labels;       // set ("" value removes)
  std::map<std::string, std::string> annotations;  // set on OCI manifests only ("" removes); Docker manifests have none
};

struct EditedImage {
  std::string config_bytes, manifest_bytes;
  Descriptor config, manifest;  // manifest keeps the old index entry's platform and annotations
};

// One media-type family: that of the manifest. Refuses (Error(unsupported)) zstd layers in a Docker manifest.
EditedImage edit(const Image& image, const ImageEdit& change);

// The index with children replaced by old digest; order, platforms, annotations, unknown entries kept. A replaced entry keeps its own
// fields and takes media type, digest, size and annotations of the new descriptor. Attestations of replaced children are dropped (and
// returned). `annotations` are set on OCI indexes only ("" removes). `descriptor` is old_root with the new digest and size.
struct EditedIndex {
  std::string bytes;
  Descriptor descriptor;
  std::vector<Descriptor> dropped;
};
EditedIndex replace_children(const Index& index, const Descriptor& old_root, const std::map<Digest, Descriptor>& replaced,
                             const std::map<std::string, std::string>& annotations);

// The same for a whole tree: images of nested indexes are replaced there, then those indexes in their parents. In the order in which they
// must be put; the last one is the new root (it is there even when nothing changed). Error(internal) for a root that is no index.
std::vector<EditedIndex> replace_in_tree(const Root& root, const std::map<Digest, Descriptor>& replaced,
                                         const std::map<std::string, std::string>& annotations);

// What a manifest or index refers to directly, for walking a tree: children first to be copied, none left out. Empty for other types.
struct References {
  std::vector<Descriptor> manifests;  // entries of an index: manifests, indexes, and whatever else stands there
  std::vector<Descriptor> blobs;      // config and layers
};
References references_of(std::string_view bytes, std::string_view media_type, std::string_view what);

}  // namespace resole::oci
