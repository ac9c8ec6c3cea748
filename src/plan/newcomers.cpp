// SPDX-License-Identifier: Apache-2.0
#include "plan/newcomers.hpp"

#include <deque>
#include <set>
#include <string>
#include <utility>

namespace resole::plan {

namespace {

constexpr std::size_t kMost = 2000;

class Search {
 public:
  Search(const Request& request, const World& reachable, Reach reach) : request_(request), reachable_(reachable), reach_(reach) {
    for (const pkg::Package* package : reachable.packages()) known_.insert({package->name, arch_of(*package)});
  }

  std::vector<pkg::Candidate> run(const std::vector<Violation>& unmet) {
    for (const Violation& violation : unmet) follow(*violation.alternatives, *violation.package);
    for (std::size_t at = 0; at < found_.size() && found_.size() < kMost; ++at) {
      const pkg::Candidate& candidate = found_[at];  // a deque: growing it moves nothing
      for (const pkg::Alternatives& alternatives : candidate.relations.depends) {
        if (reach_ == Reach::wide || !reachable_.satisfied(alternatives, candidate)) follow(alternatives, candidate);
      }
    }
    return {std::make_move_iterator(found_.begin()), std::make_move_iterator(found_.end())};
  }

 private:
  const std::string& arch_of(const pkg::Package& package) const { return package.arch == "all" ? request_.inventory.arch : package.arch; }

  void follow(const pkg::Alternatives& alternatives, const pkg::Package& dependent) {
    for (const pkg::Atom& atom : alternatives) {
      const std::string& arch = atom.arch.empty() || atom.arch == "any" ? arch_of(dependent) : atom.arch;
      add(atom.name, arch);
      if (arch != request_.inventory.arch) add(atom.name, request_.inventory.arch);  // may be Multi-Arch: foreign
      if (!asked_.insert(atom.name).second) continue;
      for (const pkg::Candidate& provider : request_.offers.providers(atom.name)) add(provider.name, arch_of(provider));
    }
  }

  void add(const std::string& name, const std::string& arch) {
    if (!known_.insert({name, arch}).second) return;
    pkg::Offers offers = request_.offers.offers(name, arch);
    if (offers.chosen) found_.push_back(std::move(offers.all[*offers.chosen]));
  }

  const Request& request_;
  const World& reachable_;
  Reach reach_;
  std::set<std::pair<std::string, std::string>> known_;  // installed, found, or looked for in vain
  std::set<std::string> asked_;
  std::deque<pkg::Candidate> found_;
};

}  // namespace

std::vector<pkg::Candidate> newcomers(const Request& request, const World& reachable, const std::vector<Violation>& unmet, Reach reach) {
  return Search(request, reachable, reach).run(unmet);
}

}  // namespace resole::plan
