// SPDX-License-Identifier: Apache-2.0
#include "oci/descriptor.hpp"

#include <gtest/gtest.h>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

const std::string kHex = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae";  // of "foo"

Descriptor parse(const std::string& text) { return Descriptor::from_json(parse_json_ordered(text, "test"), "test"); }

struct Case {
  const char* why;
  std::string json;
};

TEST(Descriptor, AcceptsWhatTheSpecAllows) {
  const std::vector<Case> cases = {
      {"minimal", R"({"mediaType":"application/octet-stream","digest":"sha256:)" + kHex + R"(","size":3})"},
      {"zero size", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":0})"},
      {"largest size", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":9223372036854775807})"},
      {"sha512", R"({"mediaType":"a/b","digest":"sha512:)" + kHex + kHex + R"(","size":3})"},
      {"unregistered algorithm",
       R"({"mediaType":"a/b","digest":"multihash+base58:QmRZxt2b1FVZPNqd8hsiykDL3TdBDeTSPX9Kv46HmX4Gx8","size":3})"},
      {"nulls are absent",
       R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"urls":null,"annotations":null,"platform":null})"},
      {"unknown members", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"x":{"y":[1]}})"},
      {"matching data", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"data":"Zm9v"})"},
      {"odd type", R"({"mediaType":"application/vnd.foo-bar_x.1+json","digest":"sha256:)" + kHex + R"(","size":3})"},
  };
  for (const Case& item : cases) EXPECT_NO_THROW(parse(item.json)) << item.why;
}

TEST(Descriptor, RefusesTheRest) {
  const std::vector<Case> cases = {
      {"no type", R"({"digest":"sha256:)" + kHex + R"(","size":3})"},
      {"type without subtype", R"({"mediaType":"application","digest":"sha256:)" + kHex + R"(","size":3})"},
      {"type with a space", R"({"mediaType":"a/b c","digest":"sha256:)" + kHex + R"(","size":3})"},
      {"type of another kind", R"({"mediaType":1,"digest":"sha256:)" + kHex + R"(","size":3})"},
      {"no size", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"("})"},
      {"negative size", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":-1})"},
      {"size beyond int64", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":9223372036854775808})"},
      {"size with a fraction", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3.5})"},
      {"size as text", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":"3"})"},
      {"no digest", R"({"mediaType":"a/b","size":3})"},
      {"digest without algorithm", R"({"mediaType":"a/b","digest":")" + kHex + R"(","size":3})"},
      {"digest without hash", R"({"mediaType":"a/b","digest":"sha256:","size":3})"},
      {"short digest", R"({"mediaType":"a/b","digest":"sha256:abcd","size":3})"},
      {"upper case", R"({"mediaType":"a/b","digest":"sha256:2C26B46B68FFC68FF99B453C1D30413413422D706483BFA0F98A5E886266E7AE","size":3})"},
      {"algorithm in upper case", R"({"mediaType":"a/b","digest":"SHA256:)" + kHex + R"(","size":3})"},
      {"algorithm with two separators", R"({"mediaType":"a/b","digest":"a++b:xyz","size":3})"},
      {"path in digest", R"({"mediaType":"a/b","digest":"x:../../etc/passwd","size":3})"},
      {"annotations as list", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"annotations":[]})"},
      {"annotation as number", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"annotations":{"a":1}})"},
      {"urls as text", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"urls":"x"})"},
      {"platform without os", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"platform":{"architecture":"amd64"}})"},
      {"platform without architecture", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"platform":{"os":"linux"}})"},
      {"data that is no base64", R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"data":"***"})"},
      {"no object", R"([1])"},
  };
  for (const Case& item : cases) {
    try {
      parse(item.json);
      ADD_FAILURE() << "accepted: " << item.why;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << item.why;
    }
  }
}

TEST(Descriptor, EmbeddedDataMustBeWhatTheDigestSays) {
  try {
    parse(R"({"mediaType":"a/b","digest":"sha256:)" + kHex + R"(","size":3,"data":"YmFy"})");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::verification);
  }
}

TEST(Descriptor, ReadsEveryField) {
  const Descriptor d = parse(R"({"mediaType":"a/b","digest":"sha256:)" + kHex +
                             R"(","size":3,"urls":["u"],"annotations":{"k":"v"},"artifactType":"c/d",)"
                             R"("platform":{"architecture":"arm","os":"linux","os.version":"1","os.features":["f"],"variant":"v6"}})");
  EXPECT_EQ(d.size, 3u);
  EXPECT_EQ(d.urls, std::vector<std::string>{"u"});
  EXPECT_EQ(d.annotations.at("k"), "v");
  EXPECT_EQ(d.artifact_type, "c/d");
  EXPECT_EQ(d.platform->text(), "linux/arm/v6");
  EXPECT_EQ(d.platform->os_features, std::vector<std::string>{"f"});
  EXPECT_EQ(parse(dump_compact(d.to_json())).to_json(), d.to_json());
}

TEST(Platform, MatchesAfterNormalisation) {
  struct Match {
    const char *mine, *wanted;
    bool same;
  };
  for (const Match& item : std::vector<Match>{{"linux/arm64", "linux/arm64/v8", true},
                                              {"linux/arm64/v8", "linux/arm64", true},
                                              {"linux/arm64", "linux/arm64/v9", false},
                                              {"linux/arm", "linux/arm/v7", true},
                                              {"linux/arm/v6", "linux/arm", false},
                                              {"linux/arm/7", "linux/arm/v7", true},
                                              {"linux/aarch64", "linux/arm64", true},
                                              {"linux/x86_64", "linux/amd64", true},
                                              {"linux/amd64/v1", "linux/amd64", true},
                                              {"linux/amd64/v3", "linux/amd64", false},
                                              {"linux/armhf", "linux/arm/v7", true},
                                              {"windows/amd64", "linux/amd64", false},
                                              {"linux/386", "linux/amd64", false}}) {
    EXPECT_EQ(Platform::parse(item.mine).matches(Platform::parse(item.wanted)), item.same) << item.mine << " " << item.wanted;
  }
  Platform old = Platform::parse("windows/amd64"), other = old;
  old.os_version = "10.0.1";
  EXPECT_TRUE(old.matches(other));
  other.os_version = "10.0.2";
  EXPECT_FALSE(old.matches(other));
}

TEST(Platform, RefusesOtherTexts) {
  for (const char* text : {"", "linux", "linux/", "/amd64", "linux/amd64/v1/x", "linux//v7", "li nux/amd64"}) {
    EXPECT_THROW(Platform::parse(text), Error) << text;
  }
}

TEST(MediaType, KnowsItsFamilies) {
  using namespace media_type;
  for (const char* type :
       {"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd"}) {
    EXPECT_TRUE(is_layer(type)) << type;
  }
  EXPECT_FALSE(is_layer("application/vnd.in-toto+json"));
  EXPECT_FALSE(is_layer("application/vnd.oci.image.layer.v1.tar+gzip+encrypted"));
  EXPECT_EQ(family("application/vnd.in-toto+json"), Family::none);
  EXPECT_EQ(family("application/vnd.docker.attestation.manifest.v1+json"), Family::none);
  EXPECT_EQ(family(kDockerLayerGzip), Family::docker);
  EXPECT_EQ(family(kOciConfig), Family::oci);
  EXPECT_EQ(layer_for(kDockerManifest, archive::Compression::gzip), kDockerLayerGzip);
  EXPECT_EQ(layer_for(kOciManifest, archive::Compression::zstd), kOciLayerZstd);
  EXPECT_THROW(layer_for(kDockerManifest, archive::Compression::zstd), Error);
}

}  // namespace
}  // namespace resole::oci
