// SPDX-License-Identifier: Apache-2.0
#include "fuzz/rootfs_targets.hpp"

RESOLE_FUZZ_TARGET(layer)
