// SPDX-License-Identifier: Apache-2.0
// Every index has a priority: 500, or what its release says (NotAutomatic 1, with ButAutomaticUpgrades 100), or the first "Package: *" pin
// that matches it; Default-Release counts as such a pin of 990 before all others. A version has the priority of the first pin that names
// its package and matches the version, else the highest of its indexes, where the installed state is an index of priority 100.
#include "pkg/deb/policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "pkg/deb/version.hpp"

namespace resole::deb {

Policy::Policy(const Preferences& preferences, std::vector<IndexTraits> indexes, std::string native)
    : indexes_(std::move(indexes)), native_(std::move(native)), warnings_(preferences.warnings) {
  indexes_.push_back({.archive = "now", .priority = 100, .installed = true});
  for (const IndexTraits& index : indexes_) index_priorities_.push_back(index.priority);
  fixed_.resize(indexes_.size());
  if (!preferences.default_release.empty()) apply_default_release(preferences.default_release);
  for (const Pin& pin : preferences.pins) {
    if (pin.name)
      pins_.push_back(pin);
    else
      apply_to_indexes(pin.target, pin.priority);
  }
}

void Policy::apply_default_release(const std::string& release) {
  const PinTarget target(PinTarget::Kind::release, release);
  const bool known = std::ranges::any_of(indexes_, [&](const IndexTraits& index) { return target.matches_index(index); });
  if (!known) {
    warnings_.push_back(
        fmt::format("APT::Default-Release \"{}\" of the image is in none of its sources and ignored", printable(release, 60)));
    return;
  }
  apply_to_indexes(target, 990);
}

void Policy::apply_to_indexes(const PinTarget& target, int priority) {
  for (std::size_t i = 0; i < indexes_.size(); ++i) {
    const bool open = (!fixed_[i] || priority == kNeverPriority) && index_priorities_[i] != kNeverPriority;
    if (!open || !target.matches_index(indexes_[i])) continue;
    index_priorities_[i] = priority;
    fixed_[i] = true;
  }
}

const Pin* Policy::pin_for(std::string_view name, std::string_view arch, const PolicyVersion& version) const {
  const bool is_native = arch == native_ || arch == "all";
  for (const Pin& pin : pins_) {
    // Without an architecture a pin is about the native one only.
    const bool arch_fits = pin.arch.empty() ? is_native : pin.arch == "any" || pin.arch == arch || (pin.arch == "native" && is_native);
    if (!arch_fits) continue;
    const std::string_view subject = pin.of_source ? std::string_view(version.source_name) : name;
    if (!(pin.name->is_expression() ? pin.name->matches(subject) : pin.name->text() == subject)) continue;
    switch (pin.target.kind()) {
      case PinTarget::Kind::version:
        if (pin.target.matches_version(version.version)) return &pin;
        break;
      case PinTarget::Kind::source_version:
        if (pin.target.matches_version(version.source_version)) return &pin;
        break;
      default:
        if (version.installed && pin.target.matches_index(indexes_.back())) return &pin;
        if (std::ranges::any_of(version.indexes, [&](std::size_t index) { return pin.target.matches_index(indexes_[index]); })) return &pin;
    }
  }
  return nullptr;
}

int Policy::priority(std::string_view name, std::string_view arch, const PolicyVersion& version) const {
  if (const Pin* pin = pin_for(name, arch, version)) {
    const bool offered =
        version.installed || std::ranges::any_of(version.indexes, [&](std::size_t i) { return index_priorities_[i] != kNeverPriority; });
    if (offered) return pin->priority;
  }
  int highest = version.installed ? index_priorities_.back() : kNeverPriority;
  for (std::size_t index : version.indexes) highest = std::max(highest, index_priorities_[index]);
  return highest;
}

std::optional<std::size_t> Policy::choose(std::string_view name, std::string_view arch, const std::vector<PolicyVersion>& versions) const {
  const auto installed = std::ranges::find_if(versions, &PolicyVersion::installed);
  std::optional<std::size_t> best;
  int best_priority = -1;
  for (std::size_t i = 0; i < versions.size(); ++i) {
    const int own = priority(name, arch, versions[i]);
    if (own <= 0) continue;
    if (installed != versions.end() && own < 1000 && compare_versions(versions[i].version, installed->version) < 0) continue;
    const bool better =
        own > best_priority || (best && own == best_priority && compare_versions(versions[i].version, versions[*best].version) > 0);
    if (!better) continue;
    best = i;
    best_priority = own;
  }
  return best;
}

}  // namespace resole::deb
