// SPDX-License-Identifier: Apache-2.0
#include "fuzz/deb_targets.hpp"

RESOLE_FUZZ_TARGET(slices)
