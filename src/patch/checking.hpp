// SPDX-License-Identifier: Apache-2.0
// A plan is reviewed, not trusted: it may be edited, old, or of another image. Before the work: is it a plan of this image, and does everything in it go
// forward? After the work, on the layers that were made: is the outcome what the plan says, and no more broken than before?
#pragma once
#include <vector>

#include "build/layers.hpp"
#include "document/plan.hpp"
#include "patch/view.hpp"

namespace resole::patch {

// Error(input): another source, platforms that are missing, added or of other manifests, layers that are not the image's.
void require_plan_of_image(const ImageView& image, const document::Plan& plan);
// Error(input): a package twice, or not at the version that the plan starts from; another family or architecture. Error(refused): a version that goes back.
void require_moves_forward(const PlatformView& view, const Ground& ground, const document::PlatformPlan& plan);
// Reads the package database as the new layers leave it. Error(refused): relations that held before do not any more. Error(internal): versions that are not
// the plan's.
void require_outcome(const PlatformView& view, const Ground& ground, const document::PlatformPlan& plan, const std::vector<build::BuiltLayer>& layers);

// Error(refused): the layers outgrow those that they replace by more than the plan's policy allows.
void require_growth(const PlatformView& view, const document::Plan& plan, const document::PlatformPlan& platform, const std::vector<build::BuiltLayer>& layers);

}  // namespace resole::patch
