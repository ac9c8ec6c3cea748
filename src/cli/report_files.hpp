// SPDX-License-Identifier: Apache-2.0
// Reports from files and directories, compressed or not, streamed; and through a scanner plugin, a program that prints Copa's JSON.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "patch/planning.hpp"

namespace resole::cli {

// `tell`: what of a directory is no report, and why. Error(input) for a file that is none, and for a directory without any.
std::vector<patch::GivenReport> read_reports(const std::vector<std::string>& names, const std::string& scanner,
                                             const std::function<void(const std::string&)>& tell);

// Runs `copa-NAME FILE`, or the program itself when it is given with a '/'. What it prints is the report; what it says on standard error is told when it fails.
// Error(input) when it does not end in time, fails, or prints no report.
advisory::Report run_scanner_plugin(const std::string& scanner, const std::string& file, double seconds = 300);

}  // namespace resole::cli
