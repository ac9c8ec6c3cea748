// SPDX-License-Identifier: Apache-2.0
// Package files, dpkg's database and its tables, certificates. What apt reads is in apt_fuzz_replay_test.cpp.
#include <gtest/gtest.h>

#include "fuzz/deb_targets.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/repair.hpp"
#include "support/deb_builder.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

using test::DebBuilder;

std::string plain_deb() {
  return DebBuilder("foo", "1.0")
      .control("postinst", "#!/bin/sh\nset -e\n", 0755)
      .conffile("etc/foo.conf", "x\n")
      .file("usr/bin/foo", "program", 0755)
      .hardlink("usr/bin/bar", "usr/bin/foo")
      .symlink("lib/libx.so", "libx.so.1")
      .owner("games", "games")
      .file("usr/games/x", "y", 02755)
      .file("usr/share/doc/foo/copyright", "free")
      .file("loop/x", "")
      .md5sums()
      .build();
}

TEST(FuzzReplay, Deb) {
  const std::string upgrade = DebBuilder("foo", "1.0").file("usr/bin/foo", "program", 0755).build();
  const std::string takes_over = DebBuilder("new", "1").field("Replaces", "other").conffile("etc/new", "").file("usr/bin/other", "x").build();
  const std::string packed = DebBuilder("foo", "1.0").file("usr/bin/foo", "program").compression(archive::Compression::zstd).build();
  replay({plain_deb(), upgrade, takes_over, packed}, 1500, deb, repair_deb);
}

TEST(FuzzReplay, PackageFacts) {
  MemberCheck check;
  const std::string kept = deb::serialise(deb::read_package(deb::PackageFile::open(Blob::of(plain_deb()), "p"), check));
  replay({kept}, 5000, package_facts);
}

// What is kept of a program while it passes must not grow with it.
TEST(FuzzReplay, GeneratorOfAHostileLdconfig) {
  std::string content;
  while (content.size() < (8u << 20)) content += "ldconfig (";
  const std::string text = "ldconfig (Debian GLIBC 2.36-9+deb12u10) stable release version 2.36";
  const auto found = [](const std::string& program) {
    MemberCheck check;
    const std::string file = DebBuilder("libc-bin", "1").file("sbin/ldconfig", program).build();
    return deb::read_package(deb::PackageFile::open(Blob::of(file), "p"), check).ldconfig;
  };
  EXPECT_EQ(found(content), "");
  EXPECT_EQ(found(content + std::string(1, '\0') + text + std::string(1, '\0')), text);
  EXPECT_EQ(found(std::string("ldconfig (\0ldconfig (x)\0", 24) + text + std::string(1, '\0')), text) << "also as the third of one piece";
  EXPECT_EQ(found(std::string(65530, 'x') + text + std::string(9, '\0')), text) << "also across the pieces that are read";
}

TEST(FuzzReplay, Control) {
  replay({"Package: curl\nStatus: install ok installed\nVersion: 7.88.1-10\nArchitecture: amd64\nMulti-Arch: foreign\nSource: curl (7.88)\nDepends: libc6 (>= "
          "2.36), a | b\nConffiles:\n /etc/a b d41d8cd98f00b204e9800998ecf8427e obsolete\n /etc/c newconffile\nDescription: x\n long\n .\n text\n\n",
          "Package: a\nStatus: deinstall ok config-files\nVersion: 1\nConfig-Version: 1\n\n\n \nPackage: b\nStatus: hold reinstreq half-installed\nVersion: "
          "2\nArchitecture: all\nEssential: yes\n",
          "\xef\xbb\xbfPackage: d\r\nVersion: 1\r\nArchitecture: amd64\r\n\r\n",
          "Package: new\nArchitecture: amd64\nAuto-Installed: 1\n\nPackage: old\nArchitecture: i386\nAuto-Installed: 0\n"},
         8000, control);
}

TEST(FuzzReplay, Relations) {
  replay({"libc6 (>= 2.36), default-mta | mail-transport-agent, python3:any (<< 4)", "a, b (= 1:2-3),, c [amd64] <!nocheck> <x>,\n d", "x (< 1), y (> 2), z (3)",
          "curl (7.88.1-10)"},
         15000, relations);
}

TEST(FuzzReplay, DpkgTables) {
  replay({"/usr/bin/foo\n/usr/bin/foo.real\nother\n/bin/sh\n/bin/sh.distrib\n:\n", "root games 2755 /usr/bin/x y\n#33 #44 644 /etc/z\n",
          "root:x:0:0:root:/root:/bin/sh\ngames:x:5:60::/:\n", "path-exclude=/usr/share/doc/*\npath-include /usr/share/doc/*/copyright\npath-exclude = \"/x/[a-z]?\"\n",
          "# c\ninterest-noawait /usr/lib\ninterest ldconfig\nactivate x\n", "ID=debian\nVERSION_ID=\"12\"\nID_LIKE='a b'\nPRETTY_NAME=\"x \\\" y\"\n"},
         6000, dpkg_tables);
}

TEST(FuzzReplay, Slices) {
  replay({"{\"jsonwall\":\"1.0\",\"schema\":\"1.0\",\"count\":6}\n"
          "{\"kind\":\"content\",\"slice\":\"a_b\",\"path\":\"/usr/lib/x\"}\n"
          "{\"kind\":\"package\",\"name\":\"a\",\"version\":\"1\",\"sha256\":\"00\",\"arch\":\"amd64\"}\n"
          "{\"kind\":\"path\",\"path\":\"/etc/\",\"mode\":\"0755\",\"slices\":[\"a_b\"]}\n"
          "{\"kind\":\"path\",\"path\":\"/usr/lib/x\",\"mode\":\"0644\",\"slices\":[\"a_b\"],\"sha256\":\"00\",\"final_sha256\":\"11\",\"size\":3}\n"
          "{\"kind\":\"slice\",\"name\":\"a_b\"}\n"},
         4000, slices);
}

TEST(FuzzReplay, LdSoCache) {
  const std::vector<deb::Library> libraries = {{"libz.so.1", "/lib/x86_64-linux-gnu/libz.so.1", 0x303, ""},
                                               {"libc.so.6", "/lib/x86_64-linux-gnu/glibc-hwcaps/x86-64-v3/libc.so.6", 0x303, "x86-64-v3"},
                                               {"libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6", 0x303, ""}};
  const std::string cache = deb::write_ld_so_cache(libraries, "ldconfig (Debian GLIBC 2.36-9) stable release version 2.36");
  replay({cache}, 10000, ld_so_cache);
  // Many entries that all name one long text.
  std::string bomb = cache.substr(0, 20) + std::string("\0\0\1\0", 4) + std::string(24, '\0');
  for (std::size_t i = 0; i < 65536; ++i) bomb += std::string("\3\0\0\0\x30\0\x18\0\x30\0\x18\0", 12) + std::string(12, '\0');
  bomb += std::string(1u << 20, 'x') + std::string(1, '\0');
  EXPECT_THROW(deb::read_ld_so_cache(bomb), Error);
}

TEST(FuzzReplay, Certificate) {
  const std::string pem =
      "-----BEGIN CERTIFICATE-----\n"
      "MIIBLjCB4aADAgECAhRQKuM3VShmztfMeAkPKoSeZsSwSTAFBgMrZXAwDDEKMAgG\n"
      "A1UEAwwBQTAgFw0yNjExMjEyMjI3MzlaGA8yMDUxMDcxMzIyMjczOVowDDEKMAgG\n"
      "A1UEAwwBQTAqMAUGAytlcAMhAMGqxJo/+z6XeizAVBK2RoVpTZRfrh/1oJCW95Qc\n"
      "eigso1MwUTAdBgNVHQ4EFgQUpzbF6TCqBpKOUV2JRa2Ksftq0OcwHwYDVR0jBBgw\n"
      "FoAUpzbF6TCqBpKOUV2JRa2Ksftq0OcwDwYDVR0TAQH/BAUwAwEB/zAFBgMrZXAD\n"
      "QQCgMrUXcB131cs8DzvFqGYYuBrz+U+izISYLCw0BJXck1zygH1AxWOhH4LIYV7g\n"
      "4VeI7RivGsHc9gzGjf+8ruMK\n"
      "-----END CERTIFICATE-----\n";
  EXPECT_TRUE(deb::read_certificate(pem));
  EXPECT_FALSE(deb::read_certificate(std::string_view()));
  const std::string locked = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n-----END ENCRYPTED PRIVATE KEY-----\n";
  replay({pem, "text before\n" + pem, locked + pem, ""}, 6000, certificate);
}

}  // namespace
}  // namespace resole::fuzz
