// SPDX-License-Identifier: Apache-2.0
#include "cli/report_files.hpp"

#include <gtest/gtest.h>
#include <zlib.h>

#include <filesystem>
#include <fstream>

#include "base/error.hpp"
#include "io/files.hpp"

namespace resole::cli {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

constexpr std::string_view kCopa = R"({"apiVersion": "v1alpha1", "metadata": {"os": {"type": "debian", "version": "12"}, "config": {"arch": "amd64"}},
  "updates": [{"name": "zlib1g", "installedVersion": "1", "fixedVersion": "2", "vulnerabilityID": "CVE-2024-1"}]})";

class ReportFiles : public testing::Test {
 protected:
  std::string write(const std::string& name, std::string_view text, bool program = false) {
    const fs::path path = directory_.path() / name;
    std::ofstream(path, std::ios::binary) << text;
    if (program) fs::permissions(path, fs::perms::owner_all);
    return path.string();
  }
  std::string plugin(const std::string& script) { return write("plugin", "#!/bin/sh\n" + script, true); }
  std::string failure_of(const std::string& script, double seconds = 20) {
    try {
      run_scanner_plugin(plugin(script), "report.json", seconds);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input);
      return error.what();
    }
    return "";
  }
  std::vector<patch::GivenReport> read(const std::vector<std::string>& names) {
    return read_reports(names, "", [&](const std::string& what) { told_ += what + "\n"; });
  }

  io::TemporaryDirectory directory_;
  std::string told_;
};

TEST_F(ReportFiles, a_plugin_prints_the_report_and_its_chatter_is_kept_apart) {
  const std::string copa = write("copa.json", kCopa);
  const advisory::Report report = run_scanner_plugin(plugin("echo 'reading '$1 >&2; cat " + copa), "report.json");
  EXPECT_EQ(report.format, "copa");
  EXPECT_EQ(report.name, "report.json");
  EXPECT_EQ(report.findings.size(), 1u);
}

TEST_F(ReportFiles, a_plugin_that_hangs_dies_or_prints_garbage_is_refused_with_what_it_said) {
  EXPECT_NE(failure_of("echo starting >&2; sleep 30", 0.3).find("did not end within"), std::string::npos);
  EXPECT_NE(failure_of("echo cannot open it >&2; exit 4").find("ended with 4; it said: cannot open it"), std::string::npos);
  EXPECT_NE(failure_of("kill -9 $$").find("ended with 137; it said nothing"), std::string::npos);
  EXPECT_NE(failure_of("echo garbage").find("byte 0: neither JSON nor XML"), std::string::npos);
  EXPECT_NE(failure_of("printf '{\"metadata\": {'").find("byte "), std::string::npos);
  EXPECT_NE(failure_of("true").find("is empty"), std::string::npos);
  EXPECT_THROW(run_scanner_plugin((directory_.path() / "no-such").string(), "report.json"), Error);
}

TEST_F(ReportFiles, a_directory_gives_what_is_a_report_and_tells_the_rest) {
  write("a.json", kCopa);
  write("b.json", "{\"hello\": 1}");
  write("notes.txt", "no report");
  const auto reports = read({directory_.path().string()});
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_TRUE(reports[0].from_directory);
  EXPECT_NE(told_.find("b.json has none of the known formats"), std::string::npos) << told_;
  EXPECT_EQ(told_.find("notes.txt"), std::string::npos);
}

TEST_F(ReportFiles, a_directory_without_reports_is_refused) {
  EXPECT_THROW(read({directory_.path().string()}), Error);
  write("b.json", "{");
  EXPECT_THROW(read({directory_.path().string()}), Error);
}

TEST_F(ReportFiles, a_compressed_report_is_read) {
  const std::string path = (directory_.path() / "r.json.gz").string();
  gzFile file = gzopen(path.c_str(), "wb");
  gzwrite(file, kCopa.data(), static_cast<unsigned>(kCopa.size()));
  gzclose(file);
  const auto reports = read({path});
  ASSERT_EQ(reports.size(), 1u);
  EXPECT_FALSE(reports[0].from_directory);
  EXPECT_EQ(reports[0].report.findings.size(), 1u);
  // Cut, it is refused by name, at whichever byte.
  std::ifstream whole(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(whole)), {});
  for (std::size_t size = 3; size < bytes.size(); size += 5) {
    try {
      read({write("cut.json.gz", std::string_view(bytes).substr(0, size))});
      ADD_FAILURE() << "taken for whole at " << size;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
      EXPECT_NE(std::string_view(error.what()).find("cut.json.gz"), std::string_view::npos) << error.what();
    }
  }
}

TEST_F(ReportFiles, rows_that_cannot_be_read_are_told) {
  const std::string text = R"({"OSType": "debian", "Packages": [{"Name": "a", "VulnerabilityID": "CVE-1"}, {"Name": "b"}]})";
  EXPECT_EQ(read({write("r.json", text)}).size(), 1u);
  EXPECT_EQ(told_, "r.json: 1 row could not be read and is left out; the first: /Packages/1: it names no advisory\n");
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::cli
