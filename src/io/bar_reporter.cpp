// SPDX-License-Identifier: Apache-2.0
// Bars on a terminal: the active phases, one line each, below everything that was printed. A thread redraws them ten times a second, so
// that progress() costs the workers nothing and a phase that is over in a blink is never drawn. Messages go above: erase, print, draw
// again.
//
// The cursor rests at the end of the last line, without a newline; "up" and "erase to the end of the screen" take the block away. Lines are
// cut one column short of the width, because some terminals wrap when the last column is filled.
#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <condition_variable>
#include <thread>

#include "io/phase_reporter.hpp"
#include "io/progress_line.hpp"

namespace resole::io {

namespace {

constexpr auto kRedraw = std::chrono::milliseconds(100);
constexpr std::size_t kMostLines = 6;

class BarReporter : public PhaseReporter {
 public:
  BarReporter(int verbosity, bool color, const Clock& clock, int descriptor)
      : PhaseReporter(verbosity, clock, descriptor), color_(color), ticker_([this](const std::stop_token& stop) { tick(stop); }) {}

  ~BarReporter() override {
    ticker_.request_stop();
    ticker_.join();
    print(erased());
  }

 private:
  void on_begin(const PhaseState&) override { began_.notify_all(); }
  void on_progress(PhaseState&) override {}

  void on_end(const PhaseState& phase, double seconds) override {
    if (verbosity() > 0) {
      print_above(phase_time_line(phase, seconds));
    } else if (phases().empty()) {
      print(erased());
    }
  }

  void on_message(Level level, std::string_view message) override { print_above(message_line(level, message, color_)); }

  void print_above(const std::string& text) {
    const bool had_bars = lines_ > 0;
    std::string output = erased();
    output += text;
    if (had_bars) output += drawn();
    print(output);
  }

  void tick(const std::stop_token& stop) {
    std::unique_lock lock(mutex());
    while (began_.wait(lock, stop, [this] { return !phases().empty(); })) {
      if (began_.wait_for(lock, stop, kRedraw, [] { return false; }); stop.stop_requested()) return;
      ++ticks_;
      std::string output = erased();
      output += drawn();
      print(output);
    }
  }

  std::string erased() {
    if (lines_ == 0) return {};
    const std::string up = lines_ > 1 ? fmt::format("\x1b[{}A", lines_ - 1) : "";
    lines_ = 0;
    return "\r" + up + "\x1b[J";
  }

  std::string drawn() {
    winsize size{};
    ioctl(descriptor(), TIOCGWINSZ, &size);
    const std::size_t columns = (size.ws_col > 1 ? size.ws_col : 80u) - 1u;
    const std::size_t most = size.ws_row > 1 ? std::min<std::size_t>(kMostLines, size.ws_row - 1u) : kMostLines;
    std::string text;
    for (const auto& [id, phase] : phases()) {
      if (lines_ == most) break;
      if (lines_++ > 0) text += "\r\n";
      text += progress_line(phase, now() - phase.begin, ticks_, columns);
    }
    return text;
  }

  bool color_;
  std::size_t lines_ = 0;  // on the screen now
  unsigned ticks_ = 0;
  std::condition_variable_any began_;
  std::jthread ticker_;
};

}  // namespace

std::unique_ptr<Reporter> bar_reporter(int verbosity, bool color, const Clock& clock, int descriptor) {
  return std::make_unique<BarReporter>(verbosity, color, clock, descriptor);
}

}  // namespace resole::io
