// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/script_actions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/alternatives.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/deb/shipped_defaults.hpp"
#include "pkg/deb/tmpfiles.hpp"
#include "pkg/deb/tree_edit.hpp"
#include "pkg/deb/wanted_files.hpp"
#include "rootfs/entry.hpp"

namespace resole::deb {
namespace {

using pkg::ActionKind;

class ActionRun {
 public:
  ActionRun(const PreparedPackage& package, TreeEdit& edit, std::vector<std::string>& notes)
      : package_(package), edit_(edit), notes_(notes) {}

  void run() {
    std::vector<pkg::Action> actions;
    for (const std::string& text : package_.incoming.item->actions) actions.push_back(pkg::parse_action(text));
    read_files(actions);
    for (const pkg::Action& action : actions) apply(action);
  }

 private:
  static std::vector<std::string> places_of(const std::string& conf) { return {"usr/lib/tmpfiles.d/" + conf, "lib/tmpfiles.d/" + conf}; }

  void read_files(const std::vector<pkg::Action>& actions) {
    std::set<std::string> paths;
    for (const pkg::Action& action : actions) {
      if (action.kind == ActionKind::copy || action.kind == ActionKind::ucf) paths.insert(action.arguments[0].substr(1));
      if (action.kind != ActionKind::tmpfiles || !has_tmpfiles()) continue;
      for (const std::string& conf : action.arguments) {
        for (std::string& place : places_of(conf)) paths.insert(std::move(place));
      }
    }
    if (paths.empty()) return;
    files_ = deb::read_files(PackageFile::open(package_.incoming.item->archive(), package_.label()), paths);
  }

  // Without the program the script does nothing.
  bool has_tmpfiles() const {
    return edit_.leads_to_something("/usr/bin/systemd-tmpfiles") || edit_.leads_to_something("/bin/systemd-tmpfiles");
  }

  void apply(const pkg::Action& action) {
    const std::vector<std::string>& words = action.arguments;
    switch (action.kind) {
      case ActionKind::alternative:
        return install_alternative(words, edit_);
      case ActionKind::directory:
        return make_directory(words);
      case ActionKind::empty_file:
        return put_empty(words[0]);
      case ActionKind::link:
        if (!edit_.is_there(words[0]) && edit_.has_parent(words[0])) edit_.put_link(words[0], words[1]);
        return;
      case ActionKind::copy:
        return copy(words[0], words[1]);
      case ActionKind::ucf:
        return renew_default(words[1], file_of_package(words[0]), edit_);
      case ActionKind::remove:
        if (edit_.is_there(words[0])) edit_.remove(words[0]);
        return;
      case ActionKind::owner:
        return give(words);
      case ActionKind::tmpfiles:
        return create_tmpfiles(words);
      default:  // done before the files came, or by derived_files
        return;
    }
  }

  // As dh_usrlocal's loop: parents are not made.
  void make_directory(const std::vector<std::string>& words) {
    if (edit_.is_there(words[0]) || !edit_.has_parent(words[0])) return;
    const pkg::Owners owners = pkg::Owners::parse(edit_.content("/etc/passwd").value_or(""), edit_.content("/etc/group").value_or(""));
    const bool staff = words.size() == 1 && edit_.leads_to_something("/etc/staff-group-for-usr-local");
    constexpr std::uint32_t kStaff = 50;  // base-passwd
    tar::Header header;
    header.type = tar::Type::directory;
    header.mode = staff ? 02775 : 0755;
    if (staff) header.gid = owners.group("staff", kStaff);
    if (words.size() > 1) header.mode = static_cast<std::uint32_t>(parse_octal(words[1]).value_or(0755));
    if (words.size() > 2) header.uid = owners.user(words[2], 0);
    if (words.size() > 3) header.gid = owners.group(words[3], 0);
    edit_.put(words[0], std::move(header));
  }

  void give(const std::vector<std::string>& words) {
    auto header = edit_.header(words[0]);
    if (!header || (header->type != tar::Type::file && header->type != tar::Type::directory)) return;
    const pkg::Owners owners = pkg::Owners::parse(edit_.content("/etc/passwd").value_or(""), edit_.content("/etc/group").value_or(""));
    const tar::Header before = *header;
    header->uid = owners.user(words[1], before.uid);
    if (words.size() > 2) header->gid = owners.group(words[2], before.gid);
    if (header->uid == before.uid && header->gid == before.gid) return;
    if (header->type == tar::Type::directory) return edit_.put(words[0], std::move(*header));
    const auto content = edit_.content(words[0]);
    if (!content) {
      notes_.push_back(fmt::format("{} does not get its owner: its bytes are not at hand", printable(words[0])));
      return;
    }
    header->mode &= 01777;  // as chown(2) does
    edit_.put_file(words[0], *content, std::move(*header));
  }

  void put_empty(const std::string& path) {
    if (edit_.leads_to_something(path)) return;
    edit_.make_parents(path);
    edit_.put_file(path, "");
  }

  void copy(const std::string& from, const std::string& to) {
    if (edit_.is_there(to) || !edit_.has_parent(to)) return;
    edit_.put_file(to, file_of_package(from));
  }

  const std::string& file_of_package(const std::string& path) const {
    const auto file = files_.find(path.substr(1));
    if (file != files_.end()) return file->second;
    throw Error(ErrorKind::input, fmt::format("{} is to be copied from {}, which has no such file, or one of more than 1 MiB", printable(path), package_.label()),
                "correct the recipe, or leave the package out with --hold");
  }

  void create_tmpfiles(const std::vector<std::string>& confs) {
    if (!has_tmpfiles()) return;
    for (const std::string& conf : confs) {
      // An administrator's file of this name takes the place of the package's.
      if (edit_.is_there("/etc/tmpfiles.d/" + conf)) {
        notes_.push_back(fmt::format("/etc/tmpfiles.d/{} is not applied", printable(conf)));
        continue;
      }
      for (const std::string& place : places_of(conf)) {
        const auto file = files_.find(place);
        if (file == files_.end()) continue;
        for (std::string& note : apply_tmpfiles(file->second, place, edit_)) notes_.push_back(std::move(note));
        break;
      }
    }
  }

  const PreparedPackage& package_;
  TreeEdit& edit_;
  std::vector<std::string>& notes_;
  std::map<std::string, std::string> files_;  // of the package, by its own spelling
};

}  // namespace

std::vector<HelperPlan> plan_helpers(const pkg::UpgradeRequest& request) {
  std::vector<HelperPlan> plans;
  for (const pkg::Item& item : request.items) {
    for (const std::string& text : item.actions) {
      const pkg::Action action = pkg::parse_action(text);
      if (!is_helper(action)) continue;
      const pkg::InstalledPackage* installed = nullptr;
      for (const pkg::InstalledPackage& each : request.inventory.packages) {
        const bool instance = each.arch == item.arch || each.arch == "all" || item.arch == "all";
        if (each.name == item.name && instance && each.version == item.from) installed = &each;
      }
      HelperPlan plan = plan_helper({request.tree, installed, {}}, action);
      if (!plan.problem.empty())
        throw Error(ErrorKind::verification, fmt::format("{} {}: {}", item.name, item.to.version, plan.problem), "plan again");
      if (plan.acts) plans.push_back(std::move(plan));
    }
  }
  return plans;
}

rootfs::Tree finish_helpers(const std::vector<HelperPlan>& plans, std::int64_t epoch, rootfs::Tree after, rootfs::LayerDraft& database) {
  auto index = std::make_shared<rootfs::LayerIndex>();
  const auto put = [&](const tar::Header& header, const std::string& content) {
    rootfs::Entry entry = rootfs::object_entry(header);
    if (header.type == tar::Type::file) {
      entry.sha256 = sha256_of(content);
      index->captured[entry.path] = content;
    }
    index->entries.push_back(std::move(entry));
    database.put(header, header.type == tar::Type::file ? Blob::of(content) : Blob());
  };
  const auto remove = [&](const std::string& path) {
    database.remove(path);
    index->entries.push_back(rootfs::marker_entry(path, false));
  };
  for (const HelperPlan& plan : plans) {
    for (const std::string& path : plan.removed) {
      if (!after.find(path)) database.remove(path);  // else the new version brought it again
    }
    if (plan.link) {
      tar::Header link = *plan.link;
      link.mtime = epoch;
      remove(link.path);
      put(link, {});
    }
    for (const std::string& path : plan.aside) index->entries.push_back(rootfs::marker_entry(path, false));
    if (!plan.displaced.empty()) {
      const auto fresh = database.puts().find(plan.displaced);
      if (fresh != database.puts().end()) {
        tar::Header header = fresh->second.first;
        const std::string content(fresh->second.second.bytes());
        header.path += ".dpkg-new";
        put(header, content);
      }
    }
    if (plan.moved) put(plan.moved->header, plan.moved->content);
    for (const std::string& path : plan.removed_late) remove(path);
  }
  if (index->entries.empty()) return after;
  return after.with(std::move(index));
}

std::vector<std::string> apply_actions(const pkg::UpgradeRequest& request, const std::vector<PreparedPackage>& packages,
                                       const rootfs::Tree& after, rootfs::LayerDraft& database) {
  std::vector<std::string> notes;
  TreeEdit edit(after, database, request.epoch);
  for (const PreparedPackage& package : packages) {
    if (!package.incoming.item->actions.empty()) ActionRun(package, edit, notes).run();
  }
  return notes;
}

}  // namespace resole::deb
