// SPDX-License-Identifier: Apache-2.0
// docs/feeds.md says of each format which fields are read; RESOLE_TEST_WRITE_DOCS=1 writes that part.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "advisory/feed/read.hpp"

namespace resole::advisory::feed {
namespace RESOLE_TEST_FILE {

constexpr std::string_view kBegin = "<!-- formats -->\n", kEnd = "<!-- end -->\n";

TEST(FeedDocumentation, FormatsAreThoseOfTheCode) {
  std::string table = "| name | format | fields that are read |\n|---|---|---|\n";
  for (const FeedFormat& format : feed_formats()) table += "| `" + std::string(format.name) + "` | " + std::string(format.title) + " | `" + std::string(format.fields) + "` |\n";
  const std::string path = RESOLE_SOURCE_DATA "/docs/feeds.md";
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  const std::size_t begin = text.find(kBegin), end = text.find(kEnd);
  ASSERT_NE(begin, std::string::npos);
  ASSERT_NE(end, std::string::npos);
  const std::string wanted = text.substr(0, begin + kBegin.size()) + table + text.substr(end);
  if (std::getenv("RESOLE_TEST_WRITE_DOCS") != nullptr) std::ofstream(path, std::ios::binary) << wanted;
  else EXPECT_EQ(text, wanted);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory::feed
