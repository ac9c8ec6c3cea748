// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/candidates.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/version.hpp"
#include "pkg/shared_data.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

std::string stanza(const std::string& name, const std::string& version, const std::string& more = "", const std::string& arch = "amd64") {
  return "Package: " + name + "\nVersion: " + version + "\nArchitecture: " + arch + "\n" + more + "Filename: pool/" + name + "_" + version +
         ".deb\nSize: 10\nSHA256: " + std::string(64, 'a') + "\nDescription: long text\n\n";
}

LocalIndex index(const std::string& suite, std::string text, int priority = 500) {
  LocalIndex local;
  local.bytes = Blob::of(std::move(text));
  local.entry.uri = "http://mirror.example.org/debian";
  local.entry.suite = suite;
  local.entry.component = "main";
  local.traits.priority = priority;
  return local;
}

pkg::Inventory installed(const std::string& status) { return inventory_from(parse_status(status, "status"), {}, ""); }

std::string chosen(const pkg::CandidateSource& source, const std::string& name, const std::string& arch = "amd64") {
  const pkg::Offers offers = source.offers(name, arch);
  return offers.chosen ? offers.all[*offers.chosen].version + "@" + offers.all[*offers.chosen].entry.suite : "-";
}

std::unique_ptr<pkg::CandidateSource> source(std::vector<LocalIndex> indexes, const std::string& status = "",
                                             const std::string& preferences = "") {
  return candidates_from_indexes(std::move(indexes), installed(status), Preferences::parse({{"preferences", preferences}}));
}

const std::string kDpkg = "Package: dpkg\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n";
std::string have(const std::string& name, const std::string& version) {
  return kDpkg + "Package: " + name + "\nStatus: install ok installed\nVersion: " + version + "\nArchitecture: amd64\n\n";
}

TEST(DebCandidates, HighestVersionOfEqualPriority) {
  const auto offers =
      source({index("bookworm", stanza("a", "1") + stanza("a", "3")), index("bookworm-security", stanza("a", "2"))}, have("a", "1"));
  EXPECT_EQ(chosen(*offers, "a"), "3@bookworm");
  EXPECT_EQ(offers->offers("a", "amd64").all.size(), 3u);
  EXPECT_EQ(chosen(*offers, "absent"), "-");
}

TEST(DebCandidates, FieldsOfACandidate) {
  const auto offers =
      source({index("bookworm", stanza("bsdutils", "1:2.38-5",
                                       "Source: util-linux (2.38-5)\nDepends: libc6 (>= 2.36)\n"
                                       "Multi-Arch: same\nProvides: logger (= 1), cal:any,\n bsd\nPhased-Update-Percentage: 20\n"))});
  const auto all = offers->offers("bsdutils", "").all;
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].source, (pkg::SourceRef{"util-linux", "2.38-5"}));
  EXPECT_EQ(all[0].relations.depends.size(), 1u);
  EXPECT_EQ(all[0].multi_arch, "same");
  EXPECT_EQ(all[0].entry.path, "pool/bsdutils_1:2.38-5.deb");
  EXPECT_EQ(all[0].entry.size, 10u);
  EXPECT_EQ(all[0].phased, 100u) << "apt waits for no phase in a chroot, which an image is to it";
  for (const char* virtual_name : {"logger", "cal", "bsd"}) EXPECT_EQ(offers->providers(virtual_name).size(), 1u) << virtual_name;
  EXPECT_TRUE(offers->providers("bsdutils").empty());
}

TEST(DebCandidates, ArchitectureAllServesEveryArchitecture) {
  const auto offers = source({index("bookworm", stanza("a", "1", "", "all") + stanza("b", "1", "", "i386"))}, kDpkg);
  EXPECT_EQ(chosen(*offers, "a", "amd64"), "1@bookworm");
  EXPECT_EQ(chosen(*offers, "a", "i386"), "1@bookworm");
  EXPECT_EQ(chosen(*offers, "b", "amd64"), "-");
  EXPECT_EQ(chosen(*offers, "b", "i386"), "1@bookworm");
}

TEST(DebCandidates, ReleasePrioritiesAndInstalledVersion) {
  // Backports (100) are not taken by themselves, but followed once installed; experimental (1) is not followed.
  const std::string stable = stanza("a", "1"), later = stanza("a", "2");
  EXPECT_EQ(chosen(*source({index("stable", stable), index("backports", later, 100)}, have("a", "1")), "a"), "1@stable");
  EXPECT_EQ(chosen(*source({index("stable", stable), index("backports", later, 100)}, have("a", "1.5")), "a"), "2@backports");
  EXPECT_EQ(chosen(*source({index("stable", stable), index("experimental", later, 1)}, have("a", "1.5")), "a"), "-");
}

TEST(DebCandidates, NothingGoesBack) {
  const std::vector<LocalIndex> indexes = {index("stable", stanza("a", "1"))};
  EXPECT_EQ(chosen(*source(indexes, have("a", "2")), "a"), "-");
  EXPECT_EQ(chosen(*source(indexes, have("a", "2"), "Package: *\nPin: release a=stable\nPin-Priority: 1001\n"), "a"), "-");
}

TEST(DebCandidates, PinKeepsAnOlderVersion) {
  const std::string pin = "Package: a\nPin: version 1.*\nPin-Priority: 900\n";
  const auto offers = source({index("bookworm", stanza("a", "1.1") + stanza("a", "2.0"))}, have("a", "1.0"), pin);
  EXPECT_EQ(chosen(*offers, "a"), "1.1@bookworm");
  EXPECT_EQ(offers->offers("a", "amd64").all[0].priority, 900);
  EXPECT_EQ(offers->offers("a", "amd64").all[1].priority, 500);
}

TEST(DebCandidates, BrokenStanzasAreRefused) {
  const auto problem = [](const std::string& text) {
    try {
      source({index("bookworm", text)});
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_NE(problem("Package: a\nVersion: 1\nArchitecture: amd64\nFilename: x\nSize: 1\nSHA1: abc\n").find("weaker hashes are refused"),
            std::string::npos);
  EXPECT_NE(problem("Version: 1\n").find("no Package field"), std::string::npos);
  EXPECT_NE(problem("nonsense\n").find("is not a field"), std::string::npos);
  EXPECT_THROW(
      read_candidate("Package: a\nVersion: 1\nFilename: ../../etc/passwd\nSize: 1\nSHA256: " + std::string(64, 'a') + "\n", {}, "x"),
      Error);
  EXPECT_THROW(read_candidate("Package: a\nVersion: 1\nFilename: /etc/passwd\nSize: 1\nSHA256: " + std::string(64, 'a') + "\n", {}, "x"),
               Error);
  EXPECT_THROW(read_candidate("Package: a\nVersion: 1\nFilename: a\nSize: -1\nSHA256: " + std::string(64, 'a') + "\n", {}, "x"), Error);
  EXPECT_THROW(read_candidate("Package: a\nVersion: 1\nFilename: a\nSize: 1\nSHA256: abc\n", {}, "x"), Error);
}

TEST(DebPackages, KeptFormIsRecognised) {
  const std::string kept = compile_index(Blob::of(stanza("b", "1") + stanza("a", "1") + stanza("b", "2")), "x");
  const auto index = PackagesIndex::open(Blob::of(kept));
  ASSERT_TRUE(index);
  EXPECT_EQ(index->size(), 3u);
  EXPECT_EQ(index->names(), (std::vector<std::string_view>{"a", "b"}));
  const auto found = index->find("b");
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[0].find("Version: 1"), std::string::npos);
  EXPECT_EQ(found[0].find("Description"), std::string::npos);
  EXPECT_FALSE(PackagesIndex::open(Blob::of("")));
  EXPECT_FALSE(PackagesIndex::open(Blob::of(kept.substr(0, kept.size() - 1))));
  EXPECT_FALSE(PackagesIndex::open(Blob::of("x" + kept)));
}

TEST(DebPackages, ReadsTheSameInAnyPieces) {
  class Drop : public Source {
   public:
    explicit Drop(std::string text) : text_(std::move(text)) {}
    std::size_t read(char* buffer, std::size_t capacity) override {
      const std::size_t count = std::min<std::size_t>({1, capacity, text_.size() - at_});
      std::copy_n(text_.data() + at_, count, buffer);
      at_ += count;
      return count;
    }

   private:
    std::string text_;
    std::size_t at_ = 0;
  };
  const std::string text = stanza("b", "1") + "\n\n" + stanza("a", "1", "Provides: x,\n y\n");
  Drop drop(text.substr(0, text.size() - 2));
  std::string kept;
  StringSink sink(kept);
  PackagesIndex::compile(drop, sink, "x");
  EXPECT_EQ(kept, compile_index(Blob::of(text), "x"));
}

TEST(DebCandidates, RealIndexes) {
  SHARED_DATA_OR_SKIP(main, "feeds/debian/Packages.bookworm.main.amd64.xz");
  SHARED_DATA_OR_SKIP(security, "feeds/debian/Packages.bookworm-security.main.amd64.gz");
  SHARED_DATA_OR_SKIP(status, "feeds/debian/status-12.11.gz");
  const auto unpacked = archive::decompress(Blob::of(status));
  const std::string text = read_all(*unpacked, 64u << 20, "status");
  std::vector<LocalIndex> indexes(2);
  indexes[0].bytes = Blob::of(main);
  indexes[0].entry.suite = "bookworm";
  indexes[1].bytes = Blob::of(security);
  indexes[1].entry.suite = "bookworm-security";
  const pkg::Inventory inventory = installed(text);
  EXPECT_EQ(inventory.arch, "amd64");
  EXPECT_GT(inventory.packages.size(), 850u);
  const auto offers = candidates_from_indexes(std::move(indexes), inventory);
  EXPECT_GT(offers->names().size(), 60'000u);
  EXPECT_EQ(chosen(*offers, "curl"), "7.88.1-10+deb12u15@bookworm");
  std::size_t newer = 0;
  for (const auto& package : inventory.packages) {
    const auto offer = offers->offers(package.name, package.arch);
    newer += offer.chosen && compare_versions(offer.all[*offer.chosen].version, package.version) > 0;
  }
  EXPECT_EQ(newer, 122u);  // field notes: apt upgrades 122 of them
}

}  // namespace
}  // namespace resole::deb
