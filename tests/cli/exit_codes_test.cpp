// SPDX-License-Identifier: Apache-2.0
// docs/commands.md repeats the table of the code; they may not drift apart.
#include "cli/exit_codes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include <fstream>
#include <sstream>

#include "base/error.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

TEST(ExitCodes, DocumentationHasTheSameTable) {
  std::ifstream in(std::string(RESOLE_SOURCE_DATA) + "/docs/commands.md");
  std::stringstream text;
  text << in.rdbuf();
  std::size_t rows = 0;
  for (const auto& row : exit_code_table()) {
    EXPECT_NE(text.str().find(fmt::format("| {} | {} |\n", row.code, row.meaning)), std::string::npos) << row.code;
    ++rows;
  }
  EXPECT_EQ(rows, 12u);
}

TEST(ExitCodes, EveryKindOfErrorHasItsOwnRow) {
  for (int kind = 0; kind <= static_cast<int>(ErrorKind::interrupted); ++kind) {
    const int code = exit_code(static_cast<ErrorKind>(kind));
    const auto& table = exit_code_table();
    EXPECT_EQ(std::count_if(table.begin(), table.end(), [&](const auto& row) { return row.code == code; }), 1) << code;
  }
}

}  // namespace
}  // namespace resole::cli
