// SPDX-License-Identifier: Apache-2.0
#include "forge/propose.hpp"

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "forge/marker.hpp"

namespace resole::forge {

namespace {

using document::Proposal;
using document::ProposalOutcome;

constexpr unsigned kMostTries = 4;
constexpr std::string_view kForeignMark = "<!-- resole-foreign-commits -->";
constexpr std::string_view kForeignText =
    "This branch has commits that resole did not make, so it does not push over them, and newer patched images do not appear here. Merge or close this request, "
    "or drop those commits; the next run then goes on.";

std::vector<std::string> minus(const std::vector<std::string>& some, const std::vector<std::string>& others) {
  std::vector<std::string> left;
  for (const auto& each : some) {
    if (std::find(others.begin(), others.end(), each) == others.end()) left.push_back(each);
  }
  return left;
}

std::vector<std::string> common(const std::vector<std::string>& some, const std::vector<std::string>& others) { return minus(some, minus(some, others)); }

void refuse_secrets(const ProposeOptions& options, std::initializer_list<std::string_view> texts) {
  for (const auto& secret : options.secrets) {
    if (secret.size() < 8) continue;
    for (const auto text : texts) {
      if (text.find(secret) != std::string_view::npos) {
        throw Error(ErrorKind::refused, "the branch, the title or the text of the change request holds the token or a password", "nothing was sent; look into the manifests and the options");
      }
    }
  }
}

std::string base_of(const ProposeOptions& options, const Heads& heads) {
  const std::string base = options.base.empty() ? heads.standard : options.base;
  if (base.empty()) throw Error(ErrorKind::input, "the remote does not say which branch is its main one", "name it: --base BRANCH");
  if (!heads.branches.contains(base)) throw Error(ErrorKind::input, fmt::format("the remote has no branch {}", printable(base)), "check --base");
  return base;
}

}  // namespace

std::string branch_for(std::string_view prefix, std::string_view readable, const std::vector<std::string>& target) {
  constexpr std::size_t kMostReadable = 40;
  std::string word;
  for (const char c : lower(readable).substr(0, kMostReadable)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (plain || (!word.empty() && word.back() != '-')) word += plain ? c : '-';
  }
  while (!word.empty() && word.back() == '-') word.pop_back();
  const std::string digest = Digest::of(join(target, "\n")).text();
  return fmt::format("{}{}{}{}", prefix, word, word.empty() ? "" : "-", digest.substr(digest.find(':') + 1, 8));
}

// One look at the world and what follows from it.
struct Proposer::Try {
  const ProposeOptions& options;
  Forge* forge;
  Reporter& reporter;
  const std::string& change_set;
  const Words& words;
  Proposal proposal;
  Heads heads;
  std::optional<ChangeRequest> open;

  // ---- the request

  Marker marker_of(const Words& said, const std::optional<Marker>& before) const {
    Marker marker{change_set, digest_of_words(said.title, said.bodies.empty() ? "" : said.bodies.front()), {}, {}};
    if (before) {
      marker.labels = before->labels;
      marker.reviewers = before->reviewers;
    }
    return marker;
  }

  // Something besides the change: it must not stand in the change's way.
  bool try_besides(const std::function<void()>& step) {
    try {
      step();
      return true;
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::network && error.kind() != ErrorKind::throttled && error.kind() != ErrorKind::usage) throw;
      proposal.warnings.push_back(error.what());
      reporter.warn(error.what());
      return false;
    }
  }

  // Rule 9. What was given by the tool before and is gone was taken off by somebody.
  bool give_labels(const ChangeRequest& request, Marker& marker) {
    const LabelEdit edit{minus(minus(options.labels, marker.labels), request.labels), common(minus(marker.labels, options.labels), request.labels)};
    const bool works = (edit.add.empty() && edit.remove.empty()) || try_besides([&] { forge->label(request, edit); });
    if (!works) return false;
    std::vector<std::string> given = common(marker.labels, options.labels);
    given.insert(given.end(), edit.add.begin(), edit.add.end());
    std::swap(given, marker.labels);
    return given != marker.labels;
  }

  bool ask_reviewers(const ChangeRequest& request, Marker& marker) {
    const auto wanted = minus(options.reviewers, marker.reviewers);
    if (wanted.empty()) return false;
    if (!try_besides([&] { forge->ask_for_review(request, wanted); })) return false;
    marker.reviewers.insert(marker.reviewers.end(), wanted.begin(), wanted.end());
    return true;
  }

  void show(const ChangeRequest& request) {
    proposal.number = request.number;
    proposal.url = request.url;
  }

  // Brings an open request to these words; true when something was written.
  bool bring_up_to_date(const ChangeRequest& request, const Words& shown, const std::optional<Marker>& before) {
    Marker marker = marker_of(words, before);
    const bool labels = give_labels(request, marker), reviewers = ask_reviewers(request, marker);
    const bool same_words = before && before->words == marker.words && before->change_set == marker.change_set;
    if (same_words && !labels && !reviewers) return false;
    RequestEdit edit;
    if (!same_words) edit.title = fitting_title(shown.title, options.title_limit);
    edit.body = same_words ? with_marker(request.body, marker) : fitting_body(shown.bodies, marker, options.body_limit);
    refuse_secrets(options, {edit.title, edit.body});
    forge->edit(request, edit);
    return true;
  }

  // The body as people left it, with another marker.
  std::string with_marker(const std::string& body, const Marker& marker) const {
    const std::size_t begin = body.rfind("<!-- resole-proposal:"), end = begin == std::string::npos ? begin : body.find("-->", begin);
    std::string rest = begin == std::string::npos ? body : body.substr(0, begin);
    if (end != std::string::npos) rest += trim(body.substr(end + 3));
    return std::string(trim(rest)) + "\n\n" + write_marker(marker);
  }

  void open_request(const Words& shown) {
    Marker marker = marker_of(words, std::nullopt);
    NewRequest wanted{proposal.branch, proposal.base, fitting_title(shown.title, options.title_limit), fitting_body(shown.bodies, marker, options.body_limit), options.draft};
    refuse_secrets(options, {wanted.branch, wanted.title, wanted.body});
    const auto [request, adopted] = forge->create(wanted);
    show(request);
    if (adopted) {
      bring_up_to_date(request, shown, read_marker(request.body));
      proposal.outcome = ProposalOutcome::updated;
    } else {
      const bool labels = give_labels(request, marker), reviewers = ask_reviewers(request, marker);
      if (labels || reviewers) forge->edit(request, {"", fitting_body(shown.bodies, marker, options.body_limit)});  // so that the next run knows what it gave
      proposal.outcome = ProposalOutcome::opened;
    }
    open = request;
  }

  // ---- before the clone (rules 2 and 4). True: that is all.
  bool settled_by_requests() {
    const auto requests = forge->find(proposal.branch, proposal.base);
    for (const auto& request : requests) {
      if (request.is_open() && !open) open = request;
    }
    if (!open) {
      const auto newest = std::find_if(requests.begin(), requests.end(), [&](const ChangeRequest& request) {
        const auto marker = read_marker(request.body);
        return marker && marker->change_set == change_set;
      });
      if (newest == requests.end() || newest->state != ChangeRequest::State::closed || options.reopen) return false;
      show(*newest);
      proposal.outcome = ProposalOutcome::declined;
      return true;
    }
    show(*open);
    const auto marker = read_marker(open->body);
    const bool same = marker && marker->change_set == change_set && heads.branches.contains(proposal.branch);
    if (!same || open->conflicted || open->behind) return false;
    proposal.commit = heads.branches.at(proposal.branch);
    proposal.outcome = bring_up_to_date(*open, words, marker) ? ProposalOutcome::updated : ProposalOutcome::unchanged;
    return true;
  }

  // ---- with the clone. False: the branch moved meanwhile.
  bool with_copy(const EditTree& edit, const io::Path& place) {
    WorkingCopy copy(options.access, place, proposal.base, proposal.branch, heads, options.directory);
    proposal.base_commit = copy.base_commit();
    if (copy.tip() && !copy.tip()->ours) return leave_foreign(*copy.tip());
    const Edits edits = edit(copy.root());
    proposal.files = edits.files;
    if (edits.files.empty()) return take_away(copy, edits);
    const std::string message = commit_message(edits.words);
    refuse_secrets(options, {proposal.branch, message});
    proposal.commit = copy.commit(edits.files, message, options.author);
    const bool pushes = must_push(copy, edits);
    if (pushes && copy.push(proposal.branch) == Pushed::raced) return false;
    if (!pushes) proposal.commit = copy.tip()->commit;
    if (forge == nullptr) {
      proposal.outcome = pushes ? ProposalOutcome::pushed : ProposalOutcome::unchanged;
      return true;
    }
    if (open) {
      const bool wrote = bring_up_to_date(*open, edits.words, read_marker(open->body));
      proposal.outcome = pushes || wrote ? ProposalOutcome::updated : ProposalOutcome::unchanged;
    } else {
      open_request(edits.words);
    }
    if (options.auto_merge) try_besides([&] { forge->merge_when_ready(*open, proposal.commit); });
    return true;
  }

  // Rule 6: a newer base alone is no reason.
  bool must_push(const WorkingCopy& copy, const Edits& edits) const {
    if (!copy.tip()) return true;
    const Tip& tip = *copy.tip();
    const bool same_files = copy.branch_has(edits.files);
    if (tip.change_set != change_set) return true;
    if (same_files && tip.parent == copy.base_commit()) return false;
    return open ? open->conflicted || open->behind : !same_files;
  }

  std::string commit_message(const Words& said) const {
    return fmt::format("{}\n\nWritten by resole from rollout.json. Revert this commit to go back.\n\nResole-Change-Set: {}\n", fitting_title(said.title, options.title_limit), change_set);
  }

  bool leave_foreign(const Tip& tip) {
    proposal.commit = tip.commit;
    proposal.outcome = ProposalOutcome::foreign;
    if (open) try_besides([&] { forge->comment_once(*open, std::string(kForeignMark), std::string(kForeignText)); });
    return true;
  }

  // Rule 8.
  bool take_away(WorkingCopy& copy, const Edits& edits) {
    proposal.outcome = edits.known ? ProposalOutcome::deployed : ProposalOutcome::nothing;
    if (open) forge->close(*open);
    if (copy.tip() && copy.remove(proposal.branch) == Pushed::raced) return false;
    return true;
  }
};

Proposer::Proposer(ProposeOptions options, Forge* forge, Reporter& reporter) : options_(std::move(options)), forge_(forge), reporter_(reporter) {}

Proposal Proposer::run(const std::string& change_set, const Words& words, const EditTree& edit) {
  for (unsigned number = 1; number <= kMostTries; ++number) {
    if (auto proposal = once(change_set, words, edit, number)) return std::move(*proposal);
    reporter_.warn("the branch moved while it was being pushed; looking again");
  }
  throw Error(ErrorKind::throttled, "the branch moves all the time: somebody else pushes to it", "is another run of resole at work on the same target? run one at a time");
}

std::optional<Proposal> Proposer::once(const std::string& change_set, const Words& words, const EditTree& edit, unsigned number) {
  Try now{options_, forge_, reporter_, change_set, words, {}, ask_for_heads(Git(options_.access, options_.scratch)), std::nullopt};
  Proposal& proposal = now.proposal;
  proposal.change_set_id = change_set;
  proposal.remote = options_.access.remote.is_http() ? public_url(options_.access.remote.url) : options_.access.remote.url;
  proposal.base = base_of(options_, now.heads);
  proposal.branch = options_.exact_branch ? options_.branch : free_branch_name(options_.branch, now.heads);
  if (proposal.branch == proposal.base) throw Error(ErrorKind::usage, fmt::format("the branch {} is the base itself", printable(proposal.base)), "propose on a branch of its own: --branch NAME");
  refuse_secrets(options_, {proposal.branch});
  if (forge_ != nullptr && now.settled_by_requests()) return std::move(proposal);
  if (!now.with_copy(edit, options_.scratch / fmt::format("{}", number))) return std::nullopt;
  return std::move(proposal);
}

}  // namespace resole::forge
