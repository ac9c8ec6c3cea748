// SPDX-License-Identifier: Apache-2.0
#include "plan/solver.hpp"

// The headers of libsolv name a field `requires`, a keyword since C++20; this switch of theirs names it dep_requires.
#define LIBSOLV_SOLVABLE_PREPEND_DEP 1
extern "C" {
#include <solv/pool.h>
#include <solv/repo.h>
#include <solv/solver.h>
}

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>

namespace resole::plan {

namespace {

using pkg::Operator;

struct FreePool {
  void operator()(Pool* pool) const { pool_free(pool); }
};
struct FreeSolver {
  void operator()(Solver* solver) const { solver_free(solver); }
};

class Jobs {
 public:
  Jobs() { queue_init(&queue_); }
  ~Jobs() { queue_free(&queue_); }
  Jobs(const Jobs&) = delete;
  Jobs& operator=(const Jobs&) = delete;
  void add(int how, Id what) { queue_push2(&queue_, how, what); }
  Queue* queue() { return &queue_; }

 private:
  Queue queue_;
};

// Every version that occurs, as its place in the family's order; equal versions share one place.
class Ranks {
 public:
  Ranks(const SolverInput& input, const pkg::Family& family) {
    for (const auto* list : {&input.installed, &input.available}) {
      for (const pkg::Package* package : *list) add_versions(*package);
    }
    std::vector<std::string_view> ordered(versions_.begin(), versions_.end());
    std::stable_sort(ordered.begin(), ordered.end(), [&](std::string_view a, std::string_view b) { return family.compare(a, b) < 0; });
    std::size_t rank = 0;
    for (std::size_t i = 0; i < ordered.size(); ++i) {
      if (i == 0 || family.compare(ordered[i - 1], ordered[i]) != 0) ++rank;
      ranks_.emplace(ordered[i], std::to_string(rank));
    }
  }
  const char* of(std::string_view version) const { return ranks_.at(version).c_str(); }
  // Ranks of the versions that fulfil the wish.
  std::set<std::string> fulfilling(Operator op, std::string_view wanted, const pkg::Family& family) const {
    std::set<std::string> found;
    for (const auto& [version, rank] : ranks_) {
      if (family.satisfies(version, op, wanted)) found.insert(rank);
    }
    return found;
  }

 private:
  void add_versions(const pkg::Package& package) {
    versions_.insert(package.version);
    for (const pkg::Alternatives& alternatives : package.relations.depends) add_versions(alternatives);
    for (const auto* atoms : {&package.relations.breaks, &package.relations.conflicts, &package.relations.provides}) add_versions(*atoms);
  }
  void add_versions(const std::vector<pkg::Atom>& atoms) {
    for (const pkg::Atom& atom : atoms) {
      if (atom.op != Operator::any) versions_.insert(atom.version);
    }
  }

  std::set<std::string_view> versions_;
  std::unordered_map<std::string_view, std::string> ranks_;
};

int flags_of(Operator op) {
  switch (op) {
    case Operator::any:
      return 0;
    case Operator::less:
      return REL_LT;
    case Operator::less_equal:
      return REL_LT | REL_EQ;
    case Operator::equal:
      return REL_EQ;
    case Operator::greater_equal:
      return REL_GT | REL_EQ;
    case Operator::greater:
      return REL_GT;
    case Operator::near:
    case Operator::near_or_less:
    case Operator::near_or_greater:
      break;  // Problem::versioned names the versions
  }
  std::unreachable();
}

class Problem {
 public:
  Problem(const SolverInput& input, const pkg::Family& family) : input_(input), family_(family), ranks_(input, family), pool_(pool_create()) {
    pool_setdisttype(pool_.get(), DISTTYPE_DEB);  // versioned wishes are not met by unversioned provides
    pool_setarch(pool_.get(), input.architectures.front().c_str());
    for (const auto* list : {&input.installed, &input.available}) {
      for (const pkg::Package* package : *list) name_id(package->name, arch_of(*package));
    }
    Repo* installed = repo_create(pool_.get(), "installed");
    Repo* available = repo_create(pool_.get(), "available");
    for (const pkg::Package* package : input.installed) add(installed, *package);
    for (const pkg::Package* package : input.available) add(available, *package);
    pool_set_installed(pool_.get(), installed);
    pool_createwhatprovides(pool_.get());
  }

  std::optional<SolverAnswer> solve() {
    Jobs jobs;
    for (const pkg::Package* package : input_.wanted) jobs.add(SOLVER_INSTALL | SOLVER_SOLVABLE, ids_.at(package));
    std::unique_ptr<Solver, FreeSolver> solver(solver_create(pool_.get()));
    solver_set_flag(solver.get(), SOLVER_FLAG_ALLOW_NAMECHANGE, 0);
    solver_set_flag(solver.get(), SOLVER_FLAG_IGNORE_RECOMMENDED, 1);
    solver_set_flag(solver.get(), SOLVER_FLAG_FOCUS_INSTALLED, 1);
    solver_set_flag(solver.get(), SOLVER_FLAG_ALLOW_UNINSTALL, input_.allow_removal ? 1 : 0);
    if (solver_solve(solver.get(), jobs.queue()) != 0) return std::nullopt;
    return read_answer(*solver);
  }

 private:
  // libsolv chooses among equals by the alphabet; a number before the name makes that the order of `available`, where first alternatives
  // stand first.
  Id name_id(const std::string& name, std::string_view arch) {
    const std::string key = name + "@" + std::string(arch);
    const std::size_t number = numbers_.try_emplace(key, numbers_.size()).first->second;
    return pool_str2id(pool_.get(), fmt::format("{:08} {}", number, key).c_str(), 1);
  }
  Id versioned(Id name, Operator op, std::string_view version) {
    if (op == Operator::any) return name;
    if (op >= Operator::near) {
      Id all = 0;
      for (const std::string& rank : ranks_.fulfilling(op, version, family_)) {
        const Id one = pool_rel2id(pool_.get(), name, pool_str2id(pool_.get(), rank.c_str(), 1), REL_EQ, 1);
        all = all == 0 ? one : pool_rel2id(pool_.get(), one, all, REL_OR, 1);
      }
      if (all != 0) return all;
      return pool_rel2id(pool_.get(), name, pool_str2id(pool_.get(), "0", 1), REL_EQ, 1);  // no rank: nothing fulfils it
    }
    return pool_rel2id(pool_.get(), name, pool_str2id(pool_.get(), ranks_.of(version), 1), flags_of(op), 1);
  }
  const std::string& arch_of(const pkg::Package& package) const {
    return package.arch == "all" ? input_.architectures.front() : package.arch;
  }

  void add(Repo* repo, const pkg::Package& package) {
    const Id id = repo_add_solvable(repo);
    ids_[&package] = id;
    const auto solvable = [&]() -> Solvable& { return *pool_id2solvable(pool_.get(), id); };
    solvable().name = name_id(package.name, arch_of(package));
    solvable().evr = pool_str2id(pool_.get(), ranks_.of(package.version), 1);
    solvable().arch = ARCH_ALL;
    const auto put = [&](Offset Solvable::*list, Id dependency) {
      solvable().*list = repo_addid_dep(repo, solvable().*list, dependency, 0);
    };
    for (const Id provided : provides(package)) put(&Solvable::dep_provides, provided);
    for (const pkg::Alternatives& alternatives : package.relations.depends) {
      if (!input_.ignored || !input_.ignored(package, alternatives)) put(&Solvable::dep_requires, dependency_of(alternatives, package));
    }
    for (const Id conflict : conflicts(package)) put(&Solvable::dep_conflicts, conflict);
  }

  // The package's own name and each that it provides, under every architecture it serves.
  std::vector<Id> provides(const pkg::Package& package) {
    std::vector<Id> ids;
    const auto provide = [&](const std::string& name, Operator op, const std::string& version) {
      const auto under = [&](std::string_view arch) { ids.push_back(versioned(name_id(name, arch), op, version)); };
      under(arch_of(package));
      under("*");
      if (package.multi_arch == "allowed") under("any");
      if (package.multi_arch != "foreign") return;
      for (const std::string& arch : input_.architectures) {
        if (arch != arch_of(package)) under(arch);
      }
    };
    provide(package.name, Operator::equal, package.version);
    for (const pkg::Atom& atom : package.relations.provides) provide(atom.name, atom.op, atom.version);
    return ids;
  }

  Id dependency_of(const pkg::Alternatives& alternatives, const pkg::Package& dependent) {
    Id all = 0;
    for (auto atom = alternatives.rbegin(); atom != alternatives.rend(); ++atom) {
      const Id one = versioned(name_id(atom->name, atom->arch.empty() ? arch_of(dependent) : atom->arch), atom->op, atom->version);
      all = all == 0 ? one : pool_rel2id(pool_.get(), one, all, REL_OR, 1);
    }
    return all;
  }

  std::vector<Id> conflicts(const pkg::Package& package) {
    std::vector<Id> ids;
    for (const auto* atoms : {&package.relations.breaks, &package.relations.conflicts}) {
      for (const pkg::Atom& atom : *atoms) {
        const bool every = atom.arch.empty() || atom.arch == "any";
        ids.push_back(versioned(name_id(atom.name, every ? "*" : atom.arch), atom.op, atom.version));
      }
    }
    if (package.multi_arch != "same") return ids;
    for (const std::string& arch : input_.architectures) {  // instances of one package share files: one version for all
      if (arch == arch_of(package)) continue;
      ids.push_back(versioned(name_id(package.name, arch), Operator::less, package.version));
      ids.push_back(versioned(name_id(package.name, arch), Operator::greater, package.version));
    }
    return ids;
  }

  SolverAnswer read_answer(Solver& solver) const {
    const auto is_in = [&](const pkg::Package* package) { return solver_get_decisionlevel(&solver, ids_.at(package)) > 0; };
    SolverAnswer answer;
    std::set<std::string> kept;  // names with architecture
    for (const pkg::Package* package : input_.available) {
      if (!is_in(package)) continue;
      answer.taken.push_back(package);
      kept.insert(package->name + "@" + arch_of(*package));
    }
    for (const pkg::Package* package : input_.installed) {
      if (!is_in(package) && !kept.contains(package->name + "@" + arch_of(*package))) answer.removed.push_back(package);
    }
    return answer;
  }

  const SolverInput& input_;
  const pkg::Family& family_;
  Ranks ranks_;
  std::unique_ptr<Pool, FreePool> pool_;
  std::unordered_map<std::string, std::size_t> numbers_;
  std::unordered_map<const pkg::Package*, Id> ids_;
};

}  // namespace

std::optional<SolverAnswer> solve(const SolverInput& input, const pkg::Family& family) { return Problem(input, family).solve(); }

}  // namespace resole::plan
