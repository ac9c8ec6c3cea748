// SPDX-License-Identifier: Apache-2.0
#include "fuzz/report_targets.hpp"

RESOLE_FUZZ_TARGET(report)
