// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "base/digest.hpp"
#include "fuzz/mutate.hpp"
#include "fuzz/repair.hpp"
#include "fuzz/rootfs_targets.hpp"
#include "support/tar_builder.hpp"

namespace resole::fuzz {
namespace RESOLE_TEST_FILE {

using test::pax_member;
using test::RawBlock;
using test::TarBuilder;

// An ELF shared object of program headers, .dynamic and a string table, and nothing to run. Addresses are offsets.
class SmallElf {
 public:
  SmallElf(bool wide, bool big_endian) : wide_(wide), big_endian_(big_endian) {
    const std::string strings("\0libx.so.1\0libc.so.6\0libm.so.6\0", 32);
    const std::uint64_t header = wide ? 64 : 52, program = wide ? 56 : 32, dynamic = header + 2 * program, names = dynamic + 6 * 2 * word();
    bytes_ = std::string("\177ELF") + (wide ? '\2' : '\1') + (big_endian ? '\2' : '\1') + '\1' + std::string(9, '\0');
    put(3, 2), put(62, 2), put(1, 4), put(0, word()), put(header, word()), put(0, word());  // type, machine, version, entry, phoff, shoff
    put(0, 4), put(header, 2), put(program, 2), put(2, 2), put(0, 6);                       // flags, sizes and numbers
    segment(1, 0, names + strings.size());
    segment(2, dynamic, names - dynamic);
    for (const std::uint64_t number : std::initializer_list<std::uint64_t>{1, 11, 1, 21, 14, 1, 5, names, 10, strings.size(), 0, 0})
      put(number, word());  // tag and value in turn
    bytes_ += strings;
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::size_t word() const { return wide_ ? 8 : 4; }
  void put(std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) {
      const std::size_t from = big_endian_ ? size - 1 - i : i;
      bytes_.push_back(from < 8 ? static_cast<char>(value >> 8 * from) : '\0');
    }
  }
  void segment(std::uint64_t type, std::uint64_t offset, std::uint64_t size) {
    put(type, 4);
    if (wide_) put(4, 4);
    for (const std::uint64_t value : {offset, offset, offset, size, size}) put(value, word());
    if (!wide_) put(4, 4);
    put(8, word());
  }

  bool wide_, big_endian_;
  std::string bytes_;
};

std::string elf_file() { return SmallElf(true, false).bytes(); }

TEST(FuzzReplay, Elf) {
  const auto facts = rootfs::elf_facts(elf_file());
  ASSERT_TRUE(facts);
  EXPECT_EQ(facts->soname, "libx.so.1");
  EXPECT_EQ(facts->needed, (std::vector<std::string>{"libc.so.6", "libm.so.6"}));
  EXPECT_EQ(rootfs::elf_facts(SmallElf(false, true).bytes())->needed, facts->needed);
  replay({elf_file(), SmallElf(true, true).bytes(), SmallElf(false, false).bytes(), SmallElf(false, true).bytes()}, 20000, elf);
}

std::vector<std::string> layers() {
  tar::Header rich;
  rich.path = "usr/bin/ping";
  rich.xattrs["security.capability"] = std::string("\1\0\0\2", 4);
  const std::string text = "deb http://a.example.org/debian bookworm main\n";
  return {TarBuilder().dir("usr").dir("usr/lib").file("usr/lib/libx.so.1", elf_file()).symlink("usr/lib/libx.so", "libx.so.1").symlink("lib", "usr/lib").bytes(),
          TarBuilder().dir("etc").dir("etc/apt").file("etc/apt/sources.list", text).hardlink("etc/apt/other", "etc/apt/sources.list").bytes(),
          TarBuilder().whiteout("etc/motd").opaque("var/lib").file("lib/x", "y").add(rich).symlink("a", "b").symlink("b", "a").file("a/c", "").bytes(),
          TarBuilder().file("etc/passwd", "old\n").file("etc/passwd", "new\n").dir("etc/passwd").file(".wh..wh.plnk/1.2", "").bytes(),
          pax_member({{"path", "etc/long"}, {"SCHILY.xattr.user.a", "b"}}) + RawBlock{}.bytes() + std::string(1024, '\0')};
}

TEST(FuzzReplay, Layer) { replay(layers(), 2500, layer, repair_tar); }

TEST(FuzzReplay, LayerIndex) {
  std::vector<std::string> seeds;
  for (const std::string& bytes : layers()) {
    try {
      const rootfs::LayerIndex index = rootfs::index_layer(*source_of(bytes), {});
      seeds.push_back(rootfs::serialise(index));
      seeds.push_back(rootfs::encode_index(index));
    } catch (const Error&) {
      continue;  // one that is refused has no index
    }
  }
  ASSERT_GE(seeds.size(), 6u);
  const std::string head = seeds.front().substr(0, 23);  // magic and version
  replay(seeds, 10000, layer_index, [&](std::string& bytes, Mutator& mutator) {
    if (!bytes.starts_with(head) || bytes.size() < head.size() + 32 || mutator.below(10) == 0) return;
    const Sha256 hash = sha256_of(std::string_view(bytes).substr(head.size() + 32));
    bytes.replace(head.size(), 32, std::string(hash.begin(), hash.end()));
  });
}

}  // namespace
}  // namespace resole::fuzz
