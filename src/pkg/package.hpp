// SPDX-License-Identifier: Apache-2.0
// Packages as every family has them: installed ones, candidates of repositories, and their relations. Values only.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"

namespace resole::pkg {

struct SourceRef {
  std::string name, version;  // deb: of the Source field, completed from the binary; apk: origin; rpm: sourcerpm
  auto operator<=>(const SourceRef&) const = default;
};

// `near` and its kin compare as far as the wish goes (apk's "~", "<~" and ">~"): 1.2 is near 1.2.3.
enum class Operator : std::uint8_t { any, less, less_equal, equal, greater_equal, greater, near, near_or_less, near_or_greater };

// One package wish: "libc6 (>= 2.36)", "python3:any".
struct Atom {
  std::string name;
  std::string arch;  // qualifier: "" none, "any", or an architecture
  Operator op = Operator::any;
  std::string version;
};
using Alternatives = std::vector<Atom>;  // one of them satisfies

struct Relations {
  std::vector<Alternatives> depends;      // Depends and Pre-Depends
  std::vector<Atom> breaks, conflicts, replaces;
  std::vector<Atom> provides;             // op equal when versioned, else any
  std::vector<Atom> install_if;           // apk: the package belongs to a system that has all of these; empty = it is only installed when asked for
};

struct Package {
  std::string name, version, arch;
  SourceRef source;
  std::string multi_arch;                 // "", "same", "foreign", "allowed"
  std::string section, priority;
  bool essential = false;                 // Essential or Protected or Important
  Relations relations;
  std::string key() const { return name + ":" + arch; }  // identifies an installed package
};

enum class InstallState : std::uint8_t { installed, broken, removed };  // broken: unpacked, half-*, triggers pending; removed: config-files, not-installed

struct InstalledPackage : Package {
  InstallState state = InstallState::installed;
  bool hold = false;                       // selection state hold
  bool sliced = false;                     // only parts of it are here (chiselled images); what they need is not known
  std::string maintainer;                  // tells third-party packages apart, with `origin`
  std::string origin;                      // control field Origin, when there
  std::vector<std::string> modified;       // paths of this package whose content is not the package's (conffiles apart), sorted; product.md "locally-modified"
  std::vector<std::string> deleted;        // paths of this package that upper layers deleted (path filters apart), sorted
};

// Where a candidate comes from and how it is proven: package sha256 <- index (by digest) <- signed release <- key.
struct RepositoryEntry {
  std::string uri;              // base URL that was used (after --package-mirror), without credentials: "http://mirror.example.org/debian"
  std::string suite;            // as in the source line, "bookworm-security"
  std::string component;        // "main"; "" for flat repositories
  std::string path;             // below uri: "pool/main/c/curl/curl_7.88.1-10+deb12u8_amd64.deb"
  Digest sha256;                // of the file; empty where the index has none (apk): then Family::judge finds it, and the plan holds it
  std::string checksum;         // what the index says of the package in its own words, where that is no sha256 of the file: apk's "Q1..."
  std::uint64_t size = 0;
  Digest index;                 // of the Packages file as downloaded (compressed)
  Digest release;               // of the signed release file (InRelease)
  std::string key;              // fingerprint that signed, upper-case hex
  std::string origin, label, codename;  // fields of the release
  bool security = false;        // Label or Origin (or archive name) says it is a security archive
  // What tells the package file from every other before it is here.
  std::string identity() const { return sha256.empty() ? checksum : sha256.text(); }
};

struct Candidate : Package {
  RepositoryEntry entry;
  std::string description_md5;
  int priority = 500;           // after the image's preferences
  std::uint32_t phased = 100;   // Phased-Update-Percentage, where the image's configuration says to wait for it
};

struct OsRelease {
  std::string id, version_id, codename, pretty_name, variant_id;
  std::vector<std::string> id_like;
  static std::optional<OsRelease> parse(std::string_view text);  // os-release(5); nullopt without ID
};

struct Inventory {
  std::string family;                       // "deb"
  OsRelease os;
  std::string arch;                         // native architecture in the family's words ("amd64")
  std::vector<std::string> foreign;         // dpkg --add-architecture
  std::vector<InstalledPackage> packages;   // sorted by name, then arch
  const InstalledPackage* find(std::string_view name, std::string_view arch) const;
};

// Offers of the image's repositories for one name, as the family's own tool sees them.
struct Offers {
  std::vector<Candidate> all;               // every version in every index, in the order of the indexes
  std::optional<std::size_t> chosen;        // what the family's policy (pins, priorities) would install; may be older than or equal to the installed
  std::vector<Candidate> elsewhere = {};    // what suites without packages for this architecture have for another one: known to exist, never to be had
};

struct RepositoryState {                    // one signed release that was read; goes to plan.repositories and plan.inputs
  std::string uri, suite, codename, label, origin, key;
  Digest release;
  std::vector<std::pair<std::string, Digest>> indexes;  // path below dists/SUITE -> digest as downloaded
  std::int64_t date = 0, valid_until = 0;   // 0 = field absent
  std::vector<std::string> lacking = {};    // architectures of the image that the suite has no packages for; not part of the plan's document
};

// A repository that could not be used holds its own packages, not the image.
struct RepositoryFailure { std::string uri, suite, message; };

class CandidateSource {
 public:
  virtual ~CandidateSource() = default;
  // arch "" = any architecture. Includes arch:all under every architecture.
  virtual Offers offers(std::string_view name, std::string_view arch) const = 0;
  virtual std::vector<Candidate> providers(std::string_view name) const = 0;  // packages whose Provides name it
  virtual std::vector<std::string> names() const = 0;                         // all package names, sorted (for the solver)
  virtual const std::vector<RepositoryState>& repositories() const = 0;
  virtual const std::vector<RepositoryFailure>& failures() const = 0;
  virtual std::vector<std::string> notes() const { return {}; }               // what a person should know of how they were proven
};

}  // namespace resole::pkg
