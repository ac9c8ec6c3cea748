// SPDX-License-Identifier: Apache-2.0
#include "fuzz/targets.hpp"

RESOLE_FUZZ_TARGET(xml)
