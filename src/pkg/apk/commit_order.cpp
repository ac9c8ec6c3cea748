// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/commit_order.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <unordered_map>

namespace resole::apk {

namespace {

class Changeset {
 public:
  explicit Changeset(const std::vector<CommitMember>& members) : members_(members), seen_(members.size(), false) {
    for (std::size_t i = 0; i < members.size(); ++i) chosen_.emplace(members[i].package->name, i);
    for (const bool versioned : {true, false}) {  // of those that provide a name without a version the first
      for (std::size_t i = 0; i < members.size(); ++i) {
        for (const Wish& provided : members[i].package->provides) {
          if ((provided.atom.op != pkg::Operator::any) == versioned) chosen_.emplace(provided.atom.name, i);
        }
      }
    }
    for (std::size_t i = 0; i < members.size(); ++i) {
      for (const Wish& wish : members[i].package->install_if) wanted_by_[wish.atom.name].push_back(i);
    }
  }

  std::vector<std::size_t> run(std::string_view world) {
    for (const Wish& wish : parse_wishes(world, "etc/apk/world")) visit(wish.atom.name);
    for (const CommitMember& member : members_) visit(member.package->name);
    return std::move(order_);
  }

 private:
  // Dependencies may go in circles: each name is entered once. Chains that no repository has are cut: what is behind comes in the order of the database.
  void visit(const std::string& name) {
    constexpr int kDeepest = 2000;
    if (depth_ == kDeepest || !processed_.insert(name).second) return;
    ++depth_;
    enter(name);
    --depth_;
  }

  void enter(const std::string& name) {
    const auto found = chosen_.find(name);
    if (found == chosen_.end() || seen_[found->second]) return;
    const std::size_t number = found->second;
    const Description& package = *members_[number].package;
    seen_[number] = true;
    processed_.insert(package.name);
    for (const Wish& provided : package.provides) processed_.insert(provided.atom.name);
    for (const Wish& wish : package.depends) visit(wish.atom.name);
    if (members_[number].changes) order_.push_back(number);
    visit_wanted_by(package.name);
    for (const Wish& provided : package.provides) visit_wanted_by(provided.atom.name);
  }

  void visit_wanted_by(const std::string& name) {
    const auto found = wanted_by_.find(name);
    if (found == wanted_by_.end()) return;
    for (const std::size_t number : found->second) {
      const Description& package = *members_[number].package;
      const bool all = std::ranges::all_of(package.install_if, [&](const Wish& wish) { return processed_.contains(wish.atom.name) && chosen_.contains(wish.atom.name); });
      if (all) visit(package.name);
    }
  }

  const std::vector<CommitMember>& members_;
  std::vector<bool> seen_;
  std::unordered_map<std::string, std::size_t> chosen_;
  std::unordered_map<std::string, std::vector<std::size_t>> wanted_by_;
  std::set<std::string> processed_;
  int depth_ = 0;
  std::vector<std::size_t> order_;
};

}  // namespace

std::vector<std::size_t> commit_order(const std::vector<CommitMember>& installed, std::string_view world) { return Changeset(installed).run(world); }

}  // namespace resole::apk
