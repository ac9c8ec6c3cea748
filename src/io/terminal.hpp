// SPDX-License-Identifier: Apache-2.0
// The Reporter for people and machines, and tables for stdout.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/effects.hpp"

namespace resole::io {

enum class ProgressStyle { automatic, plain, json, none };
enum class LogFormat { text, json };

struct TalkOptions {
  ProgressStyle progress = ProgressStyle::automatic;  // automatic: bars on a terminal, plain lines otherwise
  LogFormat log = LogFormat::text;
  int verbosity = 0;  // -1 quiet, 0, 1 with -v (each phase with its time), 2
  int color = -1;     // -1 auto (terminal and no NO_COLOR), 0 never, 1 always
};

// Writes to standard error (or `descriptor`, for tests) only. Bars redraw at most 10 times a second and never wrap the line; plain style
// prints one line per phase; json prints one object per line {"event":"phase-begin|progress|phase-end|note|warning|debug", ...}. A stream
// is never half JSON: with either of ProgressStyle::json and LogFormat::json everything is an object (with LogFormat::json alone, phases
// without progress events).
std::unique_ptr<Reporter> terminal_reporter(TalkOptions options, const Clock& clock, int descriptor = 2);
bool stdout_wants_color(int color);  // for tables on standard output

enum class Tone { plain, good, warn, bad, dim, strong };

// Aligned columns, cells padded by display width, colour by tone (never the only carrier of meaning). Untrusted text passes printable()
// here.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  struct Cell {
    std::string text;
    Tone tone = Tone::plain;
  };
  void row(std::vector<Cell> cells);
  std::string render(bool color, std::size_t width = 100) const;  // where the row is wider than `width` the last column is cut, then the widest ones

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<Cell>> rows_;
};

}  // namespace resole::io
