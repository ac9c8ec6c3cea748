// SPDX-License-Identifier: Apache-2.0
// Child processes without a shell: argument vector, clean environment, bounded output and time.
#pragma once
#include <string>
#include <vector>

namespace resole::io {

struct ProcessResult {
  int exit_code = 0;     // 128 + signal when killed
  std::string out, err;  // bounded by `output_limit`
  bool timed_out = false;
};

struct ProcessRequest {
  std::vector<std::string> arguments;    // [0] is the program, looked up in PATH
  std::vector<std::string> environment;  // NAME=value; empty = only PATH and LC_ALL=C
  std::string directory, input;
  double timeout = 60;
  std::size_t output_limit = 16u << 20;
};
ProcessResult run_process(const ProcessRequest& request);  // Error(input) when the program does not exist

}  // namespace resole::io
