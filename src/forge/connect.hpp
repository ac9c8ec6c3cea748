// SPDX-License-Identifier: Apache-2.0
// A forge over the network.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "base/effects.hpp"
#include "base/url.hpp"
#include "forge/forges.hpp"

namespace resole::forge {

struct ForgeSettings {
  const ForgeKind* kind = nullptr;
  Url api = Url::parse("http://localhost/");
  std::string project, token;
  std::string authorities;                    // PEM text, besides the system's
  unsigned tries = 4;
  std::function<void(double seconds)> sleep;  // empty = really sleeps
};

// Keeps its connections as long as it lives.
std::unique_ptr<Forge> connect_forge(const ForgeSettings& settings, const Clock& clock, Reporter& reporter);

}  // namespace resole::forge
