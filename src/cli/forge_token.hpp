// SPDX-License-Identifier: Apache-2.0
// Tokens come from a file or the environment, never from an argument.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "forge/forges.hpp"

namespace resole::cli {

using FindVariable = std::function<std::optional<std::string>(const std::string& name)>;
FindVariable process_variables();

// --token-file, RESOLE_FORGE_TOKEN, or what the forge's own pipelines set (GITHUB_TOKEN ...), the latter only for the server that it is for. "" when there is none.
// Error(input) for a token that could not stand in a header.
std::string find_token(const std::string& file, const forge::ForgeKind* kind, const forge::Remote& remote, const FindVariable& variable);

}  // namespace resole::cli
