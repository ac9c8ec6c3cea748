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

// Are two members of one path the same to dpkg (src/main/archives.c, tarobject_matches())? Of a conffile only the content counts. A hard link is
// the file that it leads to, which is compared by itself.
bool is_same_member(const rootfs::Entry& a, const Placement& at, const rootfs::Entry& b, const Placement& bt) {
  if (a.type != b.type) return false;
  const bool same_attributes = at.header.mode == bt.header.mode && at.header.uid == bt.header.uid && at.header.gid == bt.header.gid;
  switch (a.type) {
    case tar::Type::file:
      return a.sha256 == b.sha256 && (same_attributes || at.fate == Fate::conffile);
    case tar::Type::character:
    case tar::Type::block:
      return a.major == b.major && a.minor == b.minor && same_attributes;
    case tar::Type::symlink:
    case tar::Type::hardlink:
      return a.link == b.link;
    default:
      return same_attributes;
  }
}

[[noreturn]] void refuse_instances(const pkg::Package& package, const std::string& path) {
  throw Error(ErrorKind::refused,
              fmt::format("the instances of {} {} for different architectures bring /{} with different contents", printable(package.name),
                          printable(package.version), printable(path)),
              fmt::format("dpkg refuses this too; hold it with --hold {}", printable(package.name)));
}

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
    for (const PreparedPackage& package : prepared_) {
      check_other_instances(package);
      if (package.incoming.sliced) check_slices(package);
    }
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
          const rootfs::Entry& own = prepared_[p].facts.data.entries[m];
          if (!is_same_member(own, placement, prepared_[claim->second.package].facts.data.entries[claim->second.member], other))
            refuse_instances(mine, placement.path);
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

  // An instance that joins one which stays shares its files as they are.
  void check_other_instances(const PreparedPackage& package) const {
    const pkg::Package& fresh = package.incoming.package;
    const auto stays = [&](std::uint32_t number) {
      const pkg::InstalledPackage& other = system_.stanzas[number].package;
      return other.name == fresh.name && other.arch != fresh.arch && other.multi_arch == "same" && number != package.incoming.old &&
             other.state == pkg::InstallState::installed && !transaction_.upgraded.contains(number);
    };
    bool any = false;
    for (std::uint32_t i = 0; fresh.multi_arch == "same" && i < system_.stanzas.size(); ++i) any = any || stays(i);
    for (std::size_t i = 0; any && i < package.placements.size(); ++i) {
      const Placement& placement = package.placements[i];
      const rootfs::Entry& entry = package.facts.data.entries[i];
      const rootfs::Node* below = system_.tree.find(placement.path);
      if (placement.fate != Fate::write || entry.type != tar::Type::file || !below) continue;
      if (below->entry.type == tar::Type::file && below->entry.sha256 == entry.sha256) continue;
      if (std::ranges::any_of(system_.files.owners(fmt::format("/{}", entry.path)), stays)) refuse_instances(fresh, placement.path);
    }
  }

  // Which parts of a package were taken is written down, why is not. So the new version must have each of them, as what it was; what a script of
  // Chisel made from one cannot be made again, and stays only where the package's own file is the same as before.
  void check_slices(const PreparedPackage& package) const {
    const pkg::Package& fresh = package.incoming.package;
    const auto refuse = [&](const std::string& path, std::string_view problem) {
      throw Error(ErrorKind::refused,
                  fmt::format("{} {} cannot be cut as the image's slices were: {} {}", printable(fresh.name), printable(fresh.version),
                              printable(path), problem),
                  fmt::format("cut the image again with chisel, or hold it with --hold {}", printable(fresh.name)));
    };
    if (package.incoming.old == InstalledSystem::npos) refuse("its files", "are not in the manifest: it is a new package, and its slices are not chosen");
    std::unordered_map<std::string_view, const rootfs::Entry*> members, contents;
    for (const rootfs::Entry& entry : package.facts.data.entries) {
      members[entry.path] = &entry;
      contents[entry.path] = entry.type == tar::Type::hardlink ? contents[entry.link] : &entry;
    }
    for (const auto& [path, sliced] : system_.slices->paths) {
      if (sliced.directory || !sliced.packages.contains(fresh.name) || (!sliced.sha256 && !sliced.link)) continue;
      const auto member = members.find(std::string_view(path).substr(1));
      if (member == members.end()) {
        // Chisel makes links of its own, too.
        if (!sliced.link || !system_.tree.resolve(path, true).node) refuse(path, "is not in it");
        continue;
      }
      const bool link = member->second->type == tar::Type::symlink;
      if (link != sliced.link.has_value()) refuse(path, link ? "is a symbolic link now" : "is no symbolic link any more");
      const rootfs::Entry* content = contents[member->first];
      if (sliced.is_mutated() && (!content || to_hex(content->sha256) != *sliced.sha256))
        refuse(path, "was changed by a script when the image was cut, and the new version has another one");
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
    if (!package.incoming.sliced) package.conffiles = plan_conffiles(system_, package.incoming, package.facts, package.placements);
    // A configuration file that a package which comes earlier has taken over is forgotten; what comes later finds it obsolete.
    std::erase_if(package.conffiles.recorded, [&](const Conffile& conffile) {
      const auto claim = conffile.obsolete ? claims_.find(system_.tree.resolve(conffile.path, false).path) : claims_.end();
      return claim != claims_.end() && &prepared_[claim->second.package] < &package;
    });
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
