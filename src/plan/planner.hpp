// SPDX-License-Identifier: Apache-2.0
// The planner: inventory + findings + offers + policy -> a PlatformPlan, or what it still needs to know. Pure: no clock, no network, no disk.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "advisory/finding.hpp"
#include "document/plan.hpp"
#include "pkg/family.hpp"
#include "plan/policy/rules.hpp"

namespace resole::plan {

enum class Update { reported, security, all };
enum class OnModified { hold, overwrite, keep };

struct Policy {
  Update update = Update::security;
  std::set<advisory::Severity> severities;      // empty = all
  std::vector<std::string> only, hold;          // package name globs (binary or source)
  OnModified on_modified = OnModified::hold;
  Scripts scripts = Scripts::hold;
};

// Why scripts cannot run for this platform although --scripts sandbox asks for it: needs_sandbox or needs_emulator.
struct SandboxObstacle {
  document::HeldReason reason = document::HeldReason::needs_sandbox;
  std::string detail;                           // what is missing, and what helps
};

// A version that must not be gone below: from the given image itself, or from the lineage plan of an image that was patched before.
struct Floor {
  std::string name, arch, version;
  std::optional<pkg::Candidate> recorded;       // the same package as the lineage plan has it, for when no index offers that version any longer; may be absent
};

struct Request {
  const pkg::Inventory& inventory;              // of the original (own layers stripped)
  const pkg::CandidateSource& offers;
  const pkg::Family& family;                    // for the version order only
  const pkg::Recipe* recipe = nullptr;          // noise, data packages; may be absent
  std::vector<advisory::Finding> findings;      // of this platform
  std::vector<Floor> floors;
  Policy policy;
  std::map<std::string, pkg::Verdict> verdicts; // by RepositoryEntry::identity
  std::map<std::string, std::string> behind = {};         // --lockstep: package name -> which platform stays behind, and where
  std::optional<SandboxObstacle> sandbox_obstacle = {};   // looked at with Scripts::sandbox only
  const Rules* rules = nullptr;                           // of --policy; may be absent
  std::vector<std::string> image_names = {};              // what the rules' image patterns are compared with
  std::int64_t now = 0;                                   // asOf: expiry and ages are judged by it
  std::set<std::string> unsettled = {};                   // names of packages that do not fit a new base as they are: they move, whatever else is asked for
  std::function<std::int64_t(const pkg::Candidate&)> public_since = {};  // since when this version is known to be public; for a minimum age
};

// The planner wants the verdicts of these packages before it can go on; ask again with them added. The held set only grows, so this ends.
struct NeedControl { std::vector<pkg::Candidate> packages; };

struct Decision {
  std::vector<document::PlannedPackage> packages;
  std::vector<document::HeldPackage> held;
  std::vector<document::UnfixedFinding> unfixed;
  std::vector<document::NotInImage> not_in_image;
  std::vector<document::AlreadyFixed> already_fixed;
  std::vector<std::string> notes;
};

std::variant<Decision, NeedControl> make(const Request& request);

// ELF files outside packages that are copies of what an upgraded package has. `tree`: with the packages at the versions that they are upgraded from.
std::vector<document::ShadowCopy> shadow_copies(const rootfs::Tree& tree, const pkg::Inventory& inventory, const std::vector<document::PlannedPackage>& packages);
// Labels and ENV of the image that name an old version of an upgraded package.
std::vector<document::StaleMetadata> stale_metadata(const std::vector<std::string>& env, const std::map<std::string, std::string>& labels,
                                                    const std::vector<document::PlannedPackage>& packages);
// SBOM files in the image that name the old version of an upgraded package.
std::vector<document::StaleMetadata> stale_parts_lists(const rootfs::Tree& tree, const std::vector<document::PlannedPackage>& packages);
// Where the platforms of an image would end up, for every package that a plan moves. `inventories`: of each platform as given, nullptr where there is none.
struct Outcome { std::string version, source_version; };
using Outcomes = std::map<std::string, std::map<std::size_t, Outcome>>;   // package name -> position of the platform -> version
Outcomes outcomes(const std::vector<document::PlatformPlan>& platforms, const std::vector<const pkg::Inventory*>& inventories);
// Those whose source versions differ (a rebuild of one architecture alone, "+b1", is the same code).
std::vector<document::Skew> skew(const std::vector<document::PlatformPlan>& platforms, const Outcomes& outcomes);
// --lockstep: for each platform the packages that would get ahead of another one, with what to say (Request::behind).
std::vector<std::map<std::string, std::string>> ahead(const std::vector<document::PlatformPlan>& platforms, const Outcomes& outcomes, const pkg::Family& family);

// Relations of the installed packages that do not hold: identity (names alone) -> text for people. Images are often stripped, so only what was not there
// before is a fault.
std::map<std::string, std::string> broken_relations(const pkg::Inventory& inventory, const pkg::Family& family);

}  // namespace resole::plan
