// SPDX-License-Identifier: Apache-2.0
// A Reporter that gives each warning once: every platform of an index meets the same repositories.
#pragma once
#include <memory>

#include "base/effects.hpp"

namespace resole::cli {

std::unique_ptr<Reporter> warn_once(std::unique_ptr<Reporter> reporter);

}  // namespace resole::cli
