// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "oci/image.hpp"
#include "support/memory_store.hpp"
#include "support/sample_image.hpp"

namespace resole::oci {
namespace RESOLE_TEST_FILE {

using namespace test;

std::string digest(char letter) { return "sha256:" + std::string(64, letter); }
std::string entry(char letter, const std::string& more = {}, std::string_view type = media_type::kOciManifest) {
  return R"({"mediaType":")" + std::string(type) + R"(","digest":")" + digest(letter) + R"(","size":10)" + more + "}";
}
std::string attestation(char letter, char of) {
  return entry(letter, R"(,"annotations":{"vnd.docker.reference.digest":")" + digest(of) +
                           R"(","vnd.docker.reference.type":"attestation-manifest"},"platform":{"architecture":"unknown","os":"unknown"})");
}

Descriptor manifest_of(char letter) {
  Descriptor out;
  out.media_type = media_type::kOciManifest;
  out.digest = Digest::parse(digest(letter));
  out.size = 20;
  return out;
}

struct Sample {
  std::string bytes;
  Index index;
  Descriptor root;
  explicit Sample(std::string text, std::string_view type = media_type::kOciIndex)
      : bytes(std::move(text)), index(Index::parse(bytes, type, "test")), root(describe(type, bytes)) {}
};

const std::string kArm =
    R"(,"platform":{"architecture":"arm","os":"linux","variant":"v7","os.features":["x"],"future":1},"data":null,"weird":{"b":2,"a":1})";

TEST(EditIndex, TouchesOnlyTheReplacedEntry) {
  const std::string windows =
      entry('c', R"(,"platform":{"architecture":"amd64","os":"windows","os.version":"10.0.1"},"annotations":{"keep":"me"})");
  const std::string artifact = R"({"mediaType":"application/x-thing","digest":"b64u+x:abc","size":1,"more":[{"z":1}]})";
  const Sample sample(
      R"({"manifests":[)" + entry('a', R"(,"urls":["https://example.org/x"],"platform":{"architecture":"amd64","os":"linux"})") + "," +
      entry('b', kArm) + "," + windows + "," + artifact + R"(],"schemaVersion":2,"annotations":{"top":"1"},"unknown":true})");
  Descriptor next = manifest_of('e');
  next.annotations = {{"org.example.patched", "yes"}};
  const EditedIndex edited = replace_children(sample.index, sample.root, {{Digest::parse(digest('a')), next}}, {{"top", "2"}});
  std::string expected = R"({"manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" + digest('e') +
                         R"(","size":20,"platform":{"architecture":"amd64","os":"linux"},"annotations":{"org.example.patched":"yes"}},)" +
                         entry('b', kArm) + "," + windows + "," + artifact +
                         R"(],"schemaVersion":2,"annotations":{"top":"2"},"unknown":true})";
  EXPECT_EQ(edited.bytes, expected);
  EXPECT_EQ(edited.descriptor.digest, Digest::of(edited.bytes));
  EXPECT_EQ(edited.descriptor.size, edited.bytes.size());
  EXPECT_TRUE(edited.dropped.empty());
}

TEST(EditIndex, DropsAttestationsOfReplacedChildrenOnly) {
  const Sample sample(R"({"schemaVersion":2,"manifests":[)" + entry('a') + "," + entry('b') + "," + attestation('c', 'a') + "," +
                      attestation('d', 'b') + "," + attestation('e', 'f') + "]}");
  const EditedIndex edited = replace_children(sample.index, sample.root, {{Digest::parse(digest('a')), manifest_of('9')}}, {});
  ASSERT_EQ(edited.dropped.size(), 1u);
  EXPECT_EQ(edited.dropped[0].digest.text(), digest('c'));
  const Index after = Index::parse(edited.bytes, media_type::kOciIndex, "test");
  std::string order;
  for (const IndexEntry& item : after.entries()) order += item.descriptor.digest.hex()[0];
  EXPECT_EQ(order, "9bde") << "one that never had its subject here is none of ours";
}

TEST(EditIndex, NothingToReplaceGivesTheBytesThatCame) {
  const Sample sample("{ \"schemaVersion\": 2,\n \"manifests\": [" + entry('a') + "," + attestation('c', 'a') + "] }\n");
  for (const auto& replaced : std::vector<std::map<Digest, Descriptor>>{
           {}, {{Digest::parse(digest('a')), manifest_of('a')}}, {{Digest::parse(digest('f')), manifest_of('1')}}}) {
    const EditedIndex edited = replace_children(sample.index, sample.root, replaced, {});
    EXPECT_EQ(edited.bytes, sample.bytes);
    EXPECT_EQ(edited.descriptor.digest, sample.root.digest);
    EXPECT_TRUE(edited.dropped.empty());
  }
}

TEST(EditIndex, DockerListsGetNoAnnotations) {
  const Sample sample(R"({"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[)" +
                          entry('a', "", media_type::kDockerManifest) + "]}",
                      media_type::kDockerList);
  Descriptor next = manifest_of('b');
  next.media_type = media_type::kDockerManifest;
  next.annotations = {{"x", "y"}};
  const EditedIndex edited = replace_children(sample.index, sample.root, {{Digest::parse(digest('a')), next}}, {{"x", "y"}});
  EXPECT_EQ(edited.bytes.find("annotations"), std::string::npos);
  EXPECT_NE(edited.bytes.find(digest('b')), std::string::npos);
}

TEST(EditIndex, ReplacesInNestedIndexesAndInTheirParents) {
  MemoryStore store;
  const SampleTree inner = sample_index("inner"), other = sample_image("other", "s390x");
  put_all(store, inner);
  put_all(store, other);
  const std::string middle = R"({"schemaVersion":2,"manifests":[)" + json_of(inner.root, R"(,"annotations":{"who":"inner"})") + "]}";
  const Descriptor middle_descriptor = describe(media_type::kOciIndex, middle);
  const std::string top = R"({"schemaVersion":2,"manifests":[)" + json_of(other.root) + "," + json_of(middle_descriptor) + "]}";
  store.put_manifest(middle_descriptor, middle);
  store.put_manifest(describe(media_type::kOciIndex, top), top);
  const Root root = read_root(store, describe(media_type::kOciIndex, top));
  ASSERT_EQ(root.images.size(), 3u);

  const Image& patched = root.images[1];  // amd64 of the inner one
  const Descriptor next = manifest_of('e');
  const std::vector<EditedIndex> edited = replace_in_tree(root, {{patched.descriptor.digest, next}}, {{"top", "yes"}});
  ASSERT_EQ(edited.size(), 3u);
  EXPECT_EQ(edited[0].dropped.size(), 1u) << "the attestation of the amd64 image";
  EXPECT_NE(edited[0].bytes.find(next.digest.text()), std::string::npos);
  EXPECT_NE(edited[1].bytes.find(edited[0].descriptor.digest.text()), std::string::npos);
  EXPECT_NE(edited[1].bytes.find(R"("who":"inner")"), std::string::npos);
  EXPECT_NE(edited[2].bytes.find(edited[1].descriptor.digest.text()), std::string::npos);
  EXPECT_NE(edited[2].bytes.find(other.root.digest.text()), std::string::npos) << "the image beside it stays";
  EXPECT_NE(edited[2].bytes.find(R"("top":"yes")"), std::string::npos);
  EXPECT_EQ(edited[0].bytes.find("top"), std::string::npos) << "annotations are the root's";

  const std::vector<EditedIndex> outer = replace_in_tree(root, {{other.root.digest, next}}, {});
  ASSERT_EQ(outer.size(), 1u) << "untouched nested indexes are not written again";
}

TEST(References, AreCompleteForManifestsAndIndexes) {
  const SampleTree sample = sample_index("app");
  const References of_index = references_of(sample.blobs.at(sample.root.digest), media_type::kOciIndex, "test");
  EXPECT_EQ(of_index.manifests.size(), 3u);
  const Descriptor& first = of_index.manifests[0];
  EXPECT_EQ(references_of(sample.blobs.at(first.digest), first.media_type, "test").blobs.size(), 3u);
  EXPECT_TRUE(references_of("not JSON at all", "application/x-thing", "test").blobs.empty());
}

}  // namespace
}  // namespace resole::oci
