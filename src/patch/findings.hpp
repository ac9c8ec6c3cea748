// SPDX-License-Identifier: Apache-2.0
// What counts for a platform of the image: the findings of the reports that are about it and of the feeds, without what somebody suppressed.
#pragma once
#include <string>
#include <vector>

#include "advisory/finding.hpp"
#include "document/plan.hpp"
#include "patch/planning.hpp"
#include "patch/view.hpp"

namespace resole::patch {

// What does not count, and what has to be told, is written into `out`. Error(input) when a report or all feeds are about something else.
std::vector<advisory::Finding> gather_findings(const PlatformView& view, const ImageView& image, const PlanRequest& request, document::PlatformPlan& out);

// A report that fitted no platform at all must not pass in silence; of a directory, one has to fit.
void require_reports_used(const ImageView& image, const PlanRequest& request);

// What the image patterns of a policy are compared with.
std::vector<std::string> image_names(const ImageView& image, const PlanRequest& request);

}  // namespace resole::patch
