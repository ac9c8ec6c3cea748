// SPDX-License-Identifier: Apache-2.0
#include "plan/survey.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/stream.hpp"

namespace resole::plan {

namespace {

using document::HeldReason;

bool matches_any(const std::vector<std::string>& globs, std::string_view name) {
  return std::any_of(globs.begin(), globs.end(), [&](const std::string& glob) { return glob_match(glob, name); });
}

// An architecture-independent package is offered under every architecture; it is looked up under the native one, where a change to it would
// show as well.
const std::string& offered_arch(const std::string& arch, const pkg::Inventory& inventory) { return arch == "all" ? inventory.arch : arch; }

std::string list_paths(const std::vector<std::string>& paths) {
  std::vector<std::string> shown;
  for (const std::string& path : paths) {
    if (shown.size() == 3) return fmt::format("{} and {} more", join(shown, ", "), paths.size() - shown.size());
    shown.push_back(printable(path));
  }
  return join(shown, ", ");
}

// The first that applies, strongest word first: the image's own hold, the operator's, the repositories', the image's changed files.
std::optional<Hold> obstacle_of(const pkg::InstalledPackage& installed, const Choice& choice, const Request& request) {
  const Policy& policy = request.policy;
  if (!choice.candidate) return std::nullopt;
  if (installed.hold) return Hold{HeldReason::hold, "on hold in the image's package database"};
  if (names_package(policy.hold, installed))
    return Hold{.reason = HeldReason::hold, .detail = "held by --hold", .blocker = {}};
  const bool named = !policy.only.empty() && names_package(policy.only, installed);
  if (choice.obstacle && !(choice.obstacle->reason == HeldReason::phased && named)) return choice.obstacle;
  if (policy.on_modified == OnModified::hold && !installed.modified.empty()) {
    return Hold{HeldReason::locally_modified, "changed in the image: " + list_paths(installed.modified)};
  }
  if (const auto behind = request.behind.find(installed.name); behind != request.behind.end()) return Hold{HeldReason::version_skew, behind->second};
  return std::nullopt;
}

// Exactly the version of the floor: from an index, else as the earlier run recorded it.
std::optional<pkg::Candidate> exact_offer(const Floor& floor, const pkg::Offers& offers, const pkg::Family& family) {
  if (offers.chosen && family.compare(offers.all[*offers.chosen].version, floor.version) == 0) return offers.all[*offers.chosen];
  for (const pkg::Candidate& offer : offers.all) {
    if (family.compare(offer.version, floor.version) == 0) return offer;
  }
  return floor.recorded;
}

Slot make_slot(const pkg::InstalledPackage& installed, const pkg::Offers& offers, const Floor* floor, const Request& request) {
  if (floor && request.family.compare(installed.version, floor->version) >= 0) floor = nullptr;
  const Distribution distribution{request.inventory.os, request.recipe};
  Choice choice = choose(offers, installed, floor ? floor->version : installed.version, distribution, request.family);
  Slot slot;
  slot.installed = &installed;
  slot.obstacle = obstacle_of(installed, choice, request);
  slot.security = choice.security;
  slot.offered = !offers.all.empty();
  slot.candidate = std::move(choice.candidate);
  slot.older = std::move(choice.older);
  slot.elsewhere = std::move(choice.elsewhere);
  slot.noise = request.recipe && matches_any(request.recipe->noise, installed.name);
  slot.data = request.recipe && names_package(request.recipe->data_packages, installed);
  if (!floor) return slot;
  slot.floor = floor->version;
  slot.floor_candidate = exact_offer(*floor, offers, request.family);
  if (slot.floor_candidate) return slot;
  if (!slot.candidate) throw_below_floor(slot.installed->key(), slot.floor, "no repository offers that version or a newer one");
  if (slot.obstacle) {
    throw_below_floor(
        slot.installed->key(), slot.floor,
        fmt::format("no repository offers it any longer, and {} is held: {}", slot.candidate->version, slot.obstacle->detail));
  }
  return slot;
}

pkg::Candidate keep_addition(const Floor& floor, const Request& request) {
  const pkg::Offers offers = request.offers.offers(floor.name, offered_arch(floor.arch, request.inventory));
  if (auto exact = exact_offer(floor, offers, request.family)) return *exact;
  if (offers.chosen && request.family.compare(offers.all[*offers.chosen].version, floor.version) >= 0) return offers.all[*offers.chosen];
  throw_below_floor(floor.name + ":" + floor.arch, floor.version, "no repository offers that version or a newer one");
}

}  // namespace

void throw_below_floor(const std::string& package, const std::string& floor, std::string_view problem) {
  throw Error(ErrorKind::refused,
              fmt::format("{} is at {} in the given image, and no version goes back: {}", printable(package), printable(floor), problem),
              "plan again when the repositories offer it, give a snapshot or mirror that has it, or patch the original image");
}

bool names_package(const std::vector<std::string>& globs, const pkg::Package& package) {
  return matches_any(globs, package.name) || matches_any(globs, package.source.name);
}

Survey survey(const Request& request) {
  const auto order = [](const auto& a, const auto& b) { return std::tie(a.name, a.arch) < std::tie(b.name, b.arch); };
  std::map<std::pair<std::string, std::string>, const Floor*> floors;
  for (const Floor& floor : request.floors) floors[{floor.name, offered_arch(floor.arch, request.inventory)}] = &floor;

  Survey result;
  std::vector<const pkg::InstalledPackage*> installed;
  for (const pkg::InstalledPackage& package : request.inventory.packages) {
    if (package.state != pkg::InstallState::removed) installed.push_back(&package);
  }
  std::sort(installed.begin(), installed.end(), [&](const auto* a, const auto* b) { return order(*a, *b); });
  result.slots.reserve(installed.size());
  for (const pkg::InstalledPackage* package : installed) {
    const pkg::Offers offers = request.offers.offers(package->name, offered_arch(package->arch, request.inventory));
    const auto floor = floors.find({package->name, offered_arch(package->arch, request.inventory)});
    result.slots.push_back(make_slot(*package, offers, floor == floors.end() ? nullptr : floor->second, request));
    if (floor != floors.end()) floors.erase(floor);
  }
  for (const auto& [key, floor] : floors) result.kept_additions.push_back(keep_addition(*floor, request));
  return result;
}

}  // namespace resole::plan
