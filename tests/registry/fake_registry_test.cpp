// SPDX-License-Identifier: Apache-2.0
// The fake registry says what real ones say. skopeo is the oracle that it can be worked with (fake_registry_oracle_test).
#include "support/fake_registry.hpp"

#include <gtest/gtest.h>

#include "registry/asking.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using Counts = FakeRegistry::Counts;

// Uploads

TEST(FakeRegistry, TakesABlobByPostPatchPut) {
  FakeRegistry registry;
  const std::string first = started(registry);
  const PlainAnswer patched = ask(registry, {.method = "PATCH", .target = first, .body = "hello"});
  EXPECT_EQ(patched.status, 202);
  EXPECT_EQ(patched.field("Range"), "0-4");
  const std::string second = target_of(patched.field("Location"));
  EXPECT_NE(second, first);
  const PlainAnswer done = finish(registry, second, "hello");
  EXPECT_EQ(done.status, 201);
  EXPECT_EQ(done.field("Docker-Content-Digest"), Digest::of("hello").text());
  EXPECT_EQ(registry.blob("team/app", Digest::of("hello")), "hello");
  EXPECT_FALSE(registry.has_blob("team/other", Digest::of("hello")));
  EXPECT_EQ(registry.summary(), (Counts{{"POST upload", 1}, {"PATCH upload", 1}, {"PUT upload", 1}}));
  EXPECT_EQ(registry.bytes_up(), 5u);
  EXPECT_EQ(registry.open_uploads(), 0u);
  EXPECT_EQ(registry.violations(), std::vector<std::string>());
}

TEST(FakeRegistry, RefusesAStaleLocationAndALostQuery) {
  FakeRegistry registry;
  const std::string first = started(registry);
  const std::string second = target_of(ask(registry, {.method = "PATCH", .target = first, .body = "a"}).field("Location"));
  EXPECT_EQ(ask(registry, {.method = "PATCH", .target = first, .body = "b"}).status, 404);
  EXPECT_TRUE(registry.violations().empty());  // a client can come there by a lost answer
  EXPECT_EQ(ask(registry, {.method = "PATCH", .target = second.substr(0, second.find('?')), .body = "b"}).status, 404);
  EXPECT_EQ(registry.violations().size(), 1u);
  std::string recoded = second;
  recoded.replace(recoded.find("%2F"), 3, "/");
  EXPECT_EQ(ask(registry, {.method = "PATCH", .target = recoded, .body = "b"}).status, 404);
  EXPECT_EQ(registry.violations().size(), 2u);
  EXPECT_EQ(finish(registry, second, "ab", "b").status, 201);  // none of it did any harm
}

TEST(FakeRegistry, TakesChunksInOrderOnly) {
  FakeRegistry registry;
  const std::string first = started(registry);
  const PlainAnswer one = ask(registry, {.method = "PATCH", .target = first, .fields = {"Content-Range: 0-2"}, .body = "abc"});
  EXPECT_EQ(one.status, 202);
  const PlainAnswer gap =
      ask(registry, {.method = "PATCH", .target = target_of(one.field("Location")), .fields = {"Content-Range: 4-5"}, .body = "ef"});
  EXPECT_EQ(gap.status, 416);
  EXPECT_EQ(gap.field("Range"), "0-2");
  const PlainAnswer state = ask(registry, {.target = target_of(gap.field("Location"))});
  EXPECT_EQ(state.status, 204);
  EXPECT_EQ(state.field("Range"), "0-2");
  const std::string last = target_of(state.field("Location"));
  EXPECT_EQ(ask(registry, {.method = "PATCH", .target = last, .fields = {"Content-Range: bytes 3-4/5"}, .body = "de"}).status, 416);
  EXPECT_EQ(registry.violations().size(), 1u);
}

TEST(FakeRegistry, ForgetsUploadsThatAreDeletedOrWrong) {
  FakeRegistry registry;
  EXPECT_EQ(ask(registry, {.method = "DELETE", .target = started(registry)}).status, 204);
  EXPECT_EQ(finish(registry, started(registry), "hello", "hallo").status, 400);
  EXPECT_EQ(registry.open_uploads(), 0u);
  EXPECT_TRUE(registry.blob_uploads().empty());
}

TEST(FakeRegistry, TakesASinglePost) {
  FakeRegistry registry;
  const std::string target = "/v2/a/blobs/uploads/?digest=" + Digest::of("x").text();
  EXPECT_EQ(ask(registry, {.method = "POST", .target = target, .body = "x"}).status, 201);
  EXPECT_EQ(registry.blob("a", Digest::of("x")), "x");
  EXPECT_EQ(ask(registry, {.method = "POST", .target = target, .body = "y"}).status, 400);
}

TEST(FakeRegistry, MountsFromAnotherRepository) {
  FakeRegistry registry;
  const Digest blob = registry.add_blob("team/base", "base");
  const std::string target = "/v2/team/app/blobs/uploads/?mount=" + blob.text();
  EXPECT_EQ(ask(registry, {.method = "POST", .target = target + "&from=team%2Felsewhere"}).status, 202);
  EXPECT_EQ(ask(registry, {.method = "POST", .target = target}).status, 202);
  EXPECT_FALSE(registry.has_blob("team/app", blob));
  EXPECT_EQ(ask(registry, {.method = "POST", .target = target + "&from=team%2Fbase"}).status, 201);
  EXPECT_TRUE(registry.has_blob("team/app", blob));
  EXPECT_EQ(registry.mounts(), std::vector<Digest>{blob});
  EXPECT_EQ(registry.open_uploads(), 2u);
  EXPECT_EQ(registry.count("POST mount"), 3u);
}

TEST(FakeRegistry, KeepsOnlyTheDigestOfLargeBlobs) {
  FakeRegistry registry({.keep_blobs = 1000});
  const std::string all(5000, 'x');
  EXPECT_EQ(finish(registry, started(registry), all, all).status, 201);
  const std::string target = "/v2/team/app/blobs/" + Digest::of(all).text();
  EXPECT_EQ(ask(registry, {.method = "HEAD", .target = target}).field("Content-Length"), "5000");
  EXPECT_EQ(ask(registry, {.target = target}).status, 500);
}

// Blobs and manifests

TEST(FakeRegistry, ServesBlobsAndRanges) {
  FakeRegistry registry;
  const std::string target = "/v2/a/blobs/" + registry.add_blob("a", "0123456789").text();
  EXPECT_EQ(ask(registry, {.method = "HEAD", .target = target}).field("Content-Length"), "10");
  EXPECT_EQ(ask(registry, {.target = target}).body, "0123456789");
  const PlainAnswer part = ask(registry, {.target = target, .fields = {"Range: bytes=7-"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.field("Content-Range"), "bytes 7-9/10");
  EXPECT_EQ(ask(registry, {.target = target, .fields = {"Range: bytes=10-"}}).status, 416);
  EXPECT_EQ(ask(registry, {.target = "/v2/b/blobs/" + Digest::of("0123456789").text()}).status, 404);
}

TEST(FakeRegistry, ServesManifestsAsTheyCame) {
  FakeRegistry registry;
  const SampleTree image = sample_image("app");
  registry.add_image("team/app", image, "1");
  EXPECT_TRUE(registry.holds("team/app", "1", image));
  for (const std::string& name : {std::string("1"), image.root.digest.text()}) {
    const PlainAnswer answer = ask(registry, {.target = "/v2/team/app/manifests/" + name, .fields = {"Accept: " + kManifestType}});
    EXPECT_EQ(answer.body, image.blobs.at(image.root.digest));
    EXPECT_EQ(answer.field("Content-Type"), kManifestType);
    EXPECT_EQ(answer.field("Docker-Content-Digest"), image.root.digest.text());
  }
  const std::string target = "/v2/team/app/manifests/1";
  EXPECT_EQ(ask(registry, {.method = "HEAD", .target = target}).field("Content-Length"), std::to_string(image.root.size));
  EXPECT_TRUE(registry.violations().empty());
  EXPECT_EQ(ask(registry, {.target = target, .fields = {"Accept: application/json"}}).status, 404);
  EXPECT_EQ(registry.violations().size(), 1u);
}

TEST(FakeRegistry, WantsPartsBeforeManifests) {
  FakeRegistry registry;
  const SampleTree index = sample_index("multi"), image = sample_image("app");
  EXPECT_EQ(put(registry, "1", image.blobs.at(image.root.digest)).status, 404);
  for (const auto& [digest, bytes] : image.blobs) registry.add_blob("a", bytes);
  const PlainAnswer done = put(registry, "1", image.blobs.at(image.root.digest));
  EXPECT_EQ(done.status, 201) << done.body;
  EXPECT_EQ(done.field("Docker-Content-Digest"), image.root.digest.text());
  EXPECT_EQ(registry.tags("a"), std::vector<std::string>{"1"});
  const std::string index_type(oci::media_type::kOciIndex);
  EXPECT_EQ(put(registry, "2", index.blobs.at(index.root.digest), index_type).status, 404);  // children are missing
  registry.add_image("a", index);
  EXPECT_EQ(put(registry, "2", index.blobs.at(index.root.digest), index_type).status, 201);
  EXPECT_TRUE(registry.holds("a", "2", index));
  EXPECT_EQ(registry.violations().size(), 2u);
}

TEST(FakeRegistry, RefusesManifestsThatContradictThemselves) {
  FakeRegistry registry;
  const SampleTree image = sample_image("app");
  for (const auto& [digest, bytes] : image.blobs) registry.add_blob("a", bytes);
  const std::string bytes = image.blobs.at(image.root.digest);
  EXPECT_EQ(put(registry, "1", bytes, std::string(oci::media_type::kDockerManifest)).status, 400);
  EXPECT_EQ(put(registry, Digest::of("other").text(), bytes).status, 400);
  EXPECT_EQ(put(registry, "1", "{}").status, 400);
  EXPECT_EQ(put(registry, "-", bytes).status, 400);
  EXPECT_EQ(put(registry, "1", bytes + std::string(5u << 20, ' ')).status, 413);
  EXPECT_TRUE(registry.tags("a").empty());
}

TEST(FakeRegistry, ListsTagsByPages) {
  FakeRegistry registry;
  for (const char* name : {"3", "1", "2"}) registry.add_manifest("a", "{}", kManifestType, name);
  EXPECT_EQ(ask(registry, {.target = "/v2/a/tags/list"}).body, R"({"name":"a","tags":["1","2","3"]})");
  const PlainAnswer page = ask(registry, {.target = "/v2/a/tags/list?n=2"});
  EXPECT_EQ(page.field("Link"), "</v2/a/tags/list?n=2&last=2>; rel=\"next\"");
  EXPECT_EQ(ask(registry, {.target = "/v2/a/tags/list?n=2&last=2"}).body, R"({"name":"a","tags":["3"]})");
  EXPECT_EQ(ask(registry, {.target = "/v2/b/tags/list"}).status, 404);
}

TEST(FakeRegistry, KnowsReferrers) {
  FakeRegistry registry;
  const SampleTree image = sample_image("app");
  registry.add_image("a", image, "1");
  const Digest empty = registry.add_blob("a", "{}");
  const std::string artifact = R"({"schemaVersion":2,"mediaType":")" + kManifestType + R"(","artifactType":"a/b","config":)" +
                               json_of(describe("application/vnd.oci.empty.v1+json", "{}")) + R"(,"layers":[],"subject":)" +
                               json_of(image.root) + R"(,"annotations":{"k":"v"}})";
  EXPECT_EQ(put(registry, Digest::of(artifact).text(), artifact).field("OCI-Subject"), image.root.digest.text());
  const PlainAnswer list = ask(registry, {.target = "/v2/a/referrers/" + image.root.digest.text() + "?artifactType=a%2Fb"});
  EXPECT_EQ(list.field("OCI-Filters-Applied"), "artifactType");
  const Json entry = parse_json(list.body, "list").at("manifests").at(0);
  EXPECT_EQ(entry.at("digest"), Digest::of(artifact).text());
  EXPECT_EQ(entry.at("annotations").at("k"), "v");
  registry.change([](RegistryQuirks& quirks) { quirks.referrers = false; });
  EXPECT_EQ(ask(registry, {.target = "/v2/a/referrers/" + image.root.digest.text()}).status, 404);
  EXPECT_EQ(put(registry, "2", artifact).field("OCI-Subject"), "");
  EXPECT_EQ(empty, Digest::of("{}"));
}

// Access

TEST(FakeRegistry, AsksForBasic) {
  FakeRegistry registry({.access = {.auth = Auth::basic, .anonymous = {{"public/*", "pull"}}}});
  const std::string hidden = "/v2/team/app/blobs/" + registry.add_blob("team/app", "x").text();
  const std::string open = "/v2/public/app/blobs/" + registry.add_blob("public/app", "x").text();
  const PlainAnswer denied = ask(registry, {.target = "/v2/"});
  EXPECT_EQ(denied.status, 401);
  EXPECT_EQ(denied.field("WWW-Authenticate"), R"(Basic realm="fake registry")");
  EXPECT_EQ(ask(registry, {.target = hidden}).status, 401);
  EXPECT_EQ(ask(registry, {.target = hidden, .fields = {kBasic}}).status, 200);
  EXPECT_EQ(ask(registry, {.target = open}).status, 200);
  EXPECT_EQ(ask(registry, {.target = open, .fields = {"Authorization: Basic " + base64_encode("user:wrong")}}).status, 401);
  EXPECT_EQ(ask(registry, {.method = "POST", .target = "/v2/public/app/blobs/uploads/"}).status, 401);
  EXPECT_EQ(registry.log().at(2).auth, "Basic user");
}

TEST(FakeRegistry, AsksForTokensOfRepositoriesAndActions) {
  FakeRegistry registry({.access = {.auth = Auth::bearer}});
  const std::string blob = "/v2/team/app/blobs/" + registry.add_blob("team/app", "x").text();
  const PlainAnswer denied = ask(registry, {.target = blob});
  EXPECT_EQ(denied.status, 401);
  EXPECT_EQ(denied.field("WWW-Authenticate"),
            "Bearer realm=\"" + registry.url("/token") + R"(",service="fake registry",scope="repository:team/app:pull")");
  const std::string pull = "Authorization: Bearer " + token_for(registry, "repository:team/app:pull", {kBasic});
  EXPECT_EQ(ask(registry, {.target = blob, .fields = {pull}}).status, 200);
  const PlainAnswer more = ask(registry, {.method = "POST", .target = "/v2/team/app/blobs/uploads/", .fields = {pull}});
  EXPECT_EQ(more.status, 401);
  EXPECT_NE(more.field("WWW-Authenticate").find("insufficient_scope"), std::string::npos);
  EXPECT_EQ(ask(registry, {.target = "/v2/team/other/tags/list", .fields = {pull}}).status, 401);
  const std::string anonymous = "Authorization: Bearer " + token_for(registry, "repository:team/app:pull");
  EXPECT_EQ(ask(registry, {.target = blob, .fields = {anonymous}}).status, 401);
  EXPECT_EQ(ask(registry, {.target = blob, .fields = {kBasic}}).status, 401);
  registry.expire_tokens();
  EXPECT_EQ(ask(registry, {.target = blob, .fields = {pull}}).status, 401);
  EXPECT_EQ(registry.count("GET token"), 2u);
  EXPECT_TRUE(registry.violations().empty());
}

TEST(FakeRegistry, MountsNeedAScopeOnTheSource) {
  FakeRegistry registry({.access = {.auth = Auth::bearer}});
  const Digest blob = registry.add_blob("base", "x");
  const std::string target = "/v2/app/blobs/uploads/?mount=" + blob.text() + "&from=base";
  const std::string narrow = "Authorization: Bearer " + registry.issue_token({"repository:app:pull,push"});
  const std::string wide = "Authorization: Bearer " + registry.issue_token({"repository:app:pull,push", "repository:base:pull"});
  const PlainAnswer denied = ask(registry, {.method = "POST", .target = target, .fields = {narrow}});
  EXPECT_EQ(denied.status, 401);
  EXPECT_NE(denied.field("WWW-Authenticate").find(R"(scope="repository:app:pull,push repository:base:pull")"), std::string::npos);
  EXPECT_EQ(ask(registry, {.method = "POST", .target = target, .fields = {wide}}).status, 201);
  FakeRegistry hub({.access = {.auth = Auth::bearer}, .quirks = docker_hub()});
  hub.add_blob("base", "x");
  const std::string hub_narrow = "Authorization: Bearer " + hub.issue_token({"repository:app:pull,push"});
  EXPECT_EQ(ask(hub, {.method = "POST", .target = target, .fields = {hub_narrow}}).status, 202);
}

TEST(FakeRegistry, GivesTokensForIdentityTokens) {
  FakeRegistry registry({.access = {.auth = Auth::bearer, .token_uses = 1}});
  const Fields form = {"Content-Type: application/x-www-form-urlencoded"};
  const std::string body = "grant_type=refresh_token&service=fake+registry&client_id=x&scope=repository%3Aa%3Apull&refresh_token=";
  const PlainAnswer answer = ask(registry, {.method = "POST", .target = "/token", .fields = form, .body = body + "identity"});
  ASSERT_EQ(answer.status, 200);
  const std::string token = "Authorization: Bearer " + parse_json(answer.body, "token").at("access_token").get<std::string>();
  EXPECT_EQ(ask(registry, {.target = "/v2/", .fields = {token}}).status, 200);
  EXPECT_EQ(ask(registry, {.target = "/v2/", .fields = {token}}).status, 401);  // one use
  EXPECT_EQ(ask(registry, {.method = "POST", .target = "/token", .fields = form, .body = body + "wrong"}).status, 401);
  EXPECT_TRUE(registry.violations().empty());
  EXPECT_EQ(ask(registry, {.method = "POST", .target = "/token", .fields = form, .body = "grant_type=refresh_token"}).status, 400);
  EXPECT_EQ(registry.violations().size(), 1u);
  registry.change([](RegistryQuirks& quirks) { quirks.token_post_status = 404; });
  EXPECT_EQ(ask(registry, {.method = "POST", .target = "/token", .fields = form, .body = body + "identity"}).status, 404);
  EXPECT_TRUE(
      token_for(registry, "repository:a:pull", {"Authorization: Basic " + base64_encode("<token>:identity")}).starts_with("token-"));
}

TEST(FakeRegistry, SpellsChallengesAsAsked) {
  FakeRegistry registry({.access = {.auth = Auth::bearer,
                                    .challenges = {"Negotiate", R"(bearer REALM="{realm}" , service={service}, Basic realm="x")"},
                                    .token_server_apart = true}});
  const PlainAnswer denied = ask(registry, {.target = "/v2/"});
  EXPECT_NE(denied.head.find("WWW-Authenticate: Negotiate\r\n"), std::string::npos);
  EXPECT_NE(denied.head.find("bearer REALM=\"http://" + registry.token_host() + "/token\" ,"), std::string::npos);
  EXPECT_NE(registry.token_host(), registry.host());
  EXPECT_EQ(ask_at(registry.token_host(), {.target = "/token?service=fake+registry", .fields = {kBasic}}).status, 200);
  EXPECT_EQ(registry.count("GET token"), 1u);
}

}  // namespace
}  // namespace resole::test
