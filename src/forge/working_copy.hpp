// SPDX-License-Identifier: Apache-2.0
// A shallow and sparse copy of a remote repository: its newest commit, the files of one directory; a branch of ours beside it. Commits carry trailers:
// Resole-Change-Set says what it is for, Resole-Tree names the tree that we committed, so that a commit of ours is known again whatever name its author has,
// and one that somebody amended, merged or put on top is not ours.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "forge/git.hpp"
#include "io/files.hpp"

namespace resole::forge {

struct Heads {
  std::string standard;                         // the branch that HEAD means, "" when the remote does not say
  std::map<std::string, std::string> branches;  // name -> commit
};
Heads ask_for_heads(const Git& git);

// The name itself, or with dashes for its slashes where a branch stands in its way ("resole" beside "resole/x": git keeps both as paths).
std::string free_branch_name(const std::string& name, const Heads& heads);
bool is_branch_name(std::string_view name);  // git-check-ref-format(1)

struct Tip {
  std::string commit, parent, tree;
  std::string change_set;  // of a commit of ours
  bool ours = false;
};
Tip read_commit(std::string_view commit, std::string_view id);  // of `git cat-file commit`

struct Author { std::string name, email; };

enum class Pushed { done, raced };  // raced: the branch is no more what it was

class WorkingCopy {
 public:
  // Fetches the newest commit of `base`, and of `branch` when it is there. `directory`: what is checked out, "" = everything.
  WorkingCopy(const GitAccess& access, const io::Path& parent, const std::string& base, const std::string& branch, const Heads& heads, const std::string& directory);

  io::Path root() const { return git_.directory(); }
  const std::string& base_commit() const { return base_commit_; }
  const std::optional<Tip>& tip() const { return tip_; }  // of the branch; its objects are here
  // Commits these files (paths below the root) on the base. The message gets Resole-Tree.
  std::string commit(const std::vector<std::string>& files, const std::string& message, const std::optional<Author>& author);
  bool branch_has(const std::vector<std::string>& files) const;  // as they are in our commit
  // With a lease: the branch must still be what it was when it was fetched. Error(refused) when the server does not want it.
  Pushed push(const std::string& branch);
  Pushed remove(const std::string& branch);

 private:
  Pushed push_refspec(const std::string& branch, const std::string& refspec, std::string_view wanted);

  Git git_;
  std::string base_commit_;
  std::optional<Tip> tip_;
};

}  // namespace resole::forge
