// SPDX-License-Identifier: Apache-2.0
// The dynamic linker's cache beside the one that this machine's ldconfig writes for the same tree.
#include "pkg/deb/ld_so_cache.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.hpp"
#include "pkg/deb_oracle.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using deb::Library;

std::string multiarch() { return "x86_64-linux-gnu"; }

TEST(LdSoCache, IsByteForByteWhatLdconfigWrites) {
  if (geteuid() != 0 || !has_program("ldconfig")) GTEST_SKIP() << "ldconfig -r needs root";
  DpkgOracle oracle;
  const std::string source = "/usr/lib/" + multiarch();
  if (access((source + "/libc.so.6").c_str(), R_OK) != 0) GTEST_SKIP() << "no " << source << " on this machine";
  oracle.shell(
      "mkdir -p usr/lib/" + multiarch() +
      " usr/lib64 opt/foo/lib usr/local/lib etc/ld.so.conf.d && ln -s usr/lib lib && ln -s usr/lib64 lib64;"
      "L=usr/lib/" +
      multiarch() +
      ";"
      "for i in ld-linux-x86-64.so.2 'libm.so*' 'libz*.so*' 'libssl*.so*' 'libsel*.so*' 'libp*.so.*' 'libgcc*.so*' 'liba*.so*' 'libt*.so*' "
      "'libx*.so*'; do"
      "  find " +
      source +
      " -maxdepth 1 -name \"$i\" -size -400k -exec cp -a '{}' $L/ ';'; done;"
      // names and numbers: libdup.so.9 and .10 have one SONAME; a file without SONAME; links of all kinds; names that do not count
      "cp -aL $L/libz.so.1 opt/foo/lib/libz.so.1.9; cp -aL $L/libz.so.1 opt/foo/lib/libz.so.1.10; ln -s libz.so.1.9 opt/foo/lib/libz.so;"
      "ln -s nothing opt/foo/lib/libdangling.so; cp -aL $L/libz.so.1 opt/foo/lib/notalib.so; cp -aL $L/libz.so.1 "
      "opt/foo/lib/libnew.so.1.dpkg-new; echo text > opt/foo/lib/libtext.so;"
      "mkdir -p $L/glibc-hwcaps/x86-64-v3 $L/glibc-hwcaps/x86-64-v2; cp -aL $L/libz.so.1 $L/glibc-hwcaps/x86-64-v3/libz.so.1.2; cp -aL "
      "$L/libz.so.1 $L/glibc-hwcaps/x86-64-v2/libz.so.1;"
      "printf 'include /etc/ld.so.conf.d/*.conf\\n' > etc/ld.so.conf; printf '# "
      "local\\n/usr/local/lib\\n/opt/foo/lib/\\n/opt/nowhere\\n/lib64\\n' > etc/ld.so.conf.d/b.conf;"
      "printf '/usr/local/lib/" +
      multiarch() + "\\n/lib/" + multiarch() + "\\n/usr/lib/" + multiarch() +
      "\\n' > etc/ld.so.conf.d/a.conf; echo /not/read > etc/ld.so.conf.d/c.off;"
      "ldconfig -r .");
  const rootfs::Tree tree = oracle.image();
  const std::string expected(tree.content("etc/ld.so.cache").value());
  const auto generator = deb::generator_of(expected);
  ASSERT_TRUE(generator);
  const auto libraries = deb::find_libraries(tree, "amd64");
  EXPECT_GT(libraries.size(), 20u);
  std::string theirs, ours;
  for (const Library& each : deb::read_ld_so_cache(expected))
    theirs += each.key + " " + each.path + " " + std::to_string(each.flags) + "\n";
  for (const Library& each : libraries) ours += each.key + " " + each.path + " " + std::to_string(each.flags) + "\n";
  EXPECT_EQ(ours, theirs);
  EXPECT_TRUE(deb::write_ld_so_cache(libraries, *generator) == expected) << "the same entries, other bytes";
}

TEST(LdSoCache, NamesCompareWithTheirNumbers) {
  EXPECT_LT(deb::compare_library_names("libfoo.so.9", "libfoo.so.10"), 0);
  EXPECT_GT(deb::compare_library_names("libfoo.so.1", "libfoo.so"), 0);
  EXPECT_GT(deb::compare_library_names("lib1", "liba"), 0) << "a digit comes after any letter";
  EXPECT_EQ(deb::compare_library_names("liba.so.01", "liba.so.1"), 0);
}

TEST(LdSoCache, WrittenAndReadBack) {
  const std::vector<Library> libraries = {{"libb.so.2", "/usr/lib/libb.so.2", 0x303, ""}, {"liba.so.1", "/opt/liba.so.1", 0xa03, ""}};
  const std::string cache = deb::write_ld_so_cache(libraries, "ldconfig (test) stable release version 2.36");
  EXPECT_EQ(deb::read_ld_so_cache(cache), libraries);
  EXPECT_EQ(deb::generator_of(cache), "ldconfig (test) stable release version 2.36");
  EXPECT_EQ(deb::generator_of("ld.so-1.7.0"), std::nullopt);
}

// glibc writes and reads the numbers of its own machine: s390x has the other byte order (integration/arches.bats asks its ldconfig).
TEST(LdSoCache, BigEndianIsTheSameWithItsNumbersTurned) {
  const std::vector<Library> libraries = {{"libb.so.2", "/usr/lib/s390x-linux-gnu/libb.so.2", 0x403, ""}, {"liba.so.1", "/opt/liba.so.1", 0x403, ""}};
  const std::string little = deb::write_ld_so_cache(libraries, "generator");
  const std::string big = deb::write_ld_so_cache(libraries, "generator", deb::byte_order("s390x"));
  ASSERT_EQ(little.size(), big.size());
  EXPECT_EQ(little[28], 2);
  EXPECT_EQ(big[28], 3);
  const auto turned = [](std::string bytes, std::size_t at, std::size_t size) {
    std::reverse(bytes.begin() + static_cast<std::ptrdiff_t>(at), bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
    return bytes;
  };
  std::string expected = little;
  expected[28] = 3;
  for (const std::size_t at : {20, 24, 32}) expected = turned(std::move(expected), at, 4);
  for (std::size_t entry = 48; entry < 48 + 2 * 24; entry += 24) {
    for (std::size_t field = 0; field < 16; field += 4) expected = turned(std::move(expected), entry + field, 4);
    expected = turned(std::move(expected), entry + 16, 8);
  }
  for (std::size_t at = little.size() - 9 - 24; at < little.size() - 9; at += 4) expected = turned(std::move(expected), at, 4);
  EXPECT_EQ(big, expected);
  EXPECT_EQ(deb::read_ld_so_cache(big), libraries);
  EXPECT_EQ(deb::generator_of(big), "generator");
  for (const std::string_view arch : {"amd64", "arm64", "armhf", "i386", "ppc64el", "riscv64"})
    EXPECT_EQ(deb::byte_order(arch), deb::ByteOrder::little) << arch;
}

TEST(LdSoCache, DamageIsAnErrorAndNoCrash) {
  const std::string cache = deb::write_ld_so_cache({{"liba.so.1", "/opt/liba.so.1", 0x303, ""}}, "generator");
  for (std::size_t size = 0; size < cache.size(); ++size) {
    const std::string_view cut = std::string_view(cache).substr(0, size);
    deb::generator_of(cut);
    try {
      deb::read_ld_so_cache(cut);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
    }
  }
  std::string absurd = cache;
  absurd.replace(20, 4, "\xff\xff\xff\x7f");
  EXPECT_THROW(deb::read_ld_so_cache(absurd), Error);
}

}  // namespace
}  // namespace resole::test
