// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/control.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "pkg/deb/relations.hpp"

namespace resole::deb {
namespace RESOLE_TEST_FILE {

std::string problem_of(std::string_view text, ParagraphLimits limits = {}) {
  try {
    ParagraphReader reader(text, "file", limits);
    Paragraph paragraph;
    while (reader.next(paragraph)) continue;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input);
    return error.message();
  }
  return "";
}

TEST(DebControl, ParagraphsKeepTheirTextAndLines) {
  const std::string text = "\n\nPackage: a\nDescription: one\n two\n .\n three\n\n \nPackage:b\nConffiles:\n /etc/x 1\n";
  ParagraphReader reader(text, "file");
  Paragraph paragraph;
  ASSERT_TRUE(reader.next(paragraph));
  EXPECT_EQ(paragraph.line, 3u);
  EXPECT_EQ(paragraph.get("description"), "one\n two\n .\n three");
  EXPECT_EQ(paragraph.text, "Package: a\nDescription: one\n two\n .\n three\n");
  ASSERT_TRUE(reader.next(paragraph));
  EXPECT_EQ(paragraph.get("PACKAGE"), "b");
  EXPECT_EQ(paragraph.get("Conffiles"), "\n /etc/x 1");
  EXPECT_EQ(paragraph.text, "Package:b\nConffiles:\n /etc/x 1\n");
  EXPECT_FALSE(reader.next(paragraph));
  EXPECT_EQ(paragraph.find("Package"), nullptr);
}

TEST(DebControl, LastParagraphWithoutNewline) {
  ParagraphReader reader("A: 1\r\nB: 2", "file");
  Paragraph paragraph;
  ASSERT_TRUE(reader.next(paragraph));
  EXPECT_EQ(paragraph.get("A"), "1");
  EXPECT_EQ(paragraph.get("B"), "2");
  EXPECT_FALSE(reader.next(paragraph));
}

TEST(DebControl, DamageNamesTheLine) {
  EXPECT_EQ(problem_of("A: 1\nnonsense\n"), "file, line 2: \"nonsense\" is not a field");
  EXPECT_EQ(problem_of(" x\n"), "file, line 1: a continuation line without a field before it");
  EXPECT_EQ(problem_of("A: 1\na: 2\n"), "file, line 2: field a stands twice");
  EXPECT_EQ(problem_of(std::string_view("A: \0\n", 5)), "file, line 1: a NUL byte");
  EXPECT_EQ(problem_of("A: 1\nB: 2\n", {.fields = 1}), "file, line 2: more than 1 fields");
  EXPECT_EQ(problem_of("A: 1\n 2\n 3\n 4\n", {.paragraph = 8}), "file, line 1: a paragraph of more than 8 bytes");
  EXPECT_EQ(problem_of("A: 123\n", {.bytes = 4}), "file: 7 bytes, more than the 4 that are read");
}

TEST(DebControl, RequireTellsWhatIsMissing) {
  const Paragraph paragraph = read_single_paragraph("Package: curl\n", "status");
  try {
    paragraph.require("Version", "status");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.message(), "status, line 1 (package curl): no Version field");
  }
  EXPECT_THROW(read_single_paragraph("", "x"), Error);
  EXPECT_THROW(read_single_paragraph("A: 1\n\nB: 1\n", "x"), Error);
}

TEST(DebControl, CommentsGo) { EXPECT_EQ(without_comments("# a\nTypes: deb\n#b\nURIs: x\n y # z\n"), "Types: deb\nURIs: x\n y # z\n"); }

TEST(DebRelations, AlternativesVersionsQualifiers) {
  const auto parsed =
      parse_alternatives("libc6 (>= 2.36), default-mta | mail-transport-agent,\n python3:any (<< 3.12) , a(=1)[amd64]<!nocheck>,", "x");
  ASSERT_EQ(parsed.size(), 4u);
  EXPECT_EQ(parsed[0][0].name, "libc6");
  EXPECT_EQ(parsed[0][0].op, pkg::Operator::greater_equal);
  EXPECT_EQ(parsed[0][0].version, "2.36");
  ASSERT_EQ(parsed[1].size(), 2u);
  EXPECT_EQ(parsed[1][1].name, "mail-transport-agent");
  EXPECT_EQ(parsed[2][0].arch, "any");
  EXPECT_EQ(parsed[2][0].op, pkg::Operator::less);
  EXPECT_EQ(parsed[3][0].name, "a");
  EXPECT_EQ(parsed[3][0].version, "1");
  EXPECT_TRUE(parse_alternatives("", "x").empty());
}

TEST(DebRelations, HistoricalOperators) {
  EXPECT_EQ(parse_atoms("a (< 1), b (> 2), c (>> 3)", "x")[0].op, pkg::Operator::less_equal);
  EXPECT_EQ(parse_atoms("a (< 1), b (> 2), c (>> 3)", "x")[1].op, pkg::Operator::greater_equal);
  EXPECT_EQ(parse_atoms("a (< 1), b (> 2), c (>> 3)", "x")[2].op, pkg::Operator::greater);
}

TEST(DebRelations, DamageIsRefused) {
  for (const char* bad : {"a (>= 1", "a (=> 1)", "a b", "(= 1)", "a | , b", "a [x", "a (= )"})
    EXPECT_THROW(parse_alternatives(bad, "x"), Error) << bad;
  EXPECT_THROW(parse_atoms("a | b", "x"), Error);
}

TEST(DebRelations, SourceIsCompletedFromTheBinary) {
  EXPECT_EQ(source_of("", "curl", "7"), (pkg::SourceRef{"curl", "7"}));
  EXPECT_EQ(source_of("glibc", "libc6", "2"), (pkg::SourceRef{"glibc", "2"}));
  EXPECT_EQ(source_of("util-linux (2.38.1-5)", "bsdutils", "1:2.38.1-5"), (pkg::SourceRef{"util-linux", "2.38.1-5"}));
}

}  // namespace
}  // namespace resole::deb
