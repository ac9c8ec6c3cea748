// SPDX-License-Identifier: Apache-2.0
// GitHub and GitHub Enterprise Server: REST of 2022-11-28, and GraphQL for the one thing that REST does not have (auto-merge).
#include <algorithm>

#include "forge/answers.hpp"
#include "forge/forges.hpp"

namespace resole::forge {

namespace {

class GitHub : public Forge {
 public:
  GitHub(std::shared_ptr<Api> api, std::string project) : api_(std::move(api)), project_(std::move(project)), owner_(project_.substr(0, project_.find('/'))), repository_("/repos/" + project_) {}

  // state=all is left out on purpose: it fails on large repositories (Renovate asks twice as well).
  std::vector<ChangeRequest> find(const std::string& branch, const std::string& base) override {
    std::vector<ChangeRequest> found;
    for (const char* state : {"open", "closed"}) {
      const std::string query = fmt::format("?state={}&head={}&base={}&sort=created&direction=desc&per_page=20", state, percent_encoded(owner_ + ":" + branch), percent_encoded(base));
      const Json answer = api_->ask({"GET", repository_ + "/pulls" + query}, "looking for the pull request");
      for (const Json& each : list_of(answer, "GitHub")) {
        // An unknown parameter is ignored by servers: what they give is looked at again.
        if (text_in(part_in(each, "head"), "ref") != branch || text_in(part_in(each, "base"), "ref") != base) continue;
        found.push_back(request_of(each));
      }
    }
    for (auto& request : found) {
      if (request.is_open()) look_closer(request);
    }
    return found;
  }

  Created create(const NewRequest& wanted) override {
    const Json body = {{"title", wanted.title}, {"head", wanted.branch}, {"base", wanted.base}, {"body", wanted.body}, {"draft", wanted.draft}, {"maintainer_can_modify", true}};
    const ApiCall call{"POST", repository_ + "/pulls", dump_compact(body)};
    const ApiAnswer answer = api_->call(call);
    if (answer.status == 422 && message_of(answer.body).find("already exists") != std::string::npos) {
      for (auto& request : find(wanted.branch, wanted.base)) {
        if (request.is_open()) return {std::move(request), true};
      }
    }
    if (!answer.good()) throw api_->refusal(answer, "opening the pull request");
    return {request_of(parse_json(answer.body, "GitHub's answer", {.bytes = 4u << 20, .depth = 60}))};
  }

  void edit(const ChangeRequest& request, const RequestEdit& edit) override {
    Json body = Json::object();
    if (!edit.title.empty()) body["title"] = edit.title;
    if (!edit.body.empty()) body["body"] = edit.body;
    api_->ask({"PATCH", pull(request), dump_compact(body)}, "changing the pull request");
  }

  void label(const ChangeRequest& request, const LabelEdit& edit) override {
    if (!edit.add.empty()) api_->ask({"POST", issue(request) + "/labels", dump_compact(Json{{"labels", edit.add}})}, "labelling the pull request");
    for (const auto& name : edit.remove) {
      const ApiAnswer answer = api_->call({"DELETE", issue(request) + "/labels/" + percent_encoded(name)});
      if (!answer.good() && answer.status != 404) throw api_->refusal(answer, "taking a label off the pull request");
    }
  }

  void ask_for_review(const ChangeRequest& request, const std::vector<std::string>& reviewers) override {
    Json people = Json::array(), teams = Json::array();
    for (const auto& name : reviewers) {
      const std::size_t slash = name.find('/');  // "org/team"
      if (slash == std::string::npos) people.push_back(name);
      else teams.push_back(name.substr(slash + 1));
    }
    api_->ask({"POST", pull(request) + "/requested_reviewers", dump_compact(Json{{"reviewers", people}, {"team_reviewers", teams}})}, "asking for reviews");
  }

  void comment_once(const ChangeRequest& request, const std::string& mark, const std::string& text) override {
    const Json there = api_->ask({"GET", issue(request) + "/comments?per_page=100"}, "reading the comments");
    for (const Json& each : list_of(there, "GitHub")) {
      if (text_in(each, "body").find(mark) != std::string::npos) return;
    }
    api_->ask({"POST", issue(request) + "/comments", dump_compact(Json{{"body", mark + "\n" + text}}), false}, "commenting");
  }

  void merge_when_ready(const ChangeRequest& request, const std::string&) override {
    const Json body = {{"query", "mutation($id: ID!) { enablePullRequestAutoMerge(input: {pullRequestId: $id}) { clientMutationId } }"}, {"variables", {{"id", request.key}}}};
    const Json answer = api_->ask({"POST", graphql_url(), dump_compact(body)}, "asking for auto-merge");
    const Json& errors = part_in(answer, "errors");  // GraphQL refuses with 200
    if (errors.is_array() && !errors.empty()) {
      throw Error(ErrorKind::network, fmt::format("asking for auto-merge: GitHub answers {}", printable(text_in(errors.front(), "message"), 300)), "does the repository allow auto-merge, and does a rule make it wait?");
    }
  }

  void close(const ChangeRequest& request) override { api_->ask({"PATCH", pull(request), dump_compact(Json{{"state", "closed"}})}, "closing the pull request"); }

 private:
  std::string pull(const ChangeRequest& request) const { return fmt::format("{}/pulls/{}", repository_, request.number); }
  std::string issue(const ChangeRequest& request) const { return fmt::format("{}/issues/{}", repository_, request.number); }

  // https://api.github.com/graphql; https://HOST/api/graphql beside https://HOST/api/v3
  std::string graphql_url() const {
    std::string base = api_->access().base.text();
    while (base.ends_with('/')) base.pop_back();
    if (base.ends_with("/v3")) base.resize(base.size() - 3);
    return base + "/graphql";
  }

  static ChangeRequest request_of(const Json& json) {
    ChangeRequest request;
    request.number = number_in(json, "number", "GitHub");
    request.key = text_in(json, "node_id");
    request.url = web_url_in(json, "html_url");
    request.title = text_in(json, "title");
    request.body = text_in(json, "body");
    const bool merged = part_in(json, "merged_at").is_string() || flag_in(json, "merged");
    request.state = merged ? ChangeRequest::State::merged : text_in(json, "state") == "open" ? ChangeRequest::State::open : ChangeRequest::State::closed;
    request.draft = flag_in(json, "draft");
    if (part_in(json, "labels").is_array()) {
      for (const Json& each : part_in(json, "labels")) request.labels.push_back(text_in(each, "name"));
    }
    return request;
  }

  // Lists do not say whether it can be merged; a null means that GitHub does not know yet, and then there is no reason to touch it.
  void look_closer(ChangeRequest& request) {
    const Json json = api_->ask({"GET", pull(request)}, "looking at the pull request");
    const Json& mergeable = part_in(json, "mergeable");
    request.conflicted = mergeable.is_boolean() && !mergeable.get<bool>();
    request.behind = text_in(json, "mergeable_state") == "behind";
  }

  std::shared_ptr<Api> api_;
  std::string project_, owner_, repository_;
};

}  // namespace

std::unique_ptr<Forge> make_github(std::shared_ptr<Api> api, const std::string& project) {
  if (std::count(project.begin(), project.end(), '/') != 1) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no repository of GitHub", printable(project)), "give --project OWNER/REPOSITORY");
  }
  return std::make_unique<GitHub>(std::move(api), project);
}

}  // namespace resole::forge
