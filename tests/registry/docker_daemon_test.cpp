// SPDX-License-Identifier: Apache-2.0
// Images in an engine: a fake one that counts, and podman's service, which speaks the same API.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/image.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

class MemoryCache : public Cache {
 public:
  std::optional<Blob> get(std::string_view room, std::string_view key) override {
    const auto at = entries.find(std::string(room) + "/" + std::string(key));
    return at == entries.end() ? std::nullopt : std::optional(Blob::of(at->second));
  }
  Blob put(std::string_view room, std::string_view key, std::string_view bytes) override {
    entries[std::string(room) + "/" + std::string(key)] = bytes;
    return Blob::of(std::string(bytes));
  }
  std::unique_ptr<Writer> create(std::string_view, std::string_view) override { return nullptr; }
  std::map<std::string, std::string> entries;
};

class DockerDaemon : public testing::Test {
 protected:
  std::unique_ptr<registry::DockerDaemonStore> open(const std::string& name, Cache* memory = nullptr) {
    registry::DaemonOptions options = place_.daemon_options();
    options.memory = memory;
    return std::make_unique<registry::DockerDaemonStore>(oci::Location::parse("docker-daemon:" + name), options);
  }
  void publish(const SampleTree& tree, const std::string& name, Cache* memory = nullptr) {
    std::unique_ptr<oci::Store> store = open(name, memory);
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = "", .expected = {}, .force = true});
  }
  std::size_t count(const std::string& request) {
    const std::vector<std::string> all = place_.engine().requests();
    return static_cast<std::size_t>(std::count(all.begin(), all.end(), request));
  }
  std::vector<std::string> layers_in_last_load() {
    std::vector<std::string> out;
    for (const auto& [header, content] : read_tar(place_.engine().loaded().back())) {
      if (header.path.ends_with(".tar")) out.push_back("sha256:" + header.path.substr(0, 64));
    }
    return out;
  }
  static std::string config_of(const SampleTree& tree) {
    return tree.blobs.at(oci::Manifest::parse(tree.blobs.at(tree.root.digest), tree.root.media_type, "m").config().digest);
  }
  template <class Body>
  Error error_of(Body body) {
    try {
      body();
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "nothing was thrown";
    return {ErrorKind::internal, ""};
  }

  EnginePlace place_;
};

void expect_image(oci::Store& store, const SampleTree& tree) {
  const oci::Root root = oci::read_root(store, *store.resolve());
  for (const oci::Layer& layer : root.images.at(0).layers()) {
    EXPECT_EQ(Digest::of(read_all(*archive::decompress(store.open_blob(layer.descriptor)), 1 << 24, "layer")), layer.diff_id);
  }
  EXPECT_TRUE(tree.blobs.contains(root.images[0].manifest.config().digest));
}

TEST_F(DockerDaemon, AnImageKeepsItsIdAndIsFoundByIt) {
  const SampleTree tree = sample_image("app");
  publish(tree, "app:1");
  const std::string id = Digest::of(config_of(tree)).text();
  EXPECT_EQ(place_.engine().names(), (std::map<std::string, std::string>{{"docker.io/library/app:1", id}}));
  EXPECT_EQ(place_.engine().config_of("docker.io/library/app:1"), config_of(tree));
  for (const std::string& name : {std::string("app:1"), std::string("docker.io/library/app:1"), id}) expect_image(*open(name), tree);
  EXPECT_EQ(open("app:2")->resolve(), std::nullopt);
  EXPECT_EQ(error_of([&] { open("app:2")->require_readable(); }).kind(), ErrorKind::input);
  EXPECT_EQ(error_of([&] { open(id)->require_writable(); }).kind(), ErrorKind::usage);
  EXPECT_EQ(error_of([&] { open("app@" + id)->require_writable(); }).kind(), ErrorKind::usage);
}

TEST_F(DockerDaemon, OneExportIsEnoughAndNoneWhenTheImageIsKnown) {
  const SampleTree tree = sample_image("app");
  publish(tree, "app:1");
  MemoryCache memory;
  {
    std::unique_ptr<oci::Store> store = open("app:1", &memory);
    expect_image(*store, tree);
    store->resolve();
    EXPECT_EQ(count("GET export"), 1u);
  }
  std::unique_ptr<oci::Store> again = open("app:1", &memory);
  const oci::Root root = oci::read_root(*again, *again->resolve());
  EXPECT_TRUE(again->has_blob(root.images[0].layers()[0].descriptor));
  EXPECT_EQ(count("GET export"), 1u) << "described from the cache";
  read_all(*again->open_blob(root.images[0].layers()[0].descriptor), 1 << 20, "layer");
  EXPECT_EQ(count("GET export"), 2u) << "the layer's bytes are wanted";

  memory.entries.begin()->second = R"({"manifest":"{}","config":"{}"})";
  expect_image(*open("app:1", &memory), tree);
  EXPECT_EQ(count("GET export"), 3u) << "a description that does not fit is none";
}

TEST_F(DockerDaemon, WhatWeLoadedNeedsNoExportLater) {
  MemoryCache memory;
  const SampleTree tree = sample_image("app");
  publish(tree, "app:1", &memory);
  std::unique_ptr<oci::Store> store = open("app:1", &memory);
  const oci::Descriptor root = *store->resolve();
  EXPECT_EQ(count("GET export"), 0u);
  EXPECT_EQ(open("app:1")->resolve()->digest, root.digest) << "and is what an export gives";
  publish(tree, "app:1", &memory);
  EXPECT_EQ(count("POST load"), 1u) << "the same image again";
}

// As a patch does it: a layer more, under another name.
TEST_F(DockerDaemon, LayersThatTheEngineHasAreNotSent) {
  const std::string one = sample_plain_layer("a", "1"), two = sample_plain_layer("b", "2"), three = sample_plain_layer("c", "3");
  for (const bool knows_chains : {true, false}) {
    place_.engine().options().knows_chains = knows_chains;
    const std::string title = knows_chains ? "x" : "y";
    const SampleTree old = docker_image_of("old" + title, {one, two}), patched = docker_image_of("new" + title, {one, two, three});
    publish(old, "app:" + title);
    const std::size_t loads = count("POST load"), exports = count("GET export");
    std::unique_ptr<oci::Store> from = open("app:" + title), to = open("app:patched-" + title);
    const oci::Descriptor root = *from->resolve();
    EXPECT_EQ(root.digest, old.root.digest);
    to->put_blob(describe("a/b", three), opener_of(three));
    to->put_blob(describe("a/b", config_of(patched)), opener_of(config_of(patched)));
    ListeningReporter reporter;
    std::map<Digest, std::string_view> ours{{patched.root.digest, patched.blobs.at(patched.root.digest)}};
    const registry::CopyCount copied = registry::copy_tree(*from, *to, patched.root, reporter, 1, ours);
    EXPECT_EQ(copied.blobs_moved, 0u);
    EXPECT_EQ(copied.blobs_mounted, 2u);
    to->publish({.root = patched.root, .tag = "", .expected = {}, .force = false});
    EXPECT_EQ(count("GET export"), exports + 1);
    EXPECT_EQ(count("POST load"), loads + (knows_chains ? 1 : 2));
    EXPECT_EQ(layers_in_last_load().size(), knows_chains ? 1u : 3u);
    EXPECT_EQ(open("app:patched-" + title)->resolve()->digest, patched.root.digest);
  }
}

TEST_F(DockerDaemon, ALayerIsOnlyLeftOutWhenAllBelowItAreTheSame) {
  const std::string one = sample_plain_layer("a", "1"), two = sample_plain_layer("b", "2");
  publish(docker_image_of("old", {one, two}), "app:1");
  const SampleTree next = docker_image_of("new", {one, sample_plain_layer("c", "3"), two, one});
  std::unique_ptr<oci::Store> store = open("app:1");
  const oci::Descriptor before = *store->resolve();
  put_all(*store, next);
  store->publish({.root = next.root, .tag = "", .expected = before.digest, .force = false});
  EXPECT_EQ(layers_in_last_load().size(), 3u) << "the first one stands above again";
  EXPECT_EQ(open("app:1")->resolve()->digest, next.root.digest);
}

TEST_F(DockerDaemon, TheNameIsOnlyMovedFromWhatItWas) {
  const SampleTree one = sample_image("one"), two = sample_image("two"), three = sample_image("three");
  publish(one, "app:1");
  std::unique_ptr<oci::Store> store = open("app:1");
  const oci::Descriptor before = *store->resolve();
  put_all(*store, two);
  publish(three, "app:1");
  const Error error = error_of([&] { store->publish({.root = two.root, .tag = "", .expected = before.digest, .force = false}); });
  EXPECT_EQ(error.kind(), ErrorKind::refused) << error.what();
  EXPECT_EQ(place_.engine().config_of("docker.io/library/app:1"), config_of(three));
  store->publish({.root = two.root, .tag = "other", .expected = {}, .force = false});
  EXPECT_EQ(place_.engine().config_of("docker.io/library/app:other"), config_of(two));
}

TEST_F(DockerDaemon, ContainerdsImageStoreHasOtherIds) {
  place_.engine().options() = {.knows_chains = false, .containerd = true};
  const SampleTree tree = sample_image("app");
  publish(tree, "app:1");
  EXPECT_NE(place_.engine().names().begin()->second, Digest::of(config_of(tree)).text());
  MemoryCache memory;
  std::unique_ptr<oci::Store> store = open("app:1", &memory);
  expect_image(*store, tree);
  const std::size_t loads = count("POST load");
  publish(tree, "app:1", &memory);
  EXPECT_EQ(count("POST load"), loads) << "the same image";
  publish(sample_image("other"), "app:1", &memory);
  EXPECT_EQ(count("POST load"), loads + 1);
  // Loaded as plain tar, given back compressed.
  std::unique_ptr<oci::Store> back = open("app:1", &memory);
  const oci::Root root = oci::read_root(*back, *back->resolve());
  for (const oci::Layer& layer : root.images[0].layers()) {
    EXPECT_EQ(Digest::of(read_all(*archive::decompress(back->open_blob(layer.descriptor)), 1 << 24, "layer")), layer.diff_id);
  }
}

TEST_F(DockerDaemon, WhatTheEngineSaysAgainstAnImageIsTold) {
  publish(sample_image("old"), "app:1");
  place_.engine().options().refuses = "no space left on device";
  const Error error = error_of([&] { publish(sample_image("app"), "app:1"); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_NE(error.message().find("no space left on device"), std::string::npos);
  EXPECT_EQ(place_.engine().config_of("docker.io/library/app:1"), config_of(sample_image("old")));
}

TEST_F(DockerDaemon, AnExportThatBreaksOffIsNoImage) {
  publish(sample_image("app"), "app:1");
  for (const std::uint64_t cut : {1ull, 700ull, 3000ull}) {
    place_.engine().options().cut_export = cut;
    EXPECT_EQ(error_of([&] { open("app:1")->resolve(); }).kind(), ErrorKind::network) << cut;
  }
  place_.engine().options().cut_export = 0;
  EXPECT_TRUE(open("app:1")->resolve());
}

TEST_F(DockerDaemon, AnotherImageThanTheOneAskedForIsNoticed) {
  const SampleTree one = sample_docker_image("one"), two = sample_docker_image("two");
  publish(one, "app:1");
  publish(two, "app:2");
  place_.engine().options().other_layers = true;  // every export is of the same one
  int refused = 0;
  for (const char* name : {"app:1", "app:2"}) {
    try {
      open(name)->resolve();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification);
      ++refused;
    }
  }
  EXPECT_EQ(refused, 1);
}

TEST_F(DockerDaemon, ANameThatGoesWhileItIsReadIsAnError) {
  publish(sample_image("app"), "app:1");
  MemoryCache memory;
  open("app:1", &memory)->resolve();
  std::unique_ptr<oci::Store> store = open("app:1", &memory);
  const oci::Root root = oci::read_root(*store, *store->resolve());
  place_.engine().remove("docker.io/library/app:1");
  const Error error = error_of([&] { read_all(*store->open_blob(root.images[0].layers()[0].descriptor), 1 << 20, "layer"); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_NE(error.message().find("No such image"), std::string::npos) << error.message();
}

TEST_F(DockerDaemon, WithoutAnEngineItSaysWhereItLooked) {
  registry::DaemonOptions options = place_.daemon_options();
  options.socket = (place_.folder() / "nothing.sock").native();
  registry::DockerDaemonStore store(oci::Location::parse("docker-daemon:app"), options);
  const Error error = error_of([&] { store.resolve(); });
  EXPECT_EQ(error.kind(), ErrorKind::network);
  EXPECT_NE(error.message().find("nothing.sock"), std::string::npos);
  EXPECT_NE(error.hint().find("DOCKER_HOST"), std::string::npos);
}

TEST(EngineSocket, ComesFromDockerHost) {
  const auto socket = [](const std::string& host) {
    return registry::engine_socket([&](const char* name) { return std::string(name) == "DOCKER_HOST" ? host : std::string(); });
  };
  EXPECT_EQ(socket(""), "/var/run/docker.sock");
  EXPECT_EQ(socket("unix:///run/user/1000/docker.sock"), "/run/user/1000/docker.sock");
  for (const char* other : {"tcp://127.0.0.1:2375", "ssh://box.example.org", "unix://", "npipe://x"}) {
    try {
      socket(other);
      ADD_FAILURE() << other;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::unsupported);
      EXPECT_FALSE(error.hint().empty());
    }
  }
}

// ---- real engines

// podman's service on a socket of its own, with a storage of its own.
class PodmanService {
 public:
  PodmanService() {
    const std::string root = (folder_.path() / "root").native(), run = (folder_.path() / "run").native(), url = "unix://" + socket();
    process_ = fork();
    if (process_ == 0) {
      setpgid(0, 0);
      if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr)) _exit(126);
      setenv("HOME", folder_.path().c_str(), 1);
      execlp("podman", "podman", "--root", root.c_str(), "--runroot", run.c_str(), "--storage-driver", "vfs", "system", "service", "--time",
             "0", url.c_str(), nullptr);
      _exit(127);
    }
  }
  ~PodmanService() {
    kill(-process_, SIGTERM);
    waitpid(process_, nullptr, 0);
  }
  std::string socket() const { return (folder_.path() / "podman.sock").native(); }
  bool wait() const {
    for (int round = 0; round < 100; ++round) {
      std::error_code failed;
      if (fs::exists(socket(), failed)) return true;
      if (waitpid(process_, nullptr, WNOHANG) != 0) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
    return false;
  }

 private:
  io::TemporaryDirectory folder_;
  pid_t process_ = -1;
};

// RESOLE_TEST_DOCKER_SOCKET names a real engine whose images may be changed.
TEST(RealEngine, TakesImagesAndGivesThemBack) {
  std::unique_ptr<PodmanService> podman;
  const char* given = getenv("RESOLE_TEST_DOCKER_SOCKET");
  std::string socket = given ? given : "";
  if (socket.empty()) {
    podman = std::make_unique<PodmanService>();
    if (!podman->wait()) GTEST_SKIP() << "podman system service does not start here";
    socket = podman->socket();
  }
  io::TemporaryDirectory folder;
  const registry::DaemonOptions options{
      .client = std::make_shared<io::HttpClient>(io::HttpClientOptions{}), .socket = socket, .scratch = folder.path(), .memory = nullptr};
  const auto open = [&](const std::string& name) {
    return std::make_unique<registry::DockerDaemonStore>(oci::Location::parse("docker-daemon:" + name), options);
  };
  const std::string unique = std::to_string(getpid()), one = sample_plain_layer("a", "1" + unique),
                    two = sample_plain_layer("b", "2" + unique);
  const SampleTree old = docker_image_of("old" + unique, {one, two}),
                   next = docker_image_of("new" + unique, {one, two, sample_plain_layer("c", "3" + unique)});
  const std::string name = "example.org/resole-test/app:" + unique;
  EXPECT_EQ(open(name)->resolve(), std::nullopt);
  {
    auto store = open(name);
    put_all(*store, old);
    store->publish({.root = old.root, .tag = "", .expected = {}, .force = false});
  }
  EXPECT_EQ(open(name)->resolve()->digest, old.root.digest);
  auto from = open(name), to = open(name + "-next");
  const oci::Descriptor root = *from->resolve();
  for (const auto& [digest, bytes] : old.blobs) EXPECT_EQ(read_all(*from->open_blob(describe("a/b", bytes)), 1 << 24, "blob"), bytes);
  ListeningReporter reporter;
  registry::copy_tree(*from, *to, root, reporter, 1);
  put_all(*to, next);
  to->publish({.root = next.root, .tag = "", .expected = {}, .force = false});
  auto back = open(name + "-next");
  EXPECT_EQ(back->resolve()->digest, next.root.digest);
  for (const auto& [digest, bytes] : next.blobs) EXPECT_EQ(read_all(*back->open_blob(describe("a/b", bytes)), 1 << 24, "blob"), bytes);
  EXPECT_EQ(open(name)->resolve()->digest, old.root.digest);
}

}  // namespace
}  // namespace resole::test
