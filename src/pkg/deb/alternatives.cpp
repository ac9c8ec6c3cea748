// SPDX-License-Identifier: Apache-2.0
// After update-alternatives of dpkg 1.21 (utils/update-alternatives.c describes the file in alternative_save()).
#include "pkg/deb/alternatives.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kTables = "/var/lib/dpkg/alternatives", kLinks = "/etc/alternatives";

class TableReader {
 public:
  TableReader(std::string_view text, std::string_view what) : lines_(lines(text)), what_(what) {}
  std::string_view next() {
    if (at_ >= lines_.size()) fail("it ends too early");
    return lines_[at_++];
  }
  bool at_end() const { return at_ >= lines_.size(); }
  [[noreturn]] void fail(std::string_view problem) const {
    throw Error(ErrorKind::input, fmt::format("{} is damaged: {} (line {})", printable(what_), problem, at_));
  }

 private:
  std::vector<std::string_view> lines_;
  std::string_view what_;
  std::size_t at_ = 0;
};

std::optional<int> parse_priority(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

struct Wish {
  std::string link, name, file;
  int priority = 0;
  std::map<std::string, std::string> slave_links, slave_files;  // by name
};

Wish wish_of(std::span<const std::string> words) {
  Wish wish{.link = words[0],
            .name = words[1],
            .file = words[2],
            .priority = parse_priority(words[3]).value_or(0),
            .slave_links = {},
            .slave_files = {}};
  for (std::size_t i = 4; i + 3 < words.size(); i += 4) {
    wish.slave_links[words[i + 2]] = words[i + 1];
    wish.slave_files[words[i + 2]] = words[i + 3];
  }
  return wish;
}

class Installer {
 public:
  Installer(Wish wish, TreeEdit& edit) : wish_(std::move(wish)), edit_(edit), table_path_(fmt::format("{}/{}", kTables, wish_.name)) {}

  void install() {
    if (!edit_.leads_to_something(wish_.file))
      throw Error(ErrorKind::refused, fmt::format("update-alternatives would fail: {} is not there", printable(wish_.file)));
    if (const auto text = edit_.content(table_path_)) table_ = Alternative::parse(*text, table_path_);
    const Alternative before = table_;
    const auto current = edit_.link(master());
    settle_mode(current);
    evolve(before);
    table_.choices[wish_.file] = {wish_.priority, wish_.slave_files};
    drop_unused_slaves();
    const std::string choice = table_.automatic ? *table_.best() : *current;
    if (table_.choices.contains(choice)) link_to(choice);
    if (table_ != before) edit_.put_file(table_path_, table_.text());
  }

 private:
  std::string master() const { return fmt::format("{}/{}", kLinks, wish_.name); }

  // A link that leads elsewhere than any choice was set by hand; one that is missing, or leads nowhere, is nobody's wish.
  void settle_mode(const std::optional<std::string>& current) {
    if (!current) {
      table_.automatic = true;
    } else if (!table_.choices.contains(*current)) {
      table_.automatic = !edit_.leads_to_something(*current);
    }
  }

  // Links that the new registration names otherwise than the table does move.
  void evolve(const Alternative& before) {
    if (!before.link.empty() && before.link != wish_.link) move_link(before.link, wish_.link);
    table_.link = wish_.link;
    for (const auto& [name, link] : wish_.slave_links) {
      const auto old = table_.slaves.find(name);
      if (old != table_.slaves.end() && old->second != link) move_link(old->second, link);
      table_.slaves[name] = link;
    }
  }

  void move_link(const std::string& from, const std::string& to) {
    const auto target = edit_.link(from);
    if (!target) return;
    edit_.remove(from);
    if (!edit_.is_there(to)) edit_.put_link(to, *target);
  }

  void drop_unused_slaves() {
    std::erase_if(table_.slaves, [&](const auto& slave) {
      const bool used = std::ranges::any_of(table_.choices, [&](const auto& choice) { return choice.second.slaves.contains(slave.first); });
      if (!used) unlink(slave.second, fmt::format("{}/{}", kLinks, slave.first));
      return !used;
    });
  }

  void link_to(const std::string& file) {
    const AlternativeChoice& choice = table_.choices.at(file);
    set_link(table_.link, master(), file);
    for (const auto& [name, link] : table_.slaves) {
      const std::string middle = fmt::format("{}/{}", kLinks, name);
      const auto of_choice = choice.slaves.find(name);
      if (of_choice != choice.slaves.end() && edit_.leads_to_something(of_choice->second) && edit_.has_parent(link)) {
        set_link(link, middle, of_choice->second);
      } else {
        unlink(link, middle);
      }
    }
  }

  // A file or directory in the link's place is left there.
  void set_link(const std::string& link, const std::string& middle, const std::string& file) {
    if (edit_.link(middle) != file) {
      edit_.make_parents(middle);
      edit_.put_link(middle, file);
    }
    if (edit_.is_there(link) && !edit_.is_link(link)) return;
    if (edit_.link(link) != middle) edit_.put_link(link, middle);
  }

  void unlink(const std::string& link, const std::string& middle) {
    if (edit_.is_link(link)) edit_.remove(link);
    if (edit_.is_link(middle)) edit_.remove(middle);
  }

  const Wish wish_;
  TreeEdit& edit_;
  const std::string table_path_;
  Alternative table_;
};

}  // namespace

Alternative Alternative::parse(std::string_view text, std::string_view what) {
  TableReader reader(text, what);
  Alternative table;
  const std::string_view mode = reader.next();
  if (mode != "auto" && mode != "manual") reader.fail("its first line is neither auto nor manual");
  table.automatic = mode == "auto";
  table.link = reader.next();
  std::vector<std::string> names;
  for (std::string_view name = reader.next(); !name.empty(); name = reader.next()) {
    names.emplace_back(name);
    table.slaves[names.back()] = reader.next();
  }
  while (!reader.at_end()) {
    const std::string_view file = reader.next();
    if (file.empty()) break;
    const auto priority = parse_priority(reader.next());
    if (!priority) reader.fail("a priority is not a number");
    AlternativeChoice& choice = table.choices[std::string(file)];
    choice.priority = *priority;
    for (const std::string& name : names) {
      if (const std::string_view slave = reader.next(); !slave.empty()) choice.slaves[name] = slave;
    }
  }
  return table;
}

std::string Alternative::text() const {
  std::string text = fmt::format("{}\n{}\n", automatic ? "auto" : "manual", link);
  for (const auto& [name, slave] : slaves) text += fmt::format("{}\n{}\n", name, slave);
  text += '\n';
  for (const auto& [file, choice] : choices) {
    text += fmt::format("{}\n{}\n", file, choice.priority);
    for (const auto& [name, unused] : slaves) {
      const auto slave = choice.slaves.find(name);
      text += fmt::format("{}\n", slave == choice.slaves.end() ? std::string() : slave->second);
    }
  }
  return text + "\n";
}

const std::string* Alternative::best() const {
  const std::string* best = nullptr;
  int highest = 0;
  for (const auto& [file, choice] : choices) {
    if (best && choice.priority <= highest) continue;
    best = &file;
    highest = choice.priority;
  }
  return best;
}

void install_alternative(std::span<const std::string> words, TreeEdit& edit) { Installer(wish_of(words), edit).install(); }

}  // namespace resole::deb
