// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_table.hpp"

#include "base/text.hpp"
#include "io/terminal.hpp"

namespace resole::cli {

namespace {

using io::Table;
using io::Tone;

Tone tone_of(advisory::Severity severity) {
  return severity >= advisory::Severity::high ? Tone::bad : severity == advisory::Severity::medium ? Tone::warn : Tone::plain;
}

std::string severity_text(advisory::Severity severity) {
  return severity == advisory::Severity::unknown ? std::string() : std::string(advisory::severity_name(severity));
}

std::string ids(const std::vector<std::string>& fixes) {
  if (fixes.size() <= 2) return join(fixes, " ");
  return fmt::format("{} {} +{}", fixes[0], fixes[1], fixes.size() - 2);
}

std::string changes_table(const document::PlatformPlan& platform, bool noise, bool color) {
  Table table({"PACKAGE", "FROM", "TO", "WHY", "SCRIPTS", "SEVERITY", "FIXES"});
  bool any = false;
  for (const auto& package : platform.packages) {
    if (package.noise != noise) continue;
    any = true;
    table.row({{package.name + (package.arch == platform.arch || package.arch == "all" ? "" : ":" + package.arch), Tone::strong},
               {package.from.empty() ? "(new)" : package.from},
               {package.to, Tone::good},
               {std::string(document::word(package.why))},
               {std::string(pkg::verdict_name(package.verdict.kind)), Tone::dim},
               {severity_text(package.severity), tone_of(package.severity)},
               {ids(package.fixes)}});
  }
  return any ? table.render(color) : std::string();
}

std::string held_table(const document::PlatformPlan& platform, bool color) {
  if (platform.held.empty()) return {};
  Table table({"HELD", "INSTALLED", "CANDIDATE", "REASON", "TAKEN BY", "DETAIL"});
  for (const auto& held : platform.held) {
    table.row({{held.name, Tone::strong},
               {held.installed},
               {held.candidate},
               {std::string(document::word(held.reason)), held.requested ? Tone::bad : Tone::warn},
               {held.option},
               {held.detail, Tone::dim}});
  }
  return "\n" + table.render(color);
}

std::string unfixed_table(const document::PlatformPlan& platform, bool color) {
  if (platform.unfixed.empty()) return {};
  Table table({"UNFIXED", "PACKAGE", "INSTALLED", "SEVERITY", "REASON", "WHAT NEXT"});
  for (const auto& finding : platform.unfixed) {
    table.row({{finding.id, Tone::strong},
               {finding.package},
               {finding.installed},
               {severity_text(finding.severity), tone_of(finding.severity)},
               {std::string(document::word(finding.reason))},
               {finding.scope == document::Scope::application ? "rebuild the application" : "wait for a fix"}});
  }
  return "\n" + table.render(color);
}

std::string shadow_table(const document::PlatformPlan& platform, bool color) {
  if (platform.shadow_copies.empty()) return {};
  return "\n" + shadow_copies_table(platform.shadow_copies, color);
}

std::string stale_table(const document::PlatformPlan& platform, bool color) {
  if (platform.stale_metadata.empty()) return {};
  Table table({"STALE AFTERWARDS", "NAME", "VALUE", "OF PACKAGE"});
  for (const auto& fact : platform.stale_metadata) table.row({{fact.where}, {printable(fact.name, 100)}, {printable(fact.value, 80)}, {fact.package}});
  return "\n" + table.render(color);
}

std::size_t count_changes(const document::PlatformPlan& platform, bool noise) {
  return static_cast<std::size_t>(std::count_if(platform.packages.begin(), platform.packages.end(), [&](const auto& p) { return p.noise == noise; }));
}

std::string plural(std::size_t count, std::string_view word) { return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s"); }

std::string platform_summary(const document::PlatformPlan& platform) {
  if (!platform.patched) return "carried as it is (" + platform.carried_because + ")";
  const std::size_t changes = count_changes(platform, false);
  const bool all_held = std::any_of(platform.held.begin(), platform.held.end(), [](const auto& held) { return held.requested && !held.noise; });
  std::string text = changes > 0 ? plural(changes, "package") + " change" : all_held ? "no change" : "nothing to do";
  if (const auto noise = count_changes(platform, true)) text += fmt::format(", {} of kernel headers and the like", noise);
  if (!platform.held.empty()) text += fmt::format(", {} held", platform.held.size());
  if (!platform.unfixed.empty()) text += fmt::format(", {} without a fix here", platform.unfixed.size());
  if (!platform.not_in_image.empty()) text += fmt::format(", {} reported but not in the image", platform.not_in_image.size());
  return text;
}

std::string platform_text(const document::PlatformPlan& platform, bool color) {
  std::string text = fmt::format("{}  {}  {}\n", platform.platform.text(), printable(platform.os.pretty_name), platform_summary(platform));
  if (const std::string table = changes_table(platform, false, color); !table.empty()) text += "\n" + table;
  if (const std::string table = changes_table(platform, true, color); !table.empty()) text += "\nkernel headers and the like (never gate)\n" + table;
  text += held_table(platform, color) + unfixed_table(platform, color) + shadow_table(platform, color) + stale_table(platform, color);
  for (const auto& note : platform.notes) text += "note: " + printable(note, 400) + "\n";
  for (const auto& failure : platform.repository_failures) {
    text += fmt::format("warning: repository {} {}: {}\n", printable(failure.uri), printable(failure.suite), printable(failure.message, 400));
  }
  return text;
}

}  // namespace

std::string shadow_copies_table(const std::vector<document::ShadowCopy>& copies, bool color) {
  Table table({"SHADOW COPY", "SONAME", "OF PACKAGE", "KNOWN BY"});
  for (const auto& copy : copies)
    table.row({{printable(copy.path, 120), Tone::bad}, {printable(copy.soname, 60)}, {copy.package}, {copy.version.empty() ? copy.proof : copy.proof + " " + copy.version}});
  return table.render(color);
}

std::string plan_table(const document::Plan& plan, bool color) {
  std::string text;
  for (const auto& platform : plan.platforms) text += (text.empty() ? "" : "\n") + platform_text(platform, color);
  for (const auto& skew : plan.skew) {
    text += "skew: " + skew.package;
    for (const auto& [platform, version] : skew.versions) text += fmt::format("  {} {}", platform, version);
    text += '\n';
  }
  return text;
}

std::string plan_summary(const document::Plan& plan) {
  std::vector<std::string> parts;
  for (const auto& platform : plan.platforms) parts.push_back(plan.platforms.size() == 1 ? platform_summary(platform) : platform.platform.text() + ": " + platform_summary(platform));
  return join(parts, "; ");
}

}  // namespace resole::cli
