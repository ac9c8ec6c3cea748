// SPDX-License-Identifier: Apache-2.0
// Documents against docs/schema/*.json, judged by an implementation of JSON Schema that is not ours (Python's jsonschema).
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace resole::document {

bool have_schema_checker();

// One line per document that does not fit, "INDEX: PATH: problem"; empty when all fit. `name`: "plan", "result", "rollout".
std::string schema_problems(std::string_view name, const std::vector<std::string>& documents);

}  // namespace resole::document
