// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/maintainer_script.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kBegin = "# Automatically added by ", kEnd = "# End automatically added section";
constexpr std::string_view kCertificateList = "CERTS_LIST=\"";

// ca-certificates' config repeats the names of the package's files in one string. It is data, and read from the files here.
bool is_certificate_list(std::string_view line) {
  if (!line.starts_with(kCertificateList) || !line.ends_with('"')) return false;
  line = line.substr(kCertificateList.size(), line.size() - kCertificateList.size() - 1);
  return line.find_first_of("\"$`\\") == std::string_view::npos;  // nothing that the shell would look into
}

void append_line(std::string& text, std::string_view line) { text.append(line).push_back('\n'); }

bool is_shell(std::string_view first_line) {
  if (!first_line.starts_with("#!")) return false;
  const auto words = split_words(first_line.substr(2));
  constexpr std::array<std::string_view, 5> kShells = {"/bin/sh", "/bin/dash", "/bin/bash", "/usr/bin/sh", "/usr/bin/bash"};
  if (words.empty() || std::ranges::find(kShells, words[0]) == kShells.end()) return false;
  return words.size() == 1 || (words.size() == 2 && (words[1] == "-e" || words[1] == "-eu" || words[1] == "-ue"));
}

bool has_only(std::string_view text, std::string_view allowed) { return text.find_first_not_of(allowed) == std::string_view::npos; }

constexpr std::string_view kPattern = "abcdefghijklmnopqrstuvwxyz-|*\"' ";

// "configure)", "install|upgrade)", "*)", with ";;" behind or not.
bool is_case_label(std::string_view line) {
  if (line.ends_with(";;")) line = trim(line.substr(0, line.size() - 2));
  if (line.starts_with('(')) line.remove_prefix(1);
  return line.ends_with(')') && line.size() > 1 && has_only(line.substr(0, line.size() - 1), kPattern);
}

// `if [ "$1" = "configure" ]; then`, `if [ "$1" = remove -o "$1" = purge ]; then`: a question about the first argument and nothing else.
bool is_question(std::string_view line) {
  if (!line.starts_with("if [ ")) return false;
  line.remove_prefix(5);
  if (line.ends_with("then")) {
    line = trim(line.substr(0, line.size() - 4));
    if (!line.ends_with(';')) return false;
    line = trim(line.substr(0, line.size() - 1));
  }
  if (!line.ends_with(" ]")) return false;
  line.remove_suffix(2);
  bool expects_operand = true;
  std::size_t at = 0;
  const auto words = split_words(line);
  while (at < words.size()) {
    if (!expects_operand) {
      if (words[at] == "-o" || words[at] == "-a") {
        ++at;
      } else if (at + 2 < words.size() && words[at] == "]" && (words[at + 1] == "||" || words[at + 1] == "&&") && words[at + 2] == "[") {
        at += 3;
      } else {
        return false;
      }
      expects_operand = true;
      continue;
    }
    if (at + 2 >= words.size() || (words[at] != "\"$1\"" && words[at] != "$1") || (words[at + 1] != "=" && words[at + 1] != "!="))
      return false;
    std::string_view word = words[at + 2];
    if (word.size() >= 2 && word.starts_with('"') && word.ends_with('"')) word = word.substr(1, word.size() - 2);
    if (word.empty() || !has_only(word, "abcdefghijklmnopqrstuvwxyz-")) return false;
    at += 3;
    expects_operand = false;
  }
  return !expects_operand;
}

// echo "postinst called with unknown argument \`$1'" >&2
bool is_complaint(std::string_view line) {
  constexpr std::string_view kEcho = "echo \"";
  constexpr std::array<std::string_view, 4> kTails = {" called with unknown argument \\`$1'\" >&2",
                                                      " called with unknown argument \\`$1'\" 1>&2",
                                                      " called with unknown argument '$1'\" >&2", " called with unknown argument \\`$1'\""};
  if (!line.starts_with(kEcho)) return false;
  line.remove_prefix(kEcho.size());
  return std::ranges::any_of(kTails, [&](std::string_view tail) {
    return line.ends_with(tail) && has_only(line.substr(0, line.size() - tail.size()), "abcdefghijklmnopqrstuvwxyz0123456789.+-$ ") &&
           line.substr(0, line.size() - tail.size()).find("$(") == std::string_view::npos;
  });
}

bool does_nothing(std::string_view line) {
  constexpr auto kNothing = std::to_array<std::string_view>({"set -e",
                                                             "set -eu",
                                                             "set -ue",
                                                             "set -u",
                                                             "case \"$1\" in",
                                                             "case $1 in",
                                                             "case \"${1}\" in",
                                                             ";;",
                                                             "esac",
                                                             ":",
                                                             "true",
                                                             "exit 0",
                                                             "fi",
                                                             "else",
                                                             ". /usr/share/debconf/confmodule",
                                                             "db_version 2.0",
                                                             "db_stop",
                                                             "db_stop || true",
                                                             "exit 0;",
                                                             "then",
                                                             "ldconfig",
                                                             "/sbin/ldconfig"});
  return line.starts_with('#') || std::ranges::find(kNothing, line) != kNothing.end() || is_case_label(line) || is_question(line);
}

// Moves of configuration files are one snippet each: the list grows from version to version, and what stood in it is done.
void add_snippets(Snippet snippet, std::vector<Snippet>& all) {
  const auto is_move = [](std::string_view line) { return line.starts_with("dpkg-maintscript-helper ") && !line.ends_with('\\'); };
  const auto each = lines(snippet.text);
  if (each.empty() || !std::ranges::all_of(each, is_move)) return all.push_back(std::move(snippet));
  for (const std::string_view line : each) all.push_back({snippet.generator, std::string(line) + "\n", snippet.at});
}

}  // namespace

std::string normalise_script(std::string_view text) {
  std::string normal;
  normal.reserve(text.size());
  for (std::string_view line : lines(text)) {
    if (line.starts_with(kBegin)) line = line.substr(0, line.find('/'));
    if (is_certificate_list(line)) line = kCertificateList;
    append_line(normal, line);
  }
  return normal;
}

ScriptParts cut_script(std::string_view normalised) {
  ScriptParts parts;
  std::optional<Snippet> open;
  std::string pending;  // what stands since an open mark, to become rest when the pair is broken
  const auto give_up = [&] {
    parts.rest += pending;
    open.reset();
    pending.clear();
  };
  for (const std::string_view line : lines(normalised)) {
    if (trim(line).empty() && !open) continue;
    if (line.starts_with(kBegin)) {
      give_up();
      open = Snippet{std::string(trim(line.substr(kBegin.size()))), {}, parts.rest.size()};
      append_line(pending, line);
    } else if (open && line == kEnd) {
      add_snippets(std::move(*open), parts.snippets);
      open.reset();
      pending.clear();
    } else if (open) {
      append_line(open->text, line);
      append_line(pending, line);
    } else {
      append_line(parts.rest, line);
    }
  }
  give_up();
  if (parts.rest.find("<<") != std::string::npos) return {{}, std::string(normalised)};
  return parts;
}

bool is_empty_frame(std::string_view rest) {
  const auto all = lines(rest);
  if (all.empty()) return true;
  if (!is_shell(all.front()) || rest.find('\0') != std::string_view::npos) return false;
  bool complained = false;
  for (std::size_t i = 1; i < all.size(); ++i) {
    const std::string_view line = trim(all[i]);
    const bool gives_up = complained && (line == "exit 1" || line == "exit 0");
    complained = is_complaint(line);
    if (!line.empty() && !gives_up && !complained && !does_nothing(line)) return false;
  }
  return true;
}

}  // namespace resole::deb
