// SPDX-License-Identifier: Apache-2.0
// An example. The package says "lib/x86_64-linux-gnu/libz.so.1.2.13, root:root 0644". The image has /lib -> usr/lib, so the file lands at
// usr/lib/x86_64-linux-gnu/libz.so.1.2.13; the database keeps the package's spelling. A directory that is there keeps its mode and owner; a
// link to a directory where the package has a directory stays a link; a real directory where the package has a link stays a directory.
#include "pkg/deb/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/metadata.hpp"
#include "pkg/deb/relations.hpp"
#include "pkg/deb/version.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

std::string absolute(std::string_view path) { return path.starts_with('/') ? std::string(path) : fmt::format("/{}", path); }

// An image without dpkg leaves out whole directories of its packages (field notes 9). Where a file is missing and its directory too, nothing
// new goes into that directory either.
void add_pruned_directories(const rootfs::Tree& tree, std::set<std::string, std::less<>>& deleted) {
  std::set<std::string, std::less<>> directories;
  for (const std::string& path : deleted) {
    std::string_view missing;
    for (std::string_view parent = std::string_view(path).substr(0, path.rfind('/')); !parent.empty(); parent = parent.substr(0, parent.rfind('/'))) {
      if (tree.resolve(parent, true).node) break;
      missing = parent;
    }
    if (!missing.empty()) directories.emplace(missing);
  }
  deleted.merge(directories);
}

}  // namespace

std::size_t stanza_of(const pkg::Item& item, const InstalledSystem& system) {
  if (item.from.empty()) {
    const auto removed = std::ranges::find_if(system.stanzas, [&](const StatusStanza& stanza) {
      return stanza.package.state == pkg::InstallState::removed && stanza.package.name == item.name &&
             (stanza.package.arch == item.to.arch || stanza.package.arch.empty());
    });
    return removed == system.stanzas.end() ? InstalledSystem::npos : static_cast<std::size_t>(removed - system.stanzas.begin());
  }
  for (const std::string_view arch : {std::string_view(item.arch), std::string_view(item.to.arch), std::string_view()}) {
    const std::size_t found = system.find(item.name, arch);
    if (found != InstalledSystem::npos && system.stanzas[found].package.version == item.from) return found;
  }
  throw Error(ErrorKind::input,
              fmt::format("{} {} {} is not installed in this image", printable(item.name), printable(item.arch), printable(item.from)),
              "plan again: the plan speaks of another image");
}

bool replaces(const pkg::Package& package, const pkg::Package& other) {
  return std::ranges::any_of(package.relations.replaces, [&](const pkg::Atom& atom) {
    return atom.name == other.name && (atom.arch.empty() || atom.arch == "any" || atom.arch == other.arch) &&
           (atom.op == pkg::Operator::any || satisfies(other.version, atom.op, atom.version));
  });
}

Incoming Incoming::read(const pkg::Item& item, const InstalledSystem& system, const pkg::Inventory& inventory,
                        const ControlArchive& control) {
  Incoming incoming;
  incoming.item = &item;
  incoming.old = stanza_of(item, system);
  const std::string what = fmt::format("control file of {}", printable(item.name));
  fill_package(incoming.package, read_single_paragraph(control.text("control"), what), what);
  const pkg::Package& package = incoming.package;
  if (package.name != item.to.name || package.arch != item.to.arch || compare_versions(package.version, item.to.version) != 0) {
    throw Error(ErrorKind::verification,
                fmt::format("the package file of {} {} {} says that it is {} {} {}", printable(item.to.name), printable(item.to.version),
                            printable(item.to.arch), printable(package.name), printable(package.version), printable(package.arch)));
  }
  for (const ConffileLine& line : conffile_lines(control.text("conffiles"))) {
    if (!line.remove_on_upgrade) incoming.conffiles.insert(line.path);
  }
  for (const std::string& path : item.keep) incoming.keep.insert(absolute(path));
  if (!item.run_scripts) incoming.postinsts = control.text("postinst");
  const bool known = incoming.old != InstalledSystem::npos;
  const bool ordinary = system.tree.resolve(kStatusPath, true).node != nullptr;
  incoming.entry = known ? system.stanzas[incoming.old].is_entry() : !ordinary;
  incoming.sliced = known ? system.stanzas[incoming.old].is_sliced() : !ordinary && !system.slices->packages.empty();
  if (incoming.sliced) {
    incoming.entry = false;
    incoming.conffiles.clear();  // Chisel knows none: a file is the package's, or changed
  }
  if (incoming.old != InstalledSystem::npos) {
    const pkg::Package& old = system.stanzas[incoming.old].package;
    if (!item.run_scripts) incoming.postinsts += fmt::format("\n{}", system.tree.content(info_path(old, "postinst")).value_or(""));
    if (const pkg::InstalledPackage* installed = inventory.find(old.name, old.arch)) {
      for (const std::string& path : installed->deleted) incoming.deleted.insert(absolute(path));
    }
  }
  if (incoming.entry) add_pruned_directories(system.tree, incoming.deleted);
  return incoming;
}

Placement Placer::place(const rootfs::Entry& entry, const OwnerNames& owner) const {
  Placement placement;
  const std::string path = fmt::format("/{}", entry.path);
  const std::string_view used = system_.diversions.redirect(path, incoming_.package.name);
  const bool conffile = incoming_.conffiles.contains(path);
  const rootfs::Resolved at = system_.tree.resolve(used, false);
  placement.path = at.path;
  placement.header = rootfs::header_of(entry);
  placement.header.path = at.path;
  set_owner(placement, path, owner);

  if (incoming_.sliced) {
    place_slice(path, at, placement);
    return placement;
  }
  const bool present = is_present(entry, at);
  if (!present && yields(path, placement)) {
    placement.fate = Fate::theirs;
  } else if (system_.filters.excludes(path, entry.type)) {
    placement.fate = Fate::filtered;
    placement.taken_from.clear();
  } else if (present) {
    placement.fate = Fate::present;
  } else if (conffile) {
    placement.fate = Fate::conffile;
  } else if (is_deleted(path) || (incoming_.entry && is_pruned_documentation(path))) {
    placement.fate = Fate::deleted;
  } else if (incoming_.keep.contains(path)) {
    placement.fate = Fate::kept;
  } else if (entry.type == tar::Type::directory) {
    placement.fate = Fate::directory;
  } else if (at.node) {
    keep_metadata(path, *at.node, placement);
  }
  return placement;
}

// Names first, in the image's own passwd and group; then the administrator's overrides.
void Placer::set_owner(Placement& placement, std::string_view path, const OwnerNames& owner) const {
  placement.header.uid = system_.owners.user(owner.user, placement.header.uid);
  placement.header.gid = system_.owners.group(owner.group, placement.header.gid);
  if (const StatOverride* override = system_.overrides.find(path)) {
    placement.header.uid = override->uid;
    placement.header.gid = override->gid;
    if (placement.header.type != tar::Type::symlink) placement.header.mode = override->mode;
  }
}

bool Placer::is_present(const rootfs::Entry& entry, const rootfs::Resolved& at) const {
  if (entry.path.empty()) return true;
  if (!at.node) return false;
  if (entry.type == tar::Type::directory) {
    // A link stays a link, even one that dangles in the image because its target is made at run time (/var/lock -> /run/lock).
    return is_directory(at.node) || at.node->entry.type == tar::Type::symlink;
  }
  if (entry.type != tar::Type::symlink) return false;
  if (is_directory(at.node)) return true;
  if (at.node->entry.type != tar::Type::symlink || at.node->entry.link == entry.link) return false;
  // Another spelling of a link to the same directory stays (dpkg linktosameexistingdir()).
  const std::string parent(rootfs::parent_of(at.path));
  const auto lead = [&](const std::string& target) {
    return follow(system_.tree, target.starts_with('/') ? target : rootfs::join_path(parent, target));
  };
  const rootfs::Resolved existing = lead(at.node->entry.link), wanted = lead(entry.link);
  return is_directory(existing.node) && existing.path == wanted.path;
}

// Deleted itself, or new below a directory of the package that was deleted.
bool Placer::is_deleted(std::string_view path) const {
  if (incoming_.deleted.empty()) return false;
  for (; path.size() > 1; path = path.substr(0, path.rfind('/'))) {
    if (incoming_.deleted.contains(path)) return true;
  }
  return false;
}

// Documentation that the image does not have. Builders of such images leave it out, and need not say so in md5sums.
bool Placer::is_pruned_documentation(std::string_view path) const {
  constexpr std::array<std::string_view, 7> kDocumentation = {"/usr/share/doc",    "/usr/share/man",        "/usr/share/info",
                                                              "/usr/share/locale", "/usr/share/doc-base", "/usr/share/lintian",
                                                              "/usr/share/bug"};
  const auto below = [&](std::string_view place) { return path.starts_with(place) && (path.size() == place.size() || path[place.size()] == '/'); };
  if (std::ranges::none_of(kDocumentation, below)) return false;
  if (path.starts_with("/usr/share/doc/") && path.ends_with("/copyright")) return false;  // licences ask for it
  return !system_.tree.resolve(path, false).node;
}

// Mode and owner stay as whoever cut the image set them, but never a bit that the package no longer gives.
void Placer::place_slice(const std::string& path, const rootfs::Resolved& at, Placement& placement) const {
  constexpr std::uint32_t kSpecial = 07000;
  const auto found = system_.slices->paths.find(path);
  const bool held = found != system_.slices->paths.end() && found->second.packages.contains(incoming_.package.name);
  if (placement.header.type == tar::Type::directory || !held) {
    placement.fate = is_directory(at.node) ? Fate::present : Fate::filtered;
  } else if (found->second.is_mutated() || incoming_.keep.contains(path)) {
    placement.fate = Fate::kept;
  } else if (!at.node) {
    placement.fate = Fate::deleted;
  } else if (placement.header.type != tar::Type::symlink) {
    const rootfs::Entry& below = at.node->entry;
    placement.header.mode = below.mode & ~(kSpecial & below.mode & ~placement.header.mode);
    placement.header.uid = below.uid;
    placement.header.gid = below.gid;
  }
}

// Another package lists the path too: does it win (true), lose (then the new package takes the path from its list), or is it a conflict?
bool Placer::yields(std::string_view path, Placement& placement) const {
  bool theirs = false;
  for (const std::uint32_t other : system_.files.owners(path)) {
    const StatusStanza& stanza = system_.stanzas[other];
    if (other == incoming_.old || transaction_.upgraded.contains(other) || stanza.package.name == incoming_.package.name) continue;
    if (stanza.package.state == pkg::InstallState::removed) continue;
    if (placement.header.type == tar::Type::directory) continue;
    if (const auto diverted = system_.diversions.all().find(path); diverted != system_.diversions.all().end()) {
      const std::string& diverter = diverted->second.package;
      if (diverter == incoming_.package.name || diverter == stanza.package.name) continue;
    }
    const auto conffile = std::ranges::find(stanza.conffiles, path, &Conffile::path);
    const bool obsolete = conffile != stanza.conffiles.end() && conffile->obsolete;
    if (replaces(incoming_.package, stanza.package) || (obsolete && incoming_.conffiles.contains(path))) {
      placement.taken_from.push_back(other);
    } else if (replaces(stanza.package, incoming_.package)) {
      theirs = true;
    } else {
      throw Error(ErrorKind::refused,
                  fmt::format("{} {} would overwrite {}, which belongs to {}", printable(incoming_.package.name),
                              printable(incoming_.package.version), printable(path), printable(stanza.package.name)),
                  fmt::format("dpkg refuses this too; hold it with --hold {}", printable(incoming_.package.name)));
    }
  }
  return theirs;
}

void Placer::keep_metadata(std::string_view path, const rootfs::Node& below, Placement& placement) const {
  const bool own = incoming_.old != InstalledSystem::npos && system_.files.lists(incoming_.old, path);
  const tar::Type type = placement.header.type;
  if (!own || below.entry.type != tar::Type::file || (type != tar::Type::file && type != tar::Type::hardlink)) return;
  const tar::Header& fresh = placement.header;
  const bool same = below.entry.mode == fresh.mode && below.entry.uid == fresh.uid && below.entry.gid == fresh.gid;
  if (same && below.entry.xattrs == fresh.xattrs) return;
  placement.kept_metadata = settle_metadata({.below = below.entry,
                                             .origin = system_.history.origin(below),
                                             .scripted = names_file(incoming_.postinsts, path),
                                             .privileged = sets_special_bits(incoming_.postinsts),
                                             .overridden = system_.overrides.find(path) != nullptr},
                                            placement.header);
}

}  // namespace resole::deb
