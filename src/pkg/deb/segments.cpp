// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/segments.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "pkg/deb/package_file.hpp"

namespace resole::deb {
namespace {

constexpr int kSegmentVersion = 1;

bool is_empty(const Emission& emission) {
  return std::ranges::none_of(emission, [](const auto& header) { return header.has_value(); });
}

// What was spooled while the facts were learnt, when it is what the segment must hold; else the package is read once more.
std::shared_ptr<const Spool> raw_segment(const pkg::UpgradeRequest& request, PreparedPackage& package) {
  if (package.spool && package.spooled == fingerprint(package.emission)) return package.spool;
  std::shared_ptr<Spool> spool = request.spool();
  unpack_planned(PackageFile::open(package.incoming.item->archive(), package.label()), package.emission, *spool);
  return spool;
}

Blob compress(const pkg::UpgradeRequest& request, const Spool& raw, const std::string& key, unsigned jobs) {
  const auto writer = request.cache.create("segment", key);
  archive::Compressor compressor(request.compression, *writer, jobs);
  const auto source = raw.open();
  copy_all(*source, compressor);
  compressor.finish();
  return writer->commit();
}

}  // namespace

std::string segment_key(const PreparedPackage& package, archive::Compression compression) {
  return fmt::format("segment-{}-{}-{}-{}", kSegmentVersion, package.incoming.item->to.entry.sha256.hex(),
                     fingerprint(package.emission).substr(0, 32), sha256_hex_of(archive::compressor_text(compression)).substr(0, 16));
}

std::vector<pkg::Segment> write_segments(const pkg::UpgradeRequest& request, std::vector<PreparedPackage>& packages) {
  std::vector<pkg::Segment> segments(packages.size());
  Phase phase(request.reporter, "compressing packages");
  // Few packages: let the compressor use the threads that would idle.
  const unsigned inner = packages.size() < request.jobs ? request.jobs : 1;
  parallel_for(packages.size(), request.jobs, [&](std::size_t i) {
    PreparedPackage& package = packages[i];
    if (is_empty(package.emission)) return;
    pkg::Segment& segment = segments[i];
    segment.package = package.label();
    segment.entries = entries_of(package.emission, package.facts);
    const std::string key = segment_key(package, request.compression);
    if (auto cached = request.cache.get("segment", key)) {
      segment.compressed = std::move(*cached);
    } else {
      segment.raw = raw_segment(request, package);
      segment.compressed = compress(request, *segment.raw, key, inner);
    }
    package.spool.reset();
  });
  std::erase_if(segments, [](const pkg::Segment& segment) { return segment.entries.empty(); });
  return segments;
}

}  // namespace resole::deb
