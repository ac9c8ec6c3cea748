// SPDX-License-Identifier: Apache-2.0
// An image on another base, as if it had come so: what is planned and built after that is an ordinary patch of it.
#pragma once
#include <set>
#include <string>
#include <vector>

#include "build/layers.hpp"
#include "document/plan.hpp"
#include "patch/base.hpp"
#include "patch/view.hpp"

namespace resole::patch {

struct Rebased {
  PlatformView view;                      // manifest and config on the new base; the tree has the merged database
  std::vector<build::BuiltLayer> layers;  // the merge; none where the database says what is true already
  std::size_t strip = 0;                  // top layers of the given image that were left out: all of ours
  document::PlannedBase base;             // with guards and changes
  pkg::Inventory base_packages;           // of the new base alone
  std::string created;                    // of the new base
  std::vector<std::string> notes;
};

// The guard "dependencies" is not among base.guards: what does not fit yet may be moved by the plan. When one of the others failed, the view is that of the
// layers as they lie, without the merge.
Rebased rebase(const PlatformView& given, const BaseFinding& base, const std::set<std::string>& allowed, const std::string& compression, const Tools& tools);

}  // namespace resole::patch
