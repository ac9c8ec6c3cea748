// SPDX-License-Identifier: Apache-2.0
// The way:
//   move what scripts move before files are unpacked              script_actions (maintscript_moves)
//   read the database and the local rules of the image            installed_system
//   read each package, place its members, settle shared paths     preparation (package_file, package_facts, placement, unpack, conffiles)
//   find what the old packages had and the new ones have not      obsolete
//   compute what follows from the new tree                        future_tree, bytecode, ld_so_cache, ca_certificates
//   payload: whiteouts, directories, one segment per package      here, segments
//   database layer: status, info/*, triggers, conffiles, derived  database, here
//   what else scripts would do                                    script_actions
#include "pkg/deb/upgrade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/bytecode.hpp"
#include "pkg/deb/database.hpp"
#include "pkg/deb/derived_files.hpp"
#include "pkg/deb/future_tree.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/obsolete.hpp"
#include "pkg/deb/preparation.hpp"
#include "pkg/deb/script_actions.hpp"
#include "pkg/deb/segments.hpp"
#include "pkg/segments.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

class Upgrade {
 public:
  explicit Upgrade(const pkg::UpgradeRequest& request)
      : request_(request), helpers_(plan_helpers(request)), staged_(staged_tree(request.tree, helpers_)), system_(InstalledSystem::read(staged_)) {}

  pkg::UpgradeResult run() {
    packages_ = prepare_packages(request_, system_);
    if (request_.epoch == 0) request_.epoch = newest_member();
    result_.epoch = request_.epoch;
    std::ranges::sort(packages_, {}, &PreparedPackage::label);
    Obsolete obsolete = find_obsolete(system_, packages_);
    const std::vector<std::string> changed = touched(obsolete.files);
    stale_ = stale_bytecode(system_.tree, changed);
    std::vector<std::string> removed = obsolete.files;
    removed.insert(removed.end(), stale_.begin(), stale_.end());
    rootfs::Tree after = future_tree(system_, packages_, removed);
    const std::vector<std::string> caches = abandoned_caches(after, stale_);
    std::vector<std::string> leaving = caches;
    for (const PreparedPackage& package : packages_) leaving.insert(leaving.end(), package.conffiles.removals.begin(), package.conffiles.removals.end());
    const std::vector<std::string> emptied = empty_directories(after, obsolete.directories, leaving);
    stale_.insert(stale_.end(), caches.begin(), caches.end());

    write_head(obsolete.files, emptied);
    write_database_layer();
    after = finish_helpers(helpers_, request_.epoch, std::move(after), result_.database);
    for (std::string& note : derive_files({request_, system_, packages_, changed, after}, result_.database))
      result_.notes.push_back(std::move(note));
    for (std::string& note : apply_actions(request_, packages_, after, result_.database)) result_.notes.push_back(std::move(note));
    result_.segments = write_segments(request_, packages_);
    result_.payload_key = payload_key();
    tell();
    return std::move(result_);
  }

 private:
  // The epoch rule (product.md "The documents"): what we synthesise is dated by the newest file of the packages, never by a clock.
  std::int64_t newest_member() const {
    std::int64_t newest = 0;
    for (const PreparedPackage& package : packages_) {
      for (const rootfs::Entry& entry : package.facts.data.entries) newest = std::max(newest, entry.mtime);
    }
    return newest;
  }

  // Final paths that are written or removed.
  std::vector<std::string> touched(const std::vector<std::string>& removed) const {
    std::vector<std::string> paths = removed;
    for (const PreparedPackage& package : packages_) {
      for (const auto& header : package.emission) {
        if (header) paths.push_back(header->path);
      }
    }
    return paths;
  }

  // Whiteouts, new directories, and every parent of every file of the segments: overlay stores would invent parents that no layer gives
  // them.
  void write_head(const std::vector<std::string>& files, const std::vector<std::string>& directories) {
    for (const std::string& path : files) result_.head.remove(path);
    for (const std::string& path : directories) result_.head.remove(path);
    for (const PreparedPackage& package : packages_) {
      for (const Placement& placement : package.placements) {
        if (placement.fate != Fate::directory || result_.head.contains(placement.path)) continue;
        result_.head.put(placement.header);
        put_parents(placement.path);
      }
    }
    for (const PreparedPackage& package : packages_) {
      for (const auto& header : package.emission) {
        if (header) put_parents(header->path);
      }
      for (const ConffilePut& conffile : package.conffiles.puts) put_missing_parents(conffile.header.path);
    }
  }

  void put_parents(std::string_view path) {
    for (std::string_view parent = rootfs::parent_of(path); !parent.empty(); parent = rootfs::parent_of(parent)) {
      if (result_.head.contains(parent)) return;
      const rootfs::Node* node = system_.tree.find(parent);
      if (node && node->entry.type == tar::Type::directory && !node->implicit) {
        result_.head.put(rootfs::header_of(*node));
        result_.head.keep(std::string(parent));
      } else {
        put_new_directory(parent);
      }
    }
  }

  // A directory that no package brings: its own was left out by a path filter, or deleted.
  void put_new_directory(std::string_view path) {
    tar::Header header;
    header.path = path;
    header.type = tar::Type::directory;
    header.mode = 0755;
    header.mtime = request_.epoch;
    result_.head.put(std::move(header));
  }

  void put_missing_parents(std::string_view path) {
    for (std::string_view parent = rootfs::parent_of(path); !parent.empty() && !system_.tree.find(parent);
         parent = rootfs::parent_of(parent)) {
      if (!result_.head.contains(parent)) put_new_directory(parent);
    }
  }

  void write_database_layer() {
    const std::vector<Disappearance> disappearing = find_disappearing(system_, packages_);
    for (const Disappearance& gone : disappearing) {
      const pkg::Package& package = system_.stanzas[gone.stanza].package;
      result_.notes.push_back(fmt::format("{}:{} {} disappears, as with dpkg: {} has all of its files", printable(package.name),
                                          printable(package.arch), printable(package.version), gone.into->label()));
    }
    write_database(request_, system_, packages_, disappearing, result_.database);
    for (const std::string& path : stale_) result_.database.remove(path);
    for (const PreparedPackage& package : packages_) {
      for (const std::string& path : package.conffiles.removals) result_.database.remove(path);
      for (const ConffilePut& conffile : package.conffiles.puts) result_.database.put(conffile.header, Blob::of(conffile.content));
    }
  }

  // Everything that the payload layer depends on. Old versions stand for the state they left below (product.md "Strategies").
  std::string payload_key() const {
    std::string text = fmt::format("payload 1\nepoch {}\n{}\n", request_.epoch, archive::compressor_text(request_.compression));
    for (const PreparedPackage& package : packages_) {
      text += fmt::format("{} from {} {}\n", package.label(), package.incoming.item->from, segment_key(package, request_.compression));
    }
    text += pkg::payload_head_text(result_.head);
    return sha256_hex_of(text);
  }

  // What a person should know, package by package; deleted files can be thousands (slim images) and are only counted.
  void tell() {
    for (const PreparedPackage& package : packages_) {
      std::size_t deleted = 0;
      for (std::size_t i = 0; i < package.placements.size(); ++i) {
        const Placement& placement = package.placements[i];
        const std::string path = fmt::format("/{}", placement.path);
        if (placement.fate == Fate::write && !placement.kept_metadata.empty()) result_.kept.push_back({path, placement.kept_metadata});
        if (placement.fate == Fate::kept) result_.notes.push_back(fmt::format("{} was changed in the image and stays so", printable(path)));
        deleted += placement.fate == Fate::deleted && package.facts.data.entries[i].type != tar::Type::directory;
      }
      if (deleted)
        result_.notes.push_back(fmt::format("{}: {} files that were deleted in the image stay deleted", package.label(), deleted));
      result_.notes.insert(result_.notes.end(), package.conffiles.notes.begin(), package.conffiles.notes.end());
    }
    for (const pkg::KeptMetadata& kept : result_.kept) request_.reporter.debug(fmt::format("{}: {}", kept.path, kept.what));
  }

  pkg::UpgradeRequest request_;
  const std::vector<HelperPlan> helpers_;
  const rootfs::Tree staged_;  // what the files find
  const InstalledSystem system_;
  std::vector<PreparedPackage> packages_;
  std::vector<std::string> stale_;
  pkg::UpgradeResult result_;
};

}  // namespace

pkg::UpgradeResult upgrade(const pkg::UpgradeRequest& request) { return Upgrade(request).run(); }

}  // namespace resole::deb
