// SPDX-License-Identifier: Apache-2.0
// How long the packages of a real Debian system take against compiled feeds: bench/feeds builds and runs it.
//
//   feed_matching STATUS INDEX-DIRECTORY FEED...   compiles what is not compiled yet, then measures opening, matching cold (pages not mapped) and warm
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>

#include "advisory/feed/matching.hpp"
#include "advisory/feed/read.hpp"
#include "archive/documents.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "io/files.hpp"

namespace {

using namespace resole;
using namespace resole::advisory::feed;
using resole::advisory::Severity;
using resole::advisory::Status;

double now() { return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

pkg::Inventory inventory_of(const std::string& text) {
  pkg::Inventory inventory;
  inventory.os.id = "debian";
  inventory.os.version_id = "12";
  inventory.os.codename = "bookworm";
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find("\n\n", begin), text.size());
    std::map<std::string, std::string> fields;
    for (const std::string_view line : lines(std::string_view(text).substr(begin, end - begin))) {
      const std::size_t colon = line.find(": ");
      if (!line.starts_with(' ') && colon != std::string_view::npos) fields[std::string(line.substr(0, colon))] = line.substr(colon + 2);
    }
    begin = end + 2;
    pkg::InstalledPackage package;
    package.name = fields["Package"];
    package.version = fields["Version"];
    package.arch = fields["Architecture"];
    const std::string source = fields["Source"];
    const std::size_t open = source.find(" (");
    package.source = {source.empty() ? package.name : source.substr(0, open), open == std::string::npos ? package.version : source.substr(open + 2, source.size() - open - 3)};
    if (!package.name.empty()) inventory.packages.push_back(package);
  }
  return inventory;
}

// A tracker as large as the real one: the packages of the system and 30,000 others, 30 vulnerabilities each, two releases.
std::string large_index(const pkg::Inventory& inventory) {
  IndexBuilder builder;
  const auto add = [&](const std::string& source, const std::string& version, int number) {
    for (const char* scope : {"debian:bookworm", "debian:trixie"}) {
      builder.add(Record{.scope = scope, .order = Order::deb, .source = true, .package = source, .arch = {}, .module = {}, .id = fmt::format("CVE-{}-{}", 2000 + number, source.size() * 1000 + static_cast<std::size_t>(number)),
                         .advisory = {}, .status = number % 5 == 0 ? Status::deferred : Status::fixed, .introduced = {}, .fixed = number % 5 == 0 ? "" : version + (number % 7 == 0 ? "+deb12u9" : "~" + std::to_string(number)), .last = {},
                         .severity = Severity::medium, .word = number % 5 == 0 ? "no-dsa" : ""});
    }
  };
  for (const auto& package : inventory.packages) {
    for (int number = 0; number < 30; ++number) add(package.source.name, package.source.version, number);
  }
  for (int other = 0; other < 30'000; ++other) {
    for (int number = 0; number < 30; ++number) add(fmt::format("other-package-{}", other), "1.2-3", number);
  }
  return builder.finish();
}

}  // namespace

int main(int count, char** words) {
  try {
    const pkg::Inventory inventory = inventory_of(io::read_file(words[1], 64u << 20));
    const std::filesystem::path folder = words[2];
    std::filesystem::create_directories(folder);
    std::vector<std::filesystem::path> indexes = {folder / "large"};
    if (!std::filesystem::exists(indexes.back())) io::write_file_atomic(indexes.back(), large_index(inventory));
    for (int i = 3; i < count; ++i) {
      const std::filesystem::path feed = words[i];
      indexes.push_back(folder / feed.filename());
      if (std::filesystem::exists(indexes.back())) continue;
      IndexBuilder builder;
      const double begin = now();
      try {
        archive::for_each_document(io::map_file(feed).bytes(), feed.filename().string(), [&](std::string_view name, Source& content) { read_document(content, {.name = name, .os = {}, .out = builder}); });
      } catch (const Error&) {  // no feed: what that means is tested elsewhere
        indexes.pop_back();
        continue;
      }
      const std::size_t records = builder.records();
      io::write_file_atomic(indexes.back(), builder.finish());
      fmt::print("compiled {} facts of {} in {:.0f} ms\n", records, feed.filename().string(), now() - begin);
    }
    for (const char* round : {"first", "second", "third"}) {
      const double begin = now();
      std::vector<std::unique_ptr<Index>> opened;
      std::vector<NamedIndex> feeds;
      std::size_t records = 0, bytes = 0;
      for (const auto& path : indexes) {
        const Blob blob = io::map_file(path);
        bytes += blob.size();
        opened.push_back(std::make_unique<Index>(blob));
        records += opened.back()->records();
        feeds.push_back({path.filename().string(), *opened.back()});
      }
      const std::size_t found = match_feeds(feeds, inventory).size();
      fmt::print("{} time: {} packages against {} facts of {} feeds ({}): {} findings in {:.1f} ms\n", round, inventory.packages.size(), records, feeds.size(), human_size(bytes), found, now() - begin);
    }
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
