// SPDX-License-Identifier: Apache-2.0
// From rollout.json to the one pull request of its target: the edits are made again on the remote's newest commit, so that they fit however old the document is.
#include <iostream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/forge_token.hpp"
#include "cli/manifest_tree.hpp"
#include "cli/option_values.hpp"
#include "cli/outcome.hpp"
#include "cli/signatures.hpp"
#include "cli/tree_edits.hpp"
#include "cli/verbs.hpp"
#include "forge/connect.hpp"
#include "forge/propose.hpp"
#include "io/files.hpp"
#include "rollout/images.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::cli {

namespace {

using document::Proposal;
using document::ProposalOutcome;

constexpr std::uint64_t kLargestProposed = 256u << 20, kLargestAuthority = 4u << 20;

// Where the manifests are kept.
struct Target {
  forge::Remote remote;
  std::string directory;  // in the repository
};

std::string origin_of(const ProposeSettings& wanted, const forge::LocalRepository& local) {
  if (!wanted.remote.empty()) return wanted.remote;
  if (local.origin.empty()) throw Error(ErrorKind::usage, printable(wanted.manifests.string()) + " has no remote \"origin\"", "say where the manifests are kept: --remote URL");
  return local.origin;
}

Target target_of(const ProposeSettings& wanted) {
  const bool looks = !wanted.manifests.empty() || wanted.remote.empty();
  forge::LocalRepository local;
  if (looks) local = forge::local_repository(wanted.manifests.empty() ? "." : wanted.manifests);
  return {forge::parse_remote(origin_of(wanted, local)), wanted.path.empty() ? local.prefix : wanted.path == "." ? std::string() : wanted.path};
}

std::string last_part(std::string_view repository) { return std::string(repository.substr(repository.rfind('/') + 1)); }

// ---- words

forge::Words words_of(const ProposeSettings& wanted, const document::Rollout& rollout) {
  std::size_t fixed = 0;
  for (const auto& image : rollout.images) fixed += image.fixed.size();
  const std::string ends = fixed == 0 ? "" : fmt::format(" ({} fixed)", fixed == 1 ? "1 advisory" : fmt::format("{} advisories", fixed));
  forge::Words words{wanted.title, {}};
  if (words.title.empty() && rollout.images.size() == 1) {
    const std::string& reference = rollout.images.front().source_reference;
    const std::string_view tag = rollout::tag_of(reference);
    words.title = fmt::format("Run the patched {}{}{}{}", last_part(rollout::repository_of(reference)), tag.empty() ? "" : ":", tag, ends);
  } else if (words.title.empty()) {
    words.title = fmt::format("Run {}{}", counted(rollout.images.size(), "patched image"), ends);
  }
  for (const char* rendering : {"markdown", "markdown-compact", "markdown-short"}) {
    words.bodies.push_back(rollout::render(rollout, rendering, {false, templates_of(wanted.templates)}).front().text);
  }
  return words;
}

// ---- edits

std::filesystem::path below(const std::filesystem::path& root, const std::string& directory) { return directory.empty() ? root : root / directory; }

forge::EditTree editing(const ProposeSettings& wanted, const document::Rollout& rollout, const std::string& directory) {
  return [&wanted, &rollout, directory](const std::filesystem::path& root) {
    const auto manifests = below(root, directory);
    if (!std::filesystem::is_directory(manifests)) throw Error(ErrorKind::input, fmt::format("the base has no directory {}", printable(directory)), "check --path and --base");
    const rollout::EditPlan plan = edits_below(manifests, rollout);
    std::vector<NewBytes> files;
    forge::Edits edits;
    for (const auto& file : plan.files) {
      files.push_back({file.path, file.before, file.after});
      edits.files.push_back(directory.empty() ? file.path : directory + "/" + file.path);
    }
    write_manifests(manifests, files);
    edits.known = !plan.rollout.workloads.empty();
    edits.words = words_of(wanted, plan.rollout);
    return edits;
  };
}

// ---- the branch

std::vector<std::string> repositories_of(const document::Rollout& rollout) {
  std::vector<std::string> names;
  for (const auto& image : rollout.images) names.emplace_back(rollout::repository_of(image.source_reference));
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// By target, not by content: the same images in the same directory of the same branch, or whatever the operator calls one group.
std::string branch_of(const ProposeSettings& wanted, const document::Rollout& rollout, const Target& target) {
  if (!wanted.branch.empty()) return wanted.branch;
  const auto names = repositories_of(rollout);
  std::vector<std::string> key = {wanted.base, target.directory};
  if (wanted.group.empty()) {
    key.insert(key.end(), names.begin(), names.end());
  } else {
    key.push_back("group " + wanted.group);
  }
  const std::string readable = !wanted.group.empty() ? wanted.group : names.size() == 1 ? last_part(names.front()) : "images";
  return forge::branch_for(wanted.branch_prefix, readable, key);
}

// ---- who

const forge::ForgeKind* forge_for(const ProposeSettings& wanted, const forge::Remote& remote) {
  if (wanted.branch_only) return nullptr;
  const auto* kind = wanted.forge == "auto" ? forge::forge_of(remote) : forge::forge_named(wanted.forge);
  if (kind == nullptr) {
    throw Error(ErrorKind::usage, fmt::format("which forge is {}?", remote.host.empty() ? "this" : printable(remote.host)), "say it with --forge, or push the branch alone with --branch-only");
  }
  return kind;
}

forge::ForgeSettings forge_settings(const ProposeSettings& wanted, const forge::ForgeKind& kind, const forge::Remote& remote, const std::string& token) {
  if (token.empty()) {
    throw Error(ErrorKind::usage, fmt::format("no token for {}", kind.name),
                fmt::format("put it into RESOLE_FORGE_TOKEN or a file for --token-file ({} counts for the server that it is for)", kind.token_variable));
  }
  forge::ForgeSettings settings;
  settings.kind = &kind;
  settings.api = wanted.forge_api.empty() ? forge::api_of(kind, remote) : Url::parse(wanted.forge_api);
  settings.project = project_value(wanted.project.empty() ? remote.path : wanted.project);
  settings.token = token;
  if (!wanted.forge_authorities.empty()) settings.authorities = io::read_file(wanted.forge_authorities, kLargestAuthority);
  return settings;
}

std::optional<forge::Author> author_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const std::size_t open = text.find('<');
  return forge::Author{std::string(trim(text.substr(0, open))), text.substr(open + 1, text.size() - open - 2)};
}

// ---- what comes of it

void tell_proposal(const Proposal& proposal, Reporter& reporter) {
  const std::string branch = printable(proposal.branch);
  switch (proposal.outcome) {
    case ProposalOutcome::opened: return reporter.note(fmt::format("opened, {} on {}", counted(proposal.files.size(), "file"), branch));
    case ProposalOutcome::updated: return reporter.note("updated, on " + branch);
    case ProposalOutcome::unchanged: return reporter.note("nothing to do: it is as it should be");
    case ProposalOutcome::pushed: return reporter.note(fmt::format("pushed {}, {}", branch, counted(proposal.files.size(), "file")));
    case ProposalOutcome::declined: return reporter.warn("somebody closed the request for this change set without merging it; it stays closed (--reopen opens another)");
    case ProposalOutcome::foreign: return reporter.warn(branch + " has commits that resole did not make: nothing was pushed over them");
    case ProposalOutcome::deployed: return reporter.note(printable(proposal.base) + " has the change already");
    case ProposalOutcome::nothing: return reporter.note("no manifest there names one of the images");
  }
}

int finish_proposal(const Options& options, const Proposal& proposal, Workplace& workplace) {
  put_document(options, document::write_proposal(proposal));
  const bool shows = proposal.outcome == ProposalOutcome::opened || proposal.outcome == ProposalOutcome::updated || proposal.outcome == ProposalOutcome::unchanged;
  if (options.format == "table") {
    if (!proposal.url.empty()) std::cout << proposal.url << '\n';
    else if (shows || proposal.outcome == ProposalOutcome::pushed) std::cout << proposal.branch << '\n';
  }
  tell_proposal(proposal, workplace.reporter());
  return proposal.outcome == ProposalOutcome::foreign ? kExitPartial : kExitDone;
}

// ---- no network at all

// What `git am` and `git apply` take, with paths from the top of the repository.
int write_patch(const Options& options, const document::Rollout& rollout, Workplace& workplace) {
  const ProposeSettings& wanted = options.propose;
  const std::filesystem::path manifests = wanted.manifests.empty() ? "." : wanted.manifests;
  const std::string directory = wanted.path.empty() ? forge::local_repository(manifests).prefix : wanted.path == "." ? "" : wanted.path;
  const rollout::EditPlan plan = edits_below(manifests, rollout);
  std::string text;
  for (const auto& file : plan.files) text += rollout::unified_diff(directory.empty() ? file.path : directory + "/" + file.path, file.before, file.edits);
  if (!text.empty()) {
    const auto author = author_of(wanted.author).value_or(forge::Author{"resole", "resole@localhost"});
    text = fmt::format("From {} Mon Sep 17 00:00:00 2001\nFrom: {} <{}>\nSubject: [PATCH] {}\n\nResole-Change-Set: {}\n---\n{}-- \n{}\n\n", std::string(40, '0'), author.name, author.email,
                       words_of(wanted, plan.rollout).title, rollout.change_set_id, text, "resole " RESOLE_VERSION);
  }
  if (options.output.empty()) std::cout << text;
  else io::write_file_atomic(options.output, text);
  workplace.reporter().note(fmt::format("{} in the patch", counted(plan.files.size(), "file")));
  return kExitDone;
}

}  // namespace

int propose(const Options& options, Workplace& workplace) {
  const ProposeSettings& wanted = options.propose;
  const document::Rollout rollout = document::read_rollout(io::read_file(options.rollout.rollout, kLargestProposed), options.rollout.rollout.string());
  if (rollout.images.empty()) throw Error(ErrorKind::input, "the rollout names no image", "was anything patched?");
  require_signatures(wanted.signatures, rollout, workplace);
  if (wanted.patch_only) return write_patch(options, rollout, workplace);

  const Target target = target_of(wanted);
  const forge::ForgeKind* kind = forge_for(wanted, target.remote);
  std::string token = find_token(wanted.token_file, kind, target.remote, process_variables());
  if (token.empty()) token = target.remote.password;
  const io::TemporaryDirectory scratch;
  forge::ProposeOptions proposing;
  const std::string usual_user(kind == nullptr ? "git" : kind->git_user);
  proposing.access = {target.remote, target.remote.user.empty() ? usual_user : target.remote.user, token, wanted.forge_authorities};
  proposing.directory = target.directory;
  proposing.branch = branch_of(wanted, rollout, target);
  proposing.exact_branch = !wanted.branch.empty();
  proposing.base = wanted.base;
  proposing.author = author_of(wanted.author);
  proposing.labels = wanted.labels;
  proposing.reviewers = wanted.reviewers;
  proposing.draft = wanted.draft;
  proposing.auto_merge = wanted.auto_merge;
  proposing.reopen = wanted.reopen;
  proposing.secrets = {token, target.remote.password};
  proposing.scratch = scratch.path();
  std::unique_ptr<forge::Forge> forge;
  if (kind != nullptr) {
    proposing.body_limit = kind->body_limit;
    proposing.title_limit = kind->title_limit;
    forge = forge::connect_forge(forge_settings(wanted, *kind, target.remote, token), workplace.tools().clock, workplace.reporter());
  }
  forge::Proposer proposer(std::move(proposing), forge.get(), workplace.reporter());
  Proposal proposal = proposer.run(rollout.change_set_id, words_of(wanted, rollout), editing(wanted, rollout, target.directory));
  if (kind != nullptr) proposal.forge = kind->word;
  return finish_proposal(options, proposal, workplace);
}

}  // namespace resole::cli
