// SPDX-License-Identifier: Apache-2.0
// What a scanner or feed says about a package. Fix versions are SOURCE versions for deb (field/matching.md 0.1): they are never compared with binary versions.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"

namespace resole::advisory {

enum class Severity : std::uint8_t { unknown, negligible, low, medium, high, critical };
std::string_view severity_name(Severity severity);  // "HIGH"
Severity parse_severity(std::string_view text);     // any case; unknown words are Severity::unknown

// matching.md section 2 "Semantics to encode once"
enum class Status : std::uint8_t { fixed, unfixed, will_not_fix, deferred, not_affected, end_of_life, under_investigation, unknown };
std::string_view status_name(Status status);

// What the fix version is a version of. Most reports do not say it, then it is as the family's advisories have it: deb and apk the source's (the origin's),
// rpm the binary's. Source and binary versions are never compared with each other (matching.md 0.1).
enum class FixOf : std::uint8_t { family, source, binary };

struct Finding {
  std::string id;                     // CVE-..., DSA-..., GHSA-...
  std::vector<std::string> aliases;   // the same under other names, and the vendor's advisories
  std::string package, arch;          // binary package as the report names it; arch "" when unknown
  std::string source;                 // source package when the report knows it
  std::string source_version;         // installed version of the source, when the report knows it
  std::string purl;                   // package URL of the installed package; ""
  std::string type;                   // "deb", "rpm", "apk", "npm", "gobinary" ...; "" when unknown
  std::string module;                 // rpm module stream "nodejs:18"; ""
  std::string installed, fixed;       // versions as printed; fixed "" = no fix
  std::vector<std::string> fixed_in;  // when several are given: one per branch that is maintained; `fixed` is the first of them
  FixOf fix_of = FixOf::family;
  Severity severity = Severity::unknown;
  Status status = Status::unknown;
  std::string status_word;            // as the report or the vendor's feed has it ("fix_deferred", "postponed"); shown to people
  bool operating_system = true;       // false: a language package or a file outside the package manager
  bool by_cpe = false;                // guessed from a product name, so never a distribution's package (and operating_system is false)
  bool selector = false;              // names an advisory to fix; its versions are from free text and not to be planned with (SARIF)
  bool inferred = false;              // read for another platform of the same image: holds for the source package, not for the binary
  bool known_exploited = false;       // on a KEV list
  double epss = -1;                   // 0..1; negative when unknown
  std::string suppressed;             // the report itself calls it suppressed: by what, in words; "" = it counts
  std::string origin;                 // name of the report or feed that says so
  std::string target, title, url;     // where it was found, for people
};

// A package that a report or SBOM lists, whether or not something was found in it.
struct ListedPackage {
  std::string name, version, arch, source, source_version, purl, type;
};

// What the report says the image is; checked against the image before anything is planned.
struct Subject {
  std::string name, image_id, os_family, os_name, architecture;
  std::vector<std::string> diff_ids, digests;
  std::vector<std::string> layer_digests;  // compressed layers, bottom first, when the scanner names those instead of diff_ids
};

// Rows that could not be read. A report with some of them is not whole, and whatever is made of it says so.
struct LeftOut {
  std::size_t count = 0;
  std::string first;                  // where the first stands, and why it could not be read
  void add(std::string_view reason);
};

struct Report {
  std::string format;                 // "trivy"
  std::string name;                   // file name, for messages
  Digest sha256;                      // of its bytes
  Subject subject;
  std::vector<Finding> findings;
  std::vector<ListedPackage> packages;  // as far as the report lists them
  bool inventory_only = false;        // an SBOM without findings: something to plan against, not a list of what to fix
  LeftOut left_out;
  std::vector<std::string> notes;     // what was left out, and why; for people
};

// Recognised from content, read as it streams by. Error(input) with file, offset and reason; Error(input) listing the known formats when none fits.
Report read_report(Source& bytes, std::string_view file_name);
Report read_report(std::string_view bytes, std::string_view file_name);

struct ImageFacts {                   // of one platform
  std::string config_digest, manifest_digest, root_digest, os_id, os_version, architecture;
  std::vector<std::string> diff_ids;  // of the image as given
  std::vector<std::string> original_diff_ids;  // without the layers of an earlier run; may be empty: a report on either is a report on this image
  std::vector<std::string> layer_digests;      // compressed layers, bottom first
  std::vector<std::pair<std::string, std::string>> packages = {};  // name and version of what is installed, sources included, sorted; for reports without digests
};
// By digest or diff_ids; by os and packages only; about another platform of the same release (its findings hold by source package); about another image.
enum class Match { proven, plausible, other_platform, mismatch };
// `why` receives both sides in words.
Match match(const Report& report, const ImageFacts& image, std::string& why);

}  // namespace resole::advisory
