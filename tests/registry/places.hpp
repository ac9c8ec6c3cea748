// SPDX-License-Identifier: Apache-2.0
// The kinds of places that hold images, for tests that must hold for all of them.
#pragma once
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "base/effects.hpp"
#include "io/files.hpp"
#include "oci/reference.hpp"
#include "registry/stores.hpp"
#include "support/memory_store.hpp"

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

struct KindOfPlace {
  const char* name;
  std::function<std::unique_ptr<Place>()> make;
};

inline std::vector<KindOfPlace> kinds_of_places() {
  return {{"layout", [] { return std::make_unique<DiskPlace>(oci::Transport::oci); }},
          {"archive", [] { return std::make_unique<DiskPlace>(oci::Transport::oci_archive); }},
          {"memory", [] { return std::make_unique<MemoryPlaceHolder>(); }}};
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
