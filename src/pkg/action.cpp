// SPDX-License-Identifier: Apache-2.0
#include "pkg/action.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/shell_words.hpp"

namespace resole::pkg {
namespace {

// One letter per argument: p absolute path, t target of a link, v version, m mode, n number, w name; after '?' optional ones; "+" at the
// end: the last may be repeated; 's': groups of "--slave LINK NAME PATH".
struct Row {
  ActionKind kind;
  std::string_view name, arguments;
};
constexpr std::array<Row, 23> kRows = {{
    {ActionKind::noop, "noop", ""},
    {ActionKind::ca_certificates, "ca-certificates", ""},
    {ActionKind::ld_so_cache, "ld-so-cache", ""},
    {ActionKind::bytecode, "python-bytecode", ""},
    {ActionKind::rm_conffile, "rm-conffile", "p?v"},
    {ActionKind::mv_conffile, "mv-conffile", "pp?v"},
    {ActionKind::symlink_to_dir, "symlink-to-dir", "pt?v"},
    {ActionKind::dir_to_symlink, "dir-to-symlink", "pt?v"},
    {ActionKind::alternative, "alternative", "pwpn?s"},
    {ActionKind::directory, "directory", "p?mww"},
    {ActionKind::empty_file, "empty-file", "p"},
    {ActionKind::link, "link", "pt"},
    {ActionKind::copy, "copy", "pp"},
    {ActionKind::remove, "remove", "p"},
    {ActionKind::owner, "owner", "pw?w"},
    {ActionKind::tmpfiles, "tmpfiles", "w+"},
    {ActionKind::ucf, "ucf", "pp"},
    {ActionKind::sysusers, "sysusers", "w+"},
    {ActionKind::adduser, "adduser", "w?w"},
    {ActionKind::addgroup, "addgroup", "w"},
    {ActionKind::deluser, "deluser", "w?w"},
    {ActionKind::delgroup, "delgroup", "w"},
    {ActionKind::busybox_applets, "busybox-applets", ""},
}};

const Row& row_of(ActionKind kind) { return *std::ranges::find(kRows, kind, &Row::kind); }

constexpr std::size_t kLongest = 4096;

// Control characters, and what would not come through an action's text as it is.
bool has_odd(std::string_view text) {
  constexpr std::string_view kOdd = "$`'\"\\\x7f";
  return std::ranges::any_of(text, [&](char c) { return static_cast<unsigned char>(c) < 0x20 || kOdd.find(c) != std::string_view::npos; });
}

// Absolute, no empty, "." or ".." component, no slash at the end: it becomes a path in the image.
bool is_clean_path(std::string_view path) {
  if (path.size() < 2 || path.size() > kLongest || path.front() != '/' || has_odd(path)) return false;
  return std::ranges::all_of(split(path.substr(1), '/'),
                             [](std::string_view part) { return !part.empty() && part != "." && part != ".."; });
}

bool is_name(std::string_view text) {
  constexpr std::string_view kExtra = "._+@:~-";
  return !text.empty() && text.size() <= 255 && text.front() != '-' && text != "." && text != ".." &&
         std::ranges::all_of(text, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kExtra.find(c) != std::string_view::npos;
         });
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto number = parse_unsigned(text);
  return number && *number <= 2'147'483'647;
}

bool fits(char shape, std::string_view argument) {
  switch (shape) {
    case 'p':
      return is_clean_path(argument);
    case 't':
      return !argument.empty() && argument.size() <= kLongest && !has_odd(argument);
    case 'm':
      return argument.size() <= 5 && parse_octal(argument).value_or(010000) < 010000;
    case 'n':
      return is_number(argument);
    default:  // names, versions
      return is_name(argument);
  }
}

bool fit_slaves(std::span<const std::string> rest) {
  if (rest.size() % 4 != 0) return false;
  for (std::size_t i = 0; i < rest.size(); i += 4) {
    if (rest[i] != "--slave" || !fits('p', rest[i + 1]) || !fits('w', rest[i + 2]) || !fits('p', rest[i + 3])) return false;
  }
  return true;
}

bool fit(std::string_view shapes, std::span<const std::string> arguments) {
  bool optional = false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const char shape = shapes[i];
    if (shape == '?') {
      optional = true;
    } else if (shape == 's') {
      return fit_slaves(arguments.subspan(at));
    } else if (shape == '+') {
      for (; at < arguments.size(); ++at) {
        if (!fits(shapes[i - 1], arguments[at])) return false;
      }
    } else if (at < arguments.size()) {
      if (!fits(shape, arguments[at++])) return false;
    } else if (!optional) {
      return false;
    }
  }
  return at == arguments.size();
}

// Back through split_shell_words(): no argument has a quote.
std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && word.front() != '~' && word.find_first_of(" &;|<>()*?[]#!{}") == std::string::npos;
  return plain ? word : fmt::format("'{}'", word);
}

}  // namespace

std::string Action::text() const {
  std::string text(action_name(kind));
  for (const std::string& argument : arguments) text += " " + quoted(argument);
  return text;
}

std::string_view action_name(ActionKind kind) { return row_of(kind).name; }

Action make_action(ActionKind kind, std::vector<std::string> arguments) {
  const Row& row = row_of(kind);
  if (!fit(row.arguments, arguments)) {
    throw Error(ErrorKind::input,
                fmt::format("action \"{}\" does not take the arguments \"{}\"", row.name, printable(join(arguments, " "))));
  }
  return {kind, std::move(arguments)};
}

Action parse_action(std::string_view text) {
  auto words = split_shell_words(text);
  if (!words || words->empty()) throw Error(ErrorKind::input, fmt::format("\"{}\" is not an action with plain words", printable(text)));
  const auto row = std::ranges::find(kRows, words->front(), &Row::name);
  if (row == kRows.end()) throw Error(ErrorKind::input, fmt::format("there is no action \"{}\"", printable(words->front(), 60)));
  words->erase(words->begin());
  return make_action(row->kind, std::move(*words));
}

}  // namespace resole::pkg
