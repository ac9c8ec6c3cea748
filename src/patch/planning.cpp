// SPDX-License-Identifier: Apache-2.0
#include "patch/planning.hpp"

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "patch/findings.hpp"
#include "patch/first_seen.hpp"
#include "patch/planned_before.hpp"
#include "patch/rebasing.hpp"
#include "patch/scripts.hpp"
#include "plan/policy/apply.hpp"
#include "plan/rebase_guards.hpp"

namespace resole::patch {

namespace {

constexpr unsigned kRequests = 8;  // small ranges: the wait is the server's, not the processor's

std::vector<plan::Floor> floors_of(const PlatformView& view) {
  std::vector<plan::Floor> floors;
  if (view.own_layers == 0) return floors;
  for (const auto& package : view.given_inventory.packages) {
    if (package.state == pkg::InstallState::removed) continue;
    const auto* before = view.inventory.find(package.name, package.arch);
    if (!before || view.family->compare(before->version, package.version) < 0) floors.push_back({package.name, package.arch, package.version});
  }
  return floors;
}

// On another base: what is older there than the image has it. What is not there at all is the guards' to judge.
std::vector<plan::Floor> floors_on(const PlatformView& rebased, const PlatformView& given) {
  std::vector<plan::Floor> floors;
  for (const auto& package : given.given_inventory.packages) {
    if (package.state == pkg::InstallState::removed) continue;
    const auto* now = rebased.inventory.find(package.name, package.arch);
    if (now && given.family->compare(now->version, package.version) < 0) floors.push_back({package.name, package.arch, package.version});
  }
  return floors;
}

// The packages as they will be, relations included.
pkg::Inventory outcome_of(const pkg::Inventory& before, const std::vector<document::PlannedPackage>& planned, const pkg::CandidateSource& offers) {
  pkg::Inventory after = before;
  for (const auto& package : planned) {
    for (const pkg::Candidate& candidate : offers.offers(package.name, package.arch).all) {
      if (candidate.version != package.to || candidate.entry.sha256 != package.repository.sha256) continue;
      const auto old = std::find_if(after.packages.begin(), after.packages.end(), [&](const auto& each) {
        return each.name == package.name && (each.arch == package.arch || each.arch == "all" || package.arch == "all");
      });
      if (old == after.packages.end()) {
        after.packages.emplace_back();
        static_cast<pkg::Package&>(after.packages.back()) = candidate;
      } else {
        static_cast<pkg::Package&>(*old) = candidate;
      }
      break;
    }
  }
  return after;
}

std::vector<std::string> texts_of(const std::map<std::string, std::string>& violations) {
  std::vector<std::string> texts;
  for (const auto& [identity, text] : violations) texts.push_back(printable(text) + " does not hold");
  return texts;
}

// The version that the image has, when an index still offers it.
std::optional<pkg::Candidate> offer_of_installed(const pkg::Candidate& wanted, const pkg::Inventory& inventory, const pkg::CandidateSource& offers) {
  const pkg::InstalledPackage* installed = inventory.find(wanted.name, wanted.arch);
  if (!installed) return std::nullopt;
  for (const pkg::Candidate& each : offers.offers(wanted.name, wanted.arch).all) {
    if (each.version == installed->version && each.arch == installed->arch) return each;
  }
  return std::nullopt;
}

// A repository whose indexes everybody may read, and whose packages only who pays for them (Ubuntu's ESM): that is seen when the first of them is asked for.
struct NotHandedOut {
  std::string repository;
  Error why;
};

bool is_kept_back(const Error& error) {
  const auto says = [&](std::string_view part) { return error.message().find(part) != std::string::npos; };
  return error.kind() == ErrorKind::network && (says("401 not authorized") || says("403 forbidden"));
}

pkg::Verdict judged(const PlatformView& view, const Ground& ground, const pkg::Candidate& wanted, const pkg::CandidateSource& offers, const Tools& tools) {
  const auto installed = offer_of_installed(wanted, ground.inventory, offers);
  try {
    return view.family->judge(ground.tree, ground.inventory, tools.recipes, wanted, installed ? &*installed : nullptr, tools.fetcher, tools.cache);
  } catch (const Error& error) {
    if (!is_kept_back(error)) throw;
    throw NotHandedOut{wanted.entry.uri, Error(error.kind(), error.message(), "logins for repositories are given by --package-authfile FILE")};
  }
}

// The loop of architecture.md: the planner names the packages whose scripts it must know; their control parts are fetched and judged; it is asked again.
plan::Decision decide(plan::Request request, const PlatformView& view, const Ground& ground, const Tools& tools) {
  for (;;) {
    auto answer = plan::make(request);
    if (auto* decision = std::get_if<plan::Decision>(&answer)) return std::move(*decision);
    const auto& wanted = std::get<plan::NeedControl>(answer).packages;
    std::vector<pkg::Verdict> verdicts(wanted.size());
    Phase phase(tools.reporter, "reading maintainer scripts");
    parallel_for(wanted.size(), std::max(tools.jobs, kRequests), [&](std::size_t i) {
      verdicts[i] = with_context([&] { return "judging the scripts of " + wanted[i].name + " " + wanted[i].version; }, [&] {
        return judged(view, ground, wanted[i], request.offers, tools);
      });
    });
    for (std::size_t i = 0; i < wanted.size(); ++i) request.verdicts[wanted[i].entry.identity()] = std::move(verdicts[i]);
  }
}

// An image that we patched before is first asked as it is: is there anything new? Only then it is planned from its original, with the given versions as a
// floor, so that our layers are replaced and do not pile up. Where the archive no longer has what those layers hold, they stay, and the new ones go on top.
plan::Decision decide_again(const plan::Request& as_given, const PlatformView& view, document::PlatformPlan& out, const Tools& tools) {
  plan::Decision given = decide(as_given, view, ground_of(view, 0), tools);
  if (given.packages.empty()) return given;
  try {
    plan::Request from_original{.inventory = view.inventory,
                                .offers = as_given.offers,
                                .family = as_given.family,
                                .recipe = as_given.recipe,
                                .findings = as_given.findings,
                                .floors = floors_of(view),
                                .policy = as_given.policy,
                                .verdicts = {},
                                .behind = {},
                                .sandbox_obstacle = as_given.sandbox_obstacle,
                                .rules = as_given.rules,
                                .image_names = as_given.image_names,
                                .now = as_given.now,
                                .unsettled = {},
                                .public_since = as_given.public_since};
    return decide(std::move(from_original), view, ground_of(view, view.own_layers), tools);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::refused) throw;
    out.own_layers = 0;
    given.notes.push_back("the layers of the earlier run stay below the new ones: " + error.message());
    return given;
  }
}

void require_known_system(const PlatformView& view, const Tools& tools) {
  if (view.os.id.empty()) throw Error(ErrorKind::unsupported, "the image has no os-release file: which system it is, is not known", "add /etc/os-release to the image");
  if (tools.recipes.find(view.os)) return;
  throw Error(ErrorKind::unsupported, fmt::format("unknown system {} (os-release ID)", printable(view.os.id)), "--recipes DIR adds systems; see docs/recipes.md");
}

void judge_age(document::PlatformPlan& out, const PlatformView& view, const PlanRequest& request, const Tools& tools) {
  const pkg::Release* release = tools.recipes.release(view.os);
  if (!release) return;
  out.end_of_life = release->lts_end.empty() ? release->end_of_life : release->lts_end;
  const auto end = parse_time(out.end_of_life);
  out.past_end_of_life = end && request.as_of > *end;
  if (!out.past_end_of_life) return;
  const bool extended = parse_time(release->extended_end).value_or(0) > request.as_of;
  const std::string message =
      fmt::format("{} reached its end of life on {}: no more fixes are made for it{}", printable(view.os.pretty_name), out.end_of_life,
                  extended ? fmt::format(", but for subscribers until {}, in repositories of their own (--package-repo)", release->extended_end) : "");
  if (request.rules && request.rules->refuse_end_of_life) {
    throw Error(ErrorKind::refused, fmt::format("{} ({})", message, request.rules->limit("endOfLife")), "move to a newer release, or change the policy");
  }
  if (request.on_end_of_life == OnEndOfLife::refuse) {
    throw Error(ErrorKind::refused, message, "move to a newer release, or give --on-eol warn");
  }
  out.notes.push_back(message);
  tools.reporter.warn(message);
}

// One platform: what its repositories offer is read once; it may be asked more than once for its plan, each time with more to hold back (--lockstep).
class PlatformPlanner {
 public:
  // `given` is the image; when it is moved to another base, what is planned is what it comes to there.
  PlatformPlanner(const PlatformView& given, std::shared_ptr<const Rebased> rebased, const ImageView& image, const PlanRequest& request, const Tools& tools)
      : given_(given), rebased_(std::move(rebased)), view_(rebased_ ? rebased_->view : given), root_(image.root), request_(request), tools_(tools), image_names_(image_names(image, request)) {
    const PlatformView& view = view_;
    begun_.platform = given.image.platform();
    begun_.manifest = given.image.descriptor.digest;
    begun_.config = given.image.manifest.config().digest;
    begun_.config_content = config_content(view.image.config);
    begun_.diff_ids = given.image.config.diff_ids();
    begun_.own_layers = rebased_ ? rebased_->strip : given.own_layers;
    begun_.os = view.os;
    if (rebased_) {
      begun_.strategy = "rebase";
      begun_.base = rebased_->base;
      begun_.notes = rebased_->notes;
    }
    if (!view.family) {
      begun_.patched = false;
      begun_.carried_because = "no package database";
      return;
    }
    require_known_system(view, tools);
    if (const std::string others = patched_by_others(given.image); !others.empty()) {
      begun_.notes.push_back(fmt::format("the image was patched before by {}: that layer stays as it is, and what it brought counts as installed", others));
    }
    begun_.family = std::string(view.family->name());
    begun_.arch = view.inventory.arch;
    judge_age(begun_, view, request, tools);
    if (request.policy.scripts == plan::Scripts::sandbox) obstacle_ = sandbox_obstacle(view, tools);
    if (rebased_) {
      obstacle_ = plan::SandboxObstacle{document::HeldReason::needs_sandbox, "scripts run on images as they are, not on one that moves to another base"};
    }
    findings_ = gather_findings(given, image, request, begun_);
    if (rebased_) plan::note_fixes(begun_.base->changes, findings_, given.inventory, view.inventory, *view.family);
    read_repositories();
  }

  document::PlatformPlan plan(const std::map<std::string, std::string>& behind) {
    for (;;) {
      try {
        return plan_with_offers(behind);
      } catch (const NotHandedOut& kept_back) {
        // It holds its own packages, not the image; when it is one of the image's own suites, reading them without it says so.
        if (!unusable_.emplace(kept_back.repository, kept_back.why).second) throw Error(kept_back.why);
        read_repositories();
      }
    }
  }

  const pkg::Inventory* inventory() const { return view_.family ? &view_.given_inventory : nullptr; }
  const pkg::Family* family() const { return view_.family; }
  void tell(const Told& told, const document::PlatformPlan& plan) const {
    if (view_.family) told({plan, view_.given_inventory, *offers_, *view_.family, findings_});
  }

 private:
  document::PlatformPlan plan_with_offers(const std::map<std::string, std::string>& behind) const {
    document::PlatformPlan out = begun_;
    if (!view_.family) return out;
    const plan::Request wish{.inventory = view_.given_inventory,
                             .offers = *offers_,
                             .family = *view_.family,
                             .recipe = tools_.recipes.find(view_.os),
                             .findings = findings_,
                             .floors = rebased_ ? floors_on(view_, given_) : std::vector<plan::Floor>(),
                             .policy = request_.policy,
                             .verdicts = {},
                             .behind = behind,
                             .sandbox_obstacle = obstacle_,
                             .rules = request_.rules ? &*request_.rules : nullptr,
                             .image_names = image_names_,
                             .now = request_.as_of,
                             .unsettled = rebased_ ? unsettled() : std::set<std::string>(),
                             .public_since = first_seen(*offers_, tools_.cache, tools_.clock)};
    plan::Decision decision;
    {
      Phase phase(tools_.reporter, "planning");
      decision = view_.own_layers == 0 ? decide(wish, view_, ground_of(view_, 0), tools_) : decide_again(wish, view_, out, tools_);
    }
    out.packages = std::move(decision.packages);
    out.held = std::move(decision.held);
    out.unfixed = std::move(decision.unfixed);
    out.not_in_image = std::move(decision.not_in_image);
    out.already_fixed = std::move(decision.already_fixed);
    out.notes.insert(out.notes.end(), decision.notes.begin(), decision.notes.end());
    for (std::string& note : offers_->notes()) out.notes.push_back(std::move(note));
    out.repositories = offers_->repositories();
    out.repository_failures = offers_->failures();
    out.shadow_copies = plan::shadow_copies(view_.given, view_.given_inventory, out.packages);
    out.stale_metadata = plan::stale_metadata(view_.image.config.env(), view_.image.config.labels(), out.packages);
    for (auto& list : plan::stale_parts_lists(view_.given, out.packages)) out.stale_metadata.push_back(std::move(list));
    if (!out.packages.empty() || rebased_) add_attestations(out);
    if (rebased_) out.base->guards.push_back(dependencies(out));
    return out;
  }

  // Of what the plan leaves, against what was there and what the new base itself leaves open.
  document::Guard dependencies(const document::PlatformPlan& plan) const {
    const pkg::Inventory after = outcome_of(view_.inventory, plan.packages, *offers_);
    return plan::guard_of("dependencies", texts_of(plan::new_violations(given_.given_inventory, rebased_->base_packages, after, *view_.family)));
  }
  // What does not fit together on the new base: those packages have to move, whatever else is asked for.
  std::set<std::string> unsettled() const {
    return plan::packages_of_violations(plan::new_violations(given_.given_inventory, rebased_->base_packages, view_.inventory, *view_.family));
  }

  void read_repositories() {
    pkg::RepositoryOptions repositories = request_.repositories;
    repositories.now = request_.as_of;
    repositories.jobs = tools_.jobs;
    repositories.unusable = unusable_;
    Phase phase(tools_.reporter, "reading repositories");
    offers_ = view_.family->candidates(view_.given, view_.given_inventory, tools_.recipes, repositories, tools_.fetcher, tools_.cache, tools_.reporter);
  }

  // What BuildKit put beside the image describes it as it was: the patched image goes without it.
  void add_attestations(document::PlatformPlan& out) const {
    const auto add = [&](const oci::Index& index) {
      for (const oci::IndexEntry& entry : index.entries()) {
        if (entry.attestation && entry.attestation_of == out.manifest.text())
          out.stale_metadata.push_back({"attestation", entry.descriptor.digest.text(), entry.attestation_of, ""});
      }
    };
    if (root_.index) add(*root_.index);
    for (const oci::NestedIndex& nested : root_.nested) add(nested.index);
  }

  const PlatformView& given_;
  const std::shared_ptr<const Rebased> rebased_;  // null: on the base that it has
  const PlatformView& view_;                      // what is planned
  const oci::Root& root_;
  const PlanRequest& request_;
  const Tools& tools_;
  document::PlatformPlan begun_;
  std::vector<std::string> image_names_;
  std::vector<advisory::Finding> findings_;
  std::optional<plan::SandboxObstacle> obstacle_;
  std::map<std::string, Error> unusable_;
  std::unique_ptr<pkg::CandidateSource> offers_;
};

// --lockstep: what would get ahead of another platform is held, and the whole planned again; what is held only grows, so this ends.
void keep_in_step(document::Plan& plan, const std::vector<std::unique_ptr<PlatformPlanner>>& planners, const std::vector<const pkg::Inventory*>& inventories) {
  const auto known = std::find_if(planners.begin(), planners.end(), [](const auto& planner) { return planner && planner->family(); });
  std::vector<std::map<std::string, std::string>> behind(planners.size());
  for (bool grown = true; grown;) {
    grown = false;
    const auto ahead = plan::ahead(plan.platforms, plan::outcomes(plan.platforms, inventories), *(*known)->family());
    for (std::size_t i = 0; i < planners.size(); ++i) {
      const std::size_t before = behind[i].size();
      behind[i].insert(ahead[i].begin(), ahead[i].end());
      if (behind[i].size() == before) continue;
      plan.platforms[i] = planners[i]->plan(behind[i]);
      grown = true;
    }
  }
}

// ---- the base

constexpr const char* kAppendRemains = "--strategy append patches the image on the base that it has";

std::string base_unknown(const BaseFinding& base) {
  std::string text = base.old_base ? "what its base is now is not known" : "the base that the image was built on is not known";
  if (!base.remarks.empty()) text += ": " + join(base.remarks, "; ");
  return text;
}

// A plan on the new base, or why there is none.
struct BaseAttempt {
  std::unique_ptr<PlatformPlanner> planner;
  document::PlatformPlan plan;
  std::string problem;
};

BaseAttempt plan_on_base(const ImageView& image, std::size_t i, const PlanRequest& request, const Tools& tools) {
  const PlatformView& given = image.platforms[i];
  const BaseFinding& base = image.bases[i];
  if (!base.is_known()) return {nullptr, {}, base_unknown(base)};
  auto rebased = std::make_shared<Rebased>(rebase(given, base, request.base.allowed, request.compression, tools));
  if (!plan::all_pass(rebased->base.guards)) return {nullptr, {}, plan::problems_of(rebased->base.guards)};
  BaseAttempt attempt{std::make_unique<PlatformPlanner>(given, rebased, image, request, tools), {}, {}};
  attempt.plan = attempt.planner->plan({});
  if (!plan::all_pass(attempt.plan.base->guards)) attempt.problem = plan::problems_of(attempt.plan.base->guards);
  return attempt;
}

// What is known of the base of an image that keeps it, and what moving to the new one would bring.
void tell_base(document::PlatformPlan& plan, const ImageView& image, std::size_t i, const PlanRequest& request, const Tools& tools) {
  const BaseFinding& base = image.bases[i];
  if (!base.old_base) return;
  plan.base = document::PlannedBase{};
  plan.base->name = base.reference.empty() ? base.old_reference : base.reference;
  plan.base->found_by = base.found_by;
  plan.base->old_digest = base.old_base->descriptor.digest;
  plan.base->layers = base.old_base->config.diff_ids().size();
  plan.base->old_reference = base.old_reference;
  if (!base.new_base) return;
  plan.base->reference = base.reference;
  plan.base->root = base.root;
  plan.base->new_digest = base.new_base->descriptor.digest;
  if (base.is_current() || !image.platforms[i].family) return;
  const Rebased rebased = rebase(image.platforms[i], base, request.base.allowed, request.compression, tools);
  plan.base->guards = rebased.base.guards;
  plan.base->gain = plan::rebase_gain(plan, rebased.view.inventory, *image.platforms[i].family);
  plan.notes.push_back(fmt::format("a rebase to {} fixes {} of {}", printable(plan.base->name, 120), plan.base->gain->fixed, plan.base->gain->of));
}

// One platform, on the base that the strategy comes to.
std::unique_ptr<PlatformPlanner> plan_platform(document::PlatformPlan& out, const ImageView& image, std::size_t i, const PlanRequest& request, const Tools& tools) {
  const PlatformView& given = image.platforms[i];
  std::string why;
  const bool looked = !image.bases.empty();
  if (request.base.strategy != Strategy::append && given.family && looked) {
    if (image.bases[i].is_current()) {
      why = fmt::format("its base is {} as it is now: nothing to move to", printable(image.bases[i].reference, 120));
    } else {
      try {
        BaseAttempt attempt = plan_on_base(image, i, request, tools);
        if (attempt.problem.empty()) {
          out = std::move(attempt.plan);
          return std::move(attempt.planner);
        }
        why = attempt.problem;
      } catch (const Error& error) {
        if (request.base.strategy != Strategy::automatic || (error.kind() != ErrorKind::refused && error.kind() != ErrorKind::unsupported)) throw;
        why = error.message();
      }
      if (request.base.strategy == Strategy::rebase) throw Error(ErrorKind::refused, "the base cannot be changed: " + why, kAppendRemains);
      why = "appended, not rebased: " + why;
    }
  }
  auto planner = std::make_unique<PlatformPlanner>(given, nullptr, image, request, tools);
  out = planner->plan({});
  if (!why.empty()) out.notes.push_back(why);
  if (looked) tell_base(out, image, i, request, tools);
  return planner;
}

document::PlatformPlan carried_platform(const oci::Image& image) {
  document::PlatformPlan out;
  out.platform = image.platform();
  out.manifest = image.descriptor.digest;
  out.config = image.manifest.config().digest;
  out.config_content = config_content(image.config);
  out.diff_ids = image.config.diff_ids();
  out.patched = false;
  out.carried_because = is_linux(image) ? "not selected by --platform" : "not a Linux image";
  return out;
}

// Where package databases are, and what of their directory an image has to keep.
struct DatabasePlace {
  std::string_view file, keep;
};
constexpr DatabasePlace kDatabases[] = {{"var/lib/dpkg/status", "/var/lib/dpkg"}, {"lib/apk/db/installed", "/lib/apk/db"}, {"usr/lib/apk/db/installed", "/usr/lib/apk/db"}};

// The layer that took the package database away: an image may be without one because somebody slimmed it.
std::string removed_database(const PlatformView& view, const DatabasePlace& place) {
  const auto& layers = view.given.layers();
  const auto has_database = [&](const rootfs::LayerIndex& layer) {
    return std::any_of(layer.captured.begin(), layer.captured.end(), [&](const auto& file) { return file.first == place.file || file.first.starts_with(std::string(place.file) + ".d/"); });
  };
  const auto last = std::find_if(layers.rbegin(), layers.rend(), [&](const auto& layer) { return has_database(*layer); });
  if (last == layers.rend()) return {};
  for (auto above = last.base(); above != layers.end(); ++above) {
    for (const rootfs::Entry& entry : (*above)->entries) {
      const bool hides = (entry.whiteout || entry.opaque || entry.type != tar::Type::directory) && place.file.starts_with(entry.path);
      if (hides) return (*above)->diff_id.short_text();
    }
  }
  return {};
}

[[noreturn]] void throw_nothing_known(const ImageView& image) {
  const auto& os = image.platforms.front().os;
  for (const DatabasePlace& place : kDatabases) {
    const std::string layer = removed_database(image.platforms.front(), place);
    if (layer.empty()) continue;
    throw Error(ErrorKind::unsupported, fmt::format("the image has no package database: layer {} deletes the one that is below", layer),
                fmt::format("patch the image that this one was built from, and build this one again; or leave {} in it", place.keep));
  }
  const std::string what = os.id.empty() ? "the image has no package database and no os-release file"
                                         : fmt::format("the image has no package database that resole knows (os-release: {})", printable(os.id));
  throw Error(ErrorKind::unsupported, what, "images without a package manager's database can only be rebuilt from their source");
}

std::vector<document::Input> inputs_of(const PlanRequest& request, const std::vector<document::PlatformPlan>& platforms) {
  std::vector<document::Input> inputs;
  for (const OpenFeed& feed : request.feeds) inputs.push_back({"feed", feed.name, feed.input});
  for (const auto& document : request.vex) inputs.push_back({"vex", document.name, document.sha256});
  if (request.rules) inputs.push_back({"policy", request.rules->name, request.rules->sha256});
  for (const auto& [report, from_directory] : request.reports) inputs.push_back({"report", report.name, report.sha256});
  for (const auto& platform : platforms) {
    for (const auto& repository : platform.repositories) {
      inputs.push_back({"release", repository.uri + " " + repository.suite, repository.release});
      for (const auto& [path, digest] : repository.indexes) inputs.push_back({"index", repository.uri + " " + repository.suite + " " + path, digest});
    }
  }
  const auto order = [](const document::Input& a, const document::Input& b) { return std::tie(a.kind, a.name, a.sha256) < std::tie(b.kind, b.name, b.sha256); };
  const auto same = [](const document::Input& a, const document::Input& b) { return a.kind == b.kind && a.name == b.name && a.sha256 == b.sha256; };
  std::sort(inputs.begin(), inputs.end(), order);
  inputs.erase(std::unique(inputs.begin(), inputs.end(), same), inputs.end());
  return inputs;
}

}  // namespace

document::Plan make_plan(const ImageView& image, const PlanRequest& request, const Tools& tools, const Told& told) {
  const bool known = std::any_of(image.platforms.begin(), image.platforms.end(), [](const PlatformView& view) { return view.family != nullptr; });
  if (!known) throw_nothing_known(image);
  require_reports_used(image, request);

  document::Plan plan;
  plan.as_of = format_time(request.as_of);
  plan.tool_version = RESOLE_VERSION;
  plan.compression = request.compression;
  plan.compressors = {{"gzip", archive::compressor_text(archive::Compression::gzip)}, {"zstd", archive::compressor_text(archive::Compression::zstd)}};
  plan.source_reference = image.location.text();
  plan.source_deployed_as = request.deployed_as;
  plan.source = image.root.descriptor;
  plan.options = request.options;

  const std::size_t count = image.root.images.size();
  std::vector<std::unique_ptr<PlatformPlanner>> planners(count);
  std::vector<const pkg::Inventory*> inventories(count, nullptr);
  for (const oci::Image& one : image.root.images) plan.platforms.push_back(carried_platform(one));
  parallel_for(image.platforms.size(), tools.jobs, [&](std::size_t i) {
    const PlatformView& view = image.platforms[i];
    const std::size_t at = image.positions[i];
    with_context([&] { return "planning " + view.image.platform().text(); }, [&] {
      planners[at] = plan_platform(plan.platforms[at], image, i, request, tools);
      inventories[at] = planners[at]->inventory();
    });
  });
  if (request.lockstep) keep_in_step(plan, planners, inventories);
  if (request.rules) {
    plan::leave_unimportant(plan, *request.rules);
    plan.policy = document::AppliedPolicy{request.rules->name, request.rules->sha256, request.rules->on_partial, request.rules->growth};
  }
  plan.skew = plan::skew(plan.platforms, plan::outcomes(plan.platforms, inventories));
  plan.inputs = inputs_of(request, plan.platforms);
  for (std::size_t i = 0; told && i < count; ++i) {
    if (planners[i]) planners[i]->tell(told, plan.platforms[i]);
  }
  return plan;
}

void find_bases_of(ImageView& image, const PlanRequest& request, const Tools& tools) {
  if (image.bases.empty()) image.bases = find_bases(image, request.base, tools);
}

document::Plan plan_or_recall(ImageView& image, const PlanRequest& request, const Tools& tools) {
  find_bases_of(image, request, tools);
  const PlannedBefore before(image, request, tools);
  if (auto plan = before.recall()) return std::move(*plan);
  read_layers(image, tools);
  document::Plan plan = make_plan(image, request, before.watched());
  before.keep(plan);
  return plan;
}

}  // namespace resole::patch
