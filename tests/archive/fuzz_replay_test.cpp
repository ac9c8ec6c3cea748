// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "fuzz/mutate.hpp"
#include "fuzz/repair.hpp"
#include "fuzz/targets.hpp"
#include "support/tar_builder.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

using test::padded;
using test::pax_member;
using test::RawBlock;
using test::TarBuilder;

std::vector<std::string> archives() {
  tar::Header rich;
  rich.path = std::string(300, 'x');
  rich.xattrs["user.a"] = "1";
  const std::string long_name = std::string(200, 'n');
  return {TarBuilder().dir("a").file("a/b", "content").symlink("l", "a/b").hardlink("h", "a/b").add(rich).bytes(),
          RawBlock{.type = 'L', .size = test::octal(200, 11), .magic = "ustar  "}.bytes() + padded(long_name) + RawBlock{}.bytes(),
          pax_member({{"GNU.sparse.size", "3000"}, {"GNU.sparse.map", "1000,3,2000,4"}}) + RawBlock{.size = test::octal(7, 11)}.bytes() +
              padded("abcdefg"),
          pax_member({{"GNU.sparse.major", "1"}, {"GNU.sparse.minor", "0"}, {"GNU.sparse.realsize", "3000"}}) +
              RawBlock{.size = test::octal(519, 11)}.bytes() + padded("2\n1000\n3\n2000\n4\n") + padded("abcdefg"),
          RawBlock{.type = 'S', .size = test::octal(7, 11), .magic = "ustar  "}.bytes() + padded("abcdefg"),
          pax_member({{"mtime", "1.5"}, {"uid", "7"}}, 'g') + RawBlock{}.bytes() + std::string(1024, '\0')};
}

TEST(FuzzReplay, Tar) { replay(archives(), 5000, tar, repair_tar); }

TEST(FuzzReplay, Ar) {
  replay({ar::write_archive({{"debian-binary", "2.0\n"}, {"control.tar.xz", "odd"}, {"data.tar.xz", "content"}})}, 20000, ar);
}

TEST(FuzzReplay, Decompress) {
  std::string raw;
  for (int i = 0; i < 300; ++i) raw += "some text " + std::to_string(i * i) + "\n";
  const std::string xz(
      "\xfd\x37\x7a\x58\x5a\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2f\xe5\xa3\x01\x00\x05\x68\x65\x6c\x6c\x6f\x0a"
      "\x00\x00\x00"
      "\xc6\xb7\xa2\x15\x0f\x9e\xa2\xfc\x00\x01\x1e\x06\xc1\x2f\xd4\xcd\x1f\xb6\xf3\x7d\x01\x00\x00\x00\x00\x04\x59\x5a",
      64);
  replay({test::gzip(raw), test::gzip(raw) + test::gzip("x"), test::compress(archive::Compression::zstd, raw), xz, raw}, 5000, decompress);
}

}  // namespace
}  // namespace resole::fuzz
