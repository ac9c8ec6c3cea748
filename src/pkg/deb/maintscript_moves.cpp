// SPDX-License-Identifier: Apache-2.0
// After dpkg-maintscript-helper of dpkg 1.21; its manual page describes the four commands.
#include "pkg/deb/maintscript_moves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "base/text.hpp"
#include "pkg/deb/follow.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/status.hpp"
#include "pkg/deb/version.hpp"
#include "rootfs/entry.hpp"
#include "rootfs/layer_draft.hpp"

namespace resole::deb {
namespace {

class Helper {
 public:
  Helper(const HelperCase& each, const pkg::Action& action) : case_(each), action_(action), path_(action.arguments.front()) {}

  HelperPlan plan() {
    using enum pkg::ActionKind;
    const bool two = action_.kind != rm_conffile;
    if (!case_.installed || !applies(two ? 2 : 1)) return {};
    if (action_.kind == rm_conffile) rm_conffile_();
    if (action_.kind == mv_conffile) mv_conffile_(action_.arguments[1]);
    if (action_.kind == symlink_to_dir) symlink_to_dir_(action_.arguments[1]);
    if (action_.kind == dir_to_symlink) dir_to_symlink_(action_.arguments[1]);
    return std::move(plan_);
  }

 private:
  // dpkg --compare-versions "$2" le-nl VERSION
  bool applies(std::size_t version) const {
    return action_.arguments.size() <= version || compare_versions(case_.installed->version, action_.arguments[version]) <= 0;
  }

  bool owns(std::string_view path) const {
    const auto list = case_.tree.content(info_path(*case_.installed, "list"));
    if (!list) return false;
    const auto all = lines(*list);
    return std::ranges::find(all, path) != all.end();
  }

  const std::vector<Conffile>& conffiles() {
    if (!conffiles_) {
      conffiles_.emplace();
      for (StatusStanza& stanza : read_status(case_.tree)) {
        if (stanza.package.name == case_.installed->name && stanza.package.arch == case_.installed->arch)
          conffiles_ = std::move(stanza.conffiles);
      }
    }
    return *conffiles_;
  }

  const Conffile* conffile(std::string_view path) {
    const auto found = std::ranges::find(conffiles(), path, &Conffile::path);
    return found == conffiles().end() ? nullptr : &*found;
  }

  bool is_edited(const rootfs::Node& file, std::string_view path) {
    const Conffile* recorded = conffile(path);
    return !recorded || !file.entry.md5 || to_hex(*file.entry.md5) != recorded->md5;
  }

  // The file (or link) under another name. Its bytes have to be at hand: a layer cannot rename what another holds.
  bool move(const rootfs::Resolved& at, std::string to) {
    HelperPlan::Move moved{rootfs::header_of(*at.node), {}};
    moved.header.path = std::move(to);
    if (at.node->entry.type == tar::Type::file) {
      const auto content = case_.tree.content(at.path);
      if (!content) {
        plan_.problem = fmt::format("{} was edited in the image and would be renamed", printable(path_));
        return false;
      }
      moved.content = *content;
    } else if (at.node->entry.type != tar::Type::symlink) {
      plan_.problem = fmt::format("{} is no file", printable(path_));
      return false;
    }
    plan_.moved = std::move(moved);
    return true;
  }

  void rename_away(const std::string& path, std::string_view suffix) {
    plan_.removed.push_back(path);
    plan_.aside.push_back(path + std::string(suffix));
  }

  void drop_leftover() {
    const rootfs::Resolved at = case_.tree.resolve(path_ + ".dpkg-remove", false);
    if (!at.node) return;
    plan_.removed_late.push_back(at.path);
    plan_.acts = true;
  }

  void rm_conffile_() {
    drop_leftover();
    const rootfs::Resolved at = case_.tree.resolve(path_, false);
    const rootfs::Node* file = follow(case_.tree, path_).node;
    if (!file || !owns(path_)) return;
    plan_.acts = true;
    if (is_edited(*file, path_) && !move(at, at.path + ".dpkg-bak")) return;
    rename_away(at.path, ".dpkg-remove");
  }

  void mv_conffile_(const std::string& fresh) {
    drop_leftover();
    const rootfs::Resolved at = case_.tree.resolve(path_, false);
    const rootfs::Node* file = follow(case_.tree, path_).node;
    if (!file || !owns(path_)) return;
    if (!is_edited(*file, path_)) {
      plan_.acts = true;
      rename_away(at.path, ".dpkg-remove");
      return;
    }
    if (!conffile(path_)) return;  // an ordinary file: dpkg takes it away with the old version
    plan_.acts = true;
    const rootfs::Resolved to = case_.tree.resolve(fresh, false);
    if (to.node) {
      plan_.problem =
          fmt::format("{} was edited in the image and would take the place of {}, which is there", printable(path_), printable(fresh));
      return;
    }
    if (!move(at, to.path)) return;
    plan_.removed_late.push_back(at.path);
    plan_.displaced = to.path;
  }

  void symlink_to_dir_(const std::string& target) {
    const rootfs::Resolved at = case_.tree.resolve(path_, false);
    if (!at.node || at.node->entry.type != tar::Type::symlink) return;
    if (at.node->entry.link != target && "/" + follow(case_.tree, path_).path != target) return;
    plan_.acts = true;
    rename_away(at.path, ".dpkg-backup");
  }

  void dir_to_symlink_(const std::string& target) {
    const rootfs::Resolved at = case_.tree.resolve(path_, false);
    if (!at.node || at.node->entry.type != tar::Type::directory) return;
    plan_.acts = true;
    const std::string below = path_ + "/";
    if (std::ranges::any_of(conffiles(), [&](const Conffile& each) { return each.path.starts_with(below); })) {
      plan_.problem = fmt::format("{} would become a link, but has configuration files: dpkg refuses that", printable(path_));
      return;
    }
    if (const std::string foreign = foreign_below(at.path); !foreign.empty()) {
      plan_.problem =
          fmt::format("{} would become a link, but {} is not the package's: dpkg refuses that", printable(path_), printable(foreign));
      return;
    }
    for (const std::string_view line : lines(case_.fresh_md5sums)) {
      const std::size_t gap = line.find("  ");
      if (gap != std::string_view::npos && fmt::format("/{}", line.substr(gap + 2)).starts_with(below)) {
        plan_.problem = fmt::format("{} would become a link, and the new version has files in it", printable(path_));
        return;
      }
    }
    plan_.emptied = at.path;
    tar::Header link;
    link.path = at.path;
    link.type = tar::Type::symlink;
    link.mode = 0777;
    link.link = target;
    plan_.link = std::move(link);
  }

  // The first object below a directory, or the directory itself, that the package does not list.
  std::string foreign_below(const std::string& directory) const {
    const auto list = case_.tree.content(info_path(*case_.installed, "list"));
    auto owned = lines(list.value_or(""));
    std::ranges::sort(owned);
    std::string foreign;
    case_.tree.walk(directory, [&](const rootfs::Node& node) {
      std::string spelled = path_ + node.entry.path.substr(directory.size());
      if (foreign.empty() && !std::ranges::binary_search(owned, std::string_view(spelled))) foreign = std::move(spelled);
    });
    return foreign;
  }

  const HelperCase& case_;
  const pkg::Action& action_;
  const std::string& path_;
  std::optional<std::vector<Conffile>> conffiles_;
  HelperPlan plan_;
};

}  // namespace

bool is_helper(const pkg::Action& action) {
  using enum pkg::ActionKind;
  return action.kind == rm_conffile || action.kind == mv_conffile || action.kind == symlink_to_dir || action.kind == dir_to_symlink;
}

HelperPlan plan_helper(const HelperCase& each, const pkg::Action& action) { return Helper(each, action).plan(); }

rootfs::Tree staged_tree(const rootfs::Tree& tree, const std::vector<HelperPlan>& plans) {
  auto index = std::make_shared<rootfs::LayerIndex>();
  for (const HelperPlan& plan : plans) {
    for (const std::string& path : plan.removed) index->entries.push_back(rootfs::marker_entry(path, false));
    if (!plan.emptied.empty()) index->entries.push_back(rootfs::marker_entry(plan.emptied, true));
    for (const std::string& path : plan.aside) {
      rootfs::Entry entry;
      entry.path = path;
      index->entries.push_back(std::move(entry));
    }
  }
  return tree.with(std::move(index));
}

}  // namespace resole::deb
