// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace resole {
namespace RESOLE_TEST_FILE {

using Parts = std::vector<std::string_view>;

TEST(Text, SplitKeepsEmptyParts) {
  EXPECT_EQ(split("a,,b,", ','), (Parts{"a", "", "b", ""}));
  EXPECT_EQ(split("", ','), (Parts{""}));
}

TEST(Text, SplitWordsHasNone) {
  EXPECT_EQ(split_words("  deb\thttp://x \n main\r\n"), (Parts{"deb", "http://x", "main"}));
  EXPECT_EQ(split_words(" \t"), Parts{});
}

TEST(Text, Lines) {
  EXPECT_EQ(lines("a\n\nb\n"), (Parts{"a", "", "b"}));
  EXPECT_EQ(lines("a\nb"), (Parts{"a", "b"}));
  EXPECT_EQ(lines("\n"), (Parts{""}));
  EXPECT_EQ(lines(""), Parts{});
}

TEST(Text, TrimLowerJoinPrefix) {
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim("  "), "");
  EXPECT_EQ(lower("AbC\xc3\x84"), "abc\xc3\x84");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_TRUE(starts_with_any("usr/share/doc", {"var/", "usr/"}));
  EXPECT_FALSE(starts_with_any("usr", {"usr/"}));
}

TEST(Text, NumbersAreWholeAndBounded) {
  EXPECT_EQ(parse_unsigned("18446744073709551615"), UINT64_MAX);
  EXPECT_EQ(parse_octal("0755"), 0755u);
  for (const char* bad : {"", " 1", "1 ", "-1", "+1", "18446744073709551616", "0x1", "1e3"}) EXPECT_FALSE(parse_unsigned(bad)) << bad;
  EXPECT_FALSE(parse_octal("8"));
}

TEST(Text, Utf8) {
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3"));
  for (const char* bad : {"\x80", "\xc3", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80",
                          "\xf0\x80\x80\x80", "\xe2\x82"}) {
    EXPECT_FALSE(is_utf8(bad));
  }
}

TEST(Printable, NeutralisesWhatMovesTheCursorOrLies) {
  EXPECT_EQ(printable("plain \xc3\xa9 text"), "plain \xc3\xa9 text");
  EXPECT_EQ(printable("a\x1b[31m\nb"), "a\\x1b[31m\\x0ab");
  EXPECT_EQ(printable(std::string_view("\0\x7f", 2)), "\\x00\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b");  // C1: CSI in one character
  EXPECT_EQ(printable("a\xe2\x80\xae"
                      "b"),
            "a\\xe2\\x80\\xae"
            "b");                                           // right-to-left override
  EXPECT_EQ(printable("\xe2\x81\xa6"), "\\xe2\\x81\\xa6");  // isolate
  EXPECT_EQ(printable("\xff\xc3"), "\\xff\\xc3");           // broken UTF-8
}

TEST(Printable, IsCutBetweenCharacters) {
  EXPECT_EQ(printable("abcdef", 6), "abcdef");
  EXPECT_EQ(printable("abcdefg", 6), "abcdef...");
  EXPECT_EQ(printable("abcde\xc3\xa9", 6), "abcde...");
}

RC_GTEST_PROP(Printable, OutputIsAlwaysCleanUtf8, (const std::string& text)) {
  const std::string shown = printable(text, 1000);
  RC_ASSERT(is_utf8(shown));
  for (char c : shown) RC_ASSERT(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

TEST(Text, HumanForms) {
  EXPECT_EQ(human_size(0), "0 B");
  EXPECT_EQ(human_size(999), "999 B");
  EXPECT_EQ(human_size(1000), "1.0 kB");
  EXPECT_EQ(human_size(14'400'000), "14.4 MB");
  EXPECT_EQ(human_size(999'999), "1.0 MB");
  EXPECT_EQ(human_size(UINT64_MAX), "18.4 EB");
  EXPECT_EQ(human_duration(0.42), "0.42 s");
  EXPECT_EQ(human_duration(12.34), "12.3 s");
  EXPECT_EQ(human_duration(59.99), "1 min 0 s");
  EXPECT_EQ(human_duration(192.2), "3 min 12 s");
  EXPECT_EQ(human_duration(3780), "1 h 3 min");
}

TEST(Base64, AgreesWithRfc4648) {
  const std::vector<std::pair<std::string, std::string>> examples = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [raw, text] : examples) {
    EXPECT_EQ(base64_encode(raw), text);
    EXPECT_EQ(base64_decode(text), raw);
  }
  EXPECT_EQ(base64_decode("Zg"), "f");
  for (const char* bad : {"Z", "Zg=", "Zg===", "Z===", "====", "Zm9v\n", "Zm 9v", "Zh==", "Zm9=", "Zm9v=", "Zm-v", "=", "Zg==Zg=="}) {
    EXPECT_FALSE(base64_decode(bad)) << bad;
  }
}

RC_GTEST_PROP(Base64, RoundTrip, (const std::string& raw)) { RC_ASSERT(base64_decode(base64_encode(raw)) == raw); }

TEST(Time, Formats) {
  EXPECT_EQ(format_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(format_time(1749285958), "2025-06-07T08:45:58Z");
  EXPECT_EQ(format_time(-1), "1969-12-31T23:59:59Z");
  EXPECT_EQ(format_time(INT64_MAX), "9999-12-31T23:59:59Z");
  EXPECT_EQ(format_time(INT64_MIN), "0001-01-01T00:00:00Z");
}

TEST(Time, ParsesRfc3339) {
  EXPECT_EQ(parse_time("2025-06-07T08:45:58Z"), 1749285958);
  EXPECT_EQ(parse_time("2025-06-07t08:45:58.123456789z"), 1749285958);
  EXPECT_EQ(parse_time("2025-06-07T10:45:58+02:00"), 1749285958);
  EXPECT_EQ(parse_time("2025-06-07T03:15:58-05:30"), 1749285958);
  EXPECT_EQ(parse_time("2025-06-07"), 1749254400);
  EXPECT_EQ(parse_time("2024-02-29"), 1709164800);
  EXPECT_EQ(parse_time("0001-01-01T00:00:00Z"), -62135596800);
  for (const char* bad : {"", "2025-06-07T08:45:58", "2025-02-29", "2025-13-01", "2025-6-7", "2025-06-07T24:00:00Z", "2025-06-07T08:45Z",
                          "2025-06-07T08:45:58.Z", "2025-06-07T08:45:58+0200", "2025-06-07T08:45:58Zx", "2025-06-07 ", "0000-01-01",
                          "2025-06-0x", "+025-06-07"}) {
    EXPECT_FALSE(parse_time(bad)) << bad;
  }
}

TEST(Time, ParsesTheDatesOfArchives) {
  EXPECT_EQ(parse_http_date("Sat, 07 Jun 2025 08:45:58 UTC"), 1749285958);
  EXPECT_EQ(parse_http_date("Sat, 07 Jun 2025 08:45:58 GMT"), 1749285958);
  EXPECT_EQ(parse_http_date("Sat, 07 Jun 2025 08:45:58 +0000"), 1749285958);
  EXPECT_EQ(parse_http_date("Sat, 7 Jun 2025 10:45:58 +0200"), 1749285958);
  EXPECT_EQ(parse_http_date("07 Jun 2025 08:45 UTC"), 1749285900);
  for (const char* bad : {"", "Sat, 07 Jun 2025 08:45:58", "Sat, 07 Foo 2025 08:45:58 GMT", "Sat, 31 Jun 2025 08:45:58 GMT",
                          "Sat, 07 Jun 25 08:45:58 GMT", "Sat, 07 Jun 2025 08:45:58 PST", "Sat, 07 Jun 2025 25:45:58 GMT",
                          "Sat, 07 Jun 2025 08:45:58 GMT x", "Sat,07 Jun 2025 08:45:58 GMT"}) {
    EXPECT_FALSE(parse_http_date(bad)) << bad;
  }
}

RC_GTEST_PROP(Time, RoundTrip, ()) {
  const auto seconds = *rc::gen::inRange<std::int64_t>(-62135596800, 253402300800);
  RC_ASSERT(parse_time(format_time(seconds)) == seconds);
}

}  // namespace
}  // namespace resole
