// SPDX-License-Identifier: Apache-2.0
// Under which conditions an application may stand on another base. Each is an entry in the plan; one that fails refuses the swap, and --strategy append remains.
//
//   system        the same release and variant of the same system
//   packages      every record of the package database can be given right
//   files         no file was changed by both sides
//   dependencies  what held between packages before holds after
//   sonames       every library that the application's programs ask for is there
//   removed       no package goes that was there                                (--allow removed)
//   interpreter   python3, perl, php, ruby, node, java keep their minor version (--allow interpreter)
//   layers        no more of them than unpackers take
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "document/plan.hpp"
#include "pkg/family.hpp"
#include "rootfs/tree.hpp"

namespace resole::plan {

inline constexpr std::string_view kAllowRemoved = "removed", kAllowInterpreter = "interpreter";

document::Guard guard_of(std::string name, std::vector<std::string> problems, const std::set<std::string>& allowed = {});
bool all_pass(const std::vector<document::Guard>& guards);
std::string problems_of(const std::vector<document::Guard>& guards);  // of those that failed, for a message

std::vector<std::string> system_problems(const pkg::OsRelease& image, const pkg::OsRelease& new_base);
// `application_layers_from`: the first layer of `after` above the new base.
std::vector<std::string> soname_problems(const rootfs::Tree& before, const rootfs::Tree& after, std::size_t application_layers_from);
std::vector<std::string> removed_problems(const pkg::Inventory& before, const pkg::Inventory& after);

struct InterpreterSources {
  const pkg::Inventory& packages;
  const std::vector<std::string>& env;  // official images name what they were built with: "PYTHON_VERSION=3.11.4"
};
std::vector<std::string> interpreter_problems(const InterpreterSources& old_base, const InterpreterSources& new_base);

// Relations that hold in none of the given states but held before. Identity (names alone) -> text.
std::map<std::string, std::string> new_violations(const pkg::Inventory& before, const pkg::Inventory& new_base, const pkg::Inventory& after, const pkg::Family& family);

std::set<std::string> packages_of_violations(const std::map<std::string, std::string>& violations);  // names of those that could move to mend them

// What comes and goes, sorted.
std::vector<document::BaseChange> base_changes(const pkg::Inventory& before, const pkg::Inventory& after);

// Which findings the changes end.
void note_fixes(std::vector<document::BaseChange>& changes, const std::vector<advisory::Finding>& findings, const pkg::Inventory& before, const pkg::Inventory& after,
                const pkg::Family& family);

// Of the packages that the plan moves, or holds with a known fix: how many have it after the swap.
document::RebaseGain rebase_gain(const document::PlatformPlan& plan, const pkg::Inventory& after, const pkg::Family& family);

}  // namespace resole::plan
