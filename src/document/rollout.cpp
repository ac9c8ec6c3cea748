// SPDX-License-Identifier: Apache-2.0
#include "document/rollout.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "document/describe_rollout.hpp"

namespace resole::document {

Json to_json(const Rollout& rollout) { return document_json(rollout, kRolloutSchema); }

std::string write_rollout(const Rollout& rollout) { return dump_document(to_json(rollout)); }

Rollout read_rollout(std::string_view text, std::string_view what) {
  Rollout rollout = read_document<Rollout>(text, kRolloutSchema, what);
  for (std::size_t i = 0; i < rollout.workloads.size(); ++i) {
    if (rollout.workloads[i].image < rollout.images.size()) continue;
    throw Error(ErrorKind::input, fmt::format("{}: workloads[{}].image: there is no image {}", what, i, rollout.workloads[i].image));
  }
  return rollout;
}

}  // namespace resole::document
