// SPDX-License-Identifier: Apache-2.0
// Which findings of an image do not count, because somebody said so (statement.hpp).
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "advisory/finding.hpp"
#include "advisory/vex/statement.hpp"
#include "pkg/package.hpp"

namespace resole::advisory::vex {

// The image as it was given; nothing of the one that it was patched from, for which other things may have been said.
struct ImageIdentity {
  std::vector<std::string> digests;                         // of its manifest, config and index
  std::vector<std::pair<std::string, std::string>> names;  // "registry.example.org/team/app", tag
  std::string architecture;                                 // in OCI's words
  const pkg::Inventory& inventory;
};

struct Suppression {
  Finding finding;
  std::string by, says, reason;  // "team.openvex.json statements[3]", "not_affected", "component_not_present"
  std::int64_t until = 0;        // 0: for ever
};

// Takes out of `findings` what the documents suppress at the time `now`, and what a report itself calls suppressed.
std::vector<Suppression> suppress(std::vector<Finding>& findings, const std::vector<Document>& documents, const ImageIdentity& image, std::int64_t now);

// '*' and '?' stay within a directory, '**' goes through any number of them, "{a,b}" are alternatives: as Trivy and Grype read paths.
bool path_matches(std::string_view glob, std::string_view path);

}  // namespace resole::advisory::vex
