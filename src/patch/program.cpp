// SPDX-License-Identifier: Apache-2.0
#include "patch/program.hpp"

#include <fmt/format.h>

#include <filesystem>

namespace resole::patch {

std::string program_identity() {
  std::error_code ignored;
  const std::filesystem::path self = "/proc/self/exe";
  const auto size = std::filesystem::file_size(self, ignored);
  const auto time = std::filesystem::last_write_time(self, ignored);
  return fmt::format("{} {} {}", RESOLE_VERSION, size, time.time_since_epoch().count());
}

}  // namespace resole::patch
