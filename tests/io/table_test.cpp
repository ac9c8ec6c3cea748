// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/error.hpp"
#include "io/display_width.hpp"
#include "io/terminal.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

TEST(Table, AlignsColumns) {
  Table table({"PACKAGE", "FROM", "TO"});
  table.row({{"curl"}, {"7.88.1-10+deb12u8"}, {"7.88.1-10+deb12u12"}});
  table.row({{"libssl3"}, {"3.0.15"}, {"3.0.17"}});
  table.row({{"x"}, {""}, {""}});
  table.row({{"short row"}});
  EXPECT_EQ(table.render(false),
            "PACKAGE    FROM               TO\n"
            "curl       7.88.1-10+deb12u8  7.88.1-10+deb12u12\n"
            "libssl3    3.0.15             3.0.17\n"
            "x\n"
            "short row\n");
}

TEST(Table, ColorsByTone) {
  Table table({"A", "B"});
  table.row({{"ok", Tone::good}, {"careful", Tone::warn}});
  table.row({{"bad", Tone::bad}, {"quiet", Tone::dim}});
  table.row({{"", Tone::bad}, {"plain", Tone::plain}});
  EXPECT_EQ(table.render(true),
            "\x1b[1mA\x1b[0m    \x1b[1mB\x1b[0m\n"
            "\x1b[32mok\x1b[0m   \x1b[33mcareful\x1b[0m\n"
            "\x1b[31mbad\x1b[0m  \x1b[2mquiet\x1b[0m\n"
            "     plain\n");
}

TEST(Table, CutsTheLastColumn) {
  Table table({"ID", "TITLE"});
  table.row({{"CVE-2025-0001"}, {"a title that is much longer than the terminal is wide"}});
  table.row({{"CVE-2025-0002"}, {"fits"}});
  EXPECT_EQ(table.render(false, 40),
            "ID             TITLE\n"
            "CVE-2025-0001  a title that is much l...\n"
            "CVE-2025-0002  fits\n");
  EXPECT_EQ(table.render(false, 5),
            "ID             TITLE\n"
            "CVE-2025-0001  a title...\n"
            "CVE-2025-0002  fits\n");
}

TEST(Table, WideAndHostileText) {
  Table table({"NAME", "X"});
  table.row({{"日本"}, {"1"}});
  table.row({{"e\xcc\x81t\xc3\xa9"}, {"2"}});
  table.row({{"\x1b[2J"}, {"3\n4"}});
  EXPECT_EQ(table.render(false),
            "NAME     X\n"
            "日本     1\n"
            "e\xcc\x81t\xc3\xa9      2\n"
            "\\x1b[2J  3\\x0a4\n");
}

TEST(Table, Empty) {
  EXPECT_EQ(Table({}).render(true), "");
  EXPECT_EQ(Table({"A", "B"}).render(false), "A  B\n");
  Table table({"A"});
  EXPECT_THROW(table.row({{"1"}, {"2"}}), Error);
}

TEST(DisplayWidth, Counts) {
  EXPECT_EQ(display_width(""), 0u);
  EXPECT_EQ(display_width("abc"), 3u);
  EXPECT_EQ(display_width("naïve"), 5u);
  EXPECT_EQ(display_width("日本語"), 6u);
  EXPECT_EQ(display_width("한국"), 4u);
  EXPECT_EQ(display_width("ｗｉｄｅ"), 8u);
  EXPECT_EQ(display_width("ﾊﾝｶｸ"), 4u);
  EXPECT_EQ(display_width("e\xcc\x81"), 1u);
  EXPECT_EQ(display_width("🚀"), 2u);
  EXPECT_EQ(display_width("\xff\xfe"), 2u);
  EXPECT_EQ(display_width("\xe6\x97"), 2u);  // cut in the middle
}

TEST(DisplayWidth, CutsAndPads) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdefg", 6), "abc...");
  EXPECT_EQ(cut_to_width("日本語日本語", 6), "日...");
  EXPECT_EQ(cut_to_width("abc", 2), "..");
  EXPECT_EQ(cut_to_width("abc", 0), "");
  EXPECT_EQ(padded("日本", 6), "日本  ");
  EXPECT_EQ(padded("abc", 2), "abc");
}

}  // namespace
}  // namespace resole::test
