// SPDX-License-Identifier: Apache-2.0
// What somebody says about findings besides the scanner: VEX documents of vendors, and the ignore lists of the people who run the image.
//
//   statement  = which advisories + what is said ("not_affected") + about what (an image, a package, a file) + when
//
// A statement counts only where everything that it is about can be seen to fit: whoever says "not affected" of another product, another digest or a
// condition that cannot be judged here has said nothing about this image. So a document about the original's digest says nothing about the patched image.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/package_url.hpp"
#include "base/digest.hpp"

namespace resole::advisory::vex {

// ignored: the operator's own word, which no VEX document takes back.
enum class Says : std::uint8_t { not_affected, fixed, affected, under_investigation, ignored };
std::string_view word(Says says);  // "not_affected", as OpenVEX has it; "ignored"

// Everything that is set must fit.
struct About {
  std::optional<PackageUrl> image;     // pkg:oci or pkg:docker
  std::string image_digest;            // "sha256:..."
  std::optional<PackageUrl> package;
  std::string path;                    // glob of the file it was found in: '*' stays within a directory, '**' does not
  std::string name, source, version;   // globs of package and source (exact version), as Grype's rules have them
  std::string type;                    // "deb", "npm"
  std::string fix_state;               // Grype's words: fixed, not-fixed, wont-fix, unknown
};

struct Statement {
  std::vector<std::string> ids;        // of the advisory; empty: any
  bool aliases = true;                 // they may be other names of the finding, too
  Says says = Says::not_affected;
  std::string reason;                  // justification and what is said to it
  std::vector<About> about;            // any of them; empty: everything
  std::int64_t time = 0;               // of several that fit the last one counts
  std::int64_t until = 0;              // from then on it no longer counts; 0: for ever
  std::string place;                   // "statements[3]", "line 7"
};

struct Document {
  std::string format;                  // "openvex", "csaf", "cyclonedx", "trivyignore", "grype"
  std::string name;                    // file name
  Digest sha256;
  std::vector<Statement> statements;
  std::vector<std::string> notes;      // what could not be taken, and why; for people
};

// Recognised from content. Error(input) with file, place and reason.
Document read_document(std::string_view bytes, std::string_view file_name);

}  // namespace resole::advisory::vex
