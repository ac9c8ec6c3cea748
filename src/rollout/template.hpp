// SPDX-License-Identifier: Apache-2.0
// The one wrapper of mustache: logic-less templates over a JSON context. Nothing is escaped; the context holds text that fits its rendering already.
#pragma once
#include <string>
#include <string_view>

#include "base/json_fwd.hpp"

namespace resole::rollout {

// Error(input) naming the template when it does not parse.
std::string render_template(std::string_view name, std::string_view text, const Json& context);

}  // namespace resole::rollout
