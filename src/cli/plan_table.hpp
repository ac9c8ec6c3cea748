// SPDX-License-Identifier: Apache-2.0
// A plan for people: per platform what changes and why, what is held and by which option it would be taken, what has no fix; then what to do next.
#pragma once
#include <string>

#include "document/plan.hpp"

namespace resole::cli {

std::string plan_table(const document::Plan& plan, bool color);
// Copies of patched code that no package owns.
std::string shadow_copies_table(const std::vector<document::ShadowCopy>& copies, bool color);
// "21 packages change, 1 held" for messages.
std::string plan_summary(const document::Plan& plan);

}  // namespace resole::cli
