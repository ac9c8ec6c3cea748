// SPDX-License-Identifier: Apache-2.0
#include "fuzz/rollout_targets.hpp"

RESOLE_FUZZ_TARGET(manifest_file)
