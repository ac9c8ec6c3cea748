// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"
#include "patch/bundling.hpp"

namespace resole::cli {

int fetch(const Options& options, Workplace& workplace) {
  constexpr std::uint64_t kLargestPlan = 256u << 20;
  const document::Plan plan = document::read_plan(io::read_file(options.plan_file, kLargestPlan), options.plan_file.string());
  const patch::BundleCount count = patch::write_bundle(
      plan, options.output, repository_options(options.planning, as_of(options.planning, workplace.tools().clock), options.common.jobs), workplace.tools());
  workplace.reporter().note(fmt::format("{} files, {}", count.files, human_size(count.bytes)));
  if (options.format == "json") {
    std::cout << dump_document({{"schema", "resole/bundle/v1"},
                                {"bundle", options.output.string()},
                                {"plan", document::plan_digest(plan).text()},
                                {"files", count.files},
                                {"bytes", count.bytes}});
  } else {
    std::cout << options.output.string() << '\n';
  }
  return 0;
}

}  // namespace resole::cli
