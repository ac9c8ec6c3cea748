// SPDX-License-Identifier: Apache-2.0
// Scripts as apk runs them (apk-tools src/package.c, apk_ipkg_run_script(); src/commit.c): from lib/apk/exec, where each is written for the time it runs, in
// the root directory; "NAME-VERSION.post-upgrade NEW OLD", "....post-install NEW", and at the end once for each package with triggers
// "....trigger DIRECTORY...", the directories that the upgrade touched and it watches.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/apk/commit_order.hpp"
#include "pkg/apk/installed.hpp"
#include "pkg/apk/package_file.hpp"
#include "pkg/apk/protected_paths.hpp"
#include "pkg/apk/script_store.hpp"
#include "pkg/apk/upgrade.hpp"

namespace resole::apk {

namespace {

constexpr std::string_view kExecutables = "lib/apk/exec";

pkg::ScriptCall call_of(const Description& package, std::string_view kind, const std::string& text, std::vector<std::string> arguments) {
  const std::string path = fmt::format("{}/{}-{}.{}", kExecutables, package.name, package.version, kind);
  pkg::ScriptCall call;
  call.package = package.name;
  call.script = kind;
  call.arguments = std::move(arguments);
  call.arguments.insert(call.arguments.begin(), "/" + path);
  call.environment = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin"};
  call.workplace = kExecutables;
  call.files = {{.path = path, .mode = 0755, .content = text}};
  return call;
}

class ApkScripts : public pkg::ScriptOrder {
 public:
  explicit ApkScripts(const pkg::UpgradeRequest& request) : database_(InstalledDatabase::read(request.tree)), store_(ScriptStore::read(request.tree, database_.directory)) {
    std::vector<std::size_t> item_of;
    std::vector<CommitMember> members;
    std::map<std::string, std::size_t> items;
    for (const pkg::Item& item : request.items) {
      const PackageFile file = PackageFile::open(item.archive(), fmt::format("package {} {}", item.name, item.to.version));
      Step step{.package = file.control().description, .control = file.control(), .from = item.from, .directories = {}, .runs = item.run_scripts};
      if (step.package.installed_size != 0) {
        for (const rootfs::Entry& entry : read_data(file).data.entries) {
          if (entry.type == tar::Type::directory) step.directories.insert(entry.path);
        }
      }
      items[item.name] = found_.size();
      found_.push_back(std::move(step));
    }
    for (const InstalledStanza& stanza : database_.stanzas) {
      const auto item = items.find(stanza.description.name);
      members.push_back({item == items.end() ? &stanza.description : &found_[item->second].package, item != items.end()});
      item_of.push_back(item == items.end() ? 0 : item->second);
    }
    for (std::size_t i = 0; i < found_.size(); ++i) {
      if (database_.find(found_[i].package.name)) continue;
      members.push_back({&found_[i].package, true});
      item_of.push_back(i);
    }
    for (const std::size_t member : commit_order(members, request.tree.content("etc/apk/world").value_or(""))) order_.push_back(item_of[member]);
  }

  std::vector<pkg::ScriptCall> before(const pkg::ScriptTreeView&) override { return own_scripts("pre-"); }
  std::vector<pkg::ScriptCall> after() override { return own_scripts("post-"); }

  std::vector<pkg::ScriptCall> next(const pkg::ScriptTreeView&) override {
    if (triggered_) return {};
    triggered_ = true;
    std::set<std::string> touched;
    for (const Step& step : found_) {
      touched.insert(step.directories.begin(), step.directories.end());
      if (const InstalledStanza* old = database_.find(step.package.name)) {
        for (const InstalledDirectory& directory : old->directories) touched.insert(directory.path);
      }
    }
    std::vector<pkg::ScriptCall> calls;
    for (const InstalledStanza& stanza : database_.stanzas) {
      const bool replaced = std::ranges::any_of(found_, [&](const Step& step) { return step.package.name == stanza.description.name; });
      const PackageScripts& scripts = store_.of(stanza.description.checksum);
      if (!replaced) add_trigger(stanza.description, scripts.scripts, scripts.triggers, touched, calls);
    }
    for (const std::size_t i : order_) {
      if (found_[i].runs) add_trigger(found_[i].package, found_[i].control.scripts, found_[i].control.triggers, touched, calls);
    }
    return calls;
  }

 private:
  struct Step {
    Description package;
    PackageControl control;
    std::string from;
    std::set<std::string> directories;
    bool runs = false;
  };

  std::vector<pkg::ScriptCall> own_scripts(std::string_view time) const {
    std::vector<pkg::ScriptCall> calls;
    for (const std::size_t i : order_) {
      const Step& step = found_[i];
      const std::string kind = fmt::format("{}{}", time, step.from.empty() ? "install" : "upgrade");
      const auto script = step.control.scripts.find(kind);
      if (!step.runs || step.package.installed_size == 0 || script == step.control.scripts.end()) continue;
      std::vector<std::string> arguments{step.package.version};
      if (!step.from.empty()) arguments.push_back(step.from);
      calls.push_back(call_of(step.package, kind, script->second, std::move(arguments)));
    }
    return calls;
  }

  static void add_trigger(const Description& package, const ScriptTexts& scripts, const std::vector<std::string>& triggers, const std::set<std::string>& touched,
                          std::vector<pkg::ScriptCall>& calls) {
    const auto script = scripts.find("trigger");
    if (script == scripts.end()) return;
    std::vector<std::string> directories;
    for (const std::string& directory : touched) {
      const std::string rooted = "/" + directory;
      if (std::ranges::any_of(triggers, [&](const std::string& trigger) { return path_match(trigger, rooted); })) directories.push_back(rooted);
    }
    if (!directories.empty()) calls.push_back(call_of(package, "trigger", script->second, std::move(directories)));
  }

  const InstalledDatabase database_;
  const ScriptStore store_;
  std::vector<Step> found_;
  std::vector<std::size_t> order_;
  bool triggered_ = false;
};

}  // namespace

std::unique_ptr<pkg::ScriptOrder> script_order(const pkg::UpgradeRequest& request) { return std::make_unique<ApkScripts>(request); }

}  // namespace resole::apk
