// SPDX-License-Identifier: Apache-2.0
// The whole way as the program goes it: a registry and a mirror on loopback, a cache on disk, the real clients; only the waits between
// tries are not waited for.
#pragma once
#include <atomic>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/text.hpp"
#include "build/sandbox.hpp"
#include "io/fetcher.hpp"
#include "io/files.hpp"
#include "patch/building.hpp"
#include "patch/planning.hpp"
#include "patch/small_debian.hpp"
#include "pkg/operator_access.hpp"
#include "registry/remote/registries.hpp"
#include "registry/stores.hpp"
#include "support/fake_mirror.hpp"
#include "support/fake_registry.hpp"
#include "support/listening_reporter.hpp"
#include "support/quick_folder.hpp"

namespace resole::test {

class StandingClock : public Clock {
 public:
  std::int64_t now() const override { return kNow; }
  double monotonic() const override { return 0; }
};

struct Patched {
  document::Plan plan;
  document::Result result;
};

struct WishForPatch {
  bool force = false, lockstep = false;
  patch::OnUnchanged on_unchanged = patch::OnUnchanged::copy;
  std::vector<oci::Platform> platforms = {};
  std::string compression = "gzip";
  std::vector<std::string> hold = {};
  std::int64_t as_of = kNow;
  std::string keyring = {};  // instead of the image's
};

class WayRig {
 public:
  // The mirror may be shared by several rigs.
  explicit WayRig(FakeMirror& package_mirror, FakeRegistryOptions options = {}) : mirror(package_mirror), registry(std::move(options)) {
    std::ofstream(folder_.path() / "auth.json")
        << R"({"auths":{")" + registry.host() + R"(":{"auth":")" + base64_encode("user:secret") + "\"}}}";
    std::filesystem::create_directories(folder_.path() / "root");
  }

  // What one process has.
  class Process {
   public:
    explicit Process(WayRig& rig)
        : cache_(io::disk_cache(rig.cache_folder())),
          http_(make_http(rig, *cache_)),
          fetcher_(pkg::fetcher_with(pkg::OperatorAccess::of(rig.repositories()), *http_)),
          registries_(std::make_unique<registry::Registries>(registry_options(rig), *cache_, rig.clock_, rig.reporter)),
          stores_{.jobs = rig.jobs, .registries = registries_.get(), .cache = cache_.get(), .scratch = rig.folder_.path() / "scratch"},
          tools{.fetcher = *fetcher_,
                .cache = *cache_,
                .clock = rig.clock_,
                .reporter = rig.reporter,
                .recipes = rig.recipes_,
                .spool = [folder = rig.folder_.path()] { return io::temporary_spool(folder); },
                .sandbox = *sandbox_,
                .scratch = rig.folder_.path(),
                .jobs = rig.jobs,
                .open_for_reading = [stores =
                                         stores_](const oci::Location& location) { return registry::open_for_reading(location, stores); },
                .open_for_writing =
                    [stores = stores_](const oci::Location& location) { return registry::open_for_writing(location, stores); }} {}

   private:
    static std::unique_ptr<Fetcher> make_http(WayRig& rig, Cache& shared) {
      io::HttpOptions options;
      options.jobs = rig.jobs;
      options.connect_timeout = 5;
      options.stall_timeout = rig.stall;
      options.allowed_private_hosts = {rig.mirror.host()};
      options.sleep = [&rig](double) { ++rig.waits; };
      return io::http_fetcher(options, shared, rig.cache_folder(), rig.reporter, rig.clock_);
    }
    static registry::RegistryOptions registry_options(WayRig& rig) {
      registry::RegistryOptions options;
      options.source.authfile = options.destination.authfile = (rig.folder_.path() / "auth.json").native();
      options.system_root = (rig.folder_.path() / "root").native();
      options.connect_timeout = 5;
      options.stall_timeout = rig.stall;
      options.sleep = [&rig](double) { ++rig.waits; };
      return options;
    }

    std::unique_ptr<build::Sandbox> sandbox_ = build::bubblewrap_sandbox({});
    std::unique_ptr<Cache> cache_;
    std::unique_ptr<Fetcher> http_, fetcher_;
    std::unique_ptr<registry::Registries> registries_;
    registry::StoreOptions stores_;

   public:
    patch::Tools tools;
  };

  // `resole plan FROM`, by a process of its own.
  document::Plan plan(const std::string& from, const WishForPatch& wish = {}) {
    Process process(*this);
    patch::ImageView image = patch::open_image(oci::Location::parse(from), wish.platforms, process.tools);
    patch::PlanRequest request;
    request.policy.update = plan::Update::all;
    request.repositories = repositories();
    request.as_of = wish.as_of;
    request.policy.hold = wish.hold;
    request.lockstep = wish.lockstep;
    request.compression = wish.compression;
    return patch::plan_or_recall(image, request, process.tools);
  }

  // `resole build`, by another one: the plan goes through its document.
  document::Result build(const document::Plan& plan, const std::string& to, const WishForPatch& wish = {}) {
    const document::Plan read = document::read_plan(document::write_plan(plan), "plan.json");
    std::vector<oci::Platform> platforms;
    for (const auto& platform : read.platforms) {
      if (platform.patched) platforms.push_back(platform.platform);
    }
    Process process(*this);
    patch::ImageView image = patch::open_image(oci::Location::parse(read.source_reference), platforms, process.tools);
    patch::BuildRequest request;
    request.destinations = {{oci::Location::parse(to), ""}};
    request.repositories = repositories();
    request.repositories.now = wish.as_of;
    if (!wish.keyring.empty()) {
      request.repositories.keyrings = {wish.keyring};
      request.repositories.replace_keyrings = true;
    }
    request.force = wish.force;
    request.on_unchanged = wish.on_unchanged;
    return patch::build_or_recall(image, read, request, process.tools);
  }

  Patched patch(const std::string& from, const std::string& to, const WishForPatch& wish = {}) {
    document::Plan made = plan(from, wish);
    document::Result result = build(made, to, wish);
    return {std::move(made), std::move(result)};
  }

  std::string at(const std::string& name) const { return "docker://" + registry.reference(name); }
  io::Path cache_folder() const { return folder_.path() / "cache"; }
  const io::Path& folder() const { return folder_.path(); }
  void forget_cache() const { std::filesystem::remove_all(cache_folder()); }

  pkg::RepositoryOptions repositories() const {
    pkg::RepositoryOptions options;
    options.mirrors = {{kArchiveUrl, mirror.url() + "/debian"}, {kSecurityUrl, mirror.url() + "/debian-security"}};
    options.now = kNow;
    options.jobs = jobs;
    return options;
  }

  FakeMirror& mirror;
  FakeRegistry registry;
  ListeningReporter reporter;
  std::atomic<unsigned> waits = 0;
  unsigned jobs = 2;
  double stall = 2;  // seconds

 private:
  io::TemporaryDirectory folder_{quick_folder()};
  StandingClock clock_;
  pkg::RecipeBook recipes_ = pkg::RecipeBook::parse({{"debian.json", kSmallRecipe}});
};

// Everything that a tag stands for, taken out of a registry.
inline SampleTree tree_at(const FakeRegistry& registry, const std::string& repository, const std::string& reference) {
  SampleTree out;
  const auto take = [&](const auto& self, const oci::Descriptor& part) -> void {
    const bool named = is_manifest_or_index(part.media_type);
    const auto manifest = named ? registry.manifest(repository, part.digest.text()) : std::nullopt;
    const auto blob = named ? std::nullopt : registry.blob(repository, part.digest);
    if (!manifest && !blob) return;
    const std::string& bytes = out.blobs[part.digest] = manifest ? manifest->bytes : *blob;
    const oci::References below = oci::references_of(bytes, part.media_type, "a part of a tree");
    for (const auto* list : {&below.manifests, &below.blobs}) {
      for (const oci::Descriptor& child : *list) self(self, child);
    }
  };
  const auto root = registry.manifest(repository, reference);
  if (!root) return out;
  out.root = describe(root->media_type, root->bytes);
  take(take, out.root);
  return out;
}

}  // namespace resole::test
