// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/triggers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/text.hpp"
#include "pkg/deb/info_writer.hpp"

namespace resole::deb {
namespace {

// Triggers are plain names or absolute paths; only a name becomes the name of a file.
bool is_plain_trigger(std::string_view name) {
  return !name.empty() && name != "File" && name != "Unincorp" && name != "Lock" && name.find('/') == name.npos && !name.starts_with('.');
}

struct FileEdit {
  std::set<std::string> dropped, added;  // whole lines
};

}  // namespace

std::set<std::pair<std::string, std::string>> trigger_interests(std::string_view triggers) {
  std::set<std::pair<std::string, std::string>> found;
  for (std::string_view line : lines(triggers)) {
    const auto words = split_words(line.substr(0, line.find('#')));
    if (words.size() != 2) continue;
    if (words[0] == "interest" || words[0] == "interest-await") found.emplace(words[1], "");
    if (words[0] == "interest-noawait") found.emplace(words[1], "/noawait");
  }
  return found;
}

void write_triggers(const InstalledSystem& system, const std::vector<const PreparedPackage*>& packages, std::int64_t epoch,
                    rootfs::LayerDraft& draft) {
  std::map<std::string, FileEdit> edits;
  const auto edit = [&](const std::pair<std::string, std::string>& interest, const std::string& package, bool add) {
    const bool path = interest.first.starts_with('/');
    if (!path && !is_plain_trigger(interest.first)) return;
    FileEdit& file = edits[path ? "File" : interest.first];
    (add ? file.added : file.dropped)
        .insert(path ? fmt::format("{} {}{}", interest.first, package, interest.second) : package + interest.second);
  };
  for (const PreparedPackage* each : packages) {
    const PreparedPackage& package = *each;
    if (package.incoming.old != InstalledSystem::npos) {
      const pkg::Package& old = system.stanzas[package.incoming.old].package;
      for (const auto& interest : trigger_interests(system.tree.content(info_path(old, "triggers")).value_or("")))
        edit(interest, info_name(old), false);
    }
    for (const auto& interest : trigger_interests(package.facts.control.text("triggers")))
      edit(interest, info_name(package.incoming.package), true);
  }
  for (const auto& [name, change] : edits) {
    const std::string path = fmt::format("{}/{}", kTriggersDirectory, name);
    std::vector<std::string> kept;
    std::set<std::string> before, after;
    for (const std::string_view line : lines(system.tree.content(path).value_or(""))) {
      before.emplace(line);
      const std::string text(line);
      if (!change.dropped.contains(text) || change.added.contains(text)) kept.push_back(text);
    }
    after.insert(kept.begin(), kept.end());
    for (const std::string& line : change.added) {
      if (after.insert(line).second) kept.push_back(line);
    }
    if (before == after) continue;
    if (kept.empty()) {
      draft.remove(system.tree.resolve(path, false).path);
    } else {
      put_file(draft, system.tree, path, join(kept, "\n") + "\n", 0644, epoch);
    }
  }
}

}  // namespace resole::deb
