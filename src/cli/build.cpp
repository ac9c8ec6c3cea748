// SPDX-License-Identifier: Apache-2.0
// build and patch end alike: the image at its destinations, the result document, `place@digest` on standard output.
#include <iostream>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/outcome.hpp"
#include "cli/plan_table.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "patch/building.hpp"
#include "rollout/images.hpp"

namespace resole::cli {

namespace {

constexpr std::uint64_t kLargestPlan = 256u << 20;

// What {tag} means: the tag under which the source runs.
std::string source_tag(const document::Plan& plan) {
  if (!plan.source_deployed_as.empty()) return std::string(rollout::tag_of(plan.source_deployed_as));
  const oci::Location source = oci::Location::parse(plan.source_reference);
  return source.reference ? source.reference->tag : source.tag;
}

patch::BuildRequest build_request(const Options& options, const document::Plan& plan, std::int64_t now) {
  const BuildingOptions& building = options.building;
  patch::BuildRequest request;
  const std::string tag = source_tag(plan);
  const Digest digest = document::plan_digest(plan);
  const auto filled_in = [&](const std::string& form) { return form.find('{') == std::string::npos ? form : rollout::expand_tag(form, tag, digest); };
  for (std::size_t i = 0; i < building.to.size(); ++i) {
    const bool is_form = building.to_forms[i].find('{') != std::string::npos;
    request.destinations.push_back({is_form ? oci::Location::parse(filled_in(building.to_forms[i])) : building.to[i],
                                    building.deployed_as.empty() ? std::string() : filled_in(building.deployed_as[i])});
  }
  request.repositories = repository_options(options.planning, now, options.common.jobs);
  request.trust_plan = building.trust_plan;
  request.force = building.force;
  request.on_unchanged = building.on_unchanged == "skip"   ? patch::OnUnchanged::skip
                         : building.on_unchanged == "fail" ? patch::OnUnchanged::fail
                                                           : patch::OnUnchanged::copy;
  return request;
}

// "oci:DIR@sha256:..." - the place without its tag, then what is there now.
std::string place_of(oci::Location location) {
  if (location.transport == oci::Transport::docker) return location.reference->name();
  if (location.reference) return "docker-daemon:" + location.reference->name();
  location.tag.clear();
  return location.text();
}

void say_outcome(const document::Result& result, const document::Plan& plan, Workplace& workplace) {
  workplace.reporter().note(result.outcome + ": " + plan_summary(plan));
  for (const auto& platform : result.platforms) {
    for (const auto& layer : platform.layers) {
      workplace.reporter().debug(fmt::format("{} {} layer {} {}{}", platform.platform.text(), layer.role, layer.digest.short_text(), human_size(layer.size),
                                             layer.reused ? ", known" : ""));
    }
    for (const auto& [path, what] : platform.kept) workplace.reporter().note(fmt::format("kept: {} {}", printable(path), what));
  }
  for (const auto& dropped : result.dropped) workplace.reporter().note("dropped (it spoke of the old image): " + dropped.digest.text());
}

// Each destination is told as soon as it is written, and when a later one fails the result document still says what was.
document::Result build_and_tell(const Options& options, patch::ImageView& image, const document::Plan& plan, Workplace& workplace) {
  patch::BuildRequest request = build_request(options, plan, as_of(options.planning, workplace.tools().clock));
  const bool lines = options.format == "table" || !options.output.empty();  // else the document itself goes to standard output
  document::Result written;
  request.published = [&](const document::Result& so_far) {
    written = so_far;
    const auto& newest = request.destinations[so_far.destinations.size() - 1];
    if (lines) std::cout << place_of(newest.location) << '@' << so_far.patched.digest.text() << std::endl;
  };
  try {
    return patch::build_or_recall(image, plan, request, workplace.tools());
  } catch (const Error&) {
    if (!written.destinations.empty()) put_document(options, document::write_result(written));
    throw;
  }
}

int finish(const Options& options, patch::ImageView& image, const document::Plan& plan, Workplace& workplace) {
  const document::Result result = build_and_tell(options, image, plan, workplace);
  put_document(options, document::write_result(result));
  say_outcome(result, plan, workplace);
  return result_exit_code(plan);
}

}  // namespace

int build(const Options& options, Workplace& workplace) {
  const document::Plan plan = document::read_plan(io::read_file(options.plan_file, kLargestPlan), options.plan_file.string());
  refuse_partial(plan);
  std::vector<oci::Platform> platforms;
  for (const auto& platform : plan.platforms) {
    if (platform.patched) platforms.push_back(platform.platform);
  }
  const oci::Location source = options.image ? *options.image : oci::Location::parse(plan.source_reference);
  patch::ImageView image = patch::open_image(source, platforms, workplace.tools());
  return finish(options, image, plan, workplace);
}

int patch(const Options& options, Workplace& workplace) {
  patch::ImageView image = patch::open_image(*options.image, options.planning.platforms, workplace.tools());
  const document::Plan plan = patch::plan_or_recall(image, plan_request(options, workplace.tools()), workplace.tools());
  refuse_uncovered_scripts(plan);
  if (!options.plan_output.empty()) io::write_file_atomic(options.plan_output, document::write_plan(plan));
  refuse_partial(plan);
  return finish(options, image, plan, workplace);
}

}  // namespace resole::cli
