// SPDX-License-Identifier: Apache-2.0
// Why a known fix is not taken, for people: one sentence each, and the option that would take it.
#include <utility>

#include "document/plan.hpp"

namespace resole::document {

std::string_view sentence(HeldReason reason) {
  switch (reason) {
    case HeldReason::hold:
      return "It is on hold, in the image's package database or by --hold.";
    case HeldReason::not_selected:
      return "A newer version with a fix exists, but the options given leave this package out.";
    case HeldReason::scripts:
      return "Its maintainer scripts changed and no rule or recipe says what they would do; nothing is executed unless asked.";
    case HeldReason::locally_modified:
      return "The image's layers changed files of this package, and the new version would replace them.";
    case HeldReason::upstream_bump:
      return "It could be had only in another upstream version: of another origin than the distribution, or of another release.";
    case HeldReason::pinned:
      return "The image's package preferences keep the older version.";
    case HeldReason::unsatisfiable:
      return "The dependencies of the new version cannot be met from the image's repositories.";
    case HeldReason::breaks_installed:
      return "The new version would break a package that stays as it is.";
    case HeldReason::held_with:
      return "It moves only together with a package that is held.";
    case HeldReason::fix_not_available:
      return "No repository of the image offers a version with the fix.";
    case HeldReason::needs_repository:
      return "The fix is in a repository that the image does not have, of a subscription or of another minor release.";
    case HeldReason::not_yet_published:
      return "The fix is made for this release, and the repositories do not have it yet.";
    case HeldReason::module_stream:
      return "The fix is of another module stream than the installed package.";
    case HeldReason::repository_unverified:
      return "The repository it comes from could not be read or verified.";
    case HeldReason::phased:
      return "Its publisher hands the update out in phases, and has not finished.";
    case HeldReason::version_skew:
      return "Another platform of the image has no such version yet, and --lockstep keeps platforms equal.";
    case HeldReason::would_remove:
      return "Taking it would remove another package.";
    case HeldReason::needs_sandbox:
      return "Its maintainer scripts have to run, and this machine cannot make a sandbox for them.";
    case HeldReason::needs_emulator:
      return "Its maintainer scripts have to run, and they are of another architecture than this machine.";
    case HeldReason::policy:
      return "The policy leaves it as it is.";
    case HeldReason::too_new:
      return "The new version has not been public for as long as the policy wants.";
    case HeldReason::unimportant:
      return "Nothing that could be fixed is severe enough for a new digest, by the policy.";
    case HeldReason::architecture_not_in_suite:
      return "The suite that has the fix has no packages for this architecture.";
  }
  std::unreachable();
}

std::string_view option_for(HeldReason reason) {
  switch (reason) {
    case HeldReason::locally_modified:
      return "--on-modified overwrite";
    case HeldReason::not_selected:
      return "--update all";
    case HeldReason::phased:
      return "--only";
    case HeldReason::scripts:
      return "--scripts sandbox";
    case HeldReason::hold:
    case HeldReason::upstream_bump:
    case HeldReason::pinned:
    case HeldReason::unsatisfiable:
    case HeldReason::breaks_installed:
    case HeldReason::held_with:
    case HeldReason::fix_not_available:
    case HeldReason::needs_repository:
    case HeldReason::not_yet_published:
    case HeldReason::module_stream:
    case HeldReason::repository_unverified:
    case HeldReason::version_skew:
    case HeldReason::would_remove:
    case HeldReason::needs_sandbox:
    case HeldReason::needs_emulator:
    case HeldReason::policy:
    case HeldReason::too_new:
    case HeldReason::unimportant:
    case HeldReason::architecture_not_in_suite:
      return "";
  }
  std::unreachable();
}

}  // namespace resole::document
