// SPDX-License-Identifier: Apache-2.0
// What a scanner or feed says about a package. Fix versions are SOURCE versions for deb (field/matching.md 0.1): they are never compared with binary versions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"

namespace resole::advisory {

enum class Severity : std::uint8_t { unknown, negligible, low, medium, high, critical };
std::string_view severity_name(Severity severity);  // "HIGH"
Severity parse_severity(std::string_view text);     // any case; unknown words are Severity::unknown

// matching.md section 2 "Semantics to encode once"
enum class Status : std::uint8_t { fixed, unfixed, will_not_fix, deferred, not_affected, end_of_life, under_investigation, unknown };
std::string_view status_name(Status status);

struct Finding {
  std::string id;                     // CVE-..., DSA-..., GHSA-...
  std::vector<std::string> aliases;
  std::string package, arch;          // binary package as the report names it; arch "" when unknown
  std::string source;                 // source package when the report knows it
  std::string installed, fixed;       // versions as printed; fixed "" = no fix
  Severity severity = Severity::unknown;
  Status status = Status::unknown;
  bool operating_system = true;       // false: a language package or a file outside the package manager
  std::string target, title, url;     // where it was found, for people
};

// What the report says the image is; checked against the image before anything is planned.
struct Subject {
  std::string name, image_id, os_family, os_name, architecture;
  std::vector<std::string> diff_ids, digests;
};

struct Report {
  std::string format;                 // "trivy"
  std::string name;                   // file name, for messages
  Digest sha256;                      // of its bytes
  Subject subject;
  std::vector<Finding> findings;
};

// Recognised from content. Error(input) with file, offset and reason; Error(input) listing the known formats when none fits.
Report read_report(std::string_view bytes, std::string_view file_name);

struct ImageFacts {                   // of one platform
  std::string config_digest, manifest_digest, root_digest, os_id, os_version, architecture;
  std::vector<std::string> diff_ids;  // of the image as given
  std::vector<std::string> original_diff_ids;  // without the layers of an earlier run; may be empty: a report on either is a report on this image
};
enum class Match { proven, plausible, mismatch };  // by digest or diff_ids; by os only; about another image
// `why` receives both sides in words.
Match match(const Report& report, const ImageFacts& image, std::string& why);

}  // namespace resole::advisory
