// SPDX-License-Identifier: Apache-2.0
#include "cli/outcome.hpp"

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::cli {

namespace {

document::OnPartial on_partial(const document::Plan& plan) { return plan.policy ? plan.policy->on_partial : document::OnPartial::report; }

bool counts_as_partial(const document::Plan& plan) { return plan.partial() && on_partial(plan) != document::OnPartial::accept; }

}  // namespace

std::string counted(std::size_t number, std::string_view noun) { return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s"); }

int plan_exit_code(const Options& options, const document::Plan& plan) {
  if (counts_as_partial(plan)) return kExitPartial;
  return options.detailed_exitcode && plan.changes() ? kExitChanges : kExitDone;
}

int result_exit_code(const document::Plan& plan) { return counts_as_partial(plan) ? kExitPartial : kExitDone; }

void refuse_partial(const document::Plan& plan) {
  if (on_partial(plan) != document::OnPartial::refuse || !plan.partial()) return;
  std::vector<std::string> names;
  for (const auto& platform : plan.platforms) {
    for (const auto& held : platform.held) {
      if (held.requested && !held.noise) names.push_back(fmt::format("{} ({})", printable(held.name), document::word(held.reason)));
    }
  }
  const std::size_t more = names.size() > 5 ? names.size() - 5 : 0;
  names.resize(names.size() - more);
  throw Error(ErrorKind::refused,
              fmt::format("{} refuses partial fixes, and held are: {}{}", printable(plan.policy->name), join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : ""),
              "resole plan --explain PACKAGE tells why; onPartial: report builds the rest");
}

void refuse_uncovered_scripts(const document::Plan& plan) {
  const auto scripts = plan.options.find("scripts");
  if (scripts == plan.options.end() || scripts->second != "refuse") return;
  for (const auto& platform : plan.platforms) {
    for (const auto& held : platform.held) {
      if (held.reason != document::HeldReason::scripts) continue;
      throw Error(ErrorKind::refused, fmt::format("the maintainer scripts of {} {} are not covered: {}", held.name, held.candidate, held.detail),
                  "--scripts hold leaves such packages at their version");
    }
  }
}

}  // namespace resole::cli
