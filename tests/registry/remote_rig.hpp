// SPDX-License-Identifier: Apache-2.0
// A fake registry and a client of it: credentials in a file, a cache of its own, waits that are only counted.
#pragma once
#include <fstream>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "io/fetcher.hpp"
#include "io/files.hpp"
#include "registry/places.hpp"
#include "registry/remote/registries.hpp"
#include "registry/stores.hpp"
#include "support/fake_registry.hpp"
#include "support/memory_store.hpp"

namespace resole::test {

class QuietClock : public Clock {
 public:
  std::int64_t now() const override { return 1795262400; }
  double monotonic() const override { return 0; }
};

class RemoteRig {
 public:
  explicit RemoteRig(FakeRegistryOptions options = {}, bool logged_in = true) : registry(std::move(options)), cache_(io::disk_cache(folder_.path() / "cache")) {
    std::ofstream(folder_.path() / "auth.json") << (logged_in ? R"({"auths":{")" + registry.host() + R"(":{"auth":")" + base64_encode("user:secret") + "\"}}}" : "{}");
    std::filesystem::create_directories(folder_.path() / "root");
  }

  // A client as a new process would be: nothing known but what the cache holds.
  std::unique_ptr<registry::Registries> client(const std::string& cert_dir = {}) {
    registry::RegistryOptions options;
    options.source.cert_dir = options.destination.cert_dir = cert_dir;
    options.source.authfile = options.destination.authfile = (folder_.path() / "auth.json").native();
    options.system_root = (folder_.path() / "root").native();
    options.connect_timeout = 2;
    options.stall_timeout = stall;
    options.sleep = [this](double seconds) { waits.push_back(seconds); };
    return std::make_unique<registry::Registries>(options, *cache_, clock_, reporter);
  }
  oci::Reference reference(const std::string& name) const { return oci::Reference::parse(registry.reference(name)); }
  void forget_cache() {
    std::filesystem::remove_all(folder_.path() / "cache");
    cache_ = io::disk_cache(folder_.path() / "cache");
  }
  const io::Path& folder() const { return folder_.path(); }

  // Everything of `name` into a store in memory.
  oci::Descriptor pull(const std::string& name, MemoryStore& to) {
    const auto client = this->client();
    const auto from = client->open_for_reading(reference(name));
    const auto root = from->resolve();
    if (!root) throw Error(ErrorKind::input, "no such image: " + name);
    registry::copy_tree(*from, to, *root, reporter, 2);
    return *root;
  }
  void push(const SampleTree& tree, const std::string& name, std::optional<Digest> expected = {}) {
    MemoryStore from;
    put_all(from, tree);
    const auto client = this->client();
    const auto to = client->open_for_writing(reference(name));
    registry::copy_tree(from, *to, tree.root, reporter, 2);
    to->publish({.root = tree.root, .tag = "", .expected = std::move(expected)});
  }

  FakeRegistry registry;
  ListeningReporter reporter;
  std::vector<double> waits;
  double stall = 2;  // seconds

 private:
  io::TemporaryDirectory folder_{quick_folder()};
  QuietClock clock_;
  std::unique_ptr<Cache> cache_;
};

}  // namespace resole::test
