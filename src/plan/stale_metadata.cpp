// SPDX-License-Identifier: Apache-2.0
// Images tell versions about themselves: NGINX_VERSION=1.25.1, LABEL com.example.curl.version=7.88.1-10, SBOM files. After an upgrade some of
// that is wrong. It is listed, not changed: whoever wrote it decides what it means.
#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>

#include "base/text.hpp"
#include "plan/planner.hpp"
#include "plan/stream.hpp"

namespace resole::plan {

namespace {

bool is_version_character(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '+' || c == '~' || c == '-'; }

// Stands the version in the text by itself: "1.25.1" in "v1.25.1" or "nginx/1.25.1", but not in "1.25.10" or "11.25.1"?
bool mentions(std::string_view text, std::string_view version) {
  for (std::size_t at = text.find(version); at != std::string_view::npos; at = text.find(version, at + 1)) {
    const std::size_t end = at + version.size();
    const bool begins = at == 0 || !is_version_character(text[at - 1]) || text[at - 1] == 'v' || text[at - 1] == '-';
    if (begins && (end == text.size() || !is_version_character(text[end]))) return true;
  }
  return false;
}

// Lower case with everything but letters and digits as '_', so that "NGINX_VERSION" and "org.example.nginx-version" can be compared with
// package names.
std::string squeezed(std::string_view text) {
  std::string out = "_";
  for (const char c : lower(text)) out.push_back(std::isalnum(static_cast<unsigned char>(c)) ? c : '_');
  return out + "_";
}

bool names(std::string_view key, const document::PlannedPackage& package) {
  const std::string text = squeezed(key);
  return text.find(squeezed(package.name)) != std::string::npos || text.find(squeezed(package.source.name)) != std::string::npos;
}

// A full version with its revision speaks for itself; an upstream version only beside the package's name, and only when it did change.
bool is_stale(std::string_view key, std::string_view value, const document::PlannedPackage& package) {
  if (package.from.find('-') != std::string::npos && mentions(value, package.from)) return true;
  const std::string_view old_upstream = upstream_version(package.from);
  return old_upstream != upstream_version(package.to) && names(key, package) && mentions(value, old_upstream);
}

// Package URLs write "1:1.2.13+dfsg" as "1%3A1.2.13%2Bdfsg".
std::string percent_encoded(std::string_view version) {
  std::string out;
  for (const char c : version) {
    if (c == ':')
      out += "%3A";
    else if (c == '+')
      out += "%2B";
    else
      out += c;
  }
  return out;
}

bool names_old_version(std::string_view text, const document::PlannedPackage& package) {
  if (package.from.empty() || text.find(package.name) == std::string_view::npos) return false;
  return mentions(text, package.from) || mentions(text, percent_encoded(package.from));
}

}  // namespace

std::vector<document::StaleMetadata> stale_parts_lists(const rootfs::Tree& tree, const std::vector<document::PlannedPackage>& packages) {
  std::vector<document::StaleMetadata> out;
  std::set<std::string> seen;
  for (const auto& layer : tree.layers()) {
    for (const rootfs::Entry& entry : layer->entries) {
      if (entry.whiteout || entry.opaque || entry.type != tar::Type::file || !rootfs::is_parts_list(entry.path) || !seen.insert(entry.path).second) continue;
      const rootfs::Node* node = tree.find(entry.path);
      if (!node || node->entry.type != tar::Type::file || packages.empty()) continue;
      const auto text = tree.content(entry.path);
      if (!text) {
        out.push_back({"sbom", "/" + entry.path, "not looked into: " + human_size(node->entry.size), ""});
        continue;
      }
      const auto package = std::find_if(packages.begin(), packages.end(), [&](const auto& each) { return names_old_version(*text, each); });
      if (package != packages.end()) out.push_back({"sbom", "/" + entry.path, package->from, package->name});
    }
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return out;
}

std::vector<document::StaleMetadata> stale_metadata(const std::vector<std::string>& env, const std::map<std::string, std::string>& labels,
                                                    const std::vector<document::PlannedPackage>& packages) {
  std::vector<document::StaleMetadata> out;
  const auto look_at = [&](const char* where, std::string_view key, std::string_view value) {
    for (const document::PlannedPackage& package : packages) {
      if (package.from.empty() || !is_stale(key, value, package)) continue;
      out.push_back({where, std::string(key), std::string(value), package.name});
      return;  // one package is enough to say that it is stale
    }
  };
  for (const std::string& variable : env) {
    const std::size_t equals = variable.find('=');
    if (equals != std::string::npos)
      look_at("env", std::string_view(variable).substr(0, equals), std::string_view(variable).substr(equals + 1));
  }
  for (const auto& [key, value] : labels) {
    if (!key.starts_with("io.resole.")) look_at("label", key, value);  // our own lineage names old versions by design
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return std::tie(a.where, a.name) < std::tie(b.where, b.name); });
  return out;
}

}  // namespace resole::plan
