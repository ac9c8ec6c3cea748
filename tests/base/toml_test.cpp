// SPDX-License-Identifier: Apache-2.0
#include "base/toml.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace resole::toml {
namespace RESOLE_TEST_FILE {

std::string failure(std::string_view text, Limits limits = {}) {
  try {
    parse(text, "x.toml", limits);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "accepted";
}

template <class Read>
std::string refusal(std::string_view text, Read&& read) {
  const Node root = parse(text, "x.toml");
  try {
    read(root);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "accepted";
}

TEST(Toml, ValuesAndTheirLines) {
  const Node root =
      parse("# c\nname = \"a\\tb\"\nraw = 'c:\\x'\nyes = true\nmany = [1, 'two', 3.5]\ndate = 2026-11-21\n\n[a.b]\nc = 7\n", "x.toml");
  EXPECT_EQ(root.get("name")->string, "a\tb");
  EXPECT_EQ(root.get("raw")->string, "c:\\x");
  EXPECT_TRUE(root.get("yes")->boolean);
  EXPECT_EQ(root.get("many")->values.at(0).integer, 1);
  EXPECT_EQ(root.get("many")->values.at(1).string, "two");
  EXPECT_DOUBLE_EQ(root.get("many")->values.at(2).real, 3.5);
  EXPECT_EQ(root.get("date")->kind, Kind::time);
  EXPECT_EQ(root.get("a")->get("b")->get("c")->integer, 7);
  EXPECT_EQ(root.get("name")->line, 2u);
  EXPECT_EQ(root.get("many")->line, 5u);
  EXPECT_EQ(root.get("a")->get("b")->get("c")->line, 9u);
  EXPECT_EQ(root.get("nothing"), nullptr);
  EXPECT_EQ(root.get("name")->get("x"), nullptr);
  EXPECT_TRUE(parse("", "x.toml").keys.empty());
}

// hosts.toml: the order of the text is the order in which mirrors are asked.
TEST(Toml, TablesKeepTheOrderOfTheText) {
  const Node root =
      parse("[host.\"https://z\"]\n[host.\"https://b\".header]\nx = 'y'\n[host.\"https://a\"]\n[host.\"https://b\"]\nk = 1\n", "x.toml");
  EXPECT_EQ(root.get("host")->keys, (std::vector<std::string>{"https://z", "https://b", "https://a"}));
}

TEST(Toml, Syntax) {
  struct Case {
    std::string_view text, message;
  };
  const Case cases[] = {
      {"a = 1\na = 2\n", "x.toml: line 2, column "}, {"[a]\n[b]\n[a]\n", "x.toml: line 3, column "}, {"a =\n", "x.toml: line 1, column "},
      {"\n\na = 'x\n", "x.toml: line 3, column "},   {"a = \"\xff\"\n", "x.toml: line 1, column "},  {"[a", "x.toml: line 1, column "},
      {"a = 1 b = 2\n", "x.toml: line 1, column "},
  };
  for (const Case& each : cases) EXPECT_TRUE(failure(each.text).starts_with(each.message)) << failure(each.text);
}

TEST(Toml, Bounds) {
  EXPECT_NE(failure("a = 'bcdef'\n", {.bytes = 4}).find("larger than"), std::string::npos);
  std::string deep;
  for (int i = 0; i < 200'000; ++i) deep += "a.";
  EXPECT_EQ(failure(deep + "a = 1\n"), "x.toml: line 1: more than 500 dots outside of strings in one statement");
  EXPECT_EQ(failure("x = 1\n[" + deep + "a]\n"), "x.toml: line 2: more than 500 dots outside of strings in one statement");
  EXPECT_NE(failure("x = [{\n" + deep + "a = 1}]\n").find("more than 500 dots"), std::string::npos);
  EXPECT_NE(failure("x = \"\"\"\n#\"'\"\"\"\n" + deep + "a = 1\n").find("line 3: more than 500 dots"), std::string::npos);
  EXPECT_NE(failure("x = " + std::string(10'000, '[')).find("x.toml: line 1, column "), std::string::npos);
  EXPECT_NE(failure("x = " + std::string(10'000, '{')).find("x.toml: line 1"), std::string::npos);
  // None of these dots opens a table.
  const std::string dots(2000, '.');
  EXPECT_EQ(
      failure("# " + dots + "\na = \"" + dots + "\\\"" + dots + "\" # " + dots + "\nb = '''\n" + dots + "\n'''\nc = '" + dots + "'\n"),
      "accepted");
  std::string mirrors;
  for (int i = 0; i < 1000; ++i) mirrors += "[[registry.mirror]]\nlocation = 'm.example.org'\n";
  EXPECT_EQ(failure("[[registry]]\n" + mirrors), "accepted");
}

TEST(Toml, MembersOfTheWrongKindNameTheirLine) {
  const std::string_view text = "\na = 1\nb = 'x'\nc = ['x', true]\nd = ['x']\ne = [{f = 1}]\ng = false\n";
  EXPECT_EQ(refusal(text, [](const Node& root) { string_or(root, "a", "", "x.toml"); }),
            "x.toml: line 2: \"a\" must be a string, not an integer");
  EXPECT_EQ(refusal(text, [](const Node& root) { bool_or(root, "b", true, "x.toml"); }),
            "x.toml: line 3: \"b\" must be true or false, not a string");
  EXPECT_EQ(refusal(text, [](const Node& root) { strings_or_empty(root, "c", "x.toml"); }),
            "x.toml: line 4: \"c\" must be a list of strings, not of true or false");
  EXPECT_EQ(refusal(text, [](const Node& root) { tables_or_empty(root, "d", "x.toml"); }),
            "x.toml: line 5: \"d\" must be a list of tables, not of a string");
  const Node root = parse(text, "x.toml");
  EXPECT_EQ(string_or(root, "b", "y", "x.toml"), "x");
  EXPECT_EQ(string_or(root, "none", "y", "x.toml"), "y");
  EXPECT_FALSE(bool_or(root, "g", true, "x.toml"));
  EXPECT_EQ(strings_or_empty(root, "d", "x.toml"), (std::vector<std::string>{"x"}));
  EXPECT_EQ(tables_or_empty(root, "e", "x.toml").at(0)->get("f")->integer, 1);
  EXPECT_TRUE(tables_or_empty(root, "none", "x.toml").empty());
}

}  // namespace
}  // namespace resole::toml
