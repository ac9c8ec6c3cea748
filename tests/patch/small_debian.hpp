// SPDX-License-Identifier: Apache-2.0
// A Debian of three packages, of which two have fixes: images that hold the first versions, and signed archives with later ones.
//
//   SmallDebian debian;
//   mirror.serve(debian.archives({{"amd64", 2}}));
//   registry.add_image("team/app", built_image({.layers = {debian.layer("amd64")}}), "1");
#pragma once
#include <map>
#include <string>

#include "support/built_image.hpp"
#include "support/fake_archive.hpp"

namespace resole::test {

inline const std::string kSecurityUrl = "http://security.example.org/debian-security";

inline constexpr const char* kSmallRecipe =
    R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb", "components": ["main"], "securityLabels": ["Debian-Security"],
  "releases": [{"versionId": "12", "codename": "bookworm", "suites": ["bookworm", "bookworm-security"]}]})";

class SmallDebian {
 public:
  // Needs gpg (TestKey::possible()).
  SmallDebian() : key_("ed25519") {}

  // A plain layer with the system and its packages at version 1, or where a later base has them.
  std::string layer(const std::string& architecture, int level = 1) const;
  // The archive with version 1 of everything; the security archive with the version that is given for each architecture. `date`: of its release.
  ArchiveFiles archives(const std::map<std::string, int>& level_of_architecture, const std::string& date = ArchiveOptions().date) const;

  static std::string version(int level) { return "1.0-" + std::to_string(level); }

 private:
  TestKey key_;
};

}  // namespace resole::test
