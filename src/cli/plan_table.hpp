// SPDX-License-Identifier: Apache-2.0
// A plan for people: per platform, grouped by where findings end; then how many end where, and what to do next.
#pragma once
#include <string>

#include "document/plan.hpp"

namespace resole::cli {

std::string plan_table(const document::Plan& plan, bool color);  // fits 100 columns
std::string plan_markdown(const document::Plan& plan);           // for tickets
// Copies of patched code that no package owns.
std::string shadow_copies_table(const std::vector<document::ShadowCopy>& copies, bool color);
// "21 packages change, 1 held" for messages.
std::string plan_summary(const document::Plan& plan);

}  // namespace resole::cli
