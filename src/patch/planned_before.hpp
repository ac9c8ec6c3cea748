// SPDX-License-Identifier: Apache-2.0
// The plan that an earlier run made from the same inputs, so that a night with nothing new costs a few conditional requests.
//
// A plan follows from the image, the operator's words, the recipes, this program, and the signed releases of the repositories; everything else is
// named by digests in those. Each release that was read is asked for again; when all have the bytes that they had, the plan is the one of then but
// for its asOf. What could still differ is excluded: plans made with a failure or a warning are not kept; a release that has expired since, an end
// of life that has come, a clock that went back, or a newer release seen by another run make the kept plan unusable. Then one plans anew.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "document/plan.hpp"
#include "patch/planning.hpp"
#include "patch/view.hpp"

namespace resole::patch {

// Seconds that something is kept at most: keys and signatures expire without being named in a plan.
inline constexpr std::int64_t kLongestKept = 3 * 24 * 3600;

class PlannedBefore {
 public:
  PlannedBefore(const ImageView& image, const PlanRequest& request, const Tools& tools);
  ~PlannedBefore();
  std::optional<document::Plan> recall() const;
  // What planning must use, so that keep() knows what was asked and whether anything went wrong.
  const Tools& watched() const;
  void keep(const document::Plan& plan) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace resole::patch
