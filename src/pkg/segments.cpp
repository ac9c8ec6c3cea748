// SPDX-License-Identifier: Apache-2.0
#include "pkg/segments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace resole::pkg {
namespace {

constexpr int kSegmentVersion = 1;

bool is_empty(const Emission& emission) {
  return std::ranges::none_of(emission, [](const auto& header) { return header.has_value(); });
}

Blob compress(const UpgradeRequest& request, const Spool& raw, const std::string& key, unsigned jobs) {
  const auto writer = request.cache.create("segment", key);
  archive::Compressor compressor(request.compression, *writer, jobs);
  const auto source = raw.open();
  copy_all(*source, compressor);
  compressor.finish();
  return writer->commit();
}

}  // namespace

std::string segment_key(const Digest& sha256, const Emission& emission, archive::Compression compression) {
  return fmt::format("segment-{}-{}-{}-{}", kSegmentVersion, sha256.hex(), fingerprint(emission).substr(0, 32),
                     sha256_hex_of(archive::compressor_text(compression)).substr(0, 16));
}

std::string payload_head_text(const rootfs::LayerDraft& head) {
  std::string text;
  for (const std::string& path : head.removals()) text += fmt::format("remove {}:{}\n", path.size(), path);
  for (const auto& [path, put] : head.puts()) {
    const tar::Header& header = put.first;
    text += fmt::format("directory {}:{} {:o} {} {} {}\n", path.size(), path, header.mode, header.uid, header.gid, header.mtime);
    for (const auto& [name, value] : header.xattrs) text += fmt::format("  {}={}\n", name, to_hex(value));
  }
  return text;
}

std::vector<Segment> write_segments(const UpgradeRequest& request, const std::vector<SegmentSource>& sources) {
  std::vector<Segment> segments(sources.size());
  Phase phase(request.reporter, "compressing packages");
  // Few packages: let the compressor use the threads that would idle.
  const unsigned inner = sources.size() < request.jobs ? request.jobs : 1;
  parallel_for(sources.size(), request.jobs, [&](std::size_t i) {
    const SegmentSource& source = sources[i];
    if (is_empty(source.emission)) return;
    Segment& segment = segments[i];
    segment.package = source.label;
    segment.entries = entries_of(source.emission, source.members);
    const std::string key = segment_key(source.sha256, source.emission, request.compression);
    if (auto cached = request.cache.get("segment", key)) {
      segment.compressed = std::move(*cached);
    } else {
      segment.raw = source.raw();
      segment.compressed = compress(request, *segment.raw, key, inner);
    }
    if (source.done) source.done();
  });
  std::erase_if(segments, [](const Segment& segment) { return segment.entries.empty(); });
  return segments;
}

}  // namespace resole::pkg
