// SPDX-License-Identifier: Apache-2.0
// Kinds of archives: a signature beside the release, flat repositories, suites that have dropped an architecture, releases past their end, third parties,
// subscriptions. docs/archives.md says the same for people.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "base/text.hpp"
#include "pkg/repository_test.hpp"
#include "pkg/resource.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

const std::string kRelease = kArchiveUrl + "/dists/bookworm/Release", kSignature = kRelease + ".gpg";

class DebArchives : public RepositoryTest {
 protected:
  // Instead of what SetUp() has put there.
  void only(const ArchiveOptions& options, const std::string& packages = package_stanza("a", "2")) {
    fetcher_.files.clear();
    publish(options, packages);
  }
  bool asked_for(std::string_view part) const {
    return std::ranges::any_of(fetcher_.requests(), [&](const std::string& url) { return url.find(part) != std::string::npos; });
  }
};

TEST_F(DebArchives, SignatureBesideTheRelease) {
  only({.beside = true});
  const pkg::Candidate found = candidate();
  EXPECT_EQ(found.version, "2");
  EXPECT_EQ(proof(found), "");
  const auto state = load()->repositories().at(0);
  EXPECT_EQ(state.key, key_->fingerprint());
  EXPECT_EQ(found.entry.release, state.release);
  // Kept and carried as one message, which proves without the repository.
  const auto kept = cache_.get("inrelease", state.release.hex());
  ASSERT_TRUE(kept);
  EXPECT_EQ(Digest::of(kept->bytes()), state.release);
  for (const auto& [url, bytes] : fetcher_.files) fetcher_.bundle[Digest::of(bytes)] = bytes;
  fetcher_.bundle[state.release] = std::string(kept->bytes());
  fetcher_.files.clear();
  test::MemoryCache empty;
  EXPECT_EQ(prove({*tree_, inventory_, book_, options_, fetcher_, empty}, {found}).at(0).problem, "");
}

TEST_F(DebArchives, InReleaseIsPreferredAndItsFaultsAreNotGoneRound) {
  publish({.beside = true}, package_stanza("a", "3"));
  EXPECT_EQ(candidate().version, "2");
  EXPECT_FALSE(asked_for("Release.gpg"));
  std::string& bytes = fetcher_.files[kInReleaseUrl];
  bytes.replace(bytes.find("Codename: bookworm"), 18, "Codename: bookwyrm");
  contains(failure(ErrorKind::verification), "does not fit the text");
}

TEST_F(DebArchives, WhatTheSignatureBesideDoesNotCover) {
  only({.beside = true});
  const std::string good = fetcher_.files[kRelease];
  std::string& bytes = fetcher_.files[kRelease];
  bytes = good + " ";
  contains(failure(ErrorKind::verification), "does not fit the text");
  bytes = good;
  bytes.replace(bytes.find("Label: Debian"), 13, "Label: Debiam");
  contains(failure(ErrorKind::verification), "does not fit the text");
  bytes = good;
  const test::TestKey stranger("ed25519");
  fetcher_.files[kSignature] = stranger.sign_beside(good);
  contains(failure(ErrorKind::verification), "not trusted");
  fetcher_.files[kSignature] = key_->sign_beside(good, "");  // binary: apt does not take it either
  contains(failure(ErrorKind::verification), "no armored OpenPGP signature");
  fetcher_.files[kSignature] = key_->sign_beside(good) + "and more\n";
  contains(failure(ErrorKind::verification), "no armored OpenPGP signature");
  fetcher_.files[kSignature] = "-----BEGIN PGP SIGNATURE-----\n\nnonsense\n-----END PGP SIGNATURE-----\n";
  contains(failure(ErrorKind::verification), "no signature that can be read");
  fetcher_.files[kSignature] = stranger.sign_beside(good) + "\n" + key_->sign_beside(good);  // a block per signer
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebArchives, NothingThere) {
  fetcher_.files.clear();
  const std::string message = failure(ErrorKind::network);
  contains(message, "404");
  contains(message, "InRelease");
  contains(hint_, "neither InRelease nor Release with Release.gpg");
  fetcher_.files[kSignature] = key_->sign_beside("x");  // without what it signs
  contains(failure(ErrorKind::network), "404");
}

TEST_F(DebArchives, FlatRepositories) {
  const std::string url = "http://flat.example.org/apt";
  const auto take = [&](const std::string& source, const std::string& folder, bool beside) {
    fetcher_.files.clear();
    test::publish_flat(fetcher_.files, *key_, package_stanza("a", "2") + "Package: a\nVersion: 3\nArchitecture: arm64\nFilename: pool/x.deb\nSize: 1\nSHA256: " + std::string(64, '0') + "\n\n", url, folder, beside);
    set_image("deb " + source + "\n");
    const pkg::Candidate found = candidate();
    EXPECT_EQ(found.version, "2") << "of the image's architecture";
    EXPECT_EQ(proof(found), "");
    // apt's rule: names in Packages begin at the URI, wherever Packages lies.
    EXPECT_EQ(pkg::resource_of(found).url, url + "/pool/a_2.deb");
    return load()->repositories().at(0);
  };
  take(url + " /", "", false);
  take(url + "/ ./", "", true);
  const pkg::RepositoryState sub = take(url + " sub/dir/", "sub/dir/", true);
  EXPECT_EQ(pkg::index_url(sub, "Packages"), url + "/sub/dir/Packages");
  set_image("deb " + url + " ../up/\n");
  contains(failure(ErrorKind::input), "suite \"../up/\"");
}

// ---- architectures

TEST_F(DebArchives, ArchitectureNotInSuite) {
  set_image("deb " + kArchiveUrl + " bookworm main\ndeb " + kArchiveUrl + " bookworm-security main\n");
  test::publish(fetcher_.files, *key_, {{"arm64", package_stanza("a", "3")}, {"riscv64", package_stanza("a", "4")}},
                {.suite = "bookworm-security", .codename = "bookworm-security", .label = "Debian-Security"});
  const auto source = load();
  EXPECT_TRUE(source->failures().empty());
  ASSERT_EQ(source->repositories().size(), 2u);
  EXPECT_TRUE(source->repositories()[0].lacking.empty());
  EXPECT_EQ(source->repositories()[1].lacking, std::vector<std::string>{"amd64"});
  EXPECT_TRUE(source->repositories()[1].indexes.empty()) << "what is only looked at is no input";
  const pkg::Offers offers = source->offers("a", "amd64");
  ASSERT_EQ(offers.all.size(), 1u);
  EXPECT_EQ(offers.all[offers.chosen.value()].version, "2");
  ASSERT_EQ(offers.elsewhere.size(), 1u) << "one architecture is enough to know";
  EXPECT_EQ(offers.elsewhere[0].version, "3");
  EXPECT_TRUE(offers.elsewhere[0].entry.security);
  EXPECT_EQ(source->names(), std::vector<std::string>{"a"});
}

TEST_F(DebArchives, ForeignArchitectureNotInSuite) {
  const std::string status =
      "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\nMulti-Arch: same\n\n"
      "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: i386\nMulti-Arch: same\n";
  const std::string sources = "deb " + kArchiveUrl + " bookworm main\n";
  set_image(sources, true, {{"var/lib/dpkg/status", status}, {"var/lib/dpkg/arch", "amd64\ni386\n"}});
  auto source = load();
  EXPECT_EQ(source->repositories().at(0).lacking, std::vector<std::string>{"i386"});
  EXPECT_EQ(source->offers("a", "i386").elsewhere.size(), 1u);
  EXPECT_TRUE(source->offers("a", "amd64").elsewhere.empty());
  // An architecture that is only allowed, or that the source leaves out on purpose, is not missed.
  set_image(sources, true, {{"var/lib/dpkg/arch", "amd64\ni386\n"}});
  EXPECT_TRUE(load()->repositories().at(0).lacking.empty());
  set_image("deb [arch=amd64] " + kArchiveUrl + " bookworm main\n", true, {{"var/lib/dpkg/status", status}, {"var/lib/dpkg/arch", "amd64\ni386\n"}});
  EXPECT_TRUE(load()->repositories().at(0).lacking.empty());
}

// ---- releases past their end

class DebEndedRelease : public DebArchives {
 protected:
  void SetUp() override {
    DebArchives::SetUp();
    book_ = pkg::RecipeBook::parse(
        {{"debian.json", R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb", "components": ["main"], "securityLabels": ["Debian-Security"],
           "releases": [{"versionId": "12", "codename": "bookworm", "endOfLife": "2025-01-31", "suites": ["bookworm"]}]})"}});
  }
};

TEST_F(DebEndedRelease, TellsWhereToLook) {
  fetcher_.files.clear();
  failure(ErrorKind::network);
  contains(hint_, "end of life on 2025-01-31");
  contains(hint_, "--package-mirror FROM=TO");
}

TEST_F(DebEndedRelease, IsReadFromAnArchive) {
  const std::string attic = "http://attic.example.org/debian";
  fetcher_.files.clear();
  options_.mirrors = {{kArchiveUrl, attic}};
  // As archives are left behind: dated long ago, and expired a week later.
  test::publish(fetcher_, *key_, package_stanza("a", "2"), {.date = "Mon, 09 Nov 2026 00:00:00 UTC", .valid_until = "Mon, 16 Nov 2026 00:00:00 UTC"}, attic);
  contains(failure(ErrorKind::verification), "expired on 2026-11-16");
  contains(hint_, "--as-of 2026-11-09T00:00:00Z");
  const std::int64_t now = options_.now;
  options_.now = parse_time("2026-11-09T00:00:00Z").value();
  EXPECT_EQ(candidate().entry.uri, attic);
  options_.now = now;
  options_.max_index_age = 30 * 86400;
  EXPECT_EQ(candidate().version, "2");
  EXPECT_EQ(proof(candidate()), "");
}

TEST_F(DebEndedRelease, OldNamesOfSecuritySuites) {
  set_image("deb " + kArchiveUrl + " bookworm/updates main\n");
  fetcher_.files.clear();
  // As of 2019: the codename without the part behind the slash, components with one in front.
  const std::string base = kArchiveUrl + "/dists/bookworm/updates/", packages = package_stanza("a", "2");
  fetcher_.files[base + "main/binary-amd64/Packages"] = packages;
  fetcher_.files[base + "InRelease"] =
      key_->sign("Origin: Debian\nLabel: Debian-Security\nSuite: oldstable\nCodename: bookworm\nDate: Fri, 20 Nov 2026 00:00:00 UTC\nArchitectures: amd64\n"
                 "Components: updates/main\nSHA256:\n " + sha256_hex_of(packages) + " " + std::to_string(packages.size()) + " main/binary-amd64/Packages\n");
  const pkg::Candidate found = candidate();
  EXPECT_EQ(found.version, "2");
  EXPECT_TRUE(found.entry.security);
}

TEST_F(DebEndedRelease, KeysAreNamed) {
  book_ = pkg::RecipeBook::parse({{"debian.json", R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb", "keys": {")" + key_->fingerprint() +
                                                      R"(": "the archive's key of the tests"}})"}});
  set_image("deb " + kArchiveUrl + " bookworm main\n", false);
  failure(ErrorKind::verification);
  contains(hint_, "--add-keyring");
  contains(hint_, key_->fingerprint() + " is the archive's key of the tests");
}

// ---- third parties and subscriptions

TEST_F(DebArchives, ThirdPartiesAreSeenAsWhatTheyCallThemselves) {
  const std::string url = "http://third.example.org/apt";
  test::publish_flat(fetcher_.files, *key_, package_stanza("a", "9"), url);
  set_image("deb " + kArchiveUrl + " bookworm main\ndeb " + url + " ./\n");
  const auto offers = load()->offers("a", "amd64");
  ASSERT_EQ(offers.all.size(), 2u);
  EXPECT_EQ(offers.all[1].entry.origin, "Vendor");
  EXPECT_FALSE(offers.all[1].entry.security);
  EXPECT_EQ(offers.all[offers.chosen.value()].version, "9") << "apt would cross over; the planner does not (tests/plan/cases/own-stream-is-kept.case)";
}

class UbuntuArchives : public DebArchives {
 protected:
  const std::string kEsm = "https://esm.example.org/infra/ubuntu";
  void SetUp() override {
    DebArchives::SetUp();
    if (IsSkipped()) return;
    std::ifstream file(std::string(RESOLE_SOURCE_DATA) + "/recipes/ubuntu.json");
    book_ = pkg::RecipeBook::parse({{"ubuntu.json", std::string(std::istreambuf_iterator<char>(file), {})}});
    inventory_.os = {.id = "ubuntu", .version_id = "20.04", .codename = "focal", .pretty_name = {}, .variant_id = {}, .id_like = {"debian"}};
    set_sources("deb " + kArchiveUrl + " focal main\n");
    fetcher_.files.clear();
    publish({.suite = "focal", .codename = "focal", .label = "Ubuntu", .origin = "Ubuntu"});
  }
  void set_sources(const std::string& sources) {
    const pkg::OsRelease os = inventory_.os;
    set_image(sources);
    inventory_.os = os;
  }
};

// As a subscription's sources are written; not tried on the real one (docs/archives.md).
TEST_F(UbuntuArchives, ExtendedMaintenanceIsOneMoreRepositoryOfTheDistribution) {
  test::publish(fetcher_, *key_, package_stanza("a", "3+esm1"),
                {.suite = "focal-infra-security", .codename = "focal", .label = "UbuntuESM", .origin = "UbuntuESM"}, kEsm);
  options_.extra = {kEsm + " focal-infra-security main"};
  const auto source = load();
  const auto offers = source->offers("a", "amd64");
  const pkg::Candidate& chosen = offers.all.at(offers.chosen.value());
  EXPECT_EQ(chosen.version, "3+esm1");
  EXPECT_TRUE(chosen.entry.security);
  EXPECT_EQ(chosen.entry.origin, "UbuntuESM");
}

TEST_F(UbuntuArchives, WithoutASubscriptionTheRestIsRead) {
  set_sources("deb " + kArchiveUrl + " focal main\ndeb " + kEsm + " focal-infra-security main\n");
  const auto source = load();
  ASSERT_EQ(source->failures().size(), 1u);
  EXPECT_EQ(source->failures()[0].uri, kEsm);
  EXPECT_EQ(source->offers("a", "amd64").all.size(), 1u);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::deb
