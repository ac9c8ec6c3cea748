// SPDX-License-Identifier: Apache-2.0
// The rules of proposing (forge/propose.hpp), with a real git and a forge in memory.
#include "forge/propose.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "base/error.hpp"
#include "forge/git_place.hpp"
#include "forge/marker.hpp"
#include "forge/memory_forge.hpp"
#include "support/listening_reporter.hpp"

namespace resole::forge {
namespace RESOLE_TEST_FILE {

using namespace test;
using document::Proposal;
using document::ProposalOutcome;
using Log = std::vector<std::string>;

const std::string kBranch = "resole/web-01234567";

// Writes "web:2" where "web:1" stands, in apps/.
struct Change {
  std::string from = "web:1", to = "web:2", set = "sha256:first", title = "Run the patched web:1";
  Edits edit(const io::Path& root) const {
    Edits edits;
    edits.words = words();
    for (const char* name : {"apps/web.yaml", "apps/db.yaml"}) {
      std::ifstream in(root / name, std::ios::binary);
      std::stringstream buffer;
      buffer << in.rdbuf();
      std::string text = buffer.str();
      edits.known = edits.known || text.find(from) != std::string::npos || text.find(to) != std::string::npos;
      const std::size_t at = text.find(from);
      if (at == std::string::npos) continue;
      text.replace(at, from.size(), to);
      std::ofstream(root / name, std::ios::binary) << text;
      edits.files.push_back(name);
    }
    return edits;
  }
  Words words() const { return {title, {"# " + title + "\n\nIt fixes CVE-2026-0001.\n"}}; }
};

class Proposing : public ::testing::Test {
 protected:
  ProposeOptions options() {
    ProposeOptions wanted;
    wanted.access = place.access();
    wanted.directory = "apps";
    wanted.branch = kBranch;
    wanted.author = Author{"resole", "resole@example.org"};
    wanted.scratch = place.scratch();
    return wanted;
  }
  Proposal propose(const Change& change, ProposeOptions wanted, bool with_forge = true) {
    Proposer proposer(std::move(wanted), with_forge ? &forge : nullptr, reporter);
    return proposer.run(change.set, change.words(), [&](const io::Path& root) {
      ++copies;
      if (meanwhile) meanwhile();
      return change.edit(root);
    });
  }
  Proposal propose(const Change& change = {}) { return propose(change, options()); }
  std::string on_branch(const std::string& file = "apps/web.yaml") const { return place.show(kBranch + ":" + file); }

  GitPlace place;
  MemoryForge forge;
  resole::test::ListeningReporter reporter;
  unsigned copies = 0;
  std::function<void()> meanwhile;
};

TEST_F(Proposing, opens_one_request_with_one_commit_and_trailers) {
  const Proposal proposal = propose();
  EXPECT_EQ(proposal.outcome, ProposalOutcome::opened);
  EXPECT_EQ(proposal.number, 1u);
  EXPECT_EQ(proposal.files, Log{"apps/web.yaml"});
  EXPECT_EQ(proposal.base, "main");
  EXPECT_EQ(on_branch(), "image: web:2\n");
  EXPECT_EQ(on_branch("README"), "what this is\n") << "what is not checked out stays";
  EXPECT_EQ(place.id(kBranch), proposal.commit);
  EXPECT_EQ(place.id(kBranch + "^"), place.id("main"));
  const std::string message = place.git_out({"log", "-1", "--format=%an <%ae>%n%B", kBranch}, place.remote());
  EXPECT_NE(message.find("resole <resole@example.org>\nRun the patched web:1\n"), std::string::npos) << message;
  EXPECT_NE(message.find("\nResole-Change-Set: sha256:first\nResole-Tree: " + place.id(kBranch + "^{tree}")), std::string::npos) << message;
  EXPECT_EQ(read_marker(forge.kept[0].request.body)->change_set, "sha256:first");
}

TEST_F(Proposing, rule_1_a_newer_change_set_updates_the_open_request) {
  propose();
  const Proposal second = propose({.to = "web:3", .set = "sha256:second", .title = "Run web:3"});
  EXPECT_EQ(second.outcome, ProposalOutcome::updated);
  EXPECT_EQ(forge.kept.size(), 1u);
  EXPECT_EQ(forge.kept[0].request.title, "Run web:3");
  EXPECT_EQ(on_branch(), "image: web:3\n");
  EXPECT_EQ(place.id(kBranch + "^"), place.id("main")) << "one commit, not one on the other";
}

TEST_F(Proposing, rule_2_the_same_change_set_is_no_work_and_no_clone) {
  propose();
  const std::string before = place.id(kBranch);
  const Log log = forge.log;
  EXPECT_EQ(propose().outcome, ProposalOutcome::unchanged);
  EXPECT_EQ(copies, 1u);
  EXPECT_EQ(forge.log, log);
  EXPECT_EQ(place.id(kBranch), before);
}

TEST_F(Proposing, rule_3_what_people_make_of_the_words_stays_until_there_are_new_ones) {
  propose();
  auto& request = forge.kept[0].request;
  request.title = "My title";
  request.body = "A word before.\r\n\r\n" + request.body + "\n\n";
  const Log log = forge.log;
  EXPECT_EQ(propose().outcome, ProposalOutcome::unchanged);
  EXPECT_EQ(forge.log, log);
  EXPECT_EQ(request.title, "My title");
  EXPECT_EQ(propose({.title = "Other words for the same"}).outcome, ProposalOutcome::updated);
  EXPECT_EQ(request.title, "Other words for the same");
  EXPECT_EQ(copies, 1u) << "words need no clone";
}

TEST_F(Proposing, rule_4_what_somebody_closed_stays_closed_for_this_change_set) {
  propose();
  forge.kept[0].request.state = ChangeRequest::State::closed;
  EXPECT_EQ(propose().outcome, ProposalOutcome::declined);
  EXPECT_EQ(forge.kept.size(), 1u);
  EXPECT_EQ(propose({.to = "web:3", .set = "sha256:second"}).outcome, ProposalOutcome::opened) << "a new one may ask again";
  EXPECT_EQ(forge.kept.size(), 2u);
}

TEST_F(Proposing, rule_4_unless_told_otherwise) {
  propose();
  forge.kept[0].request.state = ChangeRequest::State::closed;
  auto wanted = options();
  wanted.reopen = true;
  EXPECT_EQ(propose({}, wanted).outcome, ProposalOutcome::opened);
}

TEST_F(Proposing, rule_4_one_that_was_merged_after_another_was_closed_counts) {
  propose();
  forge.kept[0].request.state = ChangeRequest::State::closed;
  auto wanted = options();
  wanted.reopen = true;
  propose({}, wanted);
  place.take(kBranch);
  place.push("main");
  forge.kept[1].request.state = ChangeRequest::State::merged;
  EXPECT_EQ(propose().outcome, ProposalOutcome::deployed);
}

TEST_F(Proposing, rule_5_commits_of_others_are_never_pushed_over) {
  propose();
  place.take(kBranch);
  place.write("apps/note", "by hand\n");
  place.commit("a word of mine");
  place.push(kBranch);
  const std::string theirs = place.id(kBranch);
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(propose({.to = "web:3", .set = "sha256:second"}).outcome, ProposalOutcome::foreign);
    EXPECT_EQ(place.id(kBranch), theirs);
    EXPECT_EQ(forge.kept[0].comments.size(), 1u) << "said once";
  }
}

TEST_F(Proposing, rule_5_an_amended_commit_is_not_ours_whatever_name_it_has) {
  propose();
  place.take(kBranch);
  place.write("apps/web.yaml", "image: web:2  # checked\n");
  place.git_out({"add", "-A"}, place.other());
  place.git_out({"-c", "user.name=resole", "-c", "user.email=resole@example.org", "commit", "--quiet", "--amend", "--no-edit"}, place.other());
  place.push(kBranch);
  EXPECT_EQ(propose({.to = "web:3", .set = "sha256:second"}).outcome, ProposalOutcome::foreign);
  EXPECT_EQ(on_branch(), "image: web:2  # checked\n");
}

TEST_F(Proposing, rule_6_a_newer_base_alone_moves_nothing) {
  propose();
  const std::string before = place.id(kBranch);
  place.write("apps/db.yaml", "image: db:2\n");
  place.commit("other work");
  place.push("main");
  EXPECT_EQ(propose().outcome, ProposalOutcome::unchanged);
  EXPECT_EQ(place.id(kBranch), before);
}

TEST_F(Proposing, rule_6_a_conflict_has_the_edits_made_again_on_the_new_base) {
  propose();
  place.write("apps/web.yaml", "replicas: 2\nimage: web:1\n");
  place.write("apps/db.yaml", "image: web:1\n");
  place.commit("moves the line, and uses the image once more");
  place.push("main");
  forge.kept[0].request.conflicted = true;
  const Proposal proposal = propose();
  EXPECT_EQ(proposal.outcome, ProposalOutcome::updated);
  EXPECT_EQ(on_branch(), "replicas: 2\nimage: web:2\n");
  EXPECT_EQ(on_branch("apps/db.yaml"), "image: web:2\n");
  EXPECT_EQ(place.id(kBranch + "^"), place.id("main"));
  // As long as the forge thinks about it, nothing more happens.
  const std::string settled = place.id(kBranch);
  EXPECT_EQ(propose().outcome, ProposalOutcome::unchanged);
  EXPECT_EQ(place.id(kBranch), settled);
}

TEST_F(Proposing, rule_6_a_target_that_wants_the_newest_commit_gets_it) {
  propose();
  place.write("other", "x\n");
  place.commit("other work");
  place.push("main");
  forge.kept[0].request.behind = true;
  EXPECT_EQ(propose().outcome, ProposalOutcome::updated);
  EXPECT_EQ(place.id(kBranch + "^"), place.id("main"));
}

TEST_F(Proposing, rule_7_a_request_that_appeared_meanwhile_is_adopted) {
  propose();
  forge.kept[0].request.body = "no marker any more";
  forge.hides_once = true;
  const Proposal proposal = propose({.to = "web:3", .set = "sha256:second", .title = "Run web:3"});
  EXPECT_EQ(proposal.outcome, ProposalOutcome::updated);
  EXPECT_EQ(forge.kept.size(), 1u);
  EXPECT_EQ(forge.kept[0].request.title, "Run web:3");
}

TEST_F(Proposing, rule_7_a_branch_that_moves_while_it_is_pushed_is_looked_at_again) {
  propose();
  unsigned moved = 0;
  meanwhile = [&] {
    if (moved++ > 0) return;
    place.take("main");
    place.write("apps/theirs", "x\n");
    place.commit("somebody was faster");
    place.push(kBranch);
  };
  EXPECT_EQ(propose({.to = "web:3", .set = "sha256:second"}).outcome, ProposalOutcome::foreign) << "the lease held";
  EXPECT_EQ(on_branch("apps/theirs"), "x\n");
}

TEST_F(Proposing, rule_7_a_branch_that_stands_in_the_way_gives_another_name) {
  place.push("resole");
  const Proposal proposal = propose();
  EXPECT_EQ(proposal.branch, "resole-web-01234567");
  EXPECT_TRUE(place.has("resole-web-01234567"));
}

TEST_F(Proposing, rule_8_a_base_that_has_it_closes_the_request_and_deletes_the_branch) {
  propose();
  place.take(kBranch);
  place.push("main");
  forge.kept[0].request.conflicted = true;  // GitHub: no commits between
  EXPECT_EQ(propose().outcome, ProposalOutcome::deployed);
  EXPECT_FALSE(forge.kept[0].request.is_open());
  EXPECT_FALSE(place.has(kBranch));
}

TEST_F(Proposing, rule_8_after_a_merge_the_branch_goes_and_nothing_is_opened) {
  propose();
  place.take(kBranch);
  place.push("main");
  forge.kept[0].request.state = ChangeRequest::State::merged;
  EXPECT_EQ(propose().outcome, ProposalOutcome::deployed);
  EXPECT_EQ(forge.kept.size(), 1u);
  EXPECT_FALSE(place.has(kBranch));
}

TEST_F(Proposing, rule_8_without_a_place_nothing_is_opened) {
  EXPECT_EQ(propose({.from = "cache:1", .to = "cache:2"}).outcome, ProposalOutcome::nothing);
  EXPECT_TRUE(forge.kept.empty());
  EXPECT_FALSE(place.has(kBranch));
}

TEST_F(Proposing, rule_9_labels_that_people_take_or_give_are_theirs) {
  auto wanted = options();
  wanted.labels = {"security", "base"};
  wanted.reviewers = {"ann"};
  propose({}, wanted);
  auto& labels = forge.kept[0].request.labels;
  EXPECT_EQ(labels, (Log{"security", "base"}));
  labels = {"base", "mine"};  // one taken off, one given
  const Log log = forge.log;
  wanted.scratch = place.scratch();
  EXPECT_EQ(propose({}, wanted).outcome, ProposalOutcome::unchanged);
  EXPECT_EQ(forge.log, log);
  wanted.scratch = place.scratch();
  wanted.labels = {"security", "weekly"};
  propose({}, wanted);
  EXPECT_EQ(labels, (Log{"mine", "weekly"})) << "what the tool gave and wants no more goes; what was taken off does not come back";
  EXPECT_EQ(forge.kept[0].reviewers, Log{"ann"}) << "asked once";
}

TEST_F(Proposing, rule_9_a_label_that_cannot_be_given_is_a_warning) {
  auto wanted = options();
  wanted.labels = {"security"};
  forge.refuses_labels = true;
  const Proposal proposal = propose({}, wanted);
  EXPECT_EQ(proposal.outcome, ProposalOutcome::opened);
  EXPECT_EQ(proposal.warnings, Log{"labels are not possible here"});
  forge.refuses_labels = false;
  wanted.scratch = place.scratch();
  propose({}, wanted);
  EXPECT_EQ(forge.kept[0].request.labels, Log{"security"}) << "the next run tries again";
}

TEST_F(Proposing, rule_11_no_secret_leaves) {
  auto wanted = options();
  wanted.secrets = {"secret-token"};
  try {
    propose({.title = "look: secret-token"}, wanted);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_EQ(std::string(error.what()).find("secret-token"), std::string::npos);
  }
  EXPECT_FALSE(place.has(kBranch));
}

TEST_F(Proposing, a_branch_alone_needs_no_forge) {
  EXPECT_EQ(propose({}, options(), false).outcome, ProposalOutcome::pushed);
  const std::string before = place.id(kBranch);
  EXPECT_EQ(propose({}, options(), false).outcome, ProposalOutcome::unchanged);
  EXPECT_EQ(place.id(kBranch), before);
  place.write("apps/web.yaml", "# more\nimage: web:1\n");
  place.commit("other work");
  place.push("main");
  EXPECT_EQ(propose({}, options(), false).outcome, ProposalOutcome::pushed) << "nobody says whether it conflicts: it follows the base";
  EXPECT_EQ(on_branch(), "# more\nimage: web:2\n");
}

TEST_F(Proposing, drafts_and_auto_merge_are_asked_for) {
  auto wanted = options();
  wanted.draft = wanted.auto_merge = true;
  const Proposal proposal = propose({}, wanted);
  EXPECT_TRUE(forge.kept[0].request.draft);
  EXPECT_EQ(forge.kept[0].merged_when_ready, proposal.commit);
}

TEST_F(Proposing, a_rule_of_the_server_is_a_refusal_with_its_words) {
  place.hook("pre-receive", "echo 'only reviewed commits here' >&2; exit 1\n");
  try {
    propose();
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(std::string(error.what()).find("only reviewed commits here"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(forge.kept.empty());
}

TEST_F(Proposing, hooks_of_the_operators_own_templates_do_not_run) {
  EXPECT_EQ(propose().outcome, ProposalOutcome::opened);
  const auto copy = place.git_out({"config", "--get", "core.hooksPath"}, place.other());
  EXPECT_EQ(copy, "") << "set for our processes only";
}

TEST_F(Proposing, an_unknown_base_is_named) {
  auto wanted = options();
  wanted.base = "release";
  try {
    propose({}, wanted);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    EXPECT_NE(std::string(error.what()).find("release"), std::string::npos);
  }
}

}  // namespace
}  // namespace resole::forge
