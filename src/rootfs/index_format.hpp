// SPDX-License-Identifier: Apache-2.0
// The inner form of a stored layer index, apart from its envelope (serialise and parse_layer_index in layer_index.hpp).
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "rootfs/layer_index.hpp"

namespace resole::rootfs {

std::string encode_index(const LayerIndex& index);               // same index, same bytes
std::optional<LayerIndex> decode_index(std::string_view bytes);  // nullopt when the bytes are not a whole index

}  // namespace resole::rootfs
