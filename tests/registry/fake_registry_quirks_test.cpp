// SPDX-License-Identifier: Apache-2.0
// The fake registry misbehaves as asked: quirks of real registries, and faults.
#include "support/fake_registry.hpp"

#include <gtest/gtest.h>

#include "registry/asking.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Counts = FakeRegistry::Counts;

// Quirks

TEST(FakeRegistry, RedirectsBlobsToAStorageHostWithoutCredentials) {
  FakeRegistry registry({.quirks = {.redirect_blobs = true}});
  const Digest blob = registry.add_blob("a", "hello");
  const PlainAnswer answer = ask(registry, {.target = "/v2/a/blobs/" + blob.text()});
  EXPECT_EQ(answer.status, 307);
  const std::string target = target_of(answer.field("Location"));
  EXPECT_EQ(ask_at(registry.storage_host(), {.target = target}).body, "hello");
  EXPECT_EQ(ask_at(registry.storage_host(), {.target = target, .fields = {"Range: bytes=1-2"}}).body, "el");
  EXPECT_TRUE(registry.violations().empty());
  EXPECT_EQ(ask_at(registry.storage_host(), {.target = target, .fields = {kBasic}}).status, 400);
  EXPECT_EQ(ask_at(registry.storage_host(), {.target = target + "&more=1"}).status, 403);
  EXPECT_EQ(registry.violations().size(), 2u);
  EXPECT_EQ(registry.count("GET storage"), 4u);
}

TEST(FakeRegistry, QuirksOfMounts) {
  const std::string target = "/v2/team/app/blobs/uploads/?mount=" + Digest::of("x").text();
  FakeRegistry harbor_one({.quirks = harbor()}), quay_one({.quirks = quay()}), finder({.quirks = {.mount_finds_blob = true}});
  for (FakeRegistry* one : {&harbor_one, &quay_one, &finder}) one->add_blob("team/base", "x");
  EXPECT_EQ(ask(harbor_one, {.method = "POST", .target = target + "&from=other/base"}).status, 401);
  EXPECT_EQ(ask(harbor_one, {.method = "POST", .target = target + "&from=team/none"}).status, 202);
  EXPECT_EQ(ask(quay_one, {.method = "POST", .target = target}).status, 400);
  EXPECT_EQ(ask(quay_one, {.method = "POST", .target = target + "&from=team/base"}).status, 201);
  EXPECT_EQ(ask(finder, {.method = "POST", .target = target}).status, 201);
}

TEST(FakeRegistry, QuirksOfUploads) {
  FakeRegistry relative({.quirks = {.relative_location = true}});
  EXPECT_TRUE(ask(relative, {.method = "POST", .target = "/v2/a/blobs/uploads/"}).field("Location").starts_with("/v2/a/blobs/uploads/"));

  FakeRegistry elsewhere({.quirks = {.uploads_elsewhere = true}});
  const std::string there = started(elsewhere);
  EXPECT_EQ(ask_at(elsewhere.storage_host(), {.method = "PATCH", .target = there, .fields = {kBasic}, .body = "x"}).status, 400);
  EXPECT_EQ(elsewhere.violations().size(), 1u);
  EXPECT_EQ(ask_at(elsewhere.storage_host(), {.method = "PATCH", .target = there, .body = "x"}).status, 202);

  FakeRegistry minimum({.quirks = {.least_chunk_bytes = 4}});
  const PlainAnswer begun = ask(minimum, {.method = "POST", .target = "/v2/a/blobs/uploads/"});
  EXPECT_EQ(begun.field("OCI-Chunk-Min-Length"), "4");
  const PlainAnswer small = ask(minimum, {.method = "PATCH", .target = target_of(begun.field("Location")), .body = "abc"});
  EXPECT_EQ(ask(minimum, {.method = "PATCH", .target = target_of(small.field("Location")), .body = "defg"}).status, 400);
  EXPECT_EQ(finish(minimum, target_of(small.field("Location")), "abc").status, 201);  // it was the last

  FakeRegistry gar_one({.quirks = gar()});
  EXPECT_EQ(ask(gar_one, {.method = "PATCH", .target = started(gar_one), .fields = {"Content-Range: 0-0"}, .body = "x"}).status, 400);
  EXPECT_EQ(ask(gar_one, {.method = "PATCH", .target = started(gar_one), .body = "x"}).status, 202);
  EXPECT_TRUE(started(gar_one).starts_with("/uploads-here/"));
}

TEST(FakeRegistry, QuirksOfChunks) {
  const std::string big((4u << 20) + 1, 'x');
  FakeRegistry ghcr_one({.quirks = ghcr()});
  const std::string range = fmt::format("Content-Range: 0-{}", big.size() - 1);
  EXPECT_EQ(ask(ghcr_one, {.method = "PATCH", .target = started(ghcr_one), .fields = {range}, .body = big}).status, 416);
  EXPECT_EQ(ask(ghcr_one, {.method = "PATCH", .target = started(ghcr_one), .body = big}).status, 202);

  FakeRegistry ecr_one({.quirks = ecr()});
  const PlainAnswer one = ask(ecr_one, {.method = "PATCH", .target = started(ecr_one), .body = "abc"});
  const PlainAnswer two = ask(ecr_one, {.method = "PATCH", .target = target_of(one.field("Location")), .body = "def"});
  EXPECT_EQ(two.status, 201);
  EXPECT_EQ(two.field("Range"), "0-2");
  EXPECT_EQ(ask(ecr_one, {.target = target_of(two.field("Location"))}).status, 404);
  EXPECT_EQ(finish(ecr_one, target_of(two.field("Location")), "abcdef").status, 201);

  FakeRegistry distribution({.quirks = docker_registry_2_8()});
  const std::string first = started(distribution);
  const PlainAnswer wrong = ask(distribution, {.method = "PATCH", .target = first, .fields = {"Content-Range: 7-9"}, .body = "abc"});
  EXPECT_EQ(wrong.status, 202);
  EXPECT_EQ(ask(distribution, {.method = "PATCH", .target = first, .body = "x"}).status, 404);
  EXPECT_EQ(finish(distribution, target_of(wrong.field("Location")), "abc").status, 404);  // gone with the stale one
}

TEST(FakeRegistry, QuirksOfManifests) {
  FakeRegistry registry;
  const SampleTree image = sample_image("app");
  registry.add_image("a", image, "1");
  const std::string target = "/v2/a/manifests/1";
  const auto with = [&](RegistryQuirks quirks, const PlainRequest& request) {
    registry.change([&](RegistryQuirks& now) { now = std::move(quirks); });
    return ask(registry, request);
  };
  EXPECT_EQ(with({.blocked = {"1"}}, {.target = target}).status, 412);
  EXPECT_EQ(with(artifactory(), {.method = "HEAD", .target = "/v2/a/manifests/none"}).status, 403);
  EXPECT_EQ(with({.type_suffix = "; charset=utf-8"}, {.target = target}).field("Content-Type"), kManifestType + "; charset=utf-8");
  const PlainAnswer bare = with({.digest_header_on_head = false, .length_on_head = false}, {.method = "HEAD", .target = target});
  EXPECT_EQ(bare.status, 200);
  EXPECT_EQ(bare.field("Docker-Content-Digest") + bare.field("Content-Length"), "");
  const RegistryQuirks limited{.pull_limit = 1};
  EXPECT_EQ(with(limited, {.target = target}).field("ratelimit-remaining"), "0;w=21600");
  EXPECT_EQ(with(limited, {.target = target}).status, 429);
  EXPECT_EQ(with(limited, {.method = "HEAD", .target = target}).status, 200);
  const std::string moved = image.blobs.at(image.root.digest) + "\n";
  registry.change([](RegistryQuirks& quirks) { quirks.immutable_tags = 409; });
  EXPECT_EQ(put(registry, "1", moved).status, 409);
  EXPECT_EQ(put(registry, "1", image.blobs.at(image.root.digest)).status, 201);
  std::string strange = image.blobs.at(image.root.digest);
  strange.replace(strange.find("tar+gzip"), 8, "tar;v=2");
  registry.change([](RegistryQuirks& quirks) { quirks = ecr(); });
  EXPECT_EQ(put(registry, "2", strange).status, 400);
  EXPECT_EQ(with({.errors = ErrorForm::html}, {.target = "/v2/a/manifests/none"}).field("Content-Type"), "text/html");
}

// Faults

TEST(FakeRegistry, FailsTheRequestThatWasMeant) {
  FakeRegistry registry;
  const std::string target = "/v2/a/blobs/" + registry.add_blob("a", "0123456789").text();
  registry.fail({.kind = "GET blob", .nth = 2}, {.status = 503, .retry_after = "1"});
  registry.fail(4, {.status = 429, .retry_after = "Wed, 21 Oct 2026 07:28:00 GMT", .times = 0});
  EXPECT_EQ(ask(registry, {.target = target}).status, 200);
  EXPECT_EQ(ask(registry, {.method = "HEAD", .target = target}).status, 200);
  const PlainAnswer second = ask(registry, {.target = target});
  EXPECT_EQ(second.status, 503);
  EXPECT_EQ(second.field("Retry-After"), "1");
  EXPECT_EQ(ask(registry, {.target = target}).field("Retry-After"), "Wed, 21 Oct 2026 07:28:00 GMT");
  EXPECT_EQ(ask(registry, {.target = target}).status, 429);
  registry.stop_failing();
  EXPECT_EQ(ask(registry, {.target = target}).status, 200);
  EXPECT_EQ(registry.faults_struck(), 3u);
}

TEST(FakeRegistry, SpoilsAnswers) {
  FakeRegistry registry;
  const Digest digest = registry.add_blob("a", "0123456789");
  const std::string target = "/v2/a/blobs/" + digest.text();
  const auto spoilt = [&](Fault fault, const std::string& method = "GET") {
    registry.fail(1, std::move(fault));
    return ask(registry, {.method = method, .target = target});
  };
  EXPECT_EQ(spoilt({.cut = 4}).body, "0123");
  const PlainAnswer truncated = spoilt({.truncate = 4});
  EXPECT_EQ(truncated.body + truncated.field("Content-Length"), "01234");
  EXPECT_EQ(spoilt({.wrong_digest = true}).body, "0123446789");
  EXPECT_NE(spoilt({.wrong_digest = true}, "HEAD").field("Docker-Content-Digest"), digest.text());
  EXPECT_EQ(spoilt({.wrong_length = 3}).field("Content-Length"), "13");
  EXPECT_EQ(spoilt({.wrong_length = -3}, "HEAD").field("Content-Length"), "7");
  EXPECT_EQ(spoilt({.silent = true}).status, 0);
  EXPECT_TRUE(spoilt({.silent = true, .reset = true}).reset);
  EXPECT_EQ(spoilt({.change = [](HttpAnswer& answer) { answer.status = 206; }}).status, 206);
  registry.spoil_blob(digest);
  EXPECT_EQ(ask(registry, {.target = target}).body, "0123446789");
}

TEST(FakeRegistry, BreaksUploadsInTheMiddle) {
  FakeRegistry registry;
  registry.fail({.kind = "PATCH upload"}, {.reset_mid_upload = 1000});
  const std::string location = started(registry), body(3'000'000, 'x');
  const PlainAnswer broken = ask(registry, {.method = "PATCH", .target = location, .body = body});
  EXPECT_EQ(broken.status, 0);  // a reset, or an end: whichever this side hears first
  const PlainAnswer state = ask(registry, {.target = location});
  EXPECT_EQ(state.field("Range"), "0-999");
  const std::string rest = fmt::format("Content-Range: 1000-{}", body.size() - 1);
  const PlainAnswer resumed =
      ask(registry, {.method = "PATCH", .target = target_of(state.field("Location")), .fields = {rest}, .body = body.substr(1000)});
  EXPECT_EQ(finish(registry, target_of(resumed.field("Location")), body).status, 201);

  FakeRegistry acr_one({.quirks = acr()}), loser;
  loser.fail({.kind = "PATCH upload"}, {.reset_mid_upload = 1000, .lose_upload = true});
  acr_one.fail({.kind = "PATCH upload"}, {.reset_mid_upload = 1000});
  for (FakeRegistry* one : {&acr_one, &loser}) {
    const std::string lost = started(*one);
    EXPECT_EQ(ask(*one, {.method = "PATCH", .target = lost, .body = body}).status, 0);
    EXPECT_EQ(ask(*one, {.target = lost}).status, 404);
    EXPECT_EQ(one->open_uploads(), 0u);
  }
}

TEST(FakeRegistry, LosesTheAnswerButNotTheEffect) {
  FakeRegistry registry;
  const SampleTree image = sample_image("app");
  for (const auto& [digest, bytes] : image.blobs) registry.add_blob("a", bytes);
  registry.fail({.kind = "PUT manifest"}, {.silent = true});
  EXPECT_EQ(put(registry, "1", image.blobs.at(image.root.digest)).status, 0);
  EXPECT_TRUE(registry.tags("a").empty());
  registry.fail({.kind = "PUT manifest"}, {.silent = true, .executed = true});
  EXPECT_EQ(put(registry, "1", image.blobs.at(image.root.digest)).status, 0);
  EXPECT_TRUE(registry.holds("a", "1", image));
}

TEST(FakeRegistry, ActsBetweenRequests) {
  FakeRegistry registry;
  const Digest one = registry.add_manifest("a", "{\"n\":1}", kManifestType, "1"),
               two = registry.add_manifest("a", "{\"n\":2}", kManifestType);
  registry.fail({.kind = "HEAD manifest", .nth = 2}, {.action = [&] { registry.tag("a", "1", two); }});
  const PlainRequest head{.method = "HEAD", .target = "/v2/a/manifests/1"};
  EXPECT_EQ(ask(registry, head).field("Docker-Content-Digest"), one.text());
  EXPECT_EQ(ask(registry, head).field("Docker-Content-Digest"), two.text());
}

TEST(FakeRegistry, ForgetsItsLog) {
  FakeRegistry registry;
  ask(registry, {.target = "/v2/"});
  ask(registry, {.target = "/v3/"});
  EXPECT_EQ(registry.summary(), (Counts{{"GET ping", 1}, {"GET other", 1}}));
  EXPECT_EQ(registry.violations().size(), 1u);
  EXPECT_EQ(ask(registry, {.target = "/v2/Team/app/tags/list"}).status, 404);  // capitals are not allowed
  registry.forget();
  EXPECT_TRUE(registry.log().empty());
  EXPECT_TRUE(registry.violations().empty());
}

}  // namespace
}  // namespace resole::test
