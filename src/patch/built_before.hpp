// SPDX-License-Identifier: Apache-2.0
// What an earlier build made of the same plan: the same plan gives the same bytes, so that they need not be made twice. Kept after the packages were
// proven and checked, by the whole text of the plan but for its asOf; the payload stays where the cache has it, what is small is kept beside.
#pragma once
#include <optional>
#include <string>

#include "base/effects.hpp"
#include "document/plan.hpp"
#include "patch/publishing.hpp"
#include "patch/view.hpp"

namespace resole::patch {

class BuiltBefore {
 public:
  BuiltBefore(const ImageView& image, const document::Plan& plan, Cache& cache);
  // nullopt also when a part is not in the cache any more.
  std::optional<Made> recall() const;
  void keep(const Made& made) const;

 private:
  const ImageView& image_;
  Cache& cache_;
  std::string key_;
};

}  // namespace resole::patch
