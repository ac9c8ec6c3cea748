// SPDX-License-Identifier: Apache-2.0
// Reports of scanners.
#pragma once
#include <string>
#include <string_view>

#include "advisory/finding.hpp"
#include "fuzz/targets.hpp"

namespace resole::fuzz {

inline void report(std::string_view bytes) {
  tolerate([&] {
    const advisory::Report read = advisory::read_report(bytes, "report.json");
    require(!read.format.empty() && read.sha256 == Digest::of(bytes), "format and digest");
    for (const advisory::Finding& finding : read.findings) {
      require(!finding.id.empty() && !finding.package.empty(), "a finding without id or package");
      require(is_utf8(finding.title) && is_utf8(finding.target), "text");
    }
    std::string why;
    const advisory::Match match = advisory::match(read, {.os_id = "debian", .os_version = "12", .architecture = "amd64"}, why);
    require(match == advisory::Match::proven || !why.empty(), "nothing is said about the image");
  });
}

}  // namespace resole::fuzz
