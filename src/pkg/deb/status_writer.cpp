// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/status_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "pkg/deb/control.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/version.hpp"

namespace resole::deb {
namespace {

// Fields that dpkg knows, in its order. Conffiles and Status are its own and come from elsewhere.
constexpr std::array<std::string_view, 26> kOrder = {
    "Package",    "Essential",    "Protected",  "Status",    "Priority", "Section",   "Installed-Size", "Origin",        "Maintainer",
    "Bugs",       "Architecture", "Multi-Arch", "Source",    "Version",  "Replaces",  "Provides",       "Depends",       "Pre-Depends",
    "Recommends", "Suggests",     "Breaks",     "Conflicts", "Enhances", "Conffiles", "Description",    "Config-Version"};

constexpr std::array<std::string_view, 9> kRelations = {"Replaces", "Provides", "Depends",   "Pre-Depends", "Recommends",
                                                        "Suggests", "Breaks",   "Conflicts", "Enhances"};

bool is_one_of(std::string_view name, std::span<const std::string_view> names) {
  return std::ranges::any_of(names, [&](std::string_view known) { return same_name(known, name); });
}

std::string_view operator_text(pkg::Operator op) {
  switch (op) {
    case pkg::Operator::less:
      return "<<";
    case pkg::Operator::less_equal:
      return "<=";
    case pkg::Operator::equal:
      return "=";
    case pkg::Operator::greater_equal:
      return ">=";
    case pkg::Operator::greater:
      return ">>";
    case pkg::Operator::any:
    case pkg::Operator::near:
    case pkg::Operator::near_or_less:
    case pkg::Operator::near_or_greater:
      break;
  }
  return {};
}

// "0:1.2-3" is written "1.2-3" (lib/dpkg/vercmp, versiondescribe()).
std::string version_text(std::string_view version) {
  const VersionParts parts = split_version(version);
  const bool no_epoch = !parts.epoch.empty() && std::ranges::all_of(parts.epoch, [](char c) { return c == '0'; });
  return std::string(no_epoch ? version.substr(parts.epoch.size() + 1) : version);
}

std::string relation_text(const pkg::Atom& atom) {
  std::string text = atom.name;
  if (!atom.arch.empty()) text += fmt::format(":{}", atom.arch);
  if (atom.op != pkg::Operator::any) text += fmt::format(" ({} {})", operator_text(atom.op), version_text(atom.version));
  return text;
}

std::string relations_text(std::string_view value, std::string_view what) {
  std::string text;
  for (const pkg::Alternatives& alternatives : parse_alternatives(value, what)) {
    if (!text.empty()) text += ", ";
    for (std::size_t i = 0; i < alternatives.size(); ++i) text += (i ? " | " : "") + relation_text(alternatives[i]);
  }
  return text;
}

std::string conffiles_text(const std::vector<Conffile>& conffiles) {
  if (conffiles.empty()) return {};
  std::string text = "Conffiles:\n";
  for (const Conffile& conffile : conffiles) {
    text += fmt::format(" {} {}{}{}\n", conffile.path, conffile.md5, conffile.obsolete ? " obsolete" : "",
                        conffile.remove_on_upgrade ? " remove-on-upgrade" : "");
  }
  return text;
}

std::string field_text(std::string_view name, std::string_view value) {
  return value.empty() ? std::string() : fmt::format("{}: {}\n", name, value);
}

// Nothing is written for a "no": it is what dpkg assumes.
std::string flag_text(std::string_view name, std::string_view value) {
  return lower(value) == "yes" ? fmt::format("{}: yes\n", name) : std::string();
}

std::string known_field(std::string_view name, const Paragraph& control, const std::vector<Conffile>& conffiles, std::string_view what) {
  const std::string_view value = control.get(name);
  if (name == "Status") return "Status: install ok installed\n";
  if (name == "Conffiles") return conffiles_text(conffiles);
  if (name == "Config-Version") return {};  // only of packages that are not configured
  if (name == "Essential" || name == "Protected") return flag_text(name, value);
  if (name == "Multi-Arch") return lower(value) == "no" ? std::string() : field_text(name, lower(value));
  if (name == "Version") return field_text(name, version_text(value));
  if (is_one_of(name, kRelations)) return field_text(name, relations_text(value, what));
  return field_text(name, value);
}

// dpkg writes status sorted by name, instances of one name by architecture (lib/dpkg/pkg.c, pkg_sorter_by_nonambig_name_arch()).
bool comes_before(const pkg::Package& a, const pkg::Package& b) { return a.name != b.name ? a.name < b.name : a.arch < b.arch; }

}  // namespace

std::string status_stanza(std::string_view control, const std::vector<Conffile>& conffiles, std::string_view what) {
  const Paragraph paragraph = read_single_paragraph(control, std::string(what));
  std::string stanza;
  for (const std::string_view name : kOrder) stanza += known_field(name, paragraph, conffiles, what);
  for (const Field& field : paragraph.fields) {
    if (!is_one_of(field.name, kOrder)) stanza += fmt::format("{}: {}\n", field.name, field.value);
  }
  return stanza;
}

std::string edit_status(std::string_view status, const std::vector<const StatusStanza*>& stanzas, const StatusEdit& edit) {
  auto added = edit.added;
  std::ranges::sort(added, comes_before, &std::pair<pkg::Package, std::string>::first);
  std::string text;
  text.reserve(status.size() + 64 * 1024);
  std::size_t next = 0, copied = 0;
  const auto add_until = [&](const StatusStanza* before) {
    for (; next < added.size() && (!before || comes_before(added[next].first, before->package)); ++next) text += added[next].second + "\n";
  };
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    text += status.substr(copied, stanzas[i]->offset - copied);
    add_until(stanzas[i]);
    const auto replaced = edit.replaced.find(i);
    copied = stanzas[i]->offset + stanzas[i]->text.size();
    if (edit.removed.contains(i)) {
      while (copied < status.size() && status[copied] == '\n') ++copied;
      continue;
    }
    text += replaced == edit.replaced.end() ? stanzas[i]->text : std::string_view(replaced->second);
  }
  text += status.substr(copied);
  if (next < added.size() && !text.empty() && !text.ends_with("\n\n")) text += text.ends_with('\n') ? "\n" : "\n\n";
  add_until(nullptr);
  return text;
}

}  // namespace resole::deb
