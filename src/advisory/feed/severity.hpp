// SPDX-License-Identifier: Apache-2.0
// Severities in the words of vendors and as CVSS vectors.
#pragma once
#include <string_view>
#include <vector>
#include <string>

#include "advisory/finding.hpp"

namespace resole::advisory::feed {

Severity severity_of_word(std::string_view word);         // "Important", "moderate", "high**", "HIGH"; unknown words are unknown
Severity severity_of_cvss3(std::string_view vector);      // "CVSS:3.1/AV:N/..."; by the base score (CVSS 3.1 specification, section 7.1)
std::vector<std::string> cves_in(std::string_view text);  // "CVE-2024-1234" wherever it stands, each once, in the order of the text

}  // namespace resole::advisory::feed
