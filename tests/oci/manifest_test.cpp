// SPDX-License-Identifier: Apache-2.0
// Valid and invalid manifests, configs and indexes, by the rules of image-spec manifest.md, config.md and image-index.md.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "oci/image.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

using namespace media_type;

const std::string kSum = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";
const std::string kRest = R"(","digest":"sha256:)" + kSum + R"(","size":3})";
const std::string kConfigMember = R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json)" + kRest;
const std::string kLayer = R"({"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip)" + kRest;
const std::string kChild = R"({"mediaType":"application/vnd.oci.image.manifest.v1+json)" + kRest;

std::string manifest(const std::string& members) { return R"({"schemaVersion":2,)" + members + "}"; }
std::string many(const std::string& item, std::size_t count) {
  std::string out;
  for (std::size_t at = 0; at < count; ++at) out += (at == 0 ? "" : ",") + item;
  return out;
}

struct Document {
  const char* why;
  std::string json;
};

template <class Parse>
void expect_refused(const std::vector<Document>& cases, Parse parse) {
  for (const Document& item : cases) {
    try {
      parse(item.json);
      ADD_FAILURE() << "accepted: " << item.why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << item.why;
    }
  }
}

TEST(Manifest, AcceptsWhatTheSpecAllows) {
  for (const Document& item : std::vector<Document>{
           {"one layer", manifest(kConfigMember + R"(,"layers":[)" + kLayer + "]")},
           {"no layers", manifest(kConfigMember + R"(,"layers":[])")},
           {"layers left out", manifest(kConfigMember)},
           {"own type", manifest(R"("mediaType":"application/vnd.oci.image.manifest.v1+json",)" + kConfigMember)},
           {"annotations", manifest(kConfigMember + R"(,"annotations":{"a":"b"})")},
           {"unknown layer type", manifest(kConfigMember + R"(,"layers":[{"mediaType":"application/x-unknown)" + kRest + "]")},
           {"subject and unknown members", manifest(kConfigMember + R"(,"subject":)" + kChild + R"(,"zz":1)")},
           {"as many layers as accepted", manifest(kConfigMember + R"(,"layers":[)" + many(kLayer, 1000) + "]")},
       }) {
    EXPECT_NO_THROW(Manifest::parse(item.json, kOciManifest, "test")) << item.why;
  }
}

TEST(Manifest, RefusesTheRest) {
  expect_refused(
      {
          {"no version", "{" + kConfigMember + "}"},
          {"version 1", R"({"schemaVersion":1,"name":"x","fsLayers":[]})"},
          {"version 3", R"({"schemaVersion":3,)" + kConfigMember + "}"},
          {"no config", manifest(R"("layers":[])")},
          {"layers and manifests", manifest(kConfigMember + R"(,"layers":[],"manifests":[])")},
          {"config and manifests", manifest(kConfigMember + R"(,"manifests":[])")},
          {"an index", manifest(R"("manifests":[])")},
          {"calls itself otherwise", manifest(R"("mediaType":"application/vnd.oci.image.index.v1+json",)" + kConfigMember)},
          {"calls itself Docker's", manifest(R"("mediaType":"application/vnd.docker.distribution.manifest.v2+json",)" + kConfigMember)},
          {"twice the same key", manifest(kConfigMember + R"(,"layers":[],"layers":[])")},
          {"twice the same key below", manifest(R"("config":{"mediaType":"a/b","mediaType":"a/b)" + kRest)},
          {"layers as object", manifest(kConfigMember + R"(,"layers":{})")},
          {"too many layers", manifest(kConfigMember + R"(,"layers":[)" + many(kLayer, 1001) + "]")},
          {"Docker layer in OCI",
           manifest(kConfigMember + R"(,"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip)" + kRest + "]")},
          {"Docker config in OCI", manifest(R"("config":{"mediaType":"application/vnd.docker.container.image.v1+json)" + kRest)},
          {"not JSON", "hello"},
          {"an array", "[]"},
          {"cut off", manifest(kConfigMember).substr(0, 40)},
          {"more than 8 MiB", manifest(kConfigMember + R"(,"x":")" + std::string(9u << 20, 'x') + '"')},
      },
      [](const std::string& json) { Manifest::parse(json, kOciManifest, "test"); });
  EXPECT_THROW(Manifest::parse(manifest(kConfigMember), "application/vnd.docker.distribution.manifest.v1+json", "test"), Error);
}

TEST(Manifest, NamesBothTypesWhenFamiliesAreMixedUnlessOnlyLookedAt) {
  const std::string json =
      manifest(kConfigMember + R"(,"layers":[{"mediaType":"application/vnd.docker.image.rootfs.diff.tar.gzip)" + kRest + "]");
  try {
    Manifest::parse(json, kOciManifest, "test");
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.message().find("application/vnd.docker.image.rootfs.diff.tar.gzip"), std::string::npos);
    EXPECT_NE(error.message().find("application/vnd.oci.image.manifest.v1+json"), std::string::npos);
  }
  const Manifest seen = Manifest::parse(json, kOciManifest, "test", Families::any);
  EXPECT_TRUE(mixed_families(seen));
  EXPECT_FALSE(mixed_families(Manifest::parse(manifest(kConfigMember), kOciManifest, "test")));
}

TEST(Manifest, KeepsItsBytes) {
  const std::string odd = "{ \"config\" : " + kConfigMember.substr(9) + ",\n\t\"schemaVersion\": 2 , \"layers\":[] }\n";
  const Manifest parsed = Manifest::parse(odd, kOciManifest, "test");
  EXPECT_EQ(parsed.bytes(), odd);
  EXPECT_EQ(parsed.digest(), Digest::of(odd));
}

const std::string kRootfs = R"("rootfs":{"type":"layers","diff_ids":["sha256:)" + kSum + R"("]})";
const std::string kOs = R"("os":"linux","architecture":"amd64",)";

TEST(Config, AcceptsWhatIsFound) {
  for (const Document& item : std::vector<Document>{
           {"minimal", "{" + kOs + kRootfs + "}"},
           {"nulls", "{" + kOs + R"("config":null,"history":null,"created":null,)" + kRootfs + "}"},
           {"null lists", "{" + kOs + R"("config":{"Env":null,"Labels":null,"User":null},"rootfs":{"type":"layers","diff_ids":null}})"},
           {"twice the same diff_id",
            "{" + kOs + R"("rootfs":{"type":"layers","diff_ids":["sha256:)" + kSum + R"(","sha256:)" + kSum + R"("]}})"},
           {"long history", "{" + kOs + R"("history":[{},{},{}],)" + kRootfs + "}"},
           {"a null label", "{" + kOs + R"("config":{"Labels":{"a":null}},)" + kRootfs + "}"},
           {"unknown members", "{" + kOs + R"("moby.x":{"y":1.5},)" + kRootfs + "}"},
       }) {
    EXPECT_NO_THROW(Config::parse(item.json, "test")) << item.why;
  }
}

TEST(Config, RefusesTheRest) {
  expect_refused(
      {
          {"no os", R"({"architecture":"amd64",)" + kRootfs + "}"},
          {"no architecture", R"({"os":"linux",)" + kRootfs + "}"},
          {"no rootfs", R"({"os":"linux","architecture":"amd64"})"},
          {"rootfs of another type", "{" + kOs + R"("rootfs":{"type":"x","diff_ids":[]}})"},
          {"rootfs without type", "{" + kOs + R"("rootfs":{"diff_ids":[]}})"},
          {"bad diff_id", "{" + kOs + R"("rootfs":{"type":"layers","diff_ids":["sha256:1"]}})"},
          {"diff_id as number", "{" + kOs + R"("rootfs":{"type":"layers","diff_ids":[1]}})"},
          {"history as object", "{" + kOs + R"("history":{},)" + kRootfs + "}"},
          {"history of texts", "{" + kOs + R"("history":["x"],)" + kRootfs + "}"},
          {"empty_layer as text", "{" + kOs + R"("history":[{"empty_layer":"true"}],)" + kRootfs + "}"},
          {"Env as object", "{" + kOs + R"("config":{"Env":{}},)" + kRootfs + "}"},
          {"Labels as list", "{" + kOs + R"("config":{"Labels":[]},)" + kRootfs + "}"},
          {"User as number", "{" + kOs + R"("config":{"User":0},)" + kRootfs + "}"},
          {"os as number", R"({"os":1,"architecture":"amd64",)" + kRootfs + "}"},
          {"twice os", R"({"os":"linux","os":"linux","architecture":"amd64",)" + kRootfs + "}"},
          {"deep", "{" + kOs + R"("x":)" + std::string(100, '[') + std::string(100, ']') + "," + kRootfs + "}"},
      },
      [](const std::string& json) { Config::parse(json, "test"); });
}

TEST(Config, ReadsWhatIsUsed) {
  const Config config = Config::parse(
      "{" + kOs + R"("variant":"v2","created":"2024-01-01T00:00:00Z","config":{"User":"www","Env":["A=b"],"Labels":{"l":"m"}},)" +
          R"("history":[{"created_by":"x","empty_layer":true},{"comment":"c"}],)" + kRootfs + "}",
      "test");
  EXPECT_EQ(config.platform().text(), "linux/amd64/v2");
  EXPECT_EQ(config.user(), "www");
  EXPECT_EQ(config.env(), std::vector<std::string>{"A=b"});
  EXPECT_EQ(config.labels().at("l"), "m");
  EXPECT_EQ(config.created(), "2024-01-01T00:00:00Z");
  ASSERT_EQ(config.history().size(), 2u);
  EXPECT_TRUE(config.history()[0].empty_layer);
  EXPECT_EQ(config.diff_ids().size(), 1u);
}

std::string index(const std::string& entries) { return R"({"schemaVersion":2,"manifests":[)" + entries + "]}"; }
std::string with(std::string entry, const std::string& members) { return entry.substr(0, entry.size() - 1) + "," + members + "}"; }

TEST(Index, AcceptsWhatTheSpecAllows) {
  for (const Document& item : std::vector<Document>{
           {"empty", index("")},
           {"one", index(kChild)},
           {"unknown type", index(R"({"mediaType":"application/x-unknown)" + kRest)},
           {"unregistered digest", index(R"({"mediaType":"a/b","digest":"b64u+x:abc","size":1})")},
           {"as many as accepted", index(many(kChild, 10000))},
       }) {
    EXPECT_NO_THROW(Index::parse(item.json, kOciIndex, "test")) << item.why;
  }
}

TEST(Index, RefusesTheRest) {
  expect_refused(
      {
          {"no manifests", R"({"schemaVersion":2})"},
          {"manifests as object", R"({"schemaVersion":2,"manifests":{}})"},
          {"an image", manifest(kConfigMember)},
          {"both", manifest(kConfigMember + R"(,"manifests":[])")},
          {"entry without size", index(R"({"mediaType":"a/b","digest":"sha256:)" + kSum + R"("})")},
          {"platform as text", index(with(kChild, R"("platform":"linux/amd64")"))},
          {"calls itself otherwise", R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","manifests":[]})"},
          {"too many", index(many(kChild, 10001))},
      },
      [](const std::string& json) { Index::parse(json, kOciIndex, "test"); });
}

TEST(Index, TellsWhatCouldRun) {
  const Index parsed = Index::parse(
      index(
          with(kChild, R"("platform":{"os":"linux","architecture":"amd64"})") + "," + kChild + "," +
          with(kChild,
               R"("platform":{"os":"unknown","architecture":"unknown"},"annotations":{"vnd.docker.reference.type":"attestation-manifest",)"
               R"("vnd.docker.reference.digest":"sha256:)" +
                   kSum + "\"}") +
          "," + with(kChild, R"("platform":{"os":"unknown","architecture":"unknown"})") + "," + with(kChild, R"("artifactType":"a/b")") +
          "," + R"({"mediaType":"application/vnd.oci.image.index.v1+json)" + kRest),
      kOciIndex, "test");
  std::string runnable;
  for (const IndexEntry& entry : parsed.entries()) runnable += entry.runnable ? 'r' : '-';
  EXPECT_EQ(runnable, "rr----");
  EXPECT_TRUE(parsed.entries()[2].attestation);
  EXPECT_EQ(parsed.entries()[2].attestation_of, "sha256:" + kSum);
}

}  // namespace
}  // namespace resole::oci
