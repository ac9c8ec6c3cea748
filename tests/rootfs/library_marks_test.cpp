// SPDX-License-Identifier: Apache-2.0
// Version strings of libraries that are linked in, and the linker's build-id, against what readelf and strings say of this machine's own files.
#include "rootfs/library_marks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>

#include "base/text.hpp"
#include "rootfs/elf_window.hpp"

namespace resole::rootfs {
namespace RESOLE_TEST_FILE {

using Found = std::vector<std::string>;

Found marks_of(std::string_view text, std::size_t step = 1u << 20) {
  LibraryMarks marks;
  for (std::size_t at = 0; at < text.size(); at += step) marks.update(text.substr(at, step));
  return marks.finish();
}

TEST(LibraryMarks, VersionsStandBetweenTheirWords) {
  EXPECT_EQ(marks_of("xx OpenSSL 3.0.15 3 Sep 2024\0"), Found{"openssl 3.0.15"});
  EXPECT_EQ(marks_of("OpenSSL 1.1.1w  11 Sep 2023"), Found{"openssl 1.1.1w"});
  EXPECT_EQ(marks_of(" deflate 1.2.13 Copyright 1995-2022 Jean-loup Gailly and Mark Adler "), Found{"zlib 1.2.13"});
  EXPECT_EQ(marks_of(std::string("expat_2.5.0\0 libcurl/7.88.1-DEV libpng version 1.6.39\n", 54)), (Found{"curl 7.88.1", "expat 2.5.0", "libpng1.6 1.6.39"}));
  EXPECT_EQ(marks_of(" inflate 1.2.13 Copyright 1995-2022 Mark Adler  deflate 1.2.13 Copyright 1995-"), Found{"zlib 1.2.13"}) << "each once";
  for (const char* nothing : {"OpenSSL ", "OpenSSL 3", "OpenSSL 3.0.15", "OpenSSL CMS", " deflate 1.2.13 Copy", "expat_config", "expat_2.", "expat_2 ", "libcurl/%s", "OpenSSL 3.0.15-x"}) {
    EXPECT_EQ(marks_of(nothing), Found{}) << nothing;
  }
  EXPECT_EQ(marks_of("expat_2." + std::string(100, '1') + ".2 "), Found{}) << "no version is so long";
}

TEST(LibraryMarks, PiecesDoNotMatter) {
  std::mt19937 random(7);
  std::string text(4000, '\0');
  for (char& c : text) c = static_cast<char>(random());
  text.replace(1000, 22, "OpenSSL 3.0.15 3 Sep 2");
  text.replace(3950, 12, "expat_2.5.0 ");
  const Found whole = marks_of(text);
  EXPECT_EQ(whole, (Found{"expat 2.5.0", "openssl 3.0.15"}));
  for (const std::size_t step : {1, 3, 7, 79, 80, 81, 160, 1000}) EXPECT_EQ(marks_of(text, step), whole) << step;
}

TEST(LibraryMarks, AFileFullOfThemIsBounded) {
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "expat_2." + std::to_string(i) + " ";
  const std::clock_t begin = std::clock();
  EXPECT_LE(marks_of(text).size(), 32u);
  EXPECT_EQ(marks_of(std::string(8u << 20, 'O') + "OpenSSL 3.0.1 1"), Found{"openssl 3.0.1"});
  EXPECT_LT(double(std::clock() - begin) / CLOCKS_PER_SEC, 2.0);
}

std::string text_printed_by(const std::string& command) {
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer;
  while (const std::size_t got = pipe ? fread(buffer.data(), 1, buffer.size(), pipe) : 0) out.append(buffer.data(), got);
  if (pipe) pclose(pipe);
  return out;
}

std::optional<ElfFacts> streamed_facts(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string content((std::istreambuf_iterator<char>(file)), {});
  ElfWindow window;
  window.begin(content.size(), true);
  for (std::size_t at = 0; at < content.size(); at += 65536) window.update(std::string_view(content).substr(at, 65536));
  return window.finish();
}

TEST(ElfBuildId, IsWhatReadelfPrints) {
  if (std::system("command -v readelf >/dev/null 2>&1") != 0) GTEST_SKIP() << "readelf is not on this machine";
  int compared = 0;
  for (const char* name : {"/bin/ls", "/usr/bin/gpg", "/usr/bin/curl", "/bin/bash", "/usr/bin/python3", "/sbin/ldconfig"}) {
    const auto facts = std::filesystem::exists(name) ? streamed_facts(std::filesystem::canonical(name)) : std::nullopt;
    if (!facts) continue;
    const std::string notes = text_printed_by(std::string("LC_ALL=C readelf -nW ") + name);
    const std::string_view mark = "Build ID: ";
    const std::size_t at = notes.find(mark);
    EXPECT_EQ(facts->build_id, at == std::string::npos ? "" : notes.substr(at + mark.size(), notes.find('\n', at) - at - mark.size())) << name;
    compared += !facts->build_id.empty();
  }
  EXPECT_GT(compared, 1);
}

TEST(LibraryMarks, OfARealLibrary) {
  for (const char* path : {"/usr/lib/x86_64-linux-gnu/libcrypto.so.3", "/usr/lib/x86_64-linux-gnu/libexpat.so.1"}) {
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not on this machine";
    const auto facts = streamed_facts(std::filesystem::canonical(path));
    ASSERT_TRUE(facts);
    ASSERT_EQ(facts->embedded.size(), 1u) << path;
    const std::string version = facts->embedded[0].substr(facts->embedded[0].find(' ') + 1);
    EXPECT_NE(text_printed_by(std::string("strings -a ") + path).find(version), std::string::npos) << version;
  }
}

}  // namespace
}  // namespace resole::rootfs
