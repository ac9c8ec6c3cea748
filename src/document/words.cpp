// SPDX-License-Identifier: Apache-2.0
#include "document/words.hpp"

#include <utility>

namespace resole::document {

template <>
std::span<const Why> all_values<Why>() {
  static constexpr Why kAll[] = {Why::reported,   Why::security, Why::data,  Why::all,
                                 Why::dependency, Why::lockstep, Why::floor, Why::rebase};
  return kAll;
}

template <>
std::span<const Scope> all_values<Scope>() {
  static constexpr Scope kAll[] = {Scope::here, Scope::rebase, Scope::application, Scope::not_yet};
  return kAll;
}

template <>
std::span<const HeldReason> all_values<HeldReason>() {
  static constexpr HeldReason kAll[] = {HeldReason::hold,
                                        HeldReason::not_selected,
                                        HeldReason::scripts,
                                        HeldReason::locally_modified,
                                        HeldReason::upstream_bump,
                                        HeldReason::pinned,
                                        HeldReason::unsatisfiable,
                                        HeldReason::breaks_installed,
                                        HeldReason::held_with,
                                        HeldReason::fix_not_available,
                                        HeldReason::needs_repository,
                                        HeldReason::not_yet_published,
                                        HeldReason::module_stream,
                                        HeldReason::repository_unverified,
                                        HeldReason::phased,
                                        HeldReason::version_skew,
                                        HeldReason::would_remove,
                                        HeldReason::needs_sandbox,
                                        HeldReason::needs_emulator,
                                        HeldReason::policy,
                                        HeldReason::too_new,
                                        HeldReason::unimportant,
                                        HeldReason::architecture_not_in_suite};
  return kAll;
}

template <>
std::span<const UnfixedReason> all_values<UnfixedReason>() {
  static constexpr UnfixedReason kAll[] = {
      UnfixedReason::no_fix,      UnfixedReason::will_not_fix,        UnfixedReason::deferred,
      UnfixedReason::end_of_life, UnfixedReason::under_investigation, UnfixedReason::not_a_distribution_package};
  return kAll;
}

template <>
std::span<const OnPartial> all_values<OnPartial>() {
  static constexpr OnPartial kAll[] = {OnPartial::report, OnPartial::accept, OnPartial::refuse};
  return kAll;
}

template <>
std::span<const advisory::Severity> all_values<advisory::Severity>() {
  using advisory::Severity;
  static constexpr Severity kAll[] = {Severity::unknown, Severity::negligible, Severity::low,
                                      Severity::medium,  Severity::high,       Severity::critical};
  return kAll;
}

template <>
std::span<const pkg::VerdictKind> all_values<pkg::VerdictKind>() {
  using pkg::VerdictKind;
  static constexpr VerdictKind kAll[] = {VerdictKind::none,   VerdictKind::unchanged, VerdictKind::recognised,
                                         VerdictKind::recipe, VerdictKind::sandbox,   VerdictKind::unknown};
  return kAll;
}

std::string_view word(Why why) {
  switch (why) {
    case Why::reported:
      return "reported";
    case Why::security:
      return "security";
    case Why::data:
      return "data";
    case Why::all:
      return "all";
    case Why::dependency:
      return "dependency";
    case Why::lockstep:
      return "lockstep";
    case Why::floor:
      return "floor";
    case Why::rebase:
      return "rebase";
  }
  std::unreachable();
}

std::string_view word(Scope scope) {
  switch (scope) {
    case Scope::here:
      return "here";
    case Scope::rebase:
      return "rebase";
    case Scope::application:
      return "application";
    case Scope::not_yet:
      return "not-yet";
  }
  std::unreachable();
}

std::string_view word(HeldReason reason) {
  switch (reason) {
    case HeldReason::hold:
      return "hold";
    case HeldReason::not_selected:
      return "not-selected";
    case HeldReason::scripts:
      return "scripts";
    case HeldReason::locally_modified:
      return "locally-modified";
    case HeldReason::upstream_bump:
      return "upstream-bump";
    case HeldReason::pinned:
      return "pinned";
    case HeldReason::unsatisfiable:
      return "unsatisfiable";
    case HeldReason::breaks_installed:
      return "breaks-installed";
    case HeldReason::held_with:
      return "held-with";
    case HeldReason::fix_not_available:
      return "fix-not-available";
    case HeldReason::needs_repository:
      return "needs-repository";
    case HeldReason::not_yet_published:
      return "not-yet-published";
    case HeldReason::module_stream:
      return "module-stream";
    case HeldReason::repository_unverified:
      return "repository-unverified";
    case HeldReason::phased:
      return "phased";
    case HeldReason::version_skew:
      return "version-skew";
    case HeldReason::would_remove:
      return "would-remove";
    case HeldReason::needs_sandbox:
      return "needs-sandbox";
    case HeldReason::needs_emulator:
      return "needs-emulator";
    case HeldReason::policy:
      return "policy";
    case HeldReason::too_new:
      return "too-new";
    case HeldReason::unimportant:
      return "unimportant";
    case HeldReason::architecture_not_in_suite:
      return "architecture-not-in-suite";
  }
  std::unreachable();
}

std::string_view word(UnfixedReason reason) {
  switch (reason) {
    case UnfixedReason::no_fix:
      return "no-fix";
    case UnfixedReason::will_not_fix:
      return "will-not-fix";
    case UnfixedReason::deferred:
      return "deferred";
    case UnfixedReason::end_of_life:
      return "end-of-life";
    case UnfixedReason::under_investigation:
      return "under-investigation";
    case UnfixedReason::not_a_distribution_package:
      return "not-a-distribution-package";
  }
  std::unreachable();
}

std::string_view word(OnPartial meaning) {
  switch (meaning) {
    case OnPartial::report:
      return "report";
    case OnPartial::accept:
      return "accept";
    case OnPartial::refuse:
      return "refuse";
  }
  std::unreachable();
}

const std::vector<HeldReason>& all_held_reasons() {
  static const std::vector<HeldReason> kAll(all_values<HeldReason>().begin(), all_values<HeldReason>().end());
  return kAll;
}

}  // namespace resole::document
