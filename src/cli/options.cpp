// SPDX-License-Identifier: Apache-2.0
// Every option can be given on the command line, as RESOLE_<NAME> in the environment, or in the configuration file (TOML, one section per verb);
// the command line wins, then the environment, then the file.
#include "cli/options.hpp"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <iostream>
#include <thread>

#include "base/error.hpp"
#include "base/text.hpp"
#include "cli/exit_codes.hpp"

namespace resole::cli {

namespace {

// "--package-mirror" -> "RESOLE_PACKAGE_MIRROR".
std::string environment_name(std::string_view flag) {
  std::string name = "RESOLE_";
  for (const char c : flag.substr(flag.find_first_not_of('-'))) name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

template <class T>
CLI::Option* option(CLI::App& app, const std::string& flags, T& value, const std::string& help) {
  const std::string longest = flags.substr(flags.rfind("--"));
  return app.add_option(flags, value, help)->envname(environment_name(longest));
}

CLI::Option* flag(CLI::App& app, const std::string& flags, bool& value, const std::string& help) {
  const std::string longest = flags.substr(flags.rfind("--"));
  return app.add_flag(flags, value, help)->envname(environment_name(longest));
}

CLI::Validator one_of(std::vector<std::string> words) { return CLI::IsMember(std::move(words)); }

void add_common(CLI::App& app, CommonOptions& common) {
  option(app, "--cache-dir", common.cache_dir, "Where downloads and layer indexes are kept")->group("Common");
  option(app, "--jobs", common.jobs, "Threads and downloads at once")->check(CLI::Range(1, 256))->group("Common");
  option(app, "--progress", common.progress, "Progress on standard error")->check(one_of({"auto", "plain", "json", "none"}))->group("Common");
  option(app, "--log-format", common.log_format, "Form of messages")->check(one_of({"text", "json"}))->group("Common");
  option(app, "--color", common.color, "Colour of tables and messages")->check(one_of({"auto", "always", "never"}))->group("Common");
  flag(app, "-q,--quiet", common.quiet, "Only errors")->group("Common");
  app.add_flag("-v,--verbose", common.verbose, "Each phase with its time; twice: more")->group("Common");
}

void add_repositories(CLI::App& app, PlanningOptions& planning) {
  option(app, "--package-mirror", planning.package_mirrors, "FROM=TO: read repositories below URL FROM at TO instead ('*' = any)")->group("Repositories");
  option(app, "--package-repo", planning.package_repos, "One more repository: \"URI SUITE COMPONENT...\"")->group("Repositories");
  option(app, "--add-keyring", planning.add_keyrings, "Trust this OpenPGP keyring too")->check(CLI::ExistingFile)->group("Repositories");
  option(app, "--replace-keyring", planning.replace_keyrings, "Trust only this OpenPGP keyring")->check(CLI::ExistingFile)->group("Repositories");
  option(app, "--allow-private", planning.private_hosts, "Host[:port] with a private address that may be contacted")->group("Repositories");
  option(app, "--max-index-age", planning.max_index_age, "Accept indexes up to this age (\"14d\", \"12h\") instead of their Valid-Until")->group("Repositories");
  option(app, "--as-of", planning.as_of, "Judge ages and end of life at this time (RFC 3339) instead of now")->group("Repositories");
  option(app, "--recipes", planning.recipes_dir, "Directory with recipes that replace the built-in ones")->check(CLI::ExistingDirectory)->group("Repositories");
  flag(app, "--offline", planning.offline, "No package network: cache and bundle only")->group("Repositories");
}

void add_planning(CLI::App& app, PlanningOptions& planning) {
  option(app, "--platform", planning.platforms, "Only these platforms (os/arch[/variant]); the others are carried as they are");
  option(app, "--report", planning.reports, "Scanner report: a file or a directory of them");
  flag(app, "--force-report", planning.force_report, "Use reports that are not proven to be about this image");
  option(app, "--update", planning.update, "Which packages: those the reports name, security updates, or all")->check(one_of({"reported", "security", "all"}));
  option(app, "--strategy", planning.strategy, "How the image is changed")->check(one_of({"append"}));
  option(app, "--min-severity", planning.min_severity, "A level (\"high\" and above) or a list (\"low,critical\") of findings to fix");
  option(app, "--only", planning.only, "Only these packages (names or globs, binary or source)");
  option(app, "--hold", planning.hold, "Not these packages");
  option(app, "--scripts", planning.scripts, "Packages whose maintainer scripts are not covered")->check(one_of({"hold", "refuse"}));
  option(app, "--on-modified", planning.on_modified, "Packages with locally changed files")->check(one_of({"hold", "overwrite", "keep"}));
  option(app, "--on-eol", planning.on_eol, "Releases past their end of life")->check(one_of({"warn", "refuse"}));
  option(app, "--compression", planning.compression, "Of the new layers")->check(one_of({"gzip", "zstd"}));
  option(app, "--source-deployed-as", planning.deployed_as, "Reference under which the source image runs");
  flag(app, "--lockstep", planning.lockstep, "Hold versions that not every platform gets");
  add_repositories(app, planning);
}

void add_building(CLI::App& app, BuildingOptions& building) {
  option(app, "--to", building.to, "Where the patched image goes (repeatable)")->required();
  option(app, "--deployed-as", building.deployed_as, "Reference under which the result will run (one per --to)");
  option(app, "--on-unchanged", building.on_unchanged, "When there is nothing to change")->check(one_of({"copy", "skip", "fail"}));
  option(app, "--bundle", building.bundle, "Bundle of `resole fetch`: nothing else is needed");
  flag(app, "--trust-plan", building.trust_plan, "Do not prove the plan's packages again");
  flag(app, "--force", building.force, "Overwrite the destination's tag whatever it is");
}

void add_image(CLI::App& app, Options& options) {
  app.add_option("IMAGE", options.image, "oci:DIR[:TAG], oci-archive:FILE[:TAG]")->required();
}

void add_output(CLI::App& app, Options& options, const std::string& what) { option(app, "-o,--output", options.output, what); }

void add_format(CLI::App& app, Options& options) {
  option(app, "-f,--format", options.format, "Form of standard output")->check(one_of({"table", "json"}));
}

struct VerbRow {
  Verb verb;
  const char* name;
  const char* help;
  void (*add)(CLI::App&, Options&);
};

void add_inspect(CLI::App& app, Options& options) {
  add_image(app, options);
  add_format(app, options);
  add_output(app, options, "Write the document here instead of standard output");
  option(app, "--platform", options.planning.platforms, "Only these platforms");
}

void add_plan(CLI::App& app, Options& options) {
  add_image(app, options);
  add_format(app, options);
  add_output(app, options, "Write the plan here");
  add_planning(app, options.planning);
  flag(app, "--detailed-exitcode", options.detailed_exitcode, "Exit 10 when there are changes");
}

void add_fetch(CLI::App& app, Options& options) {
  app.add_option("PLAN", options.plan_file, "plan.json")->required()->check(CLI::ExistingFile);
  option(app, "-o,--output", options.output, "The bundle: a directory, or FILE.tar")->required();
  add_repositories(app, options.planning);
}

void add_build(CLI::App& app, Options& options) {
  app.add_option("PLAN", options.plan_file, "plan.json")->required()->check(CLI::ExistingFile);
  option(app, "--source", options.image, "Where the source image is now, when not where it was planned");
  add_format(app, options);
  add_output(app, options, "Write the result document here");
  add_building(app, options.building);
  add_repositories(app, options.planning);
}

void add_patch(CLI::App& app, Options& options) {
  add_image(app, options);
  add_format(app, options);
  add_output(app, options, "Write the result document here");
  option(app, "--plan", options.plan_file, "Write the plan here too");
  add_planning(app, options.planning);
  add_building(app, options.building);
}

void add_verify(CLI::App& app, Options& options) {
  add_image(app, options);
  add_format(app, options);
  option(app, "--platform", options.planning.platforms, "Only these platforms");
  option(app, "--plan", options.plan_file, "The plan that the image was built from")->check(CLI::ExistingFile);
  option(app, "--recipes", options.planning.recipes_dir, "Directory with recipes that replace the built-in ones")->check(CLI::ExistingDirectory);
}

void add_rollout_edit(CLI::App& app, Options& options) {
  app.add_option("RESULT", options.rollout.results, "result.json (repeatable)")->required()->check(CLI::ExistingFile);
  option(app, "--manifests", options.rollout.manifests, "Tree of manifests to search")->required()->check(CLI::ExistingDirectory);
  flag(app, "--write", options.rollout.write, "Edit the files; without it the edits are shown as a unified diff");
  option(app, "--pin", options.rollout.pin, "What the edited reference carries")->check(one_of({"auto", "tag", "digest", "both"}));
  option(app, "--render", options.rollout.renderings, "Renderings to write")->check(one_of({"kustomize", "kubectl-patch", "markdown"}));
  option(app, "--render-dir", options.rollout.render_dir, "Where renderings go");
  option(app, "--templates", options.rollout.templates, "Directory with templates that replace the built-in ones")->check(CLI::ExistingDirectory);
  add_format(app, options);
  add_output(app, options, "Write rollout.json here");
}

const VerbRow kVerbs[] = {
    {Verb::inspect, "inspect", "What an image is: system, layers, packages, lineage", add_inspect},
    {Verb::plan, "plan", "What would change, and why; writes nothing but the plan", add_plan},
    {Verb::fetch, "fetch", "Everything a plan needs, for an offline build", add_fetch},
    {Verb::build, "build", "Exactly the plan", add_build},
    {Verb::patch, "patch", "plan and build in one go", add_patch},
    {Verb::verify, "verify", "Prove that an image is what its plan says", add_verify},
};

std::string exit_code_help() {
  std::string text = "Exit codes:\n";
  for (const auto& row : exit_code_table()) text += fmt::format("  {:>3}  {}\n", row.code, row.meaning);
  return text;
}

}  // namespace

Parsed parse_options(int argc, const char* const* argv) {
  Options options;
  options.common.jobs = std::max(1u, std::min(8u, std::thread::hardware_concurrency()));
  CLI::App app{"resole patches container images by rebuilding them: no daemon, no root, no shell in the image."};
  app.footer(exit_code_help());
  app.set_version_flag("--version", std::string("resole ") + RESOLE_VERSION);
  app.set_config("--config", "", "Configuration file")->envname("RESOLE_CONFIG");
  app.require_subcommand(1);
  add_common(app, options.common);  // before the verb or behind it, and once for all verbs in the configuration file
  for (const VerbRow& row : kVerbs) {
    CLI::App* sub = app.add_subcommand(row.name, row.help);
    row.add(*sub, options);
    add_common(*sub, options.common);
    sub->callback([&options, verb = row.verb] { options.verb = verb; });
  }
  CLI::App* rollout = app.add_subcommand("rollout", "Find the workloads that run an image and edit their manifests");
  rollout->require_subcommand(1);
  CLI::App* edit = rollout->add_subcommand("edit", "Show or write (--write) the edits, render");
  add_rollout_edit(*edit, options);
  add_common(*edit, options.common);
  edit->callback([&options] { options.verb = Verb::rollout_edit; });

  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& success) {
    return {std::nullopt, app.exit(success)};
  } catch (const CLI::ParseError& error) {
    std::cerr << "resole: " << printable(error.what(), 400) << "\nhint: see resole --help, or resole VERB --help\n";
    return {std::nullopt, exit_code(ErrorKind::usage)};
  }
  return {std::move(options), 0};
}

}  // namespace resole::cli
