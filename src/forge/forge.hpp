// SPDX-License-Identifier: Apache-2.0
// What a forge (GitHub, GitLab, Gitea ...) does with change requests: pull requests, merge requests. One implementation per forge; forges.cpp is the table.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resole::forge {

struct ChangeRequest {
  std::uint64_t number = 0;
  std::string key;  // the forge's own id beside the number ("" where it has none)
  std::string url, title, body;
  enum class State { open, closed, merged } state = State::open;
  std::vector<std::string> labels;
  bool draft = false;
  bool conflicted = false;  // cannot be merged as it is
  bool behind = false;      // the target's rules want it on the newest commit
  bool is_open() const { return state == State::open; }
};

struct NewRequest {
  std::string branch, base, title, body;
  bool draft = false;
};

// What is to change; empty: nothing of that.
struct RequestEdit { std::string title, body; };
struct LabelEdit { std::vector<std::string> add, remove; };

// Contract (tests/forge runs one suite over all): every call is bounded in time and answer, and tried again when that may help (broken connections, 5xx,
// 429 and other limits with their waits); Error(network) says what the forge said, Error(throttled) when the wait would be long. Nothing is done twice by trying again.
class Forge {
 public:
  virtual ~Forge() = default;
  // All from `branch` to `base`, the newest first, at least the newest twenty; an open one with `conflicted` and `behind` as far as the forge knows.
  virtual std::vector<ChangeRequest> find(const std::string& branch, const std::string& base) = 0;
  // Another one that is open already is given back as it is, with `adopted`.
  struct Created { ChangeRequest request; bool adopted = false; };
  virtual Created create(const NewRequest& wanted) = 0;
  virtual void edit(const ChangeRequest& request, const RequestEdit& edit) = 0;
  virtual void label(const ChangeRequest& request, const LabelEdit& edit) = 0;
  virtual void ask_for_review(const ChangeRequest& request, const std::vector<std::string>& reviewers) = 0;
  // Unless a comment with `mark` in it is there.
  virtual void comment_once(const ChangeRequest& request, const std::string& mark, const std::string& text) = 0;
  virtual void merge_when_ready(const ChangeRequest& request, const std::string& head) = 0;
  virtual void close(const ChangeRequest& request) = 0;
};

}  // namespace resole::forge
