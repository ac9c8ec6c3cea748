// SPDX-License-Identifier: Apache-2.0
// Docker archives as the programs in use write them, and ours.
#include <gtest/gtest.h>

#include <filesystem>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "io/process.hpp"
#include "oci/image.hpp"
#include "registry/docker/saved_list.hpp"
#include "registry/places.hpp"
#include "support/sample_image.hpp"
#include "support/tar_builder.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;
using archive::Compression;

std::string hex(const std::string& bytes) { return sha256_hex_of(bytes); }

// One image in pieces, and how the programs put them together.
struct Pieces {
  std::vector<std::string> layers = {sample_plain_layer("etc/a", "first"), sample_plain_layer("etc/b", "second")};
  std::string config = config_of(layers);

  static std::string config_of(const std::vector<std::string>& layers, const std::string& title = "x") {
    Json json = {{"os", "linux"},
                 {"architecture", "amd64"},
                 {"config", {{"Labels", {{"title", title}}}}},
                 {"rootfs", {{"type", "layers"}, {"diff_ids", Json::array()}}}};
    for (const std::string& layer : layers) json["rootfs"]["diff_ids"].push_back(Digest::of(layer).text());
    return json.dump();
  }
  Digest id() const { return Digest::of(config); }
};

std::string list_of(const std::string& config, const std::vector<std::string>& layers, const std::vector<std::string>& tags = {"app:1"},
                    const Json& sources = {}) {
  Json entry = {{"Config", config}, {"RepoTags", tags.empty() ? Json() : Json(tags)}, {"Layers", layers}};
  if (!sources.is_null()) entry["LayerSources"] = sources;
  return Json::array({entry}).dump();
}

using Form = std::function<std::string(const Pieces&)>;
struct NamedForm {
  const char* name;
  Form write;
};

TarBuilder legacy_folder(TarBuilder tar, const std::string& id) {
  return tar.dir(id).file(id + "/VERSION", "1.0").file(id + "/json", "{}");
}

std::string docker_20(const Pieces& p) {
  TarBuilder tar;
  const std::string a = hex("a"), b = hex("b");
  tar = legacy_folder(tar, a).file(a + "/layer.tar", p.layers[0]);
  tar = legacy_folder(tar, b).file(b + "/layer.tar", p.layers[1]);
  return tar.file(hex(p.config) + ".json", p.config)
      .file("manifest.json", list_of(hex(p.config) + ".json", {a + "/layer.tar", b + "/layer.tar"}))
      .file("repositories", R"({"app":{"1":")" + b + "\"}}")
      .bytes();
}

// docker 18 to 24 link a layer that another image of the archive has as well.
std::string docker_20_linked(const Pieces& p) {
  TarBuilder tar;
  const std::string a = hex("a"), b = hex("b"), other = hex("o");
  tar = legacy_folder(tar, other).file(other + "/layer.tar", p.layers[0]);
  tar = legacy_folder(tar, a).symlink(a + "/layer.tar", "../" + other + "/layer.tar");
  tar = legacy_folder(tar, b).file(b + "/layer.tar", p.layers[1]);
  return tar.file(hex(p.config) + ".json", p.config)
      .file("manifest.json", list_of(hex(p.config) + ".json", {a + "/layer.tar", b + "/layer.tar"}))
      .bytes();
}

std::string blobs_form(const Pieces& p, Compression compression) {
  TarBuilder tar;
  tar.dir("blobs").dir("blobs/sha256").file("blobs/sha256/" + hex(p.config), p.config);
  std::vector<std::string> layers;
  Json sources = Json::object();
  for (const std::string& plain : p.layers) {
    const std::string bytes = compression == Compression::none ? plain : compress(compression, plain);
    layers.push_back("blobs/sha256/" + hex(bytes));
    tar.file(layers.back(), bytes);
    sources[Digest::of(plain).text()] = {
        {"mediaType", "application/vnd.oci.image.layer.v1.tar"}, {"size", bytes.size()}, {"digest", Digest::of(bytes).text()}};
  }
  return tar.file("index.json", "{}")
      .file("oci-layout", R"({"imageLayoutVersion":"1.0.0"})")
      .file("manifest.json", list_of("blobs/sha256/" + hex(p.config), layers, {"app:1"}, sources))
      .bytes();
}

std::string podman(const Pieces& p) {
  const std::string a = hex(p.layers[0]), b = hex(p.layers[1]);
  return TarBuilder()
      .file(a + ".tar", p.layers[0])
      .symlink(hex("a") + "/layer.tar", "../" + a + ".tar")
      .file(b + ".tar", p.layers[1])
      .symlink(hex("b") + "/layer.tar", "../" + b + ".tar")
      .file(hex(p.config) + ".json", p.config)
      .file("manifest.json", list_of(hex(p.config) + ".json", {a + ".tar", b + ".tar"}, {"docker.io/library/app:1"}))
      .bytes();
}

std::string crane(const Pieces& p) {
  TarBuilder tar;
  tar.file("sha256:" + hex(p.config), p.config);
  std::vector<std::string> layers;
  for (const std::string& plain : p.layers) {
    const std::string bytes = gzip(plain);
    layers.push_back(hex(bytes) + ".tar.gz");
    tar.file(layers.back(), bytes);
  }
  return tar.file("manifest.json", list_of("sha256:" + hex(p.config), layers)).bytes();
}

std::string jib(const Pieces& p) {
  return TarBuilder()
      .file(hex(p.layers[0]) + ".tar.gz", gzip(p.layers[0]))
      .file(hex(p.layers[1]) + ".tar.gz", gzip(p.layers[1]))
      .file("config.json", p.config)
      .file("manifest.json", list_of("config.json", {hex(p.layers[0]) + ".tar.gz", hex(p.layers[1]) + ".tar.gz"}))
      .bytes();
}

std::string nix(const Pieces& p) {
  return TarBuilder()
      .file("zz9-base/layer.tar", p.layers[0])
      .hardlink("abc-hello/layer.tar", "zz9-base/layer.tar")
      .file("top/layer.tar", p.layers[1])
      .file(hex(p.config) + ".json", p.config)
      .file("manifest.json", list_of("./" + hex(p.config) + ".json", {"./abc-hello/layer.tar", "top//layer.tar"}))
      .bytes();
}

class Forms : public testing::TestWithParam<NamedForm> {};

class DockerArchive : public testing::Test {
 protected:
  void write(const std::string& bytes) { io::write_file_atomic(path(), bytes, false); }
  std::string path() const { return (folder_.path() / "a.tar").native(); }
  std::string at(const std::string& name) const { return (folder_.path() / name).native(); }
  std::unique_ptr<oci::Store> read(const std::string& rest = {}) {
    return registry::open_for_reading(oci::Location::parse("docker-archive:" + path() + rest), {});
  }
  Digest id_of(const std::string& rest) {
    std::unique_ptr<oci::Store> store = read(rest);
    return oci::read_root(*store, *store->resolve()).images.at(0).manifest.config().digest;
  }
  void publish(const SampleTree& tree, const std::string& name) {
    std::unique_ptr<oci::Store> store =
        registry::open_for_writing(oci::Location::parse("docker-archive:" + path() + (name.empty() ? "" : ":" + name)), {});
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = name, .expected = {}, .force = true});
  }
  std::vector<std::string> members() {
    std::vector<std::string> out;
    for (const auto& [header, content] : read_tar(io::read_file(path(), 1 << 24))) out.push_back(header.path);
    return out;
  }
  Json list() {
    for (const auto& [header, content] : read_tar(io::read_file(path(), 1 << 24))) {
      if (header.path == "manifest.json") return Json::parse(content);
    }
    return {};
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

  io::TemporaryDirectory folder_{quick_folder()};
};

void expect_image(oci::Store& store, const Pieces& pieces) {
  const std::optional<oci::Descriptor> root = store.resolve();
  ASSERT_TRUE(root);
  EXPECT_EQ(root->media_type, oci::media_type::kDockerManifest);
  const oci::Root image = oci::read_root(store, *root);
  EXPECT_EQ(image.images.at(0).config.bytes(), pieces.config);
  ASSERT_EQ(image.images[0].layers().size(), pieces.layers.size());
  for (std::size_t at = 0; at < pieces.layers.size(); ++at) {
    const oci::Layer layer = image.images[0].layers()[at];
    const std::string bytes = read_all(*store.open_blob(layer.descriptor), 1 << 24, "layer");
    EXPECT_EQ(Digest::of(bytes), layer.descriptor.digest);
    EXPECT_EQ(bytes.size(), layer.descriptor.size);
    EXPECT_EQ(archive::detect(bytes) == Compression::gzip, layer.descriptor.media_type == oci::media_type::kDockerLayerGzip);
    EXPECT_EQ(read_all(*archive::decompress(source_of(bytes)), 1 << 24, "layer"), pieces.layers[at]);
    EXPECT_TRUE(store.has_blob(layer.descriptor));
  }
}

TEST_P(Forms, IsReadWholeWhoeverWroteIt) {
  io::TemporaryDirectory folder(quick_folder());
  const io::Path file = folder.path() / "a.tar";
  const Pieces pieces;
  const std::string plain = GetParam().write(pieces);
  for (const std::string& bytes : {plain, gzip(plain), compress(Compression::zstd, plain)}) {
    io::write_file_atomic(file, bytes, false);
    for (const std::string rest : {"", ":app:1", ":docker.io/library/app:1", ":@0", "@"}) {
      const std::string by_id = rest == "@" ? "@" + pieces.id().text() : rest;
      expect_image(*registry::open_for_reading(oci::Location::parse("docker-archive:" + file.native() + by_id), {}), pieces);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Writers, Forms,
    testing::Values(NamedForm{"docker_20", docker_20}, NamedForm{"docker_20_linked", docker_20_linked},
                    NamedForm{"docker_25", [](const Pieces& p) { return blobs_form(p, Compression::none); }},
                    NamedForm{"docker_with_containerd", [](const Pieces& p) { return blobs_form(p, Compression::gzip); }},
                    NamedForm{"containerd_zstd", [](const Pieces& p) { return blobs_form(p, Compression::zstd); }},
                    NamedForm{"podman", podman}, NamedForm{"crane", crane}, NamedForm{"jib", jib}, NamedForm{"nix", nix}),
    [](const auto& form) { return std::string(form.param.name); });

TEST_F(DockerArchive, TheManifestIsAlwaysTheSame) {
  const Pieces pieces;
  std::set<Digest> plain;
  for (const std::string& bytes : {docker_20(pieces), docker_20_linked(pieces), podman(pieces), nix(pieces),
                                   blobs_form(pieces, Compression::none), blobs_form(pieces, Compression::zstd)}) {
    write(bytes);
    plain.insert(read()->resolve()->digest);
  }
  EXPECT_EQ(plain.size(), 1u);
  write(crane(pieces));
  const Digest compressed = read()->resolve()->digest;
  EXPECT_FALSE(plain.contains(compressed));
  write(jib(pieces));
  EXPECT_EQ(read()->resolve()->digest, compressed);
}

TEST_F(DockerArchive, SeveralImagesAreToldApart) {
  const Pieces one, two{.layers = one.layers, .config = Pieces::config_of(one.layers, "two")},
      three{.layers = {one.layers[0]}, .config = Pieces::config_of({one.layers[0]})};
  const std::string a = hex(one.layers[0]) + ".tar", b = hex(one.layers[1]) + ".tar";
  Json list = Json::array();
  list.push_back({{"Config", "1.json"}, {"RepoTags", {"app:1", "app:one"}}, {"Layers", {a, b}}});
  list.push_back({{"Config", "2.json"}, {"RepoTags", {"example.org/team/app:2"}}, {"Layers", {a, b}}});
  list.push_back({{"Config", "3.json"}, {"RepoTags", nullptr}, {"Layers", {a}}});
  write(TarBuilder()
            .file("1.json", one.config)
            .file("2.json", two.config)
            .file("3.json", three.config)
            .file(a, one.layers[0])
            .file(b, one.layers[1])
            .file("manifest.json", list.dump())
            .bytes());
  EXPECT_EQ(id_of(":app:1"), one.id());
  EXPECT_EQ(id_of(":app:one"), one.id());
  EXPECT_EQ(id_of(":example.org/team/app:2"), two.id());
  EXPECT_EQ(id_of(":@2"), three.id());
  EXPECT_EQ(id_of("@" + two.id().text()), two.id());
  EXPECT_EQ(id_of("@" + read(":@2")->resolve()->digest.text()), three.id());
  const Error ambiguous = error_of([&] { read(); });
  EXPECT_EQ(ambiguous.kind(), ErrorKind::input);
  for (const char* name : {"app:1", "app:one", "example.org/team/app:2", "@2"})
    EXPECT_NE(ambiguous.message().find(name), std::string::npos);
  for (const char* absent : {":app:3", ":@3", ":app"}) {
    const Error error = error_of([&] { read(absent); });
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(error.message().find("example.org/team/app:2"), std::string::npos) << error.message();
  }
}

TEST_F(DockerArchive, OneNameForTwoImagesIsAmbiguous) {
  const Pieces one;
  Json list = Json::array();
  for (const char* config : {"1.json", "2.json"})
    list.push_back({{"Config", config}, {"RepoTags", {"app:1"}}, {"Layers", Json::array({"a", "b"})}});
  write(TarBuilder()
            .file("a", one.layers[0])
            .file("b", one.layers[1])
            .file("1.json", one.config)
            .file("2.json", Pieces::config_of(one.layers, "2"))
            .file("manifest.json", list.dump())
            .bytes());
  EXPECT_NE(error_of([&] { read(":app:1"); }).hint().find("@0 or @1"), std::string::npos);
  EXPECT_EQ(id_of(":@0"), one.id());
}

TEST_F(DockerArchive, LayersThatAreNotWhatTheConfigSaysAreRefused) {
  const Pieces good;
  for (const Form& form : {Form(podman), Form(jib), Form(crane), Form([](const Pieces& p) { return blobs_form(p, Compression::zstd); })}) {
    Pieces bad = good;
    bad.layers[1] = sample_plain_layer("etc/b", "other!");
    write(form(bad));
    EXPECT_EQ(error_of([&] {
                std::unique_ptr<oci::Store> store = read();
                const oci::Root root = oci::read_root(*store, *store->resolve());
                const oci::Descriptor layer = root.images[0].layers()[1].descriptor;
                EXPECT_FALSE(store->has_blob(layer));
                read_all(*store->open_blob(layer), 1 << 24, "layer");
              }).kind(),
              ErrorKind::verification);
  }
}

TEST_F(DockerArchive, AMemberWhoseNameIsAHashMustHaveIt) {
  Pieces pieces;
  const std::string promised = hex(pieces.config);
  pieces.config += " ";
  for (const std::string& name : {promised + ".json", "sha256:" + promised, "blobs/sha256/" + promised}) {
    write(TarBuilder()
              .file(name, pieces.config)
              .file("a", pieces.layers[0])
              .file("b", pieces.layers[1])
              .file("manifest.json", list_of(name, {"a", "b"}))
              .bytes());
    EXPECT_EQ(error_of([&] { read(); }).kind(), ErrorKind::verification);
  }
  const std::string layer = gzip(pieces.layers[0]), name = "blobs/sha256/" + hex("other");
  write(
      TarBuilder().file("c", Pieces::config_of({pieces.layers[0]})).file(name, layer).file("manifest.json", list_of("c", {name})).bytes());
  std::unique_ptr<oci::Store> store = read();
  const oci::Descriptor descriptor = oci::read_root(*store, *store->resolve()).images[0].layers()[0].descriptor;
  EXPECT_EQ(error_of([&] { read_all(*store->open_blob(descriptor), 1 << 20, "layer"); }).kind(), ErrorKind::verification);
}

TEST_F(DockerArchive, DamageIsAnErrorOfTheInput) {
  const Pieces p;
  const std::string config = hex(p.config) + ".json";
  const auto base = [&] { return TarBuilder().file("a", p.layers[0]).file("b", p.layers[1]).file(config, p.config); };
  const auto kind_of = [&](const std::string& bytes) {
    write(bytes);
    return error_of([&] { read(); }).kind();
  };
  write(base().file("manifest.json", list_of(config, {"a", "b"})).bytes());
  EXPECT_NO_THROW(read());
  EXPECT_EQ(kind_of(""), ErrorKind::input);
  EXPECT_EQ(kind_of("hello"), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", "[").bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", "{}").bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", "[]").bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", "[1]").bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", list_of("absent", {"a", "b"})).bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", list_of(config, {"a"})).bytes()), ErrorKind::input) << "fewer layers than diff_ids";
  EXPECT_EQ(kind_of(base().file("manifest.json", list_of(config, {"a", "absent"})).bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", list_of(config, {"a", "../b"})).bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().symlink("c", "c").file("manifest.json", list_of(config, {"a", "c"})).bytes()), ErrorKind::input) << "a loop";
  EXPECT_EQ(kind_of(base().symlink("c", "/etc/passwd").file("manifest.json", list_of(config, {"a", "c"})).bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().symlink("c", "../../etc/passwd").file("manifest.json", list_of(config, {"a", "c"})).bytes()), ErrorKind::input);
  const std::string list = list_of(config, {"a", "b"});
  EXPECT_EQ(kind_of(base().file("manifest.json", list).file("manifest.json", list).bytes()), ErrorKind::input);
  EXPECT_EQ(kind_of(base().file("manifest.json", list).file(config, p.config).bytes()), ErrorKind::input);
  fs::remove(path());
  EXPECT_EQ(error_of([&] { read(); }).kind(), ErrorKind::input);
}

// Older go-containerregistry wrote a layer as often as the image has it.
TEST_F(DockerArchive, ALayerMayBeThereTwice) {
  const Pieces p{.layers = {sample_plain_layer("a", "x"), sample_plain_layer("a", "x")},
                 .config = Pieces::config_of({sample_plain_layer("a", "x"), sample_plain_layer("a", "x")})};
  write(TarBuilder()
            .file("l", p.layers[0])
            .file("l", p.layers[1])
            .file("c", p.config)
            .file("manifest.json", list_of("c", {"l", "l"}))
            .bytes());
  expect_image(*read(), p);
}

TEST_F(DockerArchive, OtherArchivesAreNamed) {
  write(TarBuilder().file("oci-layout", "{}").file("index.json", "{}").bytes());
  EXPECT_NE(error_of([&] { read(); }).hint().find("oci-archive:"), std::string::npos);
  write(TarBuilder().file("repositories", "{}").file("abc/layer.tar", "").bytes());
  const Error old = error_of([&] { read(); });
  EXPECT_EQ(old.kind(), ErrorKind::unsupported);
  EXPECT_NE(old.message().find("before 1.10"), std::string::npos);
}

// Windows bases: docker names where such a layer comes from, and other writers leave its bytes out.
TEST_F(DockerArchive, LayersOfAVendorAreDescribedWhenTheyAreNotThere) {
  const Pieces p;
  const std::string foreign = "sha256:" + std::string(64, 'f');
  const Json sources = {{Digest::of(p.layers[0]).text(),
                         {{"mediaType", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
                          {"size", 100},
                          {"digest", foreign},
                          {"urls", {"https://example.org/layer"}}}}};
  write(TarBuilder()
            .file("b", p.layers[1])
            .file("c", p.config)
            .file("manifest.json", list_of("c", {"absent", "b"}, {"app:1"}, sources))
            .bytes());
  std::unique_ptr<oci::Store> store = read();
  const oci::Root root = oci::read_root(*store, *store->resolve());
  EXPECT_EQ(root.images[0].layers()[0].descriptor.digest.text(), foreign);
  EXPECT_EQ(root.images[0].layers()[0].descriptor.urls, std::vector<std::string>{"https://example.org/layer"});
  const Error error = error_of([&] { publish(sample_image("b"), "b:1"); });
  EXPECT_EQ(error.kind(), ErrorKind::unsupported) << error.what();
}

TEST_F(DockerArchive, IsWrittenInDockersClassicForm) {
  const SampleTree image = sample_image("app");
  publish(image, "app:1");
  std::unique_ptr<oci::Store> store = read(":app:1");
  const oci::Root root = oci::read_root(*store, *store->resolve());
  const std::string id(root.images[0].manifest.config().digest.hex());
  EXPECT_TRUE(image.blobs.contains(Digest::sha256_hex(id))) << "the config is kept";
  std::vector<std::string> layers;
  for (const oci::Layer& layer : root.images[0].layers()) layers.push_back(std::string(layer.diff_id.hex()) + ".tar");
  EXPECT_EQ(list(), Json::parse(R"([{"Config":")" + id + R"(.json","RepoTags":["docker.io/library/app:1"],"Layers":[")" + layers[0] +
                                R"(",")" + layers[1] + R"("]}])"));
  std::sort(layers.begin(), layers.end());
  EXPECT_EQ(members(), (std::vector<std::string>{"manifest.json", "repositories", id + ".json", layers[0], layers[1]}));
  for (const auto& [header, content] : read_tar(io::read_file(path(), 1 << 24))) {
    EXPECT_EQ(header.mtime, 0);
    if (header.path.ends_with(".tar")) {
      EXPECT_EQ(hex(content) + ".tar", header.path);
    }
  }
}

TEST_F(DockerArchive, IsDeterministicAndUntouchedWhenNothingChanges) {
  publish(sample_image("app"), "app:1");
  publish(sample_docker_image("other"), "other:1");
  const std::string bytes = io::read_file(path(), 1 << 24);
  const auto written = fs::last_write_time(path());
  publish(sample_image("app"), "app:1");
  EXPECT_EQ(fs::last_write_time(path()), written) << "the same image again";
  fs::remove(path());
  publish(sample_image("app"), "app:1");
  publish(sample_docker_image("other"), "other:1");
  EXPECT_EQ(io::read_file(path(), 1 << 24), bytes);
  std::vector<std::string> files;
  for (const auto& entry : fs::directory_iterator(folder_.path())) files.push_back(entry.path().filename());
  EXPECT_EQ(files, std::vector<std::string>{"a.tar"});
}

TEST_F(DockerArchive, OtherImagesStayWhoeverWroteThem) {
  const Pieces p;
  for (const Form& form :
       {Form(docker_20_linked), Form(crane), Form([](const Pieces& pieces) { return blobs_form(pieces, Compression::zstd); })}) {
    write(gzip(form(p)));
    publish(sample_image("new"), "new:1");
    expect_image(*read(":app:1"), p);
    EXPECT_EQ(list().size(), 2u);
    EXPECT_EQ(list()[0]["RepoTags"], Json::array({"app:1"})) << "as it was written";
  }
}

TEST_F(DockerArchive, NamesMoveAndImagesWithoutAnyGo) {
  const SampleTree one = sample_docker_image("one"), two = sample_docker_image("two");
  const auto tags = [&] {
    Json out = Json::array();
    for (const Json& entry : list()) out.push_back(entry["RepoTags"]);
    return out.dump();
  };
  publish(one, "a:1");
  publish(one, "b:1");
  EXPECT_EQ(tags(), R"([["docker.io/library/a:1","docker.io/library/b:1"]])");
  publish(two, "a:1");
  EXPECT_EQ(tags(), R"([["docker.io/library/b:1"],["docker.io/library/a:1"]])");
  publish(two, "b:1");
  EXPECT_EQ(tags(), R"([["docker.io/library/a:1","docker.io/library/b:1"]])");
  EXPECT_EQ(members().size(), 3u + 2u) << "nothing of the first image";
  fs::remove(path());
  publish(one, "");
  EXPECT_EQ(tags(), "[null]");
  publish(two, "");
  EXPECT_EQ(tags(), "[null]") << "the only image there";
  EXPECT_EQ(read()->resolve()->digest, two.root.digest);
  publish(one, "a:1");
  EXPECT_EQ(tags(), R"([null,["docker.io/library/a:1"]])");
}

TEST_F(DockerArchive, LayersAreExpandedAndSharedOnesStandOnce) {
  const Pieces p;
  SampleTree tree;
  std::string list;
  for (const std::string& bytes : {compress(Compression::zstd, p.layers[0]), gzip(p.layers[1]), p.layers[0]}) {
    const std::string_view type = archive::detect(bytes) == Compression::zstd   ? oci::media_type::kOciLayerZstd
                                  : archive::detect(bytes) == Compression::gzip ? oci::media_type::kOciLayerGzip
                                                                                : oci::media_type::kOciLayer;
    list += (list.empty() ? "" : ",") + json_of(describe(type, bytes));
    tree.blobs[Digest::of(bytes)] = bytes;
  }
  const Pieces same{.layers = {p.layers[0], p.layers[1], p.layers[0]},
                    .config = Pieces::config_of({p.layers[0], p.layers[1], p.layers[0]})};
  const std::string manifest =
      R"({"schemaVersion":2,"config":)" + json_of(describe(oci::media_type::kOciConfig, same.config)) + R"(,"layers":[)" + list + "]}";
  tree.blobs[same.id()] = same.config;
  tree.blobs[Digest::of(manifest)] = manifest;
  tree.root = describe(oci::media_type::kOciManifest, manifest);
  publish(tree, "app:1");
  expect_image(*read(), same);
  EXPECT_EQ(members().size(), 3u + 2u);
}

TEST_F(DockerArchive, WhatItCannotHoldIsSaid) {
  const Error platforms = error_of([&] { publish(sample_index("app"), "app:1"); });
  EXPECT_EQ(platforms.kind(), ErrorKind::unsupported);
  EXPECT_NE(platforms.message().find("linux/amd64, linux/arm64"), std::string::npos) << platforms.message();
  SampleTree tree = sample_image("app");
  const std::string index =
      R"({"schemaVersion":2,"manifests":[)" + json_of(tree.root, R"(,"platform":{"os":"linux","architecture":"amd64"})") + "]}";
  tree.blobs[Digest::of(index)] = index;
  tree.root = describe(oci::media_type::kOciIndex, index);
  publish(tree, "app:1");
  EXPECT_EQ(list().size(), 1u) << "an index of one image is that image";

  const SampleTree image = sample_image("wrong");
  SampleTree wrong = image;  // the config says another diff_id
  const oci::Manifest manifest = oci::Manifest::parse(image.blobs.at(image.root.digest), image.root.media_type, "m");
  std::string config = image.blobs.at(manifest.config().digest), text = manifest.bytes();
  config.replace(config.find("sha256:") + 7, 64, std::string(64, 'e'));
  const std::string before = json_of(manifest.config()), after = json_of(describe(oci::media_type::kOciConfig, config));
  text.replace(text.find(before), before.size(), after);
  wrong.blobs[Digest::of(config)] = config;
  wrong.blobs[Digest::of(text)] = text;
  wrong.root = describe(oci::media_type::kOciManifest, text);
  const std::string old = io::read_file(path(), 1 << 24);
  EXPECT_EQ(error_of([&] { publish(wrong, "wrong:1"); }).kind(), ErrorKind::verification);
  EXPECT_EQ(io::read_file(path(), 1 << 24), old);
}

TEST_F(DockerArchive, NamesThatCannotBeWrittenAreErrorsOfUsage) {
  for (const std::string& rest : {std::string(":@0"), "@" + Digest::of("x").text(), std::string(":App:1")}) {
    EXPECT_EQ(error_of([&] { registry::open_for_writing(oci::Location::parse("docker-archive:" + path() + rest), {}); }).kind(),
              ErrorKind::usage)
        << rest;
  }
}

TEST_F(DockerArchive, OneLendsItsBlobsToAnotherWithoutACopy) {
  const Pieces p;
  write(jib(p));
  std::unique_ptr<oci::Store> from = read();
  const oci::Descriptor root = *from->resolve();
  ListeningReporter reporter;
  for (const char* target : {"docker-archive:", "oci:"}) {
    const bool lends = std::string(target) == "docker-archive:";
    const oci::Location location = oci::Location::parse(target + at("b") + std::string(":copy"));
    std::unique_ptr<oci::Store> to = registry::open_for_writing(location, {});
    const registry::CopyCount count = registry::copy_tree(*from, *to, root, reporter, 2);
    EXPECT_EQ(count.blobs_mounted, lends ? 3u : 0u);
    EXPECT_EQ(count.blobs_moved, lends ? 0u : 3u);
    to->publish({.root = root, .tag = "copy", .expected = {}, .force = false});
    std::unique_ptr<oci::Store> back = registry::open_for_reading(location, {});
    EXPECT_EQ(oci::read_root(*back, *back->resolve()).images[0].config.bytes(), p.config);
    fs::remove_all(at("b"));
  }
}

TEST(SavedList, PromisedDigests) {
  const std::string digits(64, 'a');
  for (const std::string& name : {"blobs/sha256/" + digits, "sha256:" + digits, digits + ".json"}) {
    EXPECT_EQ(registry::promised_digest(name), Digest::parse("sha256:" + digits)) << name;
  }
  for (const std::string& name : {digits, digits + ".tar", digits + "/layer.tar", std::string("config.json"), "blobs/sha512/" + digits}) {
    EXPECT_EQ(registry::promised_digest(name), std::nullopt) << name;
  }
}

// ---- other programs

class DockerArchiveOracles : public DockerArchive {
 protected:
  static bool is_there(const std::string& tool) {
    try {
      return io::run_process({.arguments = {tool, "--version"}, .environment = {}, .directory = {}, .input = {}}).exit_code == 0;
    } catch (const Error&) {
      return false;
    }
  }
  std::string run(std::vector<std::string> arguments) {
    if (arguments[0] == "podman") {
      const std::vector<std::string> store = {"--root", at("root"), "--runroot", at("run"), "--storage-driver", "vfs"};
      arguments.insert(arguments.begin() + 1, store.begin(), store.end());
    }
    const io::ProcessResult result = io::run_process({.arguments = std::move(arguments),
                                                      .environment = {"HOME=" + at(""), "TMPDIR=" + at(""), "LC_ALL=C",
                                                                      "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
                                                      .directory = at(""),
                                                      .input = {}});
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }
  static std::string config_digest(const SampleTree& tree) {
    return oci::Manifest::parse(tree.blobs.at(tree.root.digest), tree.root.media_type, "m").config().digest.text();
  }
};

TEST_F(DockerArchiveOracles, SkopeoReadsOurs) {
  if (!is_there("skopeo")) GTEST_SKIP() << "skopeo is not installed";
  const SampleTree one = sample_image("one"), two = sample_image("two", "amd64", 3);
  publish(one, "one:1");
  publish(two, "example.org/two:2");
  for (const auto& [name, tree] : {std::pair(":docker.io/library/one:1", &one), std::pair(":one:1", &one), std::pair(":@1", &two),
                                   std::pair(":example.org/two:2", &two)}) {
    const Json theirs = Json::parse(run({"skopeo", "inspect", "--raw", "docker-archive:" + path() + name}));
    const Json ours = Json::parse(read(name)->manifest(*read(name)->resolve()));
    EXPECT_EQ(theirs["config"], ours["config"]);
    ASSERT_EQ(theirs["layers"].size(), ours["layers"].size());
    for (std::size_t at = 0; at < ours["layers"].size(); ++at) EXPECT_EQ(theirs["layers"][at]["digest"], ours["layers"][at]["digest"]);
    fs::remove_all(at("d"));
    run({"skopeo", "copy", "-q", "--insecure-policy", "docker-archive:" + path() + name, "oci:" + at("d") + ":x"});
    EXPECT_EQ(Json::parse(run({"skopeo", "inspect", "--raw", "oci:" + at("d") + ":x"}))["config"]["digest"], config_digest(*tree));
  }
}

TEST_F(DockerArchiveOracles, WeReadSkopeos) {
  if (!is_there("skopeo")) GTEST_SKIP() << "skopeo is not installed";
  const SampleTree tree = sample_image("app", "amd64", 3);
  {
    std::unique_ptr<oci::Store> store = registry::open_for_writing(oci::Location::parse("oci:" + at("layout") + ":x"), {});
    put_all(*store, tree);
    store->publish({.root = tree.root, .tag = "x", .expected = {}, .force = true});
  }
  run({"skopeo", "copy", "-q", "--insecure-policy", "oci:" + at("layout") + ":x", "docker-archive:" + path() + ":app:1"});
  for (const char* name : {"", ":app:1", ":@0"}) EXPECT_EQ(id_of(name).text(), config_digest(tree));
  const Digest before = read()->resolve()->digest;
  publish(sample_image("more"), "more:1");
  run({"skopeo", "inspect", "docker-archive:" + path() + ":app:1"});
  EXPECT_EQ(read(":app:1")->resolve()->digest, before);
}

TEST_F(DockerArchiveOracles, PodmanLoadsOursAndWeReadPodmans) {
  if (!is_there("podman")) GTEST_SKIP() << "podman is not installed";
  const SampleTree one = sample_image("one"), two = sample_docker_image("two");
  publish(one, "one:1");
  publish(two, "example.org/two:2");
  run({"podman", "load", "-q", "-i", path()});
  const auto id = [&](const std::string& name) {
    return "sha256:" + std::string(trim(run({"podman", "image", "inspect", "--format", "{{.Id}}", name})));
  };
  EXPECT_EQ(id("docker.io/library/one:1"), config_digest(one));
  EXPECT_EQ(id("example.org/two:2"), config_digest(two));
  const auto layers = Json::parse(run({"podman", "image", "inspect", "--format", "{{json .RootFS.Layers}}", "one:1"}));
  EXPECT_EQ(layers, Json::parse(one.blobs.at(Digest::parse(config_digest(one))))["rootfs"]["diff_ids"]);
  fs::remove(path());
  run({"podman", "save", "-q", "-m", "-o", path(), "docker.io/library/one:1", "example.org/two:2"});
  EXPECT_EQ(id_of(":one:1").text(), config_digest(one));
  EXPECT_EQ(id_of(":example.org/two:2").text(), config_digest(two));
  EXPECT_EQ(read(":example.org/two:2")->resolve()->digest, two.root.digest);
}

}  // namespace
}  // namespace resole::test
