// SPDX-License-Identifier: Apache-2.0
// What becomes of the maintainer scripts of a security suite: for every binary package the verdict on the version there, against the
// version of the main suite. Only the control parts of the packages are read, by ranges, and kept in the cache. scripts/census starts this
// and writes docs/census.md from what it prints.
//
//   census CODENAME MIRROR SECURITY-MIRROR KEYRING CACHE RECIPE.json     -> one JSON object on standard output
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <iostream>
#include <map>
#include <mutex>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "io/fetcher.hpp"
#include "io/files.hpp"
#include "io/terminal.hpp"
#include "pkg/deb/load_candidates.hpp"
#include "pkg/deb/scripts.hpp"
#include "pkg/deb/snippets.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/deb/watched_paths.hpp"

namespace resole {
namespace {

constexpr unsigned kConnections = 4;  // of somebody else's mirror

// An image that has nothing, or every cache that packages feed.
rootfs::Tree tree_with(const std::vector<std::string>& paths) {
  auto index = std::make_shared<rootfs::LayerIndex>();
  for (const std::string& path : paths) {
    rootfs::Entry entry;
    entry.path = path;
    index->entries.push_back(std::move(entry));
  }
  return rootfs::Tree::merge({std::move(index)});
}

struct Pair {
  pkg::Candidate fresh;
  std::optional<pkg::Candidate> before;
};

std::vector<Pair> pairs_of(const pkg::CandidateSource& source, const std::string& security) {
  std::vector<Pair> pairs;
  for (const std::string& name : source.names()) {
    Pair pair;
    bool found = false;
    for (const pkg::Candidate& each : source.offers(name, "").all) {
      const auto newer = [&](const pkg::Candidate& than) { return deb::compare_versions(each.version, than.version) > 0; };
      if (each.entry.suite == security) {
        if (!found || newer(pair.fresh)) pair.fresh = each;
        found = true;
      } else if (!pair.before || newer(*pair.before)) {
        pair.before = each;
      }
    }
    if (found) pairs.push_back(std::move(pair));
  }
  return pairs;
}

struct Outcome {
  std::string verdict;  // of an image that has every cache
  std::string bare;     // of one that has none
  std::string reason, scripts;
  std::vector<std::string> unknown_shapes;
};

std::vector<std::string> unknown_shapes(const pkg::Candidate& package, const deb::Scripts& scripts) {
  std::vector<std::string> shapes;
  for (const auto& [name, text] : scripts) {
    if (name != "preinst" && name != "postinst") continue;
    for (const deb::Snippet& snippet : deb::cut_script(text).snippets) {
      if (!deb::recognise(snippet, name, package.name)) {
        const deb::Shape shape = deb::shape_of(snippet.text, package.name);
        shapes.push_back(fmt::format("{} {} {}", snippet.generator, name, shape.sha256()));
      }
    }
  }
  return shapes;
}

class Census {
 public:
  Census(const pkg::Recipe* recipe, Fetcher& fetcher, Cache& cache) : recipe_(recipe), fetcher_(fetcher), cache_(cache) {}

  Outcome judge(const Pair& pair) const {
    const deb::ControlFacts fresh = deb::fetch_facts(pair.fresh, fetcher_, cache_);
    Outcome outcome;
    outcome.scripts = deb::scripts_sha256(fresh.scripts);
    outcome.unknown_shapes = unknown_shapes(pair.fresh, fresh.scripts);
    deb::ControlFacts before;
    if (pair.before) before = deb::fetch_facts(*pair.before, fetcher_, cache_);
    const auto in = [&](const rootfs::Tree& tree) {
      deb::ScriptCase each{.tree = tree, .recipe = recipe_, .candidate = pair.fresh, .fresh = fresh};
      if (pair.before) {
        each.installed = &*pair.before;
        each.before = &before;
      }
      return deb::judge_scripts(each);
    };
    const pkg::Verdict verdict = in(full_);
    outcome.verdict = pkg::verdict_name(verdict.kind);
    outcome.reason = verdict.reason;
    outcome.bare = pkg::verdict_name(in(bare_).kind);
    return outcome;
  }

 private:
  const pkg::Recipe* recipe_;
  Fetcher& fetcher_;
  Cache& cache_;
  const rootfs::Tree bare_ = tree_with({}), full_ = tree_with(deb::watched_caches());
};

// The main suite takes fixes over at point releases, and then goes past them.
std::string_view kind_of(const Pair& pair) {
  if (!pair.before) return "new";
  return deb::compare_versions(pair.before->version, pair.fresh.version) < 0 ? "upgrade" : "known";
}

Json json_of(const Pair& pair, const Outcome& outcome, bool noise) {
  return {{"package", pair.fresh.name},
          {"kind", kind_of(pair)},
          {"from", pair.before ? pair.before->version : ""},
          {"to", pair.fresh.version},
          {"verdict", outcome.verdict},
          {"bare", outcome.bare},
          {"reason", outcome.reason},
          {"scripts", outcome.scripts},
          {"noise", noise},
          {"unknownShapes", outcome.unknown_shapes}};
}

int run(const std::vector<std::string>& words) {
  if (words.size() != 6) throw Error(ErrorKind::usage, "census CODENAME MIRROR SECURITY-MIRROR KEYRING CACHE RECIPE.json");
  const std::string &codename = words[0], security = codename + "-security";
  const auto clock = io::system_clock();
  const auto reporter = io::terminal_reporter({.progress = io::ProgressStyle::plain}, *clock);
  const auto cache = io::disk_cache(words[4]);
  const auto fetcher = io::http_fetcher({.jobs = kConnections, .connections = kConnections}, *cache, words[4], *reporter, *clock);
  const pkg::RecipeBook recipes = pkg::RecipeBook::parse({{words[5], io::read_file(words[5], 8u << 20)}});

  pkg::Inventory inventory;
  inventory.family = "deb";
  inventory.os.id = "debian";
  inventory.os.codename = codename;
  inventory.arch = "amd64";
  const pkg::RepositoryOptions options{
      .mirrors = {},
      .extra = {fmt::format("{} {} main", words[1], codename), fmt::format("{} {} main", words[2], security)},
      .keyrings = {io::read_file(words[3], 16u << 20)},
      .replace_keyrings = true,
      .now = clock->now(),
      .max_index_age = 10ll * 365 * 86400};
  const rootfs::Tree nothing = tree_with({});
  const auto source = deb::load_candidates({nothing, inventory, recipes, options, *fetcher, *cache}, *reporter);
  for (const auto& failure : source->failures())
    throw Error(ErrorKind::network, failure.uri + " " + failure.suite + ": " + failure.message);

  const std::vector<Pair> pairs = pairs_of(*source, security);
  const pkg::Recipe* recipe = recipes.find(inventory.os);
  const Census census(recipe, *fetcher, *cache);
  std::vector<Json> rows(pairs.size());
  std::atomic<std::size_t> done = 0;
  Phase phase(*reporter, "reading control parts");
  parallel_for(pairs.size(), kConnections, [&](std::size_t i) {
    const bool noise =
        recipe && std::ranges::any_of(recipe->noise, [&](const std::string& glob) { return glob_match(glob, pairs[i].fresh.name); });
    Outcome outcome;
    try {
      outcome = census.judge(pairs[i]);
    } catch (const Error& error) {
      outcome = {.verdict = "unread", .bare = "unread", .reason = error.what(), .scripts = {}, .unknown_shapes = {}};
    }
    rows[i] = json_of(pairs[i], outcome, noise);
    if (++done % 500 == 0) reporter->note(fmt::format("{} of {}", done.load(), pairs.size()));
  });
  std::cout << dump_compact(Json{{"codename", codename}, {"packages", rows}}) << "\n";
  return 0;
}

}  // namespace
}  // namespace resole

int main(int argc, char** argv) {
  try {
    return resole::run({argv + 1, argv + argc});
  } catch (const resole::Error& error) {
    std::cerr << "census: " << error.what() << "\n";
    return 1;
  }
}
