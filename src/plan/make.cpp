// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/board.hpp"
#include "plan/decide.hpp"
#include "plan/findings.hpp"
#include "plan/planner.hpp"
#include "plan/policy/apply.hpp"
#include "plan/select.hpp"
#include "plan/settle.hpp"
#include "plan/survey.hpp"

namespace resole::plan {

namespace {

const pkg::Verdict* verdict_of(const Request& request, const pkg::Candidate& candidate) {
  const auto found = request.verdicts.find(candidate.entry.identity());
  return found == request.verdicts.end() ? nullptr : &found->second;
}

// Everything that would be unpacked: what moves, what an earlier run has moved already, what is new.
std::vector<const pkg::Candidate*> unpacked(const Board& board, const Settlement& settlement) {
  std::vector<const pkg::Candidate*> all;
  for (std::size_t i = 0; i < board.survey.slots.size(); ++i) {
    const Slot& slot = board.slot(i);
    if (settlement.moves.contains(i))
      all.push_back(&*slot.candidate);
    else if (slot.floor_candidate)
      all.push_back(&*slot.floor_candidate);
  }
  for (const Addition& addition : settlement.additions) all.push_back(&addition.candidate);
  std::sort(all.begin(), all.end(), [](const auto* a, const auto* b) { return std::tie(a->name, a->arch) < std::tie(b->name, b->arch); });
  return all;
}

NeedControl missing_verdicts(const Request& request, const std::vector<const pkg::Candidate*>& candidates) {
  NeedControl need;
  for (const pkg::Candidate* candidate : candidates) {
    if (!verdict_of(request, *candidate)) need.packages.push_back(*candidate);
  }
  return need;
}

void hold_for_scripts(const Board& board, const Settlement& settlement, const pkg::Candidate& candidate, const pkg::Verdict& verdict,
                      Holds& holds) {
  const std::string what = fmt::format("{} {}: {}", candidate.key(), candidate.version, verdict.reason);
  if (board.request.policy.scripts == Scripts::refuse) {
    throw Error(ErrorKind::refused, "maintainer scripts would have to run, and --scripts refuse forbids it: " + what,
                "give --scripts hold to leave such packages as they are");
  }
  const auto& obstacle = board.request.sandbox_obstacle;
  const bool sandbox = board.request.policy.scripts == Scripts::sandbox && obstacle;
  const document::HeldReason reason = sandbox ? obstacle->reason : document::HeldReason::scripts;
  const std::string why = sandbox ? obstacle->detail + "; " : std::string();
  const auto slot = board.slot_of(candidate);
  if (slot && settlement.moves.contains(*slot)) return board.hold(*slot, {reason, why + verdict.reason}, holds);
  const auto needing = slot ? std::set<std::size_t>{} : board.needing(settlement, candidate);
  if (needing.empty()) {
    throw Error(ErrorKind::refused,
                fmt::format("the given image has {}, whose maintainer scripts no rule covers: {}", candidate.key(), verdict.reason),
                sandbox ? obstacle->detail : "patch the original image, or give --scripts sandbox");
  }
  for (const std::size_t index : needing) board.hold(index, {reason, why + "needs the new package " + what}, holds);
}

// Holds what must not be unpacked; false when nothing had to be held.
bool judge(const Board& board, const Settlement& settlement, const std::vector<const pkg::Candidate*>& candidates, Holds& holds) {
  if (board.request.policy.scripts == Scripts::sandbox && !board.request.sandbox_obstacle) return false;
  const std::size_t before = holds.size();
  for (const pkg::Candidate* candidate : candidates) {
    const pkg::Verdict& verdict = *verdict_of(board.request, *candidate);
    if (!verdict.passes()) hold_for_scripts(board, settlement, *candidate, verdict, holds);
  }
  return holds.size() > before;
}

}  // namespace

std::variant<Decision, NeedControl> make(const Request& request) {
  Survey surveyed = survey(request);
  Distributed distributed = distribute(request.findings, surveyed.slots, request.family);
  if (apply_rules(request, surveyed.slots)) distributed = distribute(request.findings, surveyed.slots, request.family);
  const Selection selection = select(request, surveyed.slots);
  const Board board(request, surveyed, selection);
  Holds firm = board.initial_holds();  // only grows, so this ends
  for (;;) {
    Holds holds = firm;
    const Settlement settlement = settle(board, holds);
    if (hold_additions(board, settlement, firm)) continue;
    refuse_denied(board, settlement);
    const auto candidates = unpacked(board, settlement);
    NeedControl need = missing_verdicts(request, candidates);
    if (!need.packages.empty()) return need;
    if (!judge(board, settlement, candidates, firm)) return decide(board, settlement, holds, std::move(distributed));
  }
}

}  // namespace resole::plan
