// SPDX-License-Identifier: Apache-2.0
// Whom an image may trust and how long, what becomes of a repository that fails, and what the image's own apt configuration has to say in it.
#include <gtest/gtest.h>

#include <algorithm>

#include "base/text.hpp"
#include "pkg/repository_test.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

using Files = std::map<std::string, std::string>;

const std::string kLine = "deb " + kArchiveUrl + " bookworm main\n";

// As apt-add-repository writes an embedded key: a blank before each line, " ." for an empty one.
std::string deb822_with_key(const std::string& armored) {
  std::string text = "Types: deb\nURIs: " + kArchiveUrl + "\nSuites: bookworm\nComponents: main\nSigned-By:\n";
  for (const std::string_view line : lines(armored)) text += line.empty() ? " .\n" : " " + std::string(line) + "\n";
  return text;
}

class DebTrust : public RepositoryTest {
 protected:
  bool asked_for(const std::string& part) const {
    const auto all = fetcher_.requests();
    return std::ranges::any_of(all, [&](const std::string& url) { return url.find(part) != std::string::npos; });
  }
  // A second repository of the image.
  static constexpr const char* kThird = "http://third.example.org/debian";
  void set_third(const std::string& suite_and_component, Files more = {}) { set_image(kLine + "deb " + kThird + " " + suite_and_component + "\n", true, more); }
};

// ---- keys

TEST_F(DebTrust, SignedByAFileOfTheImage) {
  const std::string source = "deb [signed-by=/usr/share/keyrings/own.gpg] " + kArchiveUrl + " bookworm main\n";
  set_image(source, false, {{"usr/share/keyrings/own.gpg", key_->public_key()}});
  EXPECT_EQ(candidate().version, "2");
  set_image(source, false, {{"usr/share/keyrings/own.gpg", key_->armored_public_key()}});
  EXPECT_EQ(candidate().version, "2") << "armored, whatever the name says";
  const test::TestKey stranger("ed25519");
  set_image(source, true, {{"usr/share/keyrings/own.gpg", stranger.public_key()}});
  contains(failure(ErrorKind::verification), "not trusted");
}

TEST_F(DebTrust, SignedByAFileThatIsNotThere) {
  set_image("deb [signed-by=/usr/share/keyrings/gone.gpg] " + kArchiveUrl + " bookworm main\n");
  contains(failure(ErrorKind::verification), "usr/share/keyrings/gone.gpg");
  contains(hint_, "--add-keyring");
  options_.keyrings = {key_->public_key()};
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebTrust, SignedByAKeyInTheSource) {
  const auto image = [&](const std::string& armored) { set_image("", true, {{"etc/apt/sources.list.d/x.sources", deb822_with_key(armored)}}); };
  image(key_->armored_public_key());
  const auto source = load();
  EXPECT_EQ(source->repositories().at(0).key, key_->fingerprint());
  const test::TestKey stranger("ed25519");
  image(stranger.armored_public_key());
  contains(failure(ErrorKind::verification), "not trusted");
}

TEST_F(DebTrust, FingerprintsBindTheImagesKeysNotTheOperators) {
  const test::TestKey stranger("ed25519");
  set_image("deb [signed-by=" + stranger.fingerprint() + "] " + kArchiveUrl + " bookworm main\n");
  contains(failure(ErrorKind::verification), "not trusted");
  options_.keyrings = {stranger.public_key()};
  contains(failure(ErrorKind::verification), "not trusted");
  options_.keyrings = {key_->public_key()};
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebTrust, ReplacedKeyringsLeaveNothingOfTheImages) {
  options_.replace_keyrings = true;
  contains(failure(ErrorKind::verification), "there is no keyring");
  set_image("deb [signed-by=/gone.gpg] " + kArchiveUrl + " bookworm main\n", false);
  options_.keyrings = {key_->armored_public_key()};
  EXPECT_EQ(candidate().version, "2");
}

TEST_F(DebTrust, WhatSwitchesChecksOffIsNotHeard) {
  const std::string options = "[trusted=yes allow-insecure=yes allow-weak=yes allow-downgrade-to-insecure=yes check-valid-until=no check-date=no]";
  const Files configuration = {{"etc/apt/apt.conf.d/99insecure",
                                "Acquire::AllowInsecureRepositories \"true\";\nAcquire::Check-Valid-Until \"false\";\nAPT::Get::AllowUnauthenticated \"true\";\n"}};
  set_image("deb " + options + " " + kArchiveUrl + " bookworm main\n", false, configuration);
  contains(failure(ErrorKind::verification), "not trusted");
  set_image("", false,
            {{"etc/apt/sources.list.d/x.sources",
              "Types: deb\nURIs: " + kArchiveUrl + "\nSuites: bookworm\nComponents: main\nTrusted: yes\nAllow-Insecure: yes\nCheck-Valid-Until: no\n"}});
  contains(failure(ErrorKind::verification), "not trusted");

  set_image("deb " + options + " " + kArchiveUrl + " bookworm main\n", true, configuration);
  publish({.valid_until = "Sat, 21 Nov 2026 00:00:00 UTC"});
  contains(failure(ErrorKind::verification), "expired on 2026-11-21");
  fetcher_.files[kInReleaseUrl] = "Suite: bookworm\nCodename: bookworm\nSHA256:\n " + std::string(64, 'a') + " 1 main/binary-amd64/Packages.gz\n";
  contains(failure(ErrorKind::verification), "is not a signed message");
}

// ---- time

TEST_F(DebTrust, DatesOfARelease) {
  publish({.valid_until = "Sat, 21 Nov 2026 12:00:00 UTC"});
  EXPECT_EQ(candidate().version, "2") << "the last second counts";
  publish({.date = "Sat, 21 Nov 2026 20:00:00 UTC"});
  EXPECT_EQ(candidate().version, "2") << "clocks differ";
  publish({.date = "Sun, 22 Nov 2026 12:00:00 UTC"});
  contains(failure(ErrorKind::verification), "is dated 2026-11-22");
  contains(hint_, "--as-of");
}

TEST_F(DebTrust, ARefusedReleaseIsNotRemembered) {
  publish({.date = "Sun, 22 Nov 2026 12:00:00 UTC"});
  failure(ErrorKind::verification);
  publish();
  EXPECT_EQ(candidate().version, "2") << "an older one is good: the newer was never believed";
}

TEST_F(DebTrust, TheMemoryIsOfOneReleaseAndGoesForwardOnly) {
  publish({.date = "Sat, 21 Nov 2026 06:00:00 UTC"});
  load();
  publish();
  contains(failure(ErrorKind::verification), "2026-11-21T06:00:00Z that has been seen already");
  contains(failure(ErrorKind::verification), "2026-11-21T06:00:00Z that has been seen already");
  publish({.date = "Sat, 21 Nov 2026 06:00:00 UTC"});
  EXPECT_EQ(candidate().version, "2") << "the same again";
  test::publish(fetcher_, *key_, package_stanza("b", "1"), {.date = "Sun, 01 Nov 2026 00:00:00 UTC"}, kThird);
  set_third("bookworm main");
  EXPECT_EQ(load()->repositories().size(), 2u) << "another archive has its own time";
}

TEST_F(DebTrust, AProofOutlivesTheRelease) {
  publish({.valid_until = "Sun, 22 Nov 2026 00:00:00 UTC"});
  const pkg::Candidate found = candidate();
  options_.now += 30 * 86400;
  EXPECT_EQ(proof(found), "") << "the release that was used is at hand";
  test::MemoryCache empty;
  contains(prove({*tree_, inventory_, book_, options_, fetcher_, empty}, {found}).at(0).problem, "expired on 2026-11-22");
}

TEST_F(DebTrust, WhatStandsInTheCacheIsProvenToo) {
  const pkg::Candidate found = candidate();
  const auto source = load();
  const std::string release(source->repositories().at(0).release.hex());
  const std::string index(source->repositories().at(0).indexes.at(0).second.hex());
  // An index of another form, or damaged, is made again.
  cache_.put("packages", index + "-" + std::string(PackagesIndex::kFormat), "damage");
  EXPECT_EQ(candidate().version, "2");
  EXPECT_EQ(proof(found), "");
  // A release is what its digest says or it is not there.
  const std::string good = fetcher_.files[kInReleaseUrl];
  publish({.date = "Sat, 21 Nov 2026 00:00:00 UTC"}, package_stanza("a", "3"));
  cache_.put("inrelease", release, fetcher_.files[kInReleaseUrl]);
  fetcher_.files.clear();
  contains(proof(found), "is not at hand");
  cache_.put("inrelease", release, good);
  EXPECT_EQ(proof(found), "");
}

// ---- indexes

TEST_F(DebTrust, OnlyAMissingFileByHashIsAskedForByName) {
  class Overloaded : public test::MapFetcher {
   public:
    Blob fetch(const Resource& resource) override {
      if (resource.url.find("by-hash") != std::string::npos) throw Error(ErrorKind::network, resource.url + ": 503 Service Unavailable");
      return test::MapFetcher::fetch(resource);
    }
  } overloaded;
  test::publish(overloaded, *key_, package_stanza("a", "2"));
  try {
    load_candidates({*tree_, inventory_, book_, options_, overloaded, cache_}, reporter_);
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::network);
    contains(error.message(), "503");
  }
  EXPECT_EQ(overloaded.requests(), std::vector<std::string>{kInReleaseUrl});
}

TEST_F(DebTrust, WithoutByHashOnlyTheNameIsAskedFor) {
  publish({.by_hash = false});
  load();
  EXPECT_FALSE(asked_for("by-hash"));
  EXPECT_TRUE(asked_for("main/binary-amd64/Packages.gz"));
}

ReleaseFile release_with(const std::vector<std::string>& paths) {
  ReleaseFile release;
  for (const std::string& path : paths) release.files.emplace(path, IndexFile{Digest::of(path), path.size()});
  return release;
}

std::vector<std::string> wanted(const ReleaseFile& release, const SourceEntry& source, std::vector<std::string> foreign = {}) {
  pkg::Inventory inventory;
  inventory.arch = "amd64";
  inventory.foreign = std::move(foreign);
  std::vector<std::string> paths;
  for (const WantedIndex& one : wanted_indexes({.source = source, .url = "http://a.example.org", .release = release, .state = {}}, inventory)) {
    EXPECT_EQ(one.file.sha256, Digest::of(one.path));
    paths.push_back(one.path);
  }
  return paths;
}

TEST(DebWantedIndexes, TheFormThatIsCheapestToDecode) {
  const SourceEntry source{.uri = "http://a.example.org", .suite = "s", .components = {"main"}};
  const std::string stem = "main/binary-amd64/Packages";
  std::vector<std::string> forms = {stem + ".zst", stem + ".gz", stem + ".xz", stem};
  for (std::size_t best = 0; best < forms.size(); ++best) {
    EXPECT_EQ(wanted(release_with({forms.begin() + static_cast<std::ptrdiff_t>(best), forms.end()}), source), std::vector<std::string>{forms[best]});
  }
  EXPECT_TRUE(wanted(release_with({stem + ".bz2", stem + ".lzma", stem + ".diff/Index"}), source).empty());
}

TEST(DebWantedIndexes, ArchitecturesAndComponents) {
  using Paths = std::vector<std::string>;
  ReleaseFile release = release_with({"main/binary-amd64/Packages.gz", "main/binary-i386/Packages.gz", "main/binary-all/Packages.gz", "contrib/binary-amd64/Packages.gz"});
  SourceEntry source{.uri = "http://a.example.org", .suite = "s", .components = {"main", "contrib"}};
  EXPECT_EQ(wanted(release, source), (Paths{"main/binary-amd64/Packages.gz", "contrib/binary-amd64/Packages.gz"}));
  EXPECT_EQ(wanted(release, source, {"i386"}).size(), 3u);
  release.architectures = {"amd64", "all"};
  EXPECT_EQ(wanted(release, source, {"i386"}).size(), 2u) << "the release does not claim to have it";
  release.all_in_architectures = false;
  EXPECT_EQ(wanted(release, source), (Paths{"main/binary-amd64/Packages.gz", "contrib/binary-amd64/Packages.gz", "main/binary-all/Packages.gz"}));
  release.architectures.clear();
  source.architectures = {"i386"};
  source.components = {"updates/main"};
  EXPECT_EQ(wanted(release, source), (Paths{"main/binary-i386/Packages.gz", "main/binary-all/Packages.gz"})) << "the last part of a component counts";
  const SourceEntry flat{.uri = "http://a.example.org", .suite = "./", .components = {}};
  EXPECT_EQ(wanted(release_with({"Packages", "Packages.xz", "main/binary-amd64/Packages.gz"}), flat), Paths{"Packages.xz"});
}

// ---- addresses

TEST(DebUrlOf, CredentialsAndPlacesOfAnImage) {
  const auto url = [](const std::string& uri, const std::string& suite = "s main") {
    return url_of(parse_one_line_sources("deb " + uri + " " + suite + "\n", "list", "amd64").at(0), {});
  };
  EXPECT_EQ(url("https://user:pass@a.example.org/debian"), "https://a.example.org/debian");
  EXPECT_EQ(url("https://a%40b@a.example.org"), "https://a.example.org");
  EXPECT_EQ(url("https://a.example.org/x@y"), "https://a.example.org/x@y");
  for (const char* bad : {"file:/srv/repo", "file:///srv/repo", "copy:/srv", "http:/127.0.0.1/x", "http:///x", "http://x@127.0.0.1", "http://127.1", "http://0x7f.1/",
                          "http://a.example.org@[::1]/", "ssh://a.example.org", "mirror://a.example.org/list"}) {
    try {
      url(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::refused) << bad;
    }
  }
  for (const char* bad : {"../x main", "a/../../b main", "../", "./../x/"}) EXPECT_THROW(url("http://a.example.org", bad), Error) << bad;
}

TEST_F(DebTrust, FilesAreTheOperatorsAlone) {
  test::publish(fetcher_, *key_, package_stanza("a", "3"), {}, "file:///srv/repo");
  set_image(kLine + "deb file:///srv/repo bookworm main\n");
  auto source = load();
  EXPECT_EQ(source->repositories().size(), 1u);
  contains(source->failures().at(0).message, "sources of type file: are not used");
  EXPECT_FALSE(asked_for("file:"));
  set_image(kLine);
  options_.extra = {"deb file:///srv/repo bookworm main"};
  EXPECT_EQ(candidate().version, "3");
  EXPECT_EQ(candidate().entry.uri, "file:///srv/repo");
}

// ---- failures

TEST_F(DebTrust, AThirdPartysFailureHoldsItsOwnPackagesOnly) {
  test::publish(fetcher_, *key_, package_stanza("b", "1") + package_stanza("a", "9"), {.suite = "stable", .codename = "x"}, kThird);
  set_third("stable main");
  ASSERT_EQ(load()->failures().size(), 0u);
  EXPECT_EQ(candidate().version, "9");
  test::MemoryCache fresh;
  for (auto& [url, bytes] : fetcher_.files) {
    if (url.starts_with(kThird) && url.find("by-hash") != std::string::npos) bytes[20] ^= 1;
  }
  const auto source = load_candidates({*tree_, inventory_, book_, options_, fetcher_, fresh}, reporter_);
  ASSERT_EQ(source->failures().size(), 1u);
  EXPECT_EQ(source->failures()[0].uri, kThird);
  EXPECT_EQ(source->failures()[0].suite, "stable");
  contains(source->failures()[0].message, "has not the expected sha256");
  EXPECT_EQ(source->names(), std::vector<std::string>{"a"}) << "nothing of the failed one is offered";
  const pkg::Offers offers = source->offers("a", "amd64");
  ASSERT_EQ(offers.all.size(), 1u);
  EXPECT_EQ(offers.all[0].version, "2");
}

TEST_F(DebTrust, AThirdPartyMayNameItsSuiteAsTheRelease) {
  set_third("bookworm nginx");
  const auto source = load();
  EXPECT_EQ(source->repositories().size(), 1u);
  contains(source->failures().at(0).message, "404");
}

TEST_F(DebTrust, AnotherMirrorOfTheSameSuiteStandsIn) {
  set_third("bookworm main");
  EXPECT_EQ(candidate().version, "2");
  EXPECT_EQ(load()->failures().size(), 1u);
  publish({.suite = "stable"});
  set_image("deb " + std::string(kThird) + " bookworm main\n" + "deb " + kArchiveUrl + " stable main\n");
  contains(failure(ErrorKind::network), "404");  // a suite of another name does not
}

TEST_F(DebTrust, OwnSuiteOfADistributionWithoutRecipe) {
  book_ = pkg::RecipeBook::parse({});
  set_third("bookworm-security main");
  contains(failure(ErrorKind::network), "404");
  set_third("stable main");
  EXPECT_EQ(load()->failures().size(), 1u);
}

TEST_F(DebTrust, WhatCannotBeBelievedIsTheWorseNews) {
  const test::TestKey stranger("ed25519");
  test::publish(fetcher_, stranger, package_stanza("b", "1"), {.suite = "stable", .codename = "x"}, kThird);
  set_image("deb http://gone.example.org/x stable main\ndeb " + std::string(kThird) + " stable main\n");
  contains(failure(ErrorKind::verification), "not trusted");
}

TEST_F(DebTrust, AComponentThatIsNotThere) {
  set_image(kLine + "deb [arch=arm64] " + kArchiveUrl + " bookworm main\n");
  const auto source = load();
  EXPECT_EQ(source->repositories().size(), 1u);
  contains(source->failures().at(0).message, "has no index of main for amd64");
}

TEST_F(DebTrust, WhatTheOperatorMistypesEndsTheRun) {
  options_.extra = {"bookworm main"};
  contains(failure(ErrorKind::usage), "--package-repo");
}

// ---- preferences of the image

TEST_F(DebTrust, PinsOfTheImageDecide) {
  publish({}, package_stanza("a", "2") + package_stanza("a", "3"));
  EXPECT_EQ(candidate().version, "3");
  set_image(kLine, true, {{"etc/apt/preferences", "Package: a\nPin: version 2\nPin-Priority: 900\n"}});
  EXPECT_EQ(candidate().version, "2");
  set_image(kLine, true, {{"etc/apt/preferences.d/never", "Package: *\nPin: release n=bookworm\nPin-Priority: never\n"}});
  EXPECT_FALSE(load()->offers("a", "amd64").chosen);
  set_image(kLine, true, {{"etc/apt/preferences.d/broken.pref", "Package: a\nPin: version 2\nPin-Priority: high\n"}});
  contains(failure(ErrorKind::input), "etc/apt/preferences.d/broken.pref");
}

TEST_F(DebTrust, AnOriginPinMeansTheHostThatTheImageNames) {
  const std::string pin = "Package: *\nPin: origin image.example.org\nPin-Priority: 700\n";
  set_image("deb http://image.example.org/debian bookworm main\n", true, {{"etc/apt/preferences", pin}});
  options_.mirrors = {{"http://image.example.org/debian", kArchiveUrl}};
  EXPECT_EQ(candidate().priority, 700);
  EXPECT_EQ(candidate().entry.uri, kArchiveUrl);
}

TEST_F(DebTrust, BackportsAreNotTakenByThemselves) {
  const std::string backports = kLine + "deb " + kArchiveUrl + " bookworm-backports main\n";
  ArchiveOptions options{.suite = "bookworm-backports", .codename = "bookworm-backports", .extra_fields = "NotAutomatic: yes\nButAutomaticUpgrades: yes\n"};
  test::publish(fetcher_, *key_, package_stanza("a", "3~bpo12"), options);
  set_image(backports);
  EXPECT_EQ(candidate().version, "2");
  const pkg::Offers offers = load()->offers("a", "amd64");
  ASSERT_EQ(offers.all.size(), 2u);
  EXPECT_EQ(offers.all[0].priority, 500);
  EXPECT_EQ(offers.all[1].priority, 100);
  set_image(backports, true, {{"etc/apt/apt.conf.d/00default", "APT { Default-Release \"bookworm-backports\"; };\n"}});
  EXPECT_EQ(candidate().version, "3~bpo12");
  options.extra_fields = "NotAutomatic: yes\n";
  test::publish(fetcher_, *key_, package_stanza("a", "3~bpo12"), options);
  set_image(backports);
  EXPECT_EQ(load()->offers("a", "amd64").all.at(1).priority, 1);
}

}  // namespace
}  // namespace resole::deb
