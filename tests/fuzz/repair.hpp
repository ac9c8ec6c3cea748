// SPDX-License-Identifier: Apache-2.0
// Most mutations of an archive would end at its checksums and sizes: these make them right again, so that what lies behind is reached.
#pragma once
#include <fmt/format.h>

#include <string>
#include <string_view>

#include "archive/tar_format.hpp"
#include "fuzz/mutate.hpp"
#include "support/tar_builder.hpp"

namespace resole::fuzz {

// In most headers of the tar that takes `size` bytes from `from`.
inline void repair_checksums(std::string& bytes, Mutator& mutator, std::size_t from, std::size_t size) {
  for (std::size_t at = from; at + tar::kBlock <= from + size && at + tar::kBlock <= bytes.size(); at += tar::kBlock) {
    if (tar::is_zero_block(std::string_view(bytes).substr(at, tar::kBlock)) || mutator.below(20) == 0) continue;
    bytes.replace(at + 148, 8, test::octal(tar::checksum(std::string_view(bytes).substr(at, tar::kBlock)), 6) + std::string("\0 ", 2));
  }
}
inline void repair_tar(std::string& bytes, Mutator& mutator) { repair_checksums(bytes, mutator, 0, bytes.size()); }

// A .deb of uncompressed parts.
inline void repair_deb(std::string& bytes, Mutator& mutator) {
  constexpr std::size_t kHeader = 60, kSizeAt = 48;
  const std::size_t control = bytes.find("control.tar     ");
  std::size_t data = bytes.find("data.tar        ");
  if (control == std::string::npos || data == std::string::npos || data < control + kHeader || mutator.below(20) == 0) return;
  if ((data - control) % 2 != 0) bytes.erase(--data, 1);
  if (data < control + kHeader || data + kHeader > bytes.size()) return;
  const auto resize = [&](std::size_t header, std::size_t end) {
    const std::size_t size = end - header - kHeader;
    bytes.replace(header + kSizeAt, 10, fmt::format("{:<10}", size));
    repair_checksums(bytes, mutator, header + kHeader, size);
  };
  resize(control, data);
  resize(data, bytes.size());
}

}  // namespace resole::fuzz
