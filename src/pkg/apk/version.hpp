// SPDX-License-Identifier: Apache-2.0
// The order of Alpine package versions, exactly that of apk-tools 3 (src/version.c; apk-package(5)) for what it calls valid.
#pragma once
#include <string_view>

#include "pkg/package.hpp"

namespace resole::apk {

// digits{.digits}[letter]{_suffix[n]}[~hash][-rN]
bool is_version(std::string_view text);
// May it stand in a database? Not empty, without blanks and control characters: also what apk calls invalid, which is ordered, not refused.
bool is_readable_version(std::string_view text);

// <0, 0, >0. apk calls two versions equal as soon as both have something that it does not know at the same place ("6.6.2p1-r0" and "6.6.2p2-r0", which Alpine
// shipped); here they are ordered by what follows, and two different texts of that kind are never equal.
int compare_versions(std::string_view a, std::string_view b);

// Does the version fit an operator of apk's dependencies: < <= = >= > and, with '~' ("~", "<~", ">~", also "=~"), compared as far as `wanted` goes?
bool satisfies(std::string_view version, std::string_view op, std::string_view wanted);

bool satisfies(std::string_view version, pkg::Operator op, std::string_view wanted);

}  // namespace resole::apk
