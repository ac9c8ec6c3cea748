// SPDX-License-Identifier: Apache-2.0
// From edits to the one change request of a target: branch, commit, push with lease, request. The rules (each a test in tests/forge/propose_test.cpp):
//
//   1. The branch is named by its target: a newer change set updates the request that is open.
//   2. The open request is looked up before anything is cloned; the same change set is no work.
//   3. Words are compared by what the tool wanted last time (marker.hpp): what people and forges make of them brings on no write.
//   4. A request that somebody closed without merging stays closed for this change set.
//   5. A branch with commits of others is never pushed over; that is said once in a comment.
//   6. The branch moves to a newer base when it conflicts or its target asks for it, and then the edits are made again there.
//   7. "Exists already" means: look again and take that. A branch that moved meanwhile: all over again, a few times.
//   8. A base that has the change already closes the request and deletes the branch; without a difference nothing is opened.
//   9. Labels that people gave or took are theirs. Labels, reviewers and auto-merge that cannot be had are warnings.
//  10. Limits of the forge are waited for when they are short, else the next run goes on (api.cpp).
//  11. No secret leaves in a branch, a title, a body or a message.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "document/proposal.hpp"
#include "forge/forge.hpp"
#include "forge/working_copy.hpp"

namespace resole::forge {

struct Words {
  std::string title;
  std::vector<std::string> bodies;  // the largest first
};

struct Edits {
  std::vector<std::string> files;  // changed in the working copy, by their paths in it
  bool known = false;              // some place means one of the images, changed or not
  Words words;                     // for what was really edited
};
// Edits the files below `root`, the top of a working copy.
using EditTree = std::function<Edits(const io::Path& root)>;

struct ProposeOptions {
  GitAccess access;
  std::string directory;                // of the manifests in the repository, "" = all of it
  std::string branch;
  bool exact_branch = false;            // named by the operator: no other name will do
  std::string base;                     // "" = the remote's own
  std::optional<Author> author;         // none: git's
  std::vector<std::string> labels, reviewers;
  bool draft = false, auto_merge = false, reopen = false;
  std::size_t body_limit = 58'000, title_limit = 255;
  std::vector<std::string> secrets;     // must not leave
  io::Path scratch;                     // where the copy goes; each try has a directory of its own
};

class Proposer {
 public:
  // `forge`: nullptr for the branch only.
  Proposer(ProposeOptions options, Forge* forge, Reporter& reporter);
  document::Proposal run(const std::string& change_set, const Words& words, const EditTree& edit);

 private:
  struct Try;
  std::optional<document::Proposal> once(const std::string& change_set, const Words& words, const EditTree& edit, unsigned number);

  ProposeOptions options_;
  Forge* forge_;
  Reporter& reporter_;
};

// "resole/web-0123abcd": readable, and the same for the same target.
std::string branch_for(std::string_view prefix, std::string_view readable, const std::vector<std::string>& target);

}  // namespace resole::forge
