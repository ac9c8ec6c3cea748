// SPDX-License-Identifier: Apache-2.0
// The interface of a package family (deb, apk; later rpm). Distros are data (recipes/), families are code. families.cpp is the table.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "archive/compression.hpp"
#include "base/effects.hpp"
#include "base/error.hpp"
#include "oci/descriptor.hpp"
#include "pkg/package.hpp"
#include "pkg/recipe.hpp"
#include "pkg/script_order.hpp"
#include "pkg/verdict.hpp"
#include "rootfs/layer_draft.hpp"
#include "rootfs/tree.hpp"

namespace resole::pkg {

// How repositories are reached, from options (product.md "Trust"). Everything here is the operator's word; the image's own files only name repositories.
struct RepositoryOptions {
  std::vector<std::pair<std::string, std::string>> mirrors;  // --package-mirror FROM=TO, longest FROM that prefixes the URI wins
  std::vector<std::string> extra;                            // --package-repo: deb: a one-line source without "deb", "URI SUITE COMPONENT..."; apk: a URL, with "@TAG" before it or not
  std::vector<std::string> keyrings;                         // --add-keyring, bytes
  bool replace_keyrings = false;                             // --replace-keyring: only these
  std::int64_t now = 0;                                      // asOf; Valid-Until and ages are judged by it
  std::int64_t max_index_age = -1;                           // seconds; replaces Valid-Until when >= 0
  bool security_only = false;
  unsigned jobs = 2;
  std::map<std::string, Error> unusable = {};          // repository URL -> why it is left out unasked: its server does not hand out its packages
};

struct Item {                 // one package to upgrade (or to add: `from` empty)
  std::string name, arch, from;
  Candidate to;
  std::function<Blob()> archive;        // the package file, proven by sha256; may wait for its download, may be called more than once, on any thread
  std::vector<std::string> overwrite;   // modified paths that are overwritten (--on-modified overwrite)
  std::vector<std::string> keep;        // modified paths that stay as they are (--on-modified keep)
  bool run_scripts = false;             // its maintainer scripts are run around the upgrade: nothing is done in their place
  std::vector<std::string> actions = {};  // in place of its scripts (Verdict::actions); none of a package whose scripts run
};

struct UpgradeRequest {
  const rootfs::Tree& tree;
  const Inventory& inventory;
  std::vector<Item> items;
  const RecipeBook& recipes;
  std::int64_t epoch = 0;     // 0: the newest member time of the packages is found and handed back in the result
  archive::Compression compression = archive::Compression::gzip;
  unsigned jobs = 2;
  Cache& cache;               // room "segment"
  SpoolFactory spool;
  Reporter& reporter;
};

// A stretch of the payload layer: whole blocks of the compressor, so that segments can be joined in any number.
struct Segment {
  std::string package;                   // "curl:amd64 7.88.1-10+deb12u8"
  std::shared_ptr<const Spool> raw;      // tar members without end blocks (may be null when only `compressed` was cached)
  Blob compressed;                       // the same, compressed
  std::vector<rootfs::Entry> entries;
};

struct KeptMetadata { std::string path, what; };  // "mode 2755 kept, package has 0755 (a later layer changed it)"

struct UpgradeResult {
  rootfs::LayerDraft head;               // payload: whiteouts of obsolete files and every directory of the segments
  std::vector<Segment> segments;         // payload: files, in package name order
  rootfs::LayerDraft database;           // package database, conffile results, caches, whiteouts of stale bytecode
  std::int64_t epoch = 0;                // newest member time of the packages' files (data members), or the request's when that is set: dates what we synthesise
  std::string payload_key;               // fingerprint: package sha256s, old versions, lower state of touched paths, owner map, path filters, compressor
  std::vector<KeptMetadata> kept;        // setuid bits, owners that stay as the image has them
  std::vector<std::string> notes;        // conffiles kept (.dpkg-dist written), directories left, ...
};

// Whether a planned package was proven again (Family::prove).
struct Proof {
  std::string problem;  // "" = proven
  std::string uri;      // the repository that proved it, which then has the file too; not always the plan's (another mirror)
};

enum class VerifyKind : std::uint8_t {
  damage,   // the package database does not fit together
  changed,  // a file has not the content that its package gave it, and nobody below or above is known to have given it another
  missing,  // a file, link or directory of a package is not there: images delete what they do not need (documentation), which is no error
  local,    // a file was changed after its package was installed: by a layer above, or before the package was upgraded and kept
};

struct VerifyFinding {
  std::string path, package, problem;
  VerifyKind kind = VerifyKind::damage;
  bool is_problem() const { return kind == VerifyKind::damage || kind == VerifyKind::changed; }
};

// Another base under an application's layers: what the database and the files that are made from it come to. `stacked`: the layers of `new_base` and above them
// the application's; what lies there is what the files are.
struct MergeRequest {
  const rootfs::Tree& old_base;
  const rootfs::Tree& new_base;
  const rootfs::Tree& application;  // the old base and the application's layers
  const rootfs::Tree& stacked;
  std::string arch;                 // as the inventory has it
  std::int64_t epoch = 0;           // dates what is written anew
};

// What no side can be given right about: a package whose files come from both, a file that both changed, a number that two users have.
struct MergeConflict { std::string subject, problem; };

struct MergeResult {
  rootfs::LayerDraft draft;         // over `stacked`; empty when its files say already what is true
  std::vector<MergeConflict> conflicts;
  std::vector<std::string> notes;   // what a person should know: configuration files that stay the application's
};

// Contract: pure but for the Fetcher, Cache and Spool handed in. Thread-safe. Errors: Error(input) for databases and packages that are damaged,
// Error(verification) for what is not what an index says.
class Family {
 public:
  virtual ~Family() = default;
  virtual std::string_view name() const = 0;
  virtual bool detect(const rootfs::Tree& tree) const = 0;          // is its database there?
  // `platform` of the image's config: decides where the database does not tell the architecture (an image of architecture-independent packages).
  virtual Inventory inventory(const rootfs::Tree& tree, const OsRelease& os, const oci::Platform& platform = {}) const = 0;
  virtual int compare(std::string_view a, std::string_view b) const = 0;  // version order: <0, 0, >0
  // Does a version fulfil a wish? By the order alone, but for the operators that only some families have.
  virtual bool satisfies(std::string_view version, Operator op, std::string_view wanted) const;
  // Reads the image's repositories, verifies them, and offers their packages. Network errors of one repository become failures() unless all fail.
  virtual std::unique_ptr<CandidateSource> candidates(const rootfs::Tree& tree, const Inventory& inventory, const RecipeBook& recipes,
                                                      const RepositoryOptions& options, Fetcher& fetcher, Cache& cache, Reporter& reporter) const = 0;
  // Proves planned packages again, from signed release to the index's stanza (same path, size, sha256): from the releases and indexes named by `states` when
  // they are at hand (cache room "inrelease", the fetcher's bundle or cache), else from the repository as it is now. One proof per package
  // (product.md "The plan is reviewed, not trusted").
  virtual std::vector<Proof> prove(const rootfs::Tree& tree, const Inventory& inventory, const RecipeBook& recipes, const RepositoryOptions& options,
                                         const std::vector<RepositoryState>& states, const std::vector<Candidate>& packages, Fetcher& fetcher,
                                         Cache& cache) const = 0;
  // Facts about the scripts of `candidate`, from the control part of its file, fetched by range (pkg/resource.hpp says where from). `installed`: the
  // version that the image has, as some index offers it; null when none does. Looked at only where the image deleted what it knew of the package.
  virtual Verdict judge(const rootfs::Tree& tree, const Inventory& inventory, const RecipeBook& recipes, const Candidate& candidate,
                        const Candidate* installed, Fetcher& fetcher, Cache& cache) const = 0;
  virtual UpgradeResult upgrade(const UpgradeRequest& request) const = 0;
  // The scripts of the items with run_scripts; `request` must outlive it.
  virtual std::unique_ptr<ScriptOrder> scripts(const UpgradeRequest& request) const = 0;
  // merge(o, n, o) is n and merge(o, o, a) is a: nothing is written then. With conflicts, the draft is not to be used. Error(unsupported) of a family that has
  // no merge (the default): its images are patched by appending.
  virtual MergeResult merge(const MergeRequest& request) const;
  virtual std::vector<VerifyFinding> verify(const rootfs::Tree& tree, const Inventory& inventory) const = 0;  // database well formed, files against md5sums
};

const std::vector<const Family*>& families();                       // the table
const Family* detect_family(const rootfs::Tree& tree);              // nullptr: no package database

}  // namespace resole::pkg
