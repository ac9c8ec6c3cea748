// SPDX-License-Identifier: Apache-2.0
// A forge without a network: requests in a list, and what was written to them.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "forge/forge.hpp"

namespace resole::forge::test {

class MemoryForge : public Forge {
 public:
  struct Kept {
    ChangeRequest request;
    std::string branch, base;
    std::vector<std::string> reviewers, comments;
    std::string merged_when_ready;
  };
  std::vector<Kept> kept;
  std::vector<std::string> log;        // every write
  unsigned looks = 0;
  bool hides_once = false;             // the first look misses what is there: somebody opened it meanwhile
  bool refuses_labels = false;

  std::vector<ChangeRequest> find(const std::string& branch, const std::string& base) override {
    ++looks;
    std::vector<ChangeRequest> found;
    if (hides_once) {
      hides_once = false;
      return found;
    }
    for (auto at = kept.rbegin(); at != kept.rend(); ++at) {
      if (at->branch == branch && at->base == base) found.push_back(at->request);
    }
    return found;
  }
  Created create(const NewRequest& wanted) override {
    for (const auto& each : kept) {
      if (each.branch == wanted.branch && each.request.is_open()) return {each.request, true};
    }
    log.push_back("create " + wanted.title);
    Kept made;
    made.request.number = kept.size() + 1;
    made.request.url = "https://forge.example.org/" + std::to_string(made.request.number);
    made.request.title = wanted.title;
    made.request.body = wanted.body;
    made.request.draft = wanted.draft;
    made.branch = wanted.branch;
    made.base = wanted.base;
    kept.push_back(made);
    return {made.request};
  }
  void edit(const ChangeRequest& request, const RequestEdit& edit) override {
    log.push_back("edit");
    if (!edit.title.empty()) of(request).request.title = edit.title;
    if (!edit.body.empty()) of(request).request.body = edit.body;
  }
  void label(const ChangeRequest& request, const LabelEdit& edit) override {
    if (refuses_labels) throw Error(ErrorKind::network, "labels are not possible here");
    auto& labels = of(request).request.labels;
    for (const auto& each : edit.add) log.push_back("label " + each);
    for (const auto& each : edit.remove) log.push_back("unlabel " + each);
    labels.insert(labels.end(), edit.add.begin(), edit.add.end());
    std::erase_if(labels, [&](const auto& each) { return std::find(edit.remove.begin(), edit.remove.end(), each) != edit.remove.end(); });
  }
  void ask_for_review(const ChangeRequest& request, const std::vector<std::string>& reviewers) override {
    log.push_back("review");
    of(request).reviewers.insert(of(request).reviewers.end(), reviewers.begin(), reviewers.end());
  }
  void comment_once(const ChangeRequest& request, const std::string& mark, const std::string& text) override {
    for (const auto& each : of(request).comments) {
      if (each.find(mark) != std::string::npos) return;
    }
    log.push_back("comment");
    of(request).comments.push_back(mark + text);
  }
  void merge_when_ready(const ChangeRequest& request, const std::string& head) override {
    log.push_back("auto-merge");
    of(request).merged_when_ready = head;
  }
  void close(const ChangeRequest& request) override {
    log.push_back("close");
    of(request).request.state = ChangeRequest::State::closed;
  }

 private:
  Kept& of(const ChangeRequest& request) { return kept.at(request.number - 1); }
};

}  // namespace resole::forge::test
