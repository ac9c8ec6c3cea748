// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/sources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "pkg/resource.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::size_t kMostRepositories = 1000;

std::string without_slash(std::string uri) {
  while (uri.ends_with('/')) uri.pop_back();
  return uri;
}

// "https://host/alpine/v3.20/main", with a tag before it or not.
RepositorySource source_of_line(std::string_view line, std::string where, ErrorKind kind) {
  RepositorySource source;
  auto words = split_words(line);
  if (!words.empty() && words.front().starts_with('@')) {
    source.tag = words.front().substr(1);
    words.erase(words.begin());
  }
  if (words.size() != 1 || words.front().find(':') == std::string_view::npos) {
    throw Error(kind, fmt::format("{}: \"{}\" is no repository", printable(where), printable(public_url(line), 120)), "a line is a URL, or @TAG and a URL");
  }
  source.uri = without_slash(public_url(words.front()));
  source.where = std::move(where);
  return source;
}

void add_source(std::vector<RepositorySource>& sources, RepositorySource source) {
  const bool known = std::ranges::any_of(sources, [&](const RepositorySource& one) { return one.uri == source.uri && one.tag == source.tag; });
  if (known) return;
  if (sources.size() == kMostRepositories) throw Error(ErrorKind::input, fmt::format("{}: more than {} repositories", printable(source.where), kMostRepositories));
  sources.push_back(std::move(source));
}

std::vector<RepositorySource> image_sources(const rootfs::Tree& tree) {
  std::vector<RepositorySource> sources;
  const auto add = [&](const std::string& file) {
    if (const auto text = tree.content(file)) {
      for (RepositorySource& source : parse_repositories(*text, file)) add_source(sources, std::move(source));
    }
  };
  add("etc/apk/repositories");
  const std::string directory = tree.resolve("etc/apk/repositories.d", true).path;
  for (const std::string& name : tree.children(directory)) {
    if (name.ends_with(".list")) add(rootfs::join_path(directory, name));
  }
  return sources;
}

std::string archive_of(const pkg::Recipe& recipe, const std::string& suite, std::string_view arch) {
  const std::string* path = pkg::archive_path(recipe, suite, arch);
  if (!path) return {};
  return *path == "." ? suite : fmt::format("{}/{}", *path, suite);
}

std::vector<RepositorySource> recipe_sources(const pkg::Recipe* recipe, const pkg::Release* release, std::string_view arch, const pkg::RepositoryOptions& options) {
  std::vector<RepositorySource> sources;
  const auto mirror = std::ranges::find(options.mirrors, "*", &std::pair<std::string, std::string>::first);
  if (!recipe || !release || mirror == options.mirrors.end()) return sources;
  for (const std::string& suite : release->suites) {
    const std::string path = archive_of(*recipe, suite, arch);
    if (path.empty()) continue;
    sources.push_back({.uri = fmt::format("{}/{}", without_slash(public_url(mirror->second)), path), .tag = {}, .where = "the recipe of " + recipe->id, .by_operator = true});
  }
  return sources;
}

[[noreturn]] void throw_no_repositories(const pkg::OsRelease& os, const pkg::Recipe* recipe, const pkg::Release* release, std::string_view arch) {
  std::string hint = "name its repositories: --package-repo https://mirror.example.org/alpine/v3.20/main";
  if (recipe && release && !release->suites.empty()) {
    hint = "name a mirror: --package-mirror '*=https://mirror.example.org', or each repository:";
    for (const std::string& suite : release->suites) hint += fmt::format("\n  --package-repo https://mirror.example.org/{}", archive_of(*recipe, suite, arch));
  }
  throw Error(ErrorKind::refused, fmt::format("the image ({}) names no package repositories", printable(os.pretty_name.empty() ? os.id : os.pretty_name, 80)), hint);
}

}  // namespace

std::vector<RepositorySource> parse_repositories(std::string_view text, std::string_view file) {
  std::vector<RepositorySource> sources;
  std::size_t number = 0;
  for (const std::string_view each : lines(text)) {
    ++number;
    const std::string_view line = trim(each);
    if (line.empty() || line.front() == '#') continue;
    if (line.starts_with('/')) continue;  // packages on the installation medium: not in an image
    add_source(sources, source_of_line(line, fmt::format("{}:{}", file, number), ErrorKind::input));
  }
  return sources;
}

std::vector<RepositorySource> effective_repositories(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                                                     const pkg::RepositoryOptions& options) {
  const pkg::Recipe* recipe = recipes.find(inventory.os);
  const pkg::Release* release = recipes.release(inventory.os);
  std::vector<RepositorySource> sources = image_sources(tree);
  if (sources.empty()) sources = recipe_sources(recipe, release, inventory.arch, options);
  for (const std::string& line : options.extra) {
    RepositorySource source = source_of_line(line, "--package-repo", ErrorKind::usage);
    source.by_operator = true;
    add_source(sources, std::move(source));
  }
  if (sources.empty()) throw_no_repositories(inventory.os, recipe, release, inventory.arch);
  return sources;
}

std::string url_of(const RepositorySource& source, const pkg::RepositoryOptions& options) {
  bool mapped = false;
  std::string url = pkg::apply_mirrors(source.uri, options.mirrors, mapped);
  if (const std::string refusal = pkg::source_refusal(url, mapped || source.by_operator, source.where); !refusal.empty()) throw Error(ErrorKind::refused, refusal);
  return url;
}

}  // namespace resole::apk
