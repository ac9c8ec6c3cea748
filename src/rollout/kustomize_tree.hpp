// SPDX-License-Identifier: Apache-2.0
// Which kustomize entries see which files. Kustomizations include files, directories and components; a Flux Kustomization or an Argo CD Application builds a
// directory. An entry rewrites what an inner file says, so editing the inner file changes nothing, or worse: the entry no longer finds the name that it looks
// for, and what it pinned is lost (field/rollout.md 1.2, measured).
//
//   overlay/kustomization.yaml   images: [{name: app, newTag: "1.5"}]      <- decides
//     base/kustomization.yaml    images: [{name: app, newTag: "1.4"}]
//       base/web.yaml            image: app:1.0
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml.hpp"

namespace resole::rollout {

// kustomize compares a name as ^NAME(:tag)?(@digest)?$, a regular expression.
enum class NameMatch { no, yes, unknown };
NameMatch entry_matches(std::string_view entry_name, std::string_view written_name);
std::string escape_name(std::string_view name);  // "my.app" -> "my\.app"

class KustomizeTree {
 public:
  struct Entry { std::string file, name; std::size_t line = 0, begin = 0, document = 0; };

  // Any document; those that include nothing are passed over.
  void add(const std::string& path, std::string_view text, const yaml::Node& root, std::size_t document);
  void add_entry(Entry entry) { entries_[entry.file].push_back(std::move(entry)); }

  void sort();  // after the last entry

  // Entries that are applied to what stands in `file` and whose names may mean `name`, from the inside out. `after`: of an entry itself, those of its own file
  // count only when they come behind it.
  struct Found { const Entry* entry; NameMatch match; };
  std::vector<Found> over(const std::string& file, std::string_view name, const Entry* after = nullptr) const;
  bool empty() const { return entries_.empty(); }
  // What builds `file` and has no entry for `name` on the way: there the inner file decides.
  std::vector<std::string> roots_without_entry(const std::string& file, std::string_view name) const;

 private:
  std::vector<std::string> includers_of(const std::string& file) const;
  void include(const std::string& by, const std::string& what);
  std::map<std::string, std::vector<std::string>> included_by_;  // a file or a directory -> files that include it
  std::map<std::string, std::vector<Entry>> entries_;            // by file, in order of the text
};

}  // namespace resole::rollout
