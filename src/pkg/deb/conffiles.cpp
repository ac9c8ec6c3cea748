// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/conffiles.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/status.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kUnknown = "newconffile";

class Planner {
 public:
  Planner(const InstalledSystem& system, const Incoming& incoming, const PackageFacts& facts, const std::vector<Placement>& placements)
      : system_(system), incoming_(incoming), facts_(facts), placements_(placements) {}

  ConffileChanges plan() {
    for (const ConffileLine& line : conffile_lines(facts_.control.text("conffiles"))) {
      if (line.remove_on_upgrade) {
        retire(line.path);
      } else {
        settle(line.path);
      }
    }
    keep_obsolete();
    return std::move(changes_);
  }

 private:
  std::string used(std::string_view path) const { return std::string(system_.diversions.redirect(path, incoming_.package.name)); }

  // The md5 that the database remembers: of this package, or of the one that had the file before (dpkg deb_parse_conffiles()).
  std::string recorded(std::string_view path) const {
    if (incoming_.old != InstalledSystem::npos) {
      // Without its list dpkg takes a package to have no files, and so no conffile that it knew (measured with 1.21.22).
      const bool listed = !system_.files.of(incoming_.old).empty();
      if (const Conffile* own = listed ? find(incoming_.old, path) : nullptr) return own->md5;
      if (incoming_.entry && came_with_entry(path)) return disk_md5(system_.tree.resolve(used(path), false));
    }
    for (const std::uint32_t owner : system_.files.owners(path)) {
      if (const Conffile* other = find(owner, path)) return other->md5;
    }
    return {};
  }

  // status.d has no Conffiles. Images without dpkg are made of a layer per package, entry and files together: a file of the entry's layer is as the
  // package brought it. In an image of one layer nobody can tell.
  bool came_with_entry(std::string_view path) const {
    const rootfs::Node* entry = system_.tree.resolve(system_.stanzas[incoming_.old].file, true).node;
    const rootfs::Node* file = system_.tree.resolve(used(path), false).node;
    return entry && file && entry->layer == file->layer && system_.tree.layers().size() > 1;
  }

  const Conffile* find(std::size_t stanza, std::string_view path) const {
    const auto& all = system_.stanzas[stanza].conffiles;
    const auto found = std::ranges::find(all, path, &Conffile::path);
    return found == all.end() || found->md5 == kUnknown ? nullptr : &*found;
  }

  std::string disk_md5(const rootfs::Resolved& at) const {
    if (!at.node) return {};
    if (at.node->entry.md5) return to_hex(*at.node->entry.md5);
    // A link leads to a place where packages install nothing (/etc/foo -> /srv/foo): what was moved there is in the layer that it came from.
    for (const auto& layer : system_.tree.layers()) {
      const auto same = std::ranges::find_if(layer->entries, [&](const rootfs::Entry& entry) {
        return entry.type == tar::Type::file && entry.md5 && !entry.whiteout && entry.sha256 == at.node->entry.sha256;
      });
      if (same != layer->entries.end()) return to_hex(*same->md5);
    }
    return "unknown";
  }

  // The member that ships the path; its content was captured.
  std::size_t member(std::string_view path) const {
    const auto& entries = facts_.data.entries;
    for (std::size_t i = entries.size(); i-- > 0;) {
      if (entries[i].path.size() + 1 == path.size() && path.ends_with(entries[i].path)) return i;
    }
    return entries.size();
  }

  void settle(const std::string& path) {
    const std::size_t index = member(path);
    const std::string known = recorded(path);
    if (index < placements_.size() && placements_[index].fate == Fate::theirs) return;
    if (index == placements_.size() || placements_[index].fate == Fate::filtered) {
      changes_.recorded.push_back(
          {path, known.empty() ? std::string(kUnknown) : known});  // nothing was unpacked: dpkg leaves the hash as it was
      return;
    }
    const rootfs::Resolved at = system_.tree.resolve(used(path), false);
    if (at.node && at.node->entry.type == tar::Type::symlink) {
      leave_beside_link(path, index, at, known);
      return;
    }
    if (rootfs::is_directory(at.node)) {
      throw Error(ErrorKind::refused,
                  fmt::format("{} is a directory in the image, and a configuration file of {} {}", printable(path), printable(incoming_.package.name),
                              printable(incoming_.package.version)),
                  fmt::format("dpkg refuses this too; move the directory away in the image, or hold the package with --hold {}", printable(incoming_.package.name)));
    }
    const rootfs::Entry& entry = facts_.data.entries[index];
    const std::string fresh = to_hex(*entry.md5);
    const bool same = at.node && at.node->entry.type == tar::Type::file && at.node->entry.sha256 == entry.sha256;
    const ConffileAction action = decide_conffile(same ? fresh : disk_md5(at), known, fresh);
    if (action != ConffileAction::nothing) put(path, index, at, action);
    changes_.recorded.push_back({path, fresh});
  }

  // dpkg unpacks beside the link, then looks for the file beside the link's target, finds none, and leaves all as it is (measured
  // with 1.21.22).
  void leave_beside_link(const std::string& path, std::size_t index, const rootfs::Resolved& at, const std::string& known) {
    ConffilePut result = fresh_file(index);
    result.header.path = at.path + ".dpkg-new";
    changes_.puts.push_back(std::move(result));
    changes_.recorded.push_back({path, known.empty() ? std::string(kUnknown) : known});
    changes_.notes.push_back(
        fmt::format("{} is a symbolic link in the image and stays so; the package's version is in {}.dpkg-new", path, path));
  }

  ConffilePut fresh_file(std::size_t index) const {
    return {placements_[index].header, facts_.data.captured.at(facts_.data.entries[index].path)};
  }

  void put(const std::string& path, std::size_t index, const rootfs::Resolved& at, ConffileAction action) {
    ConffilePut result = fresh_file(index);
    result.header.path = at.path;
    if (at.node) {
      result.header.mode = at.node->entry.mode;
      result.header.uid = at.node->entry.uid;
      result.header.gid = at.node->entry.gid;
    }
    if (action == ConffileAction::offer) {
      const std::string_view what = !at.node ? "was deleted in the image" : at.node->entry.md5 ? "was changed in the image" : "leads to a file that may have been changed";
      changes_.notes.push_back(fmt::format("{} {} and stays so; the package's version is in {}.dpkg-dist", path, what, path));
      changes_.removals.push_back(at.path + ".dpkg-old");
      result.header.path += ".dpkg-dist";
    }
    changes_.puts.push_back(std::move(result));
  }

  // "remove-on-upgrade PATH" in conffiles (deb-conffiles(5)). An edited file is renamed to .dpkg-old. A layer cannot rename what another holds: the package
  // is held when the bytes are not at hand (retirement_obstacle), or, where it was let through all the same, the file stays and that is told.
  void retire(const std::string& path) {
    const std::string known = recorded(path);
    if (known.empty()) return;
    const rootfs::Resolved at = system_.tree.resolve(used(path), false);
    if (at.node && disk_md5(at) == known) {
      changes_.removals.push_back(at.path);
    } else if (at.node && at.node->entry.type == tar::Type::file && system_.tree.content(at.path)) {
      ConffilePut old{rootfs::header_of(*at.node), std::string(*system_.tree.content(at.path))};
      old.header.path = at.path + ".dpkg-old";
      changes_.puts.push_back(std::move(old));
      changes_.removals.push_back(at.path);
      changes_.notes.push_back(fmt::format("{0} is given up by the package but was changed in the image: it is {0}.dpkg-old now", path));
    } else if (at.node) {
      changes_.notes.push_back(fmt::format("{} is given up by the package but was changed in the image: it stays", path));
    }
    changes_.recorded.push_back({path, known, false, true});
  }

  // Conffiles of the old package that the new one knows nothing of: the file stays, and stays the package's. dpkg finds them walking the
  // old list backwards.
  void keep_obsolete() {
    if (incoming_.old == InstalledSystem::npos) return;
    const auto list = system_.files.of(incoming_.old);
    for (std::size_t i = list.size(); i-- > 0;) {
      const std::string path(list[i]);
      const auto& all = system_.stanzas[incoming_.old].conffiles;
      const auto old = std::ranges::find(all, path, &Conffile::path);
      if (old == all.end() || std::ranges::find(changes_.recorded, path, &Conffile::path) != changes_.recorded.end()) continue;
      if (member(path) != placements_.size()) continue;  // shipped as an ordinary file now
      if (!system_.tree.resolve(used(path), false).node) continue;
      changes_.recorded.push_back({path, old->md5, true, false});
      changes_.listed.push_back(path);
    }
  }

  const InstalledSystem& system_;
  const Incoming& incoming_;
  const PackageFacts& facts_;
  const std::vector<Placement>& placements_;
  ConffileChanges changes_;
};

}  // namespace

ConffileAction decide_conffile(std::string_view disk, std::string_view recorded, std::string_view fresh) {
  if (disk == fresh) return ConffileAction::nothing;
  if (recorded.empty()) return disk.empty() ? ConffileAction::install : ConffileAction::offer;
  const bool edited = disk != recorded, changed = fresh != recorded;
  if (!changed) return ConffileAction::nothing;
  return edited ? ConffileAction::offer : ConffileAction::install;
}

std::string retirement_obstacle(const rootfs::Tree& tree, const pkg::Package& installed, std::string_view conffiles) {
  if (conffiles.find("remove-on-upgrade") == std::string_view::npos) return {};
  const auto stanzas = read_status(tree);
  const auto stanza = std::ranges::find_if(
      stanzas, [&](const StatusStanza& each) { return each.package.name == installed.name && each.package.arch == installed.arch; });
  if (stanza == stanzas.end()) return {};
  for (const ConffileLine& line : conffile_lines(conffiles)) {
    const auto known = std::ranges::find(stanza->conffiles, line.path, &Conffile::path);
    if (!line.remove_on_upgrade || known == stanza->conffiles.end()) continue;
    const rootfs::Resolved at = tree.resolve(line.path, false);
    if (!at.node || at.node->entry.type != tar::Type::file) continue;
    const bool edited = !at.node->entry.md5 || to_hex(*at.node->entry.md5) != known->md5;
    if (edited && !tree.content(at.path)) return fmt::format("{} was edited in the image and would be renamed", printable(line.path));
  }
  return {};
}

ConffileChanges plan_conffiles(const InstalledSystem& system, const Incoming& incoming, const PackageFacts& facts,
                               const std::vector<Placement>& placements) {
  return Planner(system, incoming, facts, placements).plan();
}

}  // namespace resole::deb
