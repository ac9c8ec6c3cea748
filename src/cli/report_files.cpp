// SPDX-License-Identifier: Apache-2.0
#include "cli/report_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "archive/compression.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"
#include "io/process.hpp"

namespace resole::cli {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMostPrinted = 256u << 20;
constexpr std::uint64_t kMostExpanded = 2ull << 30;  // of a compressed report; the reader has its own bound

bool looks_like_report(const fs::path& path) {
  static constexpr std::array<std::string_view, 4> kEndings = {".json", ".sarif", ".xml", ".cdx"};
  std::string name = lower(path.filename().string());
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  return std::any_of(kEndings.begin(), kEndings.end(), [&](std::string_view ending) { return name.ends_with(ending); });
}

std::vector<fs::path> reports_in(const fs::path& directory) {
  std::vector<fs::path> inside;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.is_regular_file() && looks_like_report(entry.path())) inside.push_back(entry.path());
  }
  std::sort(inside.begin(), inside.end());
  if (inside.empty()) throw Error(ErrorKind::input, "no report (*.json, *.sarif, *.xml) in directory " + printable(directory.string()));
  return inside;
}

// Readers name the report themselves; what is wrong with its compression is said below them.
class Unpacked : public Source {
  template <class Body>
  auto named(const Body& body) const {
    return with_context([&] { return "report " + printable(name_); }, body);
  }

 public:
  explicit Unpacked(const fs::path& path) : name_(path.filename().string()) {
    source_ = named([&] { return archive::decompress(io::open_file(path), {.output = kMostExpanded}); });
  }
  std::size_t read(char* buffer, std::size_t capacity) override {
    return named([&] { return source_->read(buffer, capacity); });
  }

 private:
  std::string name_;
  std::unique_ptr<Source> source_;
};

advisory::Report read_file_report(const fs::path& path, const std::string& scanner) {
  if (!scanner.empty()) return run_scanner_plugin(scanner, path.string());
  Unpacked source(path);
  return advisory::read_report(source, path.filename().string());
}

// The last line that says something.
std::string last_words(std::string_view text) {
  std::string last;
  for (const std::string_view line : lines(text)) {
    if (!trim(line).empty()) last = printable(trim(line));
  }
  return last.empty() ? "it said nothing" : "it said: " + last;
}

}  // namespace

std::vector<patch::GivenReport> read_reports(const std::vector<std::string>& names, const std::string& scanner,
                                             const std::function<void(const std::string&)>& tell) {
  std::vector<patch::GivenReport> reports;
  const auto take = [&](const fs::path& path, bool from_directory) {
    reports.push_back({read_file_report(path, scanner), from_directory});
    // Not whole must not look whole: the plan notes it as well.
    if (const advisory::Report& report = reports.back().report; report.left_out.count > 0) tell(fmt::format("{}: {}", printable(report.name), report.notes.front()));
  };
  for (const auto& name : names) {
    if (!fs::is_directory(name)) {
      take(name, false);
      continue;
    }
    std::size_t read = 0;
    std::string first_failure;
    for (const fs::path& path : reports_in(name)) {
      try {
        take(path, true);
        ++read;
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::input) throw;
        if (first_failure.empty()) first_failure = error.what();
        tell(fmt::format("left out of {}: {}", printable(name), error.what()));
      }
    }
    if (read == 0) throw Error(ErrorKind::input, fmt::format("directory {} has no report that can be read: {}", printable(name), first_failure));
  }
  return reports;
}

advisory::Report run_scanner_plugin(const std::string& scanner, const std::string& file, double seconds) {
  const std::string program = scanner.find('/') == std::string::npos ? "copa-" + scanner : scanner;
  const std::string what = fmt::format("scanner {} {}", printable(program), printable(file));
  const io::ProcessResult result = io::run_process({.arguments = {program, file}, .timeout = seconds, .output_limit = kMostPrinted});
  if (result.timed_out) throw Error(ErrorKind::input, fmt::format("{} did not end within {}; {}", what, human_duration(seconds), last_words(result.err)));
  if (result.exit_code != 0) throw Error(ErrorKind::input, fmt::format("{} ended with {}; {}", what, result.exit_code, last_words(result.err)), "run it by hand to see what it needs");
  if (result.out.size() >= kMostPrinted) throw Error(ErrorKind::input, fmt::format("{} printed more than {}", what, human_size(kMostPrinted)));
  return with_context([&] { return what; }, [&] { return advisory::read_report(result.out, fs::path(file).filename().string()); });
}

}  // namespace resole::cli
