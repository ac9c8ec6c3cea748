// SPDX-License-Identifier: Apache-2.0
#include "plan/next_steps.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace resole::plan {

namespace {

constexpr std::size_t kMostNames = 4;

void insert_all(std::set<std::string>& to, const std::vector<std::string>& ids) { to.insert(ids.begin(), ids.end()); }

std::string some_of(const std::set<std::string>& names) {
  std::vector<std::string> shown;
  for (const std::string& name : names) {
    if (shown.size() == kMostNames) return fmt::format("{} and {} more", join(shown, ", "), names.size() - kMostNames);
    shown.push_back(printable(name, 60));
  }
  return join(shown, ", ");
}

// What the image would be rebased to, as far as it is known.
std::string base_in_words(const document::Plan& plan) {
  for (const auto& platform : plan.platforms) {
    if (platform.base && !platform.base->name.empty()) return printable(platform.base->name, 80);
  }
  return "a newer base";
}

// Holds that an option would end, and those that end by themselves.
struct Waiting {
  std::map<std::string, std::set<std::string>> by_option;
  std::string earliest;  // RFC 3339
  std::set<std::string> by_time;
};

Waiting waiting_of(const document::Plan& plan) {
  Waiting out;
  for (const auto& platform : plan.platforms) {
    for (const auto& held : platform.held) {
      if (held.noise) continue;
      if (!held.option.empty()) out.by_option[held.option].insert(held.name);
      if (held.until.empty()) continue;
      out.by_time.insert(held.name);
      if (out.earliest.empty() || held.until < out.earliest) out.earliest = held.until;
    }
  }
  return out;
}

std::set<std::string> applications_of(const document::Plan& plan) {
  std::set<std::string> names;
  for (const auto& platform : plan.platforms) {
    for (const auto& each : platform.unfixed) {
      if (each.scope == document::Scope::application) names.insert(each.package);
    }
    for (const auto& each : platform.shadow_copies) names.insert(each.path);
  }
  return names;
}

}  // namespace

Tally tally(const document::Plan& plan) {
  using document::Scope;
  Tally out;
  const auto set_of = [&](Scope scope) -> std::set<std::string>& {
    return scope == Scope::rebase ? out.rebase : scope == Scope::application ? out.application : scope == Scope::not_yet ? out.not_yet : out.held;
  };
  for (const auto& platform : plan.platforms) {
    for (const auto& package : platform.packages) {
      if (!package.noise) insert_all(out.here, package.fixes);
    }
    for (const auto& held : platform.held) {
      if (!held.noise) insert_all(set_of(held.scope), held.fixes);
    }
    for (const auto& each : platform.unfixed) set_of(each.scope).insert(each.id);
    for (const auto& each : platform.suppressed) out.suppressed.insert(each.id);
    for (const auto& each : platform.already_fixed) out.already.insert(each.id);
    for (const auto& each : platform.not_in_image) out.absent.insert(each.id);
  }
  return out;
}

std::vector<std::string> next_steps(const document::Plan& plan) {
  const Tally counts = tally(plan);
  std::vector<std::string> parts, lines;
  const auto add = [&](std::size_t count, std::string_view text) {
    if (count > 0) parts.push_back(fmt::format("{} {}", count, text));
  };
  add(counts.here.size(), "fixed here");
  add(counts.held.size(), "held");
  add(counts.rebase.size(), "by a rebase to " + base_in_words(plan));
  add(counts.application.size(), counts.application.size() == 1 ? "needs the application rebuilt" : "need the application rebuilt");
  add(counts.not_yet.size(), counts.not_yet.size() == 1 ? "has no fix yet" : "have no fix yet");
  add(counts.suppressed.size(), counts.suppressed.size() == 1 ? "does not count" : "do not count");
  add(counts.already.size(), counts.already.size() == 1 ? "was fixed already" : "were fixed already");
  add(counts.absent.size(), counts.absent.size() == 1 ? "names a package that is not there" : "name packages that are not there");
  if (!parts.empty()) lines.push_back(join(parts, ", "));

  const Waiting waiting = waiting_of(plan);
  if (plan.changes()) lines.push_back("next: build this plan (resole build plan.json --to IMAGE), or patch in one go (resole patch)");
  for (const auto& [option, names] : waiting.by_option) lines.push_back(fmt::format("{} takes what is held: {}", printable(option, 80), some_of(names)));
  if (!waiting.by_time.empty()) lines.push_back(fmt::format("plan again after {}: {}", waiting.earliest, some_of(waiting.by_time)));
  if (const auto names = applications_of(plan); !names.empty()) lines.push_back("rebuild the application for: " + some_of(names));
  return lines;
}

}  // namespace resole::plan
