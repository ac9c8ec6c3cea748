// SPDX-License-Identifier: Apache-2.0
#include "fuzz/oci_targets.hpp"

RESOLE_FUZZ_TARGET(reference)
