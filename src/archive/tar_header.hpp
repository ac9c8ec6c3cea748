// SPDX-License-Identifier: Apache-2.0
// From header blocks and PAX records to a Header.
#pragma once
#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "archive/tar.hpp"
#include "archive/tar_format.hpp"
#include "base/text.hpp"

namespace resole::tar {

std::optional<Type> type_of(char flag);
// A numeric field within bounds, or the archive is bad; `name` is for the message.
std::int64_t number(const RawHeader& raw, Field field, std::int64_t least, std::int64_t most, std::string_view name, std::uint64_t offset);
// Everything the block says, as it is written there. header.type must be set.
void fill_from_block(Header& header, const RawHeader& raw, std::uint64_t offset);
// Everything the records say, over what is there already.
void apply_pax(Header& header, const PaxRecords& records, std::uint64_t offset);

// The value of a PAX record that is a number.
template <class Value>
void take_number(Value& out, std::string_view key, std::string_view text, std::uint64_t offset) {
  const auto value = parse_unsigned(text);
  if (!value || *value > std::numeric_limits<Value>::max()) throw_bad(offset, fmt::format("a PAX record with an impossible {}", key));
  out = static_cast<Value>(*value);
}

}  // namespace resole::tar
