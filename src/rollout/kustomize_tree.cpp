// SPDX-License-Identifier: Apache-2.0
#include "rollout/kustomize_tree.hpp"

#include <algorithm>
#include <optional>
#include <set>

#include "base/text.hpp"
#include "rollout/place/places.hpp"

namespace resole::rollout {

namespace {

constexpr std::size_t kMostIncluders = 10'000;  // of one file, however they are nested

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? "" : std::string(path.substr(0, slash));
}

// "apps/x" + "../base/./web.yaml" -> "apps/base/web.yaml". Nothing when it leaves the tree or is a URL.
std::optional<std::string> joined(std::string_view directory, std::string_view relative) {
  if (relative.find("://") != std::string_view::npos || relative.find('?') != std::string_view::npos || relative.starts_with('/')) return std::nullopt;
  std::vector<std::string_view> parts;
  if (!directory.empty()) parts = split(directory, '/');
  for (const auto part : split(relative, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      parts.push_back(part);
    } else if (parts.empty()) {
      return std::nullopt;
    } else {
      parts.pop_back();
    }
  }
  std::string out;
  for (const auto part : parts) out += (out.empty() ? "" : "/") + std::string(part);
  return out;
}

bool is_kustomization_name(std::string_view path) {
  const auto name = path.substr(path.rfind('/') + 1);
  return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization";
}

}  // namespace

NameMatch entry_matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (std::string_view("*+?[](){}|^$").find(c) != std::string_view::npos) return NameMatch::unknown;
    bool any = c == '.';
    if (c == '\\') {
      if (++i == pattern.size() || std::isalnum(static_cast<unsigned char>(pattern[i]))) return NameMatch::unknown;
      c = pattern[i];
      any = false;
    }
    if (at == name.size() || (!any && name[at] != c)) {
      // The rest may still hold what nobody can decide here.
      return pattern.substr(i).find_first_of("*+?[](){}|^$") == std::string_view::npos ? NameMatch::no : NameMatch::unknown;
    }
    ++at;
  }
  return at == name.size() ? NameMatch::yes : NameMatch::no;
}

std::string escape_name(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '.') out += '\\';
    out += c;
  }
  return out;
}

void KustomizeTree::include(const std::string& by, const std::string& what) {
  auto& includers = included_by_[what];
  if (includers.empty() || includers.back() != by) includers.push_back(by);
}

void KustomizeTree::add(const std::string& path, std::string_view text, const yaml::Node& root, std::size_t document) {
  Search search(path, text, root, document);
  const std::string directory = directory_of(path);
  const auto includes = [&](const At& value, std::string_view from) {
    if (!value.is_scalar()) return;
    if (const auto what = joined(from, value.node->value)) include(path, *what);
  };
  if (is_kustomization(search)) {
    for (const auto key : {"resources", "bases", "components", "patchesStrategicMerge", "generators", "transformers"}) {
      search.each(search.get(search.root(), key), [&](const At& each, std::string_view) { includes(each, directory); });
    }
    search.each(search.get(search.root(), "patches"), [&](const At& each, std::string_view) { includes(search.get(each, "path"), directory); });
    return;
  }
  const std::string version = search.text_of(search.root(), "apiVersion");
  if (version.starts_with("kustomize.toolkit.fluxcd.io/")) includes(search.at(search.root(), {"spec", "path"}), "");
  if (!version.starts_with("argoproj.io/")) return;
  search.walk(search.root(), [&](const At& collection, std::string_view key) {
    if (collection.is_mapping() && (key == "source" || key == "sources")) includes(search.get(collection, "path"), "");
    return true;
  });
}

void KustomizeTree::sort() {
  for (auto& [file, list] : entries_) {
    std::sort(list.begin(), list.end(), [](const Entry& a, const Entry& b) { return std::pair(a.document, a.begin) < std::pair(b.document, b.begin); });
  }
}

std::vector<std::string> KustomizeTree::includers_of(const std::string& file) const {
  std::vector<std::string> names{file}, all;
  if (is_kustomization_name(file)) names.push_back(directory_of(file));
  for (const auto& each : names) {
    if (const auto includers = included_by_.find(each); includers != included_by_.end()) all.insert(all.end(), includers->second.begin(), includers->second.end());
  }
  return all;
}

std::vector<std::string> KustomizeTree::roots_without_entry(const std::string& file, std::string_view name) const {
  std::vector<std::string> open{file}, roots;
  std::set<std::string> seen{file};
  const auto decides = [&](const std::string& at) {
    const auto known = entries_.find(at);
    return known != entries_.end() && std::any_of(known->second.begin(), known->second.end(), [&](const Entry& entry) { return entry_matches(entry.name, name) != NameMatch::no; });
  };
  for (std::size_t i = 0; i < open.size() && i < kMostIncluders; ++i) {
    const auto includers = includers_of(open[i]);
    if (includers.empty() && i > 0) roots.push_back(open[i]);
    for (const auto& by : includers) {
      if (seen.insert(by).second && !decides(by)) open.push_back(by);
    }
  }
  return roots;
}

std::vector<KustomizeTree::Found> KustomizeTree::over(const std::string& file, std::string_view name, const Entry* after) const {
  std::vector<Found> found;
  const auto look = [&](const std::string& at) {
    const auto known = entries_.find(at);
    if (known == entries_.end()) return;
    for (const Entry& entry : known->second) {
      if (after && at == after->file && (entry.document != after->document || entry.begin <= after->begin)) continue;
      if (const NameMatch match = entry_matches(entry.name, name); match != NameMatch::no) found.push_back({&entry, match});
    }
  };
  std::vector<std::string> open{file};
  std::set<std::string> seen{file};
  if (after) look(file);
  for (std::size_t i = 0; i < open.size() && i < kMostIncluders; ++i) {
    for (const auto& by : includers_of(open[i])) {
      if (!seen.insert(by).second) continue;
      look(by);
      open.push_back(by);
    }
  }
  return found;
}

}  // namespace resole::rollout
