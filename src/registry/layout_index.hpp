// SPDX-License-Identifier: Apache-2.0
// The names in an index.json (image-layout.md, annotations.md), as pure functions over its bytes; layouts and archives share them.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/store.hpp"

namespace resole::registry {

// What the name means; "" means the only image there. The descriptor comes without the annotations that are names.
// nullopt when nothing has the name (or nothing is there); Error(input) listing the names when it means several images.
std::optional<oci::Descriptor> find_name(std::string_view index, const std::string& tag, std::string_view what);
std::optional<oci::Descriptor> find_digest(std::string_view index, const Digest& digest, std::string_view what);
std::vector<std::string> names_in(std::string_view index, std::string_view what);  // sorted
std::vector<oci::Descriptor> roots_in(std::string_view index, std::string_view what);

// The index.json in which publication.tag means publication.root; every other entry and unknown field kept. `index` is "" when there is
// none yet. The same bytes when the name means it already. Error(refused) when the name is taken (without force) or is no longer what was
// expected.
std::string with_published(std::string_view index, const oci::Publication& publication, std::string_view what);

}  // namespace resole::registry
