// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/load_candidates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <optional>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::deb {
namespace {

constexpr unsigned kRequests = 8;  // small files: the wait is the network's, not the processor's

// What became of one source.
struct Attempt {
  SourceEntry source;
  std::optional<Repository> repository;
  std::vector<WantedIndex> wanted;
  std::vector<std::optional<PackagesIndex>> indexes;
  std::optional<Error> error;
};

// Keeps the error of a step in the attempt, so that the other repositories go on.
template <class Step>
void attempt(Attempt& one, const Step& step) {
  try {
    step();
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted || error.kind() == ErrorKind::usage) throw;
    one.error = error;
  }
}

void open_all(std::vector<Attempt>& attempts, const RepositoryContext& context) {
  parallel_for(attempts.size(), kRequests, [&](std::size_t i) {
    Attempt& one = attempts[i];
    attempt(one, [&] {
      const auto unusable = context.options.unusable.find(url_of(one.source, context.options));
      if (unusable != context.options.unusable.end()) throw Error(unusable->second);
      one.repository = open_repository(one.source, context);
      one.repository->state.lacking = lacking_architectures(*one.repository, context.inventory);
      one.wanted = wanted_indexes(*one.repository, context.inventory);
      for (WantedIndex& witness : witness_indexes(*one.repository, context.inventory)) one.wanted.push_back(std::move(witness));
      if (one.wanted.empty()) {
        throw Error(ErrorKind::input, fmt::format("{} has no index of {} for {}", one.repository->name(),
                                                  printable(join(one.source.components, ", "), 80), context.inventory.arch));
      }
      one.indexes.resize(one.wanted.size());
    });
  });
}

void load_all(std::vector<Attempt>& attempts, const RepositoryContext& context) {
  std::vector<std::pair<std::size_t, std::size_t>> tasks;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    for (std::size_t k = 0; !attempts[i].error && k < attempts[i].wanted.size(); ++k) tasks.emplace_back(i, k);
  }
  // The biggest first, so that it does not run alone at the end.
  const auto size_of = [&](const auto& task) { return attempts[task.first].wanted[task.second].file.size; };
  std::ranges::stable_sort(tasks, [&](const auto& a, const auto& b) { return size_of(a) > size_of(b); });
  std::vector<std::optional<Error>> errors(tasks.size());
  parallel_for(tasks.size(), std::max(context.options.jobs, 2u), [&](std::size_t t) {
    Attempt& one = attempts[tasks[t].first];
    const std::size_t k = tasks[t].second;
    try {
      one.indexes[k] = load_index(*one.repository, one.wanted[k], context.fetcher, context.cache);
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::internal || error.kind() == ErrorKind::interrupted) throw;
      errors[t] = error;
    }
  });
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    if (errors[t] && !attempts[tasks[t].first].error) attempts[tasks[t].first].error = std::move(errors[t]);
  }
}

// Does this source stand for a suite of the image's own release, by its name and components?
bool is_own_suite(const SourceEntry& source, const RepositoryContext& context) {
  const pkg::OsRelease& os = context.inventory.os;
  const pkg::Recipe* recipe = context.recipes.find(os);
  const pkg::Release* release = context.recipes.release(os);
  if (!release) return !os.codename.empty() && source.suite.starts_with(os.codename);
  const auto known = [&](const std::string& component) {
    return std::ranges::find(recipe->components, component) != recipe->components.end();
  };
  return std::ranges::find(release->suites, source.suite) != release->suites.end() && std::ranges::all_of(source.components, known);
}

bool stands_in(const Attempt& good, const Attempt& failed) {
  return !good.error && good.source.suite == failed.source.suite &&
         std::ranges::any_of(good.source.components, [&](const std::string& component) {
           return std::ranges::find(failed.source.components, component) != failed.source.components.end();
         });
}

void require_own_repositories(const std::vector<Attempt>& attempts, const RepositoryContext& context) {
  for (const Attempt& failed : attempts) {
    if (!failed.error || !is_own_suite(failed.source, context)) continue;
    if (std::ranges::none_of(attempts, [&](const Attempt& good) { return stands_in(good, failed); })) throw Error(*failed.error);
  }
  if (std::ranges::any_of(attempts, [](const Attempt& one) { return !one.error; })) return;
  // All failed. What cannot be believed is worse news than what cannot be reached.
  const auto worst = std::ranges::find_if(attempts, [](const Attempt& one) { return one.error->kind() == ErrorKind::verification; });
  throw Error(worst == attempts.end() ? *attempts.front().error : *worst->error);
}

}  // namespace

std::unique_ptr<pkg::CandidateSource> load_candidates(const RepositoryContext& context, Reporter& reporter) {
  if (context.inventory.arch.empty()) {
    throw Error(ErrorKind::input, "the architecture of the image's packages is not known: no package, nor var/lib/dpkg/arch, nor the image's config names one",
                "set the architecture in the config of the image");
  }
  require_operator_keys(context.options);
  std::vector<Attempt> attempts;
  for (SourceEntry& source : effective_sources(context.tree, context.inventory, context.recipes, context.options)) {
    attempts.push_back({.source = std::move(source), .repository = {}, .wanted = {}, .indexes = {}, .error = {}});
  }
  open_all(attempts, context);
  load_all(attempts, context);
  require_own_repositories(attempts, context);

  std::vector<LoadedIndex> indexes;
  std::vector<pkg::RepositoryState> states;
  std::vector<pkg::RepositoryFailure> failures;
  for (Attempt& one : attempts) {
    if (one.error) {
      failures.push_back({one.source.uri, one.source.suite, one.error->message()});
      reporter.warn(fmt::format("repository {} {} is left out: {}{}{}", printable(one.source.uri), printable(one.source.suite, 80), one.error->message(),
                                one.error->hint().empty() ? "" : "; ", one.error->hint()));
      continue;
    }
    pkg::RepositoryState state = one.repository->state;
    for (std::size_t k = 0; k < one.wanted.size(); ++k) {
      if (!one.wanted[k].witness) state.indexes.emplace_back(one.wanted[k].path, one.wanted[k].file.sha256);
      indexes.push_back(describe_index(*one.repository, one.wanted[k], std::move(*one.indexes[k]), context));
    }
    states.push_back(std::move(state));
  }
  const Preferences preferences = Preferences::read(context.tree);
  for (const std::string& warning : preferences.warnings) reporter.warn(warning);
  return make_candidates(std::move(indexes), context.inventory, preferences, std::move(states), std::move(failures));
}

}  // namespace resole::deb
