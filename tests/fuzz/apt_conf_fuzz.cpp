// SPDX-License-Identifier: Apache-2.0
#include "fuzz/apt_targets.hpp"

RESOLE_FUZZ_TARGET(apt_conf)
