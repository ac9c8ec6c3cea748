// SPDX-License-Identifier: Apache-2.0
// What was asked for, as values. option_table.cpp says which options there are; options.cpp takes them from the command line, the environment and the
// configuration file; everything behind it works on these structs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "advisory/finding.hpp"
#include "oci/descriptor.hpp"
#include "oci/reference.hpp"
#include "patch/feeds.hpp"

namespace resole::cli {

enum class Verb { inspect, plan, fetch, build, patch, verify, rollout_edit, rollout_status, rollout_revert, propose, feed_update, feed_import, feed_status };

// How to talk and work: of every verb.
struct CommonOptions {
  std::filesystem::path config;          // --config; empty: the default place
  std::filesystem::path cache_dir;
  unsigned jobs = 2;
  std::string progress = "auto", log_format = "text", color = "auto";
  bool quiet = false;
  int verbose = 0;
};

// What plan and patch decide by (product.md "Commands").
struct PlanningOptions {
  std::vector<oci::Platform> platforms;
  std::vector<std::string> reports, feeds, vex, only, hold;
  std::string scanner;                   // --scanner
  std::vector<std::pair<std::string, std::string>> package_mirrors;  // FROM, TO
  std::vector<std::string> package_repos, add_keyrings, replace_keyrings, private_hosts, package_authfiles;
  std::string update;                            // "" = reported when a report is given, else security
  std::string scripts;                           // "" = as the policy says, else hold
  std::string strategy = "append", on_modified = "hold", on_eol = "warn", compression = "gzip";
  std::set<advisory::Severity> severities;       // --min-severity; empty = all
  std::optional<std::int64_t> as_of, snapshot;   // seconds since the epoch
  std::int64_t max_feed_age = -1;                // seconds; -1 = any
  std::int64_t max_index_age = -1;               // seconds; -1 = Valid-Until decides
  std::string recipes_dir, deployed_as, policy, package_cert_dir;
  bool force_report = false, offline = false, lockstep = false;
};

struct BuildingOptions {
  std::vector<oci::Location> to;                 // "{tag}" and "{plan8}" filled in with words that stand for them
  std::vector<std::string> to_forms;             // of each `to` as it was given
  std::vector<std::string> deployed_as;          // none, or one per `to`; with {tag} and {plan8} as given
  std::string on_unchanged = "copy";
  std::filesystem::path bundle;
  bool trust_plan = false, force = false;
  std::int64_t script_timeout = 600;             // seconds
};

// Per side: where images are read from, and written to (product.md "Image locations").
struct RegistrySettings {
  std::string source_authfile, destination_authfile, cert_dir;
  bool source_tls_verify = true, destination_tls_verify = true;
};

struct RolloutOptions {
  std::vector<std::string> results;
  std::filesystem::path manifests, render_dir, templates;
  std::filesystem::path running;                 // NDJSON of what runs
  std::filesystem::path rollout;                 // rollout.json: revert, status, propose
  std::vector<std::filesystem::path> live;       // status: what the cluster says
  std::vector<std::string> renderings;
  std::string pin = "auto", moving_tag = "{tag}", immutable_tag = "{tag}-r{plan8}";
  bool write = false, dockerfiles = false, rollback = false;
};

// Where a rollout is proposed, and how.
struct ProposeSettings {
  std::filesystem::path manifests;               // "" = here
  std::string remote, path, base, branch, group, branch_prefix = "resole/";
  std::string forge = "auto", forge_api, project, title, author, signatures = "check";
  std::filesystem::path token_file, forge_authorities, templates;
  std::vector<std::string> labels, reviewers;
  bool draft = false, auto_merge = false, reopen = false, branch_only = false, patch_only = false;
};

struct FeedOptions {
  std::vector<patch::FeedSource> sources;        // --from
  std::vector<std::string> names;                // of those to update; none = all
  std::vector<std::filesystem::path> places;     // to import
  std::string name, os;
};

struct Options {
  Verb verb = Verb::inspect;
  CommonOptions common;
  PlanningOptions planning;
  BuildingOptions building;
  RegistrySettings registry;
  RolloutOptions rollout;
  ProposeSettings propose;
  FeedOptions feed;
  std::optional<oci::Location> image;            // inspect, plan, patch, verify; build --source
  std::filesystem::path plan_file;               // read: fetch, build, verify --plan
  std::filesystem::path plan_output;             // written: patch --plan
  std::filesystem::path output;                  // -o: the verb's document ("" = standard output where that is the verb's data)
  std::string format = "table";
  bool detailed_exitcode = false;
  std::string explain;                           // plan: an advisory or a package; then that is told instead of the whole
};

// RESOLE_*, XDG_CONFIG_HOME and HOME.
using Environment = std::map<std::string, std::string>;

// Either options, or text for standard output (--help, --version).
struct Parsed {
  std::optional<Options> options;
  std::string text;
};

// The command line wins, then the environment, then the configuration file; only the options of the chosen verb count, and each value is checked.
// Error(usage) says which word, variable or line is wrong. `log_format` is set as soon as it is known, so that errors can be shown as it says.
Parsed parse_options(const std::vector<std::string>& words, const Environment& environment, std::string& log_format);

}  // namespace resole::cli
