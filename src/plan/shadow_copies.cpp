// SPDX-License-Identifier: Apache-2.0
// A package's fix reaches the files of the package, and nothing else. An image often has the same code twice: a library copied in by a COPY
// line, vendored in a wheel or in an application's own lib folder, or linked into a program. What proves a copy, strongest first:
//
//   content        an ELF file of no package with exactly the bytes of a package's file
//   build-id       the same, stripped or patched afterwards: the linker's note stays
//   soname         the library says its own name
//   hashed-soname  "libssl-3e69114b.so.3": auditwheel renames what it copies into NAME.libs
//   version-string linked in: the library's own text about its version is in the file, and it is not linked to the package's
//
// They are reported as not reached by the fix. Files of packages are never copies, wherever a diversion put them.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "base/text.hpp"
#include "pkg/deb/installed_system.hpp"
#include "pkg/deb/version.hpp"
#include "plan/planner.hpp"
#include "plan/stream.hpp"

namespace resole::plan {

namespace {

using ElfFiles = std::map<std::string, const rootfs::ElfFacts*>;
using SharedLibrary = std::tuple<std::string, std::uint8_t, std::uint16_t>;  // soname, bits, machine

SharedLibrary library_called(std::string soname, const rootfs::ElfFacts& facts) { return {std::move(soname), facts.bits, facts.machine}; }

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// "libssl-3e69114b.so.3" -> "libssl.so.3"; "" when there is no hash. auditwheel takes eight digits of a SHA-256.
std::string without_hash(std::string_view name) {
  constexpr std::size_t kDigits = 8;
  const std::size_t so = name.find(".so");
  if (so == std::string_view::npos || so < kDigits + 1 || name[so - kDigits - 1] != '-') return {};
  const std::string_view hash = name.substr(so - kDigits, kDigits);
  const bool hex = std::ranges::all_of(hash, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return hex ? std::string(name.substr(0, so - kDigits - 1)) + std::string(name.substr(so)) : std::string();
}

ElfFiles visible_elf_files(const rootfs::Tree& tree) {
  ElfFiles found;
  for (const auto& layer : tree.layers()) {
    for (const auto& [path, facts] : layer->elf) {
      if (const rootfs::ElfFacts* visible = tree.elf(path)) found[path] = visible;
    }
  }
  return found;
}

// Which stanzas own these files. Lists spell paths as packages have them ("/lib/..."), the tree has them where they are ("usr/lib/...").
std::unordered_map<std::string, std::vector<std::size_t>> owners_of(const ElfFiles& files, const rootfs::Tree& tree,
                                                                    const std::vector<deb::StatusStanza>& stanzas) {
  const deb::Diversions diversions = deb::Diversions::read(tree);
  std::unordered_set<std::string_view> names;
  for (const auto& [path, facts] : files) names.insert(base_name(path));
  const auto slices = deb::read_slices(tree);
  const deb::FileLists lists = deb::FileLists::read(tree, stanzas, *slices);
  std::unordered_map<std::string, std::vector<std::size_t>> owners;
  for (std::size_t i = 0; i < stanzas.size(); ++i) {
    for (const std::string_view listed : lists.of(i)) {
      const std::string_view used = diversions.empty() ? listed : diversions.redirect(listed, stanzas[i].package.name);
      if (names.contains(base_name(used))) owners[tree.resolve(used, false).path].push_back(i);
    }
  }
  return owners;
}

// What is known of the upgraded packages' own files.
struct PatchedFiles {
  std::map<SharedLibrary, std::string> by_soname;
  std::map<std::string, std::string> by_build_id;
  std::map<Sha256, std::string> by_content;
  std::map<std::string, std::set<std::string>> sonames_of;             // source package -> its libraries
  std::map<std::string, const document::PlannedPackage*> by_source;    // source package -> one of its packages

  void add(const rootfs::ElfFacts& facts, const Sha256& content, const std::string& package, const std::string& source) {
    by_content.emplace(content, package);
    if (!facts.build_id.empty()) by_build_id.emplace(facts.build_id, package);
    if (facts.soname.empty()) return;
    by_soname.emplace(library_called(facts.soname, facts), package);
    sonames_of[source].insert(facts.soname);
  }
};

// Debian marks repacked sources: "1.2.13.dfsg" is zlib's 1.2.13.
std::string_view library_version(std::string_view version) {
  version = upstream_version(version);
  for (const std::string_view mark : {".dfsg", "+dfsg", "~dfsg", "+ds", "+really"}) version = version.substr(0, version.find(mark));
  return version;
}

// Is the version that is linked in one that the upgrade leaves behind?
bool is_behind(std::string_view linked, const document::PlannedPackage& package) {
  return deb::compare_versions(linked, library_version(package.to)) < 0 || deb::compare_versions(linked, library_version(package.from)) <= 0;
}

// What a file of no package copies; nullopt when nothing says so.
std::optional<document::ShadowCopy> copy_of(const std::string& path, const rootfs::ElfFacts& facts, const Sha256& content, const PatchedFiles& patched) {
  document::ShadowCopy copy;
  copy.path = path;
  copy.soname = facts.soname;
  const auto proven = [&](std::string_view by, const std::string& package) {
    copy.proof = by;
    copy.package = package;
    return copy;
  };
  if (const auto same = patched.by_content.find(content); same != patched.by_content.end()) return proven("content", same->second);
  if (const auto same = patched.by_build_id.find(facts.build_id); same != patched.by_build_id.end()) return proven("build-id", same->second);
  const std::string_view name = facts.soname.empty() ? base_name(path) : std::string_view(facts.soname);
  if (const auto same = patched.by_soname.find(library_called(facts.soname, facts)); same != patched.by_soname.end()) return proven("soname", same->second);
  if (const auto same = patched.by_soname.find(library_called(without_hash(name), facts)); same != patched.by_soname.end())
    return proven("hashed-soname", same->second);
  for (const std::string& embedded : facts.embedded) {
    const std::string source = embedded.substr(0, embedded.find(' ')), version = embedded.substr(source.size() + 1);
    const auto package = patched.by_source.find(source);
    if (package == patched.by_source.end() || !is_behind(version, *package->second)) continue;
    const auto sonames = patched.sonames_of.find(source);
    const bool linked = sonames != patched.sonames_of.end() &&
                        std::ranges::any_of(facts.needed, [&](const std::string& needed) { return sonames->second.contains(needed); });
    if (linked) continue;
    copy.version = version;
    return proven("version-string", package->second->name);
  }
  return std::nullopt;
}

}  // namespace

std::vector<document::ShadowCopy> shadow_copies(const rootfs::Tree& tree, const pkg::Inventory& inventory,
                                                const std::vector<document::PlannedPackage>& packages) {
  if (inventory.family != "deb" || packages.empty()) return {};
  const ElfFiles files = visible_elf_files(tree);
  const auto stanzas = deb::read_status(tree);
  const auto owners = owners_of(files, tree, stanzas);

  PatchedFiles patched;
  std::map<std::pair<std::string, std::string>, const document::PlannedPackage*> upgraded;
  for (const document::PlannedPackage& package : packages) {
    if (package.from.empty()) continue;
    upgraded[{package.name, package.arch}] = &package;
    patched.by_source.emplace(package.source.name, &package);
  }
  for (const auto& [path, facts] : files) {
    const auto found = owners.find(path);
    if (found == owners.end()) continue;
    for (const std::size_t owner : found->second) {
      const pkg::InstalledPackage& package = stanzas[owner].package;
      const auto known = upgraded.find({package.name, package.arch});
      if (known != upgraded.end()) patched.add(*facts, tree.find(path)->entry.sha256, package.name, known->second->source.name);
    }
  }

  std::vector<document::ShadowCopy> copies;
  for (const auto& [path, facts] : files) {
    if (owners.contains(path)) continue;
    const rootfs::Node* node = tree.find(path);
    auto copy = copy_of(path, *facts, node->entry.sha256, patched);
    if (!copy) continue;
    copy->layer = tree.layers()[node->layer]->diff_id.text();
    copies.push_back(std::move(*copy));
  }
  return copies;
}

}  // namespace resole::plan
