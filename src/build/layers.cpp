// SPDX-License-Identifier: Apache-2.0
// The payload is joined, not recompressed: head (whiteouts and directories), one segment per package, two zero blocks at the end, each of them whole
// members of the compressor. Several gzip members in a row are one gzip stream (RFC 1952 section 2.2), several zstd frames likewise.
#include "build/layers.hpp"

#include "base/error.hpp"
#include "base/json.hpp"

namespace resole::build {

namespace {

// The tar's end-of-archive blocks (POSIX pax, "two 512-octet logical records").
const std::string& end_of_archive() {
  static const std::string blocks(1024, '\0');
  return blocks;
}

// Counts and hashes on the way.
class MeasuringSink : public Sink {
 public:
  explicit MeasuringSink(Sink& below) : below_(below), hasher_(Algorithm::sha256) {}
  void write(std::string_view bytes) override {
    hasher_.update(bytes);
    size_ += bytes.size();
    below_.write(bytes);
  }
  Digest digest() { return Digest::sha256(hasher_.finish_sha256()); }
  std::uint64_t size() const { return size_; }

 private:
  Sink& below_;
  Hasher hasher_;
  std::uint64_t size_ = 0;
};

// Sources one after another, counted.
class JoinedSource : public Source {
 public:
  explicit JoinedSource(std::vector<std::unique_ptr<Source>> parts) : parts_(std::move(parts)) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    for (; next_ < parts_.size(); ++next_) {
      if (const std::size_t got = parts_[next_]->read(buffer, capacity)) {
        total_ += got;
        return got;
      }
    }
    return 0;
  }
  std::uint64_t total() const { return total_; }

 private:
  std::vector<std::unique_ptr<Source>> parts_;
  std::size_t next_ = 0;
  std::uint64_t total_ = 0;
};

void compress_into(std::string_view raw, const LayerSettings& settings, Sink& sink) {
  archive::Compressor compressor(settings.compression, sink, settings.jobs);
  compressor.write(raw);
  compressor.finish();
}

void remember_index(const rootfs::LayerIndex& index, Cache& cache) {
  cache.put("layer-index", rootfs::layer_index_key(index.diff_id), rootfs::serialise(index));
}

std::shared_ptr<const rootfs::LayerIndex> recall_index(const Digest& diff_id, Cache& cache) {
  const auto bytes = cache.get("layer-index", rootfs::layer_index_key(diff_id));
  if (!bytes) return nullptr;
  auto index = rootfs::parse_layer_index(bytes->bytes());
  return index ? std::make_shared<const rootfs::LayerIndex>(std::move(*index)) : nullptr;
}

// A payload made before under the same fingerprint: its facts in room "payload-facts", its bytes in room "payload".
std::optional<BuiltLayer> recall_payload(const std::string& key, const LayerSettings& settings, Cache& cache) {
  const auto facts = cache.get("payload-facts", key);
  const auto bytes = cache.get("payload", key);
  if (!facts || !bytes) return std::nullopt;
  const Json json = parse_json(facts->bytes(), "cached payload facts");
  BuiltLayer built;
  built.role = "payload";
  built.kept_as = key;
  built.layer.diff_id = Digest::parse(string_member(json, "diffId", "payload facts"));
  built.layer.descriptor.digest = Digest::parse(string_member(json, "digest", "payload facts"));
  built.layer.descriptor.size = bytes->size();
  built.layer.descriptor.media_type = layer_media_type(settings.manifest_type, settings.compression);
  built.raw_size = static_cast<std::uint64_t>(integer_or(json, "rawSize", 0));
  built.reused = true;
  built.bytes = *bytes;
  built.index = recall_index(built.layer.diff_id, cache);
  if (!built.index || static_cast<std::uint64_t>(integer_or(json, "size", -1)) != bytes->size()) return std::nullopt;
  return built;
}

std::unique_ptr<Source> raw_of(const pkg::Segment& segment) {
  return segment.raw ? segment.raw->open() : archive::decompress(segment.compressed);
}

BuiltLayer make_payload(const pkg::UpgradeResult& upgrade, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache) {
  std::string head;
  StringSink head_sink(head);
  upgrade.head.write(below, settings.epoch, head_sink, false);

  auto writer = cache.create("payload", upgrade.payload_key);
  MeasuringSink measured(*writer);
  if (!head.empty()) compress_into(head, settings, measured);
  for (const auto& segment : upgrade.segments) measured.write(segment.compressed.bytes());
  compress_into(end_of_archive(), settings, measured);

  std::vector<std::unique_ptr<Source>> parts;
  parts.push_back(source_of(head));
  for (const auto& segment : upgrade.segments) parts.push_back(raw_of(segment));
  parts.push_back(source_of(end_of_archive()));
  JoinedSource raw(std::move(parts));

  BuiltLayer built;
  built.role = "payload";
  built.kept_as = upgrade.payload_key;
  built.index = std::make_shared<const rootfs::LayerIndex>(rootfs::index_layer(raw, Digest()));
  built.layer.diff_id = built.index->diff_id;
  built.layer.descriptor = {.media_type = layer_media_type(settings.manifest_type, settings.compression), .digest = measured.digest(), .size = measured.size()};
  built.raw_size = raw.total();
  built.bytes = writer->commit();
  remember_index(*built.index, cache);
  const Json facts = {{"diffId", built.layer.diff_id.text()},
                      {"digest", built.layer.descriptor.digest.text()},
                      {"size", built.layer.descriptor.size},
                      {"rawSize", built.raw_size}};
  cache.put("payload-facts", upgrade.payload_key, dump_compact(facts));
  return built;
}

// Raw bytes to the compressor, counted and hashed on the way.
BuiltLayer make_database(const rootfs::LayerDraft& draft, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache) {
  std::string compressed;
  StringSink compressed_sink(compressed);
  archive::Compressor compressor(settings.compression, compressed_sink, settings.jobs);
  MeasuringSink raw(compressor);
  rootfs::LayerIndex index = draft.write(below, settings.epoch, raw, true);
  compressor.finish();
  index.diff_id = raw.digest();

  BuiltLayer built;
  built.role = "database";
  built.layer.diff_id = index.diff_id;
  built.layer.descriptor = {
      .media_type = layer_media_type(settings.manifest_type, settings.compression), .digest = Digest::of(compressed), .size = compressed.size()};
  built.raw_size = raw.size();
  built.bytes = Blob::of(std::move(compressed));
  remember_index(index, cache);
  built.index = std::make_shared<const rootfs::LayerIndex>(std::move(index));
  return built;
}

}  // namespace

std::string layer_media_type(std::string_view manifest_type, archive::Compression compression) {
  const bool docker = oci::media_type::is_docker(manifest_type);
  if (compression == archive::Compression::gzip) return std::string(docker ? oci::media_type::kDockerLayerGzip : oci::media_type::kOciLayerGzip);
  if (docker) {
    throw Error(ErrorKind::unsupported, "a Docker image cannot have zstd layers", "use --compression gzip, or convert the image to OCI first");
  }
  return std::string(oci::media_type::kOciLayerZstd);
}

std::optional<BuiltLayer> write_payload(const pkg::UpgradeResult& upgrade, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache) {
  if (upgrade.head.empty() && upgrade.segments.empty()) return std::nullopt;
  auto known = recall_payload(upgrade.payload_key, settings, cache);
  return known ? std::move(known) : make_payload(upgrade, below, settings, cache);
}

std::optional<BuiltLayer> write_database(const rootfs::LayerDraft& draft, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache) {
  if (draft.empty()) return std::nullopt;
  return make_database(draft, below, settings, cache);
}

std::vector<BuiltLayer> write_layers(const pkg::UpgradeResult& upgrade, const rootfs::Tree& below, const LayerSettings& settings, Cache& cache) {
  std::vector<BuiltLayer> layers;
  if (auto payload = write_payload(upgrade, below, settings, cache)) layers.push_back(std::move(*payload));
  if (upgrade.database.empty()) return layers;
  auto database = layers.empty() ? write_database(upgrade.database, below, settings, cache)
                                 : write_database(upgrade.database, below.with(layers.back().index), settings, cache);
  layers.push_back(std::move(*database));
  return layers;
}

}  // namespace resole::build
