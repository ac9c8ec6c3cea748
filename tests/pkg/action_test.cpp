// SPDX-License-Identifier: Apache-2.0
#include "pkg/action.hpp"

#include <gtest/gtest.h>

#include "base/error.hpp"
#include "pkg/shell_words.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

TEST(Action, TextAndBack) {
  for (const char* text :
       {"noop", "ca-certificates", "rm-conffile /etc/foo 1.0~", "mv-conffile /etc/a /etc/b", "link /usr/lib/ssl ../../etc/ssl",
        "directory /usr/local/x 2775 root staff", "alternative /usr/bin/a a /usr/bin/b -5 --slave /usr/bin/c c /usr/bin/d",
        "tmpfiles a.conf b.conf", "sysusers a.conf", "adduser foo", "adduser foo bar", "addgroup foo", "deluser foo", "delgroup foo", "ucf /usr/share/a /etc/a", "owner /var/lib/a foo", "owner /var/lib/a foo bar", "rm-conffile '/etc/with blank'", "copy /usr/share/a /etc/a"}) {
    EXPECT_EQ(pkg::parse_action(text).text(), text);
  }
}

TEST(Action, WhatIsNone) {
  for (const char* text : {"",
                           "no-op",
                           "noop x",
                           "remove",
                           "remove etc/x",
                           "remove /etc/../x",
                           "remove /etc//x",
                           "remove /etc/x/",
                           "remove /",
                           "remove '/etc/$x'",
                           "link /a",
                           "directory /x 9",
                           "directory /x 77777",
                           "alternative /a a /b high",
                           "alternative /a a /b 1 --slave /c c",
                           "tmpfiles a/b.conf",
                           "remove /a; ls",
                           "remove `ls`",
                           "remove '/a",
                           "rm-conffile /etc/x '1 2'"}) {
    EXPECT_THROW(pkg::parse_action(text), Error) << text;
  }
}

TEST(ShellWords, AsTheShellSplitsThem) {
  using Words = std::vector<std::string>;
  EXPECT_EQ(pkg::split_shell_words("a 'b c' \"d e\" f\\ g 1.0\\~ \"$@\""), (Words{"a", "b c", "d e", "f g", "1.0~", "$@"}));
  EXPECT_EQ(pkg::split_shell_words("a \\\n   b x'y'\"z\""), (Words{"a", "b", "xyz"}));
  EXPECT_EQ(pkg::split_shell_words("a '' b"), (Words{"a", "", "b"}));
  for (const char* text :
       {"a $b", "a `b`", "a;b", "a & b", "a|b", "a>b", "a\nb", "a *", "~a", "'a", "a #b", "\"$b\"", "'$@'", "\\$@", "a\\"}) {
    EXPECT_EQ(pkg::split_shell_words(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace resole::test
