// SPDX-License-Identifier: Apache-2.0
#include "cli/config_file.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

std::string problem(std::string_view text) {
  try {
    parse_config_file(text, "f");
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    return error.message();
  }
  return "none";
}

TEST(ConfigFile, Reads) {
  const auto settings = parse_config_file(
      "# comment\n"
      "jobs = 2 # more\r\n"
      "\n"
      "[patch]\n"
      "to='oci:a\\b:x'\n"
      "force = true\n"
      "  [ rollout . edit ]  # spaces\n"
      "hold = [ \"a\\\"\\t#\", # one\n"
      "  'b', ]\n"
      "only = []",
      "f");
  ASSERT_EQ(settings.size(), 5u);
  const auto text = [](const Setting& one) {
    std::string out = one.section + "/" + one.key + "@" + std::to_string(one.line);
    for (const auto& value : one.values) out += "|" + value;
    return out;
  };
  EXPECT_EQ(text(settings[0]), "/jobs@2|2");
  EXPECT_EQ(text(settings[1]), "patch/to@5|oci:a\\b:x");
  EXPECT_EQ(text(settings[2]), "patch/force@6|true");
  EXPECT_EQ(text(settings[3]), "rollout.edit/hold@8|a\"\t#|b");
  EXPECT_EQ(text(settings[4]), "rollout.edit/only@10");
  EXPECT_TRUE(parse_config_file("", "f").empty());
}

TEST(ConfigFile, RefusesTheRestWithItsLine) {
  EXPECT_EQ(problem("a = 1\nb\n"), "f:2: \"=\" is missing behind b");
  EXPECT_EQ(problem("a = 1\na = 2"), "f:2: a stands here twice");
  EXPECT_EQ(problem("[a]\nx = 1\n[b]\n[a]"), "f:4: [a] stands here twice");
  EXPECT_EQ(problem("\na = \"x\n"), "f:2: the closing \" is missing");
  EXPECT_EQ(problem("a = 'x\n"), "f:1: the closing ' is missing");
  EXPECT_EQ(problem("a = [1\n"), "f:2: \"]\" is missing");
  EXPECT_EQ(problem("a = [1 2]"), "f:1: \",\" or \"]\" is missing");
  EXPECT_EQ(problem("[a\n"), "f:1: \"]\" is missing");
  EXPECT_NE(problem("[[a]]").find("arrays of tables"), std::string::npos);
  EXPECT_NE(problem("a = b").find("a string in quotes"), std::string::npos);
  EXPECT_NE(problem("a = 1.5").find("a string in quotes"), std::string::npos);
  EXPECT_NE(problem("a = -1").find("a string in quotes"), std::string::npos);
  EXPECT_NE(problem("a = {b = 1}").find("a string in quotes"), std::string::npos);
  EXPECT_NE(problem("a = 1 b = 2").find("more stands on the line"), std::string::npos);
  EXPECT_NE(problem("a = \"\\u0041\"").find("only"), std::string::npos);
  EXPECT_NE(problem("a.b = 1").find("\"=\" is missing"), std::string::npos);
  EXPECT_NE(problem("a = 1\n\xff").find("not UTF-8"), std::string::npos);
  EXPECT_NE(problem(std::string_view("a = 1\0", 6)).find("more stands"), std::string::npos);
}

}  // namespace
}  // namespace resole::cli
