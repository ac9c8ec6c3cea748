// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/segments.hpp"

#include "pkg/deb/package_file.hpp"
#include "pkg/segments.hpp"

namespace resole::deb {
namespace {

// What was spooled while the facts were learnt, when it is what the segment must hold; else the package is read once more.
std::shared_ptr<const Spool> raw_segment(const pkg::UpgradeRequest& request, const PreparedPackage& package) {
  if (package.spool && package.spooled == fingerprint(package.emission)) return package.spool;
  std::shared_ptr<Spool> spool = request.spool();
  unpack_planned(PackageFile::open(package.incoming.item->archive(), package.label()), package.emission, *spool);
  return spool;
}

}  // namespace

std::string segment_key(const PreparedPackage& package, archive::Compression compression) {
  return pkg::segment_key(package.incoming.item->to.entry.sha256, package.emission, compression);
}

std::vector<pkg::Segment> write_segments(const pkg::UpgradeRequest& request, std::vector<PreparedPackage>& packages) {
  std::vector<pkg::SegmentSource> sources;
  for (PreparedPackage& package : packages) {
    sources.push_back({.label = package.label(),
                       .sha256 = package.incoming.item->to.entry.sha256,
                       .emission = package.emission,
                       .members = package.facts.data.entries,
                       .raw = [&request, &package] { return raw_segment(request, package); },
                       .done = [&package] { package.spool.reset(); }});
  }
  return pkg::write_segments(request, sources);
}

}  // namespace resole::deb
