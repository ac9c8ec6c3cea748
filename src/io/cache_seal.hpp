// SPDX-License-Identifier: Apache-2.0
// The last 48 bytes of a derived cache entry: magic, length, sha256. Entries are not synced to disk (that would cost more than deriving
// them again), so after a power cut or a full disk a renamed file may be short or full of zeros; such an entry must read as absent.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.hpp"

namespace resole::io {

inline constexpr std::size_t kSealSize = 48;

std::string make_seal(std::uint64_t length, const Sha256& sha256);
// The payload of a sealed entry, or nothing when the seal does not fit. `check_content` false: length and magic only.
std::optional<std::string_view> sealed_payload(std::string_view entry, bool check_content);

}  // namespace resole::io
