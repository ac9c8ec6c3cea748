// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/script_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/package_file.hpp"
#include "pkg/deb/placement.hpp"
#include "pkg/deb/trigger_queue.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kWorkplace = "var/lib/dpkg/tmp.ci";  // where dpkg unpacks the control part; debconf looks for it there
constexpr int kMostRounds = 50;                                 // of triggers that set off triggers

struct Scripted {
  const pkg::Item* item = nullptr;
  std::size_t old = InstalledSystem::npos;
  std::string configured;  // the version that was configured last: what postinst is told
  ControlArchive control;  // the new one
  pkg::Package package;

  std::string label() const { return item->name + ":" + item->to.arch; }
};

class DebScriptOrder final : public pkg::ScriptOrder {
 public:
  explicit DebScriptOrder(const pkg::UpgradeRequest& request) : request_(request), system_(InstalledSystem::read(request.tree)) {
    for (const pkg::Item& item : request.items) {
      if (item.run_scripts) add(item);
    }
    std::ranges::sort(scripted_, {}, &Scripted::label);
    put_in_order();
  }

  std::vector<pkg::ScriptCall> before(const pkg::ScriptTreeView& tree) override {
    tree.take(std::string(kUnincorporated));  // what stands there is of another time
    std::vector<pkg::ScriptCall> calls;
    for (const Scripted& each : scripted_) {
      if (is_upgrade(each) && has_old(each, "prerm")) calls.push_back(old_in_place(each, "prerm"));
      if (each.control.find("preinst")) calls.push_back(new_script(each, "preinst", arguments_of_preinst(each)));
    }
    return calls;
  }

  std::vector<pkg::ScriptCall> after() override {
    std::vector<pkg::ScriptCall> calls;
    for (const Scripted& each : scripted_) {
      if (is_upgrade(each) && has_old(each, "postrm")) calls.push_back(old_aside(each, "postrm"));
    }
    for (const Scripted& each : scripted_) {
      if (!each.control.find("postinst")) continue;
      pkg::ScriptCall call = begin(each.package, "postinst");
      call.arguments = {"/" + info_path(each.package, "postinst"), "configure", each.configured};
      calls.push_back(std::move(call));
    }
    return calls;
  }

  std::vector<pkg::ScriptCall> next(const pkg::ScriptTreeView& tree) override {
    if (++rounds_ > kMostRounds) throw Error(ErrorKind::refused, "the triggers of the packages set off each other without end", "hold one of them with --hold");
    if (rounds_ == 1) activate_by_unpacking(tree);
    queue_.activate_deferred(tree.take(std::string(kUnincorporated)), tree.read);
    std::vector<pkg::ScriptCall> calls;
    for (const auto& [name, triggers] : queue_.take()) {
      const pkg::Package* package = installed(name);
      const std::string path = package ? info_path(*package, "postinst") : std::string();
      if (!package || !tree.read(path)) continue;
      pkg::ScriptCall call = begin(*package, "postinst");
      call.arguments = {"/" + path, "triggered", join(triggers, " ")};
      calls.push_back(std::move(call));
    }
    return calls;
  }

 private:
  bool is_upgrade(const Scripted& each) const { return !each.item->from.empty() && each.old != InstalledSystem::npos; }
  const pkg::Package& old_of(const Scripted& each) const { return system_.stanzas[each.old].package; }
  bool has_old(const Scripted& each, std::string_view script) const { return system_.tree.content(info_path(old_of(each), script)).has_value(); }

  void add(const pkg::Item& item) {
    Scripted scripted;
    scripted.item = &item;
    scripted.old = stanza_of(item, system_);
    scripted.control = PackageFile::open(item.archive(), fmt::format("{} {} {}", item.name, item.to.version, item.to.arch)).control();
    scripted.package = Incoming::read(item, system_, request_.inventory, scripted.control).package;
    scripted.configured = item.from;
    if (item.from.empty() && scripted.old != InstalledSystem::npos) scripted.configured = system_.stanzas[scripted.old].config_version;
    scripted_.push_back(std::move(scripted));
  }

  // What is needed comes before what needs it; circles are cut where they are entered, by name.
  void put_in_order() {
    std::vector<Scripted> sorted;
    std::vector<std::size_t> order;
    std::vector<bool> entered(scripted_.size());
    const std::function<void(std::size_t)> enter = [&](std::size_t at) {
      if (entered[at]) return;
      entered[at] = true;
      for (const auto& alternatives : scripted_[at].package.relations.depends) {
        for (const pkg::Atom& atom : alternatives) {
          for (std::size_t i = 0; i < scripted_.size(); ++i) {
            if (provides(scripted_[i].package, atom.name)) enter(i);
          }
        }
      }
      order.push_back(at);
    };
    for (std::size_t i = 0; i < scripted_.size(); ++i) enter(i);
    for (const std::size_t at : order) sorted.push_back(std::move(scripted_[at]));
    scripted_ = std::move(sorted);
  }

  static bool provides(const pkg::Package& package, std::string_view name) {
    return package.name == name || std::ranges::any_of(package.relations.provides, [&](const pkg::Atom& atom) { return atom.name == name; });
  }

  std::vector<std::string> arguments_of_preinst(const Scripted& each) const {
    if (is_upgrade(each)) return {"upgrade", each.item->from, each.item->to.version};
    if (each.configured.empty()) return {"install"};
    return {"install", each.configured, each.item->to.version};
  }

  pkg::ScriptCall begin(const pkg::Package& package, std::string_view script) const {
    pkg::ScriptCall call;
    call.package = package.name;
    call.script = script;
    call.environment = environment(package, script);
    return call;
  }

  // dpkg lib/dpkg/script.c, src/main/main.c; the frontend as apt has it in a chroot that nobody looks at.
  std::vector<std::string> environment(const pkg::Package& package, std::string_view script) const {
    std::set<std::string> instances{package.arch};
    for (const StatusStanza& stanza : system_.stanzas) {
      if (stanza.package.name == package.name && stanza.package.state != pkg::InstallState::removed) instances.insert(stanza.package.arch);
    }
    const std::size_t dpkg = system_.find("dpkg", "");
    return {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME=/root",
            "LC_ALL=C",
            "DEBIAN_FRONTEND=noninteractive",
            "DEBCONF_NONINTERACTIVE_SEEN=true",
            "DPKG_ROOT=",
            "DPKG_ADMINDIR=/var/lib/dpkg",
            "DPKG_FORCE=security-mac,downgrade",
            fmt::format("DPKG_RUNNING_VERSION={}", dpkg == InstalledSystem::npos ? "1.21.22" : system_.stanzas[dpkg].package.version),
            fmt::format("DPKG_MAINTSCRIPT_PACKAGE={}", package.name),
            fmt::format("DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT={}", package.multi_arch == "same" ? instances.size() : 1),
            fmt::format("DPKG_MAINTSCRIPT_ARCH={}", package.arch),
            fmt::format("DPKG_MAINTSCRIPT_NAME={}", script),
            "DPKG_MAINTSCRIPT_DEBUG=0"};
  }

  // A script of the new package while the old one's stand in the database.
  pkg::ScriptCall new_script(const Scripted& each, std::string_view script, std::vector<std::string> arguments) const {
    pkg::ScriptCall call = begin(each.package, script);
    call.arguments = {fmt::format("/{}/{}", kWorkplace, script)};
    call.arguments.insert(call.arguments.end(), arguments.begin(), arguments.end());
    call.workplace = kWorkplace;
    for (const ControlMember& member : each.control.members) {
      const bool is_script = std::ranges::find(kScripts, member.name) != kScripts.end();
      call.files.push_back({fmt::format("{}/{}", kWorkplace, member.name), is_script ? 0755 : member.mode & 0777, member.content});
    }
    return call;
  }

  pkg::ScriptCall old_in_place(const Scripted& each, std::string_view script) const {
    pkg::ScriptCall call = begin(old_of(each), script);
    call.arguments = {"/" + info_path(old_of(each), script), "upgrade", each.item->to.version};
    add_failed_upgrade(each, script, call);
    return call;
  }

  // The database has the new scripts already.
  pkg::ScriptCall old_aside(const Scripted& each, std::string_view script) const {
    pkg::ScriptCall call = begin(old_of(each), script);
    const std::string path = fmt::format("{}/{}.{}", kWorkplace, info_name(old_of(each)), script);
    call.arguments = {"/" + path, "upgrade", each.item->to.version};
    call.workplace = kWorkplace;
    call.files.push_back({path, 0755, std::string(system_.tree.content(info_path(old_of(each), script)).value_or(""))});
    add_failed_upgrade(each, script, call);
    return call;
  }

  void add_failed_upgrade(const Scripted& each, std::string_view script, pkg::ScriptCall& call) const {
    if (each.control.find(script)) call.otherwise.push_back(new_script(each, script, {"failed-upgrade", each.item->from, each.item->to.version}));
  }

  // What dpkg does while it unpacks: every path that comes or goes, and what the packages say themselves. Those that are configured here have seen it.
  void activate_by_unpacking(const pkg::ScriptTreeView& tree) {
    for (const Scripted& each : scripted_) {
      if (each.old != InstalledSystem::npos) {
        for (const std::string_view path : system_.files.of(each.old)) queue_.activate(path, tree.read);
        queue_.activate_explicit(system_.tree.content(info_path(old_of(each), "triggers")).value_or(""), tree.read);
      }
      const std::string list = tree.read(info_path(each.package, "list")).value_or("");
      for (const std::string_view path : lines(list)) queue_.activate(path, tree.read);
      queue_.activate_explicit(each.control.text("triggers"), tree.read);
    }
    for (const Scripted& each : scripted_) {
      queue_.forget(info_name(each.package));
      queue_.forget(each.package.name);
    }
  }

  // By the name that the trigger files use.
  const pkg::Package* installed(std::string_view name) const {
    for (const Scripted& each : scripted_) {
      if (info_name(each.package) == name || each.package.name == name) return &each.package;
    }
    for (const StatusStanza& stanza : system_.stanzas) {
      const pkg::Package& package = stanza.package;
      if (stanza.package.state != pkg::InstallState::removed && (info_name(package) == name || package.name == name)) return &package;
    }
    return nullptr;
  }

  static constexpr std::array<std::string_view, 5> kScripts = {"preinst", "postinst", "prerm", "postrm", "config"};

  const pkg::UpgradeRequest& request_;
  const InstalledSystem system_;
  std::vector<Scripted> scripted_;
  TriggerQueue queue_;
  int rounds_ = 0;
};

}  // namespace

std::unique_ptr<pkg::ScriptOrder> script_order(const pkg::UpgradeRequest& request) { return std::make_unique<DebScriptOrder>(request); }

}  // namespace resole::deb
