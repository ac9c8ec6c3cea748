// SPDX-License-Identifier: Apache-2.0
// The plan, resole/plan/v1: a lock. docs/schema/plan.json is its JSON Schema; product.md "The documents" its meaning. Sorted keys, no clock, enumerations closed.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisory/finding.hpp"
#include "base/json_fwd.hpp"
#include "oci/descriptor.hpp"
#include "pkg/package.hpp"
#include "pkg/verdict.hpp"

namespace resole::document {

inline constexpr std::string_view kPlanSchema = "resole/plan/v1";

enum class Why { reported, security, data, all, dependency, lockstep, floor, rebase };
// Every finding ends in one scope.
enum class Scope { here, rebase, application, not_yet };

// Why a known fix is not taken. Closed; each has a sentence for people and, where one exists, the option that takes it (document/reasons.cpp).
enum class HeldReason {
  hold,                    // dpkg hold, or --hold
  not_selected,            // outside --only / --min-severity
  scripts,                 // maintainer scripts changed and no rule covers them (--scripts)
  locally_modified,        // --on-modified
  upstream_bump,           // third-party repository, upstream version changes; or the fix is another upstream version, which this release does not have
  pinned,                  // the image's apt preferences keep the older version
  unsatisfiable,           // dependencies of the new version cannot be met
  breaks_installed,        // the new version breaks or conflicts with something that stays
  held_with,               // moves only together with a held package (lockstep or dependency)
  fix_not_available,       // no repository offers a version with the fix (candidate < needed)
  needs_repository,        // the fix is in a repository that the image does not have (Ubuntu Pro, EUS)
  not_yet_published,       // the fix is of this release, and the repositories do not have it yet
  module_stream,           // the fix is of a module stream that is not enabled, or of none
  repository_unverified,   // its repository could not be verified
  phased,                  // phased update not complete
  version_skew,            // --lockstep across platforms
  would_remove,            // taking it would remove a package
  needs_sandbox,           // its scripts would run (--scripts sandbox), but no sandbox can be made here
  needs_emulator,          // its scripts would run, but they are of another architecture than this machine
  policy,                  // a rule or the severity floor of --policy
  too_new,                 // not public for as long as --policy wants (minReleaseAge)
  unimportant,             // nothing that could move is worth a new digest (newDigestFor of --policy)
  architecture_not_in_suite,  // the suite with the fix has no packages for this architecture
};
enum class UnfixedReason { no_fix, will_not_fix, deferred, end_of_life, under_investigation, not_a_distribution_package };

struct PlannedPackage {
  std::string name, arch, from, to;      // from "" = newly installed
  pkg::SourceRef source, from_source;
  pkg::RepositoryEntry repository;
  Why why = Why::all;
  std::string why_detail;                // "lockstep with openssl", "needed by curl (Depends: libcurl4 (= ...))"
  std::vector<std::string> fixes;        // advisory ids, sorted
  advisory::Severity severity = advisory::Severity::unknown;  // the highest it fixes
  pkg::Verdict verdict;
  bool noise = false;                    // kernel headers and the like: shown apart
  bool reproducible = true;
  std::vector<std::string> overwrite, keep;  // modified paths by --on-modified
  std::vector<std::string> inferred;     // those of `fixes` that only a report of another platform names
  bool known_exploited = false;          // one of the fixes is on a KEV list
  std::string rule;                      // of the policy, that lets it move past a limit; "" none was needed
  pkg::Candidate candidate() const;      // what Family::upgrade needs of it
  std::optional<pkg::Candidate> against() const;  // the installed version, when its package was looked at
};

struct HeldPackage {
  std::string name, arch, installed, candidate;  // candidate "" when none
  pkg::SourceRef source;
  HeldReason reason = HeldReason::hold;
  std::string detail;                    // "conffile-free file changed: /usr/bin/x", "Depends: libfoo (>= 2) is not offered"
  std::string option;                    // "--on-modified overwrite"; "" when none helps
  std::vector<std::string> fixes;        // advisory ids that stay open
  advisory::Severity severity = advisory::Severity::unknown;
  bool requested = false;                // reported, security or named: then the outcome is partial (exit 7)
  bool noise = false;
  Scope scope = Scope::here;
  std::vector<std::string> inferred;     // as in PlannedPackage
  bool known_exploited = false;
  std::string rule;                      // of the policy, when it decided: "policy.yaml rules[0] \"database\""
  std::string until;                     // RFC 3339, when the hold ends by itself; ""
};

struct UnfixedFinding {
  std::string id, package, installed, needed;
  advisory::Severity severity = advisory::Severity::unknown;
  UnfixedReason reason = UnfixedReason::no_fix;
  std::string detail;
  Scope scope = Scope::not_yet;
  bool inferred = false;                 // only a report of another platform names it
};

// A finding whose fix the image has: the report is older than the image, or compared a binary's version with a source's.
struct AlreadyFixed {
  std::string id, package, installed;    // as installed, the binary's version
  pkg::SourceRef source;                 // what `fixed` is a version of, and the version that reaches it; empty: of the binary itself
  std::string fixed;
  bool inferred = false;
};

// A finding that does not count, because somebody said so: a VEX document, an ignore list, or the report itself.
struct SuppressedFinding {
  std::string id, package, installed;
  advisory::Severity severity = advisory::Severity::unknown;
  std::string by, says, reason;          // "team.openvex.json statements[3]", "not_affected", "component_not_present"
  std::string until;                     // RFC 3339, or ""
};

struct NotInImage { std::string id, package; };             // a report speaks of a package that the image does not have
// An ELF file of no package that has a patched package's code: how that is known ("soname", "hashed-soname", "content", "build-id",
// "version-string", plan/shadow_copies.cpp), and of one that is linked in, its version.
struct ShadowCopy { std::string path, soname, package, layer, proof, version; };
// "env", "NGINX_VERSION", "1.25.1", "nginx"; "label"; "sbom", its path, the version that it names; "attestation", its digest, the image it is about.
struct StaleMetadata { std::string where, name, value, package; };

struct PlannedBase { std::string name, found_by; Digest old_digest, new_digest; std::size_t layers = 0; };

struct PlatformPlan {
  oci::Platform platform;
  bool patched = true;                   // false: carried as it is (--platform, or not a family we know)
  std::string carried_because;
  Digest manifest, config;               // of the given image
  Digest config_content;                 // of what a patch does not change in the config (patch/lineage.hpp); empty in plans of older versions
  std::vector<Digest> diff_ids;          // of the given image, own layers of an earlier run included
  std::size_t own_layers = 0;            // top layers that are ours and are replaced
  pkg::OsRelease os;
  std::string end_of_life;               // "YYYY-MM-DD" or ""
  bool past_end_of_life = false;
  std::optional<PlannedBase> base;
  std::string strategy = "append";
  std::string family, arch;
  std::vector<PlannedPackage> packages;  // sorted by name, arch
  std::vector<HeldPackage> held;
  std::vector<UnfixedFinding> unfixed;
  std::vector<SuppressedFinding> suppressed;  // sorted by package, id
  std::vector<AlreadyFixed> already_fixed;    // sorted by package, id
  std::vector<NotInImage> not_in_image;
  std::vector<ShadowCopy> shadow_copies;
  std::vector<StaleMetadata> stale_metadata;
  std::vector<pkg::RepositoryState> repositories;
  std::vector<pkg::RepositoryFailure> repository_failures;
  std::vector<std::string> notes;
};

struct Input { std::string kind, name; Digest sha256; };  // "report", "feed", "release", "index", "policy", "vex"

// What a partial fix means: exit 7; done; refused before anything is written.
enum class OnPartial { report, accept, refuse };
// By how much the layers of a platform may outgrow those that they replace; 0: not limited.
struct GrowthLimit {
  std::uint64_t bytes = 0;
  unsigned percent = 0;                  // of the image's layers
};
// What of the policy a build keeps to.
struct AppliedPolicy {
  std::string name;
  Digest sha256;
  OnPartial on_partial = OnPartial::report;
  std::optional<GrowthLimit> growth;
};
struct Skew { std::string package; std::map<std::string, std::string> versions; };  // platform text -> version

struct Plan {
  std::string as_of;                     // RFC 3339
  std::string tool_version;
  std::map<std::string, std::string> compressors;  // "gzip" -> text
  std::string compression = "gzip";      // of the new layers
  std::string source_reference;          // as given
  std::string source_deployed_as;        // --source-deployed-as, or ""
  oci::Descriptor source;                // root
  std::map<std::string, std::string> options;  // those that shaped the plan, canonical text
  std::vector<PlatformPlan> platforms;   // in the index's order
  std::vector<Input> inputs;
  std::vector<Skew> skew;
  std::optional<AppliedPolicy> policy;

  bool changes() const;                  // any package that is not noise, anywhere
  bool partial() const;                  // any held with requested and not noise
};

Json to_json(const Plan& plan);
std::string write_plan(const Plan& plan);                              // dump_document
Plan read_plan(std::string_view text, std::string_view what);          // Error(input) with the path in the document; unknown fields ignored
Digest plan_digest(const Plan& plan);                                  // of what will be built: source, packages by sha256, compressor; not of how it was decided

// The words of the enumerations as they stand in documents ("locally-modified"), and the sentences for people.
std::string_view word(Why why);
std::string_view word(Scope scope);
std::string_view word(HeldReason reason);
std::string_view word(UnfixedReason reason);
std::string_view word(OnPartial meaning);
std::string_view sentence(HeldReason reason);
std::string_view option_for(HeldReason reason);
const std::vector<HeldReason>& all_held_reasons();

}  // namespace resole::document
