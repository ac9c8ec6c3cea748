// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/preparation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <numeric>
#include <optional>
#include <unordered_map>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/package_file.hpp"

namespace resole::deb {
namespace {

// Members whose file really comes from the package.
bool is_shipped(Fate fate) { return fate == Fate::write || fate == Fate::conffile; }

class Preparation {
 public:
  Preparation(const pkg::UpgradeRequest& request, const InstalledSystem& system) : request_(request), system_(system) {
    for (const pkg::Item& item : request.items) {
      const std::size_t stanza = stanza_of(item, system);
      if (stanza != InstalledSystem::npos) transaction_.upgraded.insert(static_cast<std::uint32_t>(stanza));
    }
  }

  std::vector<PreparedPackage> run() {
    prepared_.resize(request_.items.size());
    std::uint64_t total = 0;
    for (const pkg::Item& item : request_.items) total += item.to.entry.size;
    Phase phase(request_.reporter, "unpacking packages", total);
    const std::vector<std::size_t> order = biggest_first();
    std::atomic<std::uint64_t> done = 0;
    parallel_for(order.size(), request_.jobs, [&](std::size_t at) {
      const std::size_t i = order[at];
      prepare(request_.items[i], prepared_[i]);
      phase.progress(done += request_.items[i].to.entry.size, request_.items[i].name);
    });
    settle_claims();
    parallel_for(prepared_.size(), request_.jobs, [&](std::size_t i) { complete(prepared_[i]); });
    return std::move(prepared_);
  }

 private:
  std::vector<std::size_t> biggest_first() const {
    std::vector<std::size_t> order(request_.items.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return request_.items[i].to.entry.size; });
    return order;
  }

  void prepare(const pkg::Item& item, PreparedPackage& package) {
    const std::string key = package_facts_key(item.to.entry.sha256);
    std::optional<PackageFacts> known;
    if (const auto cached = request_.cache.get("segment", key)) known = parse_package_facts(cached->bytes());
    if (known) {
      package.facts = std::move(*known);
      package.incoming = Incoming::read(item, system_, request_.inventory, package.facts.control);
    } else {
      read(item, package);
      request_.cache.put("segment", key, serialise(package.facts));
    }
    const Placer placer(system_, transaction_, package.incoming);
    for (std::size_t i = 0; i < package.facts.data.entries.size(); ++i) {
      package.placements.push_back(placer.place(package.facts.data.entries[i], package.facts.owners[i]));
    }
    settle_own_claims(package);
  }

  void read(const pkg::Item& item, PreparedPackage& package) {
    const PackageFile file = PackageFile::open(item.archive(), fmt::format("{} {} {}", item.name, item.to.version, item.to.arch));
    package.incoming = Incoming::read(item, system_, request_.inventory, file.control());
    package.spool = request_.spool();
    FirstPass pass = unpack_provisionally(file, Placer(system_, transaction_, package.incoming), system_.tree, *package.spool);
    package.facts = std::move(pass.facts);
    package.spooled = fingerprint(pass.emission);
  }

  // The last of two members of one final path is the one that stays, as when unpacking one after the other.
  static void settle_own_claims(PreparedPackage& package) {
    std::unordered_map<std::string_view, std::size_t> last;
    for (std::size_t i = 0; i < package.placements.size(); ++i) {
      if (!is_shipped(package.placements[i].fate)) continue;
      const auto [claim, first] = last.try_emplace(package.placements[i].path, i);
      if (first) continue;
      package.placements[claim->second].fate = Fate::shared;
      claim->second = i;
    }
  }

  // Two packages of the run bring the same path: instances of one Multi-Arch: same package share it, one that Replaces the other wins.
  void settle_claims() {
    for (const std::size_t p : by_label()) {
      for (std::size_t m = 0; m < prepared_[p].placements.size(); ++m) {
        Placement& placement = prepared_[p].placements[m];
        if (!is_shipped(placement.fate)) continue;
        const auto [claim, first] = claims_.try_emplace(placement.path, Claim{p, m});
        if (first) continue;
        const pkg::Package &mine = prepared_[p].incoming.package, &theirs = prepared_[claim->second.package].incoming.package;
        Placement& other = prepared_[claim->second.package].placements[claim->second.member];
        if (mine.name == theirs.name) {
          placement.fate = Fate::shared;
        } else if (replaces(mine, theirs)) {
          other.fate = Fate::theirs;
          claim->second = {p, m};
        } else if (replaces(theirs, mine)) {
          placement.fate = Fate::theirs;
        } else {
          throw Error(ErrorKind::refused,
                      fmt::format("{} {} and {} {} both bring /{}", printable(theirs.name), printable(theirs.version), printable(mine.name),
                                  printable(mine.version), printable(placement.path)),
                      fmt::format("dpkg refuses this too; hold one of them with --hold {} or --hold {}", printable(theirs.name),
                                  printable(mine.name)));
        }
      }
    }
  }

  std::vector<std::size_t> by_label() const {
    std::vector<std::size_t> order(prepared_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, {}, [&](std::size_t i) { return prepared_[i].label(); });
    return order;
  }

  void complete(PreparedPackage& package) {
    package.emission = plan_emission(package.facts, package.placements, system_.tree);
    package.conffiles = plan_conffiles(system_, package.incoming, package.facts, package.placements);
    // dpkg unpacks symbolic links after everything else (lib/dpkg/tarfn.c, tar_extractor()): so they are listed.
    for (const bool links : {false, true}) {
      for (std::size_t i = 0; i < package.placements.size(); ++i) {
        const rootfs::Entry& member = package.facts.data.entries[i];
        if ((member.type == tar::Type::symlink) != links || package.placements[i].fate == Fate::theirs) continue;
        package.list.push_back(member.path.empty() ? "/." : fmt::format("/{}", member.path));
      }
    }
    // Obsolete conffiles stay listed unless another package of the run has them now.
    for (const std::string& path : package.conffiles.listed) {
      const auto claim = claims_.find(system_.tree.resolve(path, false).path);
      if (claim == claims_.end() || &prepared_[claim->second.package] == &package) package.list.push_back(path);
    }
  }

  struct Claim {
    std::size_t package, member;
  };

  const pkg::UpgradeRequest& request_;
  const InstalledSystem& system_;
  Transaction transaction_;
  std::vector<PreparedPackage> prepared_;
  std::unordered_map<std::string_view, Claim> claims_;  // final path -> who brings it
};

}  // namespace

std::vector<PreparedPackage> prepare_packages(const pkg::UpgradeRequest& request, const InstalledSystem& system) {
  return Preparation(request, system).run();
}

}  // namespace resole::deb
