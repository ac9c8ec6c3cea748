// SPDX-License-Identifier: Apache-2.0
// Layout: plan.json, blobs/sha256/<hex>. Names are digests, so that the fetcher can look there before any network and nothing in a bundle is trusted:
// the proof of the build reads the releases from it and verifies their signatures as ever.
#include "patch/bundling.hpp"

#include <map>
#include <mutex>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"
#include "patch/places.hpp"
#include "pkg/resource.hpp"
#include "pkg/signed_release.hpp"

namespace resole::patch {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestMember = 4ull << 30;

// The same repository at the operator's mirror, then where the plan found it.
std::vector<pkg::RepositoryState> mirrored(const pkg::RepositoryState& repository, const pkg::RepositoryOptions& options) {
  std::vector<pkg::RepositoryState> places;
  for (const std::string& uri : places_of(repository.uri, {}, options)) {
    places.push_back(repository);
    places.back().uri = uri;
  }
  return places;
}

// Everything by digest, once.
std::map<Digest, Resource> resources_of(const document::Plan& plan, const pkg::RepositoryOptions& options) {
  std::map<Digest, Resource> resources;
  for (const auto& platform : plan.platforms) {
    const auto add = [&](const pkg::Candidate& package) {
      Resource resource = pkg::resource_of(package, places_of(package.entry.uri, platform.repositories, options));
      resources.emplace(resource.sha256, std::move(resource));
    };
    for (const auto& package : platform.packages) {
      add(package.candidate());
      if (const auto against = package.against()) add(*against);
    }
    for (const auto& repository : platform.repositories) {
      for (const auto& [path, digest] : repository.indexes) {
        if (digest == repository.release) continue;  // an index that is signed itself: release_bytes
        Resource resource{.sha256 = digest, .limit = 512ull << 20, .what = "index " + repository.suite + " " + path};
        for (const pkg::RepositoryState& place : mirrored(repository, options)) resource.add_url(pkg::index_url(place, path));
        resources.emplace(digest, std::move(resource));
      }
    }
  }
  return resources;
}

// The path of the index that is its own signed release (apk's APKINDEX), when there is one.
std::optional<std::string> index_that_is_release(const pkg::RepositoryState& repository) {
  for (const auto& [path, digest] : repository.indexes) {
    if (digest == repository.release) return path;
  }
  return std::nullopt;
}

// The signed release: kept from planning, else as the repository serves it, if that is still the same one.
Blob release_bytes(const pkg::RepositoryState& repository, const pkg::RepositoryOptions& options, const Tools& tools) {
  if (auto known = tools.cache.get("inrelease", std::string(repository.release.hex()))) return *known;
  if (auto known = tools.fetcher.cached(repository.release)) return *known;
  const std::string what = fmt::format("the signed release {} of {} {}", repository.release.short_text(), printable(repository.uri), printable(repository.suite));
  for (const pkg::RepositoryState& place : mirrored(repository, options)) {
    try {
      if (const auto index = index_that_is_release(repository)) {
        return tools.fetcher.fetch({.url = pkg::index_url(place, *index), .sha256 = repository.release, .limit = 512ull << 20, .what = "index " + *index});
      }
      const pkg::ReleaseRequest request{.url_of = [&](std::string_view file) { return pkg::index_url(place, std::string(file)); },
                                        .name = printable(repository.suite, 80)};
      std::string bytes = pkg::fetch_signed_release(request, tools.fetcher);
      if (Digest::of(bytes) == repository.release) return Blob::of(std::move(bytes));
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::network && error.kind() != ErrorKind::refused) throw;
      tools.reporter.debug(error.message());
    }
  }
  throw Error(ErrorKind::refused, what + " is neither in the cache nor served any more", "plan again, then fetch; or fetch with the --cache-dir of the plan");
}

void write_blob(const fs::path& root, const Digest& digest, std::string_view bytes, BundleCount& count) {
  io::write_file_atomic(root / "blobs" / "sha256" / std::string(digest.hex()), bytes, false);
  count.files += 1;
  count.bytes += bytes.size();
}

BundleCount fill(const document::Plan& plan, const fs::path& root, const pkg::RepositoryOptions& options, const Tools& tools) {
  BundleCount count;
  fs::create_directories(root / "blobs" / "sha256");
  std::map<Digest, Blob> releases;
  for (const auto& platform : plan.platforms) {
    for (const auto& repository : platform.repositories) releases.emplace(repository.release, release_bytes(repository, options, tools));
  }
  for (const auto& [digest, bytes] : releases) write_blob(root, digest, bytes.bytes(), count);

  const auto by_digest = resources_of(plan, options);
  std::vector<Resource> resources;
  for (const auto& [digest, resource] : by_digest) resources.push_back(resource);
  Phase phase(tools.reporter, "fetching");
  std::mutex mutex;
  tools.fetcher.fetch_all(resources, [&](std::size_t i, Blob bytes) {
    const std::lock_guard lock(mutex);
    write_blob(root, resources[i].sha256, bytes.bytes(), count);
    phase.progress(count.bytes, resources[i].what);
  });
  io::write_file_atomic(root / "plan.json", document::write_plan(plan), false);
  return count;
}

// Members in name order, so that the same bundle is the same file.
void write_tar(const fs::path& root, const fs::path& target) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  io::AtomicFile file(target);
  tar::Writer writer(file);
  for (const auto& path : files) {
    const Blob bytes = io::map_file(path);
    writer.add({.path = fs::relative(path, root).generic_string(), .type = tar::Type::file, .mode = 0644, .size = bytes.size()}, bytes.bytes());
  }
  writer.finish();
  file.commit();
}

bool is_bundle_member(const std::string& path) { return path == "plan.json" || (path.starts_with("blobs/sha256/") && sha256_from_hex(std::string_view(path).substr(13))); }

}  // namespace

BundleCount write_bundle(const document::Plan& plan, const fs::path& target, const pkg::RepositoryOptions& options, const Tools& tools) {
  if (fs::exists(target)) throw Error(ErrorKind::input, fmt::format("{} exists already", target.string()), "name a new place, or remove it");
  const fs::path parent = fs::absolute(target).parent_path();
  io::TemporaryDirectory scratch(parent);
  const fs::path root = scratch.path() / "bundle";
  const BundleCount count = fill(plan, root, options, tools);
  if (target.extension() == ".tar") {
    write_tar(root, target);
  } else {
    fs::rename(root, target);
    io::sync_directory(parent);
  }
  return count;
}

fs::path open_bundle(const fs::path& bundle, const fs::path& scratch) {
  if (fs::is_directory(bundle)) {
    if (!fs::is_directory(bundle / "blobs" / "sha256")) throw Error(ErrorKind::input, bundle.string() + " is not a bundle: it has no blobs/sha256", "make one with: resole fetch plan.json -o BUNDLE");
    return bundle;
  }
  const auto source = io::open_file(bundle);
  tar::Reader reader(*source);
  fs::create_directories(scratch / "blobs" / "sha256");
  tar::Header header;
  while (reader.next(header)) {
    if (header.type != tar::Type::file || !is_bundle_member(header.path)) continue;
    if (header.size > kLargestMember) throw Error(ErrorKind::input, "bundle member " + printable(header.path) + " is too large");
    io::AtomicFile file(scratch / header.path);
    copy_all(*reader.content(), file);
    file.commit(false);
  }
  return scratch;
}

}  // namespace resole::patch
