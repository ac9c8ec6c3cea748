// SPDX-License-Identifier: Apache-2.0
// Gitea and Forgejo: their API v1. Labels are named by number; a draft is a title that begins with "WIP: "; lists cannot be asked for one branch.
#include <algorithm>

#include "forge/answers.hpp"
#include "forge/forges.hpp"

namespace resole::forge {

namespace {

constexpr std::string_view kGiteaDraft = "WIP: ";
constexpr unsigned kPage = 50, kMostOpenPages = 20, kMostClosedPages = 4;

class Gitea : public Forge {
 public:
  Gitea(std::shared_ptr<Api> api, const std::string& project) : api_(std::move(api)), repository_("/repos/" + project) {}

  std::vector<ChangeRequest> find(const std::string& branch, const std::string& base) override {
    std::vector<ChangeRequest> found;
    collect("open", kMostOpenPages, branch, base, found);
    collect("closed", kMostClosedPages, branch, base, found);
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.number > b.number; });
    return found;
  }

  Created create(const NewRequest& wanted) override {
    const Json body = {{"head", wanted.branch}, {"base", wanted.base}, {"title", (wanted.draft ? std::string(kGiteaDraft) : "") + wanted.title}, {"body", wanted.body}};
    const ApiAnswer answer = api_->call({"POST", repository_ + "/pulls", dump_compact(body)});
    if (answer.status == 409) {
      for (auto& request : find(wanted.branch, wanted.base)) {
        if (request.is_open()) return {std::move(request), true};
      }
    }
    if (!answer.good()) throw api_->refusal(answer, "opening the pull request");
    return {request_of(parse_json(answer.body, "Gitea's answer", {.bytes = 8u << 20, .depth = 60}))};
  }

  void edit(const ChangeRequest& request, const RequestEdit& edit) override {
    Json body = Json::object();
    if (!edit.title.empty()) body["title"] = (request.draft ? std::string(kGiteaDraft) : "") + edit.title;
    if (!edit.body.empty()) body["body"] = edit.body;
    api_->ask({"PATCH", pull(request), dump_compact(body)}, "changing the pull request");
  }

  void label(const ChangeRequest& request, const LabelEdit& edit) override {
    std::vector<std::string> wanted = edit.add;
    wanted.insert(wanted.end(), edit.remove.begin(), edit.remove.end());
    const auto ids = ids_of(wanted);
    Json add = Json::array();
    std::vector<std::string> unknown;
    for (const auto& name : edit.add) {
      const auto found = ids.find(name);
      if (found == ids.end()) unknown.push_back(name);
      else add.push_back(found->second);
    }
    if (!add.empty()) api_->ask({"POST", issue(request) + "/labels", dump_compact(Json{{"labels", add}})}, "labelling the pull request");
    for (const auto& name : edit.remove) {
      const auto found = ids.find(name);
      if (found == ids.end()) continue;
      const ApiAnswer answer = api_->call({"DELETE", fmt::format("{}/labels/{}", issue(request), found->second)});
      if (!answer.good() && answer.status != 404) throw api_->refusal(answer, "taking a label off the pull request");
    }
    if (!unknown.empty()) throw Error(ErrorKind::network, fmt::format("the repository has no label {}", printable(join(unknown, ", "))), "make it there first");
  }

  void ask_for_review(const ChangeRequest& request, const std::vector<std::string>& reviewers) override {
    Json people = Json::array(), teams = Json::array();
    for (const auto& name : reviewers) {
      const std::size_t slash = name.find('/');
      if (slash == std::string::npos) people.push_back(name);
      else teams.push_back(name.substr(slash + 1));
    }
    api_->ask({"POST", pull(request) + "/requested_reviewers", dump_compact(Json{{"reviewers", people}, {"team_reviewers", teams}})}, "asking for reviews");
  }

  void comment_once(const ChangeRequest& request, const std::string& mark, const std::string& text) override {
    const Json there = api_->ask({"GET", issue(request) + "/comments"}, "reading the comments");
    for (const Json& each : list_of(there, "Gitea")) {
      if (text_in(each, "body").find(mark) != std::string::npos) return;
    }
    api_->ask({"POST", issue(request) + "/comments", dump_compact(Json{{"body", mark + "\n" + text}}), false}, "commenting");
  }

  void merge_when_ready(const ChangeRequest& request, const std::string& head) override {
    const Json body = {{"Do", "merge"}, {"merge_when_checks_succeed", true}, {"delete_branch_after_merge", true}, {"head_commit_id", head}};
    const ApiAnswer answer = api_->call({"POST", pull(request) + "/merge", dump_compact(body)});
    if (!answer.good() && answer.status != 409) throw api_->refusal(answer, "asking for the merge");  // 409: it is scheduled already
  }

  void close(const ChangeRequest& request) override { api_->ask({"PATCH", pull(request), dump_compact(Json{{"state", "closed"}})}, "closing the pull request"); }

 private:
  std::string pull(const ChangeRequest& request) const { return fmt::format("{}/pulls/{}", repository_, request.number); }
  std::string issue(const ChangeRequest& request) const { return fmt::format("{}/issues/{}", repository_, request.number); }

  void collect(const char* state, unsigned pages, const std::string& branch, const std::string& base, std::vector<ChangeRequest>& found) {
    for (unsigned page = 1; page <= pages; ++page) {
      const Json answer = api_->ask({"GET", fmt::format("{}/pulls?state={}&sort=recentupdate&limit={}&page={}", repository_, state, kPage, page)}, "looking for the pull request");
      for (const Json& each : list_of(answer, "Gitea")) {
        if (text_in(part_in(each, "head"), "ref") == branch && text_in(part_in(each, "base"), "ref") == base) found.push_back(request_of(each));
      }
      if (answer.size() < kPage) return;  // servers may give less a page than asked for: then the newest must do
    }
  }

  std::map<std::string, std::uint64_t> ids_of(const std::vector<std::string>& names) {
    std::map<std::string, std::uint64_t> ids;
    for (unsigned page = 1; page <= kMostClosedPages && ids.size() < names.size(); ++page) {
      const Json answer = api_->ask({"GET", fmt::format("{}/labels?limit={}&page={}", repository_, kPage, page)}, "reading the labels");
      for (const Json& each : list_of(answer, "Gitea")) {
        const std::string name = text_in(each, "name");
        if (std::find(names.begin(), names.end(), name) != names.end()) ids.emplace(name, number_in(each, "id", "Gitea"));
      }
      if (answer.size() < kPage) break;
    }
    return ids;
  }

  static ChangeRequest request_of(const Json& json) {
    ChangeRequest request;
    request.number = number_in(json, "number", "Gitea");
    request.url = web_url_in(json, "html_url");
    request.title = text_in(json, "title");
    request.body = text_in(json, "body");
    const bool merged = flag_in(json, "merged");
    request.state = merged ? ChangeRequest::State::merged : text_in(json, "state") == "open" ? ChangeRequest::State::open : ChangeRequest::State::closed;
    request.draft = request.title.starts_with(kGiteaDraft);
    if (request.draft) request.title.erase(0, kGiteaDraft.size());
    const Json& mergeable = part_in(json, "mergeable");
    request.conflicted = request.is_open() && !request.draft && mergeable.is_boolean() && !mergeable.get<bool>();
    if (part_in(json, "labels").is_array()) {
      for (const Json& each : part_in(json, "labels")) request.labels.push_back(text_in(each, "name"));
    }
    return request;
  }

  std::shared_ptr<Api> api_;
  std::string repository_;
};

}  // namespace

std::unique_ptr<Forge> make_gitea(std::shared_ptr<Api> api, const std::string& project) {
  if (std::count(project.begin(), project.end(), '/') != 1) {
    throw Error(ErrorKind::usage, fmt::format("\"{}\" is no repository of Gitea", printable(project)), "give --project OWNER/REPOSITORY");
  }
  return std::make_unique<Gitea>(std::move(api), project);
}

}  // namespace resole::forge
