// SPDX-License-Identifier: Apache-2.0
#include "io/terminal.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

#include "io/phase_reporter.hpp"

namespace resole::io {

namespace {

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool is_capable_terminal(int descriptor) { return isatty(descriptor) == 1 && variable("TERM") != "dumb"; }

// https://no-color.org: set and not empty, whatever the value.
bool wants_color(int color, int descriptor) {
  return color >= 0 ? color > 0 : is_capable_terminal(descriptor) && variable("NO_COLOR").empty();
}

}  // namespace

bool stdout_wants_color(int color) { return wants_color(color, STDOUT_FILENO); }

std::unique_ptr<Reporter> terminal_reporter(TalkOptions options, const Clock& clock, int descriptor) {
  const bool quiet = options.verbosity < 0;
  const bool phases = options.progress != ProgressStyle::none && !quiet;
  if (options.progress == ProgressStyle::json || options.log == LogFormat::json) {
    return json_reporter(options.verbosity, phases && options.progress == ProgressStyle::json, phases, clock, descriptor);
  }
  const bool color = wants_color(options.color, descriptor);
  if (phases && options.progress == ProgressStyle::automatic && is_capable_terminal(descriptor)) {
    return bar_reporter(options.verbosity, color, clock, descriptor);
  }
  return plain_reporter(options.verbosity, phases, color, clock, descriptor);
}

}  // namespace resole::io
