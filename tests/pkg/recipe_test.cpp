// SPDX-License-Identifier: Apache-2.0
#include "pkg/recipe.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb_oracle.hpp"
#include "pkg/shared_data.hpp"

namespace resole::pkg {
namespace RESOLE_TEST_FILE {

std::string recipe(const std::string& more) { return R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb")" + more + "}"; }

std::string problem_of(const std::string& text) {
  try {
    RecipeBook::parse({{"x.json", text}});
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "";
}

OsRelease os(const std::string& text) { return OsRelease::parse(text).value(); }

TEST(OsRelease, Parse) {
  const OsRelease parsed =
      os("# x\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID_LIKE='a "
         "b'\nVARIANT_ID=slim\\$\n");
  EXPECT_EQ(parsed.id, "debian");
  EXPECT_EQ(parsed.version_id, "12");
  EXPECT_EQ(parsed.codename, "bookworm");
  EXPECT_EQ(parsed.pretty_name, "Debian GNU/Linux 12 (bookworm)");
  EXPECT_EQ(parsed.id_like, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(parsed.variant_id, "slim$");
  EXPECT_FALSE(OsRelease::parse("NAME=x\n"));
  EXPECT_FALSE(OsRelease::parse(""));
}

TEST(RecipeBook, FindsByIdThenLikeness) {
  const auto book = RecipeBook::parse({{"x.json", recipe(R"(, "releases": [{"versionId": "12", "codename": "bookworm"}])")}});
  EXPECT_NE(book.find(os("ID=debian\n")), nullptr);
  EXPECT_NE(book.find(os("ID=raspbian\nID_LIKE=debian\n")), nullptr);
  EXPECT_EQ(book.find(os("ID=alpine\n")), nullptr);
  EXPECT_NE(book.release(os("ID=debian\nVERSION_ID=12\n")), nullptr);
  EXPECT_NE(book.release(os("ID=debian\nVERSION_CODENAME=bookworm\n")), nullptr);
  EXPECT_EQ(book.release(os("ID=debian\nVERSION_ID=99\n")), nullptr);
  EXPECT_EQ(book.release(os("ID=derivative\nID_LIKE=debian\nVERSION_ID=12\n")), nullptr);
  EXPECT_NE(book.release(os("ID=derivative\nID_LIKE=debian\nVERSION_ID=3\nVERSION_CODENAME=bookworm\n")), nullptr);
}

TEST(RecipeBook, Archives) {
  const auto book = RecipeBook::parse({{"x.json", recipe(R"(, "archives": {"*": "debian", "*-security": "debian-security"})")}});
  ASSERT_EQ(book.all()[0].archives.size(), 2u);
  EXPECT_EQ(book.all()[0].archives[0].first, "*-security");
}

TEST(RecipeBook, MistakesNameFileAndField) {
  EXPECT_EQ(problem_of(recipe("")), "");
  EXPECT_EQ(problem_of(recipe(R"(, "nois": [])")), "x.json: unknown field \"nois\"");
  EXPECT_EQ(problem_of(recipe(R"(, "noise": "x")")), "x.json: \"noise\" must be an array");
  EXPECT_EQ(problem_of(recipe(R"(, "noise": [1])")), "x.json: \"noise\" must hold text");
  EXPECT_EQ(problem_of(recipe(R"(, "releases": [{"versionId": "12"}])")), "x.json: releases[0]: no field \"codename\"");
  EXPECT_EQ(problem_of(recipe(R"(, "releases": [{"versionId": "12", "codename": "b", "endOfLife": "soon"}])")),
            "x.json: releases[0]: \"endOfLife\" must be a date, YYYY-MM-DD");
  EXPECT_EQ(problem_of(R"({"schema": "resole/recipe/v2", "id": "a", "family": "deb"})"),
            "x.json: \"schema\" is \"resole/recipe/v2\", not \"resole/recipe/v1\"");
  EXPECT_NE(
      problem_of(recipe(R"(, "packages": [{"package": "a", "actions": ["noop"], "reason": "r"}])")).find("nothing says what was reviewed"),
      std::string::npos);
  EXPECT_NE(problem_of(recipe(R"(, "packages": [{"package": "a", "scriptSha256": ["abc"], "actions": ["noop"], "reason": "r"}])"))
                .find("64 lower-case"),
            std::string::npos);
  EXPECT_NE(
      problem_of(recipe(R"(, "packages": [{"package": "a", "versionBelow": "2", "actions": [], "reason": "r"}])")).find("no \"actions\""),
      std::string::npos);
  EXPECT_THROW(RecipeBook::parse({{"a.json", recipe("")}, {"b.json", recipe("")}}), Error);
  EXPECT_NE(problem_of("{"), "");
}

// The recipes that we ship, and their dates against the distributions' own.
TEST(RecipeBook, OurRecipes) {
  std::vector<std::pair<std::string, std::string>> files;
  for (const char* name : {"debian", "ubuntu"}) {
    const std::string path = std::string(RESOLE_SOURCE_DATA) + "/recipes/" + name + ".json";
    files.emplace_back(path, test::read_file(path).value());
  }
  const auto book = RecipeBook::parse(files);
  const Release* bookworm = book.release(os("ID=debian\nVERSION_ID=12\n"));
  ASSERT_NE(bookworm, nullptr);
  EXPECT_EQ(bookworm->codename, "bookworm");
  ASSERT_NE(book.release(os("ID=ubuntu\nVERSION_ID=24.04\n")), nullptr);

  SHARED_DATA_OR_SKIP(debian, "feeds/eol/debian.csv");
  SHARED_DATA_OR_SKIP(ubuntu, "feeds/eol/ubuntu.csv");
  std::size_t compared = 0;
  const auto compare = [&](const std::string& table, const Recipe& recipe, bool with_lts) {
    for (std::string_view line : lines(table)) {
      const auto columns = split(line, ',');
      for (const Release& release : recipe.releases) {
        if (columns.size() < 6 || columns[2] != release.codename) continue;
        EXPECT_EQ(columns[5], release.end_of_life) << line;
        if (with_lts) {
          EXPECT_EQ(columns[6], release.lts_end) << line;
        }
        EXPECT_EQ(columns.size() > 7 ? columns[7] : "", release.extended_end) << line;
        ++compared;
      }
    }
  };
  compare(debian, *book.find(os("ID=debian\n")), true);
  compare(ubuntu, *book.find(os("ID=ubuntu\n")), false);
  std::size_t releases = 0;
  for (const Recipe& recipe : book.all()) releases += recipe.releases.size();
  EXPECT_EQ(compared, releases);
}

TEST(RecipeBook, ArchivesByArchitecture) {
  const auto book = RecipeBook::parse({{"x.json", recipe(R"(, "archives": {"*": "ubuntu", "* arm64": "ubuntu-ports", "*-security": "security"})")}});
  const Recipe& one = book.all()[0];
  EXPECT_EQ(*archive_path(one, "noble", "amd64"), "ubuntu");
  EXPECT_EQ(*archive_path(one, "noble", "arm64"), "ubuntu-ports");
  EXPECT_EQ(*archive_path(one, "noble-security", "amd64"), "security");
  EXPECT_EQ(archive_path(RecipeBook::parse({{"x.json", recipe("")}}).all()[0], "noble", "amd64"), nullptr);
}

TEST(RecipeBook, KeysAreFingerprints) {
  EXPECT_EQ(problem_of(recipe(R"(, "keys": {"790BC7277767219C42C86F933B4FE6ACC0B21F32": "the archive's key"})")), "");
  EXPECT_NE(problem_of(recipe(R"(, "keys": {"C0B21F32": "short"})")).find("fingerprints of 40"), std::string::npos);
  EXPECT_NE(problem_of(recipe(R"(, "keys": {"790bc7277767219c42c86f933b4fe6acc0b21f32": "lower case"})")).find("fingerprints of 40"), std::string::npos);
}

// Each is in the keyring that the distribution ships, as a primary key or a subkey; it is no trust, but a wrong name would mislead.
TEST(RecipeBook, DebiansKeysAreTheKeyringsOwn) {
  const std::string current = "/usr/share/keyrings/debian-archive-keyring.gpg", removed = "/usr/share/keyrings/debian-archive-removed-keys.gpg";
  if (!test::read_file(current) || !test::read_file(removed) || !test::has_program("gpg")) GTEST_SKIP() << "needs gpg and debian-archive-keyring";
  const std::string listed = test::run("gpg --batch --quiet --show-keys --with-colons " + current + " " + removed + " 2>/dev/null");
  const std::string path = std::string(RESOLE_SOURCE_DATA) + "/recipes/debian.json";
  const auto book = RecipeBook::parse({{path, test::read_file(path).value()}});
  EXPECT_GE(book.all()[0].keys.size(), 20u);
  for (const auto& [fingerprint, name] : book.all()[0].keys) EXPECT_NE(listed.find(":" + fingerprint + ":"), std::string::npos) << fingerprint << " " << name;
}

}  // namespace
}  // namespace resole::pkg
