// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/sources.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "pkg/deb/keyrings.hpp"
#include "pkg/small_tree.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

using Strings = std::vector<std::string>;

template <class Call>
std::string problem_of(const Call& call, ErrorKind kind = ErrorKind::input) {
  try {
    call();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), kind) << error.what();
    return error.message();
  }
  return "";
}

TEST(DebSources, OneLineForm) {
  const auto sources = parse_one_line_sources(
      "# comment\n\n"
      "deb http://mirror.example.org/debian/ bookworm main contrib # trailing\n"
      "deb-src http://mirror.example.org/debian bookworm main\n"
      "deb [ arch=amd64,i386 signed-by=/etc/apt/keyrings/x.gpg trusted=yes ] https://repo.example.org/$(ARCH) stable/ \n"
      "deb\t[signed-by=/a.gpg]http://x.example.org/ \"su te\" main\n",
      "list", "amd64");
  ASSERT_EQ(sources.size(), 3u);
  EXPECT_EQ(sources[0].uri, "http://mirror.example.org/debian");
  EXPECT_EQ(sources[0].components, (Strings{"main", "contrib"}));
  EXPECT_EQ(sources[0].where, "list:3");
  EXPECT_EQ(sources[1].uri, "https://repo.example.org/amd64");
  EXPECT_TRUE(sources[1].is_flat());
  EXPECT_EQ(sources[1].architectures, (Strings{"amd64", "i386"}));
  EXPECT_EQ(sources[1].signed_by, "/etc/apt/keyrings/x.gpg");
  EXPECT_EQ(sources[2].suite, "su te");
}

TEST(DebSources, OneLineDamageNamesTheLine) {
  const auto problem = [](const char* text) { return problem_of([&] { parse_one_line_sources(text, "list", "amd64"); }); };
  EXPECT_EQ(problem("rpm http://x.example.org/ a b\n"), "list:1: \"rpm\" is not a type of source");
  EXPECT_EQ(problem("deb http://x.example.org/ bookworm\n"), "list:1: malformed source (components)");
  EXPECT_EQ(problem("deb http://x.example.org/ ./ main\n"), "list:1: malformed source (components)");
  EXPECT_EQ(problem("deb http://x.example.org/\n"), "list:1: malformed source (suite)");
  EXPECT_EQ(problem("\ndeb nonsense bookworm main\n"), "list:2: malformed source (URI)");
  EXPECT_EQ(problem("deb [arch] http://x.example.org/ a b\n"), "list:1: malformed source (options)");
}

TEST(DebSources, Deb822Form) {
  const auto sources = parse_deb822_sources(
      "Types: deb deb-src\nURIs: http://a.example.org/debian http://b.example.org/debian/\nSuites: bookworm\n "
      "bookworm-updates\nComponents: main contrib\n"
      "# a comment\nSigned-By: /usr/share/keyrings/x.gpg\nArchitectures: amd64\nTrusted: yes\n\n"
      "Types: deb\nURIs: http://c.example.org/\nSuites: ./\nEnabled: no\n\n"
      "Types: deb-src\nURIs: http://c.example.org/\nSuites: ./\n\n"
      "Types: deb\nURIs: http://d.example.org/\nSuites: ./\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP "
      "PUBLIC KEY BLOCK-----\n",
      "x.sources", "amd64");
  ASSERT_EQ(sources.size(), 5u);
  EXPECT_EQ(sources[0].suite, "bookworm");
  EXPECT_EQ(sources[1].suite, "bookworm-updates");
  EXPECT_EQ(sources[2].uri, "http://b.example.org/debian");
  EXPECT_EQ(sources[3].architectures, Strings{"amd64"});
  EXPECT_EQ(sources[4].signed_by, "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc\n-----END PGP PUBLIC KEY BLOCK-----\n");
  EXPECT_THROW(parse_deb822_sources("Types: deb\nURIs: http://a.example.org\nSuites: bookworm\n", "x", "amd64"), Error);
  EXPECT_THROW(parse_deb822_sources("Types: rpm\nURIs: http://a.example.org\nSuites: bookworm\nComponents: main\n", "x", "amd64"), Error);
}

TEST(DebSources, OneLineOptions) {
  const auto one = [](const std::string& line) {
    const auto sources = parse_one_line_sources(line, "list", "amd64");
    return sources.size() == 1 ? sources[0] : SourceEntry{};
  };
  const std::string rest = " http://a.example.org bookworm main\r\n";
  EXPECT_TRUE(one("deb [arch+=i386 arch-=armhf]" + rest).architectures.empty()) << "a changed default is the default";
  EXPECT_EQ(one("deb [Arch=amd64,]" + rest).architectures, Strings{"amd64"});
  EXPECT_EQ(one("deb [signed-by=\"/a.gpg\"]" + rest).signed_by, "/a.gpg");
  EXPECT_EQ(one("deb [signed-by=/a.gpg,/b.gpg lang=none]" + rest).signed_by, "/a.gpg,/b.gpg");
  EXPECT_EQ(one("  deb [ arch=amd64#x ]" + rest).architectures, Strings{"amd64#x"}) << "no comment within brackets";
  EXPECT_EQ(one("deb" + rest + "#deb http://b.example.org x y\n").components, Strings{"main"});
  for (const char* bad : {"deb [arch=amd64 http://a.example.org s main\n", "deb [=x] http://a.example.org s main\n", "deb [arch=] http://a.example.org s main\n", "deb\n",
                          "debug http://a.example.org s main\n"}) {
    EXPECT_NE(problem_of([&] { parse_one_line_sources(bad, "list", "amd64"); }), "") << bad;
  }
}

TEST(DebSources, Deb822Damage) {
  const auto problem = [](const std::string& text) { return problem_of([&] { parse_deb822_sources(text, "x.sources", "amd64"); }); };
  const std::string good = "Types: deb\nURIs: http://a.example.org\nSuites: s\nComponents: main\n";
  EXPECT_EQ(problem(good), "");
  EXPECT_EQ(problem(good + "\nURIs: http://a.example.org\n"), "x.sources, entry 2: no Types field");
  EXPECT_EQ(problem("Types: deb\nSuites: s\nComponents: main\n"), "x.sources, entry 1: malformed source (URIs)");
  EXPECT_EQ(problem("Types: deb\nURIs: http://a.example.org\nComponents: main\n"), "x.sources, entry 1: malformed source (Suites)");
  EXPECT_EQ(problem("Types: deb\nURIs: nonsense\nSuites: s\nComponents: main\n"), "x.sources, entry 1: malformed source (URIs)");
  EXPECT_EQ(problem("Types: deb\nURIs: http://a.example.org\nSuites: ./\nComponents: main\n"), "x.sources, entry 1: malformed source (Components)");
  EXPECT_NE(problem(good + "Types: deb\n"), "") << "a field twice";
  EXPECT_NE(problem("deb http://a.example.org s main\n"), "") << "a line of the other form";
  for (const char* no : {"no", "False", "without", "off", "disable", "0"}) {
    EXPECT_TRUE(parse_deb822_sources(good + "Enabled: " + no + "\n", "x", "amd64").empty()) << no;
    EXPECT_EQ(problem("Types: nonsense\nEnabled: " + std::string(no) + "\n"), "") << "what is switched off is not read";
  }
  for (const char* yes : {"yes", "true", "maybe", ""}) EXPECT_EQ(parse_deb822_sources(good + "Enabled: " + yes + "\n", "x", "amd64").size(), 1u) << yes;
  const auto names = parse_deb822_sources("TYPES: deb\nuris: http://a.example.org/$(ARCH)\nsuites: s/$(ARCH)/\nX-Repolib-Name: x\n", "x", "arm64");
  ASSERT_EQ(names.size(), 1u);
  EXPECT_EQ(names[0].uri, "http://a.example.org/arm64");
  EXPECT_EQ(names[0].suite, "s/arm64/");
}

TEST(DebSources, AThousandAtMost) {
  std::string text;
  for (int i = 0; i < 1001; ++i) text += "deb http://a.example.org s" + std::to_string(i) + " main\n";
  EXPECT_NE(problem_of([&] { read_sources(test::tree_of({{"etc/apt/sources.list", text}}), "amd64"); }).find("more than 1000 sources"), std::string::npos);
}

TEST(DebSources, TreeIsReadInAptsOrder) {
  const auto tree =
      test::tree_of({{"etc/apt/sources.list", "deb http://a.example.org/ s main\n"},
                     {"etc/apt/sources.list.d/b.list", "deb http://a.example.org/ s contrib main\n"},
                     {"etc/apt/sources.list.d/a.sources", "Types: deb\nURIs: http://b.example.org/\nSuites: t\nComponents: main\n"},
                     {"etc/apt/sources.list.d/c.list.disabled", "nonsense\n"},
                     {"etc/apt/sources.list.d/.d.list", "nonsense\n"}});
  const auto sources = read_sources(tree, "amd64");
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].components, (Strings{"main", "contrib"}));
  EXPECT_EQ(sources[1].uri, "http://b.example.org");
}

TEST(DebSources, LongestMirrorWins) {
  const std::vector<std::pair<std::string, std::string>> mirrors = {{"http://deb.example.org/", "http://one.example.org/x/"},
                                                                    {"http://deb.example.org/debian-security", "http://two.example.org"},
                                                                    {"*", "https://any.example.org"}};
  const auto mapped_to = [&](const std::string& uri) {
    bool mapped = false;
    const std::string url = apply_mirrors(uri, mirrors, mapped);
    EXPECT_TRUE(mapped);
    return url;
  };
  EXPECT_EQ(mapped_to("http://deb.example.org/debian"), "http://one.example.org/x/debian");
  EXPECT_EQ(mapped_to("http://deb.example.org/debian-security"), "http://two.example.org");
  EXPECT_EQ(mapped_to("http://deb.example.org/debian-security-x"), "http://one.example.org/x/debian-security-x");
  EXPECT_EQ(mapped_to("http://other.example.org/debian"), "https://any.example.org/debian");
  bool mapped = true;
  EXPECT_EQ(apply_mirrors("http://a.example.org", {}, mapped), "http://a.example.org");
  EXPECT_FALSE(mapped);
}

TEST(DebSources, WhatAnImageMayNotName) {
  const SourceEntry by_image{.uri = "", .suite = "s", .where = "list:1"};
  for (const char* url :
       {"file:/srv/repo", "cdrom:[x]/", "ftp://a.example.org/", "mirror+file:/etc/apt/mirrors/x", "tor+http://a.example.org/",
        "http://127.0.0.1/", "http://10.0.0.7/debian", "http://localhost:8080/", "http://[::1]/", "http://169.254.169.254/"}) {
    EXPECT_NE(refusal_of(by_image, url, false), "") << url;
  }
  EXPECT_EQ(refusal_of(by_image, "http://mirror.example.org/debian", false), "");
  EXPECT_EQ(refusal_of(by_image, "http://127.0.0.1:9/debian", true), "");
  EXPECT_EQ(refusal_of(by_image, "file:///srv/repo", true), "");
  EXPECT_NE(refusal_of(by_image, "ftp://a.example.org", true), "");
  EXPECT_NE(refusal_of(by_image, "mirror+file:/x", false).find("mirror+file"), std::string::npos);
}

TEST(DebSources, OperatorsOwn) {
  const SourceEntry source = parse_operator_source("deb [signed-by=/x.gpg] http://10.0.0.7/debian bookworm main", "amd64");
  EXPECT_TRUE(source.by_operator);
  EXPECT_EQ(refusal_of(source, source.uri, false), "");
  EXPECT_EQ(parse_operator_source("http://10.0.0.7/debian bookworm main", "amd64").components, Strings{"main"});
  EXPECT_NE(problem_of([] { parse_operator_source("bookworm", "amd64"); }, ErrorKind::usage), "");
}

const char* kRecipe =
    R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb", "archives": {"*": "debian", "*-security": "debian-security"},
  "components": ["main"], "releases": [{"versionId": "12", "codename": "bookworm", "suites": ["bookworm", "bookworm-security"]}]})";

TEST(DebSources, ImageWithoutSources) {
  const auto book = pkg::RecipeBook::parse({{"debian.json", kRecipe}});
  const auto tree = test::tree_of({{"var/lib/dpkg/status", ""}});
  pkg::Inventory inventory;
  inventory.os.id = "debian";
  inventory.os.version_id = "12";
  pkg::RepositoryOptions options;
  options.mirrors = {{"*", "http://mirror.example.org/"}};
  const auto sources = effective_sources(tree, inventory, book, options);
  ASSERT_EQ(sources.size(), 2u);
  EXPECT_EQ(sources[0].uri, "http://mirror.example.org/debian");
  EXPECT_EQ(sources[1].uri, "http://mirror.example.org/debian-security");
  EXPECT_EQ(sources[1].suite, "bookworm-security");
  const auto by_arch = pkg::RecipeBook::parse({{"debian.json", R"({"schema": "resole/recipe/v1", "id": "debian", "family": "deb",
    "archives": {"*": "debian", "* arm64": "ports"}, "releases": [{"versionId": "12", "codename": "bookworm", "suites": ["bookworm"]}]})"}});
  inventory.arch = "arm64";
  EXPECT_EQ(effective_sources(tree, inventory, by_arch, options).at(0).uri, "http://mirror.example.org/ports");
  inventory.arch = "amd64";
  EXPECT_EQ(effective_sources(tree, inventory, by_arch, options).at(0).uri, "http://mirror.example.org/debian");
  try {
    effective_sources(tree, inventory, book, {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::refused);
    EXPECT_NE(error.hint().find("--package-repo \"http://mirror.example.org/debian-security bookworm-security main\""), std::string::npos)
        << error.hint();
  }
}

TEST(DebKeyrings, SignedByElseTrusted) {
  const auto tree = test::tree_of({{"etc/apt/trusted.gpg", "general"},
                                   {"etc/apt/trusted.gpg.d/a.asc", "armored"},
                                   {"etc/apt/trusted.gpg.d/b.txt", "no"},
                                   {"usr/share/keyrings/x.gpg", "own"},
                                   {"usr/share/keyrings/distro.gpg", "distro"}});
  const auto names = [&](const SourceEntry& source, const pkg::RepositoryOptions& options = {}, const pkg::Recipe* recipe = nullptr) {
    const TrustedKeys keys = trusted_keys(tree, source, recipe, options);
    Strings all;
    for (const auto& keyring : keys.keyrings) all.push_back(keyring.name);
    for (const auto& keyring : keys.by_operator) all.push_back(keyring.name);
    return all;
  };
  SourceEntry source{.uri = "http://a.example.org", .suite = "s", .where = "list:1"};
  EXPECT_EQ(names(source), (Strings{"etc/apt/trusted.gpg", "etc/apt/trusted.gpg.d/a.asc"}));
  pkg::Recipe recipe;
  recipe.keyrings = {"usr/share/keyrings/distro.gpg", "usr/share/keyrings/absent.gpg"};
  EXPECT_EQ(names(source, {}, &recipe).size(), 2u);
  source.by_operator = true;
  EXPECT_EQ(names(source, {}, &recipe).size(), 3u);
  source.by_operator = false;
  source.signed_by = "/usr/share/keyrings/x.gpg, /absent.gpg";
  EXPECT_EQ(names(source), Strings{"usr/share/keyrings/x.gpg"});
  pkg::RepositoryOptions options;
  options.keyrings = {"operator"};
  EXPECT_EQ(names(source, options).size(), 2u);
  options.replace_keyrings = true;
  EXPECT_EQ(names(source, options), Strings{"--replace-keyring (1)"});
  source.signed_by = std::string(40, 'a') + "!";
  EXPECT_EQ(trusted_keys(tree, source, nullptr, {}).fingerprints, Strings{std::string(40, 'A')});
  source.signed_by = "usr/share/keyrings/x.gpg";
  EXPECT_NE(problem_of([&] { trusted_keys(tree, source, nullptr, {}); }, ErrorKind::verification), "") << "keyrings are named by absolute paths";
  source.signed_by = std::string(40, 'b') + " /usr/share/keyrings/x.gpg";
  EXPECT_EQ(names(source), Strings{"usr/share/keyrings/x.gpg"}) << "this file, and of it this key";
  EXPECT_EQ(trusted_keys(tree, source, nullptr, {}).fingerprints, Strings{std::string(40, 'B')});
  source.signed_by = "/absent.gpg";
  EXPECT_NE(problem_of([&] { trusted_keys(tree, source, nullptr, {}); }, ErrorKind::verification).find("/absent.gpg"), std::string::npos);
}

}  // namespace
}  // namespace resole::deb
