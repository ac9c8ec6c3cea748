// SPDX-License-Identifier: Apache-2.0
// Scripts that are byte for byte the installed ones (but for debhelper's version) ran in this image before. What they make from the
// package's own files is made again in pure code (derived_files); everything else they do is idempotent or happened already (field notes
// 5).
#include "pkg/deb/scripts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/ca_certificates.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/resource.hpp"
#include "rootfs/binary.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kCaCertificates = "ca-certificates";

constexpr std::string_view kCertificateList = "CERTS_LIST=\"";

// ca-certificates' config repeats the names of the package's files in one string. It is data, and read from the files here.
bool is_certificate_list(std::string_view line) {
  if (!line.starts_with(kCertificateList) || !line.ends_with('"')) return false;
  line = line.substr(kCertificateList.size(), line.size() - kCertificateList.size() - 1);
  return line.find_first_of("\"$`\\") == std::string_view::npos;  // nothing that the shell would look into
}

// "line 2: \"echo hello\"" of the first line that is not the same.
std::string first_difference(std::string_view a, std::string_view b) {
  const auto left = lines(a), right = lines(b);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string_view before = i < left.size() ? left[i] : std::string_view(),
                           after = i < right.size() ? right[i] : std::string_view();
    if (before != after || i >= left.size() || i >= right.size()) return fmt::format("line {}: \"{}\"", i + 1, printable(trim(after), 60));
  }
  return "its last line";
}

std::string names_of(const Scripts& scripts) {
  std::vector<std::string> names;
  for (const auto& [name, text] : scripts) names.push_back(name);
  return join(names, ", ");
}

std::vector<std::string> differences(const Scripts& installed, const Scripts& fresh) {
  std::vector<std::string> found;
  for (const std::string_view name : kScriptNames) {
    const auto before = installed.find(name), after = fresh.find(name);
    if (before == installed.end() && after == fresh.end()) continue;
    if (before == installed.end())
      found.push_back(fmt::format("{} is new", name));
    else if (after == fresh.end())
      found.push_back(fmt::format("{} is gone", name));
    else if (before->second != after->second)
      found.push_back(fmt::format("{} differs from the installed one at {}", name, first_difference(before->second, after->second)));
  }
  return found;
}

const pkg::PackageRecipe* find_recipe(const pkg::Recipe* recipe, const pkg::Package& candidate, const Scripts& fresh) {
  if (!recipe) return nullptr;
  const std::string sha256 = scripts_sha256(fresh);
  for (const pkg::PackageRecipe& each : recipe->packages) {
    if (each.package != candidate.name) continue;
    if (!each.script_sha256.empty()) {
      if (std::ranges::find(each.script_sha256, sha256) != each.script_sha256.end()) return &each;
      continue;
    }
    const bool above = each.version_from.empty() || compare_versions(candidate.version, each.version_from) >= 0;
    const bool below = each.version_below.empty() || compare_versions(candidate.version, each.version_below) < 0;
    if (above && below) return &each;
  }
  return nullptr;
}

// ---- getting the scripts

std::string serialise_scripts(const Scripts& scripts) {
  std::string out;
  rootfs::BinaryWriter writer(out);
  writer.number(scripts.size());
  for (const auto& [name, text] : scripts) {
    writer.text(name);
    writer.text(text);
  }
  return out;
}

std::optional<Scripts> parse_scripts(std::string_view bytes) {
  rootfs::BinaryReader reader(bytes);
  Scripts scripts;
  for (std::size_t left = reader.count(); left > 0; --left) {
    std::string name(reader.text());
    scripts[std::move(name)] = reader.text();
  }
  return reader.good() && reader.at_end() ? std::optional(std::move(scripts)) : std::nullopt;
}

Scripts fetch_scripts(const pkg::Candidate& candidate, Fetcher& fetcher) {
  constexpr std::uint64_t kFirst = 64u << 10;  // nearly every control part ends before (field notes: 6.5 KB on average, 70 KB at most)
  const Resource resource = pkg::resource_of(candidate);
  const std::uint64_t size = candidate.entry.size;
  std::string prefix = fetcher.fetch_range(resource, 0, std::min(kFirst, size));
  for (int attempt = 0; attempt < 4; ++attempt) {
    std::uint64_t needed = 0;
    if (const auto control = read_control(prefix, size, candidate.name, needed)) return scripts_of(*control);
    const std::string more = fetcher.fetch_range(resource, prefix.size(), std::min(needed, size) - prefix.size());
    if (more.empty()) break;
    prefix += more;
  }
  throw Error(ErrorKind::network,
              fmt::format("the beginning of package {} {} could not be read", printable(candidate.name), printable(candidate.version)));
}

Scripts scripts_of(const pkg::Candidate& candidate, Fetcher& fetcher, Cache& cache) {
  if (const auto whole = fetcher.cached(candidate.entry.sha256)) return scripts_of(PackageFile::open(*whole, candidate.name).control());
  const std::string key = fmt::format("scripts-1-{}", candidate.entry.sha256.hex());
  if (const auto cached = cache.get("verdict", key)) {
    if (auto known = parse_scripts(cached->bytes())) return std::move(*known);
  }
  Scripts scripts = fetch_scripts(candidate, fetcher);
  cache.put("verdict", key, serialise_scripts(scripts));
  return scripts;
}

}  // namespace

std::string normalise_script(std::string_view text) {
  constexpr std::string_view kMark = "# Automatically added by dh";
  std::string normal;
  normal.reserve(text.size());
  for (std::string_view line : lines(text)) {
    if (line.starts_with(kMark)) line = line.substr(0, line.find('/'));
    if (is_certificate_list(line)) line = kCertificateList;
    normal.append(line).push_back('\n');
  }
  return normal;
}

Scripts scripts_of(const ControlArchive& control) {
  Scripts scripts;
  for (const std::string_view name : kScriptNames) {
    if (const ControlMember* member = control.find(name)) scripts[std::string(name)] = normalise_script(member->content);
  }
  return scripts;
}

Scripts installed_scripts(const rootfs::Tree& tree, const pkg::Package& package) {
  Scripts scripts;
  for (const std::string_view name : kScriptNames) {
    if (const auto text = tree.content(info_path(package, name))) scripts[std::string(name)] = normalise_script(*text);
  }
  return scripts;
}

std::string scripts_sha256(const Scripts& scripts) {
  std::string text;
  for (const auto& [name, script] : scripts) text += fmt::format("== {} ==\n{}", name, script);
  return sha256_hex_of(text);
}

pkg::Verdict judge_scripts(const rootfs::Tree& tree, const pkg::Recipe* recipe, const pkg::Package& candidate, const Scripts& fresh,
                           const Scripts* installed) {
  using Kind = pkg::VerdictKind;
  if (fresh.empty() && (!installed || installed->empty())) return {Kind::none, "it has no maintainer scripts", {}};
  if (candidate.name == kCaCertificates) {
    const auto hooks = certificate_hooks(tree);
    if (!hooks.empty()) return {Kind::unknown, fmt::format("hooks in /etc/ca-certificates/update.d would run: {}", join(hooks, ", ")), {}};
  }
  const std::vector<std::string> changed = installed ? differences(*installed, fresh) : std::vector<std::string>();
  if (installed && changed.empty() && candidate.name == kCaCertificates) {
    return {Kind::recipe,
            "its scripts are the installed ones; bundle and links are made again from the certificates",
            {std::string(kCaCertificates)}};
  }
  if (installed && changed.empty()) return {Kind::unchanged, fmt::format("{} equal the installed ones", names_of(fresh)), {}};
  if (const pkg::PackageRecipe* found = find_recipe(recipe, candidate, fresh)) {
    return {Kind::recipe, found->reason.empty() ? "a reviewed recipe replaces its scripts" : found->reason, found->actions};
  }
  if (!installed) return {Kind::unknown, fmt::format("a new package with scripts: {}", names_of(fresh)), {}};
  return {Kind::unknown, join(changed, "; "), {}};
}

pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                   const pkg::Candidate& candidate, Fetcher& fetcher, Cache& cache) {
  return with_context([&] { return fmt::format("reading the scripts of {} {}", printable(candidate.name), printable(candidate.version)); },
                      [&] {
                        const Scripts fresh = scripts_of(candidate, fetcher, cache);
                        const pkg::InstalledPackage* installed = inventory.find(candidate.name, candidate.arch);
                        for (const pkg::InstalledPackage& each : inventory.packages) {
                          // A package that moves between "all" and a real architecture is the same package.
                          if (!installed && each.name == candidate.name && (each.arch == "all" || candidate.arch == "all"))
                            installed = &each;
                        }
                        if (installed && installed->state == pkg::InstallState::removed) installed = nullptr;
                        const pkg::Recipe* recipe = recipes.find(inventory.os);
                        if (!installed) return judge_scripts(tree, recipe, candidate, fresh, nullptr);
                        const Scripts before = installed_scripts(tree, *installed);
                        return judge_scripts(tree, recipe, candidate, fresh, &before);
                      });
}

}  // namespace resole::deb
