// SPDX-License-Identifier: Apache-2.0
// The chain from keyring to candidate over a signed archive of our own, and everything that can be wrong in it.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"
#include "pkg/repository_test.hpp"
#include "pkg/resource.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

class DebRepository : public RepositoryTest {};

TEST_F(DebRepository, Chain) {
  const auto source = load();
  ASSERT_EQ(source->repositories().size(), 1u);
  const pkg::RepositoryState& state = source->repositories()[0];
  EXPECT_EQ(state.uri, kArchiveUrl);
  EXPECT_EQ(state.key, key_->fingerprint());
  EXPECT_EQ(state.release, Digest::of(fetcher_.files[kInReleaseUrl]));
  ASSERT_EQ(state.indexes.size(), 1u);
  EXPECT_EQ(state.indexes[0].first, "main/binary-amd64/Packages.gz");
  const pkg::Candidate found = candidate();
  EXPECT_EQ(found.version, "2");
  EXPECT_EQ(found.entry.path, "pool/a_2.deb");
  EXPECT_EQ(found.entry.index, state.indexes[0].second);
  EXPECT_EQ(found.entry.release, state.release);
  EXPECT_FALSE(found.entry.security);
  EXPECT_TRUE(cache_.get("inrelease", state.release.hex()));
}

TEST_F(DebRepository, WarmStartAsksForTheReleaseOnly) {
  load();
  const std::size_t cold = fetcher_.requests().size();
  load();
  EXPECT_EQ(fetcher_.requests().size(), cold + 1);
  EXPECT_EQ(fetcher_.requests().back(), kInReleaseUrl);
}

TEST_F(DebRepository, CheapestFormAndPlainNames) {
  publish({.by_hash = false, .forms = {".xz", ".gz", ""}});
  EXPECT_EQ(candidate().version, "2");
  const auto requests = fetcher_.requests();
  EXPECT_EQ(std::ranges::count(requests, kArchiveUrl + "/dists/bookworm/main/binary-amd64/Packages.gz"), 1);
}

TEST_F(DebRepository, ByHashFallsBackToTheName) {
  auto files = fetcher_.files;
  for (const auto& [url, bytes] : files) {
    const auto at = url.find("by-hash");
    if (at == std::string::npos) continue;
    fetcher_.files.erase(url);
    fetcher_.files[url.substr(0, at) + "Packages.gz"] = bytes;
  }
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebRepository, SecurityByLabel) {
  publish({.label = "Debian-Security"});
  EXPECT_TRUE(candidate().entry.security);
}

TEST_F(DebRepository, TamperedReleaseEndsTheRun) {
  std::string& bytes = fetcher_.files[kInReleaseUrl];
  bytes.replace(bytes.find("Codename: bookworm"), 18, "Codename: bookwyrm");
  contains(failure(ErrorKind::verification), "does not fit the text");
}

TEST_F(DebRepository, MissingKeyTellsWhatToDo) {
  set_image("deb " + kArchiveUrl + " bookworm main\n", false);
  contains(failure(ErrorKind::verification), "not trusted");
  contains(hint_, "--add-keyring");
  options_.keyrings = {key_->armored_public_key()};
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebRepository, WrongKeyIsRefused) {
  const test::TestKey other("ed25519");
  options_.keyrings = {other.public_key()};
  options_.replace_keyrings = true;
  contains(failure(ErrorKind::verification), "not trusted");
}

TEST_F(DebRepository, SignedByBindsTheKey) {
  const test::TestKey other("ed25519");
  const auto image = [&](const std::string& fingerprint) {
    set_image("deb [signed-by=" + fingerprint + "] " + kArchiveUrl + " bookworm main\n");
  };
  image(other.fingerprint());
  contains(failure(ErrorKind::verification), "not trusted");
  image(key_->fingerprint());
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebRepository, WrongIndexHash) {
  for (auto& [url, bytes] : fetcher_.files) {
    if (url.find("by-hash") != std::string::npos) bytes[20] ^= 1;
  }
  contains(failure(ErrorKind::verification), "has not the expected sha256");
}

TEST_F(DebRepository, ExpiredUnlessAllowed) {
  publish({.valid_until = "Sat, 21 Nov 2026 00:00:00 UTC"});
  contains(failure(ErrorKind::verification), "expired on 2026-11-21");
  contains(hint_, "--max-index-age");
  options_.max_index_age = 7 * 86400;
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebRepository, RolledBackUnlessAllowed) {
  load();
  publish({.date = "Thu, 19 Nov 2026 00:00:00 UTC"});
  contains(failure(ErrorKind::verification), "has been seen already");
  options_.max_index_age = 7 * 86400;
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebRepository, OtherReleaseUnderThisName) {
  publish({.codename = "trixie"});
  contains(failure(ErrorKind::refused), "is of release trixie");
  // The fake's Suite follows the name, so "stable" stays "stable" while its codename moves on.
  set_image("deb " + kArchiveUrl + " stable main\n");
  publish({.suite = "stable", .codename = "trixie"});
  contains(failure(ErrorKind::refused), "is of release trixie, the image is bookworm");
}

TEST_F(DebRepository, NeitherSuiteNorCodename) {
  const std::string other = "http://mirror.example.org/other";
  set_image("deb " + other + " bookworm main\n");
  publish({.suite = "trixie", .codename = "trixie"});
  fetcher_.files[other + "/dists/bookworm/InRelease"] = fetcher_.files[kArchiveUrl + "/dists/trixie/InRelease"];
  contains(failure(ErrorKind::verification), "says that it is trixie");
}

TEST_F(DebRepository, OneMissingRepositoryIsAFailureOnly) {
  set_image("deb " + kArchiveUrl +
            " bookworm main\ndeb http://gone.example.org/x stable main\ndeb file:/srv/x ./\ndeb http://192.168.1.1/x stable main\n");
  const auto source = load();
  EXPECT_EQ(source->repositories().size(), 1u);
  ASSERT_EQ(source->failures().size(), 3u);
  contains(source->failures()[0].message, "404");
  contains(source->failures()[1].message, "sources of type file:");
  contains(source->failures()[2].message, "private address");
}

TEST_F(DebRepository, ThirdPartyThatCannotBeVerifiedIsAFailureOnly) {
  const test::TestKey stranger("ed25519");
  const std::string url = "http://third.example.org/debian";
  test::publish(fetcher_, stranger, package_stanza("b", "1"), {}, url);
  set_image("deb " + kArchiveUrl + " bookworm main\ndeb " + url + " bookworm main\n");
  const auto source = load();
  EXPECT_EQ(source->repositories().size(), 1u);
  contains(source->failures().at(0).message, "not trusted");
}

TEST_F(DebRepository, OwnSuiteThatIsMissingEndsTheRun) {
  set_image("deb " + kArchiveUrl + " bookworm main\ndeb " + kArchiveUrl + " bookworm-security main\n");
  contains(failure(ErrorKind::network), "404");
}

TEST_F(DebRepository, AllMissingIsANetworkError) {
  fetcher_.files.clear();
  contains(failure(ErrorKind::network), "404");
}

TEST_F(DebRepository, MirrorOfTheOperator) {
  set_image("deb http://unreachable.example.org/debian bookworm main\n");
  options_.mirrors = {{"http://unreachable.example.org/debian", kArchiveUrl}};
  const pkg::Candidate found = candidate();
  EXPECT_EQ(found.entry.uri, kArchiveUrl);
  EXPECT_EQ(proof(found), "");
}

TEST_F(DebRepository, FlatRepository) {
  const std::string url = "http://flat.example.org/apt";
  const std::string packages = package_stanza("a", "2"), digest = sha256_hex_of(packages);
  fetcher_.files[url + "/InRelease"] =
      key_->sign("Date: Fri, 20 Nov 2026 00:00:00 UTC\nSHA256:\n " + digest + " " + std::to_string(packages.size()) + " Packages\n");
  fetcher_.files[url + "/Packages"] = packages;
  set_image("deb " + url + " ./\n");
  const pkg::Candidate found = candidate();
  EXPECT_EQ(found.entry.uri, url);
  EXPECT_EQ(found.entry.component, "");
  EXPECT_EQ(proof(found), "");
  EXPECT_EQ(pkg::resource_of(found).url, url + "/pool/a_2.deb");
  const auto states = load()->repositories();
  EXPECT_EQ(pkg::index_url(states.at(0), "Packages"), url + "/Packages");
}

TEST_F(DebRepository, CredentialsOfTheImageAreDropped) {
  set_image("deb http://user:secret@mirror.example.org/debian bookworm main\n");
  const auto source = load();
  EXPECT_EQ(source->repositories().at(0).uri, kArchiveUrl);
  for (const std::string& url : fetcher_.requests()) EXPECT_EQ(url.find("secret"), std::string::npos);
}

TEST_F(DebRepository, ProvesFromWhatWasKept) {
  const pkg::Candidate found = candidate();
  const std::size_t before = fetcher_.requests().size();
  EXPECT_EQ(proof(found), "");
  EXPECT_EQ(fetcher_.requests().size(), before);
}

TEST_F(DebRepository, ProvesFromABundle) {
  const pkg::Candidate found = candidate();
  for (const auto& [url, bytes] : fetcher_.files) fetcher_.bundle[Digest::of(bytes)] = bytes;
  fetcher_.files.clear();
  test::MemoryCache empty;
  const RepositoryContext offline{*tree_, inventory_, book_, options_, fetcher_, empty};
  EXPECT_EQ(prove(offline, {found}).at(0).problem, "");
}

TEST_F(DebRepository, ProvesFromTheRepositoryAsItIsNow) {
  const pkg::Candidate found = candidate();
  publish({.date = "Sat, 21 Nov 2026 00:00:00 UTC"}, package_stanza("a", "2") + package_stanza("b", "1"));
  test::MemoryCache empty;
  const RepositoryContext later{*tree_, inventory_, book_, options_, fetcher_, empty};
  EXPECT_EQ(prove(later, {found}).at(0).problem, "");
  publish({.date = "Sat, 21 Nov 2026 06:00:00 UTC"}, package_stanza("a", "3"));
  contains(prove(later, {found}).at(0).problem, "lists no such package file");
}

TEST_F(DebRepository, EditedPlanIsNotProven) {
  const pkg::Candidate good = candidate();
  ASSERT_EQ(proof(good), "");
  const auto edited = [&](const auto& edit) {
    pkg::Candidate bad = good;
    edit(bad);
    return proof(bad);
  };
  EXPECT_NE(edited([](auto& c) { c.entry.sha256 = Digest::of("evil"); }), "");
  EXPECT_NE(edited([](auto& c) { c.entry.size = 11; }), "");
  EXPECT_NE(edited([](auto& c) { c.entry.path = "pool/evil.deb"; }), "");
  EXPECT_NE(edited([](auto& c) { c.version = "2.1"; }), "");
  EXPECT_NE(edited([](auto& c) { c.arch = "i386"; }), "");
  EXPECT_NE(edited([](auto& c) { c.name = "b"; }), "");
  contains(edited([](auto& c) { c.entry.suite = "other"; }), "none of the image's repositories");
  // Keys and hashes prove, not the place: another host, or wrong digests of release and index, do not help and do not harm what the
  // repository still serves.
  EXPECT_EQ(edited([](auto& c) { c.entry.uri = "http://elsewhere.example.org/debian"; }), "");
  EXPECT_EQ(edited([](auto& c) { c.entry.release = Digest::of("evil"); }), "");
}

}  // namespace
}  // namespace resole::deb
