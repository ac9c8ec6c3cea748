// SPDX-License-Identifier: Apache-2.0
#include "fuzz/apk_targets.hpp"

RESOLE_FUZZ_TARGET(apk_index)
