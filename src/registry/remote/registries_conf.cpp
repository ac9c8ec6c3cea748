// SPDX-License-Identifier: Apache-2.0
// The rules are those of containers/image (pkg/sysregistriesv2), but for one that its authors call unintended: the prefix "example.org"
// does not match "example.org:5000".
#include "registry/remote/registries_conf.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/toml.hpp"
#include "io/files.hpp"

namespace resole::registry {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostDropIns = 1000;

// A prefix or location, without the slashes at its end.
std::string place_in(const toml::Node& table, std::string_view key, std::string_view name) {
  std::string place = toml::string_or(table, key, "", name);
  while (place.ends_with('/')) place.pop_back();
  const toml::Node* written = table.get(key);
  if (place.starts_with("http://") || place.starts_with("https://")) {
    toml::refuse(*written, name, fmt::format("\"{}\" is host[:port][/path], without a scheme", key));
  }
  if (!std::ranges::all_of(place, [](char c) { return c > 0x20 && c < 0x7f; })) {
    toml::refuse(*written, name, fmt::format("\"{}\" has blanks or control characters in it", key));
  }
  return place;
}

bool is_wildcard(std::string_view prefix) { return prefix.starts_with("*."); }

PullBy pull_of(const toml::Node& mirror, bool by_digest_only, std::string_view name) {
  const std::string word = toml::string_or(mirror, "pull-from-mirror", "", name);
  if (word.empty()) return by_digest_only ? PullBy::digest : PullBy::all;
  const toml::Node& written = *mirror.get("pull-from-mirror");
  if (by_digest_only) toml::refuse(written, name, "\"pull-from-mirror\" cannot be set beside the registry's \"mirror-by-digest-only\"");
  if (word == "all") return PullBy::all;
  if (word == "digest-only") return PullBy::digest;
  if (word == "tag-only") return PullBy::tag;
  toml::refuse(written, name, fmt::format("\"pull-from-mirror\" is all, digest-only or tag-only, not \"{}\"", printable(word)));
}

RegistryRule parse_rule(const toml::Node& table, std::string_view name) {
  RegistryRule rule;
  rule.origin = fmt::format("{}: line {}", name, table.line);
  rule.prefix = place_in(table, "prefix", name);
  rule.location = place_in(table, "location", name);
  if (rule.prefix.empty()) rule.prefix = rule.location;
  if (rule.prefix.empty()) toml::refuse(table, name, "a registry needs a \"prefix\" or a \"location\"");
  if (is_wildcard(rule.prefix) ? rule.prefix.find_first_of("/@:") != std::string::npos : rule.prefix.find('*') != std::string::npos) {
    toml::refuse(table, name, fmt::format("the prefix \"{}\" is none: a wildcard is *.example.org, nothing more", printable(rule.prefix)));
  }
  if (rule.location.empty() && !is_wildcard(rule.prefix)) toml::refuse(table, name, "only a wildcard prefix can be without a \"location\"");
  rule.insecure = toml::bool_or(table, "insecure", false, name);
  rule.blocked = toml::bool_or(table, "blocked", false, name);
  if (const toml::Node* pull = table.get("pull-from-mirror")) toml::refuse(*pull, name, "\"pull-from-mirror\" belongs to a mirror");
  const bool by_digest_only = toml::bool_or(table, "mirror-by-digest-only", false, name);
  for (const toml::Node* mirror : toml::tables_or_empty(table, "mirror", name)) {
    MirrorRule parsed{.location = place_in(*mirror, "location", name), .insecure = toml::bool_or(*mirror, "insecure", false, name)};
    if (parsed.location.empty()) toml::refuse(*mirror, name, "a mirror needs a \"location\"");
    parsed.pull = pull_of(*mirror, by_digest_only, name);
    rule.mirrors.push_back(std::move(parsed));
  }
  return rule;
}

// One place cannot be both, whatever the prefix.
void check_conflicts(const std::vector<RegistryRule>& rules) {
  std::map<std::string_view, const RegistryRule*> seen;
  for (const RegistryRule& rule : rules) {
    const auto [first, fresh] = seen.try_emplace(rule.location.empty() ? rule.prefix : rule.location, &rule);
    const bool same = first->second->insecure == rule.insecure && first->second->blocked == rule.blocked;
    if (!same)
      throw Error(ErrorKind::input,
                  fmt::format("{}: \"{}\" is \"insecure\" or \"blocked\" here and not in line {}", rule.origin, printable(first->first),
                              first->second->origin.substr(first->second->origin.rfind(' ') + 1)));
  }
}

// "[registries.block] registries = [...]": lists of places instead of tables.
std::vector<RegistryRule> parse_version_1(const toml::Node& lists, std::string_view name) {
  std::vector<RegistryRule> rules;
  for (const std::string_view list : {"block", "insecure"}) {
    const toml::Node* table = lists.get(list);
    if (table == nullptr) continue;
    for (std::string place : toml::strings_or_empty(*table, "registries", name)) {
      while (place.ends_with('/')) place.pop_back();
      auto rule = std::ranges::find(rules, place, &RegistryRule::prefix);
      if (rule == rules.end()) {
        rules.push_back({.prefix = place, .location = place, .mirrors = {}, .origin = fmt::format("{}: line {}", name, table->line)});
        rule = rules.end() - 1;
      }
      (list == "block" ? rule->blocked : rule->insecure) = true;
    }
  }
  return rules;
}

fs::path below(const HostOptions& options, std::string_view absolute) { return options.system_root + std::string(absolute); }

// Where the person has settings: podman looks into ~/.config only, others where XDG_CONFIG_HOME leads.
std::vector<fs::path> personal_folders(const HostOptions& options) {
  std::vector<fs::path> folders;
  const std::string settings = options.environment("XDG_CONFIG_HOME"), home = options.environment("HOME");
  if (!settings.empty()) folders.push_back(fs::path(settings) / "containers");
  if (!home.empty()) folders.push_back(fs::path(home) / ".config" / "containers");
  return folders;
}

bool is_there(const fs::path& path) {
  std::error_code failed;
  return fs::exists(path, failed);
}

std::vector<fs::path> drop_ins(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end && files.size() < kMostDropIns; at.increment(failed)) {
    if (at->path().extension() == ".conf" && !at->is_directory(failed)) files.push_back(at->path());
  }
  std::ranges::sort(files);
  return files;
}

struct Sources {
  std::optional<fs::path> file;
  std::vector<fs::path> folders;
};

// containers-registries.conf.d(5): a person's own file takes the place of the system's and of its drop-ins.
Sources sources_of(const HostOptions& options) {
  Sources sources;
  fs::path personal_folder;
  for (const fs::path& folder : personal_folders(options)) {
    if (personal_folder.empty() && is_there(folder / "registries.conf.d")) personal_folder = folder / "registries.conf.d";
    if (!sources.file && is_there(folder / "registries.conf")) sources.file = folder / "registries.conf";
  }
  const fs::path system = below(options, "/etc/containers/registries.conf");
  if (const std::string named = options.environment("CONTAINERS_REGISTRIES_CONF"); !named.empty()) {
    sources = {.file = named, .folders = {below(options, "/etc/containers/registries.conf.d")}};
  } else if (!sources.file) {
    if (is_there(system)) sources.file = system;
    sources.folders.push_back(below(options, "/etc/containers/registries.conf.d"));
  }
  if (!personal_folder.empty()) sources.folders.push_back(personal_folder);
  return sources;
}

void merge(RegistriesConf& into, RegistriesConf from) {
  for (RegistryRule& rule : from.rules) {
    const auto same = std::ranges::find(into.rules, rule.prefix, &RegistryRule::prefix);
    if (same == into.rules.end()) {
      into.rules.push_back(std::move(rule));
    } else {
      *same = std::move(rule);
    }
  }
  if (from.helpers) into.helpers = std::move(from.helpers);
}

// How much of the name the prefix stands for; npos = it does not match.
std::size_t match(std::string_view name, std::string_view prefix) {
  if (is_wildcard(prefix)) {
    std::string_view host = name.substr(0, name.find('/'));
    if (const std::size_t port = host.rfind(':'); port != std::string_view::npos && !host.ends_with(']')) host = host.substr(0, port);
    const std::string_view domain = prefix.substr(1);
    return host.size() > domain.size() && host.ends_with(domain) ? host.size() : std::string_view::npos;
  }
  const bool fits = name.starts_with(prefix) && (name.size() == prefix.size() || name[prefix.size()] == '/');
  return fits ? prefix.size() : std::string_view::npos;
}

}  // namespace

RegistriesConf parse_registries_conf(std::string_view text, std::string_view name, bool drop_in) {
  const toml::Node root = toml::parse(text, name);
  RegistriesConf conf;
  std::vector<RegistryRule> rules;
  for (const toml::Node* table : toml::tables_or_empty(root, "registry", name)) rules.push_back(parse_rule(*table, name));
  if (root.get("credential-helpers") != nullptr) conf.helpers = toml::strings_or_empty(root, "credential-helpers", name);
  if (const toml::Node* lists = root.get("registries")) {
    if (drop_in) toml::refuse(*lists, name, "a drop-in must be in version 2 of the format ([[registry]])");
    if (!rules.empty()) toml::refuse(*lists, name, "versions 1 ([registries.*]) and 2 ([[registry]]) of the format cannot be mixed");
    rules = parse_version_1(*lists, name);
  }
  check_conflicts(rules);
  for (RegistryRule& rule : rules) {  // of the same prefix twice in one file, the first is taken
    if (std::ranges::find(conf.rules, rule.prefix, &RegistryRule::prefix) == conf.rules.end()) conf.rules.push_back(std::move(rule));
  }
  return conf;
}

RegistriesConf read_registries_conf(const HostOptions& options) {
  const auto read = [](const fs::path& path, bool drop_in) {
    return parse_registries_conf(io::read_file(path, 1u << 20), path.native(), drop_in);
  };
  const Sources sources = sources_of(options);
  RegistriesConf conf;
  if (sources.file) conf = read(*sources.file, false);
  for (const fs::path& folder : sources.folders) {
    for (const fs::path& file : drop_ins(folder)) merge(conf, read(file, true));
  }
  return conf;
}

const RegistryRule* find_rule(const RegistriesConf& conf, std::string_view name) {
  const RegistryRule* best = nullptr;
  for (const RegistryRule& rule : conf.rules) {
    if (match(name, rule.prefix) == std::string_view::npos) continue;
    if (best == nullptr || rule.prefix.size() > best->prefix.size()) best = &rule;
  }
  return best;
}

std::string relocated(std::string_view name, std::string_view prefix, std::string_view location) {
  const std::size_t matched = match(name, prefix);
  if (location.empty() || matched == std::string_view::npos) return std::string(name);
  return std::string(location) + std::string(name.substr(matched));
}

}  // namespace resole::registry
