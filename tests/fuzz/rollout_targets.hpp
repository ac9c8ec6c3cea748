// SPDX-License-Identifier: Apache-2.0
// Manifests of any kind, as anybody writes them: what is edited can be taken back, and is edited once.
#pragma once
#include <string>
#include <string_view>

#include "fuzz/targets.hpp"
#include "rollout/sample_rollout.hpp"
#include "rollout/splice.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::fuzz {

// The first line is the path of the file, the rest its text.
inline void manifest_file(std::string_view bytes) {
  const std::size_t newline = bytes.find('\n');
  if (newline == std::string_view::npos) return;
  const rollout::ManifestFile file{std::string(bytes.substr(0, newline)), std::string(bytes.substr(newline + 1))};
  tolerate([&] {
    for (const auto pin : {rollout::Pin::automatic, rollout::Pin::both}) {
      const rollout::EditPlan plan = rollout::test::plan_of({file}, rollout::test::pinned(pin));
      require(plan.files.size() <= 1, "one file became many");
      for (const auto& edited : plan.files) {
        require(edited.before == file.text && edited.after != edited.before, "the texts");
        require(rollout::take_back(edited.after, edited.edits, file.path) == file.text, "it cannot be taken back");
        require(!rollout::unified_diff(file.path, edited.before, edited.edits).empty(), "no difference to show");
        const rollout::EditPlan again = rollout::test::plan_of({{file.path, edited.after}}, rollout::test::pinned(pin));
        require(again.files.empty(), "edited twice it differs");
      }
    }
  });
}

}  // namespace resole::fuzz
