// SPDX-License-Identifier: Apache-2.0
// Where temporary folders of tests are made: in memory where the machine has such a file system, since the tests wait for the disk
// thousands of times otherwise. Empty: the usual place.
#pragma once
#include <unistd.h>

#include <filesystem>

namespace resole::test {

inline std::filesystem::path quick_folder() {
  std::error_code failed;
  const std::filesystem::path shared = "/dev/shm";
  const bool usable =
      ::access(shared.c_str(), W_OK | X_OK) == 0 && std::filesystem::space(shared, failed).available > (64u << 20) && !failed;
  return usable ? shared : std::filesystem::path();
}

}  // namespace resole::test
