// SPDX-License-Identifier: Apache-2.0
#include "cli/workplace.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "cli/embedded.hpp"
#include "io/fetcher.hpp"
#include "io/terminal.hpp"
#include "patch/bundling.hpp"
#include "registry/remote/registries.hpp"
#include "registry/stores.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestRecipe = 4u << 20;
constexpr std::uint64_t kLargestKeyring = 16u << 20;
constexpr std::uint64_t kLargestReport = 256u << 20;

int color_choice(const std::string& word) { return word == "always" ? 1 : word == "never" ? 0 : -1; }

pkg::RecipeBook load_recipes(const std::string& directory) {
  if (directory.empty()) return pkg::RecipeBook::parse(embedded_recipes());
  std::vector<std::pair<std::string, std::string>> files;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() == ".json") files.emplace_back(entry.path().string(), io::read_file(entry.path(), kLargestRecipe));
  }
  std::sort(files.begin(), files.end());
  return pkg::RecipeBook::parse(files);
}

// Hosts that the operator named may have private addresses (product.md "Trust").
std::vector<std::string> named_hosts(const PlanningOptions& planning) {
  std::vector<std::string> hosts = planning.private_hosts;
  const auto add = [&](std::string_view url) {
    if (const auto parsed = Url::try_parse(url)) hosts.push_back(parsed->host() + ":" + std::to_string(parsed->port()));
  };
  for (const auto& mirror : planning.package_mirrors) add(std::string_view(mirror).substr(mirror.find('=') + 1));
  for (const auto& repository : planning.package_repos) {
    const auto words = split_words(repository);
    if (!words.empty()) add(words.front());
  }
  return hosts;
}

std::int64_t parse_age(const std::string& text) {
  if (text.empty()) return -1;
  const auto number = parse_unsigned(std::string_view(text).substr(0, text.size() - 1));
  const std::int64_t unit = text.back() == 'd' ? 86400 : text.back() == 'h' ? 3600 : text.back() == 'm' ? 60 : 0;
  if (!number || unit == 0 || *number > 36500) throw Error(ErrorKind::usage, "bad age " + printable(text), "write a number with d, h or m: 14d, 12h");
  return static_cast<std::int64_t>(*number) * unit;
}

std::set<advisory::Severity> parse_severities(const std::string& text) {
  std::set<advisory::Severity> severities;
  if (text.empty()) return severities;
  const auto words = split(text, ',');
  for (const auto word : words) {
    const advisory::Severity severity = advisory::parse_severity(trim(word));
    if (severity == advisory::Severity::unknown && lower(trim(word)) != "unknown") {
      throw Error(ErrorKind::usage, "unknown severity " + printable(word), "negligible, low, medium, high or critical");
    }
    severities.insert(severity);
  }
  if (words.size() == 1) {  // a level means "and above"
    for (int above = static_cast<int>(*severities.begin()); above <= static_cast<int>(advisory::Severity::critical); ++above) {
      severities.insert(static_cast<advisory::Severity>(above));
    }
  }
  return severities;
}

std::vector<std::pair<std::string, std::string>> read_reports(const std::vector<std::string>& names) {
  std::vector<fs::path> files;
  for (const auto& name : names) {
    if (!fs::is_directory(name)) {
      files.emplace_back(name);
      continue;
    }
    std::vector<fs::path> inside;
    for (const auto& entry : fs::directory_iterator(name)) {
      if (entry.is_regular_file() && entry.path().extension() == ".json") inside.push_back(entry.path());
    }
    if (inside.empty()) throw Error(ErrorKind::input, "no report (*.json) in directory " + name);
    std::sort(inside.begin(), inside.end());
    files.insert(files.end(), inside.begin(), inside.end());
  }
  std::vector<std::pair<std::string, std::string>> reports;
  for (const auto& file : files) reports.emplace_back(file.filename().string(), io::read_file(file, kLargestReport));
  return reports;
}

plan::Update update_of(const PlanningOptions& planning) {
  if (planning.update == "all") return plan::Update::all;
  if (planning.update == "security") return plan::Update::security;
  if (planning.update == "reported") {
    if (planning.reports.empty()) throw Error(ErrorKind::usage, "--update reported needs a --report");
    return plan::Update::reported;
  }
  return planning.reports.empty() ? plan::Update::security : plan::Update::reported;
}

std::string_view update_word(plan::Update update) {
  return update == plan::Update::all ? "all" : update == plan::Update::security ? "security" : "reported";
}

// What shaped the plan, in canonical words; places and names of files do not.
std::map<std::string, std::string> recorded_options(const PlanningOptions& planning, plan::Update update) {
  std::map<std::string, std::string> options = {{"update", std::string(update_word(update))},   {"strategy", planning.strategy},
                                                {"scripts", planning.scripts},                  {"onModified", planning.on_modified},
                                                {"onEol", planning.on_eol},                     {"compression", planning.compression}};
  const auto record = [&](const char* name, std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    if (!words.empty()) options[name] = join(words, ",");
  };
  record("only", planning.only);
  record("hold", planning.hold);
  record("platform", planning.platforms);
  if (!planning.min_severity.empty()) options["minSeverity"] = lower(planning.min_severity);
  if (planning.lockstep) options["lockstep"] = "true";
  return options;
}

}  // namespace

struct Workplace::Scratch {
  io::TemporaryDirectory directory;
};

std::unique_ptr<Reporter> make_reporter(const CommonOptions& common, const Clock& clock) {
  io::TalkOptions talk;
  talk.progress = common.progress == "plain"  ? io::ProgressStyle::plain
                  : common.progress == "json" ? io::ProgressStyle::json
                  : common.progress == "none" ? io::ProgressStyle::none
                                              : io::ProgressStyle::automatic;
  talk.log = common.log_format == "json" ? io::LogFormat::json : io::LogFormat::text;
  talk.verbosity = common.quiet ? -1 : common.verbose;
  talk.color = color_choice(common.color);
  return io::terminal_reporter(talk, clock);
}

Workplace::Workplace(const Options& options)
    : options_(options), clock_(io::system_clock()), reporter_(make_reporter(options.common, *clock_)), recipes_(load_recipes(options.planning.recipes_dir)) {
  const fs::path cache_directory = options.common.cache_dir.empty() ? io::default_cache_directory() : options.common.cache_dir;
  cache_ = io::disk_cache(cache_directory);

  io::HttpOptions http;
  http.jobs = options.common.jobs;
  http.offline = options.planning.offline || !options.building.bundle.empty();
  http.allowed_private_hosts = named_hosts(options.planning);
  if (!options.building.bundle.empty()) {
    scratch_ = std::make_unique<Scratch>();
    http.extra_blobs = patch::open_bundle(options.building.bundle, scratch_->directory.path());
  }
  fetcher_ = io::http_fetcher(http, *cache_, cache_directory, *reporter_, *clock_);

  registry::RegistryOptions sides;
  sides.source = {options.registry.source_authfile, options.registry.cert_dir, options.registry.source_tls_verify};
  sides.destination = {options.registry.destination_authfile, options.registry.cert_dir, options.registry.destination_tls_verify};
  sides.jobs = options.common.jobs;
  registries_ = std::make_unique<registry::Registries>(std::move(sides), *cache_, *clock_, *reporter_);
  const registry::StoreOptions stores{.jobs = options.common.jobs, .registries = registries_.get(), .cache = cache_.get(), .scratch = cache_directory / "tmp"};
  tools_ = std::make_unique<patch::Tools>(patch::Tools{
      .fetcher = *fetcher_,
      .cache = *cache_,
      .clock = *clock_,
      .reporter = *reporter_,
      .recipes = recipes_,
      .spool = [cache_directory] { return io::temporary_spool(cache_directory); },
      .jobs = options.common.jobs,
      .open_for_reading = [stores](const oci::Location& location) { return registry::open_for_reading(location, stores); },
      .open_for_writing = [stores](const oci::Location& location) { return registry::open_for_writing(location, stores); },
  });
}

Workplace::~Workplace() = default;

bool Workplace::color() const { return io::stdout_wants_color(color_choice(options_.common.color)); }

std::int64_t as_of(const PlanningOptions& planning, const Clock& clock) {
  if (planning.as_of.empty()) return clock.now();
  const auto time = parse_time(planning.as_of);
  if (!time) throw Error(ErrorKind::usage, "bad time " + printable(planning.as_of), "write RFC 3339, as in 2026-01-31T00:00:00Z or 2026-01-31");
  return *time;
}

pkg::RepositoryOptions repository_options(const PlanningOptions& planning, std::int64_t now, unsigned jobs) {
  pkg::RepositoryOptions options;
  for (const auto& mirror : planning.package_mirrors) {
    const auto equals = mirror.find('=');
    if (equals == std::string::npos) throw Error(ErrorKind::usage, "bad --package-mirror " + printable(mirror), "write FROM=TO, or '*=TO'");
    options.mirrors.emplace_back(mirror.substr(0, equals), mirror.substr(equals + 1));
  }
  options.extra = planning.package_repos;
  for (const auto& file : planning.add_keyrings) options.keyrings.push_back(io::read_file(file, kLargestKeyring));
  for (const auto& file : planning.replace_keyrings) options.keyrings.push_back(io::read_file(file, kLargestKeyring));
  options.replace_keyrings = !planning.replace_keyrings.empty();
  options.now = now;
  options.max_index_age = parse_age(planning.max_index_age);
  options.jobs = jobs;
  return options;
}

patch::PlanRequest plan_request(const Options& options, const patch::Tools& tools) {
  const PlanningOptions& planning = options.planning;
  patch::PlanRequest request;
  request.as_of = as_of(planning, tools.clock);
  request.policy.update = update_of(planning);
  request.policy.severities = parse_severities(planning.min_severity);
  request.policy.only = planning.only;
  request.policy.hold = planning.hold;
  request.policy.on_modified = planning.on_modified == "overwrite" ? plan::OnModified::overwrite
                               : planning.on_modified == "keep"    ? plan::OnModified::keep
                                                                   : plan::OnModified::hold;
  request.policy.scripts = planning.scripts == "refuse" ? plan::Scripts::refuse : plan::Scripts::hold;
  request.repositories = repository_options(planning, request.as_of, options.common.jobs);
  request.reports = read_reports(planning.reports);
  request.force_report = planning.force_report;
  request.on_end_of_life = planning.on_eol == "refuse" ? patch::OnEndOfLife::refuse : patch::OnEndOfLife::warn;
  request.lockstep = planning.lockstep;
  request.compression = planning.compression;
  request.deployed_as = planning.deployed_as;
  request.options = recorded_options(planning, request.policy.update);
  return request;
}

}  // namespace resole::cli
