// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "base/json.hpp"
#include "base/text.hpp"
#include "io/fetching.hpp"
#include "io/progress_line.hpp"
#include "io/terminal.hpp"

namespace resole::test {
namespace RESOLE_TEST_FILE {

using namespace io;

// Runs `talk` with a reporter on one end of a pipe and returns what came out of the other.
template <class Talk>
std::string said(TalkOptions options, FixedClock& clock, Talk&& talk) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  talk(*terminal_reporter(options, clock, ends[1]));
  close(ends[1]);
  std::string text;
  char buffer[4096];
  while (const ssize_t count = read(ends[0], buffer, sizeof buffer))
    text.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
  close(ends[0]);
  return text;
}

void example(Reporter& reporter, FixedClock& clock) {
  reporter.note("starting\nwith two lines");
  {
    Phase phase(reporter, "reading layers", 24'000'000);
    clock.ticks += 1;
    phase.progress(12'000'000, "sha256:abc");
    clock.ticks += 0.1;
    phase.progress(13'000'000);
    clock.ticks += 0.9;
    phase.progress(24'000'000);
  }
  Phase(reporter, "planning");
  reporter.warn("a mirror is \x1b[31mslow");
  reporter.debug("cache hit");
}

TEST(PlainReporter, OneLinePerPhase) {
  FixedClock clock;
  EXPECT_EQ(said({}, clock, [&](Reporter& reporter) { example(reporter, clock); }),
            "starting\nwith two lines\n"
            "reading layers (24.0 MB)\n"
            "planning\n"
            "warning: a mirror is \\x1b[31mslow\n");
}

TEST(PlainReporter, VerboseShowsTimes) {
  FixedClock clock;
  EXPECT_EQ(said({.progress = ProgressStyle::plain, .verbosity = 1}, clock, [&](Reporter& reporter) { example(reporter, clock); }),
            "starting\nwith two lines\n"
            "reading layers (24.0 MB)\n"
            "reading layers: 2.00 s, 24.0 MB\n"
            "planning\n"
            "planning: 0.00 s\n"
            "warning: a mirror is \\x1b[31mslow\n"
            "cache hit\n");
}

TEST(PlainReporter, QuietKeepsWarnings) {
  FixedClock clock;
  EXPECT_EQ(said({.verbosity = -1}, clock, [&](Reporter& reporter) { example(reporter, clock); }), "warning: a mirror is \\x1b[31mslow\n");
}

TEST(PlainReporter, NoneShowsNoPhases) {
  FixedClock clock;
  EXPECT_EQ(said({.progress = ProgressStyle::none}, clock, [&](Reporter& reporter) { example(reporter, clock); }),
            "starting\nwith two lines\nwarning: a mirror is \\x1b[31mslow\n");
}

TEST(PlainReporter, ColorWhenAskedFor) {
  FixedClock clock;
  EXPECT_EQ(said({.color = 1}, clock, [](Reporter& reporter) { reporter.warn("w"); }), "\x1b[33mwarning:\x1b[0m w\n");
}

TEST(JsonReporter, OneObjectPerLine) {
  FixedClock clock;
  EXPECT_EQ(said({.progress = ProgressStyle::json, .verbosity = 1}, clock, [&](Reporter& reporter) { example(reporter, clock); }),
            R"({"event":"note","message":"starting\nwith two lines"}
{"event":"phase-begin","id":1,"phase":"reading layers","totalBytes":24000000}
{"bytes":12000000,"detail":"sha256:abc","event":"progress","id":1,"phase":"reading layers","totalBytes":24000000}
{"bytes":24000000,"detail":"sha256:abc","event":"progress","id":1,"phase":"reading layers","totalBytes":24000000}
{"bytes":24000000,"event":"phase-end","id":1,"phase":"reading layers","seconds":2.0}
{"event":"phase-begin","id":2,"phase":"planning"}
{"bytes":0,"event":"phase-end","id":2,"phase":"planning","seconds":0.0}
{"event":"warning","message":"a mirror is \u001b[31mslow"}
{"event":"debug","message":"cache hit"}
)");
}

TEST(JsonReporter, LogFormatJsonMakesEveryLineJson) {
  FixedClock clock;
  const std::string text = said({.log = LogFormat::json}, clock, [&](Reporter& reporter) {
    example(reporter, clock);
    reporter.note("not UTF-8: \xff");
  });
  for (const std::string_view line : lines(text)) {
    const Json event = parse_json(line, "event");
    EXPECT_NE(event.at("event"), "progress");
  }
  EXPECT_EQ(lines(text).size(), 7u);
}

TEST(JsonReporter, ThreadsDoNotMixLines) {
  FixedClock clock;
  const std::string text = said({.progress = ProgressStyle::json}, clock, [&](Reporter& reporter) {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 50; ++i) {
          Phase phase(reporter, "phase", 10);
          phase.progress(5);
          reporter.note("note");
        }
      });
    }
  });
  EXPECT_EQ(lines(text).size(), 600u);
  for (const std::string_view line : lines(text)) EXPECT_NO_THROW(parse_json(line, "event")) << line;
}

TEST(ProgressLine, Golden) {
  PhaseState phase{.id = 1, .name = "reading layers", .detail = "sha256:abc", .total = 24'000'000, .done = 12'000'000};
  EXPECT_EQ(progress_line(phase, 2, 0, 100), "reading layers  [############............]  12.0 MB of 24.0 MB  6.0 MB/s  sha256:abc");
  EXPECT_EQ(progress_line(phase, 0.1, 0, 100), "reading layers  [############............]  12.0 MB of 24.0 MB  sha256:abc");
  EXPECT_EQ(progress_line(phase, 2, 0, 40), "reading layers  12.0 MB of 24.0 MB  6...");
  phase.done = 99'000'000;  // more than announced
  EXPECT_EQ(progress_line(phase, 0, 0, 100), "reading layers  [########################]  99.0 MB of 24.0 MB  sha256:abc");
  const PhaseState unknown{.id = 2, .name = "planning"};
  EXPECT_EQ(progress_line(unknown, 1, 0, 80), "| planning");
  EXPECT_EQ(progress_line(unknown, 1, 5, 80), "/ planning");
}

// A terminal: what a program writes to `slave` comes out of `master`.
class Terminal {
 public:
  Terminal() {
    winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(openpty(&master_, &slave, nullptr, nullptr, &size), 0);
    setenv("TERM", "xterm", 1);
  }
  ~Terminal() {
    hang_up();
    close(master_);
  }
  // Everything that was written; nothing can be written afterwards.
  std::string shown() {
    hang_up();
    std::string text;
    char buffer[4096];
    pollfd readable{master_, POLLIN, 0};
    while (poll(&readable, 1, 5000) > 0) {
      const ssize_t count = read(master_, buffer, sizeof buffer);  // EIO at the end
      if (count <= 0) break;
      text.append(buffer, static_cast<std::size_t>(count));
    }
    return text;
  }
  int slave = -1;

 private:
  void hang_up() {
    if (slave >= 0) close(slave);
    slave = -1;
  }
  int master_ = -1;
};

std::size_t count_of(std::string_view text, std::string_view part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(BarReporter, DrawsAtMostTenTimesASecondAndClears) {
  FixedClock clock;
  Terminal terminal;
  {
    const auto reporter = terminal_reporter({}, clock, terminal.slave);
    Phase outer(*reporter, "patching");
    Phase inner(*reporter, "downloading", 1'000'000);
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(450);
    for (std::uint64_t i = 0; std::chrono::steady_clock::now() < end; ++i) inner.progress(i % 1'000'000, "package");
    reporter->note("a line above the bars");
  }
  const std::string shown = terminal.shown();
  EXPECT_TRUE(contains(shown, "patching\r")) << shown;
  EXPECT_TRUE(contains(shown, "downloading  [")) << shown;
  EXPECT_TRUE(contains(shown, "\r\x1b[1A\x1b[Ja line above the bars\r\n")) << shown;
  const std::size_t drawn = count_of(shown, "downloading");
  EXPECT_GE(drawn, 1u);
  EXPECT_LE(drawn, 6u);
  EXPECT_TRUE(shown.ends_with("\x1b[J")) << shown;
}

TEST(BarReporter, QuickPhasesAreNotDrawnAndTimesArePrintedUnderV) {
  FixedClock clock;
  Terminal quiet, verbose;
  {
    const auto reporter = terminal_reporter({}, clock, quiet.slave);
    Phase(*reporter, "planning");
  }
  EXPECT_EQ(quiet.shown(), "");
  {
    const auto reporter = terminal_reporter({.verbosity = 1}, clock, verbose.slave);
    Phase(*reporter, "planning");
  }
  EXPECT_EQ(verbose.shown(), "planning: 0.00 s\r\n");
}

TEST(BarReporter, DumbTerminalsGetLines) {
  FixedClock clock;
  Terminal terminal;
  setenv("TERM", "dumb", 1);
  {
    const auto reporter = terminal_reporter({}, clock, terminal.slave);
    Phase(*reporter, "planning");
    reporter->warn("plain");
  }
  EXPECT_EQ(terminal.shown(), "planning\r\nwarning: plain\r\n");
}

TEST(Color, EnvironmentAndOption) {
  EXPECT_TRUE(stdout_wants_color(1));
  EXPECT_FALSE(stdout_wants_color(0));
  FixedClock clock;
  Terminal terminal;
  setenv("NO_COLOR", "1", 1);
  terminal_reporter({.progress = ProgressStyle::plain}, clock, terminal.slave)->warn("w");
  unsetenv("NO_COLOR");
  terminal_reporter({.progress = ProgressStyle::plain}, clock, terminal.slave)->warn("w");
  EXPECT_EQ(terminal.shown(), "warning: w\r\n\x1b[33mwarning:\x1b[0m w\r\n");
}

}  // namespace
}  // namespace resole::test
