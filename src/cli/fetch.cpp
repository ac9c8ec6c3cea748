// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "patch/bundling.hpp"

namespace resole::cli {

int fetch(const Options& options, Workplace& workplace) {
  constexpr std::uint64_t kLargestPlan = 256u << 20;
  const document::Plan plan = document::read_plan(io::read_file(options.plan_file, kLargestPlan), options.plan_file.string());
  const patch::BundleCount count = patch::write_bundle(plan, options.output, workplace.tools());
  workplace.reporter().note(fmt::format("{} files, {}", count.files, human_size(count.bytes)));
  std::cout << options.output.string() << '\n';
  return 0;
}

}  // namespace resole::cli
