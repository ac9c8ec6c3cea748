// SPDX-License-Identifier: Apache-2.0
// A platform's plan as groups of rows, by the scope in which findings end: fixed here, held here, by a rebase, by rebuilding the application, not yet. The
// table and the Markdown form show the same.
#pragma once
#include <string>
#include <vector>

#include "document/plan.hpp"
#include "io/terminal.hpp"

namespace resole::cli {

struct Group {
  std::string title;
  std::vector<std::string> header;
  std::vector<std::vector<io::Table::Cell>> rows;
};

std::vector<Group> groups_of(const document::PlatformPlan& platform);  // without empty ones

// "linux/amd64  Debian GNU/Linux 12 (bookworm)" and "12 packages change, 1 held".
std::string platform_title(const document::PlatformPlan& platform);
std::string platform_summary(const document::PlatformPlan& platform);
// Notes and repositories that could not be read, one line each.
std::vector<std::string> platform_remarks(const document::PlatformPlan& platform);

}  // namespace resole::cli
