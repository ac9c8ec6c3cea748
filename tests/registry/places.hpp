// SPDX-License-Identifier: Apache-2.0
// The kinds of places that hold images, for tests that must hold for all of them.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "io/files.hpp"
#include "oci/reference.hpp"
#include "registry/docker/daemon_store.hpp"
#include "registry/stores.hpp"
#include "support/fake_engine.hpp"
#include "support/memory_store.hpp"
#include "support/sample_image.hpp"

namespace resole::test {

// One place on disk or in memory. open() gives a store that looks at it under a name, as another process would.
class Place {
 public:
  virtual ~Place() = default;
  virtual std::unique_ptr<oci::Store> open(const std::string& name) = 0;
};

// In memory where the machine has such a file system: the tests wait for the disk thousands of times otherwise.
inline io::Path quick_folder() {
  std::error_code failed;
  const io::Path shared = "/dev/shm";
  const bool usable =
      ::access(shared.c_str(), W_OK | X_OK) == 0 && std::filesystem::space(shared, failed).available > (64u << 20) && !failed;
  return usable ? shared : io::Path();
}

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
          {"memory", [] { return std::make_unique<MemoryPlaceHolder>(); }},
          {"docker_archive", [] { return std::make_unique<DiskPlace>(oci::Transport::docker_archive); }, Holds::docker_images},
          {"docker_daemon", [] { return std::make_unique<EnginePlace>(); }, Holds::docker_images}};
}

inline std::vector<KindOfPlace> kinds_that_hold_everything() {
  std::vector<KindOfPlace> out = kinds_of_places();
  std::erase_if(out, [](const KindOfPlace& kind) { return kind.holds != Holds::everything; });
  return out;
}

// Remembers what was said.
class ListeningReporter : public Reporter {
 public:
  int begin(std::string_view, std::uint64_t) override { return 0; }
  void progress(int, std::uint64_t done, std::string_view) override { furthest = done; }
  void end(int) override {}
  void note(std::string_view) override {}
  void warn(std::string_view message) override { warnings.emplace_back(message); }
  void debug(std::string_view) override {}

  std::uint64_t furthest = 0;
  std::vector<std::string> warnings;
};

}  // namespace resole::test
