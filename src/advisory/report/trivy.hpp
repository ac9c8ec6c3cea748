// SPDX-License-Identifier: Apache-2.0
// Trivy's JSON report, schema 2 (pkg/types/report.go of aquasecurity/trivy). Its older and wider shapes are recognised and refused by name.
#pragma once
#include "advisory/finding.hpp"
#include "base/json_fwd.hpp"

namespace resole::advisory::trivy {

bool recognise(const Json& report);
void read(const Json& report, Report& out);

}  // namespace resole::advisory::trivy
