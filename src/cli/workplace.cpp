// SPDX-License-Identifier: Apache-2.0
#include "cli/workplace.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "build/sandbox.hpp"
#include "cli/embedded.hpp"
#include "cli/once_reporter.hpp"
#include "cli/report_files.hpp"
#include "io/fetcher.hpp"
#include "io/terminal.hpp"
#include "patch/bundling.hpp"
#include "pkg/operator_access.hpp"
#include "registry/remote/certs_d.hpp"
#include "registry/remote/registries.hpp"
#include "registry/stores.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLargestRecipe = 4u << 20;
constexpr std::uint64_t kLargestKeyring = 16u << 20;
constexpr std::uint64_t kLargestReport = 256u << 20;
constexpr std::uint64_t kLargestPolicy = 4u << 20;
constexpr std::uint64_t kLargestAuthfile = 1u << 20;

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
std::vector<std::string> named_hosts(const PlanningOptions& planning, const FeedOptions& feed) {
  std::vector<std::string> hosts = planning.private_hosts;
  const auto add = [&](std::string_view url) {
    if (const auto parsed = Url::try_parse(url)) hosts.push_back(parsed->host() + ":" + std::to_string(parsed->port()));
  };
  for (const auto& [from, to] : planning.package_mirrors) add(to);
  for (const auto& source : feed.sources) add(source.url);
  for (const auto& repository : planning.package_repos) {
    for (const auto word : split_words(repository)) add(word);
  }
  return hosts;
}

pkg::OperatorAccess access_of(const PlanningOptions& planning) {
  auto access = pkg::OperatorAccess::of({.mirrors = planning.package_mirrors, .extra = planning.package_repos});
  for (const auto& file : planning.package_authfiles) access.add_logins(io::read_file(file, kLargestAuthfile), file);
  return access;
}

// --package-cert-dir: a folder per host or host:port, with the files that certs.d folders of registries have. Read at once, so that what is wrong is said
// before anything is asked for.
std::function<io::TlsOptions(const Url&)> certificates_of(const std::string& directory, Reporter& reporter) {
  if (directory.empty()) return {};
  std::map<std::string, io::TlsOptions> known;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (!entry.is_directory()) continue;
    const registry::Certificates found = registry::read_certificates(entry.path());
    if (!found.warning.empty()) reporter.warn(found.warning);
    if (found.empty()) continue;
    known[lower(entry.path().filename().string())] = {.authorities = registry::authorities_of(found.authorities),
                                                      .client_cert = found.client_cert.string(),
                                                      .client_key = found.client_key.string()};
  }
  if (known.empty())
    throw Error(ErrorKind::input, fmt::format("--package-cert-dir {}: no folder in it holds certificates", printable(directory)),
                "make a folder named after the host, as in mirror.example.org or mirror.example.org:8443, with *.crt, *.cert and *.key in it");
  return [known = std::move(known)](const Url& url) {
    for (const std::string& name : {fmt::format("{}:{}", url.host(), url.port()), url.host()}) {
      if (const auto found = known.find(name); found != known.end()) return found->second;
    }
    return io::TlsOptions{};
  };
}

// "all", the name of a kept feed, or a file or directory.
std::vector<patch::OpenFeed> open_feeds(const PlanningOptions& planning, const patch::Tools& tools) {
  std::vector<patch::OpenFeed> feeds;
  if (planning.feeds.empty()) return feeds;
  const auto kept = patch::kept_feeds(tools);
  for (const std::string& word : planning.feeds) {
    const std::size_t before = feeds.size();
    for (const patch::KeptFeed& feed : kept) {
      if (word == "all" || word == feed.name) feeds.push_back(patch::open_feed(feed, tools));
    }
    if (feeds.size() > before) continue;
    if (word == "all") throw Error(ErrorKind::input, "no feed is kept", "run `resole feed update` or `resole feed import`");
    if (!fs::exists(word)) throw Error(ErrorKind::input, fmt::format("{} is neither a kept feed nor a file", printable(word)), "`resole feed status` lists the feeds that are kept");
    feeds.push_back(patch::open_feed(fs::path(word), tools));
  }
  patch::judge_feed_ages(feeds, as_of(planning, tools.clock), planning.max_feed_age, tools.reporter);
  return feeds;
}

std::vector<advisory::vex::Document> read_vex(const std::vector<std::string>& files) {
  std::vector<advisory::vex::Document> documents;
  for (const auto& file : files) documents.push_back(advisory::vex::read_document(io::read_file(file, kLargestReport), fs::path(file).filename().string()));
  return documents;
}

std::optional<plan::Rules> read_policy(const std::string& file) {
  if (file.empty()) return std::nullopt;
  return plan::read_rules(io::read_file(file, kLargestPolicy), fs::path(file).filename().string());
}

// From what executes to what stops: the policy is the most that may be asked for.
unsigned strictness(plan::Scripts scripts) { return scripts == plan::Scripts::sandbox ? 0 : scripts == plan::Scripts::hold ? 1 : 2; }

std::string_view scripts_word(plan::Scripts scripts) { return scripts == plan::Scripts::sandbox ? "sandbox" : scripts == plan::Scripts::hold ? "hold" : "refuse"; }

plan::Scripts scripts_of(const PlanningOptions& planning, const std::optional<plan::Rules>& rules) {
  const bool limited = rules && rules->scripts;
  const plan::Scripts limit = limited ? *rules->scripts : plan::Scripts::hold;
  if (planning.scripts.empty()) return limit;
  const plan::Scripts asked = planning.scripts == "sandbox"  ? plan::Scripts::sandbox
                              : planning.scripts == "refuse" ? plan::Scripts::refuse
                                                             : plan::Scripts::hold;
  if (limited && strictness(asked) < strictness(limit)) {
    throw Error(ErrorKind::refused, fmt::format("--scripts {} goes beyond what {} allows, {}", planning.scripts, rules->limit("scripts"), scripts_word(limit)),
                "leave --scripts out, or change the policy");
  }
  return asked;
}

// An inventory asks for nothing: with nothing else, it is as if there were no report.
plan::Update update_of(const PlanningOptions& planning, const std::vector<patch::GivenReport>& reports) {
  if (planning.update == "all") return plan::Update::all;
  if (planning.update == "security") return plan::Update::security;
  if (planning.update == "reported") return plan::Update::reported;
  const bool asks = std::any_of(reports.begin(), reports.end(), [](const auto& each) { return !each.report.inventory_only; });
  return asks || !planning.feeds.empty() ? plan::Update::reported : plan::Update::security;
}

std::string_view update_word(plan::Update update) {
  return update == plan::Update::all ? "all" : update == plan::Update::security ? "security" : "reported";
}

// What shaped the plan, in canonical words; places and names of files do not.
std::map<std::string, std::string> recorded_options(const PlanningOptions& planning, plan::Update update, plan::Scripts scripts) {
  std::map<std::string, std::string> options = {{"update", std::string(update_word(update))},   {"strategy", planning.strategy},
                                                {"scripts", std::string(scripts_word(scripts))},                  {"onModified", planning.on_modified},
                                                {"onEol", planning.on_eol},                     {"compression", planning.compression}};
  const auto record = [&](const char* name, std::vector<std::string> words) {
    std::sort(words.begin(), words.end());
    if (!words.empty()) options[name] = join(words, ",");
  };
  record("only", planning.only);
  record("hold", planning.hold);
  std::vector<std::string> platforms, severities;
  for (const auto& platform : planning.platforms) platforms.push_back(platform.text());
  for (const auto severity : planning.severities) severities.push_back(lower(advisory::severity_name(severity)));
  record("platform", platforms);
  record("minSeverity", severities);
  if (planning.lockstep) options["lockstep"] = "true";
  record("allow", planning.allow);
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
    : options_(options), clock_(io::system_clock()), reporter_(warn_once(make_reporter(options.common, *clock_))), recipes_(load_recipes(options.planning.recipes_dir)) {
  const fs::path cache_directory = options.common.cache_dir.empty() ? io::default_cache_directory() : options.common.cache_dir;
  cache_ = io::disk_cache(cache_directory);

  io::HttpOptions http;
  http.jobs = options.common.jobs;
  http.offline = options.planning.offline || !options.building.bundle.empty();
  http.allowed_private_hosts = named_hosts(options.planning, options.feed);
  http.tls = certificates_of(options.planning.package_cert_dir, *reporter_);
  if (!options.building.bundle.empty()) {
    scratch_ = std::make_unique<Scratch>();
    http.extra_blobs = patch::open_bundle(options.building.bundle, scratch_->directory.path());
  }
  http_ = io::http_fetcher(http, *cache_, cache_directory, *reporter_, *clock_);
  fetcher_ = pkg::fetcher_with(access_of(options.planning), *http_);

  sandbox_ = build::bubblewrap_sandbox({.seconds = static_cast<double>(options.building.script_timeout)});
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
      .sandbox = *sandbox_,
      .scratch = cache_directory / "tmp",
      .jobs = options.common.jobs,
      .open_for_reading = [stores](const oci::Location& location) { return registry::open_for_reading(location, stores); },
      .open_for_writing = [stores](const oci::Location& location) { return registry::open_for_writing(location, stores); },
  });
}

Workplace::~Workplace() = default;

bool Workplace::color() const { return io::stdout_wants_color(color_choice(options_.common.color)); }

std::int64_t as_of(const PlanningOptions& planning, const Clock& clock) {
  return planning.as_of ? *planning.as_of : clock.now();
}

pkg::RepositoryOptions repository_options(const PlanningOptions& planning, std::int64_t now, unsigned jobs) {
  pkg::RepositoryOptions options;
  options.mirrors = planning.package_mirrors;
  options.extra = planning.package_repos;
  for (const auto& file : planning.add_keyrings) options.keyrings.push_back(io::read_file(file, kLargestKeyring));
  for (const auto& file : planning.replace_keyrings) options.keyrings.push_back(io::read_file(file, kLargestKeyring));
  options.replace_keyrings = !planning.replace_keyrings.empty();
  options.now = now;
  options.max_index_age = planning.max_index_age;
  options.jobs = jobs;
  return options;
}

patch::BaseRequest base_request(const PlanningOptions& planning) {
  return {.strategy = planning.strategy == "rebase" ? patch::Strategy::rebase : planning.strategy == "auto" ? patch::Strategy::automatic : patch::Strategy::append,
          .old_base = planning.old_base,
          .new_base = planning.new_base,
          .registries = planning.base_registries,
          .allowed = {planning.allow.begin(), planning.allow.end()}};
}

patch::PlanRequest plan_request(const Options& options, const patch::Tools& tools) {
  const PlanningOptions& planning = options.planning;
  patch::PlanRequest request;
  request.as_of = as_of(planning, tools.clock);
  request.reports = read_reports(planning.reports, planning.scanner, [&](const std::string& what) { tools.reporter.warn(what); });
  request.policy.update = update_of(planning, request.reports);
  request.policy.severities = planning.severities;
  request.policy.only = planning.only;
  request.policy.hold = planning.hold;
  request.policy.on_modified = planning.on_modified == "overwrite" ? plan::OnModified::overwrite
                               : planning.on_modified == "keep"    ? plan::OnModified::keep
                                                                   : plan::OnModified::hold;
  request.rules = read_policy(planning.policy);
  request.policy.scripts = scripts_of(planning, request.rules);
  request.vex = read_vex(planning.vex);
  request.repositories = repository_options(planning, request.as_of, options.common.jobs);
  request.feeds = open_feeds(planning, tools);
  request.force_report = planning.force_report;
  request.on_end_of_life = planning.on_eol == "refuse" ? patch::OnEndOfLife::refuse : patch::OnEndOfLife::warn;
  request.lockstep = planning.lockstep;
  request.compression = planning.compression;
  request.deployed_as = planning.deployed_as;
  request.base = base_request(planning);
  request.options = recorded_options(planning, request.policy.update, request.policy.scripts);
  return request;
}

}  // namespace resole::cli
