// SPDX-License-Identifier: Apache-2.0
// A patched image is another image: the source's signature does not speak of it. Where clusters ask for signatures, one that is not signed would not start.
#pragma once
#include <string>

#include "cli/workplace.hpp"
#include "document/rollout.hpp"

namespace resole::cli {

// Error(refused) when the source of an image was signed and the patched one is not. `mode`: "check" asks the registries where the document does not say it,
// "recorded" believes the document alone, "ignore" looks at nothing.
void require_signatures(const std::string& mode, const document::Rollout& rollout, Workplace& workplace);

}  // namespace resole::cli
