// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/apk_targets.hpp"
#include "fuzz/mutate.hpp"
#include "pkg/shared_data.hpp"
#include "support/apk_builder.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

using test::ApkBuilder;

const std::string kStanza =
    "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:busybox\nV:1.36.1-r29\nA:x86_64\nS:510\nI:962\nT:Size optimized toolbox\nU:https://busybox.net/\nL:GPL-2.0-only\n"
    "o:busybox\nm:A <a@example.org>\nt:1717915897\nc:0123\nk:100\nD:so:libc.musl-x86_64.so.1 !x\np:/bin/sh cmd:busybox=1.36.1-r29\ni:a b=1\nr:busybox-initscripts<2\nq:1000\ns:edge\n"
    "F:bin\nM:0:0:1777\nR:busybox\na:0:0:755\nZ:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nF:etc\nR:securetty\nz:new\n\n";

TEST(FuzzReplay, ApkInstalled) { replay({kStanza, kStanza + "C:Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=\nP:a\nV:1\n\n\n\n"}, 6000, apk_installed); }

TEST(FuzzReplay, ApkIndex) {
  const std::string plain = test::TarBuilder().file("DESCRIPTION", "v3.20.3-1-gabc").file("APKINDEX", kStanza + ApkBuilder("a", "1").stanza()).bytes();
  replay({plain, test::apk_index({ApkBuilder("a", "1").stanza()}, nullptr)}, 1500, [](std::string_view input) {
    apk_index(input);
    tolerate([&] { apk::parse_index(input, "index"); });
    apk_index(test::gzip(input));  // mutations below the compression
  });
}

TEST(FuzzReplay, ApkPackage) {
  const std::string package = ApkBuilder("p", "1").field("depend", "a").script("trigger", "x").file("usr/bin/p", "ELF").symlink("usr/bin/q", "p").hardlink("usr/bin/r", "usr/bin/p", "ELF").build();
  const std::string info = "pkgname = p\npkgver = 1\nsize = 1\ndepend = a b\ntriggers = /a /b\nreplaces = x<1\ndatahash = 00\n";
  const std::string data = test::TarBuilder().dir("usr").file("usr/x", "content").hardlink("usr/y", "usr/x").symlink("usr/z", "x").bytes();
  replay({package}, 600, apk_package);
  replay({info}, 600, [](std::string_view input) { apk_package(test::gzip(test::TarBuilder().file(".PKGINFO", input).unfinished()) + test::gzip(std::string(1024, '\0'))); });
  replay({data}, 600, [&](std::string_view input) { apk_package(test::gzip(test::TarBuilder().file(".PKGINFO", info).unfinished()) + test::gzip(input)); });
}

TEST(FuzzReplay, ApkTables) {
  replay({"!foo musl>=1.2 so:libz.so.1 bar=~1.2@edge z><Q1abc", "https://a.example.org/alpine/v3.20/main\n@edge https://b.example.org/x\n# c\n", "+etc\n-etc/x\n@srv/*/y\n!a\n",
          "Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA= /bin /usr/bin\n", test::TarBuilder().file("a-1.Q1AAAAAAAAAAAAAAAAAAAAAAAAAAA=.trigger", "x").bytes(), "v3.20.3-1-gabc"},
         1000, apk_tables);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::fuzz
