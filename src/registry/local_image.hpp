// SPDX-License-Identifier: Apache-2.0
// What the local places have in common beside the names in index.json.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/reference.hpp"
#include "oci/store.hpp"

namespace resole::registry {

inline constexpr std::string_view kLayoutFile = R"({"imageLayoutVersion":"1.0.0"})";
void require_layout_version(std::string_view bytes, std::string_view what);

std::string read_manifest(oci::Store& store, const oci::Descriptor& descriptor);  // bounded, proven
std::string type_of_manifest(std::string_view bytes, std::string_view what);      // by its own mediaType, else by its members; Error(input)
void require_root(oci::Store& store, const oci::Descriptor& root);                // Error(internal): published before it was put
// Error(refused) unless the name may be written: it means what publish() was told, or nothing, or `force` is given.
void require_expected(const std::optional<oci::Descriptor>& current, const oci::Publication& publication, std::string_view what);
[[noreturn]] void throw_no_such_image(const oci::Location& location, const std::vector<std::string>& names);

}  // namespace resole::registry
