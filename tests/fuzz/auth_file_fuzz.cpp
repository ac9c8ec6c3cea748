// SPDX-License-Identifier: Apache-2.0
#include "fuzz/registry_targets.hpp"

RESOLE_FUZZ_TARGET(auth_file)
