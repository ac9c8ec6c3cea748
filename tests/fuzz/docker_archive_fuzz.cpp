// SPDX-License-Identifier: Apache-2.0
#include "fuzz/docker_targets.hpp"

RESOLE_FUZZ_TARGET(docker_archive)
