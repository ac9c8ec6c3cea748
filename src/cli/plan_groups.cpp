// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_groups.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.hpp"

namespace resole::cli {

namespace {

using advisory::Severity;
using document::Scope;
using io::Tone;
using Cell = io::Table::Cell;

// A letter, so that the colour is never the only carrier; "!" is on a list of known exploited ones.
Cell severity_cell(Severity severity, bool exploited) {
  const std::string letter = severity == Severity::unknown ? "" : std::string(advisory::severity_name(severity).substr(0, 1));
  const Tone tone = exploited || severity >= Severity::high ? Tone::bad : severity == Severity::medium ? Tone::warn : severity == Severity::unknown ? Tone::plain : Tone::dim;
  return {exploited ? letter + "!" : letter, tone};
}

std::string some_ids(const std::vector<std::string>& ids) {
  if (ids.size() <= 2) return join(ids, " ");
  return fmt::format("{} {} +{}", ids[0], ids[1], ids.size() - 2);
}

std::string name_of(const std::string& name, const std::string& arch, const document::PlatformPlan& platform) {
  return name + (arch == platform.arch || arch == "all" ? "" : ":" + arch);
}

// What is done about its scripts, where something is.
std::string why_of(const document::PlannedPackage& package) {
  std::string text(document::word(package.why));
  const auto kind = package.verdict.kind;
  if (!package.inferred.empty()) text += ", inferred";
  if (kind == pkg::VerdictKind::recipe || kind == pkg::VerdictKind::sandbox || kind == pkg::VerdictKind::recognised) text += fmt::format(", {}", pkg::verdict_name(kind));
  return text;
}

Group planned_group(const document::PlatformPlan& platform, bool noise) {
  Group group{noise ? "kernel headers and the like (never gate)" : "fixed here", {"S", "PACKAGE", "FROM", "TO", "WHY", "FIXES"}, {}};
  for (const auto& package : platform.packages) {
    if (package.noise != noise) continue;
    group.rows.push_back({severity_cell(package.severity, package.known_exploited),
                          {name_of(package.name, package.arch, platform), Tone::strong},
                          {package.from.empty() ? "(new)" : package.from},
                          {package.to, Tone::good},
                          {why_of(package)},
                          {some_ids(package.fixes)}});
  }
  return group;
}

Group held_group(const document::PlatformPlan& platform) {
  Group group{"held: a fix is known and not taken", {"S", "PACKAGE", "INSTALLED", "CANDIDATE", "REASON", "TAKEN BY, DETAIL"}, {}};
  for (const auto& held : platform.held) {
    if (held.scope != Scope::here) continue;
    const std::string next = !held.option.empty() ? held.option : held.until.empty() ? "" : "waiting until " + held.until.substr(0, 10);
    group.rows.push_back({severity_cell(held.severity, held.known_exploited),
                          {name_of(held.name, held.arch, platform), Tone::strong},
                          {held.installed},
                          {held.candidate},
                          {std::string(document::word(held.reason)), held.requested ? Tone::bad : Tone::warn},
                          {next + (next.empty() || held.detail.empty() ? "" : "; ") + held.detail, Tone::dim}});
  }
  return group;
}

// What ends elsewhere: one row per package and reason, however many advisories.
struct Open {
  std::string installed;
  Severity severity = Severity::unknown;
  bool exploited = false;
  std::set<std::string> ids, details;
};

Group open_group(const document::PlatformPlan& platform, Scope scope, std::string title) {
  std::map<std::pair<std::string, std::string>, Open> rows;  // package, reason
  const auto add = [&](const std::string& package, std::string_view reason, const std::string& installed, Severity severity, bool exploited, const std::vector<std::string>& ids,
                       const std::string& detail) {
    Open& open = rows[{package, std::string(reason)}];
    open.installed = installed;
    open.severity = std::max(open.severity, severity);
    open.exploited = open.exploited || exploited;
    open.ids.insert(ids.begin(), ids.end());
    if (!detail.empty()) open.details.insert(detail);
  };
  for (const auto& held : platform.held) {
    if (held.scope == scope && scope != Scope::here)
      add(name_of(held.name, held.arch, platform), document::word(held.reason), held.installed, held.severity, held.known_exploited, held.fixes, held.detail);
  }
  for (const auto& each : platform.unfixed) {
    if (each.scope != scope) continue;
    add(each.package, document::word(each.reason), each.installed, each.severity, false, {each.id}, each.detail);
    if (each.inferred) add(each.package, document::word(each.reason), each.installed, each.severity, false, {}, "inferred");
  }
  Group group{std::move(title), {"S", "PACKAGE", "INSTALLED", "REASON", "ADVISORIES", "DETAIL"}, {}};
  for (const auto& [key, open] : rows) {
    group.rows.push_back({severity_cell(open.severity, open.exploited),
                          {key.first, Tone::strong},
                          {open.installed},
                          {key.second},
                          {some_ids({open.ids.begin(), open.ids.end()})},
                          {join({open.details.begin(), open.details.end()}, "; "), Tone::dim}});
  }
  return group;
}

Group shadow_group(const document::PlatformPlan& platform) {
  Group group{"copies of patched code outside packages: rebuild what brought them", {"PATH", "SONAME", "OF PACKAGE", "KNOWN BY"}, {}};
  for (const auto& copy : platform.shadow_copies) {
    group.rows.push_back({{printable(copy.path, 120), Tone::bad},
                          {printable(copy.soname, 60)},
                          {copy.package},
                          {copy.version.empty() ? copy.proof : copy.proof + " " + copy.version}});
  }
  return group;
}

Group suppressed_group(const document::PlatformPlan& platform) {
  Group group{"does not count", {"S", "ADVISORY", "PACKAGE", "SAID BY", "WHAT, UNTIL"}, {}};
  for (const auto& each : platform.suppressed) {
    std::string what = each.says + (each.until.empty() ? "" : ", until " + each.until.substr(0, 10));
    if (!each.reason.empty()) what += ": " + each.reason;
    group.rows.push_back({severity_cell(each.severity, false), {each.id, Tone::strong}, {each.package}, {each.by}, {std::move(what), Tone::dim}});
  }
  return group;
}

// Advisories that ask for nothing here, by package.
Group already_fixed_group(const document::PlatformPlan& platform) {
  std::map<std::pair<std::string, std::string>, std::pair<std::set<std::string>, std::set<std::string>>> rows;  // package, installed -> fixes, ids
  for (const auto& each : platform.already_fixed) {
    auto& [fixes, ids] = rows[{each.package, each.installed}];
    fixes.insert(each.source.name.empty() ? each.fixed : each.source.name + " " + each.fixed);
    ids.insert(each.id);
  }
  Group group{"fixed already", {"PACKAGE", "INSTALLED", "ADVISORIES", "FIXED SINCE"}, {}};
  for (const auto& [key, row] : rows) {
    group.rows.push_back({{key.first, Tone::strong}, {key.second}, {some_ids({row.second.begin(), row.second.end()})}, {printable(join({row.first.begin(), row.first.end()}, ", "), 200), Tone::dim}});
  }
  return group;
}

Group absent_group(const document::PlatformPlan& platform) {
  std::map<std::string, std::set<std::string>> rows;
  for (const auto& each : platform.not_in_image) rows[each.package].insert(each.id);
  Group group{"reported, and not in the image", {"PACKAGE", "ADVISORIES"}, {}};
  for (const auto& [package, ids] : rows) group.rows.push_back({{printable(package, 120), Tone::strong}, {some_ids({ids.begin(), ids.end()})}});
  return group;
}

Group stale_group(const document::PlatformPlan& platform) {
  Group group{"tells old versions afterwards", {"WHERE", "NAME", "VALUE", "OF PACKAGE"}, {}};
  for (const auto& fact : platform.stale_metadata) group.rows.push_back({{fact.where}, {printable(fact.name, 100)}, {printable(fact.value, 80)}, {fact.package}});
  return group;
}

std::size_t count_changes(const document::PlatformPlan& platform, bool noise) {
  return static_cast<std::size_t>(std::count_if(platform.packages.begin(), platform.packages.end(), [&](const auto& each) { return each.noise == noise; }));
}

}  // namespace

std::vector<Group> groups_of(const document::PlatformPlan& platform) {
  std::vector<Group> groups = {planned_group(platform, false),
                               planned_group(platform, true),
                               held_group(platform),
                               open_group(platform, Scope::rebase, "by a newer base"),
                               open_group(platform, Scope::application, "by rebuilding the application"),
                               shadow_group(platform),
                               open_group(platform, Scope::not_yet, "no fix yet"),
                               suppressed_group(platform),
                               already_fixed_group(platform),
                               absent_group(platform),
                               stale_group(platform)};
  std::erase_if(groups, [](const Group& group) { return group.rows.empty(); });
  return groups;
}

std::string platform_title(const document::PlatformPlan& platform) {
  return fmt::format("{}  {}", platform.platform.text(), printable(platform.os.pretty_name));
}

std::string platform_summary(const document::PlatformPlan& platform) {
  if (!platform.patched) return "carried as it is (" + platform.carried_because + ")";
  const std::size_t changes = count_changes(platform, false);
  const bool all_held = std::any_of(platform.held.begin(), platform.held.end(), [](const auto& held) { return held.requested && !held.noise; });
  const bool out_of_reach = std::any_of(platform.held.begin(), platform.held.end(), [](const auto& held) { return held.scope != Scope::here && !held.noise; });
  std::string text = changes > 0    ? fmt::format("{} package{} change", changes, changes == 1 ? "" : "s")
                     : all_held     ? "no change, everything that could be fixed is held"
                     : out_of_reach ? "no change, the fixes are out of reach here"
                                    : "nothing to do";
  if (const auto noise = count_changes(platform, true)) text += fmt::format(", {} of kernel headers and the like", noise);
  if (!platform.held.empty()) text += fmt::format(", {} held", platform.held.size());
  if (!platform.unfixed.empty()) text += fmt::format(", {} without a fix here", platform.unfixed.size());
  if (!platform.suppressed.empty()) text += fmt::format(", {} not counted", platform.suppressed.size());
  if (!platform.already_fixed.empty()) text += fmt::format(", {} fixed already", platform.already_fixed.size());
  if (!platform.not_in_image.empty()) text += fmt::format(", {} reported but not in the image", platform.not_in_image.size());
  return text;
}

std::vector<std::string> platform_remarks(const document::PlatformPlan& platform) {
  std::vector<std::string> lines;
  for (const auto& note : platform.notes) lines.push_back("note: " + printable(note, 400));
  for (const auto& failure : platform.repository_failures)
    lines.push_back(fmt::format("warning: repository {} {}: {}", printable(failure.uri), printable(failure.suite), printable(failure.message, 400)));
  return lines;
}

}  // namespace resole::cli
