// SPDX-License-Identifier: Apache-2.0
// After ucf 3.0043, whose script is its only description.
#include "pkg/deb/shipped_defaults.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/metadata.hpp"
#include "pkg/deb/status.hpp"
#include "pkg/shell_words.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kHashes = "var/lib/ucf/hashfile", kShareDirectory = "/usr/share/";
constexpr std::array<std::string_view, 6> kNeverDefaults = {"bug/", "doc/", "info/", "lintian/", "locale/", "man/"};

// ---- scripts

bool hands_to_ucf(std::string_view postinst) {
  return std::ranges::any_of(lines(postinst), [](std::string_view line) {
    const auto words = split_words(line);
    const auto has = [&](std::string_view word) { return std::ranges::find(words, word) != words.end(); };
    return !words.empty() && !words[0].starts_with('#') && has("ucf") && !has("--purge");
  });
}

bool is_variable_name(std::string_view word) {
  return !word.empty() && std::ranges::all_of(word, [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; });
}

bool is_plain_path(std::string_view path) {
  return path.starts_with('/') && path.find_first_of("$`'\"\\ *?[]{}") == std::string_view::npos;
}

// Variables that are set once, to a plain word: what they are wherever they stand.
class Variables {
 public:
  explicit Variables(std::string_view script) {
    for (const std::string_view line : lines(script)) {
      std::string_view text = trim(line);
      const std::size_t equals = text.find('=');
      if (equals == std::string_view::npos || !is_variable_name(text.substr(0, equals))) {
        for (const std::string_view keyword : {"for ", "read ", "local ", "export "}) {
          if (text.starts_with(keyword)) other_.emplace_back(text);
        }
        continue;
      }
      std::string_view value = text.substr(equals + 1);
      if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front()) value = value.substr(1, value.size() - 2);
      const auto [known, fresh] = values_.emplace(text.substr(0, equals), is_plain_path(value) ? std::optional<std::string>(value) : std::nullopt);
      if (!fresh) known->second.reset();
    }
  }

  // The word with its variables replaced; nullopt when one of them is not known.
  std::optional<std::string> expand(std::string_view word) const {
    std::string out;
    while (!word.empty()) {
      if (word.front() != '$') {
        out += word.front();
        word.remove_prefix(1);
        continue;
      }
      word.remove_prefix(1);
      const bool braces = word.starts_with('{');
      if (braces) word.remove_prefix(1);
      std::size_t end = 0;
      while (end < word.size() && is_variable_name(word.substr(end, 1))) ++end;
      const auto value = values_.find(word.substr(0, end));
      if (value == values_.end() || !value->second || sets_otherwise(value->first)) return std::nullopt;
      out += *value->second;
      word.remove_prefix(end);
      if (braces && !word.starts_with('}')) return std::nullopt;
      if (braces) word.remove_prefix(1);
    }
    return out;
  }

 private:
  bool sets_otherwise(std::string_view name) const {
    return std::ranges::any_of(other_, [&](std::string_view line) {
      const auto words = split_words(line);
      return std::ranges::any_of(words, [&](std::string_view word) { return word.substr(0, word.find_first_of("=;")) == name; });
    });
  }

  std::map<std::string, std::optional<std::string>, std::less<>> values_;
  std::vector<std::string_view> other_;
};

// By its name, or by a directory of the package and a variable: "/usr/share/dovecot/$conffile".
bool names_default(std::string_view postinst, std::string_view path) {
  if (names_file(postinst, path)) return true;
  for (std::size_t slash = path.rfind('/'); slash > kShareDirectory.size(); slash = path.rfind('/', slash - 1)) {
    const std::string_view directory = path.substr(0, slash);
    if (postinst.find(fmt::format("{}/$", directory)) != std::string_view::npos || names_file(postinst, directory)) return true;
  }
  return false;
}

bool may_be_default(std::string_view path) {
  if (!path.starts_with(kShareDirectory)) return false;
  path.remove_prefix(kShareDirectory.size());
  return std::ranges::none_of(kNeverDefaults, [&](std::string_view directory) { return path.starts_with(directory); });
}

// ---- the image

// Of one line of the hashfile.
std::pair<std::string_view, std::string_view> hash_and_path(std::string_view line) {
  const auto words = split_words(line);
  return words.size() == 2 ? std::pair(words[0], words[1]) : std::pair<std::string_view, std::string_view>();
}

std::string_view remembered(std::string_view hashes, std::string_view path) {
  std::string_view hash;
  for (const std::string_view line : lines(hashes)) {
    if (const auto [md5, name] = hash_and_path(line); name == path) hash = md5;
  }
  return hash;
}

std::string_view sum_of(std::string_view md5sums, std::string_view path) {
  for (const std::string_view line : lines(md5sums)) {
    const std::size_t gap = line.find(' ');
    if (gap != std::string_view::npos && trim(line.substr(gap)) == path.substr(1)) return line.substr(0, gap);
  }
  return {};
}

using Calls = std::vector<std::pair<std::string, std::string>>;

// Of every installed package, and of the new postinst.
Calls all_calls(const DefaultsCase& each) {
  Calls all = ucf_calls(each.postinst);
  const std::string directory = each.tree.resolve(kInfoDirectory, true).path;
  for (const std::string& name : each.tree.children(directory)) {
    if (!name.ends_with(".postinst")) continue;
    const auto script = each.tree.content(fmt::format("{}/{}", directory, name));
    if (!script || script->find("ucf") == std::string_view::npos) continue;
    for (auto& call : ucf_calls(*script)) {
      if (std::ranges::find(all, call) == all.end()) all.push_back(std::move(call));
    }
  }
  return all;
}

// Why ucf would ask, or do something that is not done here; "" when the file is as ucf left it.
std::string obstacle(const rootfs::Tree& tree, const std::string& to) {
  const rootfs::Resolved at = tree.resolve(to.substr(1), false);
  const std::string_view last = remembered(tree.content(kHashes).value_or(""), to);
  if (!at.node) return "was deleted in the image, and its default changes";
  if (at.node->entry.type != tar::Type::file || at.path != to.substr(1)) return "is not a file of its own, and its default changes";
  if (!at.node->entry.md5 || to_hex(*at.node->entry.md5) != last) return "was changed in the image, and so is its default";
  return {};
}

}  // namespace

std::vector<std::pair<std::string, std::string>> ucf_calls(std::string_view script) {
  constexpr std::array<std::string_view, 5> kPlainOptions = {"--three-way", "--debconf-ok", "-Z", "-v", "--verbose"};
  Calls calls;
  if (script.find("ucf") == std::string_view::npos) return calls;
  const Variables variables(script);
  for (const std::string_view line : lines(script)) {
    auto words = split_words(line);
    if (words.empty() || words[0] != "ucf") continue;
    while (words.size() > 1 && std::ranges::find(kPlainOptions, words[1]) != kPlainOptions.end()) words.erase(words.begin() + 1);
    if (words.size() != 3) continue;
    const auto bare = [](std::string_view word) {
      const bool quoted = word.size() >= 2 && word.front() == '"' && word.back() == '"';
      return quoted ? word.substr(1, word.size() - 2) : word;
    };
    const auto from = variables.expand(bare(words[1])), to = variables.expand(bare(words[2]));
    if (from && to && is_plain_path(*from) && is_plain_path(*to)) calls.emplace_back(*from, *to);
  }
  return calls;
}

DefaultsFinding judge_defaults(const DefaultsCase& each) {
  DefaultsFinding finding;
  const rootfs::Node* hashfile = follow(each.tree, kHashes).node;
  if (!hashfile) return finding;
  const Calls calls = all_calls(each);
  const auto hashes = each.tree.content(kHashes);
  const bool hands_over = hands_to_ucf(each.postinst);
  for (const std::string& path : each.change.changed) {
    bool called = false;
    for (const auto& [from, to] : calls) {
      if (from != path) continue;
      // Of two defaults for one file, in two branches of a script, the one counts that the file was made from.
      if (remembered(hashes.value_or(""), to) != sum_of(each.installed_md5sums, from)) continue;
      called = true;
      if (const std::string problem = obstacle(each.tree, to); !problem.empty())
        return {fmt::format("{} {} ({}, ucf)", printable(to), problem, printable(from)), {}};
      finding.actions.push_back(pkg::make_action(pkg::ActionKind::ucf, {from, to}));
    }
    if (!called && hands_over && may_be_default(path) && names_default(each.postinst, path))
      return {fmt::format("{} changes, from which postinst makes a configuration file (ucf)", printable(path)), {}};
  }
  for (const std::string& path : each.change.named) {
    if (hands_over && may_be_default(path) && names_default(each.postinst, path))
      return {fmt::format("{} comes or goes, from which postinst makes a configuration file (ucf)", printable(path)), {}};
  }
  return finding;
}

void renew_default(const std::string& to, const std::string& content, TreeEdit& edit) {
  constexpr std::size_t kCached = 25600;  // ucf keeps what is smaller, and what may be merged three ways
  const std::string hashes = fmt::format("/{}", kHashes), before = edit.content(hashes).value_or("");
  std::string after;
  for (const std::string_view line : lines(before)) {
    if (hash_and_path(line).second != to) after += fmt::format("{}\n", line);
  }
  after += fmt::format("{}  {}\n", to_hex(md5_of(content)), to);
  std::string name = to;
  std::ranges::replace(name, '/', ':');
  const std::string cached = "/var/lib/ucf/cache/" + name;
  edit.put_file(to, content);
  edit.put_file(hashes, after);
  if (content.size() >= kCached && !edit.is_there(cached)) return;
  edit.make_parents(cached);
  edit.put_file(cached, content);
}

}  // namespace resole::deb
