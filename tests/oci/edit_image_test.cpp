// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/history.hpp"
#include "oci/image.hpp"
#include "support/memory_store.hpp"
#include "support/sample_image.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

using namespace test;

Digest digest_of_letter(char letter) { return Digest::parse("sha256:" + std::string(64, letter)); }

// An image out of two texts; the config descriptor in `manifest` may say anything.
Image image_of(const std::string& config, const std::string& manifest, std::string_view type = media_type::kOciManifest) {
  return {describe(type, manifest), Manifest::parse(manifest, type, "test"), Config::parse(config, "test")};
}

const std::string kConfig =
    R"({"zeta":{"b":1,"a":[null,1.5]},"architecture":"amd64","config":{"Cmd":["sh"],"Labels":{"x":"1"}},"created":"2020-01-01T00:00:00Z",)"
    R"("history":[{"created_by":"ADD","zz":true}],"os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:)" +
    std::string(64, 'a') + R"("]},"last":"ünïcode"})";
const std::string kManifest =
    R"({"layers":[{"size":10,"digest":"sha256:)" + std::string(64, 'b') +
    R"(","mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","unknown":[1]}],"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:)" +
    "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae" +
    R"(","size":3,"data":"Zm9v","annotations":{"kept":"yes"}},"schemaVersion":2,"annotations":{"org.example":"1","gone":"2"},"extra":{"y":2}})";

AppendedLayer layer(char letter, std::string_view type = media_type::kOciLayerGzip) {
  AppendedLayer out;
  out.layer.descriptor.media_type = type;
  out.layer.descriptor.digest = digest_of_letter(letter);
  out.layer.descriptor.size = 7;
  out.layer.diff_id = digest_of_letter(static_cast<char>(letter + 1));
  out.created_by = std::string("resole ") + letter;
  return out;
}

TEST(EditImage, GoldenBytes) {
  ImageEdit change;
  change.append = {layer('c')};
  change.created = "2026-01-02T03:04:05Z";
  change.labels = {{"x", ""}, {"new", "label"}};
  change.annotations = {{"gone", ""}, {"org.example", "3"}, {"added", "4"}};
  const EditedImage edited = edit(image_of(kConfig, kManifest), change);
  EXPECT_EQ(
      edited.config_bytes,
      R"({"zeta":{"b":1,"a":[null,1.5]},"architecture":"amd64","config":{"Cmd":["sh"],"Labels":{"new":"label"}},"created":"2026-01-02T03:04:05Z",)"
      R"("history":[{"created_by":"ADD","zz":true},{"created":"2026-01-02T03:04:05Z","created_by":"resole c"}],"os":"linux",)"
      R"("rootfs":{"type":"layers","diff_ids":["sha256:)" +
          std::string(64, 'a') + R"(","sha256:)" + std::string(64, 'd') + R"("]},"last":"ünïcode"})");
  EXPECT_EQ(
      edited.manifest_bytes,
      R"({"layers":[{"size":10,"digest":"sha256:)" + std::string(64, 'b') +
          R"(","mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","unknown":[1]},{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","digest":"sha256:)" +
          std::string(64, 'c') + R"(","size":7}],"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
          edited.config.digest.text() + R"(","size":)" + std::to_string(edited.config_bytes.size()) +
          R"(,"annotations":{"kept":"yes"}},"schemaVersion":2,"annotations":{"org.example":"3","added":"4"},"extra":{"y":2}})");
  EXPECT_EQ(edited.config.digest, Digest::of(edited.config_bytes));
  EXPECT_EQ(edited.manifest.digest, Digest::of(edited.manifest_bytes));
  EXPECT_EQ(edited.manifest.size, edited.manifest_bytes.size());
}

TEST(EditImage, NothingToChangeGivesTheBytesThatCame) {
  const std::string spaced = "\n " + kManifest;
  const EditedImage edited = edit(image_of(kConfig, spaced), {.annotations = {{"org.example", "1"}}});
  EXPECT_EQ(edited.config_bytes, kConfig);
  // The config's descriptor named other bytes in this made-up pair, so it is only the config that must not change here.
  Image real = image_of(edited.config_bytes, edited.manifest_bytes);
  EXPECT_EQ(edit(real, {}).manifest_bytes, edited.manifest_bytes);
  EXPECT_EQ(edit(real, {}).manifest.digest, real.descriptor.digest);
}

TEST(EditImage, KeepsPlatformAndAnnotationsOfTheIndexEntry) {
  Image image = image_of(kConfig, kManifest);
  image.descriptor.platform = Platform::parse("linux/arm/v6");
  image.descriptor.annotations = {{"k", "v"}};
  image.descriptor.urls = {"https://example.org/old"};
  const EditedImage edited = edit(image, {.append = {layer('c')}});
  EXPECT_EQ(edited.manifest.platform->text(), "linux/arm/v6");
  EXPECT_EQ(edited.manifest.annotations.at("k"), "v");
  EXPECT_TRUE(edited.manifest.urls.empty()) << "led to the old bytes";
}

TEST(EditImage, StripTakesOurLayersOffAgain) {
  const Image before = image_of(kConfig, kManifest);
  const EditedImage patched = edit(before, {.append = {layer('c'), layer('d')}, .created = "2026-01-01T00:00:00Z"});
  Image again = image_of(patched.config_bytes, patched.manifest_bytes);
  const EditedImage stripped = edit(again, {.strip_layers = 2, .created = "2020-01-01T00:00:00Z"});
  EXPECT_EQ(stripped.config_bytes, kConfig);
  EXPECT_EQ(Manifest::parse(stripped.manifest_bytes, media_type::kOciManifest, "test").layers().size(), 1u);
}

TEST(EditImage, LabelsAreMadeOnlyWhenOneIsSet) {
  const std::string bare =
      R"({"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":["sha256:)" + std::string(64, 'a') + R"("]}})";
  EXPECT_EQ(edit(image_of(bare, kManifest), {.labels = {{"x", ""}}}).config_bytes, bare);
  const Config labelled = Config::parse(edit(image_of(bare, kManifest), {.labels = {{"x", "y"}}}).config_bytes, "test");
  EXPECT_EQ(labelled.labels().at("x"), "y");
  std::string with_null = bare;
  with_null.insert(1, R"("config":null,)");
  EXPECT_EQ(Config::parse(edit(image_of(with_null, kManifest), {.labels = {{"x", "y"}}}).config_bytes, "test").labels().at("x"), "y");
}

TEST(EditImage, DockerManifestsHaveNoAnnotationsAndNoZstd) {
  std::string docker = kManifest;
  for (const auto& [from, to] :
       std::vector<std::pair<std::string_view, std::string_view>>{{media_type::kOciConfig, media_type::kDockerConfig},
                                                                  {media_type::kOciLayerGzip, media_type::kDockerLayerGzip},
                                                                  {R"("annotations":{"org.example":"1","gone":"2"},)", ""}}) {
    docker.replace(docker.find(from), from.size(), to);
  }
  const Image image = image_of(kConfig, docker, media_type::kDockerManifest);
  const EditedImage edited = edit(image, {.append = {layer('c', media_type::kDockerLayerGzip)}, .annotations = {{"a", "b"}}});
  EXPECT_EQ(edited.manifest_bytes.find("\"a\":\"b\""), std::string::npos);
  try {
    edit(image, {.append = {layer('c', media_type::kOciLayerZstd)}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::unsupported);
  }
  EXPECT_THROW(edit(image, {.append = {layer('c')}}), Error) << "an OCI layer in a Docker manifest";
}

TEST(EditImage, RefusesMixedFamiliesThatWereOnlyLookedAt) {
  std::string mixed = kManifest;
  mixed.replace(mixed.find(media_type::kOciLayerGzip), media_type::kOciLayerGzip.size(), media_type::kDockerLayerGzip);
  const Image image{describe(media_type::kOciManifest, mixed), Manifest::parse(mixed, media_type::kOciManifest, "test", Families::any),
                    Config::parse(kConfig, "test")};
  try {
    edit(image, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
  }
}

// ---- history

struct HistoryCase {
  const char* why;
  const char* before;
  std::size_t layers, strip;
  std::vector<std::string> created_by;
  const char* after;
};

TEST(History, FollowsTheLayersWithoutGuessing) {
  const char* filler = R"({"created_by":"a layer whose history was not recorded"})";
  const std::string two_fillers = std::string("[") + filler + "," + filler + R"(,{"created_by":"n"}])";
  const std::string filled =
      std::string(R"([{"created_by":"a"},{"created_by":"e","empty_layer":true},)") + filler + R"(,{"created_by":"n"}])";
  const std::string short_then_strip = R"([{"created_by":"a"}])";
  const std::vector<HistoryCase> cases = {
      {"absent, nothing appended", "null", 2, 0, {}, "null"},
      {"absent, stripped only", "null", 2, 1, {}, "null"},
      {"absent, appended", "null", 2, 0, {"n"}, two_fillers.c_str()},
      {"empty, appended to no layers", "[]", 0, 0, {"n"}, R"([{"created_by":"n"}])"},
      {"short: filled at the end", R"([{"created_by":"a"},{"created_by":"e","empty_layer":true}])", 2, 0, {"n"}, filled.c_str()},
      {"exact", R"([{"created_by":"a"},{"created_by":"b"}])", 2, 0, {"n"}, R"([{"created_by":"a"},{"created_by":"b"},{"created_by":"n"}])"},
      {"long: left alone",
       R"([{"created_by":"a"},{"created_by":"b"},{"created_by":"c"}])",
       1,
       0,
       {"n"},
       R"([{"created_by":"a"},{"created_by":"b"},{"created_by":"c"},{"created_by":"n"}])"},
      {"strip keeps empty entries",
       R"([{"created_by":"a"},{"created_by":"e","empty_layer":true},{"created_by":"b"},{"created_by":"f","empty_layer":true}])",
       2,
       1,
       {},
       R"([{"created_by":"a"},{"created_by":"e","empty_layer":true},{"created_by":"f","empty_layer":true}])"},
      {"strip of a short one takes the filling", R"([{"created_by":"a"}])", 2, 1, {}, short_then_strip.c_str()},
      {"strip more than it has", R"([{"created_by":"e","empty_layer":true}])", 0, 3, {}, R"([{"created_by":"e","empty_layer":true}])"},
      {"false is not empty", R"([{"created_by":"a","empty_layer":false}])", 1, 1, {"n"}, R"([{"created_by":"n"}])"},
  };
  for (const HistoryCase& item : cases) {
    const HistoryChange change{.layers = item.layers, .strip = item.strip, .created_by = item.created_by};
    EXPECT_EQ(dump_compact(edit_history(parse_json_ordered(item.before, "test"), change)), item.after) << item.why;
  }
}

RC_GTEST_PROP(History, AppendThenStripComesBack, (std::vector<bool> empties, unsigned char added_raw)) {
  const std::size_t added = added_raw % 5;
  OrderedJson before = OrderedJson::array();
  std::size_t layers = 0;
  for (bool empty : empties) {
    before.push_back({{"created_by", "x"}});
    if (empty) before.back()["empty_layer"] = true;
    layers += empty ? 0 : 1;
  }
  const OrderedJson longer =
      edit_history(before, {.layers = layers, .created_by = std::vector<std::string>(added, "n"), .created = "2024-01-01T00:00:00Z"});
  RC_ASSERT(longer.size() == before.size() + added);
  RC_ASSERT(edit_history(longer, {.layers = layers + added, .strip = added}) == before);
}

}  // namespace
}  // namespace resole::oci
