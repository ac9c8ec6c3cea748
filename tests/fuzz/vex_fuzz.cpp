// SPDX-License-Identifier: Apache-2.0
#include "fuzz/vex_targets.hpp"

RESOLE_FUZZ_TARGET(vex)
