// SPDX-License-Identifier: Apache-2.0
// recipes/<distro>.json as values (docs/schema/recipe.json says the same as a JSON Schema). A recipe is a reviewed text, so everything
// unknown or of the wrong shape is an error that names the file and the field, never a silent default.
#include "pkg/recipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <set>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "pkg/action.hpp"

namespace resole::pkg {
namespace {

constexpr std::string_view kSchema = "resole/recipe/v1";
constexpr JsonLimits kLimits{.bytes = 8u << 20, .depth = 16};

// One JSON object of a recipe, and where it stands: "recipes/debian.json: releases[2]".
class Reader {
 public:
  Reader(const Json& value, std::string where) : value_(value), where_(std::move(where)) {
    if (!value_.is_object()) fail("must be an object");
  }

  void only(std::initializer_list<std::string_view> known) const {
    for (const auto& [key, unused] : value_.items()) {
      if (std::ranges::find(known, key) == known.end()) fail(fmt::format("unknown field \"{}\"", printable(key, 60)));
    }
  }
  std::string required(std::string_view key) const {
    if (!value_.contains(key)) fail(fmt::format("no field \"{}\"", key));
    return text(value_.at(std::string(key)), key);
  }
  std::string optional(std::string_view key) const { return value_.contains(key) ? text(value_.at(std::string(key)), key) : std::string(); }
  std::string date(std::string_view key) const {
    std::string value = optional(key);
    if (!value.empty() && (value.size() != 10 || !parse_time(value))) fail(fmt::format("\"{}\" must be a date, YYYY-MM-DD", key));
    return value;
  }
  std::vector<std::string> texts(std::string_view key) const {
    std::vector<std::string> all;
    for (const Json& one : array(key)) all.push_back(text(one, key));
    return all;
  }
  const Json& array(std::string_view key) const {
    static const Json none = Json::array();
    if (!value_.contains(key)) return none;
    const Json& value = value_.at(std::string(key));
    if (!value.is_array()) fail(fmt::format("\"{}\" must be an array", key));
    return value;
  }
  const Json& object(std::string_view key) const {
    static const Json none = Json::object();
    if (!value_.contains(key)) return none;
    const Json& value = value_.at(std::string(key));
    if (!value.is_object()) fail(fmt::format("\"{}\" must be an object", key));
    return value;
  }
  std::string text(const Json& value, std::string_view key) const {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) fail(fmt::format("\"{}\" must hold text", key));
    return value.get<std::string>();
  }
  [[noreturn]] void fail(const std::string& problem) const { throw Error(ErrorKind::input, fmt::format("{}: {}", where_, problem)); }
  std::string below(std::string_view key, std::size_t i) const { return fmt::format("{}: {}[{}]", where_, key, i); }

 private:
  const Json& value_;
  std::string where_;
};

Release read_release(const Reader& in) {
  in.only({"versionId", "codename", "endOfLife", "ltsEnd", "extendedEnd", "suites"});
  return {.version_id = in.required("versionId"),
          .codename = in.required("codename"),
          .end_of_life = in.date("endOfLife"),
          .lts_end = in.date("ltsEnd"),
          .extended_end = in.date("extendedEnd"),
          .suites = in.texts("suites")};
}

std::vector<Action> read_actions(const Reader& in) {
  std::vector<Action> actions;
  for (const std::string& text : in.texts("actions")) {
    try {
      actions.push_back(parse_action(text));
    } catch (const Error& error) {
      in.fail(fmt::format("\"actions\": {}", error.what()));
    }
  }
  return actions;
}

PackageRecipe read_package(const Reader& in) {
  in.only({"package", "scriptSha256", "versionFrom", "versionBelow", "actions", "reason"});
  PackageRecipe recipe{.package = in.required("package"),
                       .script_sha256 = in.texts("scriptSha256"),
                       .version_from = in.optional("versionFrom"),
                       .version_below = in.optional("versionBelow"),
                       .actions = read_actions(in),
                       .reason = in.required("reason")};
  for (const std::string& hash : recipe.script_sha256) {
    if (!sha256_from_hex(hash)) in.fail("\"scriptSha256\" must hold 64 lower-case hex digits each");
  }
  // Without either, whatever a future version does would count as reviewed.
  if (recipe.script_sha256.empty() && recipe.version_below.empty())
    in.fail("neither \"scriptSha256\" nor \"versionBelow\": nothing says what was reviewed");
  if (recipe.actions.empty()) in.fail("no \"actions\"; write [\"noop\"] when nothing is to be done");
  return recipe;
}

std::vector<std::pair<std::string, std::string>> read_archives(const Reader& in) {
  std::vector<std::pair<std::string, std::string>> archives;
  for (const auto& [glob, path] : in.object("archives").items()) archives.emplace_back(glob, in.text(path, "archives"));
  std::ranges::stable_sort(archives, [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
  return archives;
}

std::vector<std::pair<std::string, std::string>> read_keys(const Reader& in) {
  constexpr std::size_t kFingerprint = 40;
  std::vector<std::pair<std::string, std::string>> keys;
  for (const auto& [fingerprint, name] : in.object("keys").items()) {
    const bool is_fingerprint = fingerprint.size() == kFingerprint && fingerprint.find_first_not_of("0123456789ABCDEF") == std::string::npos;
    if (!is_fingerprint && !fingerprint.ends_with(".rsa.pub"))
      in.fail("\"keys\" must be named by fingerprints of 40 upper-case hex digits, or by globs of the names of apk's keys, *.rsa.pub");
    keys.emplace_back(fingerprint, in.text(name, "keys"));
  }
  return keys;
}

Recipe read_recipe(const std::string& file, const std::string& text) {
  const Json json = parse_json(text, file, kLimits);
  const Reader in(json, file);
  in.only(
      {"schema", "id", "family", "releases", "archives", "components", "keyrings", "keys", "securityLabels", "noise", "dataPackages", "packages"});
  if (const std::string schema = in.required("schema"); schema != kSchema)
    in.fail(fmt::format("\"schema\" is \"{}\", not \"{}\"", printable(schema, 60), kSchema));
  Recipe recipe{.id = in.required("id"),
                .family = in.required("family"),
                .releases = {},
                .archives = read_archives(in),
                .keys = read_keys(in),
                .components = in.texts("components"),
                .keyrings = in.texts("keyrings"),
                .security_labels = in.texts("securityLabels"),
                .noise = in.texts("noise"),
                .data_packages = in.texts("dataPackages"),
                .packages = {}};
  const Json& releases = in.array("releases");
  for (std::size_t i = 0; i < releases.size(); ++i) recipe.releases.push_back(read_release(Reader(releases[i], in.below("releases", i))));
  const Json& packages = in.array("packages");
  for (std::size_t i = 0; i < packages.size(); ++i) recipe.packages.push_back(read_package(Reader(packages[i], in.below("packages", i))));
  return recipe;
}

}  // namespace

const std::string* archive_path(const Recipe& recipe, std::string_view suite, std::string_view arch) {
  const std::string with_arch = fmt::format("{} {}", suite, arch);
  const auto found = std::ranges::find_if(recipe.archives, [&](const auto& one) {
    return glob_match(one.first, one.first.find(' ') == std::string::npos ? suite : std::string_view(with_arch));
  });
  return found == recipe.archives.end() ? nullptr : &found->second;
}

RecipeBook RecipeBook::parse(const std::vector<std::pair<std::string, std::string>>& files) {
  RecipeBook book;
  std::set<std::string> ids;
  std::string whole;
  for (const auto& [name, text] : files) {
    whole += fmt::format("{} {}\n", text.size(), text);
    Recipe recipe = read_recipe(name, text);
    if (!ids.insert(recipe.id).second)
      throw Error(ErrorKind::input, fmt::format("{}: there is another recipe for \"{}\"", name, recipe.id));
    book.recipes_.push_back(std::move(recipe));
  }
  book.digest_ = Digest::of(whole);
  return book;
}

const Recipe* RecipeBook::find(const OsRelease& os) const {
  const auto by_id = [this](const std::string& id) -> const Recipe* {
    const auto found = std::ranges::find(recipes_, id, &Recipe::id);
    return found == recipes_.end() ? nullptr : &*found;
  };
  if (const Recipe* recipe = by_id(os.id)) return recipe;
  for (const std::string& id : os.id_like) {
    if (const Recipe* recipe = by_id(id)) return recipe;
  }
  return nullptr;
}

// Only of the distribution itself: a derivative counts its versions in its own way.
const Release* RecipeBook::release(const OsRelease& os) const {
  const Recipe* recipe = find(os);
  if (!recipe) return nullptr;
  const auto by = [&](std::string Release::*field, const std::string& wanted) -> const Release* {
    const auto found = std::ranges::find(recipe->releases, wanted, field);
    return wanted.empty() || found == recipe->releases.end() ? nullptr : &*found;
  };
  if (recipe->id == os.id) {
    // "3.20.3" is of release "3.20": what stands behind a further point names no release of its own.
    for (std::string version = os.version_id; !version.empty(); version.resize(version.find('.') == std::string::npos ? 0 : version.rfind('.'))) {
      if (const Release* release = by(&Release::version_id, version)) return release;
    }
  }
  return by(&Release::codename, os.codename);
}

}  // namespace resole::pkg
