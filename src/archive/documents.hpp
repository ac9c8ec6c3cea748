// SPDX-License-Identifier: Apache-2.0
// The documents in a file that somebody published: one, perhaps compressed (gzip, bzip2, xz, zstd), or those of a zip or tar archive. For exchange formats whose
// members are only read; layers and packages, where every byte of the archive matters, have their own readers (tar.hpp, ar.hpp).
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.hpp"

namespace resole::archive {

struct DocumentLimits {
  std::uint64_t members = 5'000'000;
  std::uint64_t output = 64ull << 30;       // bytes of all documents together
  std::uint64_t ratio = 400;                // bytes out per byte of the file ...
  std::uint64_t ratio_from = 256ull << 20;  // ... once so many are out
};

// Calls `use` with every regular file of the archive in the order in which they stand, or once with the file itself; `name` is `what`, of members with their path behind it. What `use` does not
// read is passed over. Error(input) with `what` and the reason: damage, encryption, a bomb.
void for_each_document(std::string_view bytes, std::string_view what, const std::function<void(std::string_view name, Source& content)>& use, DocumentLimits limits = {});

}  // namespace resole::archive
