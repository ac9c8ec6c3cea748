// SPDX-License-Identifier: Apache-2.0
// docs/commands.md lists every option of every verb: the part between its two marks is made from the table of options.
// RESOLE_TEST_WRITE_DOCS=1 writes it again.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "cli/option_table.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

const std::string kPage = std::string(RESOLE_SOURCE_DATA) + "/docs/commands.md";
constexpr std::string_view kBegin = "<!-- options: made from the program by RESOLE_TEST_WRITE_DOCS=1 test_cli -->\n", kEnd = "<!-- end of options -->\n";

std::string read_page() {
  std::ifstream in(kPage, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string in_cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string option_cell(const OptionRow& row) {
  std::string names(row.names);
  if (const std::size_t comma = names.find(','); comma != std::string::npos) names.replace(comma, 1, "`, `");
  std::string out = "`" + names;
  if (!row.value.empty()) out += " " + in_cell(row.value);
  return out + "`" + (row.takes == Takes::many || row.takes == Takes::count ? " …" : "");
}

std::string verbs_cell(const OptionRow& row) {
  std::string out;
  std::size_t count = 0;
  for (const VerbRow& verb : verb_table()) {
    if (!row.verbs.has(verb.verb)) continue;
    out += (out.empty() ? "" : ", ") + std::string(verb.name);
    ++count;
  }
  return count == verb_table().size() ? "all" : out;
}

std::string reference() {
  std::string text;
  for (const std::string_view group : {"", "Repositories", "Registries", "Common"}) {
    text += fmt::format("\n| {} | of | meaning | otherwise |\n|---|---|---|---|\n", group.empty() ? "option" : group);
    for (const OptionRow& row : option_table()) {
      if (row.group != group) continue;
      text += fmt::format("| {} | {} | {} | {} |\n", option_cell(row), verbs_cell(row), in_cell(row.help), in_cell(row.standard));
    }
  }
  return text + "\n";
}

TEST(Documentation, ListsEveryOptionAsTheProgramHasIt) {
  std::string page = read_page();
  const std::size_t begin = page.find(kBegin), end = page.find(kEnd);
  ASSERT_TRUE(begin != std::string::npos && end != std::string::npos && begin < end) << "docs/commands.md has lost the marks of its options";
  const std::size_t from = begin + kBegin.size();
  if (std::getenv("RESOLE_TEST_WRITE_DOCS") != nullptr) {
    page.replace(from, end - from, reference());
    std::ofstream(kPage, std::ios::binary) << page;
    return;
  }
  EXPECT_EQ(page.substr(from, end - from), reference());
}

TEST(OptionTable, NamesAreUniquePerVerb) {
  for (const VerbRow& verb : verb_table()) {
    std::set<std::string_view> names;
    for (const OptionRow* row : options_of(verb.verb)) EXPECT_TRUE(names.insert(row->name()).second) << verb.name << " " << row->name();
  }
}

}  // namespace
}  // namespace resole::cli
