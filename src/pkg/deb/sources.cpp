// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/sources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "pkg/deb/apt_config.hpp"
#include "pkg/deb/source_fields.hpp"

namespace resole::deb {
namespace {

constexpr std::size_t kSourceLimit = 1000;

// Entries for one release are one download: their components are joined, as apt does.
void join_entry(std::vector<SourceEntry>& entries, SourceEntry entry) {
  const auto same = std::ranges::find_if(entries, [&](const SourceEntry& one) {
    return one.uri == entry.uri && one.suite == entry.suite && one.signed_by == entry.signed_by &&
           one.architectures == entry.architectures && one.by_operator == entry.by_operator;
  });
  if (same == entries.end()) {
    if (entries.size() == kSourceLimit)
      throw Error(ErrorKind::input, fmt::format("{}: more than {} sources", printable(entry.where), kSourceLimit));
    entries.push_back(std::move(entry));
    return;
  }
  for (std::string& component : entry.components) {
    if (std::ranges::find(same->components, component) == same->components.end()) same->components.push_back(std::move(component));
  }
}

}  // namespace

std::string with_architecture(std::string_view text, std::string_view arch) {
  constexpr std::string_view variable = "$(ARCH)";
  std::string out(text);
  for (std::size_t at = out.find(variable); at != std::string::npos; at = out.find(variable, at + arch.size()))
    out.replace(at, variable.size(), arch);
  return out;
}

std::string normalised_uri(std::string_view uri, std::string_view arch) {
  if (uri.find(':') == std::string_view::npos) return {};
  std::string text = public_url(with_architecture(uri, arch));
  while (text.ends_with('/')) text.pop_back();
  return public_url(text);
}

std::vector<SourceEntry> read_sources(const rootfs::Tree& tree, std::string_view arch) {
  std::vector<SourceEntry> entries;
  for (const auto& [name, content] : read_configuration(tree, "etc/apt/sources.list", "etc/apt/sources.list.d", {"list", "sources"})) {
    auto found = name.ends_with(".sources") ? parse_deb822_sources(content, name, arch) : parse_one_line_sources(content, name, arch);
    for (SourceEntry& entry : found) join_entry(entries, std::move(entry));
  }
  return entries;
}

std::vector<SourceEntry> sources_of_recipe(const pkg::Recipe* recipe, const pkg::Release* release, std::string_view arch,
                                           const pkg::RepositoryOptions& options) {
  const auto mirror = std::ranges::find(options.mirrors, "*", &std::pair<std::string, std::string>::first);
  std::vector<SourceEntry> entries;
  if (!recipe || !release || mirror == options.mirrors.end()) return entries;
  for (const std::string& suite : release->suites) {
    const std::string* path = pkg::archive_path(*recipe, suite, arch);
    if (!path) continue;
    SourceEntry entry;
    entry.uri = normalised_uri(mirror->second, "") + "/" + *path;
    entry.suite = suite;
    entry.components = recipe->components.empty() ? std::vector<std::string>{"main"} : recipe->components;
    entry.where = "the recipe of " + recipe->id;
    entry.by_operator = true;
    entries.push_back(std::move(entry));
  }
  return entries;
}

namespace {

Error no_sources(const pkg::OsRelease& os, const pkg::Recipe* recipe, const pkg::Release* release, std::string_view arch) {
  std::string hint = "name a mirror: --package-mirror '*=http://mirror.example.org'";
  if (release && recipe && !recipe->archives.empty()) {
    hint += ", or each repository:";
    for (const std::string& suite : release->suites) {
      if (const std::string* path = pkg::archive_path(*recipe, suite, arch))
        hint += fmt::format("\n  --package-repo \"http://mirror.example.org/{} {} main\"", *path, suite);
    }
  } else {
    hint = "name its repositories: --package-repo \"http://mirror.example.org/debian SUITE main\"";
  }
  return Error(ErrorKind::refused,
               fmt::format("the image ({}) names no package sources", printable(os.pretty_name.empty() ? os.id : os.pretty_name, 80)),
               hint);
}

}  // namespace

std::vector<SourceEntry> effective_sources(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                           const pkg::RepositoryOptions& options) {
  const pkg::Recipe* recipe = recipes.find(inventory.os);
  const pkg::Release* release = recipes.release(inventory.os);
  std::vector<SourceEntry> entries = read_sources(tree, inventory.arch);
  if (entries.empty()) entries = sources_of_recipe(recipe, release, inventory.arch, options);
  for (const std::string& line : options.extra) join_entry(entries, parse_operator_source(line, inventory.arch));
  if (entries.empty()) throw no_sources(inventory.os, recipe, release, inventory.arch);
  return entries;
}

std::string refusal_of(const SourceEntry& source, const std::string& url, bool mapped) {
  return pkg::source_refusal(url, mapped || source.by_operator, source.where);
}

}  // namespace resole::deb
