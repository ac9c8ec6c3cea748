// SPDX-License-Identifier: Apache-2.0
// What was said about this image, by its digests and names: to VEX documents and to the image patterns of a policy.
#pragma once
#include <string>
#include <vector>

#include "advisory/finding.hpp"
#include "document/plan.hpp"
#include "patch/planning.hpp"
#include "patch/view.hpp"

namespace resole::patch {

// What the image patterns of a policy are compared with: the reference as given, with and without tag, and the one under which the image runs.
std::vector<std::string> image_names(const ImageView& image, const PlanRequest& request);

// Takes out of the findings what VEX documents, ignore lists and the reports themselves suppress. Only the given image's own digests count: what was said of
// the one that it was patched from is not said of it.
std::vector<document::SuppressedFinding> screen(std::vector<advisory::Finding>& findings, const PlatformView& view, const ImageView& image,
                                                const PlanRequest& request);

}  // namespace resole::patch
