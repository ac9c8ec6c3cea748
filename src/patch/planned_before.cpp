// SPDX-License-Identifier: Apache-2.0
#include "patch/planned_before.hpp"

#include <atomic>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "patch/program.hpp"
#include "patch/watched.hpp"

namespace resole::patch {

namespace {

constexpr std::string_view kPlanRoom = "plan";
constexpr std::string_view kPlanForm = "1";       // of what is kept

Json words(const std::vector<std::string>& all) { return all; }

// Every member of the request that shapes a plan, but for the time.
Json request_of(const PlanRequest& request) {
  Json severities = Json::array(), mirrors = Json::array(), keyrings = Json::array(), reports = Json::array(), vex = Json::array(), feeds = Json::array();
  for (const auto severity : request.policy.severities) severities.push_back(advisory::severity_name(severity));
  for (const auto& [from, to] : request.repositories.mirrors) mirrors.push_back({from, to});
  for (const auto& keyring : request.repositories.keyrings) keyrings.push_back(Digest::of(keyring).text());
  for (const auto& [report, from_directory] : request.reports) reports.push_back({report.name, report.sha256.text(), from_directory});
  for (const auto& feed : request.feeds) feeds.push_back({feed.name, feed.input.text()});
  for (const auto& document : request.vex) vex.push_back({document.name, document.sha256.text()});
  return {{"update", static_cast<int>(request.policy.update)},
          {"severities", severities},
          {"only", words(request.policy.only)},
          {"hold", words(request.policy.hold)},
          {"onModified", static_cast<int>(request.policy.on_modified)},
          {"scripts", static_cast<int>(request.policy.scripts)},
          {"mirrors", mirrors},
          {"extra", words(request.repositories.extra)},
          {"keyrings", keyrings},
          {"replaceKeyrings", request.repositories.replace_keyrings},
          {"maxIndexAge", request.repositories.max_index_age},
          {"securityOnly", request.repositories.security_only},
          {"reports", reports},
          {"forceReport", request.force_report},
          {"feeds", feeds},
          {"vex", vex},
          {"policy", request.rules ? Json{request.rules->name, request.rules->sha256.text()} : Json()},
          {"onEndOfLife", static_cast<int>(request.on_end_of_life)},
          {"lockstep", request.lockstep},
          {"compression", request.compression},
          {"deployedAs", request.deployed_as},
          {"strategy", static_cast<int>(request.base.strategy)},
          {"allowed", words({request.base.allowed.begin(), request.base.allowed.end()})},
          {"options", request.options}};
}

// What the bases are now: a tag that moved is another plan.
Json bases_of(const ImageView& image) {
  Json out = Json::array();
  for (const BaseFinding& base : image.bases) {
    out.push_back({base.found_by, base.old_reference, base.reference, base.root.text(), base.old_base ? base.old_base->descriptor.digest.text() : "",
                   base.new_base ? base.new_base->descriptor.digest.text() : "", words(base.remarks)});
  }
  return out;
}

// Whether scripts could run, when that is asked: a plan without a sandbox is another one.
std::string sandbox_of(const PlanRequest& request, const Tools& tools) {
  if (request.policy.scripts != plan::Scripts::sandbox) return {};
  const auto obstacle = tools.sandbox.obstacle();
  return fmt::format("{} {}", tools.sandbox.architecture(), obstacle ? obstacle->reason : "works");
}

std::string key_of(const ImageView& image, const PlanRequest& request, const Tools& tools) {
  const Json inputs = {{"form", kPlanForm},
                       {"program", program_identity()},
                       {"gzip", archive::compressor_text(archive::Compression::gzip)},
                       {"zstd", archive::compressor_text(archive::Compression::zstd)},
                       {"recipes", tools.recipes.digest().text()},
                       {"image", image.location.text()},
                       {"root", image.root.descriptor.digest.text()},
                       {"platforms", image.positions},
                       {"bases", bases_of(image)},
                       {"sandbox", sandbox_of(request, tools)},
                       {"request", request_of(request)}};
  return std::string(Digest::of(dump_compact(inputs)).hex());
}

// When the plan stops being what planning would give, if nothing else changes.
std::int64_t good_until(const document::Plan& plan, const PlanRequest& request) {
  std::int64_t until = request.as_of + kLongestKept;
  for (const auto& platform : plan.platforms) {
    for (const auto& repository : platform.repositories) {
      if (request.repositories.max_index_age >= 0) {
        until = std::min(until, repository.date + request.repositories.max_index_age);
      } else if (repository.valid_until != 0) {
        until = std::min(until, repository.valid_until);
      }
    }
    const auto ends = [&](std::string_view text) {
      const auto time = parse_time(text);
      if (time && *time > request.as_of) until = std::min(until, *time);
    };
    ends(platform.end_of_life);
    for (const auto& held : platform.held) ends(held.until);
    for (const auto& suppressed : platform.suppressed) ends(suppressed.until);
  }
  if (const std::int64_t expiry = request.rules ? request.rules->next_expiry(request.as_of) : 0; expiry != 0) until = std::min(until, expiry);
  return until;
}

Json kept_release(const AskedFor& asked) {
  return {{"url", asked.resource.url}, {"alternatives", asked.resource.alternatives}, {"what", asked.resource.what}, {"limit", asked.resource.limit},
          {"sha256", asked.got.text()}};
}

// Whether the same bytes are there now; only those are accepted, so that nothing unproven is kept for the next conditional request. What is there, or why
// nothing can be had, is for the planning that follows.
bool is_unchanged(const Json& kept, Fetcher& fetcher, WatchedFetcher& planning) {
  const Digest before = Digest::parse(string_member(kept, "sha256", "kept plan"));
  std::optional<std::string> others;
  Resource resource{.url = string_member(kept, "url", "kept plan"),
                    .limit = static_cast<std::uint64_t>(integer_or(kept, "limit", 0)),
                    .what = string_or(kept, "what", ""),
                    .alternatives = strings_or_empty(kept, "alternatives"),
                    .accept = [&](std::string_view bytes) {
                      if (Digest::of(bytes) == before) return;
                      others = bytes;
                      throw Error(ErrorKind::verification, "another release than the one that was planned with");
                    }};
  try {
    planning.learn(resource.url, fetcher.fetch(resource));
    return true;
  } catch (const Error& error) {
    if (others) planning.learn(resource.url, Blob::of(std::move(*others)));
    else planning.learn(resource.url, error);
    return false;
  }
}

std::string text_of(const std::optional<Blob>& blob) { return blob ? std::string(blob->bytes()) : std::string(); }

}  // namespace

struct PlannedBefore::State {
  State(const ImageView& image, const PlanRequest& wish, const Tools& all)
      : key(key_of(image, wish, all)),
        request(wish),
        tools(all),
        fetcher(all.fetcher),
        cache(all.cache, {"release-seen"}),
        reporter(all.reporter),
        watched{.fetcher = fetcher,
                .cache = cache,
                .clock = all.clock,
                .reporter = reporter,
                .recipes = all.recipes,
                .spool = all.spool,
                .sandbox = all.sandbox,
                .scratch = all.scratch,
                .jobs = all.jobs,
                .open_for_reading = all.open_for_reading,
                .open_for_writing = all.open_for_writing} {}

  std::string key;
  const PlanRequest& request;
  const Tools& tools;
  WatchedFetcher fetcher;
  WatchedCache cache;
  WatchedReporter reporter;
  Tools watched;
};

PlannedBefore::PlannedBefore(const ImageView& image, const PlanRequest& request, const Tools& tools)
    : state_(std::make_unique<State>(image, request, tools)) {}
PlannedBefore::~PlannedBefore() = default;

const Tools& PlannedBefore::watched() const { return state_->watched; }

std::optional<document::Plan> PlannedBefore::recall() const {
  const Tools& tools = state_->tools;
  const auto bytes = tools.cache.get(kPlanRoom, state_->key);
  if (!bytes) return std::nullopt;
  try {
    const Json kept = parse_json(bytes->bytes(), "kept plan");
    const std::int64_t now = state_->request.as_of;
    if (now < integer_or(kept, "asOf", 0) || now >= integer_or(kept, "goodUntil", 0)) return std::nullopt;
    for (const Json& seen : member(kept, "seen", "kept plan")) {
      if (text_of(tools.cache.get(string_member(seen, "room", "kept plan"), string_member(seen, "key", "kept plan"))) != string_or(seen, "value", ""))
        return std::nullopt;
    }
    const Json& releases = member(kept, "releases", "kept plan");
    std::atomic<bool> unchanged = true;
    Phase phase(tools.reporter, "asking repositories for changes");
    parallel_for(releases.size(), std::max(tools.jobs, 8u), [&](std::size_t i) {
      if (!is_unchanged(releases[i], tools.fetcher, state_->fetcher)) unchanged = false;
    });
    if (!unchanged) return std::nullopt;
    document::Plan plan = document::read_plan(string_member(kept, "plan", "kept plan"), "kept plan");
    plan.as_of = format_time(now);
    return plan;
  } catch (const Error& error) {
    tools.reporter.debug("planning anew: " + error.message());  // what is wrong will be said by whoever meets it on the way
    return std::nullopt;
  }
}

void PlannedBefore::keep(const document::Plan& plan) const {
  const bool unreachable = std::any_of(plan.platforms.begin(), plan.platforms.end(), [](const auto& platform) { return !platform.repository_failures.empty(); });
  if (unreachable || state_->fetcher.failed() || state_->reporter.warned()) return;
  Json releases = Json::array(), seen = Json::array();
  for (const AskedFor& asked : state_->fetcher.asked()) releases.push_back(kept_release(asked));
  for (const auto& [place, value] : state_->cache.asked()) seen.push_back({{"room", place.first}, {"key", place.second}, {"value", value}});
  const Json kept = {{"asOf", state_->request.as_of},
                     {"goodUntil", good_until(plan, state_->request)},
                     {"releases", releases},
                     {"seen", seen},
                     {"plan", document::write_plan(plan)}};
  state_->tools.cache.put(kPlanRoom, state_->key, dump_compact(kept));
}

}  // namespace resole::patch
