// SPDX-License-Identifier: Apache-2.0
// What systemd's src/sysusers/sysusers.c leaves alone: a user whose name is in /etc/passwd, whatever his line says, with the group of his name or the one
// that the line gives; a group that is in /etc/group; a member that stands in the group's line.
#include "pkg/deb/accounts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/shell_words.hpp"

namespace resole::deb {
namespace {

class Accounts {
 public:
  explicit Accounts(const rootfs::Tree& tree) {
    const std::string_view passwd = tree.content(follow(tree, "etc/passwd").path).value_or(""),
                           group = tree.content(follow(tree, "etc/group").path).value_or("");
    for (const std::string_view line : lines(passwd)) {
      if (const auto fields = split(line, ':'); fields.size() == 7) users_.emplace(fields[0]);
    }
    for (const std::string_view line : lines(group)) {
      const auto fields = split(line, ':');
      if (fields.size() != 4) continue;
      groups_.emplace(fields[0]);
      for (const std::string_view member : split(fields[3], ',')) members_.emplace(fields[0], member);
    }
  }

  std::string user(std::string_view name) const { return users_.contains(std::string(name)) ? std::string() : made("user", name); }
  std::string group(std::string_view name) const { return groups_.contains(std::string(name)) ? std::string() : made("group", name); }
  // A group may stand for its number.
  std::string group_or_number(std::string_view name) const { return parse_unsigned(name) ? std::string() : group(name); }
  std::string member(std::string_view name, std::string_view group) const {
    if (is_member(name, group)) return {};
    return fmt::format("user {} would have to become a member of group {}", printable(name, 40), printable(group, 40));
  }
  bool is_member(std::string_view name, std::string_view group) const {
    return members_.contains({std::string(group), std::string(name)});
  }

 private:
  static std::string made(std::string_view what, std::string_view name) {
    return fmt::format("{} {} would have to be made", what, printable(name, 40));
  }

  std::set<std::string> users_, groups_;
  std::set<std::pair<std::string, std::string>> members_;  // group, user
};

std::string first_of(std::string one, std::string other) { return one.empty() ? std::move(other) : std::move(one); }

std::string unmet_line(const Accounts& accounts, const std::vector<std::string>& words) {
  // "u!" makes a locked user, "u-" one that is no more than that; an administrator's modifiers change nothing for somebody who is there.
  const char type = words.front().front();
  const std::string& name = words[1];
  const std::string id = words.size() > 2 ? words[2] : "-";
  if (type == 'r') return {};
  if (name.find('%') != std::string::npos) return fmt::format("\"{}\" is not a plain name", printable(name, 40));
  if (type == 'g') return accounts.group(name);
  if (type == 'm') return first_of(first_of(accounts.user(name), accounts.group(id)), accounts.member(name, id));
  if (type != 'u') return fmt::format("a line of type \"{}\" is not understood", printable(words.front(), 20));
  const std::size_t colon = id.find(':');
  return first_of(accounts.user(name), colon == std::string::npos ? accounts.group(name) : accounts.group_or_number(std::string_view(id).substr(colon + 1)));
}

std::string unmet_owner(const rootfs::Tree& tree, const pkg::Action& action) {
  const Accounts accounts(tree);
  const rootfs::Resolved at = tree.resolve(std::string_view(action.arguments[0]).substr(1), false);
  if (!at.node) return {};
  if (std::string unmet = first_of(accounts.user(action.arguments[1]), action.arguments.size() > 2 ? accounts.group(action.arguments[2]) : std::string()); !unmet.empty())
    return unmet;
  const bool at_hand = at.node->entry.type == tar::Type::directory || (at.node->entry.type == tar::Type::file && tree.content(at.path));
  return at_hand ? std::string() : fmt::format("{} would get another owner, and its bytes are not at hand", printable(action.arguments[0]));
}

}  // namespace

std::string unmet_sysusers(const rootfs::Tree& tree, std::string_view text) {
  const Accounts accounts(tree);
  for (const std::string_view each : lines(text)) {
    const std::string_view line = trim(each);
    if (line.empty() || line.front() == '#') continue;
    const auto words = pkg::split_shell_words(line);
    if (!words || words->size() < 2 || words->front().empty()) return fmt::format("the line \"{}\" is not understood", printable(line, 80));
    if (std::string unmet = unmet_line(accounts, *words); !unmet.empty()) return unmet;
  }
  return {};
}

std::string unmet_account(const rootfs::Tree& tree, const pkg::Action& action) {
  using enum pkg::ActionKind;
  if (action.kind == owner) return unmet_owner(tree, action);
  if (action.kind != adduser && action.kind != addgroup && action.kind != deluser && action.kind != delgroup) return {};
  const Accounts accounts(tree);
  const std::string& name = action.arguments[0];
  const std::string* group = action.arguments.size() > 1 ? &action.arguments[1] : nullptr;
  if (action.kind == addgroup) return accounts.group(name);
  if (action.kind == adduser) return first_of(accounts.user(name), group ? accounts.member(name, *group) : std::string());
  const bool there = action.kind == delgroup ? accounts.group(name).empty() : group ? accounts.is_member(name, *group) : accounts.user(name).empty();
  if (!there) return {};
  return group ? fmt::format("user {} would have to leave group {}", name, *group)
               : fmt::format("{} {} would have to go", action.kind == delgroup ? "group" : "user", name);
}

}  // namespace resole::deb
