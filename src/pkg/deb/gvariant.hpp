// SPDX-License-Identifier: Apache-2.0
// GVariant: values with a type string ("as", "(ii)", "a{sv}"), as text and as the bytes that GLib maps into memory. Little endian, normal form.
//
//   gvariant_bytes("as", "['a', 'b']")    61 00 62 00 02 04
//
// Rules of the bytes: the GVariant specification (alignment, framing offsets); of the text: GLib's "GVariant Text Format".
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace resole::deb {

using TypedBytes = std::pair<std::string, std::string>;  // type string, bytes

// Error(input) for a type string or a text that is not understood, or where the text has another type. Byte strings (b'...') are not understood.
std::string gvariant_bytes(std::string_view type, std::string_view text);

// Containers of values that are bytes already.
std::string gvariant_string(std::string_view text);
std::string gvariant_tuple(const std::vector<TypedBytes>& members);
std::string gvariant_variant(const TypedBytes& value);
std::string gvariant_array(std::string_view element_type, const std::vector<std::string>& elements);
std::string gvariant_number(std::uint64_t value, unsigned bytes);

}  // namespace resole::deb
