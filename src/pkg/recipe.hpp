// SPDX-License-Identifier: Apache-2.0
// Distro facts as data: recipes/<distro>.json (docs/recipes.md, docs/schema/recipe.json).
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pkg/action.hpp"
#include "pkg/package.hpp"

namespace resole::pkg {

struct Release {
  std::string version_id, codename;
  std::string end_of_life, lts_end;  // "YYYY-MM-DD" or ""
  std::string extended_end;          // of support for subscribers: told, never counted on
  std::vector<std::string> suites;   // "bookworm", "bookworm-updates", "bookworm-security"
};

// "the scripts of these packages, when their text has this sha256 (or the version lies in this range), are replaced by these built-in
// actions"
struct PackageRecipe {
  std::string package;                      // glob: "mariadb-server*"
  std::vector<std::string> script_sha256;   // of the normalised scripts text (pkg/deb/scripts.hpp); empty = versions decide
  std::string version_from, version_below;  // reviewed range; "" = open
  std::vector<Action> actions;
  std::string reason;
};

struct Recipe {
  std::string id;      // os-release ID
  std::string family;  // "deb"
  std::vector<Release> releases;
  std::vector<std::pair<std::string, std::string>>
      archives;  // suite glob -> path of its archive on a mirror ("*-security" -> "debian-security"), longest glob first; "* arm64": for that architecture
  // Fingerprints of the distribution's keys, or globs of the names of their files (apk), and what they are. Trusted are keyrings, not these.
  std::vector<std::pair<std::string, std::string>> keys;
  std::vector<std::string> components;       // of the distribution's own archives: "main", "contrib"
  std::vector<std::string> keyrings;         // files in the image that hold the distribution's keys, for sources that name none
  std::vector<std::string> security_labels;  // globs of Label, Origin or suite of security archives
  std::vector<std::string> noise;            // globs of packages never gating (kernel headers)
  std::vector<std::string> data_packages;    // always part of `security`: tzdata, ca-certificates
  std::vector<PackageRecipe> packages;
};

// Where the archive of a suite lies below a mirror; null when the recipe does not say.
const std::string* archive_path(const Recipe& recipe, std::string_view suite, std::string_view arch);

class RecipeBook {
 public:
  static RecipeBook parse(
      const std::vector<std::pair<std::string, std::string>>& files);  // (name, JSON text); Error(input) names file and field
  const Recipe* find(const OsRelease& os) const;                       // by ID, then ID_LIKE
  const Release* release(const OsRelease& os) const;                   // by VERSION_ID, then codename
  const std::vector<Recipe>& all() const { return recipes_; }
  const Digest& digest() const { return digest_; }                     // of all the files: what was made with them is found again by it

 private:
  std::vector<Recipe> recipes_;
  Digest digest_;
};

}  // namespace resole::pkg
