// SPDX-License-Identifier: Apache-2.0
// The kinds of places that hold images, for tests that must hold for all of them.
#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "io/fetcher.hpp"
#include "io/files.hpp"
#include "oci/reference.hpp"
#include "registry/docker/daemon_store.hpp"
#include "registry/remote/registries.hpp"
#include "registry/stores.hpp"
#include "support/fake_engine.hpp"
#include "support/fake_registry.hpp"
#include "support/listening_reporter.hpp"
#include "support/memory_store.hpp"
#include "support/quick_folder.hpp"
#include "support/sample_image.hpp"

namespace resole::test {

// One place on disk or in memory. open() gives a store that looks at it under a name, as another process would.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<oci::Store> open(const std::string& name) = 0;
};

class DiskPlace : public Place {
 public:
  explicit DiskPlace(oci::Transport transport) : transport_(transport) {}
  std::unique_ptr<oci::Store> open(const std::string& name) override { return registry::open_for_writing(location(name), {}); }
  oci::Location location(const std::string& name) const {
    return {.transport = transport_, .path = path().native(), .tag = name, .digest = {}, .reference = {}};
  }
  io::Path path() const { return folder_.path() / (transport_ == oci::Transport::oci ? "layout" : "archive.tar"); }
  const io::Path& folder() const { return folder_.path(); }

 private:
  oci::Transport transport_;
  io::TemporaryDirectory folder_{quick_folder()};
};

class MemoryPlaceHolder : public Place {
 public:
  std::unique_ptr<oci::Store> open(const std::string& name) override { return std::make_unique<MemoryStore>(place_, name); }

 private:
  std::shared_ptr<MemoryPlace> place_ = std::make_shared<MemoryPlace>();
};

// An engine of its own; names are tags of one repository there.
class EnginePlace : public Place {
 public:
  explicit EnginePlace(FakeEngineOptions options = {}) : engine_((folder_.path() / "docker.sock").native(), std::move(options)) {}
  std::unique_ptr<oci::Store> open(const std::string& name) override {
    return std::make_unique<registry::DockerDaemonStore>(oci::Location::parse("docker-daemon:app:" + name), daemon_options());
  }
  registry::DaemonOptions daemon_options() const {
    return {.client = client_, .socket = engine_.socket(), .scratch = folder_.path() / "scratch", .memory = nullptr};
  }
  FakeEngine& engine() { return engine_; }
  const io::Path& folder() const { return folder_.path(); }

 private:
  io::TemporaryDirectory folder_{quick_folder()};
  FakeEngine engine_;
  std::shared_ptr<io::HttpClient> client_ = std::make_shared<io::HttpClient>(io::HttpClientOptions{});
};

// A registry of its own, spoken to over loopback; names are tags of one repository there. Each store has a cache of its own, as on another
// machine: what is read comes from the registry.
class RegistryPlace : public Place {
 public:
  std::unique_ptr<oci::Store> open(const std::string& name) override {
    const std::lock_guard lock(mutex_);
    clients_.push_back(std::make_unique<Client>(folder_.path() / std::to_string(clients_.size()), reporter_));
    return clients_.back()->registries->open_for_writing(oci::Reference::parse(registry_.reference("team/app:" + name)));
  }
  FakeRegistry& registry() { return registry_; }

 private:
  struct Client {
    Client(const io::Path& folder, Reporter& reporter) : cache(io::disk_cache(folder / "cache")), clock(io::system_clock()) {
      registry::RegistryOptions options;
      options.source.authfile = options.destination.authfile = "/dev/null";
      options.system_root = folder.native();
      options.connect_timeout = options.stall_timeout = 5;
      registries = std::make_unique<registry::Registries>(options, *cache, *clock, reporter);
    }
    std::unique_ptr<Cache> cache;
    std::unique_ptr<Clock> clock;
    std::unique_ptr<registry::Registries> registries;
  };

  io::TemporaryDirectory folder_{quick_folder()};
  FakeRegistry registry_;
  ListeningReporter reporter_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Client>> clients_;
};

// What a kind of place can hold. Docker archives and engines hold single images without manifests: the image keeps its config and diff_ids,
// but only one that looks as they would present it keeps its digest.
enum class Holds : std::uint8_t { everything, docker_images };

struct KindOfPlace {
  const char* name;
  std::function<std::unique_ptr<Place>()> make;
  Holds holds = Holds::everything;

  // Something that the place holds without a change; `tree` is an index where it can be one.
  SampleTree image(const std::string& title) const { return holds == Holds::everything ? sample_image(title) : sample_docker_image(title); }
  SampleTree tree(const std::string& title) const { return holds == Holds::everything ? sample_index(title) : sample_docker_image(title); }
};

inline std::vector<KindOfPlace> kinds_of_places() {
  return {{"layout", [] { return std::make_unique<DiskPlace>(oci::Transport::oci); }},
          {"archive", [] { return std::make_unique<DiskPlace>(oci::Transport::oci_archive); }},
          {"registry", [] { return std::make_unique<RegistryPlace>(); }},
          {"memory", [] { return std::make_unique<MemoryPlaceHolder>(); }},
          {"docker_archive", [] { return std::make_unique<DiskPlace>(oci::Transport::docker_archive); }, Holds::docker_images},
          {"docker_daemon", [] { return std::make_unique<EnginePlace>(); }, Holds::docker_images}};
}

inline std::vector<KindOfPlace> kinds_that_hold_everything() {
  std::vector<KindOfPlace> out = kinds_of_places();
  std::erase_if(out, [](const KindOfPlace& kind) { return kind.holds != Holds::everything; });
  return out;
}

}  // namespace resole::test
