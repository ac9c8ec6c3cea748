// SPDX-License-Identifier: Apache-2.0
// What one site is to become: the bytes that change, or why none do. Pure; looks at one site alone. What other files say is passed in.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rollout/images.hpp"
#include "rollout/site.hpp"

namespace resole::rollout {

struct Change {
  std::string pointer;       // of the scalar, or of the mapping that gets `key`
  yaml::Span span;           // empty: an insertion
  std::string text;          // what the bytes become, with quotes where it needs some
  std::string key, value;    // value: decoded; key: of an insertion
  std::size_t kept = 0;      // characters of the scalar's value that stand before the reference and stay ("docker://")
};

struct Verdict {
  std::optional<std::size_t> image;    // nothing: none of ours
  std::string current, desired;        // references, put together
  std::vector<Change> changes;
  LeftReason left = LeftReason::none;
  std::string detail;
};

// Tag and digest that a kustomize entry without any takes from the workloads that it is applied to.
struct Inherited { std::string tag, digest; };

// The repository that a site names now, as it is spelled: what an outer kustomize entry compares with.
std::string written_name(const Site& site);
// An entry with neither newTag nor digest.
bool is_partial_entry(const Site& site);

Verdict decide(const Site& site, const Images& images, Pin pin, std::string_view text, const std::optional<Inherited>& inherited = std::nullopt);

// Would YAML 1.1 and 1.2 both read this word as a string when it stands without quotes?
bool is_plain_safe(std::string_view word);

}  // namespace resole::rollout
