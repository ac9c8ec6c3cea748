// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/merge_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "pkg/deb/version.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kMostPathsTold = 3;

// A stanza without its Status, and its Status: apt-mark hold changes only the latter.
struct SplitStanza {
  std::string rest, status;
};

SplitStanza split_stanza(std::string_view text) {
  SplitStanza out;
  for (const std::string_view line : lines(text)) {
    if (line.starts_with("Status: "))
      out.status = line;
    else
      out.rest += std::string(line) + "\n";
  }
  return out;
}

class RecordMerger {
 public:
  explicit RecordMerger(const ThreeSystems& systems) : systems_(systems) {
    number(systems.old_base, &Three::o);
    number(systems.new_base, &Three::n);
    number(systems.application, &Three::a);
  }

  MergedRecords run() {
    for (const auto& [key, three] : packages_) {
      if (is_changed(three.a, three.o)) changed_by_application_.insert(key);
    }
    for (const auto& [key, three] : packages_) {
      MergedRecord record = decide(key, three);
      if (record.side != Side::nobody || three.o || three.n || three.a) out_.records.push_back(std::move(record));
    }
    return std::move(out_);
  }

 private:
  struct Three {
    const StatusStanza *o = nullptr, *n = nullptr, *a = nullptr;
  };

  void number(const InstalledSystem& system, const StatusStanza* Three::* side) {
    for (const StatusStanza& stanza : system.stanzas) packages_[stanza.package.key()].*side = &stanza;
  }

  static std::string record_text(const StatusStanza* stanza) {
    if (!stanza) return {};
    if (stanza->is_sliced()) return stanza->package.version;
    return split_stanza(stanza->text).rest;
  }
  static bool is_changed(const StatusStanza* a, const StatusStanza* b) {
    return (a == nullptr) != (b == nullptr) || record_text(a) != record_text(b) || (a && a->state != b->state);
  }

  MergedRecord decide(const std::string& key, const Three& three) {
    const bool by_application = changed_by_application_.contains(key);
    const bool by_base = is_changed(three.n, three.o);
    const bool apart = is_changed(three.a, three.n);
    Side side = Side::new_base;
    if (!by_application) {
      if (by_base && three.n) require_uncovered(key, *three.n);
    } else if (!apart) {
      // both came to the same
    } else if (!by_base) {
      side = Side::application;
      if (three.a) require_complete(key, *three.a);
    } else {
      side = settle(key, three);
    }
    return record_of(key, three, side);
  }

  MergedRecord record_of(const std::string& key, const Three& three, Side side) {
    MergedRecord record{.key = key, .side = side, .of_new_base = three.n, .of_application = three.a, .text = {}};
    if (!record.stanza()) {
      record.side = Side::nobody;
      return record;
    }
    record.text = std::string(record.stanza()->text);
    if (!record.stanza()->is_ordinary() || !three.o || !three.n || !three.a) return record;
    // hold, and the like: three ways, for themselves
    const std::string& want = three.a->want == three.o->want ? three.n->want : three.a->want;
    if (want != record.stanza()->want) {
      const std::string from = "Status: " + record.stanza()->want + " ", to = "Status: " + want + " ";
      if (const std::size_t at = record.text.find(from); at != std::string::npos) record.text.replace(at, from.size(), to);
    }
    return record;
  }

  // Both sides changed it, each in its own way.
  Side settle(const std::string& key, const Three& three) {
    if (!three.a) return take_away(key, three);
    const bool own = is_complete(systems_.application, *three.a, true), theirs = three.n && is_complete(systems_.new_base, *three.n, true);
    if (own && theirs) {  // the files are the same: the later record says more
      const int order = compare_versions(three.a->package.version, three.n->package.version);
      return order > 0 ? Side::application : Side::new_base;
    }
    if (own) {
      if (three.n) clean_up(systems_.new_base, *three.n, systems_.application, *three.a);
      return Side::application;
    }
    if (theirs) {
      clean_up(systems_.application, *three.a, systems_.new_base, *three.n);
      return Side::new_base;
    }
    conflict(key, fmt::format("the application has {}, the new base {}, and of neither all files are on top: {}", three.a->package.version,
                              three.n ? three.n->package.version : "no such package", told_paths(missing_)));
    return Side::application;
  }

  // The application removed the package, and the base has another one now: it stays removed, if it was.
  Side take_away(const std::string& key, const Three& three) {
    if (!three.n) return Side::new_base;
    if (three.o && !files_of(systems_.old_base, *three.o, systems_.application).empty()) {
      conflict(key, "the application's database does not have it, but its layers left its files");
      return Side::new_base;
    }
    for (const std::string& path : files_of(systems_.new_base, *three.n, systems_.new_base)) leave_over(path);
    return Side::application;
  }

  // Regular files and links of the package's list as they are in the tree of `where`; conffiles apart. Final paths there.
  std::vector<std::string> files_of(const InstalledSystem& system, const StatusStanza& stanza, const InstalledSystem& where) const {
    std::vector<std::string> out;
    for (const std::string_view path : paths_of(system, stanza)) {
      const rootfs::Resolved at = where.tree.resolve(system.diversions.redirect(path, stanza.package.name), false);
      if (!at.node || rootfs::is_directory(at.node) || is_owned_by_other(where, path, stanza) || was_taken_over(path, stanza)) continue;
      out.push_back(at.path);
    }
    return out;
  }

  static std::span<const std::string_view> paths_of(const InstalledSystem& system, const StatusStanza& stanza) {
    return system.files.of(static_cast<std::size_t>(&stanza - system.stanzas.data()));
  }
  static bool is_conffile(const StatusStanza& stanza, std::string_view path) {
    return std::ranges::find(stanza.conffiles, path, &Conffile::path) != stanza.conffiles.end();
  }
  static bool is_owned_by_other(const InstalledSystem& system, std::string_view path, const StatusStanza& stanza) {
    return std::ranges::any_of(system.files.owners(path), [&](std::uint32_t owner) {
      const StatusStanza& other = system.stanzas[owner];
      return other.package.key() != stanza.package.key() && other.package.state != pkg::InstallState::removed;
    });
  }
  // A package of the application replaced the file: it is that one's.
  bool was_taken_over(std::string_view path, const StatusStanza& stanza) const {
    return std::ranges::any_of(systems_.application.files.owners(path), [&](std::uint32_t owner) {
      const StatusStanza& other = systems_.application.stanzas[owner];
      return other.package.key() != stanza.package.key() && changed_by_application_.contains(other.package.key());
    });
  }

  static bool same_node(const rootfs::Node& a, const rootfs::Node& b) { return rootfs::same_object(a, rootfs::header_of(b), b.entry.sha256); }

  // Are the package's files in the stacked tree what they are in its own? Configuration files may differ: they are the application's to edit. What that side
  // does not have itself was deleted, or filtered.
  bool is_complete(const InstalledSystem& system, const StatusStanza& stanza, bool forget) {
    if (forget) missing_.clear();
    std::vector<std::string> missing;
    for (const std::string_view path : paths_of(system, stanza)) {
      if (path == "/." || is_conffile(stanza, path)) continue;
      const std::string_view used = system.diversions.redirect(path, stanza.package.name);
      const rootfs::Resolved own = system.tree.resolve(used, false);
      if (!own.node || rootfs::is_directory(own.node)) continue;
      const rootfs::Resolved there = systems_.stacked.resolve(used, false);
      if (there.node && same_node(*there.node, *own.node)) continue;
      missing.emplace_back(path);
    }
    missing_.insert(missing_.end(), missing.begin(), missing.end());
    return missing.empty();
  }

  void require_complete(const std::string& key, const StatusStanza& stanza) {
    if (is_complete(systems_.application, stanza, true)) return;
    conflict(key, fmt::format("the application's layers do not hold all of its files, and the new base has others: {}", told_paths(missing_)));
  }

  // The base brings another version; a file of the application's layers over one of its files would make the record lie.
  void require_uncovered(const std::string& key, const StatusStanza& stanza) {
    std::vector<std::string> covered;
    for (const std::string_view path : paths_of(systems_.new_base, stanza)) {
      const std::string_view used = systems_.new_base.diversions.redirect(path, stanza.package.name);
      const rootfs::Resolved there = systems_.stacked.resolve(used, false);
      if (!there.node || rootfs::is_directory(there.node) || !systems_.is_applications(*there.node)) continue;
      const rootfs::Node* own = systems_.new_base.tree.resolve(used, false).node;
      if ((own && same_node(*there.node, *own)) || was_taken_over(path, stanza)) continue;
      if (is_conffile(stanza, path)) {
        note_conffile(path, stanza);
      } else {
        covered.emplace_back(path);
      }
    }
    if (!covered.empty()) conflict(key, fmt::format("the application's layers hold other files than those of {}: {}", stanza.package.version, told_paths(covered)));
  }

  void note_conffile(std::string_view path, const StatusStanza& stanza) {
    const rootfs::Resolved before = systems_.old_base.tree.resolve(path, false), now = systems_.new_base.tree.resolve(path, false);
    if (before.node && now.node && !same_node(*before.node, *now.node))
      out_.notes.push_back(fmt::format("{}: {} has another version of this configuration file; the application's stays", printable(path), stanza.package.name));
  }

  // What `other` has besides the record that is true.
  void clean_up(const InstalledSystem& other, const StatusStanza& of_other, const InstalledSystem& system, const StatusStanza& stanza) {
    const auto kept = paths_of(system, stanza);
    std::set<std::string> final_paths;
    for (const std::string_view path : kept) final_paths.insert(systems_.stacked.resolve(system.diversions.redirect(path, stanza.package.name), false).path);
    for (const std::string& path : files_of(other, of_other, other)) {
      if (!final_paths.contains(path)) leave_over(path);
    }
  }

  void leave_over(const std::string& path) {
    if (systems_.stacked.find(path)) out_.leftovers.insert(path);
  }

  static std::string told_paths(const std::vector<std::string>& paths) {
    std::vector<std::string> told;
    for (std::size_t i = 0; i < paths.size() && i < kMostPathsTold; ++i) told.push_back(printable(paths[i], 120));
    return join(told, ", ") + (paths.size() > kMostPathsTold ? fmt::format(" and {} more", paths.size() - kMostPathsTold) : "");
  }
  void conflict(const std::string& key, std::string problem) { out_.conflicts.push_back({key, std::move(problem)}); }

  const ThreeSystems& systems_;
  std::map<std::string, Three> packages_;
  std::set<std::string> changed_by_application_;
  std::vector<std::string> missing_;
  MergedRecords out_;
};

}  // namespace

MergedRecords merge_records(const ThreeSystems& systems) { return RecordMerger(systems).run(); }

}  // namespace resole::deb
