// SPDX-License-Identifier: Apache-2.0
#include "cli/run.hpp"

#include <poll.h>
#include <unistd.h>

#include <csignal>
#include <iostream>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "cli/outputs.hpp"
#include "cli/verbs.hpp"
#include "io/fetcher.hpp"

namespace resole::cli {

namespace {

using Run = int (*)(const Options&, Workplace&);

struct VerbFunction { Verb verb; Run run; };
constexpr VerbFunction kFunctions[] = {
    {Verb::inspect, inspect}, {Verb::plan, plan},     {Verb::fetch, fetch},
    {Verb::build, build},     {Verb::patch, patch},   {Verb::verify, verify},
    {Verb::rollout_edit, rollout_edit},
    {Verb::rollout_status, rollout_status}, {Verb::rollout_revert, rollout_revert},
    {Verb::propose, propose},
    {Verb::feed_update, feed_update}, {Verb::feed_import, feed_import}, {Verb::feed_status, feed_status},
};

// Outputs appear by rename only, so leaving at once leaves every destination as it was; what lies in the cache's tmp/ is swept by a later run.
void leave_interrupted(int) { _exit(130); }

void show_text(const Error& error) {
  std::cerr << "resole: " << error.what() << '\n';
  if (!error.hint().empty()) std::cerr << "hint: " << error.hint() << '\n';
}

void show_json(const Error& error) {
  const Json line = {{"event", "error"}, {"kind", kind_name(error.kind())}, {"message", error.message()}, {"context", error.context()}, {"hint", error.hint()}};
  std::cerr << dump_compact(line) << '\n';
}

int show(const Error& error, const std::string& log_format) {
  if (log_format == "json") {
    show_json(error);
  } else {
    show_text(error);
  }
  return exit_code(error.kind());
}

Environment environment() {
  Environment out;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    if (equals == std::string_view::npos || !(name.starts_with("RESOLE_") || name == "XDG_CONFIG_HOME" || name == "HOME")) continue;
    out.emplace(name, text.substr(equals + 1));
  }
  return out;
}

int run_verb(const Options& options) {
  check_outputs(options);
  Workplace workplace(options);
  for (const VerbFunction& function : kFunctions) {
    if (function.verb == options.verb) return function.run(options, workplace);
  }
  throw Error(ErrorKind::internal, "no such verb");
}

// Data that did not arrive must not pass for done; a reader that had enough (`| head`) is no error.
void finish_standard_output() {
  if (std::cout.flush()) return;
  pollfd out{STDOUT_FILENO, 0, 0};
  if (poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0) return;
  throw Error(ErrorKind::input, "standard output cannot be written", "is the disk full?");
}

}  // namespace

int run(int argc, const char* const* argv) {
  std::signal(SIGINT, leave_interrupted);
  std::signal(SIGTERM, leave_interrupted);
  std::signal(SIGPIPE, SIG_IGN);
  std::string log_format = "text";
  try {
    const Parsed parsed = parse_options({argv + std::min(argc, 1), argv + argc}, environment(), log_format);
    std::cout << parsed.text;
    const int code = parsed.options ? run_verb(*parsed.options) : kExitDone;
    finish_standard_output();
    return code;
  } catch (const Error& error) {
    return show(error, log_format);
  } catch (const std::filesystem::filesystem_error& error) {
    return show(Error(ErrorKind::input, fmt::format("{}: {}", printable(error.path1().string()), error.code().message())), log_format);
  } catch (const std::bad_alloc&) {
    return show(Error(ErrorKind::input, "out of memory", "give the machine more memory, or fewer --jobs"), log_format);
  } catch (const std::exception& error) {
    return show(Error(ErrorKind::internal, error.what(), "this is a bug in resole; please report it with the command that was run"), log_format);
  }
}

}  // namespace resole::cli
