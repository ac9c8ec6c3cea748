// SPDX-License-Identifier: Apache-2.0
// On an upgrade dpkg runs the old prerm, the new preinst, the old postrm and the new postinst (deb-policy chapter 6); debconf runs the new
// config. The new prerm and postrm do not run: that they differ means nothing for this upgrade.
//
// Scripts that are byte for byte the installed ones (but for debhelper's version) ran in this image before. What they make from the
// package's own files is made again in pure code or asks for them to run (watched_paths); everything else they do is idempotent or happened
// already (field notes 5).
#include "pkg/deb/scripts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/accounts.hpp"
#include "pkg/deb/ca_certificates.hpp"
#include "pkg/deb/conffiles.hpp"
#include "pkg/deb/maintscript_moves.hpp"
#include "pkg/deb/shipped_defaults.hpp"
#include "pkg/deb/snippets.hpp"
#include "pkg/deb/status.hpp"
#include "pkg/deb/wanted_files.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/deb/watched_paths.hpp"
#include "pkg/resource.hpp"

namespace resole::deb {
namespace {

using Kind = Comparison::Kind;

constexpr std::string_view kCaCertificates = "ca-certificates";
constexpr std::array<std::string_view, 3> kRun = {"config", "postinst", "preinst"};  // of a new version, on an upgrade

// "line 2: \"echo hello\"" of the first line that is not the same.
std::string first_difference(std::string_view a, std::string_view b) {
  const auto left = lines(a), right = lines(b);
  for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
    const std::string_view before = i < left.size() ? left[i] : std::string_view(),
                           after = i < right.size() ? right[i] : std::string_view();
    if (before != after || i >= left.size() || i >= right.size()) return fmt::format("line {}: \"{}\"", i + 1, printable(trim(after), 60));
  }
  return "its last line";
}

std::string names_of(const Scripts& scripts) {
  std::vector<std::string> names;
  for (const auto& [name, text] : scripts) names.push_back(name);
  return join(names, ", ");
}

const std::string* find(const Scripts* scripts, std::string_view name) {
  if (!scripts) return nullptr;
  const auto found = scripts->find(name);
  return found == scripts->end() ? nullptr : &found->second;
}

// One script of the new version beside the installed one (null when there is none). "" = every difference is known; else what is not.
class ScriptComparison {
 public:
  ScriptComparison(std::string_view package, std::string_view name, const std::string& fresh, const std::string* installed)
      : package_(package),
        name_(name),
        fresh_(fresh),
        installed_(installed),
        parts_(cut_script(fresh)),
        before_(installed ? cut_script(*installed) : ScriptParts()) {}

  std::string unknown() const {
    // What is not known may stand where it stood, in the order in which it stood: elsewhere it would do something else.
    const bool same_frame = installed_ && parts_.rest == before_.rest;
    auto standing = before_.snippets.begin();
    for (const Snippet& snippet : parts_.snippets) {
      if (recognise(snippet, name_, package_)) continue;
      standing = same_frame ? std::find(standing, before_.snippets.end(), snippet) : before_.snippets.end();
      const bool stood = std::ranges::find(before_.snippets, snippet.text, &Snippet::text) != before_.snippets.end();
      if (stood && !same_frame) return difference();
      if (standing == before_.snippets.end()) return fmt::format("{} has a changed part of {} that is not known", name_, printable(snippet.generator, 60));
      ++standing;
    }
    if (same_frame || is_empty_frame(parts_.rest)) return {};
    if (!installed_) return fmt::format("{} is new", name_);
    return difference();
  }

  std::vector<pkg::Action> actions() const {
    std::vector<pkg::Action> all;
    for (const Snippet& snippet : parts_.snippets) {
      if (const auto known = recognise(snippet, name_, package_)) all.insert(all.end(), known->begin(), known->end());
    }
    return all;
  }

 private:
  std::string difference() const { return fmt::format("{} differs from the installed one at {}", name_, first_difference(*installed_, fresh_)); }

  std::string_view package_, name_;
  const std::string& fresh_;
  const std::string* installed_;
  ScriptParts parts_, before_;
};

std::vector<pkg::Action> helpers_of(const std::vector<pkg::Action>& actions) {
  std::vector<pkg::Action> helpers;
  std::ranges::copy_if(actions, std::back_inserter(helpers), is_helper);
  return helpers;
}

const pkg::PackageRecipe* find_recipe(const pkg::Recipe* recipe, const pkg::Package& candidate, const Scripts& fresh) {
  if (!recipe) return nullptr;
  const std::string sha256 = scripts_sha256(fresh);
  for (const pkg::PackageRecipe& each : recipe->packages) {
    if (!glob_match(each.package, candidate.name)) continue;
    if (!each.script_sha256.empty()) {
      if (std::ranges::find(each.script_sha256, sha256) != each.script_sha256.end()) return &each;
      continue;
    }
    const bool above = each.version_from.empty() || compare_versions(candidate.version, each.version_from) >= 0;
    const bool below = each.version_below.empty() || compare_versions(candidate.version, each.version_below) < 0;
    if (above && below) return &each;
  }
  return nullptr;
}

// libc6 asks whether the copy that is loaded is its own: `[ "$ver" != "2.36-9+deb12u13" ]`. The package's own version in such a question is
// no change; a version anywhere else (in `dpkg --compare-versions`, say) is one.
Scripts without_own_version(const Scripts& scripts, const std::string& version) {
  const std::string question = fmt::format("\"$ver\" != \"{}\" ]", version), neutral = "\"$ver\" != \"<own version>\" ]";
  Scripts neutralised = scripts;
  for (auto& [name, text] : neutralised) {
    for (std::size_t at = text.find(question); at != std::string::npos; at = text.find(question, at))
      text.replace(at, question.size(), neutral);
  }
  return neutralised;
}

// `dpkg --compare-versions "$2" lt-nl X` with an X that the installed version is below: what follows is done in this upgrade, though the very same script may
// have found nothing to do when that version was installed afresh ("$2" is empty then, which -nl takes for later than everything). Returns X.
std::optional<std::string> pending_step(std::string_view script, const std::string& installed) {
  const auto bare = [](std::string_view word) {
    while (!word.empty() && std::string_view("\"';").contains(word.front())) word.remove_prefix(1);
    while (!word.empty() && std::string_view("\"';").contains(word.back())) word.remove_suffix(1);
    return word;
  };
  constexpr std::string_view kQuestion = "--compare-versions";
  for (const std::string_view line : lines(script)) {
    for (std::size_t at = line.find(kQuestion); at != std::string_view::npos; at = line.find(kQuestion, at + 1)) {
      auto words = split_words(line.substr(at + kQuestion.size()));
      if (!words.empty() && words[0] == "--") words.erase(words.begin());
      if (words.size() < 3) continue;
      const std::string_view asked = bare(words[0]), relation = bare(words[1]), version = bare(words[2]);
      if (!asked.starts_with("$2") && !asked.starts_with("${2")) continue;
      if (version.empty() || version.front() < '0' || version.front() > '9') continue;
      const int order = compare_versions(installed, version);
      if ((order < 0 && relation.starts_with("l")) || (order == 0 && relation.starts_with("le"))) return std::string(version);
    }
  }
  return std::nullopt;
}

bool touches(const PayloadChange& change, std::string_view path) {
  const auto has = [&](const std::vector<std::string>& paths) { return std::ranges::find(paths, path) != paths.end(); };
  return has(change.named) || has(change.changed);
}

// systemd-sysusers reads files of the package: those that its postinst names and, by systemd's trigger, all that change.
class Sysusers {
 public:
  Sysusers(const ScriptCase& each, const PayloadChange& change) : case_(each), change_(change) {}

  // Why somebody would have to be made; "" when nobody. Sets `acts` when the files had to be read at all: those that did not change made their users before.
  std::string unmet(const std::vector<pkg::Action>& actions, bool scripts_are_unchanged, bool& acts) const {
    std::set<std::string> confs;
    for (const pkg::Action& action : actions) {
      if (action.kind != pkg::ActionKind::sysusers) continue;
      for (const std::string& conf : action.arguments) {
        if (!scripts_are_unchanged || touches(change_, fmt::format("{}{}", kPlace, conf))) confs.insert(conf);
      }
    }
    acts = !confs.empty();
    if (case_.tree.resolve("bin/systemd-sysusers", true).node) {
      for (const auto* paths : {&change_.named, &change_.changed}) {
        for (const std::string& path : *paths) {
          if (path.starts_with(kPlace)) confs.insert(path.substr(kPlace.size()));
        }
      }
    }
    for (const std::string& conf : confs) {
      if (std::string problem = unmet_in(conf); !problem.empty()) return problem;
    }
    return {};
  }

 private:
  static constexpr std::string_view kPlace = "/usr/lib/sysusers.d/";

  std::string unmet_in(const std::string& conf) const {
    const std::string path = fmt::format("{}{}", kPlace, conf), own = fmt::format("/etc/sysusers.d/{}", conf);
    if (case_.tree.resolve(own.substr(1), false).node) return fmt::format("{} of the image takes the place of {}", printable(own), printable(path));
    if (!case_.read) return fmt::format("{}, from which systemd-sysusers makes users, is not at hand", printable(path));
    try {
      const auto text = case_.read(path.substr(1));
      if (!text) return {};  // one that goes
      const std::string problem = unmet_sysusers(case_.tree, *text);
      return problem.empty() ? problem : fmt::format("{}: {} (systemd-sysusers)", printable(path), problem);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::network) throw;
      return fmt::format("{}, from which systemd-sysusers makes users, cannot be had: {}", printable(path), error.message());
    }
  }

  const ScriptCase& case_;
  const PayloadChange& change_;
};

pkg::Verdict unknown(std::string reason) { return {pkg::VerdictKind::unknown, std::move(reason), {}}; }

// The verdict by the scripts alone.
pkg::Verdict judge_text(const ScriptCase& each, std::vector<pkg::Action>& actions) {
  using Verdict = pkg::VerdictKind;
  const Scripts& fresh = each.fresh.scripts;
  const bool certificates = each.candidate.name == kCaCertificates;
  if (certificates && !fresh.empty()) {
    const auto hooks = certificate_hooks(each.tree);
    if (!hooks.empty()) return unknown(fmt::format("hooks in /etc/ca-certificates/update.d would run: {}", join(hooks, ", ")));
  }
  Scripts before;
  if (each.before) before = without_own_version(each.before->scripts, each.installed->version);
  Comparison comparison =
      compare_scripts(each.candidate.name, without_own_version(fresh, each.candidate.version), each.before ? &before : nullptr);
  if (comparison.kind == Kind::unchanged && certificates) {
    actions = {{pkg::ActionKind::ca_certificates, {}}};
    return {Verdict::recipe, "its scripts are the installed ones; bundle and links are made again from the certificates", {}};
  }
  const pkg::PackageRecipe* found = comparison.kind == Kind::none ? nullptr : find_recipe(each.recipe, each.candidate, fresh);
  if (comparison.kind == Kind::unknown) {
    if (!found) return unknown(fmt::format("{} (scripts {})", comparison.reason, scripts_sha256(fresh)));
    actions = found->actions;
    return {Verdict::recipe, found->reason, {}};
  }
  // Scripts that somebody read do what he wrote down, also when they are the installed ones.
  actions = comparison.kind == Kind::unchanged && found && !found->script_sha256.empty() ? found->actions : std::move(comparison.actions);
  const auto kind = comparison.kind == Kind::none        ? Verdict::none
                    : comparison.kind == Kind::unchanged ? Verdict::unchanged
                                                         : Verdict::recognised;
  return {kind, std::move(comparison.reason), {}};
}

const pkg::InstalledPackage* find_installed(const pkg::Inventory& inventory, const pkg::Candidate& candidate) {
  const pkg::InstalledPackage* installed = inventory.find(candidate.name, candidate.arch);
  for (const pkg::InstalledPackage& each : inventory.packages) {
    // A package that moves between "all" and a real architecture is the same package.
    if (!installed && each.name == candidate.name && (each.arch == "all" || candidate.arch == "all")) installed = &each;
  }
  return installed && installed->state != pkg::InstallState::removed ? installed : nullptr;
}

// The image has deleted info/* (or never had it: distroless): the installed version's own package tells what its scripts were.
pkg::Verdict judge_against_package(ScriptCase each, const pkg::Candidate* offer, Fetcher& fetcher, Cache& cache) {
  const ControlFacts nothing;
  if (each.fresh.scripts.empty() && !offer) {
    each.before = &nothing;
    return judge_scripts(each);
  }
  const std::string deleted = fmt::format("the image has nothing of it below /{}", kInfoDirectory);
  if (!offer || offer->version != each.installed->version)
    return unknown(fmt::format("{}, and no index offers {} any more: what its scripts were is not known", deleted,
                               printable(each.installed->version)));
  try {
    const ControlFacts before = fetch_facts(*offer, fetcher, cache);
    each.before = &before;
    pkg::Verdict verdict = judge_scripts(each);
    if (!verdict.passes() || (before.scripts.empty() && each.fresh.scripts.empty())) return verdict;
    verdict.reason += fmt::format(" ({}: compared with the package of {})", deleted, printable(offer->version));
    verdict.against = offer->entry;
    return verdict;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::network) throw;
    return unknown(fmt::format("{}, and the package of {} cannot be had: {}", deleted, printable(offer->version), error.message()));
  }
}

}  // namespace

std::string scripts_sha256(const Scripts& scripts) {
  std::string text;
  for (const auto& [name, script] : scripts) text += fmt::format("== {} ==\n{}", name, script);
  return sha256_hex_of(text);
}

Comparison compare_scripts(std::string_view package, const Scripts& fresh, const Scripts* installed) {
  if (fresh.empty() && (!installed || installed->empty())) return {Kind::none, "it has no maintainer scripts", {}};
  std::vector<std::string> problems, known, later;
  std::vector<pkg::Action> preinst, actions;
  for (const std::string_view name : kScriptNames) {
    const std::string *after = find(&fresh, name), *before = find(installed, name);
    if (!after && !before) continue;
    const bool runs = std::ranges::find(kRun, name) != kRun.end();
    const bool same = after && before && *after == *before;
    if (!same) (runs ? known : later).emplace_back(name);
    if (!runs || !after) continue;
    const ScriptComparison comparison(package, name, *after, before);
    if (!same) {
      if (std::string problem = comparison.unknown(); !problem.empty()) problems.push_back(std::move(problem));
    }
    auto own = comparison.actions();
    if (name == "preinst") preinst = helpers_of(own);
    if (name == "postinst") actions = std::move(own);
  }
  if (!problems.empty())
    return {Kind::unknown, installed ? join(problems, "; ") : fmt::format("a new package with scripts: {}", join(problems, "; ")), {}};
  if (known.empty() && later.empty())
    return {Kind::unchanged, fmt::format("{} equal the installed ones", names_of(fresh)), std::move(actions)};
  // A move that preinst begins and postinst does not end, or the other way round, is nobody's known text.
  if (preinst != helpers_of(actions)) return {Kind::unknown, "preinst and postinst do not name the same moves of configuration files", {}};
  std::string reason;
  if (!known.empty())
    reason = fmt::format("what {} in {} is known snippets of debhelper", installed ? "changed" : "stands", join(known, ", "));
  if (installed && !later.empty())
    reason += fmt::format("{}the new {} do not run on an upgrade", reason.empty() ? "" : "; ", join(later, " and "));
  if (reason.empty()) reason = fmt::format("{} run only when it is removed", join(later, " and "));
  return {Kind::recognised, std::move(reason), std::move(actions)};
}

pkg::Verdict judge_scripts(const ScriptCase& each) {
  std::vector<pkg::Action> actions;
  pkg::Verdict verdict = judge_text(each, actions);
  if (!verdict.passes()) return verdict;
  const PayloadChange change = compare_payload(each.before ? each.before->md5sums : std::string_view(), each.fresh.md5sums);
  // A recipe was written by somebody who looked at what the scripts read.
  if (verdict.kind != pkg::VerdictKind::recipe) {
    for (const std::string_view name : {"preinst", "postinst"}) {
      const std::string* script = each.installed ? find(&each.fresh.scripts, name) : nullptr;
      if (const auto step = script ? pending_step(*script, each.installed->version) : std::nullopt)
        return unknown(fmt::format("{} has a step for upgrades from below {}, and {} is one", name, printable(*step, 80), printable(each.installed->version, 80)));
    }
    if (const WatchFinding finding = judge_payload(each.tree, change, each.fresh.triggers); !finding.problem.empty())
      return unknown(finding.problem);
    const std::string* postinst = find(&each.fresh.scripts, "postinst");
    DefaultsFinding defaults = judge_defaults({.tree = each.tree,
                                               .postinst = postinst ? std::string_view(*postinst) : std::string_view(),
                                               .change = change,
                                               .installed_md5sums = each.before ? each.before->md5sums : std::string_view()});
    if (!defaults.problem.empty()) return unknown(std::move(defaults.problem));
    actions.insert(actions.end(), defaults.actions.begin(), defaults.actions.end());
  }
  if (std::string problem = each.installed ? retirement_obstacle(each.tree, *each.installed, each.fresh.conffiles) : std::string(); !problem.empty())
    return unknown(std::move(problem));
  bool makes_users = false;
  if (std::string problem = Sysusers(each, change).unmet(actions, verdict.kind == pkg::VerdictKind::unchanged, makes_users); !problem.empty())
    return unknown(std::move(problem));
  const HelperCase helpers{each.tree, each.installed, each.fresh.md5sums};
  for (pkg::Action& action : actions) {
    if (is_helper(action)) {
      const HelperPlan plan = plan_helper(helpers, action);
      if (!plan.problem.empty()) return unknown(plan.problem);
      if (!plan.acts) continue;
    }
    if (action.kind == pkg::ActionKind::sysusers && !makes_users) continue;
    if (std::string problem = unmet_account(each.tree, action); !problem.empty()) return unknown(std::move(problem));
    verdict.actions.push_back(action.text());
  }
  return verdict;
}

// The whole package, where its control part is not enough: seldom, and a package that is upgraded is needed whole anyway.
PayloadReader payload_reader(const pkg::Candidate& candidate, Fetcher& fetcher) {
  return [&candidate, &fetcher](const std::string& path) {
    const Blob archive = fetcher.fetch(pkg::resource_of(candidate));
    auto files = read_files(PackageFile::open(archive, candidate.name), {path});
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(std::move(found->second));
  };
}

pkg::Verdict judge(const rootfs::Tree& tree, const pkg::Inventory& inventory, const pkg::RecipeBook& recipes,
                   const pkg::Candidate& candidate, const pkg::Candidate* installed_offer, Fetcher& fetcher, Cache& cache) {
  const auto what = [&] { return fmt::format("reading the scripts of {} {}", printable(candidate.name), printable(candidate.version)); };
  return with_context(what, [&] {
    const ControlFacts fresh = fetch_facts(candidate, fetcher, cache);
    const pkg::InstalledPackage* installed = find_installed(inventory, candidate);
    ScriptCase each{.tree = tree, .recipe = recipes.find(inventory.os), .candidate = candidate, .installed = installed, .fresh = fresh, .read = payload_reader(candidate, fetcher)};
    if (!installed) return judge_scripts(each);
    if (!has_info(tree, *installed)) return judge_against_package(each, installed_offer, fetcher, cache);
    const ControlFacts before = installed_facts(tree, *installed);
    each.before = &before;
    return judge_scripts(each);
  });
}

}  // namespace resole::deb
