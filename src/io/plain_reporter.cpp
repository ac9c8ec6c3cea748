// SPDX-License-Identifier: Apache-2.0
// Lines for logs: a phase when it begins, its time when it ends under -v.
#include <fmt/format.h>

#include "base/text.hpp"
#include "io/phase_reporter.hpp"

namespace resole::io {

namespace {

class PlainReporter : public PhaseReporter {
 public:
  PlainReporter(int verbosity, bool phases, bool color, const Clock& clock, int descriptor)
      : PhaseReporter(verbosity, clock, descriptor), phases_(phases), color_(color) {}

 private:
  void on_begin(const PhaseState& phase) override {
    if (!phases_ || verbosity() < 0) return;
    print(phase.total > 0 ? fmt::format("{} ({})\n", phase.name, human_size(phase.total)) : phase.name + "\n");
  }
  void on_progress(PhaseState&) override {}
  void on_end(const PhaseState& phase, double seconds) override {
    if (verbosity() > 0) print(phase_time_line(phase, seconds));
  }
  void on_message(Level level, std::string_view message) override { print(message_line(level, message, color_)); }

  bool phases_, color_;
};

}  // namespace

std::unique_ptr<Reporter> plain_reporter(int verbosity, bool phases, bool color, const Clock& clock, int descriptor) {
  return std::make_unique<PlainReporter>(verbosity, phases, color, clock, descriptor);
}

}  // namespace resole::io
