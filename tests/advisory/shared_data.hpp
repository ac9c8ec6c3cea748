// SPDX-License-Identifier: Apache-2.0
// Real inputs outside the project (environment RESOLE_SHARED_DATA); tests that need them are skipped where they are absent.
#pragma once
#include <zlib.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace resole::test {

inline std::filesystem::path shared_data(const std::string& below) {
  const char* root = std::getenv("RESOLE_SHARED_DATA");
  return root == nullptr ? std::filesystem::path() : std::filesystem::path(root) / below;
}

inline std::string read_plain_or_gzip(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");  // reads plain files as they are
  std::string bytes;
  char buffer[1 << 16];
  for (int got = 0; file != nullptr && (got = gzread(file, buffer, sizeof buffer)) > 0;)
    bytes.append(buffer, static_cast<std::size_t>(got));
  if (file != nullptr) gzclose(file);
  return bytes;
}

}  // namespace resole::test
