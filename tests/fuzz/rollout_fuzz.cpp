// SPDX-License-Identifier: Apache-2.0
#include "fuzz/document_targets.hpp"

RESOLE_FUZZ_TARGET(rollout)
