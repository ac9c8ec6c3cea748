// SPDX-License-Identifier: Apache-2.0
#include "document/plan.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "document/schema_check.hpp"
#include "document/words.hpp"

namespace resole::document {
namespace RESOLE_TEST_FILE {

PlannedPackage curl() {
  PlannedPackage package;
  package.name = "curl";
  package.arch = "amd64";
  package.from = "7.88.1-10+deb12u7";
  package.to = "7.88.1-10+deb12u8";
  package.source = {"curl", "7.88.1-10+deb12u8"};
  package.from_source = {"curl", "7.88.1-10+deb12u7"};
  package.repository = {.uri = "http://mirror.example.org/debian",
                        .suite = "bookworm-security",
                        .component = "main",
                        .path = "pool/main/c/curl/curl_7.88.1-10+deb12u8_amd64.deb",
                        .sha256 = Digest::of("curl"),
                        .size = 315868,
                        .index = Digest::of("index"),
                        .release = Digest::of("release"),
                        .key = "ED541312A33F1128F10B1C6C54404762BBB6E853",
                        .origin = "Debian",
                        .label = "Debian-Security",
                        .codename = "bookworm-security",
                        .security = true};
  package.why = Why::security;
  package.fixes = {"CVE-2024-2398"};
  package.severity = advisory::Severity::high;
  package.verdict = {pkg::VerdictKind::unchanged, "preinst, postinst equal the installed ones", {}};
  return package;
}

Plan small_plan() {
  Plan plan;
  plan.as_of = "2026-11-21T18:00:00Z";
  plan.tool_version = "0.1.0";
  plan.source_reference = "oci:app:1.4";
  plan.source.media_type = "application/vnd.oci.image.manifest.v1+json";
  plan.source.digest = Digest::of("manifest");
  plan.source.size = 700;
  plan.inputs = {{"report", "reports/trivy.json", Digest::of("report")}, {"index", "main", Digest::of("index")}};
  PlatformPlan platform;
  platform.platform.architecture = "amd64";
  platform.manifest = Digest::of("manifest");
  platform.config = Digest::of("config");
  platform.diff_ids = {Digest::of("layer")};
  platform.packages = {curl()};
  HeldPackage held;
  held.name = "nginx";
  held.arch = "amd64";
  held.installed = "1.22.1-9";
  held.candidate = "1.22.1-9+deb12u1";
  held.source = {"nginx", "1.22.1-9"};
  held.reason = HeldReason::scripts;
  held.requested = true;
  platform.held = {held};
  plan.platforms = {platform};
  return plan;
}

std::string message_of(const std::string& text) {
  try {
    read_plan(text, "plan.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.what();
  }
  return "no error";
}

Json small_json() { return to_json(small_plan()); }

TEST(Plan, a_package_stands_as_product_md_says) {
  const Json package = small_json()["platforms"][0]["packages"][0];
  EXPECT_EQ(package["name"], "curl");
  EXPECT_EQ(package["from"], "7.88.1-10+deb12u7");
  EXPECT_EQ(package["source"], (Json{{"name", "curl"}, {"version", "7.88.1-10+deb12u8"}}));
  EXPECT_EQ(package["fromSource"]["version"], "7.88.1-10+deb12u7");
  EXPECT_EQ(package["repository"]["size"], 315868);
  EXPECT_EQ(package["verdict"],
            (Json{{"kind", "unchanged"}, {"reason", "preinst, postinst equal the installed ones"}, {"actions", Json::array()}}));
  EXPECT_EQ(package["severity"], "HIGH");
  EXPECT_FALSE(package.contains("whyDetail")) << "empty text is left out";
  EXPECT_EQ(small_json()["schema"], "resole/plan/v1");
}

TEST(Plan, unknown_members_are_ignored) {
  Json json = small_json();
  json["later"] = 1;
  json["platforms"][0]["packages"][0]["later"] = {1, 2};
  EXPECT_EQ(to_json(read_plan(json.dump(), "plan.json")), small_json());
}

TEST(Plan, read_errors_name_the_place) {
  Json json = small_json();
  json["platforms"][0]["packages"][0]["to"] = 7;
  EXPECT_EQ(message_of(json.dump()), "plan.json: platforms[0].packages[0].to: expected a string, found number");
  json = small_json();
  json["platforms"][0]["packages"][0].erase("to");
  EXPECT_EQ(message_of(json.dump()), "plan.json: platforms[0].packages[0]: \"to\" is missing");
  json = small_json();
  json["platforms"][0]["held"][0]["reason"] = "bored";
  EXPECT_EQ(message_of(json.dump()), "plan.json: platforms[0].held[0].reason: \"bored\" is no word that is known here");
  json = small_json();
  json["platforms"][0]["packages"][0]["repository"]["sha256"] = "sha256:12";
  EXPECT_NE(message_of(json.dump()).find("plan.json: platforms[0].packages[0].repository.sha256: \"sha256:12\" is no digest"),
            std::string::npos);
  json = small_json();
  json["platforms"][0]["packages"][0]["repository"]["size"] = -1;
  EXPECT_NE(message_of(json.dump()).find("platforms[0].packages[0].repository.size: expected a whole number"), std::string::npos);
  json = small_json();
  json["platforms"] = "none";
  EXPECT_EQ(message_of(json.dump()), "plan.json: platforms: expected a list, found string");
}

TEST(Plan, a_path_that_leaves_the_repository_is_refused) {
  for (const char* path : {"../../etc/passwd", "/etc/passwd", "pool/../../x.deb"}) {
    Json json = small_json();
    json["platforms"][0]["packages"][0]["repository"]["path"] = path;
    EXPECT_EQ(message_of(json.dump()), "plan.json: platforms[0].packages[0].repository: \"path\" leaves the repository");
  }
}

TEST(Plan, other_documents_are_named) {
  EXPECT_EQ(message_of("{\"schema\": \"resole/result/v1\"}"), "plan.json is \"resole/result/v1\", expected \"resole/plan/v1\"");
  EXPECT_EQ(message_of("{}"), "plan.json is not a resole/plan document: it has no \"schema\"");
  EXPECT_EQ(message_of("[]"), "plan.json: expected a resole/plan document, found array");
  EXPECT_NE(message_of("{\"schema\": \"resole/plan/v1\", \"schema\": \"x\"}"), "no error") << "duplicate keys";
}

TEST(Plan, digest_leaves_out_when_and_where_it_was_made) {
  const Digest digest = plan_digest(small_plan());
  Plan other = small_plan();
  other.as_of = "2027-01-01T00:00:00Z";
  other.source_reference = "oci:/elsewhere";
  other.inputs[0].name = "/elsewhere/report.json";
  EXPECT_EQ(plan_digest(other), digest);
  other.inputs[0].sha256 = Digest::of("another report");
  other.platforms[0].packages[0].repository.uri = "http://mirror.example.org/elsewhere";
  other.platforms[0].packages[0].repository.release = Digest::of("signed again");
  EXPECT_EQ(plan_digest(other), digest);
  other.platforms[0].packages[0].repository.sha256 = Digest::of("another package");
  EXPECT_NE(plan_digest(other), digest);
  other = small_plan();
  other.platforms[0].packages[0].to = "7.88.1-10+deb12u9";
  EXPECT_NE(plan_digest(other), digest);
  other = small_plan();
  other.compressors["gzip"] = "another one";
  EXPECT_NE(plan_digest(other), digest);
}

TEST(Plan, noise_and_floors_are_no_changes) {
  Plan plan = small_plan();
  EXPECT_TRUE(plan.changes());
  plan.platforms[0].packages[0].noise = true;
  EXPECT_FALSE(plan.changes());
  plan.platforms[0].packages[0].noise = false;
  plan.platforms[0].packages[0].why = Why::floor;
  EXPECT_FALSE(plan.changes()) << "the given image has that version already";
  EXPECT_TRUE(plan.partial());
  plan.platforms[0].held[0].noise = true;
  EXPECT_FALSE(plan.partial());
  plan.platforms[0].held[0].noise = plan.platforms[0].held[0].requested = false;
  EXPECT_FALSE(plan.partial());
}

TEST(Plan, candidate_carries_what_proves_the_package) {
  const pkg::Candidate candidate = curl().candidate();
  EXPECT_EQ(candidate.key(), "curl:amd64");
  EXPECT_EQ(candidate.version, "7.88.1-10+deb12u8");
  EXPECT_EQ(candidate.entry.sha256, Digest::of("curl"));
}

TEST(Words, each_has_a_word_of_its_own_and_reads_back) {
  for (const HeldReason reason : all_held_reasons()) {
    EXPECT_EQ(parse_word<HeldReason>(word(reason)), reason);
    EXPECT_FALSE(sentence(reason).empty());
  }
  EXPECT_GE(all_held_reasons().size(), 19u);
  EXPECT_EQ(parse_word<UnfixedReason>("will-not-fix"), UnfixedReason::will_not_fix);
  EXPECT_EQ(parse_word<Scope>("not-yet"), Scope::not_yet);
  EXPECT_EQ(parse_word<Why>("why not"), std::nullopt);
}

template <class E>
std::vector<std::string> words_in_code() {
  std::vector<std::string> words;
  for (const E value : all_values<E>()) words.emplace_back(word(value));
  return words;
}

TEST(Words, schemas_list_exactly_the_words_of_the_code) {
  for (const char* name : {"plan", "result"}) {
    std::ifstream file(std::string(RESOLE_SOURCE_DATA "/docs/schema/") + name + ".json");
    ASSERT_TRUE(file) << name;
    const Json definitions = Json::parse(file)["definitions"];
    const auto listed = [&](const char* definition) { return definitions[definition]["enum"].get<std::vector<std::string>>(); };
    EXPECT_EQ(listed("why"), words_in_code<Why>());
    EXPECT_EQ(listed("scope"), words_in_code<Scope>());
    EXPECT_EQ(listed("heldReason"), words_in_code<HeldReason>());
    EXPECT_EQ(listed("unfixedReason"), words_in_code<UnfixedReason>());
    EXPECT_EQ(listed("severity"), words_in_code<advisory::Severity>());
    if (definitions.contains("policy")) {
      EXPECT_EQ(definitions["policy"]["properties"]["onPartial"]["enum"].get<std::vector<std::string>>(), words_in_code<OnPartial>());
    }
    EXPECT_EQ(definitions["verdict"]["properties"]["kind"]["enum"].get<std::vector<std::string>>(), words_in_code<pkg::VerdictKind>());
  }
}

TEST(Words, the_schema_of_rollouts_lists_exactly_the_reasons_of_the_code) {
  std::ifstream file(RESOLE_SOURCE_DATA "/docs/schema/rollout.json");
  EXPECT_EQ(Json::parse(file)["definitions"]["leftReason"]["enum"].get<std::vector<std::string>>(), words_in_code<LeftReason>());
  for (const LeftReason reason : all_values<LeftReason>()) {
    EXPECT_EQ(parse_word<LeftReason>(word(reason)), reason);
    EXPECT_FALSE(sentence(reason).empty());
  }
}

TEST(Words, schemas_of_what_comes_after_list_exactly_the_words_of_the_code) {
  std::ifstream proposal(RESOLE_SOURCE_DATA "/docs/schema/proposal.json"), status(RESOLE_SOURCE_DATA "/docs/schema/rollout-status.json");
  EXPECT_EQ(Json::parse(proposal)["definitions"]["outcome"]["enum"].get<std::vector<std::string>>(), words_in_code<ProposalOutcome>());
  EXPECT_EQ(Json::parse(status)["definitions"]["state"]["enum"].get<std::vector<std::string>>(), words_in_code<RolloutState>());
}

TEST(Schema, definitions_that_plan_and_result_share_are_equal) {
  std::ifstream plan_file(RESOLE_SOURCE_DATA "/docs/schema/plan.json"), result_file(RESOLE_SOURCE_DATA "/docs/schema/result.json");
  const Json plan = Json::parse(plan_file)["definitions"], result = Json::parse(result_file)["definitions"];
  std::size_t shared = 0;
  for (const auto& [name, definition] : plan.items()) {
    if (!result.contains(name)) continue;
    EXPECT_EQ(result[name], definition) << name;
    ++shared;
  }
  EXPECT_GE(shared, 12u);
}

TEST(Schema, wrong_documents_do_not_fit) {
  if (!have_schema_checker()) GTEST_SKIP() << "needs /usr/bin/python3 with jsonschema";
  EXPECT_EQ(schema_problems("plan", {write_plan(small_plan())}), "");
  std::vector<std::string> wrong;
  const auto add = [&](auto change) {
    Json json = small_json();
    change(json);
    wrong.push_back(json.dump());
  };
  add([](Json& json) { json["schema"] = "resole/plan/v2"; });
  add([](Json& json) { json["platforms"][0]["packages"][0].erase("to"); });
  add([](Json& json) { json["platforms"][0]["held"][0]["reason"] = "bored"; });
  add([](Json& json) { json["platforms"][0]["packages"][0]["repository"]["sha256"] = "12"; });
  add([](Json& json) { json["asOf"] = "yesterday"; });
  add([](Json& json) { json["platforms"][0]["packages"][0]["noise"] = "no"; });
  const std::string problems = schema_problems("plan", wrong);
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    EXPECT_NE(("\n" + problems).find("\n" + std::to_string(i) + ": "), std::string::npos) << "document " << i << " passed: " << problems;
  }
}

}  // namespace
}  // namespace resole::document
