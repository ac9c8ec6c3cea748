// SPDX-License-Identifier: Apache-2.0
// What archives sign and serve, and what an image's apt is told.
#include <gtest/gtest.h>

#include <ctime>

#include "fuzz/apt_targets.hpp"
#include "fuzz/mutate.hpp"
#include "support/test_key.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

using namespace std::string_literals;

const std::string kHex(64, 'a');

std::string release_text() {
  return "Origin: Debian\nLabel: Debian-Security\nSuite: stable-security\nCodename: bookworm-security\nVersion: 12\nDate: Fri, 20 Nov 2026 00:00:00 "
         "UTC\nValid-Until: Fri, 27 Nov 2026 00:00:00 UTC\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nAcquire-By-Hash: yes\nNo-Support-for-Architecture-all: "
         "Packages\nArchitectures: all amd64 i386\nComponents: main updates/main\nMD5Sum:\n abc 1 x\nSHA256:\n " +
         kHex + " 12 main/binary-amd64/Packages.gz\n " + kHex + " 12 main/binary-i386/Packages.xz\n " + kHex + " 0 ./main/x\n";
}

std::string clearsigned(const std::string& text) {
  return "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n- " + text + "-----BEGIN PGP SIGNATURE-----\n\niHUEARYKAB0=\n=abcd\n-----END PGP SIGNATURE-----\n";
}

TEST(FuzzReplay, Release) { replay({release_text(), clearsigned(release_text())}, 8000, release); }

std::string index_text() {
  const auto stanza = [](const std::string& name, const std::string& more) {
    return "Package: " + name + "\nVersion: 1:1.2-3\nArchitecture: amd64\n" + more + "Filename: pool/" + name + ".deb\nSize: 10\nSHA256: " + kHex +
           "\nDescription: text\n more\n\n";
  };
  return stanza("b", "Provides: x (= 1), y:any,\n z\nDepends: a | c (>= 2)\nSource: s (1)\n") + stanza("a", "Phased-Update-Percentage: 20\nMulti-Arch: same\n") +
         stanza("b", "Essential: yes\nPriority: required\n");
}

TEST(FuzzReplay, Packages) { replay({index_text()}, 4000, packages); }

TEST(FuzzReplay, PackagesKept) {
  const std::string kept = deb::compile_index(Blob::of(index_text()), "index");
  replay({kept}, 15000, packages_kept, [&](std::string& bytes, Mutator& mutator) {
    // {magic, size of the text, stanzas, provided names}: sizes that fit, so that the rows are looked at.
    constexpr std::size_t kFooter = 32;
    if (bytes.size() < kFooter || mutator.below(10) == 0) return;
    bytes.replace(bytes.size() - kFooter, kFooter, kept.substr(kept.size() - kFooter));
    const std::uint64_t names = mutator.below(5), provided = mutator.below(5), rows = names * 8 + provided * 16 + kFooter;
    if (bytes.size() < rows) return;
    const std::uint64_t sizes[] = {bytes.size() - rows, names, provided};
    std::memcpy(bytes.data() + bytes.size() - sizeof sizes, sizes, sizeof sizes);
  });
}

TEST(FuzzReplay, Sources) {
  replay({"# c\ndeb http://a.example.org/debian/ bookworm main contrib # x\ndeb-src http://a.example.org/debian bookworm main\n",
          "deb [ arch=amd64,i386 signed-by=/etc/apt/keyrings/x.gpg trusted=yes ] https://u:p@b.example.org/$(ARCH) stable/\n",
          "deb\t[signed-by=" + std::string(40, 'A') + "!]http://[::1]:80/ \"su te\" main\ndeb cdrom:[Debian 12]/ x main\ndeb file:/srv ./\n",
          "Types: deb deb-src\nURIs: http://a.example.org/debian http://127.0.0.1/\nSuites: bookworm bookworm-updates\nComponents: main\n# c\nSigned-By: /x.gpg\n\n",
          "Types: deb\nURIs: http://d.example.org/$(ARCH)/\nSuites: ./\nEnabled: yes\nArchitectures: amd64\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n "
          "abc\n -----END PGP PUBLIC KEY BLOCK-----\n",
          "http://10.0.0.7/debian bookworm main"},
         6000, sources);
}

TEST(FuzzReplay, Preferences) {
  replay({"# c\nExplanation: x\nPackage: a b:any src:c\nPin: version 1*\nPin-Priority: -5\n\nPackage: *\nPin: release a=stable, n=bookworm, c=main\nPin-Priority: 400\n",
          "Package: lib*\nPin: release o=Debian,l=Debian,v=12*,b=amd64\nPin-Priority: 1001\n\nPackage: /^lib.*x$/:native\nPin: version /^1\\./\nPin-Priority: +700\n",
          "Package: *\nPin: origin \"mirror.example.org\"\nPin-Priority: never\n\nPackage: libx\nPin: source-version 3~bpo12\nPin-Priority: 990\n",
          "Package: *\nPin: release stable-backports\nPin-Priority: 500\n"},
         4000, preferences);
}

// An image's preferences hold expressions that an image's author chose. glibc copies what stands before each '+'.
TEST(FuzzReplay, ExpressionsOfAnImageAreCheap) {
  const std::clock_t start = std::clock();  // of the processor: the machine may be busy
  const auto refused = [](const std::string& name) {
    try {
      deb::Preferences::parse({{"preferences", "Package: /" + name + "/\nPin: version 1\nPin-Priority: 1\n"}});
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return true;
    }
  };
  EXPECT_TRUE(refused("a" + std::string(40, '+')));
  EXPECT_TRUE(refused(std::string(30, '(') + "a" + [] {
    std::string tail;
    for (int i = 0; i < 30; ++i) tail += ")+";
    return tail;
  }()));
  EXPECT_FALSE(refused("^(a|b)[a-z]+-[0-9]+\\.[0-9]+$"));
  EXPECT_FALSE(refused("^libstdc\\+\\+6|g\\+\\+-[0-9]+|libc\\+\\+\\+\\+\\+\\+\\+x$"));
  std::string many;
  for (int i = 0; i < 65; ++i) many += "Package: /^a/\nPin: version 1\nPin-Priority: 1\n\n";
  EXPECT_THROW(deb::Preferences::parse({{"preferences", many}}), Error);
  EXPECT_LT(std::clock() - start, 5 * CLOCKS_PER_SEC);
}

TEST(FuzzReplay, AptConf) {
  replay({"APT::Default-Release \"bookworm\";\n", "// x\nAPT { /* y */ Default-Release \"bookworm\"; Get { Assume-Yes \"1\"; }; };\n#clear X;\n",
          "Other { Default-Release \"x\"; };# APT::Default-Release \"y\";\napt::default-release stable;"},
         20000, apt_conf);
}

// A scope as long as half the file, and statements in it: their names are not composed one by one.
TEST(FuzzReplay, AptConfInALongScope) {
  std::string text = std::string(500'000, 'x') + " {\n";
  for (int i = 0; i < 100'000; ++i) text += "a b;\n";
  const std::clock_t start = std::clock();  // of the processor: the machine may be busy
  EXPECT_EQ(deb::default_release_in(text + "};\nAPT::Default-Release y;\n"), "y");
  EXPECT_LT(std::clock() - start, 2 * CLOCKS_PER_SEC);
}

TEST(FuzzReplay, OpenPgp) {
  const std::string subpackets = "\x09\x10"s + "abcdefgh" + "\x16\x21\x04"s + std::string(20, 'f');
  const std::string signature = "\x88"s + static_cast<char>(8 + subpackets.size() + 2) + "\x04\x00\x01\x08"s + "\x00\x00"s + "\x00"s +
                                static_cast<char>(subpackets.size()) + subpackets + "\x00\x00"s;
  const std::string key = "\x99\x00\x06\x04"s + "2026k" + "\xb4\x02hi"s + "\xce\x03\x04xy"s;
  ASSERT_TRUE(pkg::issuers(signature));
  ASSERT_TRUE(pkg::certificates_of(key + key, {}));
  replay({signature, signature + "\xc2\xc0\x08"s + std::string(200, 'x'), key + signature + key, "\xc2\xff\x00\x00\x00\x02xy"s,
          "-----BEGIN PGP PUBLIC KEY BLOCK-----\nVersion: 1\n\naGVs\nbG8=\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"},
         20000, openpgp);
}

TEST(FuzzReplay, SignedText) {
  std::vector<std::string> seeds = {clearsigned(release_text())};
  if (test::TestKey::possible()) {
    const test::TestKey key("ed25519");
    seeds.push_back(key.sign(release_text()));
    seeds.push_back(pkg::detached_message(release_text(), key.sign_beside(release_text()), "x"));
    seeds.push_back(seeds.back() + key.armored_public_key());
    seeds.push_back(key.armored_public_key());
    seeds.push_back(key.public_key());
  }
  replay(seeds, 150, signed_text);
}

}  // namespace
}  // namespace resole::fuzz
