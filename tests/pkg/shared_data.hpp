// SPDX-License-Identifier: Apache-2.0
// Real inputs that lie outside the project (CONTRIBUTING.md "Data"): tests that need them skip when they are not there.
#pragma once
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace resole::test {

inline std::optional<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

inline std::optional<std::string> shared_file(const std::string& name) {
  const char* directory = std::getenv("RESOLE_SHARED_DATA");
  return directory ? read_file(std::string(directory) + "/" + name) : std::nullopt;
}

}  // namespace resole::test

// Declares `variable` with the content of a shared data file, or skips the test.
#define SHARED_DATA_OR_SKIP(variable, name)                                          \
  const auto variable##_read = resole::test::shared_file(name);                      \
  if (!variable##_read) GTEST_SKIP() << name << " is not below $RESOLE_SHARED_DATA"; \
  const std::string& variable = *variable##_read
