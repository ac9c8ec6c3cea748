// SPDX-License-Identifier: Apache-2.0
// Sizes that writer and reader of an index share (index.hpp has the layout).
#pragma once
#include <cstddef>
#include <string_view>

namespace resole::advisory::feed {

inline constexpr std::string_view kIndexMagic = "rsl-fed1";
inline constexpr std::size_t kIndexHeader = 64, kScopeWords = 4, kPackageWords = 4, kRecordWords = 9, kAttributeWords = 3;

}  // namespace resole::advisory::feed
