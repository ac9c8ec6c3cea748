// SPDX-License-Identifier: Apache-2.0
// plan -> patched image at its destinations: prove, fetch, upgrade, layers, edit, copy, publish. Exactly the plan, or an error and the old destination.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "document/result.hpp"
#include "patch/view.hpp"

namespace resole::patch {

enum class OnUnchanged { copy, skip, fail };

struct DestinationRequest {
  oci::Location location;
  std::string deployed_as;      // --deployed-as
};

struct BuildRequest {
  std::vector<DestinationRequest> destinations;
  pkg::RepositoryOptions repositories;   // for the proof
  bool trust_plan = false;
  bool force = false;
  OnUnchanged on_unchanged = OnUnchanged::copy;
  // After each destination, with the result so far: when a later one fails, what is written already must still be told.
  std::function<void(const document::Result&)> published;
};

// `image`, with its layers read, must be what the plan was made from (source digest, diff_ids); Error(input) otherwise.
document::Result build_image(const ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools);
// The same; when the same plan was built before and what was new then is still at hand, it is delivered, and no layer is read.
document::Result build_or_recall(ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools);

}  // namespace resole::patch
