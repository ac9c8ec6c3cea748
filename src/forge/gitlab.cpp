// SPDX-License-Identifier: Apache-2.0
// GitLab, also self-hosted: REST v4, merge requests.
#include <algorithm>

#include "forge/answers.hpp"
#include "forge/forges.hpp"

namespace resole::forge {

namespace {

constexpr std::string_view kGitLabDraft = "Draft: ";
constexpr unsigned kMostMergeTries = 5;

bool is_merge_status_settled(std::string_view status) {
  return status != "checking" && status != "unchecked" && status != "preparing" && status != "approvals_syncing";
}

class GitLab : public Forge {
 public:
  GitLab(std::shared_ptr<Api> api, const std::string& project) : api_(std::move(api)), project_("/projects/" + percent_encoded(project)) {}

  std::vector<ChangeRequest> find(const std::string& branch, const std::string& base) override {
    const std::string query = fmt::format("?source_branch={}&target_branch={}&state=all&order_by=created_at&sort=desc&per_page=20", percent_encoded(branch), percent_encoded(base));
    const Json answer = api_->ask({"GET", project_ + "/merge_requests" + query}, "looking for the merge request");
    std::vector<ChangeRequest> found;
    for (const Json& each : list_of(answer, "GitLab")) {
      if (text_in(each, "source_branch") == branch && text_in(each, "target_branch") == base) found.push_back(request_of(each));
    }
    return found;
  }

  Created create(const NewRequest& wanted) override {
    const Json body = {{"source_branch", wanted.branch}, {"target_branch", wanted.base}, {"title", (wanted.draft ? std::string(kGitLabDraft) : "") + wanted.title},
                       {"description", wanted.body},     {"remove_source_branch", true}};
    const ApiAnswer answer = api_->call({"POST", project_ + "/merge_requests", dump_compact(body)});
    if (answer.status == 409) {
      for (auto& request : find(wanted.branch, wanted.base)) {
        if (request.is_open()) return {std::move(request), true};
      }
    }
    if (!answer.good()) throw api_->refusal(answer, "opening the merge request");
    return {request_of(parse_json(answer.body, "GitLab's answer", {.bytes = 8u << 20, .depth = 60}))};
  }

  void edit(const ChangeRequest& request, const RequestEdit& edit) override {
    Json body = Json::object();
    if (!edit.title.empty()) body["title"] = (request.draft ? std::string(kGitLabDraft) : "") + edit.title;  // the title is where GitLab keeps it
    if (!edit.body.empty()) body["description"] = edit.body;
    put(request, body, "changing the merge request");
  }

  void label(const ChangeRequest& request, const LabelEdit& edit) override {
    Json body = Json::object();
    if (!edit.add.empty()) body["add_labels"] = join(edit.add, ",");
    if (!edit.remove.empty()) body["remove_labels"] = join(edit.remove, ",");
    put(request, body, "labelling the merge request");
  }

  // Reviewers are users by number; those that are asked already stay.
  void ask_for_review(const ChangeRequest& request, const std::vector<std::string>& reviewers) override {
    const Json now = api_->ask({"GET", merge_request(request)}, "looking at the merge request");
    Json ids = Json::array();
    if (part_in(now, "reviewers").is_array()) {
      for (const Json& each : part_in(now, "reviewers")) ids.push_back(number_in(each, "id", "GitLab"));
    }
    std::vector<std::string> unknown;
    for (const auto& name : reviewers) {
      const Json users = api_->ask({"GET", "/users?username=" + percent_encoded(name)}, "looking for a reviewer");
      const auto found = std::find_if(list_of(users, "GitLab").begin(), users.end(), [&](const Json& user) { return lower(text_in(user, "username")) == lower(name); });
      if (found == users.end()) {
        unknown.push_back(name);
      } else if (const auto id = number_in(*found, "id", "GitLab"); std::find(ids.begin(), ids.end(), Json(id)) == ids.end()) {
        ids.push_back(id);
      }
    }
    put(request, {{"reviewer_ids", ids}}, "asking for reviews");
    if (!unknown.empty()) throw Error(ErrorKind::network, fmt::format("GitLab has no user {}", printable(join(unknown, ", "))), "reviewers are named by their user names");
  }

  void comment_once(const ChangeRequest& request, const std::string& mark, const std::string& text) override {
    const Json there = api_->ask({"GET", merge_request(request) + "/notes?per_page=100&sort=asc&order_by=created_at"}, "reading the comments");
    for (const Json& each : list_of(there, "GitLab")) {
      if (text_in(each, "body").find(mark) != std::string::npos) return;
    }
    api_->ask({"POST", merge_request(request) + "/notes", dump_compact(Json{{"body", mark + "\n" + text}}), false}, "commenting");
  }

  // GitLab answers 405 as long as it has not looked at the new commit itself.
  void merge_when_ready(const ChangeRequest& request, const std::string& head) override {
    const Json body = {{"merge_when_pipeline_succeeds", true}, {"auto_merge", true}, {"should_remove_source_branch", true}, {"sha", head}};
    for (unsigned tried = 1;; ++tried) {
      const Json now = api_->ask({"GET", merge_request(request)}, "looking at the merge request");
      if (is_merge_status_settled(text_in(now, "detailed_merge_status")) || tried == kMostMergeTries) {
        const ApiAnswer answer = api_->call({"PUT", merge_request(request) + "/merge", dump_compact(body)});
        if (answer.good()) return;
        if (answer.status != 405 || tried == kMostMergeTries) throw api_->refusal(answer, "asking for the merge");
      }
      if (tried < kMostMergeTries) api_->access().retries.sleep(tried);
    }
  }

  void close(const ChangeRequest& request) override { put(request, {{"state_event", "close"}}, "closing the merge request"); }

 private:
  std::string merge_request(const ChangeRequest& request) const { return fmt::format("{}/merge_requests/{}", project_, request.number); }
  void put(const ChangeRequest& request, const Json& body, std::string_view wanted) { api_->ask({"PUT", merge_request(request), dump_compact(body)}, wanted); }

  static ChangeRequest request_of(const Json& json) {
    ChangeRequest request;
    request.number = number_in(json, "iid", "GitLab");
    request.url = web_url_in(json, "web_url");
    request.title = text_in(json, "title");
    request.body = text_in(json, "description");
    const std::string state = text_in(json, "state");
    request.state = state == "merged" ? ChangeRequest::State::merged : state == "closed" ? ChangeRequest::State::closed : ChangeRequest::State::open;
    request.draft = flag_in(json, "draft") || flag_in(json, "work_in_progress");
    if (request.draft && request.title.starts_with(kGitLabDraft)) request.title.erase(0, kGitLabDraft.size());
    const std::string status = text_in(json, "detailed_merge_status");
    request.conflicted = flag_in(json, "has_conflicts") || status == "conflict" || status == "broken_status";
    request.behind = status == "need_rebase";
    if (part_in(json, "labels").is_array()) {
      for (const Json& each : part_in(json, "labels")) request.labels.push_back(each.is_string() ? each.get<std::string>() : text_in(each, "name"));
    }
    return request;
  }

  std::shared_ptr<Api> api_;
  std::string project_;
};

}  // namespace

std::unique_ptr<Forge> make_gitlab(std::shared_ptr<Api> api, const std::string& project) {
  if (project.find('/') == std::string::npos) throw Error(ErrorKind::usage, fmt::format("\"{}\" is no project of GitLab", printable(project)), "give --project GROUP/PROJECT");
  return std::make_unique<GitLab>(std::move(api), project);
}

}  // namespace resole::forge
