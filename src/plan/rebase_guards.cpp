// SPDX-License-Identifier: Apache-2.0
#include "plan/rebase_guards.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <tuple>

#include "base/text.hpp"
#include "plan/findings.hpp"
#include "plan/planner.hpp"
#include "plan/slot.hpp"
#include "rootfs/path.hpp"

namespace resole::plan {

namespace {

constexpr std::size_t kMostProblems = 50;

// A name that a program asks the linker for, and which programs it fits.
using LibraryName = std::tuple<std::string, std::uint8_t, std::uint16_t>;

// Everything that a name can lead to: sonames, the names of files, and of links to them.
std::set<LibraryName> provided_names(const rootfs::Tree& tree) {
  std::set<LibraryName> names;
  std::map<std::string, const rootfs::ElfFacts*> files;
  for (const auto& layer : tree.layers()) {
    for (const auto& [path, facts] : layer->elf) {
      const rootfs::ElfFacts* visible = tree.elf(path);
      if (!visible) continue;
      names.emplace(rootfs::name_of(path), visible->bits, visible->machine);
      if (!visible->soname.empty()) names.emplace(visible->soname, visible->bits, visible->machine);
    }
    for (const rootfs::Entry& entry : layer->entries) {
      if (entry.type != tar::Type::symlink || entry.whiteout || entry.path.find(".so") == std::string::npos) continue;
      const rootfs::Node* node = tree.find(entry.path);
      if (!node || node->entry.type != tar::Type::symlink) continue;
      const rootfs::ElfFacts* facts = tree.elf(tree.resolve(entry.path, true).path);
      if (facts) names.emplace(rootfs::name_of(entry.path), facts->bits, facts->machine);
    }
  }
  return names;
}

// "1:3.11.2-1+b1" -> "3.11"
std::string minor_version(std::string_view version) {
  if (const std::size_t colon = version.find(':'); colon != std::string_view::npos) version.remove_prefix(colon + 1);
  std::size_t end = 0;
  for (int dots = 0; end < version.size(); ++end) {
    const char c = version[end];
    if (c == '.' && ++dots == 2) break;
    if (c != '.' && (c < '0' || c > '9')) break;
  }
  return std::string(version.substr(0, end));
}

struct Interpreter {
  std::string_view name, package, variable;
};
constexpr std::array<Interpreter, 10> kInterpreters = {{{"python3", "python3-minimal", "PYTHON_VERSION"},
                                                        {"python3", "python3", ""},
                                                        {"perl", "perl-base", "PERL_VERSION"},
                                                        {"php", "php-common", "PHP_VERSION"},
                                                        {"ruby", "ruby", "RUBY_VERSION"},
                                                        {"node", "nodejs", "NODE_VERSION"},
                                                        {"java", "default-jre-headless", "JAVA_VERSION"},
                                                        {"java", "openjdk-17-jre-headless", ""},
                                                        {"java", "openjdk-21-jre-headless", ""},
                                                        {"java", "openjdk-11-jre-headless", ""}}};

std::string packaged_version(const pkg::Inventory& inventory, std::string_view name) {
  for (const auto& package : inventory.packages) {
    if (package.name == name && package.state != pkg::InstallState::removed) return minor_version(package.version);
  }
  return {};
}

// "jdk-17.0.9+9" and "v18.19.0" are versions, too.
std::string named_version(const std::vector<std::string>& env, std::string_view variable) {
  for (const std::string& each : env) {
    if (variable.empty() || each.size() <= variable.size() || !each.starts_with(variable) || each[variable.size()] != '=') continue;
    const std::size_t digit = each.find_first_of("0123456789", variable.size() + 1);
    return digit == std::string::npos ? std::string() : minor_version(std::string_view(each).substr(digit));
  }
  return {};
}

bool is_installed(const pkg::InstalledPackage& package) { return package.state != pkg::InstallState::removed; }

bool is_replaced(const pkg::InstalledPackage& gone, const pkg::Inventory& after) {
  return std::ranges::any_of(after.packages, [&](const pkg::InstalledPackage& package) {
    if (!is_installed(package)) return false;
    if (package.name == gone.name) return true;  // of another architecture
    return std::ranges::any_of(package.relations.provides, [&](const pkg::Atom& atom) { return atom.name == gone.name; });
  });
}

}  // namespace

document::Guard guard_of(std::string name, std::vector<std::string> problems, const std::set<std::string>& allowed) {
  if (problems.size() > kMostProblems) {
    const std::size_t more = problems.size() - kMostProblems;
    problems.resize(kMostProblems);
    problems.push_back(fmt::format("and {} more", more));
  }
  const bool passed = problems.empty(), named = !passed && allowed.contains(name);
  return {.name = std::move(name), .passed = passed, .allowed = named, .problems = std::move(problems)};
}

bool all_pass(const std::vector<document::Guard>& guards) {
  return std::ranges::all_of(guards, [](const document::Guard& guard) { return guard.passed || guard.allowed; });
}

std::string problems_of(const std::vector<document::Guard>& guards) {
  std::vector<std::string> out;
  for (const document::Guard& guard : guards) {
    if (guard.passed || guard.allowed) continue;
    for (const std::string& problem : guard.problems) out.push_back(guard.name + ": " + problem);
  }
  return join(out, "; ");
}

std::vector<std::string> system_problems(const pkg::OsRelease& image, const pkg::OsRelease& new_base) {
  std::vector<std::string> problems;
  const auto compare = [&](const char* what, const std::string& a, const std::string& b) {
    if (a != b) problems.push_back(fmt::format("{} is \"{}\" in the image and \"{}\" in the new base", what, printable(a, 60), printable(b, 60)));
  };
  compare("ID", image.id, new_base.id);
  compare("VERSION_ID", image.version_id, new_base.version_id);
  compare("VERSION_CODENAME", image.codename, new_base.codename);
  compare("VARIANT_ID", image.variant_id, new_base.variant_id);
  return problems;
}

std::vector<std::string> soname_problems(const rootfs::Tree& before, const rootfs::Tree& after, std::size_t from) {
  const std::set<LibraryName> had = provided_names(before), has = provided_names(after);
  std::set<std::string> problems;
  for (std::size_t i = from; i < after.layers().size(); ++i) {
    for (const auto& [path, unused] : after.layers()[i]->elf) {
      const rootfs::Node* node = after.find(path);
      const rootfs::ElfFacts* facts = after.elf(path);
      if (!node || node->layer < from || !facts) continue;
      for (const std::string& needed : facts->needed) {
        const LibraryName name(rootfs::name_of(needed), facts->bits, facts->machine);
        if (had.contains(name) && !has.contains(name)) problems.insert(fmt::format("/{} needs {}, which nothing provides any more", printable(path), printable(needed, 80)));
      }
    }
  }
  return {problems.begin(), problems.end()};
}

std::vector<std::string> removed_problems(const pkg::Inventory& before, const pkg::Inventory& after) {
  std::vector<std::string> problems;
  for (const pkg::InstalledPackage& package : before.packages) {
    if (!is_installed(package)) continue;
    const pkg::InstalledPackage* now = after.find(package.name, package.arch);
    if ((now && is_installed(*now)) || is_replaced(package, after)) continue;
    problems.push_back(fmt::format("{} {} is not in the new base", package.name, package.version));
  }
  return problems;
}

std::vector<std::string> interpreter_problems(const InterpreterSources& old_base, const InterpreterSources& new_base) {
  std::set<std::string> problems;
  const auto compare = [&](std::string_view name, const std::string& before, const std::string& after) {
    if (!before.empty() && !after.empty() && before != after) problems.insert(fmt::format("{} is {} in the old base and {} in the new one", name, before, after));
  };
  for (const Interpreter& each : kInterpreters) {
    compare(each.name, packaged_version(old_base.packages, each.package), packaged_version(new_base.packages, each.package));
    compare(each.name, named_version(old_base.env, each.variable), named_version(new_base.env, each.variable));
  }
  return {problems.begin(), problems.end()};
}

std::map<std::string, std::string> new_violations(const pkg::Inventory& before, const pkg::Inventory& new_base, const pkg::Inventory& after, const pkg::Family& family) {
  auto broken = broken_relations(after, family);
  for (const pkg::Inventory* known : {&before, &new_base}) {
    for (const auto& [identity, text] : broken_relations(*known, family)) broken.erase(identity);
  }
  return broken;
}

std::set<std::string> packages_of_violations(const std::map<std::string, std::string>& violations) {
  std::set<std::string> names;
  for (const auto& [identity, text] : violations) {  // "perl:amd64 0 perl-base": see identity_of
    const auto words = split_words(identity);
    names.emplace(words[0].substr(0, words[0].rfind(':')));
    const bool depends = words.size() > 1 && words[1] == "0";
    for (std::size_t i = 2; !depends && i < words.size(); ++i) names.emplace(words[i]);
  }
  return names;
}

std::vector<document::BaseChange> base_changes(const pkg::Inventory& before, const pkg::Inventory& after) {
  std::vector<document::BaseChange> out;
  const auto version_in = [](const pkg::Inventory& inventory, const pkg::InstalledPackage& package) {
    const pkg::InstalledPackage* found = inventory.find(package.name, package.arch);
    return found && is_installed(*found) ? found->version : std::string();
  };
  for (const pkg::InstalledPackage& package : before.packages) {
    if (!is_installed(package)) continue;
    const std::string now = version_in(after, package);
    if (now != package.version) out.push_back({package.name, package.arch, package.version, now, {}});
  }
  for (const pkg::InstalledPackage& package : after.packages) {
    if (is_installed(package) && version_in(before, package).empty()) out.push_back({package.name, package.arch, "", package.version, {}});
  }
  std::ranges::sort(out, [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); });
  return out;
}

void note_fixes(std::vector<document::BaseChange>& changes, const std::vector<advisory::Finding>& findings, const pkg::Inventory& before, const pkg::Inventory& after,
                const pkg::Family& family) {
  std::vector<Slot> slots;
  std::vector<document::BaseChange*> of_slot;
  for (document::BaseChange& change : changes) {
    const pkg::InstalledPackage *old = before.find(change.name, change.arch), *now = after.find(change.name, change.arch);
    if (!old || !now || change.from.empty() || change.to.empty()) continue;
    Slot slot;
    slot.installed = old;
    static_cast<pkg::Package&>(slot.candidate.emplace()) = *now;
    slots.push_back(std::move(slot));
    of_slot.push_back(&change);
  }
  distribute(findings, slots, family);
  for (std::size_t i = 0; i < slots.size(); ++i) {
    std::set<std::string> ids;
    for (const advisory::Finding* finding : slots[i].fixable) ids.insert(finding->id);
    of_slot[i]->fixes.assign(ids.begin(), ids.end());
  }
}

document::RebaseGain rebase_gain(const document::PlatformPlan& plan, const pkg::Inventory& after, const pkg::Family& family) {
  document::RebaseGain gain;
  const auto count = [&](const std::string& name, const std::string& arch, const std::string& wanted) {
    ++gain.of;
    const pkg::InstalledPackage* now = after.find(name, arch);
    if (now && is_installed(*now) && !wanted.empty() && family.compare(now->version, wanted) >= 0) ++gain.fixed;
  };
  for (const auto& package : plan.packages) {
    if (!package.noise && !package.from.empty()) count(package.name, package.arch, package.to);
  }
  for (const auto& held : plan.held) {
    if (!held.noise) count(held.name, held.arch, held.candidate);
  }
  return gain;
}

}  // namespace resole::plan
