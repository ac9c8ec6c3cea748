// SPDX-License-Identifier: Apache-2.0
// What an earlier build made of the same plan: the same plan gives the same bytes, so that they need not be made twice. Kept after the packages were
// proven and checked, under the whole text of the plan but for its asOf and under all that the proof stands on (keyrings, repositories, recipes), for as long
// as a plan is kept; the payload stays where the cache has it, what is small is kept beside.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/effects.hpp"
#include "document/plan.hpp"
#include "patch/building.hpp"
#include "patch/publishing.hpp"
#include "patch/view.hpp"

namespace resole::patch {

class BuiltBefore {
 public:
  BuiltBefore(const ImageView& image, const document::Plan& plan, const BuildRequest& request, const Tools& tools);
  // nullopt also when a part is not in the cache any more. The parts have their sizes; is_intact() says whether they are what they are called.
  std::optional<Made> recall() const;
  void keep(const Made& made) const;

 private:
  const ImageView& image_;
  Cache& cache_;
  std::string key_;
  std::int64_t now_;
};

// Whether every part has the digest of its descriptor.
bool is_intact(const Made& made);

}  // namespace resole::patch
