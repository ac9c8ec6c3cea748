// SPDX-License-Identifier: Apache-2.0
// What is sent to each forge, and what is made of its answers: also of wrong, huge and hostile ones. The shapes of requests are checked against the vendors' own
// descriptions in integration/propose.bats.
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/json.hpp"
#include "forge/connect.hpp"
#include "io/fetcher.hpp"
#include "support/http_server.hpp"
#include "support/listening_reporter.hpp"

namespace resole::forge {
namespace RESOLE_TEST_FILE {

using resole::test::HttpAnswer;
using resole::test::HttpPlan;
using resole::test::HttpSeen;
using resole::test::HttpServer;

const std::string kToken = "token-0123456789";

// A forge of one kind at a scripted server: answers by "METHOD /path" without the query, in turn; the last one repeats.
class Talk {
 public:
  explicit Talk(const char* kind) {
    server_.open_rest([this](const HttpSeen& head) {
      HttpPlan plan;
      plan.answer = [this, method = head.method, path = head.path](const HttpSeen& seen) { return answer(method, path, seen); };
      return plan;
    });
    ForgeSettings settings;
    settings.kind = forge_named(kind);
    settings.api = Url::parse(server_.url("/api/v3"));
    settings.project = "team/web";
    settings.token = kToken;
    settings.sleep = [this](double seconds) { slept.push_back(seconds); };
    forge = connect_forge(settings, *clock_, reporter);
  }
  void on(const std::string& call, std::vector<HttpAnswer> answers) { answers_[call] = std::move(answers); }
  static HttpAnswer json(int status, const Json& body, std::vector<std::pair<std::string, std::string>> fields = {}) {
    return {.status = status, .body = dump_compact(body), .fields = std::move(fields)};
  }
  // "POST /api/v3/repos/team/web/pulls {...}" of all requests
  std::vector<std::string> calls() const {
    std::vector<std::string> all;
    for (const auto& seen : seen_) all.push_back(seen.method + " " + seen.path + (seen.body.empty() ? "" : " " + seen.body));
    return all;
  }
  const std::vector<HttpSeen>& seen() const { return seen_; }

  std::vector<double> slept;
  resole::test::ListeningReporter reporter;
  std::unique_ptr<Forge> forge;

 private:
  HttpAnswer answer(const std::string& method, const std::string& path, const HttpSeen& seen) {
    const std::lock_guard lock(mutex_);
    seen_.push_back(seen);
    auto& list = answers_[method + " " + path.substr(0, path.find('?'))];
    if (list.empty()) return json(404, {{"message", "Not Found"}});
    HttpAnswer next = list.front();
    if (list.size() > 1) list.erase(list.begin());
    return next;
  }

  std::mutex mutex_;
  std::map<std::string, std::vector<HttpAnswer>> answers_;
  std::vector<HttpSeen> seen_;
  std::unique_ptr<Clock> clock_ = io::system_clock();
  HttpServer server_;
};

const std::string kPulls = "/api/v3/repos/team/web/pulls", kIssue = "/api/v3/repos/team/web/issues/7", kMerges = "/api/v3/projects/team%2Fweb/merge_requests";

Json github_pull(const std::string& state = "open") {
  return {{"number", 7},  {"node_id", "PR_x"}, {"html_url", "https://github.example.org/team/web/pull/7"}, {"title", "T"}, {"body", "B"}, {"state", state}, {"merged_at", nullptr}, {"draft", false},
          {"labels", {{{"name", "one"}}}}, {"head", {{"ref", "b/x"}}}, {"base", {{"ref", "main"}}}};
}
Json gitlab_merge(const std::string& state = "opened") {
  return {{"iid", 7}, {"web_url", "https://gitlab.example.org/team/web/-/merge_requests/7"}, {"title", "Draft: T"}, {"description", "B"}, {"state", state}, {"draft", true},
          {"labels", {"one"}}, {"source_branch", "b/x"}, {"target_branch", "main"}, {"has_conflicts", false}, {"detailed_merge_status", "mergeable"}};
}
const NewRequest kNew{"b/x", "main", "T", "B", true};
ChangeRequest seven() {
  ChangeRequest request;
  request.number = 7;
  request.key = "PR_x";
  return request;
}

std::string error_of(const std::function<void()>& step, ErrorKind kind) {
  try {
    step();
    return "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    EXPECT_EQ(std::string(error.what()).find(kToken), std::string::npos);
    return error.what();
  }
}

TEST(GitHub, finds_what_is_open_and_asks_whether_it_can_be_merged) {
  Talk talk("github");
  Json one = github_pull(), other = github_pull();
  other["head"]["ref"] = "other";
  talk.on("GET " + kPulls, {Talk::json(200, Json::array({one, other})), Talk::json(200, Json::array())});
  one["mergeable"] = false;
  one["mergeable_state"] = "dirty";
  talk.on("GET " + kPulls + "/7", {Talk::json(200, one)});
  const auto found = talk.forge->find("b/x", "main");
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].number, 7u);
  EXPECT_TRUE(found[0].conflicted);
  EXPECT_EQ(found[0].labels, std::vector<std::string>{"one"});
  EXPECT_EQ(talk.calls()[0], "GET " + kPulls + "?state=open&head=team%3Ab%2Fx&base=main&sort=created&direction=desc&per_page=20");
  EXPECT_EQ(talk.seen()[0].field("authorization"), "Bearer " + kToken);
  EXPECT_EQ(talk.seen()[0].field("x-github-api-version"), "2022-11-28");
}

TEST(GitHub, knows_merged_from_closed) {
  Talk talk("github");
  Json merged = github_pull("closed"), closed = github_pull("closed");
  merged["merged_at"] = "2026-01-31T00:00:00Z";
  closed["number"] = 6;
  talk.on("GET " + kPulls, {Talk::json(200, Json::array()), Talk::json(200, Json::array({merged, closed}))});
  const auto found = talk.forge->find("b/x", "main");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].state, ChangeRequest::State::merged);
  EXPECT_EQ(found[1].state, ChangeRequest::State::closed);
}

TEST(GitHub, opens_labels_and_asks) {
  Talk talk("github");
  talk.on("POST " + kPulls, {Talk::json(201, github_pull())});
  talk.on("POST " + kIssue + "/labels", {Talk::json(200, Json::array())});
  talk.on("POST " + kPulls + "/7/requested_reviewers", {Talk::json(201, github_pull())});
  const auto created = talk.forge->create(kNew);
  EXPECT_FALSE(created.adopted);
  talk.forge->label(created.request, {{"security"}, {"a b"}});
  talk.forge->ask_for_review(created.request, {"ann", "team/ops"});
  EXPECT_EQ(talk.calls()[0], "POST " + kPulls + R"( {"base":"main","body":"B","draft":true,"head":"b/x","maintainer_can_modify":true,"title":"T"})");
  EXPECT_EQ(talk.calls()[1], "POST " + kIssue + R"(/labels {"labels":["security"]})");
  EXPECT_EQ(talk.calls()[2], "DELETE " + kIssue + "/labels/a%20b") << "404: it is gone already";
  EXPECT_EQ(talk.calls()[3], "POST " + kPulls + R"(/7/requested_reviewers {"reviewers":["ann"],"team_reviewers":["ops"]})");
}

TEST(GitHub, one_that_exists_is_adopted) {
  Talk talk("github");
  talk.on("POST " + kPulls, {Talk::json(422, {{"message", "Validation Failed"}, {"errors", {{{"message", "A pull request already exists for team:b/x."}}}}})});
  talk.on("GET " + kPulls, {Talk::json(200, Json::array({github_pull()})), Talk::json(200, Json::array())});
  talk.on("GET " + kPulls + "/7", {Talk::json(200, github_pull())});
  EXPECT_TRUE(talk.forge->create(kNew).adopted);
}

TEST(GitHub, another_422_is_told_with_its_words) {
  Talk talk("github");
  talk.on("POST " + kPulls, {Talk::json(422, {{"message", "Validation Failed"}, {"errors", {{{"message", "No commits between main and b/x"}}}}})});
  EXPECT_NE(error_of([&] { talk.forge->create(kNew); }, ErrorKind::network).find("No commits between main and b/x"), std::string::npos);
}

TEST(GitHub, auto_merge_is_graphql_beside_the_rest_api) {
  Talk talk("github");
  talk.on("POST /api/graphql", {Talk::json(200, {{"data", Json::object()}}), Talk::json(200, {{"errors", {{{"message", "Auto merge is not allowed"}}}}})});
  talk.forge->merge_when_ready(seven(), "abc");
  EXPECT_NE(talk.calls()[0].find(R"("variables":{"id":"PR_x"})"), std::string::npos);
  EXPECT_NE(error_of([&] { talk.forge->merge_when_ready(seven(), "abc"); }, ErrorKind::network).find("Auto merge is not allowed"), std::string::npos);
}

TEST(GitHub, comments_once) {
  Talk talk("github");
  talk.on("GET " + kIssue + "/comments", {Talk::json(200, Json::array({{{"body", "hello"}}})), Talk::json(200, Json::array({{{"body", "<!-- m -->\ntext"}}}))});
  talk.on("POST " + kIssue + "/comments", {Talk::json(201, Json::object())});
  talk.forge->comment_once(seven(), "<!-- m -->", "text");
  talk.forge->comment_once(seven(), "<!-- m -->", "text");
  EXPECT_EQ(talk.calls().size(), 3u);
}

TEST(GitLab, finds_opens_edits) {
  Talk talk("gitlab");
  Json other = gitlab_merge("merged");
  talk.on("GET " + kMerges, {Talk::json(200, Json::array({gitlab_merge(), other}))});
  const auto found = talk.forge->find("b/x", "main");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_TRUE(found[0].draft);
  EXPECT_EQ(found[0].title, "T") << "the prefix is not the title's";
  EXPECT_EQ(found[1].state, ChangeRequest::State::merged);
  EXPECT_EQ(talk.calls()[0], "GET " + kMerges + "?source_branch=b%2Fx&target_branch=main&state=all&order_by=created_at&sort=desc&per_page=20");
  talk.on("POST " + kMerges, {Talk::json(201, gitlab_merge())});
  talk.on("PUT " + kMerges + "/7", {Talk::json(200, gitlab_merge())});
  const auto created = talk.forge->create(kNew);
  talk.forge->edit(created.request, {"New", ""});
  talk.forge->label(created.request, {{"a", "b"}, {"c"}});
  EXPECT_EQ(talk.calls()[1], "POST " + kMerges + R"( {"description":"B","remove_source_branch":true,"source_branch":"b/x","target_branch":"main","title":"Draft: T"})");
  EXPECT_EQ(talk.calls()[2], "PUT " + kMerges + R"(/7 {"title":"Draft: New"})") << "a draft stays one";
  EXPECT_EQ(talk.calls()[3], "PUT " + kMerges + R"(/7 {"add_labels":"a,b","remove_labels":"c"})");
}

TEST(GitLab, a_409_is_adopted) {
  Talk talk("gitlab");
  talk.on("POST " + kMerges, {Talk::json(409, {{"message", {"Another open merge request already exists for this source branch: !7"}}})});
  talk.on("GET " + kMerges, {Talk::json(200, Json::array({gitlab_merge()}))});
  EXPECT_TRUE(talk.forge->create(kNew).adopted);
}

TEST(GitLab, reviewers_are_looked_up_and_those_of_before_stay) {
  Talk talk("gitlab");
  Json now = gitlab_merge();
  now["reviewers"] = {{{"id", 3}}};
  talk.on("GET " + kMerges + "/7", {Talk::json(200, now)});
  talk.on("GET /api/v3/users", {Talk::json(200, Json::array({{{"id", 5}, {"username", "Ann"}}})), Talk::json(200, Json::array())});
  talk.on("PUT " + kMerges + "/7", {Talk::json(200, now)});
  EXPECT_NE(error_of([&] { talk.forge->ask_for_review(seven(), {"ann", "nobody"}); }, ErrorKind::network).find("nobody"), std::string::npos);
  EXPECT_EQ(talk.calls().back(), "PUT " + kMerges + R"(/7 {"reviewer_ids":[3,5]})");
}

TEST(GitLab, a_merge_waits_until_the_forge_has_looked) {
  Talk talk("gitlab");
  Json checking = gitlab_merge(), ready = gitlab_merge();
  checking["detailed_merge_status"] = "checking";
  talk.on("GET " + kMerges + "/7", {Talk::json(200, checking), Talk::json(200, ready)});
  talk.on("PUT " + kMerges + "/7/merge", {Talk::json(405, {{"message", "405 Method Not Allowed"}}), Talk::json(200, ready)});
  talk.forge->merge_when_ready(seven(), "abc");
  EXPECT_EQ(talk.slept.size(), 2u);
  EXPECT_NE(talk.calls().back().find(R"("sha":"abc")"), std::string::npos);
}

TEST(Gitea, labels_are_numbers_and_drafts_are_titles) {
  Talk talk("gitea");
  talk.on("POST " + kPulls, {Talk::json(201, github_pull())});
  talk.on("GET /api/v3/repos/team/web/labels", {Talk::json(200, Json::array({{{"id", 4}, {"name", "security"}}, {{"id", 5}, {"name", "old"}}}))});
  talk.on("POST " + kIssue + "/labels", {Talk::json(200, Json::array())});
  talk.on("DELETE " + kIssue + "/labels/5", {{.status = 204}});
  talk.forge->create(kNew);
  EXPECT_EQ(talk.calls()[0], "POST " + kPulls + R"( {"base":"main","body":"B","head":"b/x","title":"WIP: T"})");
  EXPECT_EQ(talk.seen()[0].field("authorization"), "token " + kToken);
  EXPECT_NE(error_of([&] { talk.forge->label(seven(), {{"security", "unknown"}, {"old"}}); }, ErrorKind::network).find("unknown"), std::string::npos);
  EXPECT_EQ(talk.calls()[2], "POST " + kIssue + R"(/labels {"labels":[4]})");
  EXPECT_EQ(talk.calls()[3], "DELETE " + kIssue + "/labels/5");
}

TEST(Gitea, looks_through_the_pages_for_its_branch) {
  Talk talk("gitea");
  Json page = Json::array();
  for (int i = 0; i < 50; ++i) {
    page.push_back(github_pull());
    page.back()["head"]["ref"] = "other";
  }
  talk.on("GET " + kPulls, {Talk::json(200, page), Talk::json(200, Json::array({github_pull()})), Talk::json(200, Json::array())});
  EXPECT_EQ(talk.forge->find("b/x", "main").size(), 1u);
  EXPECT_EQ(talk.calls().size(), 3u);
}

// ---- rule 10: limits

TEST(ForgeApi, short_limits_are_waited_for) {
  Talk talk("github");
  talk.on("PATCH " + kPulls + "/7", {Talk::json(403, {{"message", "You have exceeded a secondary rate limit"}}, {{"Retry-After", "7"}}), Talk::json(429, Json::object(), {{"Retry-After", "2"}}),
                                     {.status = 502}, Talk::json(200, github_pull())});
  talk.forge->close(seven());
  ASSERT_EQ(talk.slept.size(), 3u);
  EXPECT_GE(talk.slept[0], 7);
  EXPECT_GE(talk.slept[1], 2);
}

TEST(ForgeApi, long_limits_end_the_run_as_one_to_be_tried_again) {
  const std::string soon = std::to_string(io::system_clock()->now() + 3000);
  Talk talk("github");
  talk.on("PATCH " + kPulls + "/7", {Talk::json(403, {{"message", "API rate limit exceeded"}}, {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset", soon}})});
  EXPECT_NE(error_of([&] { talk.forge->close(seven()); }, ErrorKind::throttled).find("API rate limit exceeded"), std::string::npos);
  EXPECT_TRUE(talk.slept.empty());
  Talk gitlab("gitlab");
  gitlab.on("PUT " + kMerges + "/7", {Talk::json(429, Json::object(), {{"Retry-After", "3600"}})});
  error_of([&] { gitlab.forge->close(seven()); }, ErrorKind::throttled);
}

TEST(ForgeApi, a_403_that_is_no_limit_is_a_refusal) {
  Talk talk("github");
  talk.on("PATCH " + kPulls + "/7", {Talk::json(403, {{"message", "Resource not accessible by integration"}}, {{"X-RateLimit-Remaining", "4999"}, {"X-RateLimit-Reset", "1"}})});
  EXPECT_NE(error_of([&] { talk.forge->close(seven()); }, ErrorKind::network).find("Resource not accessible"), std::string::npos);
  EXPECT_EQ(talk.calls().size(), 1u);
}

TEST(ForgeApi, a_comment_is_not_sent_twice) {
  Talk talk("gitlab");
  talk.on("GET " + kMerges + "/7/notes", {Talk::json(200, Json::array())});
  talk.on("POST " + kMerges + "/7/notes", {{.status = 502}});
  error_of([&] { talk.forge->comment_once(seven(), "m", "t"); }, ErrorKind::network);
  EXPECT_EQ(talk.calls().size(), 2u);
}

// ---- answers are hostile

TEST(ForgeApi, answers_of_any_shape_are_errors_that_say_so) {
  for (const std::string body : {"", "null", "{}", "[1,2]", "\"x\"", "[{\"number\":7}]", "[[]]", "<html>login</html>", "[{\"number\":\"7\",\"head\":{\"ref\":\"b/x\"},\"base\":{\"ref\":\"main\"}}]",
                                 "[{\"number\":-7,\"head\":{\"ref\":\"b/x\"},\"base\":{\"ref\":\"main\"}}]", "{\"a\":1,\"a\":2}"}) {
    for (const char* kind : {"github", "gitlab", "gitea"}) {
      Talk talk(kind);
      talk.on("GET " + kPulls, {{.status = 200, .body = body}});
      talk.on("GET " + kMerges, {{.status = 200, .body = body}});
      try {
        EXPECT_TRUE(talk.forge->find("b/x", "main").empty()) << kind << body;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::network) << kind << " " << body << ": " << error.what();
      }
    }
  }
}

TEST(ForgeApi, deep_and_endless_answers_are_refused) {
  Talk talk("github");
  talk.on("GET " + kPulls, {{.status = 200, .body = std::string(200'000, '[')}});
  error_of([&] { talk.forge->find("b/x", "main"); }, ErrorKind::network);
  Talk endless("github");
  resole::test::HttpContent content{200ull << 20, [](std::uint64_t, char* out, std::size_t count) { std::fill(out, out + count, ' '); }};
  endless.on("GET " + kPulls, {{.status = 200, .content = content}});
  EXPECT_NE(error_of([&] { endless.forge->find("b/x", "main"); }, ErrorKind::network).find("more than"), std::string::npos);
}

TEST(ForgeApi, what_is_shown_cannot_play_tricks) {
  Talk talk("github");
  Json pull = github_pull();
  pull["html_url"] = "javascript:alert(1)";
  talk.on("POST " + kPulls, {Talk::json(201, pull), Talk::json(422, {{"message", "\x1b[2Jgone"}})});
  EXPECT_EQ(talk.forge->create(kNew).request.url, "");
  EXPECT_EQ(error_of([&] { talk.forge->create(kNew); }, ErrorKind::network).find('\x1b'), std::string::npos);
}

TEST(ForgeApi, a_token_does_not_follow_to_another_host) {
  Talk talk("github");
  HttpServer elsewhere;
  elsewhere.open_rest([](const HttpSeen&) { return HttpPlan{.answer = [](const HttpSeen&) { return HttpAnswer{.status = 200, .body = "[]"}; }}; });
  talk.on("GET " + kPulls, {{.status = 302, .fields = {{"Location", elsewhere.url("/x")}}}});
  try {
    talk.forge->find("b/x", "main");
  } catch (const Error&) {
    // refused is as good
  }
  for (const auto& seen : elsewhere.seen()) EXPECT_FALSE(seen.has("authorization"));
}

TEST(ForgeApi, a_moved_repository_is_said) {
  Talk talk("github");
  talk.on("POST " + kPulls, {{.status = 307, .body = "{\"message\":\"Moved Permanently\"}", .fields = {{"Location", "/elsewhere"}}}});
  try {
    talk.forge->create(kNew);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.hint().find("moved"), std::string::npos);
  }
}

}  // namespace
}  // namespace resole::forge
