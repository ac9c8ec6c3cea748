// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>

#include "plan/case_file.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

std::vector<std::string> case_files() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(RESOLE_SOURCE_DATA "/tests/plan/cases")) {
    if (entry.path().extension() == ".case") files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

class Cases : public testing::TestWithParam<std::string> {};

TEST_P(Cases, are_planned_as_written) {
  const Case wanted = read_case(GetParam());
  EXPECT_EQ(answer_to(wanted.problem), wanted.answer);
}

TEST_P(Cases, do_not_depend_on_the_order_of_inputs) {
  const Case wanted = read_case(GetParam());
  for (const unsigned seed : {1u, 2u, 3u}) EXPECT_EQ(answer_to(wanted.problem, seed), wanted.answer) << "shuffled by " << seed;
}

INSTANTIATE_TEST_SUITE_P(Plan, Cases, testing::ValuesIn(case_files()), [](const auto& file) {
  std::string name = std::filesystem::path(file.param).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  return name;
});

}  // namespace
}  // namespace resole::plan
