// SPDX-License-Identifier: Apache-2.0
// The table of report formats. A new one is a file in report/ and a line in formats.cpp (docs/adding-a-report-format.md).
#pragma once
#include <span>
#include <string_view>

#include "advisory/finding.hpp"
#include "base/json_fwd.hpp"

namespace resole::advisory {

struct Format {
  std::string_view name;                          // Report::format
  std::string_view title;                         // for the message that lists the known formats
  bool (*recognise)(const Json& report);          // by shape only; never throws
  void (*read)(const Json& report, Report& out);  // fills subject and findings; Error(input) names the place inside the report
};

std::span<const Format> formats();

}  // namespace resole::advisory
