// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/database.hpp"

#include <fmt/format.h>

#include <unordered_map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/extended_states.hpp"
#include "pkg/deb/info_writer.hpp"
#include "pkg/deb/slices.hpp"
#include "pkg/deb/status_writer.hpp"
#include "pkg/deb/triggers.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kExtendedStates = "var/lib/apt/extended_states";

// Replaces the bytes of a file of the database; mode and owner stay as they are.
void rewrite(rootfs::LayerDraft& draft, const rootfs::Tree& tree, std::string_view path, std::string content, std::int64_t epoch) {
  const rootfs::Resolved at = tree.resolve(path, true);
  tar::Header header;
  if (at.node) header = rootfs::header_of(*at.node);
  header.path = at.path;
  header.type = tar::Type::file;
  if (!at.node) header.mode = 0644;
  header.mtime = epoch;
  draft.put(std::move(header), Blob::of(std::move(content)));
}

// A directory of the database that is missing is made anew; a link to nowhere, or something else in its place, is the image's to repair.
void require_directory(const rootfs::Tree& tree, std::string_view path) {
  const bool something = tree.resolve(path, false).node;
  const rootfs::Node* node = tree.resolve(path, true).node;
  if (!something || (node && node->entry.type == tar::Type::directory)) return;
  throw Error(ErrorKind::input,
              fmt::format("/{} is {}: the package database cannot be written", path, node ? "not a directory" : "a link to nowhere"),
              "make it a directory in the image, or remove it: then it is made anew");
}

void write_status(const pkg::UpgradeRequest& request, const InstalledSystem& system, const std::vector<const PreparedPackage*>& packages,
                  const std::vector<Disappearance>& disappearing, rootfs::LayerDraft& draft) {
  std::vector<const StatusStanza*> stanzas;
  std::vector<std::size_t> number(system.stanzas.size());
  for (std::size_t i = 0; i < system.stanzas.size(); ++i) {
    if (!system.stanzas[i].is_ordinary()) continue;
    number[i] = stanzas.size();
    stanzas.push_back(&system.stanzas[i]);
  }
  StatusEdit edit;
  for (const Disappearance& gone : disappearing) edit.removed.insert(number[gone.stanza]);
  for (const PreparedPackage* package : packages) {
    std::string stanza =
        status_stanza(package->facts.control.text("control"), package->conffiles.recorded, "control file of " + package->label());
    if (package->incoming.old == InstalledSystem::npos) {
      edit.added.emplace_back(package->incoming.package, std::move(stanza));
    } else {
      edit.replaced[number[package->incoming.old]] = std::move(stanza);
    }
  }
  const auto status = system.tree.content(kStatusPath);
  if (!status) throw Error(ErrorKind::input, fmt::format("{} cannot be read", kStatusPath));
  rewrite(draft, system.tree, kStatusPath, edit_status(*status, stanzas, edit), request.epoch);
}

// status.d (distroless): the control file as it is, and md5sums beside it. Existing entries keep their file names.
void write_status_entry(const InstalledSystem& system, const PreparedPackage& package, std::int64_t epoch, rootfs::LayerDraft& draft) {
  const std::string file = package.incoming.old == InstalledSystem::npos
                               ? fmt::format("{}/{}", kStatusDirectory, package.incoming.package.name)
                               : system.stanzas[package.incoming.old].file;
  std::string control(package.facts.control.text("control"));
  if (!control.ends_with('\n')) control += '\n';
  rewrite(draft, system.tree, file, std::move(control), epoch);
  rewrite(draft, system.tree, md5sums_beside(file), generated_md5sums(package).value_or(std::string(package.facts.control.text("md5sums"))),
          epoch);
}

// The manifest of a chiselled image: versions, and the hashes of what was written.
void write_slices(const InstalledSystem& system, const std::vector<const PreparedPackage*>& packages, std::int64_t epoch, rootfs::LayerDraft& draft) {
  SliceEdit edit;
  for (const PreparedPackage* package : packages) {
    const pkg::Candidate& candidate = package->incoming.item->to;
    edit.packages.push_back({candidate.name, candidate.version, candidate.arch, std::string(candidate.entry.sha256.hex())});
    const auto& members = package->facts.data.entries;
    std::unordered_map<std::string_view, const rootfs::Entry*> contents;
    for (std::size_t i = 0; i < members.size(); ++i) {
      const rootfs::Entry& member = members[i];
      contents[member.path] = member.type == tar::Type::hardlink ? contents[member.link] : &member;
      if (package->placements[i].fate != Fate::write || !contents[member.path]) continue;
      SliceEdit::File file{.mode = package->placements[i].header.mode, .sha256 = to_hex(contents[member.path]->sha256), .size = contents[member.path]->size, .link = {}};
      if (member.type == tar::Type::symlink) file.link = member.link;
      edit.files[fmt::format("/{}", member.path)] = std::move(file);
    }
  }
  rewrite(draft, system.tree, kSlicesPath, edit_slices(*system.slices, edit), epoch);
}

void write_marks(const pkg::UpgradeRequest& request, const InstalledSystem& system, rootfs::LayerDraft& draft) {
  std::vector<std::pair<std::string, std::string>> added;
  for (const pkg::Item& item : request.items) {
    if (item.from.empty()) added.emplace_back(item.name, item.to.arch);
  }
  if (added.empty() || !system.tree.resolve("var/lib/apt", true).node) return;
  const std::string before(system.tree.content(kExtendedStates).value_or(""));
  std::string after = mark_automatic(before, std::move(added), request.inventory.arch);
  if (after != before) rewrite(draft, system.tree, kExtendedStates, std::move(after), request.epoch);
}

}  // namespace

void write_database(const pkg::UpgradeRequest& request, const InstalledSystem& system, const std::vector<PreparedPackage>& packages,
                    const std::vector<Disappearance>& disappearing, rootfs::LayerDraft& draft) {
  std::vector<const PreparedPackage*> ordinary, sliced;
  for (const PreparedPackage& package : packages) {
    if (package.incoming.sliced) {
      sliced.push_back(&package);
    } else if (package.incoming.entry) {
      write_status_entry(system, package, request.epoch, draft);
    } else {
      ordinary.push_back(&package);
    }
  }
  if (!sliced.empty()) write_slices(system, sliced, request.epoch, draft);
  if (ordinary.empty()) return;
  for (const std::string_view directory : {kInfoDirectory, kTriggersDirectory}) require_directory(system.tree, directory);
  std::vector<std::uint32_t> gone;
  for (const Disappearance& each : disappearing) gone.push_back(each.stanza);
  write_status(request, system, ordinary, disappearing, draft);
  write_info(system, ordinary, gone, request.epoch, draft);
  write_triggers(system, ordinary, request.epoch, draft);
  write_marks(request, system, draft);
}

}  // namespace resole::deb
