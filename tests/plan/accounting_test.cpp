// SPDX-License-Identifier: Apache-2.0
// No finding of a report is lost on the way: what was read of it, and where it ends in a plan, is held against a count that another program made of the same files
// (tests/advisory/count_rows.py, whose table lies beside it).
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "advisory/shared_data.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "plan/next_steps.hpp"
#include "plan/report_world.hpp"

namespace resole::plan {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

using Pair = std::pair<std::string, std::string>;  // advisory, package

std::map<Pair, std::set<std::string>> ends_of(const document::PlatformPlan& plan) {
  std::map<Pair, std::set<std::string>> ends;
  for (const auto& each : plan.packages)
    for (const std::string& id : each.fixes) ends[{id, each.name}].insert("fixed");
  for (const auto& each : plan.held)
    for (const std::string& id : each.fixes) ends[{id, each.name}].insert("held");
  for (const auto& each : plan.unfixed) ends[{each.id, each.package}].insert("unfixed");
  for (const auto& each : plan.suppressed) ends[{each.id, each.package}].insert("suppressed");
  for (const auto& each : plan.already_fixed) ends[{each.id, each.package}].insert("already fixed");
  for (const auto& each : plan.not_in_image) ends[{each.id, each.package}].insert("not in image");
  return ends;
}

struct Row {
  std::string file, format;
  std::size_t findings = 0;
};

std::vector<Row> table() {
  std::ifstream file(RESOLE_SOURCE_DATA "/tests/advisory/report_rows.tsv");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  std::vector<Row> rows;
  for (const std::string_view line : lines(text)) {
    const auto words = split(line, '\t');
    if (words.size() == 3 && !line.starts_with('#')) rows.push_back({std::string(words[0]), std::string(words[1]), *parse_unsigned(words[2])});
  }
  return rows;
}

TEST(Accounting, EveryFindingOfEveryRealReportEndsInOnePlace) {
  const fs::path folder = test::shared_data("reports");
  if (folder.empty() || !fs::exists(folder)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::map<std::string, std::size_t> total;
  std::size_t reports = 0;
  for (const Row& row : table()) {
    if (!fs::exists(folder / row.file)) continue;
    SCOPED_TRACE(row.file);
    const advisory::Report report = advisory::read_report(test::read_plain_or_gzip(folder / row.file), row.file);
    ++reports;
    EXPECT_EQ(report.format, row.format);
    EXPECT_EQ(report.findings.size() + report.left_out.count, row.findings) << report.left_out.first;
    std::map<Pair, std::vector<const advisory::Finding*>> findings;
    for (const advisory::Finding& each : report.findings) findings[{each.id, each.package}].push_back(&each);
    const ReportWorld world({&report});
    const auto ends = ends_of(world.plan(report));
    std::size_t sum = 0, twice = 0;
    for (const auto& [pair, of_pair] : findings) {
      const auto found = ends.find(pair);
      ASSERT_NE(found, ends.end()) << pair.first << " of " << pair.second << " is lost";
      sum += found->second.size();
      twice += found->second.size() - 1;
      // Two ends only where the report says two things about it: another fix, or another file of the same name.
      EXPECT_LE(found->second.size(), of_pair.size()) << pair.first << " of " << pair.second << ": " << join({found->second.begin(), found->second.end()}, ", ");
      for (const std::string& end : found->second) ++total[end];
    }
    EXPECT_EQ(ends.size(), findings.size()) << "nothing in the plan that the report does not say";
    EXPECT_EQ(sum - twice, findings.size()) << "fixed + held + unfixed + suppressed + already fixed + not in image";
  }
  EXPECT_GT(reports, 20u);
  for (const char* end : {"fixed", "held", "unfixed", "suppressed", "already fixed", "not in image"}) EXPECT_GT(total[end], 0u) << end;
}

// Two scanners of one image lead to plans; what is in one and not in the other is explained, line by line, by both.
TEST(Accounting, TwoScannersOfOneImageLeadToPlansWhoseDifferencesAreExplained) {
  const fs::path folder = test::shared_data("reports"), name = "real-ubuntu-22.04-a.json.gz";
  if (folder.empty() || !fs::exists(folder / "trivy" / name) || !fs::exists(folder / "grype" / name)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  const advisory::Report trivy = advisory::read_report(test::read_plain_or_gzip(folder / "trivy" / name), "trivy.json");
  const advisory::Report grype = advisory::read_report(test::read_plain_or_gzip(folder / "grype" / name), "grype.json");
  const ReportWorld world({&trivy, &grype});
  const auto by_trivy = world.plan(trivy), by_grype = world.plan(grype);
  // Both move the same packages to the same versions, for the same advisories, and hold the same.
  const auto in_words = [](const document::PlatformPlan& plan) {
    std::vector<std::string> words;
    for (const auto& each : plan.packages) words.push_back(fmt::format("{} {} -> {} [{}]", each.name, each.from, each.to, join(each.fixes, " ")));
    for (const auto& each : plan.held) words.push_back(fmt::format("held {} {} {} [{}]", each.name, document::word(each.reason), each.detail, join(each.fixes, " ")));
    return words;
  };
  EXPECT_EQ(in_words(by_trivy), in_words(by_grype));
  EXPECT_GT(by_trivy.packages.size(), 20u);
  EXPECT_GT(by_trivy.held.size(), 5u);
  // The rest: what only one of them knows.
  const auto ours = ends_of(by_trivy), theirs = ends_of(by_grype);
  std::map<std::string, int> why;
  const auto says = [](const std::vector<std::string>& lines, std::string_view text) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) { return line.find(text) != std::string::npos; });
  };
  for (const auto& [pair, ends] : theirs) {
    if (ours.contains(pair) && ours.at(pair) == ends) continue;
    SCOPED_TRACE(pair.first + " " + pair.second + " " + join({ends.begin(), ends.end()}, ", "));
    const auto here = world.explain(by_grype, grype, pair.first), there = world.explain(by_trivy, trivy, pair.first);
    EXPECT_FALSE(says(there, " in " + pair.second + " ")) << "Trivy does not name it for this package:\n" << join(there, "\n");
    EXPECT_TRUE(says(here, " in " + pair.second + " ") || says(here, " findings more")) << join(here, "\n");
    const std::string reason = says(here, pair.second + " ") && says(here, "is no package of the distribution") ? "application"
                               : says(here, "no fix yet: ")                                                  ? "no fix"
                               : says(here, pair.second + " is not in the image")                            ? "not in image"
                                                                                                              : "?";
    EXPECT_NE(reason, "?") << join(here, "\n");
    ++why[reason];
  }
  for (const auto& [pair, ends] : ours) EXPECT_TRUE(theirs.contains(pair)) << pair.first << " " << pair.second << ": only by Trivy";
  EXPECT_EQ(why["application"] + why["no fix"] + why["not in image"], 34 + 31) << "what another program counted (tests/advisory/shared_reports_test.cpp)";
  EXPECT_EQ(why["application"], 31);
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::plan
