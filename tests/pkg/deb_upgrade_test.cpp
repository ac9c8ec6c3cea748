// SPDX-License-Identifier: Apache-2.0
// Upgrades compared with what the real dpkg makes of the same directory, rule by rule (field notes "dpkg rules").
#include "pkg/deb/upgrade.hpp"

#include <gtest/gtest.h>

#include "pkg/deb_oracle.hpp"
#include "support/deb_builder.hpp"

namespace resole::test {
namespace {

DebBuilder foo(const std::string& version) { return DebBuilder("foo", version); }

TEST(DebUpgrade, OrdinaryPackage) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1.0").file("usr/bin/foo", "one", 0755).file("usr/share/foo/same", "same").symlink("usr/bin/foolink", "foo").build()});
  oracle.upgrade({foo("1.1").file("usr/bin/foo", "two", 0755).file("usr/share/foo/same", "same").file("usr/share/foo/new/deep", "x").symlink("usr/bin/foolink", "foo").build()});
  ASSERT_EQ(oracle.result.segments.size(), 1u);
  EXPECT_EQ(oracle.result.segments[0].entries.size(), 2u) << "equal files are left out";
}

TEST(DebUpgrade, ControlFieldsAreWrittenAsDpkgDoes) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  const auto fields = [](DebBuilder builder) {
    return builder.field("Homepage", "https://example.org/").field("Source", "foosrc (3)").field("Suggests", "a|b(>=1), c:any ( << 3 ) , d (=1)")
        .field("Essential", "no").field("Multi-Arch", "no").field("Section", "net").field("Priority", "optional").field("Installed-Size", "12")
        .field("Tag", "a::b, c::d").field("Built-Using", "x (= 1)").field("Enhances", "zz").field("Origin", "Test").field("Bugs", "mailto:a@example.org")
        .field("Provides", "virtual (= 3), other").field("Breaks", "old (<< 0:2)").field("Recommends", "e | f").field("Maintainer", "B <b@example.org>");
  };
  oracle.install({fields(foo("0:1.0-1")).file("usr/bin/foo", "1").build()});
  oracle.upgrade({fields(foo("0:1.0-2")).file("usr/bin/foo", "2").md5sums().build()});
}

TEST(DebUpgrade, NewPackagesStandInDpkgsOrder) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({DebBuilder("m", "1").file("usr/m", "").build(), DebBuilder("c", "1").file("usr/c", "").build()});
  oracle.upgrade({DebBuilder("z", "1").file("usr/z", "").build(), DebBuilder("a", "1").file("usr/a", "").build(), DebBuilder("d", "1", "all").build(),
                  DebBuilder("m", "2").file("usr/m", "2").build()});
}

TEST(DebUpgrade, ObsoleteFilesAndDirectories) {
  REQUIRE_DPKG();
  DpkgOracle oracle;
  oracle.install({foo("1").file("usr/share/foo/a/b/c", "1").file("usr/share/foo/kept/x", "1").file("usr/share/foo/mine/y", "1").symlink("usr/lib/foo.so.1", "foo.so.1.0")
                      .file("usr/lib/foo.so.1.0", "lib").dir("usr/share/foo/empty").dir("usr/share/shared").build(),
                  DebBuilder("bar", "1").file("usr/share/shared/bar", "").dir("usr/share/foo/empty").build()});
  oracle.shell("echo mine > usr/share/foo/mine/user");
  oracle.upgrade({foo("2").file("usr/share/foo/kept/z", "2").build()});
}

}  // namespace
}  // namespace resole::test
