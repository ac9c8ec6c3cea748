// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <nlohmann/json_fwd.hpp>

namespace resole {
using Json = nlohmann::json;                 // sorted keys
using OrderedJson = nlohmann::ordered_json;  // keys as they came
}  // namespace resole
