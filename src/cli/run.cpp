// SPDX-License-Identifier: Apache-2.0
#include "cli/run.hpp"

#include <csignal>
#include <iostream>
#include <unistd.h>

#include "base/error.hpp"
#include "base/json.hpp"
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

}  // namespace

int run(int argc, const char* const* argv) {
  std::signal(SIGINT, leave_interrupted);
  std::signal(SIGTERM, leave_interrupted);
  std::signal(SIGPIPE, SIG_IGN);
  std::string log_format = "text";
  try {
    const Parsed parsed = parse_options(argc, argv);
    if (!parsed.options) return parsed.exit_code;
    const Options& options = *parsed.options;
    log_format = options.common.log_format;
    Workplace workplace(options);
    for (const VerbFunction& function : kFunctions) {
      if (function.verb == options.verb) return function.run(options, workplace);
    }
    throw Error(ErrorKind::internal, "no such verb");
  } catch (const Error& error) {
    return show(error, log_format);
  } catch (const std::bad_alloc&) {
    return show(Error(ErrorKind::input, "out of memory", "give the machine more memory, or fewer --jobs"), log_format);
  } catch (const std::exception& error) {
    return show(Error(ErrorKind::internal, error.what(), "this is a bug in resole; please report it with the command that was run"), log_format);
  }
}

}  // namespace resole::cli
