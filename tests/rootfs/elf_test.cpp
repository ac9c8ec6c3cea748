// SPDX-License-Identifier: Apache-2.0
// ELF facts against readelf, on libraries and programs of this machine, and on files made to mislead.
#include <elf.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/text.hpp"
#include "rootfs/elf_window.hpp"
#include "rootfs/layer_index.hpp"

namespace resole::rootfs {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

std::string file_content(const fs::path& path) {
  std::string content(fs::file_size(path), '\0');
  std::ifstream(path, std::ios::binary).read(content.data(), static_cast<std::streamsize>(content.size()));
  return content;
}

std::string output_of(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  while (pipe != nullptr) {
    const std::size_t count = fread(buffer, 1, sizeof buffer, pipe);
    if (count == 0) break;
    out.append(buffer, count);
  }
  if (pipe != nullptr) pclose(pipe);
  return out;
}

// "soname|needed needed ..." as readelf -d prints them.
std::string names_by_readelf(const fs::path& path) {
  std::string soname, needed;
  const std::string output = output_of("LC_ALL=C readelf -dW '" + path.string() + "' 2>/dev/null");
  for (const std::string_view line : lines(output)) {
    const std::size_t open = line.find('['), close = line.rfind(']');
    if (open == std::string_view::npos || close == std::string_view::npos) continue;
    const std::string name(line.substr(open + 1, close - open - 1));
    if (line.find("(SONAME)") != std::string_view::npos) soname = name;
    if (line.find("(NEEDED)") != std::string_view::npos) needed += name + " ";
  }
  return soname + "|" + needed;
}

std::string names_of(const ElfFacts& facts) {
  std::string text = facts.soname + "|";
  for (const std::string& name : facts.needed) text += name + " ";
  return text;
}

std::optional<ElfFacts> facts_by_stream(std::string_view content, std::size_t step) {
  ElfWindow window;
  window.begin(content.size(), true);
  for (std::size_t at = 0; at < content.size(); at += step) window.update(content.substr(at, step));
  return window.finish();
}

TEST(Elf, AgreesWithReadelf) {
  if (output_of("command -v readelf").empty()) GTEST_SKIP() << "no readelf on this machine";
  int compared = 0;
  for (const char* directory : {"/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/bin"}) {
    if (!fs::is_directory(directory)) continue;
    int here = 0;
    for (const auto& entry : fs::directory_iterator(directory)) {
      if (!entry.is_regular_file() || entry.is_symlink() || entry.file_size() > (8u << 20)) continue;
      const std::string content = file_content(entry.path());
      const auto facts = elf_facts(content);
      if (!facts) continue;
      EXPECT_EQ(names_of(*facts), names_by_readelf(entry.path())) << entry.path();
      EXPECT_EQ(facts_by_stream(content, 200'000), facts) << entry.path();
      if (++here == 25) break;
    }
    compared += here;
  }
  EXPECT_GT(compared, 20);
}

// ---- files made here

struct Shape {
  bool wide = true, big_endian = false;
  std::uint64_t strings_at = 0x200;  // offset of the string table
  std::uint64_t dynamic_at = 0x400;  // offset of .dynamic
  std::uint64_t file_size = 0x1000;
  std::uint16_t type = ET_DYN, machine = EM_X86_64;
};

class Image {
 public:
  explicit Image(const Shape& shape) : shape_(shape), bytes_(shape.file_size, '\0') {}
  void number(std::uint64_t at, std::size_t size, std::uint64_t value) {
    for (std::size_t i = 0; i < size; ++i) bytes_[at + (shape_.big_endian ? size - 1 - i : i)] = static_cast<char>(value >> 8 * i);
  }
  void word(std::uint64_t at, std::uint64_t value) { number(at, shape_.wide ? 8 : 4, value); }
  std::string& bytes() { return bytes_; }

 private:
  Shape shape_;
  std::string bytes_;
};

// Laid out by <elf.h>'s structures; addresses are offsets plus 0x10000.
std::string elf_file(const Shape& shape) {
  constexpr std::uint64_t kBase = 0x10000;
  const std::string strings("\0libme.so.1\0libc.so.6\0libz.so.1\0", 32);
  Image image(shape);
  image.bytes().replace(0, 6, std::string("\177ELF") + (shape.wide ? '\2' : '\1') + (shape.big_endian ? '\2' : '\1'));
  const bool wide = shape.wide;
  const std::size_t word = wide ? 8 : 4, header = wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr),
                    entry = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
  image.number(16, 2, shape.type);
  image.number(18, 2, shape.machine);
  image.word(wide ? offsetof(Elf64_Ehdr, e_phoff) : offsetof(Elf32_Ehdr, e_phoff), header);
  image.number(wide ? offsetof(Elf64_Ehdr, e_flags) : offsetof(Elf32_Ehdr, e_flags), 4, 0x5000400);
  image.number(wide ? offsetof(Elf64_Ehdr, e_phentsize) : offsetof(Elf32_Ehdr, e_phentsize), 2, entry);
  image.number(wide ? offsetof(Elf64_Ehdr, e_phnum) : offsetof(Elf32_Ehdr, e_phnum), 2, 2);
  const std::uint64_t segments[2][3] = {{PT_LOAD, 0, shape.file_size}, {PT_DYNAMIC, shape.dynamic_at, 6 * 2 * word}};
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t at = header + i * entry;
    image.number(at, 4, segments[i][0]);
    image.word(at + (wide ? offsetof(Elf64_Phdr, p_offset) : offsetof(Elf32_Phdr, p_offset)), segments[i][1]);
    image.word(at + (wide ? offsetof(Elf64_Phdr, p_vaddr) : offsetof(Elf32_Phdr, p_vaddr)), segments[i][1] + kBase);
    image.word(at + (wide ? offsetof(Elf64_Phdr, p_filesz) : offsetof(Elf32_Phdr, p_filesz)), segments[i][2]);
  }
  const std::uint64_t tags[6][2] = {
      {DT_NEEDED, 12}, {DT_NEEDED, 22}, {DT_SONAME, 1}, {DT_STRTAB, shape.strings_at + kBase}, {DT_STRSZ, strings.size()}, {DT_NULL, 0}};
  for (std::size_t i = 0; i < 6; ++i) {
    image.word(shape.dynamic_at + i * 2 * word, tags[i][0]);
    image.word(shape.dynamic_at + i * 2 * word + word, tags[i][1]);
  }
  image.bytes().replace(shape.strings_at, strings.size(), strings);
  return image.bytes();
}

TEST(Elf, WidthsAndByteOrders) {
  for (const bool wide : {false, true}) {
    for (const bool big_endian : {false, true}) {
      const auto facts = elf_facts(elf_file({.wide = wide, .big_endian = big_endian, .machine = EM_ARM}));
      ASSERT_TRUE(facts);
      EXPECT_EQ(names_of(*facts), "libme.so.1|libc.so.6 libz.so.1 ");
      EXPECT_EQ(facts->bits, wide ? 64 : 32);
      EXPECT_EQ(facts->machine, EM_ARM);
      EXPECT_EQ(facts->type, ET_DYN);
      EXPECT_EQ(facts->flags, 0x5000400u);
    }
  }
}

TEST(Elf, OnlyProgramsAndLibraries) {
  EXPECT_TRUE(elf_facts(elf_file({.type = ET_EXEC})));
  EXPECT_FALSE(elf_facts(elf_file({.type = ET_REL})));
  EXPECT_FALSE(elf_facts(elf_file({.type = ET_CORE})));
  EXPECT_FALSE(elf_facts("#!/bin/sh\n"));
  EXPECT_FALSE(elf_facts(""));
  EXPECT_FALSE(elf_facts("\177ELF"));
}

TEST(Elf, BigFilesByTheirEnds) {
  const Shape usual{.strings_at = 0x200, .dynamic_at = (20u << 20) - 100'000, .file_size = 20u << 20};
  EXPECT_EQ(facts_by_stream(elf_file(usual), 256u << 10), elf_facts(elf_file(usual)));
  const Shape patched{.strings_at = (20u << 20) - 200'000, .dynamic_at = (20u << 20) - 100'000, .file_size = 20u << 20};
  EXPECT_EQ(names_of(*facts_by_stream(elf_file(patched), 1'000'003)), "libme.so.1|libc.so.6 libz.so.1 ");
  const Shape unreachable{.strings_at = 17u << 20, .dynamic_at = (24u << 20) - 100'000, .file_size = 24u << 20};
  EXPECT_EQ(names_of(*facts_by_stream(elf_file(unreachable), 256u << 10)), "|");
}

TEST(Elf, StreamInCrumbs) {
  const std::string file = elf_file({});
  EXPECT_EQ(facts_by_stream(file, 1), elf_facts(file));
  EXPECT_EQ(facts_by_stream(file, 3), elf_facts(file));
  EXPECT_FALSE(facts_by_stream(std::string(500, 'x'), 3));
}

TEST(Elf, ASecondFileKnowsNothingOfTheFirst) {
  ElfWindow window;
  const std::string file = elf_file({});
  window.begin(file.size());
  window.update(file);
  EXPECT_TRUE(window.finish());
  window.begin(100);
  window.update(std::string(100, 'x'));
  EXPECT_FALSE(window.finish());
  window.begin(10);
  EXPECT_FALSE(window.finish());
}

// Every byte of the headers and of .dynamic set to its worst: nothing may be read outside the file.
TEST(Elf, DamagedHeadersAreHarmless) {
  for (const bool wide : {false, true}) {
    const std::string good = elf_file({.wide = wide});
    for (std::size_t at = 0; at < 0x480; ++at) {
      for (const int value : {0x00, 0x7f, 0xff}) {
        std::string bad = good;
        bad[at] = static_cast<char>(value);
        static_cast<void>(elf_facts(bad));
      }
      static_cast<void>(elf_facts(std::string_view(good).substr(0, at)));
    }
  }
}

}  // namespace
}  // namespace resole::rootfs
