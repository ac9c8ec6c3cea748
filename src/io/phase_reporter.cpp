// SPDX-License-Identifier: Apache-2.0
#include "io/phase_reporter.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/text.hpp"

namespace resole::io {

namespace {

constexpr std::size_t kMostName = 120, kMostLine = 4000;

}  // namespace

int PhaseReporter::begin(std::string_view phase, std::uint64_t total_bytes) {
  const std::lock_guard lock(mutex_);
  PhaseState state;
  state.id = ++last_id_;
  state.name = printable(phase, kMostName);
  state.total = total_bytes;
  state.begin = state.shown = now();
  const PhaseState& kept = phases_.emplace(state.id, std::move(state)).first->second;
  on_begin(kept);
  return kept.id;
}

void PhaseReporter::progress(int id, std::uint64_t bytes_done, std::string_view detail) {
  const std::lock_guard lock(mutex_);
  const auto found = phases_.find(id);
  if (found == phases_.end()) return;
  found->second.done = bytes_done;
  if (!detail.empty()) found->second.detail = printable(detail, kMostName);
  on_progress(found->second);
}

void PhaseReporter::end(int id) {
  const std::lock_guard lock(mutex_);
  const auto found = phases_.find(id);
  if (found == phases_.end()) return;
  const PhaseState phase = std::move(found->second);
  phases_.erase(found);
  on_end(phase, now() - phase.begin);
}

void PhaseReporter::note(std::string_view message) {
  if (verbosity_ < 0) return;
  const std::lock_guard lock(mutex_);
  on_message(Level::note, message);
}

void PhaseReporter::warn(std::string_view message) {
  const std::lock_guard lock(mutex_);
  on_message(Level::warning, message);
}

void PhaseReporter::debug(std::string_view message) {
  if (verbosity_ < 1) return;
  const std::lock_guard lock(mutex_);
  on_message(Level::debug, message);
}

void PhaseReporter::print(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string message_line(Level level, std::string_view message, bool color) {
  std::string text;
  for (const std::string_view part : lines(message)) {
    if (level == Level::warning && text.empty()) text += color ? "\x1b[33mwarning:\x1b[0m " : "warning: ";
    const bool dim = color && level == Level::debug;
    text += fmt::format("{}{}{}\n", dim ? "\x1b[2m" : "", printable(part, kMostLine), dim ? "\x1b[0m" : "");
  }
  return text;
}

std::string phase_time_line(const PhaseState& phase, double seconds) {
  return fmt::format("{}: {}{}\n", phase.name, human_duration(seconds), phase.done > 0 ? ", " + human_size(phase.done) : "");
}

}  // namespace resole::io
