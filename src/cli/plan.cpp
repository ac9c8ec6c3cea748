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

namespace {

// To explain takes more than the plan: the package database and the offers are read again.
document::Plan make_plan(const Options& options, patch::ImageView& image, const patch::PlanRequest& request, const patch::Tools& tools, std::string& explanation) {
  if (options.explain.empty()) return patch::plan_or_recall(image, request, tools);
  patch::find_bases_of(image, request, tools);
  patch::read_layers(image, tools);
  return patch::make_plan(image, request, tools, [&](const plan::Explained& facts) {
    for (const std::string& line : plan::explain(facts, options.explain)) explanation += line + "\n";
  });
}

}  // namespace

int plan(const Options& options, Workplace& workplace) {
  patch::ImageView image = patch::open_image(*options.image, options.planning.platforms, workplace.tools());
  std::string explanation;
  const document::Plan plan = make_plan(options, image, plan_request(options, workplace.tools()), workplace.tools(), explanation);
  if (options.explain.empty()) refuse_uncovered_scripts(plan);
  if (!options.output.empty() || options.explain.empty()) put_document(options, document::write_plan(plan));
  if (!options.explain.empty())
    std::cout << explanation;
  else if (options.format == "table")
    std::cout << plan_table(plan, workplace.color());
  else if (options.format == "markdown")
    std::cout << plan_markdown(plan);
  if (options.explain.empty()) refuse_partial(plan);
  return plan_exit_code(options, plan);
}

}  // namespace resole::cli
