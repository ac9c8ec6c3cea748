// SPDX-License-Identifier: Apache-2.0
// The client against a strict registry and the oddities of real ones: what arrives, what was asked, and how often.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "registry/remote_rig.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Counts = FakeRegistry::Counts;

template <class Body>
Error error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error(ErrorKind::internal, "no Error was thrown");
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

void expect_same(MemoryStore& store, const SampleTree& tree) {
  for (const auto& [digest, bytes] : tree.blobs) {
    EXPECT_TRUE(store.has_blob(describe("a/b", bytes))) << digest.text();
  }
}

// ---- every registry, every way of logging in

struct Kind {
  std::string name;
  RegistryQuirks quirks;
  Auth auth;
};

std::vector<Kind> kinds() {
  std::vector<Kind> out;
  for (const auto& [name, quirks] : all_quirks()) {
    out.push_back({name + "_open", quirks, Auth::none});
    out.push_back({name + "_basic", quirks, Auth::basic});
    out.push_back({name + "_bearer", quirks, Auth::bearer});
  }
  return out;
}

class EveryRegistry : public testing::TestWithParam<Kind> {
 protected:
  RemoteRig rig_{{.access = {.auth = GetParam().auth}, .quirks = GetParam().quirks}};
};
INSTANTIATE_TEST_SUITE_P(Remote, EveryRegistry, testing::ValuesIn(kinds()), [](const auto& each) { return each.param.name; });

TEST_P(EveryRegistry, GivesAnIndexWithAllOfIt) {
  const SampleTree tree = sample_index("one");
  rig_.registry.add_image("team/app", tree, "1");
  MemoryStore store;
  EXPECT_EQ(rig_.pull("team/app:1", store).digest, tree.root.digest);
  expect_same(store, tree);
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
}

TEST_P(EveryRegistry, TakesAnIndexAndNamesItLast) {
  const SampleTree tree = sample_index("one");
  rig_.push(tree, "team/app:1");
  EXPECT_TRUE(rig_.registry.holds("team/app", "1", tree));
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
  EXPECT_EQ(rig_.registry.open_uploads(), 0u);
  const auto log = rig_.registry.log();
  EXPECT_EQ(log.back().kind, "PUT manifest");
  EXPECT_EQ(log.back().reference, "1");
}

TEST_P(EveryRegistry, MountsOrStreamsWhatAnotherRepositoryHas) {
  const SampleTree tree = sample_image("one");
  rig_.registry.add_image("other/base", tree, "1");
  const auto client = rig_.client();
  const auto from = client->open_for_reading(rig_.reference("other/base:1"));
  const auto to = client->open_for_writing(rig_.reference("team/app:1"));
  const auto root = from->resolve();
  registry::copy_tree(*from, *to, *root, rig_.reporter, 2);
  to->publish({.root = *root, .tag = "", .expected = {}});
  EXPECT_TRUE(rig_.registry.holds("team/app", "1", tree));
  EXPECT_EQ(rig_.registry.violations(), std::vector<std::string>());
  EXPECT_EQ(rig_.registry.open_uploads(), 0u);
}

TEST_P(EveryRegistry, TakesTheSameImageAgainWithoutABlob) {
  const SampleTree tree = sample_index("one");
  rig_.push(tree, "team/app:1");
  rig_.registry.forget();
  rig_.push(tree, "team/app:1", tree.root.digest);
  EXPECT_EQ(rig_.registry.bytes_up(), 0u);
  EXPECT_EQ(rig_.registry.count("PUT manifest"), 0u);
}

// ---- least work

TEST(RemoteStore, AnUnchangedImageCostsOneHead) {
  RemoteRig rig;
  const SampleTree tree = sample_index("one");
  rig.registry.add_image("team/app", tree, "1");
  const auto look = [&] {
    const auto client = rig.client();
    const auto store = client->open_for_reading(rig.reference("team/app:1"));
    return oci::read_root(*store, *store->resolve());
  };
  look();
  EXPECT_EQ(rig.registry.summary(), (Counts{{"HEAD manifest", 1}, {"GET manifest", 3}, {"GET blob", 2}}));
  rig.registry.forget();
  EXPECT_EQ(look().images.size(), 2u);
  EXPECT_EQ(rig.registry.summary(), (Counts{{"HEAD manifest", 1}}));
}

TEST(RemoteStore, APatchUploadsWhatIsNewAndNothingElse) {
  RemoteRig rig;
  const SampleTree before = sample_image("one", "amd64", 2), after = sample_image("one", "amd64", 3);  // one layer more
  rig.registry.add_image("team/app", before, "1");
  MemoryStore local;
  put_all(local, after);
  const auto client = rig.client();
  const auto to = client->open_for_writing(rig.reference("team/app:1-patched"));
  registry::copy_tree(local, *to, after.root, rig.reporter, 1);
  to->publish({.root = after.root, .tag = "", .expected = {}});
  EXPECT_TRUE(rig.registry.holds("team/app", "1-patched", after));
  EXPECT_EQ(rig.registry.blob_uploads().size(), 2u) << "a layer and a config";
  EXPECT_EQ(rig.registry.summary(),
            (Counts{{"HEAD blob", 4}, {"HEAD manifest", 2}, {"POST upload", 2}, {"PATCH upload", 2}, {"PUT upload", 2}, {"PUT manifest", 1}}));
}

TEST(RemoteStore, LayersOfAnotherRepositoryAreMountedWithoutABytes) {
  RemoteRig rig({.access = {.auth = Auth::bearer}});
  const SampleTree tree = sample_image("one", "amd64", 3);
  rig.registry.add_image("team/base", tree, "1");
  const auto client = rig.client();
  const auto from = client->open_for_reading(rig.reference("team/base:1"));
  const auto to = client->open_for_writing(rig.reference("team/app:1"));
  const auto count = registry::copy_tree(*from, *to, *from->resolve(), rig.reporter, 1);
  EXPECT_EQ(count.blobs_mounted, 4u);
  EXPECT_EQ(count.bytes_moved, 0u);
  EXPECT_EQ(rig.registry.mounts().size(), 4u);
  EXPECT_EQ(rig.registry.blob_uploads().size(), 0u);
}

TEST(RemoteStore, ARefusedMountGoesOnInThePlaceItWasGiven) {
  RegistryQuirks quirks;
  quirks.mounts = false;
  RemoteRig rig({.quirks = quirks});
  const SampleTree tree = sample_image("one");
  rig.registry.add_image("team/base", tree, "1");
  const auto client = rig.client();
  const auto from = client->open_for_reading(rig.reference("team/base:1"));
  const auto to = client->open_for_writing(rig.reference("team/app:1"));
  registry::copy_tree(*from, *to, *from->resolve(), rig.reporter, 1);
  to->publish({.root = *from->resolve(), .tag = "", .expected = {}});
  EXPECT_TRUE(rig.registry.holds("team/app", "1", tree));
  EXPECT_EQ(rig.registry.count("POST upload"), 0u) << "the place of the mount is used";
  EXPECT_EQ(rig.registry.open_uploads(), 0u);
}

// ---- logging in

TEST(RemoteStore, WithoutALoginTheMessageSaysHowToGetOne) {
  RemoteRig rig({.access = {.auth = Auth::bearer}}, false);
  rig.registry.add_image("team/app", sample_image("one"), "1");
  MemoryStore store;
  const Error error = error_of([&] { rig.pull("team/app:1", store); });
  EXPECT_EQ(error.kind(), ErrorKind::network) << "exit 5, whether the registry or its token server said so";
  EXPECT_TRUE(contains(error.hint(), "login")) << error.hint();
}

TEST(RemoteStore, AWrongPasswordIsNotRepeatedAndNotShown) {
  RemoteRig rig({.access = {.auth = Auth::bearer, .password = "another"}});
  rig.registry.add_image("team/app", sample_image("one"), "1");
  MemoryStore store;
  const Error error = error_of([&] { rig.pull("team/app:1", store); });
  EXPECT_FALSE(contains(error.what() + error.hint(), "secret")) << error.what();
  EXPECT_LE(rig.registry.count("GET token"), 2u);
  for (const auto& message : rig.reporter.warnings) EXPECT_FALSE(contains(message, "secret"));
}

TEST(RemoteStore, ATokenThatEndsInTheMiddleIsRenewed) {
  // More uses than requests that run at once: a new token must not be used up by the others before who fetched it comes to use it.
  RemoteRig rig({.access = {.auth = Auth::bearer, .token_uses = 8}});
  const SampleTree tree = sample_index("one");
  rig.push(tree, "team/app:1");
  EXPECT_TRUE(rig.registry.holds("team/app", "1", tree));
  MemoryStore store;
  rig.pull("team/app:1", store);
  expect_same(store, tree);
  EXPECT_GT(rig.registry.count("GET token"), 2u);
  EXPECT_EQ(rig.registry.violations(), std::vector<std::string>());
}

TEST(RemoteStore, OneTokenServesAllRequests) {
  RemoteRig rig({.access = {.auth = Auth::bearer}});
  rig.registry.add_image("team/app", sample_index("one"), "1");
  MemoryStore store;
  rig.pull("team/app:1", store);
  EXPECT_EQ(rig.registry.count("GET token"), 1u);
}

TEST(RemoteStore, CredentialsDoNotFollowARedirectOrALocationToAnotherHost) {
  for (const Auth auth : {Auth::basic, Auth::bearer}) {
    RegistryQuirks quirks;
    quirks.redirect_blobs = quirks.uploads_elsewhere = true;
    RemoteRig rig({.access = {.auth = auth}, .quirks = quirks});
    const SampleTree tree = sample_image("one");
    rig.registry.add_image("team/app", tree, "1");
    MemoryStore store;
    rig.pull("team/app:1", store);
    rig.push(sample_image("two"), "team/app:2");
    EXPECT_EQ(rig.registry.violations(), std::vector<std::string>());
  }
}

TEST(RemoteStore, AMirrorIsAskedFirstAndNeverSeesTheRegistrysLogin) {
  RemoteRig rig({.access = {.auth = Auth::basic}});
  FakeRegistry locked({.access = {.auth = Auth::basic}}), open;
  const SampleTree tree = sample_image("one");
  for (FakeRegistry* one : {&rig.registry, &locked, &open}) one->add_image("team/app", tree, "1");
  const auto folder = rig.folder() / "root/etc/containers";
  std::filesystem::create_directories(folder);
  for (const FakeRegistry* mirror : {&locked, &open}) {
    std::ofstream(folder / "registries.conf") << "[[registry]]\nlocation = \"" << rig.registry.host() << "\"\n[[registry.mirror]]\nlocation = \"" << mirror->host()
                                              << "\"\ninsecure = true\n";
    rig.forget_cache();
    rig.registry.forget();
    MemoryStore store;
    rig.pull("team/app:1", store);
    expect_same(store, tree);
    EXPECT_GT(mirror->log().size(), 0u);
    for (const auto& request : mirror->log()) EXPECT_EQ(request.auth, "") << request.path;
    EXPECT_EQ(rig.registry.bytes_down() == 0, mirror == &open) << "what the mirror has is not asked of the registry";
  }
}

TEST(RemoteStore, AMirrorThatSendsWrongOrBrokenBytesIsPassedOver) {
  const std::string small(1000, 's'), large(3'000'000, 'l');
  for (const std::string& bytes : {small, large}) {
    for (const bool broken : {false, true}) {
      RemoteRig rig;
      FakeRegistry mirror;
      for (FakeRegistry* one : {&rig.registry, &mirror}) one->add_blob("team/app", bytes);
      if (broken) mirror.fail({.kind = "GET blob"}, {.cut = bytes.size() / 10, .times = 0});
      if (broken) mirror.change([](RegistryQuirks& quirks) { quirks.no_ranges = true; });
      if (!broken) mirror.spoil_blob(Digest::of(bytes));
      const auto folder = rig.folder() / "root/etc/containers";
      std::filesystem::create_directories(folder);
      std::ofstream(folder / "registries.conf") << "[[registry]]\nlocation = \"" << rig.registry.host() << "\"\n[[registry.mirror]]\nlocation = \""
                                                << mirror.host() << "\"\ninsecure = true\n";
      const auto client = rig.client();
      const auto store = client->open_for_reading(rig.reference("team/app:1"));
      EXPECT_EQ(read_all(*store->open_blob(describe("a/b", bytes)), 1u << 30, "blob"), bytes) << broken;
      EXPECT_GT(mirror.count("GET blob"), 0u);
      EXPECT_EQ(rig.registry.count("GET blob"), 1u);
    }
  }
}

TEST(RemoteStore, EveryAuthorityOfOneFolderIsTrusted) {
  const SampleTree tree = sample_image("one");
  FakeRegistry first({.tls = HttpTls{}}), second({.tls = HttpTls{}}), stranger({.tls = HttpTls{}});
  RemoteRig rig;
  const auto folder = rig.folder() / "certs";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(first.server().ca_file(), folder / "a.crt");
  std::filesystem::copy_file(second.server().ca_file(), folder / "b.crt");
  const auto client = rig.client(folder.native());
  const auto look = [&](FakeRegistry& registry) {
    registry.add_image("team/app", tree, "1");
    return client->open_for_reading(oci::Reference::parse(registry.reference("team/app:1")))->resolve();
  };
  EXPECT_EQ(look(first)->digest, tree.root.digest);
  EXPECT_EQ(look(second)->digest, tree.root.digest);
  EXPECT_TRUE(contains(error_of([&] { look(stranger); }).what(), "certificate"));
}

// ---- names

TEST(RemoteStore, ATagThatWasMovedMeanwhileIsLeft) {
  RemoteRig rig;
  const SampleTree old = sample_image("old"), ours = sample_image("ours"), theirs = sample_image("theirs");
  rig.registry.add_image("team/app", old, "1");
  rig.registry.add_image("team/app", theirs, "1");
  const Error error = error_of([&] { rig.push(ours, "team/app:1", old.root.digest); });
  EXPECT_EQ(error.kind(), ErrorKind::refused);
  EXPECT_TRUE(contains(error.message(), "was moved")) << error.message();
  EXPECT_EQ(rig.registry.manifest("team/app", "1")->digest, theirs.root.digest);
}

TEST(RemoteStore, ATagThatExistsIsNotTakenForANewOne) {
  RemoteRig rig;
  rig.registry.add_image("team/app", sample_image("theirs"), "1");
  EXPECT_EQ(error_of([&] { rig.push(sample_image("ours"), "team/app:1"); }).kind(), ErrorKind::refused);
}

// As docker-registry answers while another client puts the same blob.
TEST(RemoteStore, PartsThatAreNotSeenForAMomentAreNoEnd) {
  const SampleTree tree = sample_image("one");
  const auto blind = [](HttpAnswer& answer) { answer.body = R"({"errors":[{"code":"MANIFEST_BLOB_UNKNOWN","message":"blob unknown to registry"}]})"; };
  for (const unsigned times : {1u, 0u}) {
    RemoteRig rig;
    rig.registry.fail({.kind = "PUT manifest"}, {.status = 400, .change = blind, .times = times});
    if (times == 1) {
      rig.push(tree, "team/app:1");
      EXPECT_TRUE(rig.registry.holds("team/app", "1", tree));
      EXPECT_EQ(rig.registry.count("PUT manifest"), 2u);
    } else {
      EXPECT_TRUE(contains(error_of([&] { rig.push(tree, "team/app:1"); }).what(), "blob unknown"));
    }
  }
  RemoteRig rig;  // what else is wrong with a manifest is not tried again
  rig.registry.fail({.kind = "PUT manifest"}, {.status = 400, .times = 0});
  EXPECT_EQ(error_of([&] { rig.push(tree, "team/app:1"); }).kind(), ErrorKind::network);
  EXPECT_EQ(rig.registry.count("PUT manifest"), 1u);
}

TEST(RemoteStore, ATagThatIsGoneForAMomentIsLookedAtAgain) {
  RemoteRig rig;
  const SampleTree old = sample_image("old"), ours = sample_image("ours");
  rig.registry.add_image("team/app", old, "1");
  rig.registry.fail({.kind = "HEAD manifest", .path = "*/manifests/1"}, {.status = 404});
  rig.push(ours, "team/app:1", old.root.digest);
  EXPECT_TRUE(rig.registry.holds("team/app", "1", ours));
}

// 403 for a tag is "absent" only from a registry that says so, as Artifactory does.
TEST(RemoteStore, ATagThatMayNotBeSeenIsNotOverwritten) {
  const SampleTree theirs = sample_image("theirs"), ours = sample_image("ours");
  for (const char* method : {"HEAD manifest", "GET manifest"}) {
    RemoteRig rig;
    rig.registry.add_image("team/app", theirs, "1");
    rig.registry.fail({.kind = "HEAD manifest", .path = "*/manifests/1"}, {.status = 403, .times = 0});
    const bool is_hidden = std::string_view(method) == "GET manifest";
    if (is_hidden) rig.registry.fail({.kind = method, .path = "*/manifests/1"}, {.status = 403, .times = 0});
    const Error error = error_of([&] { rig.push(ours, "team/app:1"); });
    EXPECT_EQ(error.kind(), is_hidden ? ErrorKind::network : ErrorKind::refused) << error.what();
    if (is_hidden) {
      EXPECT_TRUE(contains(error.message(), "cannot be told")) << error.message();
      EXPECT_TRUE(contains(error.hint(), "may pull")) << error.hint();
    }
    EXPECT_EQ(rig.registry.manifest("team/app", "1")->digest, theirs.root.digest);
  }
}

TEST(RemoteStore, AnAbsentImageIsNoError) {
  RemoteRig rig;
  const auto client = rig.client();
  EXPECT_FALSE(client->open_for_reading(rig.reference("team/app:1"))->resolve());
}

TEST(RemoteStore, ADigestIsWhatItSays) {
  RemoteRig rig;
  const SampleTree tree = sample_image("one");
  rig.registry.add_image("team/app", tree, "1");
  const auto client = rig.client();
  const auto found = client->open_for_reading(rig.reference("team/app@" + tree.root.digest.text()))->resolve();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->digest, tree.root.digest);
  EXPECT_EQ(found->media_type, tree.root.media_type);
}

// ---- refusals and damage

TEST(RemoteStore, APolicyOfTheRegistryIsExplained) {
  RegistryQuirks quirks;
  quirks.blocked = {"1"};
  RemoteRig rig({.quirks = quirks});
  rig.registry.add_image("team/app", sample_image("one"), "1");
  MemoryStore store;
  const Error error = error_of([&] { rig.pull("team/app:1", store); });
  EXPECT_TRUE(contains(error.what(), "412")) << error.what();
  EXPECT_TRUE(contains(error.hint(), "policy")) << error.hint();
}

TEST(RemoteStore, OtherBytesThanAnnouncedAreAnError) {
  RemoteRig rig;
  const SampleTree tree = sample_image("one");
  rig.registry.add_image("team/app", tree, "1");
  const auto manifest = oci::Manifest::parse(tree.blobs.at(tree.root.digest), tree.root.media_type, "m");
  rig.registry.spoil_blob(manifest.layers().front().digest);
  MemoryStore store;
  EXPECT_EQ(error_of([&] { rig.pull("team/app:1", store); }).kind(), ErrorKind::verification);
}

TEST(RemoteStore, ABrokenPullGoesOnWhereItBroke) {
  for (const bool ranges : {true, false}) {
    RegistryQuirks quirks;
    quirks.no_ranges = !ranges;
    RemoteRig rig({.quirks = quirks});
    const Digest blob = rig.registry.add_blob("team/app", std::string(3'000'000, 'x'));
    rig.registry.fail({.kind = "GET blob"}, {.cut = 2'000'000});
    const auto client = rig.client();
    const auto store = client->open_for_reading(rig.reference("team/app:1"));
    EXPECT_EQ(read_all(*store->open_blob({.media_type = "a/b", .digest = blob, .size = 3'000'000}), 1u << 30, "blob").size(), 3'000'000u);
    EXPECT_EQ(rig.registry.count("GET blob"), 2u);
    if (ranges) {
      EXPECT_LT(rig.registry.bytes_down(), 3'500'000u) << "the rest, not the whole again";
    }
  }
}

TEST(RemoteStore, AThrottledRequestWaitsAsLongAsItIsTold) {
  RemoteRig rig;
  rig.registry.add_image("team/app", sample_image("one"), "1");
  rig.registry.fail({.kind = "HEAD manifest"}, {.status = 429, .retry_after = "7"});
  MemoryStore store;
  rig.pull("team/app:1", store);
  ASSERT_EQ(rig.waits.size(), 1u);
  EXPECT_GE(rig.waits[0], 7);
  EXPECT_LT(rig.waits[0], 8.1);
}

TEST(RemoteStore, ARegistryThatGoesOnThrottlingIsTriedAgainLater) {
  RemoteRig rig;
  rig.registry.add_image("team/app", sample_image("one"), "1");
  rig.registry.fail({.kind = "HEAD manifest"}, {.status = 429, .times = 0});
  MemoryStore store;
  EXPECT_EQ(error_of([&] { rig.pull("team/app:1", store); }).kind(), ErrorKind::throttled);
}

// ---- uploads

std::string large() {
  std::string bytes(9'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31 + i / 977);
  return bytes;
}

void upload(RemoteRig& rig, const std::string& bytes) {
  const auto client = rig.client();
  client->open_for_writing(rig.reference("team/app:1"))->put_blob(describe("a/b", bytes), opener_of(bytes));
}

TEST(RemoteStore, ABrokenUploadIsSentAgain) {
  const std::string bytes = large();
  RemoteRig rig;
  rig.registry.fail({.kind = "PATCH upload"}, {.reset_mid_upload = 1'000'000, .lose_upload = true});
  upload(rig, bytes);
  EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
  EXPECT_EQ(rig.registry.open_uploads(), 0u);
}

TEST(RemoteStore, WhatBreaksAgainGoesInChunksThatGoOn) {
  const std::string bytes = large();
  RemoteRig rig;
  for (std::size_t nth : {1u, 2u, 4u}) rig.registry.fail({.kind = "PATCH upload", .nth = nth}, {.reset_mid_upload = 1'000'000});
  upload(rig, bytes);
  EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
  EXPECT_EQ(rig.registry.violations(), std::vector<std::string>());
}

TEST(RemoteStore, ChunksAreAsLargeAsTheRegistryWants) {
  const std::string bytes = large();
  RegistryQuirks quirks;
  quirks.least_chunk_bytes = 5u << 20;
  RemoteRig rig({.quirks = quirks});
  for (std::size_t nth : {1u, 2u}) rig.registry.fail({.kind = "PATCH upload", .nth = nth}, {.reset_mid_upload = 1'000'000});
  upload(rig, bytes);
  EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
}

TEST(RemoteStore, ABodyThatIsTooLargeForAProxyGoesInChunks) {
  const std::string bytes = large();
  RemoteRig rig;
  rig.registry.fail({.kind = "PATCH upload"}, {.status = 413, .early = true});
  upload(rig, bytes);
  EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
}

// The place of an upload is consumed by the PUT that took effect; what was sent is not sent again.
TEST(RemoteStore, AnUploadWhoseEndWasNotHeardIsDone) {
  const std::string bytes = large();
  for (const Fault& lost : {Fault{.silent = true, .executed = true}, Fault{.silent = true, .executed = true, .reset = true},
                            Fault{.status = 500, .executed = true}, Fault{.status = 503, .executed = true}}) {
    RemoteRig rig;
    rig.registry.fail({.kind = "PUT upload"}, lost);
    upload(rig, bytes);
    EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
    EXPECT_EQ(rig.registry.count("PATCH upload"), 1u) << lost.status;
    EXPECT_EQ(rig.registry.faults_struck(), 1u);
  }
}

TEST(RemoteStore, AnUploadThatCannotBeEndedIsBegunAnew) {
  const std::string bytes = large();
  for (const Fault& fault : {Fault{.status = 502, .times = 4}, Fault{.status = 404}}) {
    RemoteRig rig;
    rig.registry.fail({.kind = "PUT upload"}, fault);
    upload(rig, bytes);
    EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes))) << fault.status;
    EXPECT_EQ(rig.registry.count("POST upload"), 2u) << fault.status;
    EXPECT_EQ(rig.registry.count("PATCH upload"), 2u) << fault.status;
  }
  RemoteRig rig;  // and not for ever
  rig.registry.fail({.kind = "PUT upload"}, {.status = 502, .times = 0});
  EXPECT_EQ(error_of([&] { upload(rig, bytes); }).kind(), ErrorKind::network);
  EXPECT_EQ(rig.registry.count("POST upload"), 2u);
}

TEST(RemoteStore, AnUploadThatIsSentAwayWaitsAsToldAndIsNotBroken) {
  const std::string bytes = large();
  for (const int status : {429, 503}) {
    RemoteRig rig;
    rig.registry.fail({.kind = "PATCH upload"}, {.status = status, .retry_after = "7", .times = 3});
    upload(rig, bytes);
    EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
    EXPECT_EQ(rig.registry.count("PATCH upload"), 4u) << "one whole, no chunks";
    ASSERT_EQ(rig.waits.size(), 3u);
    for (const double wait : rig.waits) EXPECT_GE(wait, 7);
  }
  RemoteRig rig;
  rig.registry.fail({.kind = "PATCH upload"}, {.status = 429, .times = 0});
  EXPECT_EQ(error_of([&] { upload(rig, bytes); }).kind(), ErrorKind::throttled);
}

TEST(RemoteStore, AChunkThatIsSentAwayWaitsAsTold) {
  const std::string bytes = large();
  for (const int status : {429, 503}) {
    RemoteRig rig;
    rig.registry.fail({.kind = "PATCH upload"}, {.status = 413, .early = true});
    rig.registry.fail({.kind = "PATCH upload", .nth = 3}, {.status = status, .retry_after = "7", .times = 2});
    upload(rig, bytes);
    EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
    ASSERT_EQ(rig.waits.size(), 2u);
    for (const double wait : rig.waits) EXPECT_GE(wait, 7);
    EXPECT_EQ(rig.registry.violations(), std::vector<std::string>());
  }
}

// The chunk took effect, so its place is an old one, and this registry then forgets the upload.
TEST(RemoteStore, AChunkWhoseAnswerWasNotHeardIsNoEnd) {
  const std::string bytes = large();
  RegistryQuirks quirks;
  quirks.stale_kills_upload = true;
  RemoteRig rig({.quirks = quirks});
  rig.registry.fail({.kind = "PATCH upload"}, {.status = 413, .early = true});
  rig.registry.fail({.kind = "PATCH upload", .nth = 3}, {.silent = true, .executed = true});
  upload(rig, bytes);
  EXPECT_TRUE(rig.registry.has_blob("team/app", Digest::of(bytes)));
}

TEST(RemoteStore, BytesThatAreNotWhatTheyShouldBeAreNotStored) {
  RemoteRig rig;
  const oci::Descriptor blob = describe("a/b", "hello");
  const auto client = rig.client();
  const auto store = client->open_for_writing(rig.reference("team/app:1"));
  EXPECT_EQ(error_of([&] { store->put_blob(blob, opener_of("hellO")); }).kind(), ErrorKind::verification);
  EXPECT_FALSE(rig.registry.has_blob("team/app", blob.digest));
  EXPECT_EQ(rig.registry.open_uploads(), 0u) << "what nobody will finish is deleted";
}

}  // namespace
}  // namespace resole::test
