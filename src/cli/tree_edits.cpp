// SPDX-License-Identifier: Apache-2.0
#include "cli/tree_edits.hpp"

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/embedded.hpp"
#include "cli/manifest_tree.hpp"
#include "io/files.hpp"

namespace resole::cli {

namespace {

constexpr std::uint64_t kLargestTemplate = 1u << 20;

}  // namespace

rollout::Pin pin_of(const std::string& word) {
  return word == "tag" ? rollout::Pin::tag : word == "digest" ? rollout::Pin::digest : word == "both" ? rollout::Pin::both : rollout::Pin::automatic;
}

rollout::EditOptions edit_options_of(const document::Rollout& rollout) {
  rollout::EditOptions options{pin_of(rollout.pin), {}, rollout.dockerfiles};
  if (!rollout.moving_tag.empty()) options.tags.moving = rollout.moving_tag;
  if (!rollout.immutable_tag.empty()) options.tags.immutable = rollout.immutable_tag;
  return options;
}

rollout::EditPlan edits_below(const std::filesystem::path& manifests, const document::Rollout& rollout) {
  rollout::EditPlanner planner(rollout.images, edit_options_of(rollout));
  read_manifests(manifests, planner);
  return planner.finish();
}

std::function<std::string(const std::string& name)> templates_of(const std::filesystem::path& directory) {
  return [directory](const std::string& name) {
    if (!directory.empty() && std::filesystem::exists(directory / name)) return io::read_file(directory / name, kLargestTemplate);
    for (const auto& [known, text] : embedded_templates()) {
      if (known == name) return text;
    }
    throw Error(ErrorKind::input, "no template " + name, "--templates names a directory that has it");
  };
}

}  // namespace resole::cli
