// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "cli/outcome.hpp"
#include "cli/plan_table.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "io/terminal.hpp"
#include "patch/verifying.hpp"

namespace resole::cli {

namespace {

Json to_json(const patch::Verification& verification, const patch::ImageView& image) {
  Json findings = Json::array();
  for (const auto& finding : verification.findings) findings.push_back({{"platform", finding.platform}, {"subject", finding.subject}, {"problem", finding.problem}});
  Json copies = Json::array();
  for (const auto& copy : verification.shadow_copies) {
    Json entry = {{"path", copy.path}, {"soname", copy.soname}, {"package", copy.package}, {"proof", copy.proof}};
    if (!copy.version.empty()) entry["version"] = copy.version;
    copies.push_back(std::move(entry));
  }
  return {{"schema", "resole/verification/v1"},
          {"reference", image.location.text()},
          {"digest", image.root.descriptor.digest.text()},
          {"ok", verification.findings.empty()},
          {"packages", verification.packages},
          {"layers", verification.layers},
          {"deletedFiles", verification.missing},
          {"changedFiles", verification.local},
          {"againstPlan", verification.against_plan},
          {"shadowCopies", copies},
          {"findings", findings}};
}

void print_table(const patch::Verification& verification, bool color) {
  if (verification.findings.empty()) {
    std::string own;
    if (verification.missing > 0) own += fmt::format("; {} files of packages were deleted in the image", verification.missing);
    if (verification.local > 0) own += fmt::format("; {} were changed in it", verification.local);
    std::cout << fmt::format("ok: {} layers, {} packages{}{}\n", verification.layers, verification.packages, verification.against_plan ? ", as the plan says" : "", own);
    if (!verification.shadow_copies.empty()) std::cout << "\n" << shadow_copies_table(verification.shadow_copies, color);
    return;
  }
  io::Table table({"PLATFORM", "SUBJECT", "PROBLEM"});
  for (const auto& finding : verification.findings) table.row({{finding.platform}, {finding.subject, io::Tone::strong}, {finding.problem, io::Tone::bad}});
  std::cout << table.render(color, 160);
}

}  // namespace

int verify(const Options& options, Workplace& workplace) {
  constexpr std::uint64_t kLargestPlan = 256u << 20;
  std::optional<document::Plan> plan;
  if (!options.plan_file.empty()) plan = document::read_plan(io::read_file(options.plan_file, kLargestPlan), options.plan_file.string());
  const patch::ImageView image = patch::look(*options.image, options.planning.platforms, workplace.tools());
  const patch::Verification verification = patch::verify_image(image, plan, workplace.tools());
  put_document(options, dump_document(to_json(verification, image)));
  if (options.format == "table") print_table(verification, workplace.color());
  return verification.findings.empty() ? kExitDone : exit_code(ErrorKind::verification);
}

}  // namespace resole::cli
