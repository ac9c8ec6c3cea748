// SPDX-License-Identifier: Apache-2.0
#include "pkg/emission.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "rootfs/layer_draft.hpp"

namespace resole::pkg {
namespace {

bool is_file(tar::Type type) { return type == tar::Type::file || type == tar::Type::hardlink; }

bool are_linked(const rootfs::Tree& below, std::string_view a, std::string_view b) {
  const rootfs::Node *first = below.find(a), *second = below.find(b);
  return first && second && first->link_set != 0 && first->link_set == second->link_set;
}

// All names of one file of the package: the member with the content, then its links.
using LinkSets = std::map<std::size_t, std::vector<std::size_t>>;

LinkSets link_sets(const std::vector<rootfs::Entry>& members) {
  LinkSets sets;
  std::unordered_map<std::string_view, std::size_t> content_of;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (members[i].type == tar::Type::file) {
      content_of[members[i].path] = i;
      sets[i].push_back(i);
    } else if (members[i].type == tar::Type::hardlink) {
      sets[content_of.at(members[i].link)].push_back(i);
    }
  }
  return sets;
}

class EmissionPlanner {
 public:
  EmissionPlanner(const std::vector<rootfs::Entry>& members, const std::vector<const tar::Header*>& wanted, const rootfs::Tree& below)
      : members_(members), wanted_(wanted), below_(below), emission_(members_.size()) {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (is_file(members_[i].type) && wanted_[i]) shipped_[wanted_[i]->path] = i;
    }
  }

  Emission plan() {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      const bool single = !is_file(members_[i].type) && members_[i].type != tar::Type::directory;
      if (single && wanted_[i] && !is_below(below_, *wanted_[i], {})) emission_[i] = *wanted_[i];
    }
    for (const auto& [content, names] : link_sets(members_)) emit_set(content, names);
    return std::move(emission_);
  }

 private:
  void emit_set(std::size_t content, const std::vector<std::size_t>& names);
  bool is_equal_set(std::size_t content, const std::vector<std::size_t>& written) const;
  tar::Header with_attributes_of_set(std::size_t name, const std::vector<std::size_t>& written) const;

  const std::vector<rootfs::Entry>& members_;
  const std::vector<const tar::Header*>& wanted_;
  const rootfs::Tree& below_;
  Emission emission_;
  std::unordered_map<std::string_view, std::size_t> shipped_;  // files by final path
};

// dpkg gives a file the mode and owner of each of its names in turn: those of the last one stay (an override may be of one name only).
tar::Header EmissionPlanner::with_attributes_of_set(std::size_t name, const std::vector<std::size_t>& written) const {
  tar::Header header = *wanted_[name];
  const tar::Header& last = *wanted_[written.back()];
  header.mode = last.mode;
  header.uid = last.uid;
  header.gid = last.gid;
  return header;
}

// The same object, linked to the same names as far as this package ships them.
bool EmissionPlanner::is_equal_set(std::size_t content, const std::vector<std::size_t>& written) const {
  const tar::Header& first = *wanted_[written.front()];
  for (const std::size_t i : written) {
    if (!is_below(below_, with_attributes_of_set(i, written), members_[content].sha256)) return false;
    if (i != written.front() && !are_linked(below_, first.path, wanted_[i]->path)) return false;
  }
  return std::ranges::all_of(below_.link_set(first.path), [&](const std::string& name) {
    const auto shipped = shipped_.find(name);
    return shipped == shipped_.end() || std::ranges::find(written, shipped->second) != written.end();
  });
}

void EmissionPlanner::emit_set(std::size_t content, const std::vector<std::size_t>& names) {
  std::vector<std::size_t> written;
  std::ranges::copy_if(names, std::back_inserter(written), [&](std::size_t i) { return wanted_[i] != nullptr; });
  if (written.empty() || is_equal_set(content, written)) return;
  tar::Header header = with_attributes_of_set(written.front(), written);
  header.type = tar::Type::file;
  header.size = members_[content].size;
  header.link.clear();
  emission_[content] = header;
  for (const std::size_t i : written) {
    if (i != written.front()) emission_[i] = link_to(header, wanted_[i]->path);
  }
}

}  // namespace

bool is_below(const rootfs::Tree& below, tar::Header header, const Sha256& sha256) {
  const rootfs::Node* node = below.find(header.path);
  if (!node) return false;
  if (is_file(header.type)) header.type = tar::Type::file;
  if (header.type == tar::Type::file) header.size = node->entry.size;  // the hash says it all; links have no size of their own
  return rootfs::same_object(*node, header, sha256);
}

tar::Header link_to(const tar::Header& first, std::string path) {
  tar::Header header = first;
  header.type = tar::Type::hardlink;
  header.size = 0;
  header.link = first.path;
  header.path = std::move(path);
  return header;
}

Emission plan_emission(const std::vector<rootfs::Entry>& members, const std::vector<const tar::Header*>& wanted, const rootfs::Tree& below) {
  return EmissionPlanner(members, wanted, below).plan();
}

std::string fingerprint(const Emission& emission) {
  std::string text;
  for (std::size_t i = 0; i < emission.size(); ++i) {
    if (!emission[i]) continue;
    const tar::Header& header = *emission[i];
    text += fmt::format("{} {} {:o} {} {} {} {}:{} {}:{}:{}\n", i, static_cast<int>(header.type), header.mode, header.uid, header.gid,
                        header.mtime, header.major, header.minor, header.path.size(), header.path, header.link);
    for (const auto& [name, value] : header.xattrs) text += fmt::format("  {}={}\n", name, to_hex(value));
  }
  return sha256_hex_of(text);
}

std::vector<rootfs::Entry> entries_of(const Emission& emission, const std::vector<rootfs::Entry>& members) {
  std::vector<rootfs::Entry> entries;
  for (std::size_t i = 0; i < emission.size(); ++i) {
    if (!emission[i]) continue;
    const tar::Header& header = *emission[i];
    rootfs::Entry entry = members[i];  // hashes of the content, when there is one
    entry.path = header.path;
    entry.type = header.type;
    entry.mode = header.mode;
    entry.uid = header.uid;
    entry.gid = header.gid;
    entry.link = header.link;
    entry.xattrs = header.xattrs;
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace resole::pkg
