// SPDX-License-Identifier: Apache-2.0
// What was typed, as values. options.cpp is the only file that includes CLI11; everything behind it works on these structs.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace resole::cli {

enum class Verb { inspect, plan, fetch, build, patch, verify, rollout_edit };

// How to talk and work: of every verb.
struct CommonOptions {
  std::filesystem::path cache_dir;
  unsigned jobs = 2;
  std::string progress = "auto", log_format = "text", color = "auto";
  bool quiet = false;
  int verbose = 0;
};

// What plan and patch decide by (product.md "Commands").
struct PlanningOptions {
  std::vector<std::string> platforms, reports, only, hold, package_mirrors, package_repos, add_keyrings, replace_keyrings;
  std::string update;                    // "" = reported when a report is given, else security
  std::string strategy = "append", min_severity, scripts = "hold", on_modified = "hold", on_eol = "warn", compression = "gzip";
  std::string as_of, max_index_age, recipes_dir, deployed_as;
  std::vector<std::string> private_hosts;
  bool force_report = false, offline = false, lockstep = false;
};

struct BuildingOptions {
  std::vector<std::string> to, deployed_as;
  std::string on_unchanged = "copy";
  std::filesystem::path bundle;
  bool trust_plan = false, force = false;
};

struct RolloutOptions {
  std::vector<std::string> results;
  std::filesystem::path manifests, render_dir, templates;
  std::vector<std::string> renderings;
  std::string pin = "auto";
  bool write = false;
};

struct Options {
  Verb verb = Verb::inspect;
  CommonOptions common;
  PlanningOptions planning;
  BuildingOptions building;
  RolloutOptions rollout;
  std::string image;                     // inspect, plan, patch, verify
  std::filesystem::path plan_file;       // fetch, build, verify --plan
  std::filesystem::path output;          // -o: the verb's document ("" = standard output where that is the verb's data)
  std::string format = "table";
  bool detailed_exitcode = false;
};

// Either options, or the exit code after --help, --version or a usage error (the text is printed already).
struct Parsed {
  std::optional<Options> options;
  int exit_code = 0;
};
Parsed parse_options(int argc, const char* const* argv);

}  // namespace resole::cli
