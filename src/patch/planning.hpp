// SPDX-License-Identifier: Apache-2.0
// inspect -> plan: findings, candidates from signed indexes, the planner asked until it holds. Writes nothing.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "advisory/finding.hpp"
#include "advisory/vex/statement.hpp"
#include "document/plan.hpp"
#include "patch/feeds.hpp"
#include "patch/view.hpp"
#include "plan/explain.hpp"
#include "plan/planner.hpp"

namespace resole::patch {

enum class OnEndOfLife { warn, refuse };

// What shapes a plan. A new member belongs into the key of plans made before, too (patch/planned_before.cpp).
// `from_directory`: one of many, of which those about another image are left out; else that is an error.
struct GivenReport {
  advisory::Report report;
  bool from_directory = false;
};

struct PlanRequest {
  plan::Policy policy;
  pkg::RepositoryOptions repositories;                       // `now` is filled from as_of
  std::vector<GivenReport> reports;
  bool force_report = false;
  std::vector<OpenFeed> feeds;                               // --feed
  std::vector<advisory::vex::Document> vex;                  // --vex
  std::optional<plan::Rules> rules;                          // --policy
  OnEndOfLife on_end_of_life = OnEndOfLife::warn;
  bool lockstep = false;
  std::int64_t as_of = 0;
  std::string compression = "gzip";
  std::string deployed_as;                                   // --source-deployed-as
  BaseRequest base;                                          // --strategy, --old-base, --new-base, --base-registry, --allow
  std::map<std::string, std::string> options;                // canonical text of what shaped the plan, recorded in it
};

// The layers of the image must have been read, and its bases looked for when the request asks for them. `told`: is given every platform's plan with what it was made of.
using Told = std::function<void(const plan::Explained&)>;
document::Plan make_plan(const ImageView& image, const PlanRequest& request, const Tools& tools, const Told& told = {});

// The same, and kept; or the plan that was made and kept before from the same inputs, for which no layer is read.
// Looks for the bases, if the request asks for them and nobody did.
void find_bases_of(ImageView& image, const PlanRequest& request, const Tools& tools);
document::Plan plan_or_recall(ImageView& image, const PlanRequest& request, const Tools& tools);

}  // namespace resole::patch
