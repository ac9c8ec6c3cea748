// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/merge_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

// Merged by others here, or nobody's: logs, caches, backups, locks. Not shadow and gshadow: the layer index keeps no secrets (rootfs/capture.cpp), so lines of
// both sides cannot be put together.
constexpr std::string_view kElsewhere[] = {
    "var/lib/dpkg/*",      "var/lib/apt/*",    "var/cache/*",          "var/log/*",          "var/tmp/*",      "tmp/*",           "run/*",
    "etc/ld.so.cache",     "etc/passwd*",      "etc/group*",           "etc/shadow-",        "etc/gshadow-",   "etc/subuid*",     "etc/subgid*",
    "etc/shells",          "etc/.pwd.lock",    "etc/ssl/certs/*",      "etc/ca-certificates.conf*", "etc/alternatives/*", "var/lib/ucf/*",   "*.pyc",
    "var/lib/systemd/deb-systemd-*",           "root/.bash_history",   "etc/resolv.conf",    "etc/hosts",      "etc/hostname",    "proc/*",
    "dev/*",               "sys/*",            "etc/mtab",             "var/lib/chisel/*",
};

bool is_merged_elsewhere(std::string_view path) {
  return std::ranges::any_of(kElsewhere, [&](std::string_view pattern) { return glob_match(pattern, path); });
}

class FileMerger {
 public:
  FileMerger(const ThreeSystems& systems, const MergedRecords& records, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts, std::vector<std::string>& notes)
      : systems_(systems), draft_(draft), conflicts_(conflicts), notes_(notes) {
    for (const MergedRecord& record : records.records) {
      const StatusStanza* stanza = record.stanza();
      if (stanza) remember(record.side == Side::new_base ? systems.new_base : systems.application, *stanza);
    }
  }

  void run() {
    const auto& layers = systems_.stacked.layers();
    std::set<std::string> paths;
    for (std::size_t i = systems_.new_base.tree.layers().size(); i < layers.size(); ++i) {
      for (const rootfs::Entry& entry : layers[i]->entries) {
        if (!entry.whiteout && !entry.opaque) paths.insert(systems_.stacked.resolve(entry.path, false).path);
      }
    }
    for (const std::string& path : paths) judge(path);
  }

 private:
  // Paths that a merged record accounts for; those of configuration files, too, which are the application's to edit.
  void remember(const InstalledSystem& system, const StatusStanza& stanza) {
    for (const std::string_view path : system.files.of(static_cast<std::size_t>(&stanza - system.stanzas.data()))) {
      packaged_.insert(systems_.stacked.resolve(system.diversions.redirect(path, stanza.package.name), false).path);
    }
  }

  static bool same(const rootfs::Node* a, const rootfs::Node* b) {
    if (!a || !b) return a == b;
    return rootfs::same_object(*a, rootfs::header_of(*b), b->entry.sha256);
  }

  void judge(const std::string& path) {
    const rootfs::Node *there = systems_.stacked.find(path), *o = systems_.old_base.tree.find(path), *n = systems_.new_base.tree.find(path),
                       *a = systems_.application.tree.find(path);
    if (!there || !systems_.is_applications(*there) || same(n, o) || same(there, n)) return;
    if (rootfs::is_directory(there)) return judge_directory(path, *there, o, n);
    if (is_merged_elsewhere(path) || packaged_.contains(path)) return;
    if (same(a, o)) {
      if (!n) return draft_.remove(path);
      conflict(path, "the application's layers hold it as the old base had it, and the new base has another");
    } else if (!n) {
      notes_.push_back(fmt::format("/{}: the new base has it no more; the application's stays", printable(path)));
    } else {
      conflict(path, o ? "the application and the new base both changed it" : "the application and the new base both brought one");
    }
  }

  void judge_directory(const std::string& path, const rootfs::Node& there, const rootfs::Node* o, const rootfs::Node* n) {
    if (!n) return;
    if (!rootfs::is_directory(n)) return conflict(path, "a directory of the application's layers is something else in the new base");
    if (!o || !rootfs::is_directory(o) || !same(&there, o)) {
      if (o) conflict(path, "the application and the new base both changed this directory's mode or owner");
      return;
    }
    tar::Header header = rootfs::header_of(*n);
    draft_.put(std::move(header));
  }

  void conflict(const std::string& path, std::string problem) { conflicts_.push_back({"/" + path, std::move(problem)}); }

  const ThreeSystems& systems_;
  MergeDraft& draft_;
  std::vector<pkg::MergeConflict>& conflicts_;
  std::vector<std::string>& notes_;
  std::set<std::string> packaged_;
};

}  // namespace

void merge_files(const ThreeSystems& systems, const MergedRecords& records, MergeDraft& draft, std::vector<pkg::MergeConflict>& conflicts, std::vector<std::string>& notes) {
  FileMerger(systems, records, draft, conflicts, notes).run();
}

}  // namespace resole::deb
