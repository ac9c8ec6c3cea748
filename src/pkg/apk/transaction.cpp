// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/transaction.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/version.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr AclFields kDirectoryAcl{0, 0, 0755}, kFileAcl{0, 0, 0644};

// Several packages may have a directory: the smallest owner counts, and the modes of his together (apk_db_dir_apply_diri_permissions()).
void apply_acl(std::map<std::string, AclFields>& all, const std::string& path, const AclFields& acl) {
  const auto [place, first] = all.try_emplace(path, acl);
  AclFields& known = place->second;
  if (first) return;
  if (acl.uid < known.uid || (acl.uid == known.uid && acl.gid < known.gid))
    known = acl;
  else if (acl.uid == known.uid && acl.gid == known.gid)
    known.mode &= acl.mode;
}

// Does one of these relations mean the package (apk_dep_is_materialized())? By its own name only.
bool means(const std::vector<Wish>& wishes, const Description& package) {
  return std::ranges::any_of(wishes, [&](const Wish& wish) {
    if (wish.atom.name != package.name) return false;
    const bool fits = wish.atom.op == pkg::Operator::any || satisfies(package.version, wish.atom.op, wish.atom.version);
    return fits != wish.conflict;
  });
}

// The checksum of a file's extended attributes as the database has it (src/io.c, apk_fileinfo_hash_xattr_array()).
std::string xattr_checksum(const std::map<std::string, std::string>& xattrs) {
  std::string text;
  const auto add = [&](std::string_view part) {
    for (int shift = 24; shift >= 0; shift -= 8) text.push_back(static_cast<char>(part.size() >> shift & 0xff));
    text.append(part);
  };
  for (const auto& [name, value] : xattrs) {
    add(name);
    add(value);
  }
  const Sha1 sum = sha1_of(text);
  return checksum_of({reinterpret_cast<const char*>(sum.data()), sum.size()});
}

std::string acl_with_xattrs(const AclFields& acl, const AclFields& usual, const std::map<std::string, std::string>& xattrs) {
  if (xattrs.empty()) return acl_text(acl, usual);
  return fmt::format("{}:{}:{:o}:{}", acl.uid, acl.gid, acl.mode, xattr_checksum(xattrs));
}

}  // namespace

Transaction::Transaction(const rootfs::Tree& tree, const pkg::Inventory& inventory, InstalledDatabase database)
    : tree_(tree),
      inventory_(inventory),
      database_(std::move(database)),
      protection_(ProtectedPaths::read(tree)),
      owners_(pkg::Owners::read(tree)),
      states_(tree, database_) {
  for (std::size_t i = 0; i < database_.stanzas.size(); ++i) {
    for (const InstalledDirectory& directory : database_.stanzas[i].directories) {
      apply_acl(before_, directory.path, acl_of_directory(directory));
      for (const InstalledFile& file : directory.files) owner_of_[rootfs::join_path(directory.path, file.name)] = {.stanza = i};
    }
  }
}

std::string Transaction::final_path(const std::string& path) const { return tree_.resolve(path, false).path; }

bool Transaction::is_protected(const std::string& directory) {
  const auto [known, first] = protected_.try_emplace(directory);
  if (first) known->second = protection_.covers(directory);
  return known->second;
}

bool Transaction::is_there(const std::string& final_path) const {
  const auto put = disk_.find(final_path);
  return put != disk_.end() ? !put->second.gone : tree_.find(final_path) != nullptr;
}

// Is what lies there what the database says that it is?
bool Transaction::has_recorded_content(const std::string& final_path, const Owner& owner, const std::string& path) const {
  const InstalledStanza& stanza = stanza_of(owner);
  const std::string_view parent = rootfs::parent_of(path), name = rootfs::name_of(path);
  for (const InstalledDirectory& directory : stanza.directories) {
    if (directory.path != parent) continue;
    for (const InstalledFile& file : directory.files) {
      if (file.name != name) continue;
      if (file.checksum.empty()) return false;
      if (const auto put = disk_.find(final_path); put != disk_.end()) {
        return !put->second.gone && checksum_of(put->second.package->facts.checksums[put->second.member]) == file.checksum;
      }
      return states_.of(stanza, directory, file) == FileState::own;
    }
  }
  return false;
}

bool Transaction::has_content_of(const std::string& final_path, const IncomingPackage& package, std::size_t member) const {
  const std::string& wanted = package.facts.checksums[member];
  if (const auto put = disk_.find(final_path); put != disk_.end())
    return !put->second.gone && put->second.package->facts.checksums[put->second.member] == wanted;
  const rootfs::Node* node = tree_.find(final_path);
  const rootfs::Entry* entry = &package.facts.data.entries[member];
  if (entry->type == tar::Type::hardlink) {
    const auto first = std::ranges::find(package.facts.data.entries, entry->link, &rootfs::Entry::path);
    if (first != package.facts.data.entries.end()) entry = &*first;
  }
  if (!node || node->entry.type != entry->type) return false;
  return entry->type == tar::Type::symlink ? node->entry.link == entry->link : node->entry.sha256 == entry->sha256;
}

// apk_db_install_archive_entry(): does this member stay with its owner? Error(refused) where apk would not overwrite it.
bool Transaction::yields(const IncomingPackage& package, const std::string& path) const {
  const auto found = owner_of_.find(path);
  if (found == owner_of_.end()) return false;
  const InstalledStanza& theirs = stanza_of(found->second);
  const Description &mine = package.control.description, &other = theirs.description;
  if (other.name == mine.name || (!mine.origin.empty() && other.origin == mine.origin)) return false;
  const std::int64_t their_right = means(theirs.replaces, mine) ? static_cast<std::int64_t>(theirs.replaces_priority) : -1;
  const std::int64_t my_right = means(package.control.replaces, other) ? static_cast<std::int64_t>(package.control.replaces_priority) : -1;
  if (their_right > my_right) return true;
  if (my_right >= 0) return false;
  throw Error(ErrorKind::refused, fmt::format("{} would overwrite /{}, which belongs to {} {}", package.label(), printable(path), printable(other.name), printable(other.version)),
              fmt::format("apk refuses this too; hold it with --hold {}", printable(mine.name)));
}

// Fills the new stanza; the files that are to be placed, in its order.
std::vector<Transaction::Put> Transaction::take_members(IncomingPackage& package) {
  const auto& members = package.facts.data.entries;
  package.wanted.assign(members.size(), std::nullopt);
  std::map<std::string, std::size_t> directories;
  std::vector<std::vector<Put>> puts;
  const auto directory_of = [&](const std::string& path) {
    const auto [known, first] = directories.try_emplace(path, package.stanza.directories.size());
    if (first) {
      package.stanza.directories.push_back({.path = path, .acl = {}, .files = {}});
      puts.emplace_back();
    }
    return known->second;
  };
  for (std::size_t i = 0; i < members.size(); ++i) {
    const rootfs::Entry& member = members[i];
    const AclFields acl{owners_.user(package.facts.owners[i].user, member.uid), owners_.group(package.facts.owners[i].group, member.gid), member.mode};
    if (member.type == tar::Type::directory) {
      package.stanza.directories[directory_of(member.path)].acl = acl_with_xattrs(acl, kDirectoryAcl, member.xattrs);
      brought_[member.path] = std::max(brought_[member.path], member.mtime);
      touched_.insert(member.path);
      continue;
    }
    const std::size_t directory = directory_of(std::string(rootfs::parent_of(member.path)));
    if (yields(package, member.path)) continue;
    package.stanza.directories[directory].files.push_back({.name = std::string(rootfs::name_of(member.path)),
                                                           .acl = acl_with_xattrs(acl, kFileAcl, member.xattrs),
                                                           .checksum = package.facts.checksums[i].empty() ? std::string() : checksum_of(package.facts.checksums[i])});
    puts[directory].push_back({member.path, i});
    tar::Header header = rootfs::header_of(member);
    header.uid = acl.uid;
    header.gid = acl.gid;
    package.wanted[i] = std::move(header);
  }
  std::vector<Put> ordered;
  for (auto& each : puts) ordered.insert(ordered.end(), std::make_move_iterator(each.begin()), std::make_move_iterator(each.end()));
  return ordered;
}

void Transaction::drop_record(const Owner& owner, const std::string& path) {
  InstalledStanza& stanza = owner.package ? owner.package->stanza : database_.stanzas[owner.stanza];
  for (InstalledDirectory& directory : stanza.directories) {
    if (directory.path != rootfs::parent_of(path)) continue;
    if (std::erase_if(directory.files, [&](const InstalledFile& file) { return file.name == rootfs::name_of(path); }) > 0) stanza.raw.clear();
  }
}

// apk_db_migrate_files() for one file.
void Transaction::place(IncomingPackage& package, const Put& put) {
  tar::Header& header = *package.wanted[put.member];
  const std::string at = final_path(put.path);
  const rootfs::Node* below = tree_.find(at);
  if (below && below->entry.type == tar::Type::directory && !disk_.contains(at)) {
    throw Error(ErrorKind::refused, fmt::format("{} has the file /{}, where the image has a directory", package.label(), printable(put.path)),
                fmt::format("apk fails there too; hold it with --hold {}", printable(package.control.description.name)));
  }
  const auto found = owner_of_.find(put.path);
  const std::optional<Owner> before = found == owner_of_.end() ? std::nullopt : std::optional(found->second);
  const std::string absolute = "/" + put.path;
  const auto& keep = package.item->keep;
  const pkg::InstalledPackage* had = package.old == kNone ? nullptr : inventory_.find(package.item->name, package.item->arch);
  std::string target = at;
  bool write = true;
  if (std::ranges::find(keep, absolute) != keep.end()) {
    write = false;
    notes_.push_back(fmt::format("{} was changed in the image and stays so", printable(absolute)));
  } else if (had && std::ranges::binary_search(had->deleted, absolute)) {
    write = false;
  } else if (is_protected(std::string(rootfs::parent_of(put.path))) && is_there(at) && (!before || !has_recorded_content(at, *before, put.path))) {
    if (has_content_of(at, package, put.member)) {
      write = false;
    } else {
      target += ".apk-new";
      notes_.push_back(fmt::format("{} was changed in the image: the new one is {}.apk-new", printable(absolute), printable(absolute)));
    }
  }
  if (before && !(before->package == nullptr && before->stanza == package.old)) drop_record(*before, put.path);
  owner_of_[put.path] = {.stanza = kNone, .package = &package};
  if (!write) {
    package.wanted[put.member].reset();
    return;
  }
  if (const auto earlier = disk_.find(target); earlier != disk_.end() && !earlier->second.gone && earlier->second.package != &package)
    earlier->second.package->wanted[earlier->second.member].reset();
  header.path = target;
  disk_[target] = {.package = &package, .member = put.member};
  removed_.erase(target);
}

// apk_db_purge_pkg() of what the new package replaces.
void Transaction::purge(const IncomingPackage& package) {
  if (package.old == kNone) return;
  replaced_.insert(package.old);
  for (const InstalledDirectory& directory : database_.stanzas[package.old].directories) {
    touched_.insert(directory.path);
    for (const InstalledFile& file : directory.files) {
      const std::string path = rootfs::join_path(directory.path, file.name);
      const auto owner = owner_of_.find(path);
      if (owner == owner_of_.end() || owner->second.package || owner->second.stanza != package.old) continue;
      const std::string at = final_path(path);
      const bool stays = is_protected(directory.path) && !has_recorded_content(at, owner->second, path);
      owner_of_.erase(owner);
      const rootfs::Node* node = tree_.find(at);
      if (stays || !is_there(at) || (node && node->entry.type == tar::Type::directory)) continue;
      // A new file spelled in another way ("lib/x" was, "usr/lib/x" is, and /lib is a link to usr/lib) is not the old one: apk 2.14 would take it away.
      if (const auto put = disk_.find(at); put != disk_.end() && put->second.package) continue;
      disk_[at] = {.package = nullptr, .member = 0, .gone = true};
      removed_.insert(at);
    }
  }
}

void Transaction::install(IncomingPackage& package) {
  installed_.push_back(&package);
  package.stanza.description = package.control.description;
  package.stanza.replaces = package.control.replaces;
  package.stanza.replaces_priority = package.control.replaces_priority;
  if (package.old != kNone) package.stanza.tag = database_.stanzas[package.old].tag;
  for (const Put& put : take_members(package)) place(package, put);
  purge(package);
}

std::vector<const InstalledStanza*> Transaction::result() const {
  std::vector<const InstalledStanza*> stanzas;
  for (std::size_t i = 0; i < database_.stanzas.size(); ++i) {
    if (!replaced_.contains(i)) stanzas.push_back(&database_.stanzas[i]);
  }
  for (const IncomingPackage* package : installed_) stanzas.push_back(&package->stanza);
  return stanzas;
}

// apk_db_update_directory_permissions(): a directory that is as the database had it becomes what the packages say now; one that somebody changed stays.
void Transaction::settle_directory(const std::string& path, const std::map<std::string, AclFields>& before, const std::map<std::string, AclFields>& after) {
  const auto wish = after.find(path);
  if (path.empty() || wish == after.end()) return;
  const rootfs::Resolved at = tree_.resolve(path, false);
  if (!at.node) {
    const auto brought = brought_.find(path);
    if (brought != brought_.end() && !states_.was_deleted(at.path)) directories_.push_back({at.path, wish->second, brought->second, true});
    return;
  }
  if (at.node->entry.type != tar::Type::directory) return;  // a link to one, mostly
  const auto known = before.find(path);
  const rootfs::Entry& entry = at.node->entry;
  const auto equals = [&](const AclFields& acl) { return entry.uid == acl.uid && entry.gid == acl.gid && entry.mode == acl.mode; };
  if (known == before.end() || !equals(known->second) || equals(wish->second)) return;
  directories_.push_back({at.path, wish->second, entry.mtime, false});
}

void Transaction::finish() {
  std::map<std::string, AclFields> after;
  for (const InstalledStanza* stanza : result()) {
    for (const InstalledDirectory& directory : stanza->directories) apply_acl(after, directory.path, acl_of_directory(directory));
  }
  for (const std::string& path : touched_) settle_directory(path, before_, after);
  for (const std::string& path : touched_) {
    if (!path.empty() && !after.contains(path)) removable_.push_back(path);
  }
  std::ranges::sort(removable_, std::greater());  // a directory stands before what it lies in
}

}  // namespace resole::apk
