// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/derived_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/ca_certificates.hpp"
#include "pkg/deb/glib_schemas.hpp"
#include "pkg/deb/ld_so_cache.hpp"
#include "pkg/deb/mime_database.hpp"
#include "pkg/deb/watched_paths.hpp"

namespace resole::deb {
namespace {

void derive_ld_so_cache(const DerivedInput& input, rootfs::LayerDraft& draft) {
  constexpr std::string_view kPath = "etc/ld.so.cache";
  const auto cache = input.system.tree.content(kPath);
  const auto old_generator = cache ? generator_of(*cache) : std::nullopt;
  if (!old_generator) return;  // no cache (distroless, musl), or one from before glibc 2.33: left as it is
  std::string generator = *old_generator;
  for (const PreparedPackage& package : input.packages) {
    if (!package.facts.ldconfig.empty()) generator = package.facts.ldconfig;
  }
  const std::string& arch = input.request.inventory.arch;
  const auto libraries = find_libraries(input.after, arch);
  if (generator == *old_generator && libraries == find_libraries(input.system.tree, arch)) return;
  tar::Header header;
  header.path = input.system.tree.resolve(kPath, true).path;
  header.mode = 0644;
  header.mtime = input.request.epoch;
  draft.put(std::move(header), Blob::of(write_ld_so_cache(libraries, generator, byte_order(arch))));
}

std::vector<std::string> derive_certificates(const DerivedInput& input, rootfs::LayerDraft& draft) {
  if (std::ranges::any_of(input.packages, [](const PreparedPackage& each) { return each.incoming.sliced; })) return {};  // Chisel made it
  const auto package =
      std::ranges::find_if(input.packages, [](const PreparedPackage& each) { return each.incoming.package.name == "ca-certificates"; });
  const bool configure = package != input.packages.end();
  if (configure && package->incoming.item->run_scripts) return {};  // its postinst does it, and tells its hooks what is new
  const bool changed = std::ranges::any_of(input.touched, [](const std::string& path) {
    return path.starts_with("usr/share/ca-certificates/") || path.starts_with("usr/local/share/ca-certificates/");
  });
  if (!configure && !changed) return {};
  CertificateRun run{.configure = configure, .epoch = input.request.epoch, .shipped = {}};
  constexpr std::string_view kShared = "usr/share/ca-certificates/";
  if (configure) {
    for (const auto& [path, content] : package->facts.data.captured) {
      if (path.starts_with(kShared) && path.ends_with(".crt")) run.shipped.emplace(path.substr(kShared.size()), content);
    }
  }
  return update_ca_certificates(input.after, run, draft);
}

// What a package brings can be told only now that it is there.
template <class Body>
auto refused_when_not_understood(const Body& body) {
  try {
    return body();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    throw Error(ErrorKind::refused, error.message(), "leave the package that brings it out with --hold, or let its scripts run with --scripts sandbox");
  }
}

// The plan let packages with schemas through only where this was shown to come to the image's own file (schemas_obstacle); that of what they bring can be
// told now that they are there.
void derive_schemas(const DerivedInput& input, rootfs::LayerDraft& draft) {
  const std::string directory = fmt::format("{}/", kSchemasDirectory), path = directory + "gschemas.compiled";
  const rootfs::Resolved cache = input.system.tree.resolve(path, true);
  const bool changed = std::ranges::any_of(input.touched, [&](const std::string& each) { return each.starts_with(directory) && each != path; });
  if (!changed || !cache.node || !schemas_obstacle(input.system.tree).empty()) return;
  refused_when_not_understood([&] {
    const SchemaFiles files = schema_files(input.after);
    if (files.empty()) return draft.remove(cache.path);
    std::string compiled = compile_schemas(files);
    if (sha256_of(compiled) == cache.node->entry.sha256) return;
    tar::Header header = rootfs::header_of(*cache.node);
    header.mtime = input.request.epoch;
    draft.put(std::move(header), Blob::of(std::move(compiled)));
  });
}

// The same for descriptions of MIME types (mime_obstacle).
void derive_mime_database(const DerivedInput& input, rootfs::LayerDraft& draft) {
  const std::string descriptions = fmt::format("{}/packages/", kMimeDirectory), cache = fmt::format("{}/mime.cache", kMimeDirectory);
  const bool changed = std::ranges::any_of(input.touched, [&](const std::string& each) { return each.starts_with(descriptions); });
  if (!changed || !input.system.tree.resolve(cache, true).node || !mime_obstacle(input.system.tree).empty()) return;
  MimeFiles files = refused_when_not_understood([&] { return make_mime_database(mime_sources(input.after)); });
  const std::string directory = input.after.resolve(kMimeDirectory, true).path;
  for (const std::string& path : stale_mime_files(input.after, files)) draft.remove(fmt::format("{}/{}", directory, path));
  for (auto& [path, content] : files) {
    tar::Header header;
    header.path = fmt::format("{}/{}", directory, path);
    const rootfs::Node* node = input.after.find(header.path);
    if (node && node->entry.type == tar::Type::file && node->entry.sha256 == sha256_of(content)) continue;
    header.mode = 0644;  // as it is written: a new file takes the place of the old one
    header.mtime = input.request.epoch;
    draft.put(std::move(header), Blob::of(std::move(content)));
  }
}

// Other caches are not made here: which, and why that does no harm. Packages for which it would are not let through without running their
// scripts; that a file changed which md5sums does not name (a link) is told all the same. Where scripts do run, so do the triggers of their files.
std::vector<std::string> tell_watched(const DerivedInput& input) {
  std::set<std::string_view> triggering;
  for (const PreparedPackage& package : input.packages) {
    for (const auto& header : package.emission) {
      if (header && package.incoming.item->run_scripts) triggering.insert(header->path);
    }
  }
  PayloadChange change;
  for (const std::string& path : input.touched) {
    if (!triggering.contains(path)) change.changed.push_back(fmt::format("/{}", path));
  }
  std::ranges::sort(change.changed);
  WatchFinding finding = judge_payload(input.system.tree, change, {});
  if (!finding.problem.empty()) finding.notes.push_back(finding.problem + "; that is not made again");
  return std::move(finding.notes);
}

}  // namespace

std::vector<std::string> derive_files(const DerivedInput& input, rootfs::LayerDraft& draft) {
  derive_ld_so_cache(input, draft);
  derive_schemas(input, draft);
  derive_mime_database(input, draft);
  std::vector<std::string> notes = derive_certificates(input, draft);
  for (std::string& note : tell_watched(input)) notes.push_back(std::move(note));
  return notes;
}

}  // namespace resole::deb
