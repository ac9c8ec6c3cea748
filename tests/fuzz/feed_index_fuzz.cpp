// SPDX-License-Identifier: Apache-2.0
#include "fuzz/feed_targets.hpp"

RESOLE_FUZZ_TARGET(feed_index)
