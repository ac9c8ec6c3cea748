// SPDX-License-Identifier: Apache-2.0
// Our own documents, which are reviewed and edited by others before they come back.
#pragma once
#include <string>
#include <string_view>

#include "document/plan.hpp"
#include "document/result.hpp"
#include "document/rollout.hpp"
#include "fuzz/targets.hpp"

namespace resole::fuzz {

template <class Read, class Write>
void same_document(std::string_view bytes, const Read& read, const Write& write) {
  tolerate([&] {
    const std::string written = write(read(bytes, "input"));
    require(write(read(written, "written")) == written, "written and read again it differs");
  });
}

inline void plan(std::string_view bytes) {
  same_document(bytes, document::read_plan, document::write_plan);
  tolerate([&] {
    const document::Plan read = document::read_plan(bytes, "input");
    require(document::plan_digest(read) == document::plan_digest(document::read_plan(document::write_plan(read), "written")), "digest");
    for (const document::PlatformPlan& platform : read.platforms) {
      for (const document::PlannedPackage& package : platform.packages) {
        const std::string path = package.candidate().entry.path;
        for (const std::string_view part : split(path, '/')) require(part != "..", "a path that leaves the repository");
      }
    }
  });
}

inline void result(std::string_view bytes) { same_document(bytes, document::read_result, document::write_result); }

inline void rollout(std::string_view bytes) {
  same_document(bytes, document::read_rollout, document::write_rollout);
  tolerate([&] {
    const document::Rollout read = document::read_rollout(bytes, "input");
    for (const document::Workload& workload : read.workloads) require(workload.image < read.images.size(), "an image that is not there");
  });
}

}  // namespace resole::fuzz
