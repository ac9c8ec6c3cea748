// SPDX-License-Identifier: Apache-2.0
#include "cli/plan_table.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "cli/plan_groups.hpp"
#include "io/terminal.hpp"
#include "plan/next_steps.hpp"

namespace resole::cli {

namespace {

std::string skew_line(const document::Skew& skew) {
  std::string text = "skew: " + skew.package;
  for (const auto& [platform, version] : skew.versions) text += fmt::format("  {} {}", platform, version);
  return text;
}

std::string platform_text(const document::PlatformPlan& platform, bool color) {
  std::string text = fmt::format("{}  {}\n", platform_title(platform), platform_summary(platform));
  for (const Group& group : groups_of(platform)) {
    io::Table table(group.header);
    for (const auto& row : group.rows) table.row(row);
    text += fmt::format("\n{}\n{}", group.title, table.render(color));
  }
  const auto remarks = platform_remarks(platform);
  if (!remarks.empty()) text += '\n';
  for (const std::string& line : remarks) text += line + "\n";
  return text;
}

// Text that a ticket system must not take for markup, on one line.
std::string in_markdown(std::string_view text) {
  std::string out;
  for (const char c : printable(text, 300)) {
    if (std::string_view("\\`*_[]<>|#~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string markdown_row(const std::vector<std::string>& cells) { return "| " + join(cells, " | ") + " |\n"; }

std::string markdown_group(const Group& group) {
  std::string text = fmt::format("\n### {}\n\n", in_markdown(group.title));
  text += markdown_row(group.header) + markdown_row(std::vector<std::string>(group.header.size(), "---"));
  for (const auto& row : group.rows) {
    std::vector<std::string> cells;
    for (const auto& cell : row) cells.push_back(in_markdown(cell.text));
    text += markdown_row(cells);
  }
  return text;
}

}  // namespace

std::string shadow_copies_table(const std::vector<document::ShadowCopy>& copies, bool color) {
  io::Table table({"SHADOW COPY", "SONAME", "OF PACKAGE", "KNOWN BY"});
  for (const auto& copy : copies)
    table.row({{printable(copy.path, 120), io::Tone::bad}, {printable(copy.soname, 60)}, {copy.package}, {copy.version.empty() ? copy.proof : copy.proof + " " + copy.version}});
  return table.render(color);
}

std::string plan_table(const document::Plan& plan, bool color) {
  std::string text;
  for (const auto& platform : plan.platforms) text += (text.empty() ? "" : "\n") + platform_text(platform, color);
  for (const auto& skew : plan.skew) text += skew_line(skew) + "\n";
  const auto steps = plan::next_steps(plan);
  if (!steps.empty()) text += '\n';
  for (const std::string& line : steps) text += line + "\n";
  return text;
}

std::string plan_markdown(const document::Plan& plan) {
  std::string text;
  for (const auto& platform : plan.platforms) {
    text += fmt::format("{}## {}\n\n{}\n", text.empty() ? "" : "\n", in_markdown(platform_title(platform)), in_markdown(platform_summary(platform)));
    for (const Group& group : groups_of(platform)) text += markdown_group(group);
    const auto remarks = platform_remarks(platform);
    if (!remarks.empty()) text += '\n';
    for (const std::string& line : remarks) text += "- " + in_markdown(line) + "\n";
  }
  std::vector<std::string> lines;
  for (const auto& skew : plan.skew) lines.push_back(skew_line(skew));
  for (std::string& line : plan::next_steps(plan)) lines.push_back(std::move(line));
  if (!lines.empty()) text += '\n';
  for (const std::string& line : lines) text += "- " + in_markdown(line) + "\n";
  return text;
}

std::string plan_summary(const document::Plan& plan) {
  std::vector<std::string> parts;
  for (const auto& platform : plan.platforms) parts.push_back(plan.platforms.size() == 1 ? platform_summary(platform) : platform.platform.text() + ": " + platform_summary(platform));
  return join(parts, "; ");
}

}  // namespace resole::cli
