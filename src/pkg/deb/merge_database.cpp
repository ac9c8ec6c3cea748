// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/merge_database.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/alternatives.hpp"
#include "pkg/deb/extended_states.hpp"
#include "pkg/deb/slices.hpp"
#include "pkg/deb/status_writer.hpp"
#include "pkg/deb/triggers.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kAlternativeTables = "var/lib/dpkg/alternatives", kAlternativeLinks = "etc/alternatives";

// The status file with the merged stanzas. From the new base's, so that untouched ones keep their bytes and their place.
std::string merged_status(const ThreeSystems& systems, const std::vector<const MergedRecord*>& records) {
  std::vector<const StatusStanza*> stanzas;
  std::map<std::string, std::size_t> number;
  for (const StatusStanza& stanza : systems.new_base.stanzas) {
    if (!stanza.is_ordinary()) continue;
    number[stanza.package.key()] = stanzas.size();
    stanzas.push_back(&stanza);
  }
  StatusEdit edit;
  for (std::size_t i = 0; i < stanzas.size(); ++i) edit.removed.insert(i);
  for (const MergedRecord* record : records) {
    const auto at = number.find(record->key);
    if (at == number.end()) {
      edit.added.emplace_back(record->stanza()->package, record->text);
      continue;
    }
    edit.removed.erase(at->second);
    if (record->text != stanzas[at->second]->text) edit.replaced[at->second] = record->text;
  }
  return edit_status(systems.new_base.tree.content(kStatusPath).value_or(""), stanzas, edit);
}

// Does a side say the same, record by record? Then its file is taken as it is.
bool says_the_same(const InstalledSystem& system, const std::vector<const MergedRecord*>& records) {
  std::map<std::string, std::string_view> own;
  for (const StatusStanza& stanza : system.stanzas) {
    if (stanza.is_ordinary()) own[stanza.package.key()] = stanza.text;
  }
  return own.size() == records.size() && std::ranges::all_of(records, [&](const MergedRecord* record) {
           const auto found = own.find(record->key);
           return found != own.end() && found->second == record->text;
         });
}

void write_merged_status(const ThreeSystems& systems, const MergedRecords& merged, MergeDraft& draft) {
  std::vector<const MergedRecord*> ordinary;
  for (const MergedRecord& record : merged.records) {
    if (record.stanza() && record.stanza()->is_ordinary()) ordinary.push_back(&record);
  }
  const std::string path(kStatusPath);
  const rootfs::Node* like = draft.stacked().resolve(path, true).node;
  for (const InstalledSystem* side : {&systems.new_base, &systems.application}) {
    if (!says_the_same(*side, ordinary)) continue;
    if (const auto text = side->tree.content(path)) draft.write(path, std::string(*text), like);
    return;
  }
  draft.write(path, merged_status(systems, ordinary), like);
}

std::string_view info_owner(std::string_view file) { return file.substr(0, file.rfind('.')); }

std::vector<std::string> info_files(const rootfs::Tree& tree) { return tree.children(tree.resolve(kInfoDirectory, true).path); }

// info/NAME.*: those of the side whose record is true, and no others of that name.
void write_merged_info(const ThreeSystems& systems, const MergedRecords& merged, MergeDraft& draft) {
  std::map<std::string, const rootfs::Tree*, std::less<>> of_owner;  // nullptr: nobody's
  const auto know = [&](const StatusStanza* stanza) {
    if (stanza && stanza->is_ordinary()) of_owner.emplace(info_name(stanza->package), nullptr);
  };
  for (const StatusStanza& stanza : systems.old_base.stanzas) know(&stanza);
  for (const MergedRecord& record : merged.records) {
    know(record.of_new_base);
    know(record.of_application);
  }
  for (const MergedRecord& record : merged.records) {
    if (!record.stanza() || !record.stanza()->is_ordinary()) continue;
    of_owner[info_name(record.stanza()->package)] = record.side == Side::new_base ? &systems.new_base.tree : &systems.application.tree;
  }
  std::set<std::string> names;
  for (const rootfs::Tree* tree : {&systems.new_base.tree, &systems.application.tree, &draft.stacked()}) {
    for (std::string& name : info_files(*tree)) names.insert(std::move(name));
  }
  for (const std::string& name : names) {
    const auto owner = of_owner.find(info_owner(name));
    if (owner == of_owner.end()) continue;  // "format", and what nobody knows: as it lies there
    const std::string path = fmt::format("{}/{}", kInfoDirectory, name);
    if (owner->second)
      draft.take(path, *owner->second);
    else
      draft.remove(path);
  }
}

// Entries of status.d are files of their own: each as the side has it whose record is true.
void write_merged_entries(const ThreeSystems& systems, const MergedRecords& merged, MergeDraft& draft) {
  for (const MergedRecord& record : merged.records) {
    for (const StatusStanza* stanza : {record.of_new_base, record.of_application}) {
      if (!stanza || !stanza->is_entry()) continue;
      const rootfs::Tree* side = !record.stanza() ? nullptr : record.side == Side::new_base ? &systems.new_base.tree : &systems.application.tree;
      for (const std::string& path : {stanza->file, md5sums_beside(stanza->file)}) {
        if (side)
          draft.take(path, *side);
        else
          draft.remove(path);
      }
    }
  }
}

// The manifest of slices is one file for all packages: it follows the side that changed it.
void merge_slices(const ThreeSystems& systems, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  const auto of = [](const InstalledSystem& system) { return system.tree.content(kSlicesPath); };
  const auto o = of(systems.old_base), n = of(systems.new_base), a = of(systems.application);
  if (!o && !n && !a) return;
  if (a != o && n != o && a != n) conflicts.push_back({"/" + std::string(kSlicesPath), "the application and the new base have both cut slices of packages"});
  draft.take(std::string(kSlicesPath), a == o ? systems.new_base.tree : systems.application.tree);
}

// ---- alternatives

std::optional<Alternative> alternative_at(const rootfs::Tree& tree, const std::string& path) {
  const auto text = tree.content(path);
  return text ? std::optional(Alternative::parse(*text, path)) : std::nullopt;
}

template <class Map>
bool merge_choices(const Map& o, const Map& n, const Map& a, Map& out) {
  bool agreed = true;
  std::set<std::string> keys;
  for (const Map* each : {&o, &n, &a}) {
    for (const auto& [key, value] : *each) keys.insert(key);
  }
  for (const std::string& key : keys) {
    const auto at = [&](const Map& map) {
      const auto found = map.find(key);
      return found == map.end() ? std::nullopt : std::optional(found->second);
    };
    const auto was = at(o), theirs = at(n), own = at(a);
    const auto chosen = own == was ? theirs : own;
    agreed = agreed && (own == was || theirs == was || own == theirs);
    if (chosen) out[key] = *chosen;
  }
  return agreed;
}

// Both sides registered choices for one name: all of them stand in it, and the links lead where the best of them is.
void merge_alternative(const std::string& name, const Alternative& o, const Alternative& n, const Alternative& a, MergeDraft& draft,
                       std::vector<pkg::MergeConflict>& conflicts) {
  Alternative merged;
  merged.automatic = a.automatic == o.automatic ? n.automatic : a.automatic;
  merged.link = a.link == o.link ? n.link : a.link;
  const bool agreed = merge_choices(o.choices, n.choices, a.choices, merged.choices) && merge_choices(o.slaves, n.slaves, a.slaves, merged.slaves);
  if (!agreed) conflicts.push_back({fmt::format("/{}/{}", kAlternativeTables, printable(name, 80)), "the application and the new base give the same choice differently"});
  const std::string path = fmt::format("{}/{}", kAlternativeTables, name);
  draft.write(path, merged.text(), draft.stacked().find(path));
  const std::string* best = merged.best();
  if (!merged.automatic || !best) return;
  TreeEdit edit(draft.stacked(), draft.draft(), draft.epoch());
  const auto link = [&](const std::string& middle_name, const std::string& target) {
    const std::string middle = fmt::format("/{}/{}", kAlternativeLinks, middle_name);
    if (edit.link(middle) != target) edit.put_link(middle, target);
  };
  link(name, *best);
  for (const auto& [slave, file] : merged.choices.at(*best).slaves) link(slave, file);
}

void merge_alternatives(const ThreeSystems& systems, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  std::set<std::string> names;
  for (const InstalledSystem* system : {&systems.old_base, &systems.new_base, &systems.application}) {
    for (std::string& name : system->tree.children(kAlternativeTables)) names.insert(std::move(name));
  }
  for (const std::string& name : names) {
    const std::string path = fmt::format("{}/{}", kAlternativeTables, name);
    const auto o = alternative_at(systems.old_base.tree, path), n = alternative_at(systems.new_base.tree, path), a = alternative_at(systems.application.tree, path);
    const auto same = [](const auto& x, const auto& y) { return x.has_value() == y.has_value() && (!x || *x == *y); };
    if (same(a, o) || same(a, n)) {
      draft.take(path, systems.new_base.tree);
    } else if (same(n, o)) {
      draft.take(path, systems.application.tree);
    } else {
      merge_alternative(name, o.value_or(Alternative()), n.value_or(Alternative()), a.value_or(Alternative()), draft, conflicts);
    }
  }
}

// ---- accounts

// Users and groups by number: two names of one number, of which one is new, are somebody's files given to somebody else.
void check_numbers(const ThreeSystems& systems, std::string_view path, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  const auto numbers = [](std::string_view text) {
    std::map<std::string, std::set<std::string>> out;
    for (const std::string_view line : lines(text)) {
      const auto parts = split(line, ':');
      if (parts.size() > 2 && !parts[2].empty()) out[std::string(parts[2])].emplace(parts[0]);
    }
    return out;
  };
  const auto put = draft.draft().puts().find(draft.stacked().resolve(path, true).path);
  if (put == draft.draft().puts().end()) return;
  const auto before = numbers(systems.application.tree.content(path).value_or("")), theirs = numbers(systems.new_base.tree.content(path).value_or(""));
  for (const auto& [number, names] : numbers(put->second.second.bytes())) {
    const auto known = [&](const auto& all) {
      const auto found = all.find(number);
      return found != all.end() && found->second == names;
    };
    if (names.size() < 2 || known(before) || known(theirs)) continue;
    conflicts.push_back({"/" + std::string(path), fmt::format("number {} would be that of {}", printable(number, 20), printable(join({names.begin(), names.end()}, " and "), 120))});
  }
}

}  // namespace

void MergeDraft::write(std::string_view path, const std::string& content, const rootfs::Node* like) {
  tar::Header header = like ? rootfs::header_of(*like) : tar::Header();
  if (!like) header.mode = 0644;
  header.path = stacked_.resolve(path, true).path;
  header.type = tar::Type::file;
  header.mtime = epoch_;
  const rootfs::Node* there = stacked_.find(header.path);
  if (there && rootfs::same_object(*there, header, sha256_of(content))) return;
  draft_.put(std::move(header), Blob::of(content));
}

void MergeDraft::take(const std::string& path, const rootfs::Tree& from) {
  const rootfs::Resolved at = from.resolve(path, false);
  if (!at.node) return remove(path);
  tar::Header header = rootfs::header_of(*at.node);
  header.path = stacked_.resolve(path, false).path;
  const rootfs::Node* there = stacked_.find(header.path);
  if (there && rootfs::same_object(*there, header, at.node->entry.sha256)) return;
  if (header.type != tar::Type::file) return draft_.put(std::move(header));
  const auto content = from.content(path);
  if (!content) throw Error(ErrorKind::input, fmt::format("/{} is larger than what is read of such a file", printable(path)), "use --strategy append");
  draft_.put(std::move(header), Blob::of(std::string(*content)));
}

void MergeDraft::remove(std::string_view path) {
  const rootfs::Resolved at = stacked_.resolve(path, false);
  if (at.node) draft_.remove(at.path);
}

void merge_table(const ThreeSystems& systems, std::string_view path, const RecordForm& form, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  const auto of = [&](const InstalledSystem& system) { return system.tree.content(path); };
  const ThreeTexts texts{of(systems.old_base), of(systems.new_base), of(systems.application)};
  if (!texts.old_base && !texts.new_base && !texts.application) return;
  const MergedText merged = merge_text(texts, form);
  for (const std::string& key : merged.conflicts) conflicts.push_back({"/" + std::string(path), fmt::format("both sides changed \"{}\"", printable(key, 80))});
  if (!merged.text) return draft.remove(path);
  const rootfs::Node* like = draft.stacked().resolve(path, true).node;
  if (!like) like = systems.new_base.tree.resolve(path, true).node;
  if (!like) like = systems.application.tree.resolve(path, true).node;
  draft.write(path, *merged.text, like);
}

void write_merged_records(const ThreeSystems& systems, const MergedRecords& merged, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  const auto has_status = [](const InstalledSystem& system) { return system.tree.resolve(kStatusPath, true).node != nullptr; };
  if (has_status(systems.new_base) || has_status(systems.application)) write_merged_status(systems, merged, draft);
  write_merged_info(systems, merged, draft);
  write_merged_entries(systems, merged, draft);
  merge_slices(systems, draft, conflicts);
  for (const std::string& path : merged.leftovers) draft.remove(path);
}

void merge_tables(const ThreeSystems& systems, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts) {
  const auto table = [&](std::string_view path, const RecordForm& form) { merge_table(systems, path, form, draft, conflicts); };
  table("var/lib/dpkg/diversions", triples());
  table("var/lib/dpkg/statoverride", lines_by_last_word());
  table("var/lib/dpkg/arch", set_of_lines());
  table("var/lib/apt/extended_states", paragraphs({"Package", "Architecture"}));
  // What both changed in these stays the application's: they remember answers, and nothing depends on them being the base's.
  std::vector<pkg::MergeConflict> remembered;
  merge_table(systems, "var/cache/debconf/config.dat", paragraphs({"Name"}), draft, remembered);
  for (const char* path : {"var/lib/ucf/hashfile", "var/lib/ucf/registry"}) merge_table(systems, path, lines_by_last_word(), draft, remembered);
  table("etc/shells", set_of_lines());
  table("etc/subuid", lines_by_first_field());
  table("etc/subgid", lines_by_first_field());
  std::set<std::string> triggers;
  for (const InstalledSystem* system : {&systems.old_base, &systems.new_base, &systems.application}) {
    for (const std::string& name : system->tree.children(kTriggersDirectory)) {
      if (name != "Lock" && name != "Unincorp") triggers.insert(name);
    }
  }
  for (const std::string& name : triggers) table(fmt::format("{}/{}", kTriggersDirectory, name), set_of_lines());
  table("etc/passwd", lines_by_first_field());
  table("etc/group", groups());
  for (const char* path : {"etc/passwd", "etc/group"}) check_numbers(systems, path, draft, conflicts);
  merge_alternatives(systems, draft, conflicts);
}

}  // namespace resole::deb
