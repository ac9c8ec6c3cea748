// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "base/error.hpp"
#include "cli/outcome.hpp"
#include "cli/plan_table.hpp"
#include "cli/verbs.hpp"
#include "io/files.hpp"

namespace resole::cli {

void put_document(const Options& options, const std::string& document) {
  if (!options.output.empty()) {
    io::write_file_atomic(options.output, document);
  } else if (options.format == "json") {
    std::cout << document;
  }
}

int plan(const Options& options, Workplace& workplace) {
  patch::ImageView image = patch::open_image(*options.image, options.planning.platforms, workplace.tools());
  const document::Plan plan = patch::plan_or_recall(image, plan_request(options, workplace.tools()), workplace.tools());
  refuse_uncovered_scripts(options, plan);
  put_document(options, document::write_plan(plan));
  if (options.format == "table") std::cout << plan_table(plan, workplace.color());
  return plan_exit_code(options, plan);
}

}  // namespace resole::cli
