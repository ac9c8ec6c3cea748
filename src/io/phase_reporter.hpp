// SPDX-License-Identifier: Apache-2.0
// What the reporters have in common: which phases are active, how loud to be, and one lock around it all.
#pragma once
#include <map>
#include <mutex>
#include <string>
#include <string_view>

#include "base/effects.hpp"
#include "io/terminal.hpp"

namespace resole::io {

struct PhaseState {
  int id = 0;
  std::string name, detail;  // printable
  std::uint64_t total = 0, done = 0;
  double begin = 0, shown = 0;  // monotonic seconds
};

enum class Level { note, warning, debug };

class PhaseReporter : public Reporter {
 public:
  PhaseReporter(int verbosity, const Clock& clock, int descriptor) : clock_(clock), verbosity_(verbosity), descriptor_(descriptor) {}

  int begin(std::string_view phase, std::uint64_t total_bytes) final;
  void progress(int id, std::uint64_t bytes_done, std::string_view detail) final;
  void end(int id) final;
  void note(std::string_view message) final;
  void warn(std::string_view message) final;
  void debug(std::string_view message) final;

 protected:
  // Called with the lock held.
  virtual void on_begin(const PhaseState& phase) = 0;
  virtual void on_progress(PhaseState& phase) = 0;
  virtual void on_end(const PhaseState& phase, double seconds) = 0;
  virtual void on_message(Level level, std::string_view message) = 0;

  void print(std::string_view text) const;  // everything in one write; errors are ignored, there is nobody to tell
  int verbosity() const { return verbosity_; }
  int descriptor() const { return descriptor_; }
  double now() const { return clock_.monotonic(); }
  const std::map<int, PhaseState>& phases() const { return phases_; }
  std::mutex& mutex() { return mutex_; }

 private:
  const Clock& clock_;
  int verbosity_, descriptor_;
  std::mutex mutex_;
  std::map<int, PhaseState> phases_;
  int last_id_ = 0;
};

std::string message_line(Level level, std::string_view message, bool color);  // may hold several lines; ends in a newline
std::string phase_time_line(const PhaseState& phase, double seconds);         // "reading layers: 0.42 s, 80.0 MB"

std::unique_ptr<Reporter> plain_reporter(int verbosity, bool phases, bool color, const Clock& clock, int descriptor);
std::unique_ptr<Reporter> json_reporter(int verbosity, bool progress, bool phases, const Clock& clock, int descriptor);
std::unique_ptr<Reporter> bar_reporter(int verbosity, bool color, const Clock& clock, int descriptor);

}  // namespace resole::io
