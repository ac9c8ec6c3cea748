// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/snippets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/known_shapes.hpp"
#include "pkg/shell_words.hpp"

namespace resole::deb {
namespace {

using Actions = std::vector<pkg::Action>;
using pkg::ActionKind;

constexpr std::size_t kLongestSnippet = 64u << 10;

bool is_word_character(char c) {
  constexpr std::string_view kExtra = "@%+=:,._/~-";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || kExtra.find(c) != std::string_view::npos;
}

bool is_bare_name(std::string_view word) {
  return !word.empty() && word.front() != '-' && word.find_first_of("/=,%") == std::string_view::npos;
}

bool is_bare_name_below(std::string_view directory, std::string_view word) {
  return word.starts_with(directory) && is_bare_name(word.substr(directory.size()));
}

bool is_unit(std::string_view word) {
  constexpr std::array<std::string_view, 9> kSuffixes = {".service", ".socket", ".timer",     ".path", ".target",
                                                         ".mount",   ".slice",  ".automount", ".swap"};
  return is_bare_name(word) &&
         std::ranges::any_of(kSuffixes, [&](std::string_view suffix) { return word.size() > suffix.size() && word.ends_with(suffix); });
}

bool is_conf(std::string_view word) { return is_bare_name(word) && word.size() > 5 && word.ends_with(".conf"); }

// One line, its words one after the other.
class LineShaper {
 public:
  LineShaper(std::string_view package, Shape& shape) : package_(package), shape_(shape) {}

  void add(std::string_view line) {
    expects_init_ = compiles_ = false;
    for (std::size_t at = 0; at < line.size();) {
      if (!is_word_character(line[at])) {
        out_ += line[at++];
        continue;
      }
      std::size_t end = at;
      while (end < line.size() && is_word_character(line[end])) ++end;
      add_word(line.substr(at, end - at));
      at = end;
    }
    out_ += '\n';
  }

  std::string take() {
    for (const std::string_view hole : {"'<unit>'", "<unit>", "<conf>", "<path>"}) {  // several stand as one
      const std::string twice = fmt::format("{0} {0}", hole);
      for (std::size_t at = out_.find(twice); at != std::string::npos; at = out_.find(twice, at)) out_.replace(at, twice.size(), hole);
    }
    return std::move(out_);
  }

 private:
  void add_word(std::string_view word) {
    constexpr std::string_view kInitScripts = "/etc/init.d/", kProfiles = "/etc/apparmor.d/", kLocalProfiles = "/etc/apparmor.d/local/",
                               kIcons = "/usr/share/icons/";
    if (is_bare_name_below(kInitScripts, word)) {
      out_ += "/etc/init.d/<init>";
    } else if (expects_init_ && is_bare_name(word)) {
      out_ += "<init>";
      expects_init_ = false;
    } else if (word == "update-rc.d" || word == "invoke-rc.d") {
      out_ += word;
      expects_init_ = true;
    } else if (word == "py3compile" || word == "pypy3compile") {
      out_ += word;
      compiles_ = true;
    } else if (is_bare_name_below(kLocalProfiles, word)) {
      out_ += "/etc/apparmor.d/local/<profile>";
      shape_.profiles.emplace_back(word.substr(kLocalProfiles.size()));
    } else if (is_bare_name_below(kProfiles, word)) {
      out_ += "/etc/apparmor.d/<profile>";
      shape_.profiles.emplace_back(word.substr(kProfiles.size()));
    } else if (compiles_ && word.find_first_not_of("0123456789.-") == std::string_view::npos && word != "-") {
      out_ += "<version>";
    } else if (word.starts_with(kIcons) || (compiles_ && word.starts_with('/'))) {
      out_ += "<path>";
    } else if (is_unit(word)) {
      out_ += "<unit>";
    } else if (is_conf(word)) {
      out_ += "<conf>";
      shape_.confs.emplace_back(word);
    } else {
      const bool is_package =
          !package_.empty() && word.starts_with(package_) && (word.size() == package_.size() || word[package_.size()] == ':');
      out_ += is_package ? std::string_view("<package>") : word;
    }
  }

  std::string_view package_;
  Shape& shape_;
  std::string out_;
  bool expects_init_ = false;  // behind update-rc.d or invoke-rc.d, until a word that is no option
  bool compiles_ = false;      // behind py3compile: where to look for sources
};

// ---- snippets with arguments

// dpkg-maintscript-helper COMMAND ARGUMENT... [VERSION [PACKAGE]] -- "$@" (dpkg-maintscript-helper(1)).
std::optional<pkg::Action> helper_action(std::string_view line, std::string_view package) {
  struct Command {
    std::string_view name;
    ActionKind kind;
    std::size_t paths;
  };
  constexpr std::array<Command, 4> kCommands = {{{"rm_conffile", ActionKind::rm_conffile, 1},
                                                 {"mv_conffile", ActionKind::mv_conffile, 2},
                                                 {"symlink_to_dir", ActionKind::symlink_to_dir, 2},
                                                 {"dir_to_symlink", ActionKind::dir_to_symlink, 2}}};
  auto words = pkg::split_shell_words(line);
  if (!words || words->size() < 5 || words->front() != "dpkg-maintscript-helper") return std::nullopt;
  if (words->back() != "$@" || (*words)[words->size() - 2] != "--") return std::nullopt;
  const auto command = std::ranges::find(kCommands, (*words)[1], &Command::name);
  if (command == kCommands.end()) return std::nullopt;
  std::vector<std::string> arguments(words->begin() + 2, words->end() - 2);
  if (arguments.size() > command->paths + 1) {
    // Files of another package are not this one's to move.
    if (arguments.size() > command->paths + 2 || (arguments.back() != package && !arguments.back().starts_with(std::string(package) + ":")))
      return std::nullopt;
    arguments.pop_back();
  }
  if (arguments.size() == command->paths + 1 && arguments.back().empty()) arguments.pop_back();  // no version: always
  if (command->kind == ActionKind::dir_to_symlink && !arguments.empty() && arguments[0].ends_with('/')) arguments[0].pop_back();
  return pkg::make_action(command->kind, std::move(arguments));
}

std::optional<Actions> helper_actions(std::string_view text, std::string_view package) {
  Actions actions;
  for (const std::string_view line : lines(text)) {
    if (trim(line).empty()) continue;
    auto action = helper_action(trim(line), package);
    if (!action) return std::nullopt;
    actions.push_back(std::move(*action));
  }
  return actions;
}

// if [ ... ]; then / update-alternatives --install LINK NAME PATH PRIORITY [--slave LINK NAME PATH]... / fi
std::optional<Actions> alternatives_actions(std::string_view text) {
  constexpr std::string_view kQuestion =
      "if [ \"$1\" = \"configure\" ] || [ \"$1\" = \"abort-upgrade\" ] || [ \"$1\" = \"abort-deconfigure\" ] || [ \"$1\" = "
      "\"abort-remove\" ]; then";
  const std::string_view body = trim(text);
  if (!body.starts_with(kQuestion) || !body.ends_with("\nfi")) return std::nullopt;
  auto words = pkg::split_shell_words(trim(body.substr(kQuestion.size(), body.size() - kQuestion.size() - 3)));
  if (!words || words->size() < 6 || (*words)[0] != "update-alternatives" || (*words)[1] != "--install") return std::nullopt;
  return Actions{pkg::make_action(ActionKind::alternative, {words->begin() + 2, words->end()})};
}

// Directories below /usr/local: the text before and after their list is pinned as a shape.
std::optional<Actions> local_directories(std::string_view text) {
  constexpr std::string_view kOpen = ") << DATA\n", kClose = "\nDATA\nfi";
  const std::size_t begin = text.find(kOpen), end = text.rfind(kClose);
  if (begin == std::string_view::npos || end == std::string_view::npos || end < begin + kOpen.size()) return std::nullopt;
  const Shape frame = shape_of(std::string(text.substr(0, begin)) + std::string(text.substr(end + 1)), "");
  if (frame.sha256() != kLocalDirectoriesShape) return std::nullopt;
  Actions actions;
  for (const std::string_view line : lines(text.substr(begin + kOpen.size(), end - begin - kOpen.size()))) {
    const auto words = split_words(line);
    if (words.size() != 4 || !words[0].starts_with("/usr/local/")) return std::nullopt;
    std::vector<std::string> arguments = {std::string(words[0])};
    if (words[1] != "default") arguments.insert(arguments.end(), words.begin() + 1, words.end());
    actions.push_back(pkg::make_action(ActionKind::directory, std::move(arguments)));
  }
  return actions;
}

std::optional<Actions> recognise_shape(const Snippet& snippet, std::string_view package) {
  const Shape shape = shape_of(snippet.text, package);
  const std::string sha256 = shape.sha256();
  const auto known = std::ranges::find_if(
      known_shapes(), [&](const KnownShape& each) { return each.generator == snippet.generator && each.sha256 == sha256; });
  if (known == known_shapes().end()) return std::nullopt;
  switch (known->effect) {
    case SnippetEffect::none:
      return Actions{};
    case SnippetEffect::tmpfiles:
      return Actions{pkg::make_action(ActionKind::tmpfiles, shape.confs)};
    case SnippetEffect::sysusers:
      return Actions{pkg::make_action(ActionKind::sysusers, shape.confs)};
    case SnippetEffect::profile:
      // One profile, named twice.
      if (shape.profiles.size() != 2 || shape.profiles[0] != shape.profiles[1]) return std::nullopt;
      return Actions{pkg::make_action(ActionKind::empty_file, {fmt::format("/etc/apparmor.d/local/{}", shape.profiles[0])})};
  }
  return std::nullopt;
}

}  // namespace

std::string Shape::sha256() const { return sha256_hex_of(text); }

Shape shape_of(std::string_view snippet, std::string_view package) {
  Shape shape;
  LineShaper shaper(package, shape);
  for (std::string_view line : lines(snippet)) {
    line = trim(line);
    if (!line.empty() && !line.starts_with('#')) shaper.add(line);
  }
  shape.text = shaper.take();
  return shape;
}

std::optional<Actions> recognise(const Snippet& snippet, std::string_view script, std::string_view package) {
  if (snippet.text.size() > kLongestSnippet || snippet.text.find('\0') != std::string::npos) return std::nullopt;
  try {
    if (snippet.generator == "dh_installdeb") {
      if (auto actions = helper_actions(snippet.text, package)) return actions;
    }
    if (snippet.generator == "dh_installalternatives" && script == "postinst") {
      if (auto actions = alternatives_actions(snippet.text)) return actions;
    }
    if (snippet.generator == "dh_usrlocal" && script == "postinst") {
      if (auto actions = local_directories(snippet.text)) return actions;
    }
    return recognise_shape(snippet, package);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::input) throw;
    return std::nullopt;  // arguments that no action takes
  }
}

}  // namespace resole::deb
