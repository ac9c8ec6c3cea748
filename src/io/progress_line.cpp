// SPDX-License-Identifier: Apache-2.0
#include "io/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "io/display_width.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kBar = 24, kLeastColumnsForBar = 60;
constexpr double kTrustworthyRate = 0.3;  // seconds; before, the rate jumps

std::string bar(const PhaseState& phase) {
  const double part = std::min(1.0, static_cast<double>(phase.done) / static_cast<double>(phase.total));
  const auto full = static_cast<std::size_t>(part * kBar);
  return "[" + std::string(full, '#') + std::string(kBar - full, '.') + "]";
}

}  // namespace

std::string progress_line(const PhaseState& phase, double seconds, unsigned tick, std::size_t columns) {
  std::string line = phase.name;
  if (phase.total == 0) line = fmt::format("{} {}", "|/-\\"[tick % 4], line);
  if (phase.total > 0 && columns >= kLeastColumnsForBar) line += "  " + bar(phase);
  if (phase.total > 0) {
    line += fmt::format("  {} of {}", human_size(phase.done), human_size(phase.total));
  } else if (phase.done > 0) {
    line += "  " + human_size(phase.done);
  }
  if (phase.done > 0 && seconds > kTrustworthyRate)
    line += fmt::format("  {}/s", human_size(static_cast<std::uint64_t>(static_cast<double>(phase.done) / seconds)));
  if (!phase.detail.empty()) line += "  " + phase.detail;
  return cut_to_width(line, columns);
}

}  // namespace resole::io
