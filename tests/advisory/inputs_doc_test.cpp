// SPDX-License-Identifier: Apache-2.0
// docs/inputs.md ends with the table of formats and of the fields that are read: the very list by which they are read.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "advisory/formats.hpp"

namespace resole::advisory {
namespace RESOLE_TEST_FILE {

constexpr std::string_view kMark = "<!-- formats: from here on written by test_advisory (RESOLE_TEST_WRITE_DOCS=1) -->\n";

std::string written() {
  std::ostringstream out;
  out << kMark << "\n## Formats and the fields that are read\n\nJSON pointers; `*` is any element or member. What is not named here is not read.\n";
  for (const Format& format : formats()) {
    out << "\n### " << format.title << "\n\nAs `" << format.name << "`:\n\n";
    for (const std::string& field : format.fields) out << "- `" << field << "`\n";
  }
  for (const XmlFormat& format : xml_formats()) {
    out << "\n### " << format.title << "\n\nAs `" << format.name << "`, with the root `<" << format.root << ">`:\n\n";
    for (const std::string& element : format.elements) out << "- `" << element << "`\n";
  }
  return out.str();
}

TEST(InputsDoc, the_table_of_formats_is_the_one_of_the_code) {
  const std::string path = RESOLE_SOURCE_DATA "/docs/inputs.md";
  std::ifstream in(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::size_t mark = text.find(kMark);
  ASSERT_NE(mark, std::string::npos);
  if (std::getenv("RESOLE_TEST_WRITE_DOCS") != nullptr) {
    std::ofstream(path, std::ios::binary) << text.substr(0, mark) + written();
    return;
  }
  EXPECT_EQ(text.substr(mark), written()) << "RESOLE_TEST_WRITE_DOCS=1 build/dev/test_advisory writes it";
}

// Fields of one format do not depend on another's.
TEST(InputsDoc, formats_have_their_own_fields) {
  for (const Format& format : formats()) {
    EXPECT_FALSE(format.fields.empty()) << format.title;
    for (const std::string& field : format.fields) EXPECT_TRUE(field.starts_with('/')) << format.title << " " << field;
  }
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory
