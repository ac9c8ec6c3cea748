// SPDX-License-Identifier: Apache-2.0
// Why is this fixed, held or absent? (`resole plan --explain CVE-…|PACKAGE`) Retold from what the plan was made of: findings, the package database, offers.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "document/plan.hpp"
#include "pkg/family.hpp"

namespace resole::plan {

struct Explained {
  const document::PlatformPlan& plan;
  const pkg::Inventory& inventory;  // of the given image
  const pkg::CandidateSource& offers;
  const pkg::Family& family;        // for the version order only
  const std::vector<advisory::Finding>& findings;  // that count
};

// A few lines for people about one advisory (by any of its names) or package (binary or source).
std::vector<std::string> explain(const Explained& facts, std::string_view subject);

}  // namespace resole::plan
