// SPDX-License-Identifier: Apache-2.0
// An image of one release, a signed archive for it in memory, and what loading and proving make of both.
#pragma once
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "pkg/deb/inventory.hpp"
#include "pkg/deb/load_candidates.hpp"
#include "pkg/deb/prove.hpp"
#include "pkg/deb_oracle.hpp"
#include "support/fake_archive.hpp"
#include "pkg/small_tree.hpp"

namespace resole::deb {

using test::ArchiveOptions;
using test::kArchiveUrl;
using test::package_stanza;

inline constexpr const char* kDebianRecipe =
    R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb", "components": ["main"], "securityLabels": ["Debian-Security"],
  "releases": [{"versionId": "12", "codename": "bookworm", "suites": ["bookworm", "bookworm-security"]}, {"versionId": "13", "codename": "trixie"}]})";

inline const std::string kInReleaseUrl = kArchiveUrl + "/dists/bookworm/InRelease";

class RepositoryTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    if (test::TestKey::possible()) key_ = new test::TestKey("ed25519");
  }
  static void TearDownTestSuite() {
    delete key_;
    key_ = nullptr;
  }
  void SetUp() override {
    if (!key_) GTEST_SKIP() << "gpg is not on this machine";
    options_.now = test::kNow;
    set_image("deb " + kArchiveUrl + " bookworm main\n");
    publish();
  }

  // `more` are further files of the image; the key is where apt trusts it for every source, unless `with_key` is false.
  void set_image(const std::string& sources, bool with_key = true, std::map<std::string, std::string> more = {}) {
    more.insert({{"var/lib/dpkg/status",
                  "Package: dpkg\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n\n"
                  "Package: a\nStatus: install ok installed\nVersion: 1\nArchitecture: amd64\n"},
                 {"etc/apt/sources.list", sources}});
    if (with_key) more["etc/apt/trusted.gpg.d/test.gpg"] = key_->public_key();
    tree_ = std::make_unique<rootfs::Tree>(test::tree_of(more));
    inventory_ = read_inventory(
        *tree_, {.id = "debian", .version_id = "12", .codename = "bookworm", .pretty_name = {}, .variant_id = {}, .id_like = {}});
  }
  void publish(const ArchiveOptions& options = {}, const std::string& packages = package_stanza("a", "2")) {
    test::publish(fetcher_, *key_, packages, options);
  }

  RepositoryContext context() { return {*tree_, inventory_, book_, options_, fetcher_, cache_}; }
  std::unique_ptr<pkg::CandidateSource> load() { return load_candidates(context(), reporter_); }
  std::string failure(ErrorKind kind) {
    try {
      load();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), kind) << error.what();
      hint_ = error.hint();
      return error.message();
    }
    ADD_FAILURE() << "no error";
    return "";
  }
  pkg::Candidate candidate() {
    const auto offers = load()->offers("a", "amd64");
    return offers.all.at(offers.chosen.value());
  }
  std::string proof(const pkg::Candidate& package) { return prove(context(), {package}).at(0).problem; }

  static inline test::TestKey* key_ = nullptr;
  test::MapFetcher fetcher_;
  test::MemoryCache cache_;
  test::SilentReporter reporter_;
  pkg::RecipeBook book_ = pkg::RecipeBook::parse({{"debian.json", kDebianRecipe}});
  pkg::RepositoryOptions options_;
  std::unique_ptr<rootfs::Tree> tree_;
  pkg::Inventory inventory_;
  std::string hint_;
};

inline bool contains(const std::string& text, std::string_view part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) ADD_FAILURE() << "\"" << part << "\" is not in: " << text;
  return found;
}

}  // namespace resole::deb
