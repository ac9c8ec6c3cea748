// SPDX-License-Identifier: Apache-2.0
// apt's own answers on a real system (Debian 12.11, 867 packages, the archive as of 12.15), request by request:
// shared/data/feeds/debian/apt-oracle.tsv. Rows "true" were made with Upgrade-By-Source-Package, apt's rule since Debian 12: the planned
// set must be exactly apt's. Rows "false" were made without it: apt's set must be part of ours, and what we add must be of the same
// sources.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <ctime>
#include <fstream>
#include <map>
#include <set>

#include "advisory/shared_data.hpp"
#include "base/text.hpp"
#include "pkg/deb/candidates.hpp"
#include "pkg/deb/inventory.hpp"
#include "plan/planner.hpp"
#include "plan/version_order.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

using Versions = std::set<std::string>;  // "curl=7.88.1-10+deb12u15"

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// Looks each name up once: the tests below ask for the same 867 packages again and again.
class Remembering final : public pkg::CandidateSource {
 public:
  explicit Remembering(std::unique_ptr<pkg::CandidateSource> source) : source_(std::move(source)) {}
  pkg::Offers offers(std::string_view name, std::string_view arch) const override {
    const auto key = std::pair(std::string(name), std::string(arch));
    const auto found = known_.find(key);
    return found != known_.end() ? found->second : known_.emplace(key, source_->offers(name, arch)).first->second;
  }
  std::vector<pkg::Candidate> providers(std::string_view name) const override { return source_->providers(name); }
  std::vector<std::string> names() const override { return source_->names(); }
  const std::vector<pkg::RepositoryState>& repositories() const override { return source_->repositories(); }
  const std::vector<pkg::RepositoryFailure>& failures() const override { return source_->failures(); }

 private:
  std::unique_ptr<pkg::CandidateSource> source_;
  mutable std::map<std::pair<std::string, std::string>, pkg::Offers> known_;
};

// The whole system, read once for all tests.
struct Machine {
  struct Index {
    std::string suite, label;
    Blob compiled;
  };
  std::string status;
  std::vector<Index> indexes;
  pkg::Inventory inventory;
  std::unique_ptr<pkg::CandidateSource> plain;
  VersionOrder family;
  pkg::Recipe recipe{.id = "debian", .family = "deb"};

  static const Machine* get() {
    static const std::unique_ptr<Machine> machine = load();
    return machine.get();
  }
  // The offers as they are for another state of the system.
  std::unique_ptr<pkg::CandidateSource> candidates(const pkg::Inventory& installed) const {
    std::vector<deb::LoadedIndex> loaded;
    for (const Index& index : indexes) {
      deb::LoadedIndex one{deb::PackagesIndex::open(index.compiled).value(), {}, {}};
      one.entry = {.uri = "http://mirror.example.org/debian",
                   .suite = index.suite,
                   .component = "main",
                   .origin = "Debian",
                   .label = index.label,
                   .codename = index.suite,
                   .security = index.label == "Debian-Security"};
      one.traits.archive = one.traits.codename = index.suite;
      one.traits.origin = "Debian";
      one.traits.label = index.label;
      loaded.push_back(std::move(one));
    }
    return deb::make_candidates(std::move(loaded), installed, {});
  }
  Request request(const pkg::CandidateSource& offers) const {
    return {.inventory = inventory,
            .offers = offers,
            .family = family,
            .recipe = &recipe,
            .findings = {},
            .floors = {},
            .policy = {},
            .verdicts = {}};
  }

 private:
  static std::unique_ptr<Machine> load() {
    const auto folder = test::shared_data("feeds/debian");
    if (folder.empty() || !std::filesystem::exists(folder / "apt-oracle.tsv")) return nullptr;
    auto machine = std::make_unique<Machine>();
    machine->status = test::read_plain_or_gzip(folder / "status-12.11.gz");
    machine->inventory = deb::inventory_from(deb::parse_status(machine->status, "status"),
                                             {.id = "debian", .version_id = "12", .codename = "bookworm"}, "amd64\n");
    const auto add = [&](const char* file, const char* suite, const char* label) {
      machine->indexes.push_back({suite, label, Blob::of(deb::compile_index(Blob::of(bytes_of(folder / file)), suite))});
    };
    add("Packages.bookworm.main.amd64.xz", "bookworm", "Debian");
    add("Packages.bookworm-updates.main.amd64.gz", "bookworm-updates", "Debian");
    add("Packages.bookworm-security.main.amd64.gz", "bookworm-security", "Debian-Security");
    machine->plain = std::make_unique<Remembering>(machine->candidates(machine->inventory));
    return machine;
  }
};

Decision decide(Request& request) {
  for (;;) {
    auto answer = make(request);
    if (auto* decision = std::get_if<Decision>(&answer)) return std::move(*decision);
    for (const auto& candidate : std::get<NeedControl>(answer).packages) {
      request.verdicts[candidate.entry.sha256.text()] = {pkg::VerdictKind::unchanged, "", {}};
    }
  }
}

Versions versions_of(const Decision& decision) {
  Versions versions;
  for (const auto& package : decision.packages) versions.insert(package.name + "=" + package.to);
  return versions;
}

struct Row {
  std::string request;
  bool by_source = false;
  Versions wanted;
  std::string removals;
};

std::vector<Row> rows() {
  std::vector<Row> rows;
  const std::string text = bytes_of(test::shared_data("feeds/debian/apt-oracle.tsv"));
  for (const std::string_view line : lines(text)) {
    const auto columns = split(line, '\t');
    if (line.starts_with('#') || columns.size() < 3) continue;
    Row& row = rows.emplace_back();
    row.request = columns[0];
    row.by_source = columns[1] == "true";
    for (const std::string_view word : split_words(columns[2])) row.wanted.emplace(word);
    if (columns.size() > 3) row.removals = trim(columns[3]);
  }
  return rows;
}

// "curl=7.88.1-10+deb12u15", or everything.
Versions planned(const Machine& machine, const std::string& request_text) {
  Request request = machine.request(*machine.plain);
  request.policy.update = Update::all;
  if (request_text != "*ALL*") request.policy.only = {request_text.substr(0, request_text.find('='))};
  return versions_of(decide(request));
}

TEST(AptOracle, requests_by_source_give_exactly_the_sets_of_apt) {
  const Machine* machine = Machine::get();
  if (!machine) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  int compared = 0;
  for (const Row& row : rows()) {
    if (!row.by_source) continue;
    EXPECT_EQ(planned(*machine, row.request), row.wanted) << row.request;
    EXPECT_EQ(row.removals, "") << row.request;
    ++compared;
  }
  EXPECT_EQ(compared, 62);
}

// The same requests as a scanner would make them: one finding whose fix is the candidate's source version.
TEST(AptOracle, findings_give_the_same_sets) {
  const Machine* machine = Machine::get();
  if (!machine) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  int number = 0;
  for (const Row& row : rows()) {
    if (!row.by_source || row.request == "*ALL*" || ++number % 3 != 0) continue;  // each third: the way is the same as above
    const std::string name = row.request.substr(0, row.request.find('='));
    const pkg::Offers offers = machine->plain->offers(name, "amd64");
    const pkg::Candidate& candidate = offers.all.at(offers.chosen.value());
    advisory::Finding finding{.id = "CVE-0",
                              .package = name,
                              .fixed = candidate.source.version,
                              .severity = advisory::Severity::high,
                              .status = advisory::Status::fixed};
    Request request = machine->request(*machine->plain);
    request.policy.update = Update::reported;
    request.findings = {finding};
    const Decision decision = decide(request);
    // A rebuild alone ("+b1") changes no source version: there the installed one has the fix already, and nothing is to be done.
    if (machine->inventory.find(name, candidate.arch)->source == candidate.source)
      EXPECT_TRUE(decision.packages.empty()) << row.request;
    else
      EXPECT_EQ(versions_of(decision), row.wanted) << row.request;
  }
}

TEST(AptOracle, without_lockstep_apt_takes_a_part_of_ours) {
  const Machine* machine = Machine::get();
  if (!machine) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const auto source_of = [&](const std::string& package) {
    return machine->plain->offers(package.substr(0, package.find('=')), "amd64").all.front().source.name;
  };
  int compared = 0;
  for (const Row& row : rows()) {
    if (row.by_source) continue;
    const Versions ours = planned(*machine, row.request);
    std::set<std::string> sources;
    for (const std::string& package : row.wanted) {
      EXPECT_TRUE(ours.contains(package)) << row.request << " lacks " << package;
      sources.insert(source_of(package));
    }
    for (const std::string& package : ours) EXPECT_TRUE(sources.contains(source_of(package))) << row.request << " adds " << package;
    ++compared;
  }
  EXPECT_EQ(compared, 61);
}

// The image after the plan: planning it again must change nothing.
TEST(AptOracle, planning_the_planned_state_gives_nothing) {
  const Machine* machine = Machine::get();
  if (!machine) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  Request request = machine->request(*machine->plain);
  request.policy.update = Update::all;
  const Decision decision = decide(request);
  EXPECT_EQ(decision.packages.size(), 122u);
  EXPECT_TRUE(decision.held.empty());
  pkg::Inventory after = machine->inventory;
  for (const auto& package : decision.packages) {
    const pkg::Offers offers = machine->plain->offers(package.name, package.arch);
    for (pkg::InstalledPackage& installed : after.packages) {
      if (installed.name != package.name || installed.arch != package.arch) continue;
      static_cast<pkg::Package&>(installed) = offers.all.at(offers.chosen.value());
      EXPECT_EQ(installed.version, package.to);
    }
  }
  const auto offers = machine->candidates(after);
  Request again{.inventory = after,
                .offers = *offers,
                .family = machine->family,
                .recipe = &machine->recipe,
                .findings = {},
                .floors = {},
                .policy = request.policy,
                .verdicts = {}};
  EXPECT_TRUE(decide(again).packages.empty());

  // The same by way of the original and floors, as a patched image is planned: the same packages, entries included, and nothing that is
  // new.
  Request floored = machine->request(*machine->plain);
  floored.policy.update = Update::all;
  for (const auto& package : decision.packages) floored.floors.push_back({package.name, package.arch, package.to, {}});
  const Decision kept = decide(floored);
  EXPECT_EQ(versions_of(kept), versions_of(decision));
  for (std::size_t i = 0; i < kept.packages.size(); ++i) {
    EXPECT_EQ(kept.packages[i].why, document::Why::floor) << kept.packages[i].name;
    EXPECT_EQ(kept.packages[i].repository.sha256, decision.packages[i].repository.sha256);
  }
}

TEST(AptOracle, security_takes_a_part_of_all) {
  const Machine* machine = Machine::get();
  if (!machine) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const Versions all = planned(*machine, "*ALL*");
  Request request = machine->request(*machine->plain);
  const Decision decision = decide(request);
  const Versions security = versions_of(decision);
  EXPECT_GT(security.size(), 50u);
  EXPECT_LT(security.size(), all.size());
  for (const std::string& package : security) EXPECT_TRUE(all.contains(package)) << package;
}

TEST(AptOracle, is_planned_quickly) {
  const Machine* machine = Machine::get();
  if (!machine) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const auto offers = machine->candidates(machine->inventory);
  Request request = machine->request(*offers);
  request.policy.update = Update::all;
  decide(request);                          // warm, and verdicts known
  const std::clock_t begin = std::clock();  // of this process: what else the machine does is not the planner's
  const auto answer = make(request);
  const double milliseconds = 1000.0 * static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  EXPECT_EQ(std::get<Decision>(answer).packages.size(), 122u);
  RecordProperty("milliseconds", fmt::format("{:.0f}", milliseconds));
  std::printf("planned 867 packages against 66,484 stanzas in %.0f ms\n", milliseconds);  // 150 ms is the aim of a release build
  EXPECT_LT(milliseconds, 2000);
}

}  // namespace
}  // namespace resole::plan
