// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/manifest_tree.hpp"
#include "cli/outcome.hpp"
#include "cli/tree_edits.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "rollout/render.hpp"
#include "rollout/unified_diff.hpp"

namespace resole::cli {

namespace {

constexpr std::uint64_t kLargestDocument = 256u << 20;
constexpr std::size_t kMostToldPlaces = 50;  // on the terminal; rollout.json has them all

std::vector<document::Result> read_results(const std::vector<std::string>& files) {
  std::vector<document::Result> results;
  for (const auto& file : files) results.push_back(document::read_result(io::read_file(file, kLargestDocument), file));
  return results;
}

using Rendered = std::vector<rollout::RenderedFile>;

Rendered render_all(const RolloutOptions& options, const document::Rollout& rollout) {
  Rendered files;
  const rollout::RenderOptions wanted{options.rollback, templates_of(options.templates)};
  for (const auto& rendering : options.renderings) {
    for (auto& file : rollout::render(rollout, rendering, wanted)) files.push_back(std::move(file));
  }
  return files;
}

void write_renderings(const RolloutOptions& options, const Rendered& files, Reporter& reporter) {
  for (const auto& file : files) {
    const auto path = options.render_dir / file.path;
    std::filesystem::create_directories(path.parent_path());
    io::write_file_atomic(path, file.text);
    reporter.note("rendered " + path.string());
  }
}

void say_left(const document::Rollout& rollout, Reporter& reporter) {
  std::size_t told = 0;
  for (const auto& place : rollout.not_applied) {
    if (++told > kMostToldPlaces) continue;
    const std::string where = place.file.empty() ? "" : place.line == 0 ? printable(place.file) + ": " : fmt::format("{}:{}: ", printable(place.file), place.line);
    const std::string detail = place.detail.empty() ? "" : ": " + printable(place.detail);
    reporter.warn(fmt::format("{}{} not changed ({}): {}{}", where, place.reference.empty() ? "the file" : printable(place.reference), word(place.reason), sentence(place.reason), detail));
  }
  if (told > kMostToldPlaces) reporter.warn(fmt::format("{} more places were not changed; rollout.json (-o) lists them", told - kMostToldPlaces));
}

}  // namespace

int rollout_edit(const Options& options, Workplace& workplace) {
  const RolloutOptions& wanted = options.rollout;
  const rollout::EditOptions edit{pin_of(wanted.pin), {wanted.moving_tag, wanted.immutable_tag}, wanted.dockerfiles};
  rollout::EditPlanner planner(rollout::images_of(read_results(wanted.results), edit.tags), edit);
  read_manifests(wanted.manifests, planner);
  if (!wanted.running.empty()) planner.take_running(io::read_file(wanted.running, kLargestDocument), wanted.running.string());
  rollout::EditPlan plan = planner.finish();
  plan.rollout.pin = wanted.pin;
  plan.rollout.moving_tag = wanted.moving_tag;
  plan.rollout.immutable_tag = wanted.immutable_tag;
  plan.rollout.dockerfiles = wanted.dockerfiles;
  const Rendered renderings = render_all(wanted, plan.rollout);  // what can fail, fails before anything is written

  std::vector<NewBytes> files;
  for (const auto& file : plan.files) files.push_back({file.path, file.before, file.after});
  if (wanted.write) write_manifests(wanted.manifests, files);
  put_document(options, document::write_rollout(plan.rollout));
  write_renderings(wanted, renderings, workplace.reporter());
  if (!wanted.write && options.format == "table") {
    for (const auto& file : plan.files) std::cout << rollout::unified_diff(file.path, file.before, file.edits);
  }
  for (const auto& warning : plan.rollout.warnings) workplace.reporter().warn(warning);
  say_left(plan.rollout, workplace.reporter());
  workplace.reporter().note(fmt::format("{} in {}{}, {}, {} not changed", counted(plan.rollout.edits.size(), "edit"), counted(plan.files.size(), "file"),
                                        wanted.write ? "" : " (shown, not written: --write)", counted(plan.rollout.workloads.size(), "workload"), counted(plan.rollout.not_applied.size(), "place")));
  return kExitDone;
}

}  // namespace resole::cli
