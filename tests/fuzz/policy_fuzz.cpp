// SPDX-License-Identifier: Apache-2.0
#include "fuzz/policy_targets.hpp"

RESOLE_FUZZ_TARGET(policy)
