// SPDX-License-Identifier: Apache-2.0
// One phase as one line of a terminal. Pure.
#pragma once
#include <cstdint>
#include <string>

#include "io/phase_reporter.hpp"

namespace resole::io {

// "reading layers  [######......]  12.1 MB of 24.0 MB  34.1 MB/s  sha256:..." at most `columns` wide; without a total a spinner that turns
// with `tick`.
std::string progress_line(const PhaseState& phase, double seconds, unsigned tick, std::size_t columns);

}  // namespace resole::io
