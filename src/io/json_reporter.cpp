// SPDX-License-Identifier: Apache-2.0
// One JSON object per line, for programs that watch.
#include <cmath>

#include "base/json.hpp"
#include "io/phase_reporter.hpp"

namespace resole::io {

namespace {

constexpr double kSecondsBetweenEvents = 0.5;
constexpr std::size_t kMostMessage = 16000;

std::string_view event_name(Level level) {
  switch (level) {
    case Level::warning:
      return "warning";
    case Level::debug:
      return "debug";
    case Level::note:
      break;
  }
  return "note";
}

class JsonReporter : public PhaseReporter {
 public:
  JsonReporter(int verbosity, bool progress, bool phases, const Clock& clock, int descriptor)
      : PhaseReporter(verbosity, clock, descriptor), progress_(progress), phases_(phases) {}

 private:
  void on_begin(const PhaseState& phase) override {
    if (!phases_) return;
    Json event = event_of("phase-begin", phase);
    if (phase.total > 0) event["totalBytes"] = phase.total;
    emit(event);
  }

  void on_progress(PhaseState& phase) override {
    if (!progress_ || now() - phase.shown < kSecondsBetweenEvents) return;
    phase.shown = now();
    Json event = event_of("progress", phase);
    event["bytes"] = phase.done;
    if (phase.total > 0) event["totalBytes"] = phase.total;
    if (!phase.detail.empty()) event["detail"] = phase.detail;
    emit(event);
  }

  void on_end(const PhaseState& phase, double seconds) override {
    if (!phases_) return;
    Json event = event_of("phase-end", phase);
    event["seconds"] = std::round(seconds * 1000) / 1000;
    event["bytes"] = phase.done;
    emit(event);
  }

  void on_message(Level level, std::string_view message) override {
    emit(Json{{"event", event_name(level)}, {"message", message.substr(0, kMostMessage)}});
  }

  static Json event_of(std::string_view name, const PhaseState& phase) {
    return Json{{"event", name}, {"id", phase.id}, {"phase", phase.name}};
  }
  void emit(const Json& event) const { print(dump_compact(event) + "\n"); }

  bool progress_, phases_;
};

}  // namespace

std::unique_ptr<Reporter> json_reporter(int verbosity, bool progress, bool phases, const Clock& clock, int descriptor) {
  return std::make_unique<JsonReporter>(verbosity, progress, phases, clock, descriptor);
}

}  // namespace resole::io
