// SPDX-License-Identifier: Apache-2.0
// Every real report and feed, damaged: cut, in another encoding, with a NUL, nested without end, with a key twice, with an entity bomb, ten million rows long. Each is refused
// with Error(input) that names the file and the place; none takes time or memory that its size does not explain. RESOLE_TEST_FULL=1 cuts at many more places and makes
// long files of every format.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>

#include "advisory/feed_reading.hpp"
#include "advisory/formats.hpp"
#include "advisory/report_samples.hpp"
#include "advisory/shared_data.hpp"
#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace resole::advisory {
namespace RESOLE_TEST_FILE {

namespace fs = std::filesystem;

bool whole() { return std::getenv("RESOLE_TEST_FULL") != nullptr; }

std::string refusal_of(std::string_view text, std::string_view name) {
  try {
    read_report(text, name);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    return error.what();
  }
  return "";
}

void expect_refused(std::string_view text, const std::string& name, std::string_view reason) {
  const std::string refusal = refusal_of(text, name);
  EXPECT_NE(refusal, "") << "taken for whole";
  EXPECT_EQ(refusal.find(name), refusal.rfind(name)) << "named once: " << refusal;
  EXPECT_NE(refusal.find(name), std::string::npos) << refusal;
  EXPECT_NE(refusal.find(reason), std::string::npos) << refusal;
}

void damage(const std::string& text, const std::string& name) {
  const bool xml = text.find_first_not_of(" \t\r\n\xef\xbb\xbf") == text.find('<');
  const std::string_view place = xml ? "line " : "byte ";
  const std::size_t cuts = whole() ? 40 : 3;
  for (std::size_t i = 1; i <= cuts; ++i) expect_refused(std::string_view(text).substr(0, std::max<std::size_t>(text.size() * i / (cuts + 1), 1)), name, place);
  const std::size_t begin = text.find(xml ? '>' : '{') + 1, middle = text.find(xml ? '>' : '"', text.size() / 3) + 1;
  const auto with = [&](std::size_t at, std::string_view more) { return std::string(text).insert(at, more); };
  expect_refused(with(middle, "\xe9t\xe9"), name, place);                          // Latin-1
  expect_refused(with(middle, std::string_view("\0", 1)), name, place);
  std::string wide = "\xff\xfe";
  for (const char c : text.substr(0, 4000)) wide += {c, '\0'};
  expect_refused(wide, name, "UTF-16");
  if (xml) {
    const std::size_t declaration = text.find("?>");
    const std::size_t at = declaration == std::string::npos ? 0 : declaration + 2;
    expect_refused(with(at, R"(<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>)"), name, "declarations");
  } else {
    expect_refused(with(begin, "\"x\":" + std::string(100'000, '[')), name, "nested deeper");
    expect_refused(with(begin, R"("twice": 1, "twice": 2, )"), name, "appears twice");
  }
}

TEST(BadInputs, EveryRealReportDamagedIsRefused) {
  const fs::path reports = test::shared_data("reports");
  if (reports.empty() || !fs::exists(reports)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::size_t files = 0;
  for (const auto& entry : fs::recursive_directory_iterator(reports)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || name.ends_with(".tsv") || name.ends_with(".txt")) continue;
    SCOPED_TRACE(entry.path().string());
    const std::string text = test::read_plain_or_gzip(entry.path());
    if (text.find('{') == std::string::npos && !text.starts_with('<')) continue;  // no report to begin with
    damage(text, "damaged.json");
    ++files;
  }
  EXPECT_GT(files, 50u);
}

TEST(BadInputs, ASampleOfEveryFormatDamagedIsRefused) {
  for (const Sample& sample : kSamples) {
    SCOPED_TRACE(std::string(sample.name));
    damage(std::string(sample.text), "damaged.json");
  }
}

TEST(BadInputs, EveryRealFeedCutIsRefused) {
  const fs::path feeds = test::shared_data("feeds");
  if (feeds.empty() || !fs::exists(feeds)) GTEST_SKIP() << "needs RESOLE_SHARED_DATA";
  std::size_t documents = 0;
  for (const auto& entry : fs::recursive_directory_iterator(feeds)) {
    const std::string name = entry.path().filename();
    if (!entry.is_regular_file() || (name.find(".json") == std::string::npos && name.find(".xml") == std::string::npos)) continue;
    SCOPED_TRACE(entry.path().string());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(file)), {});
    std::string text;
    archive::for_each_document(bytes, name, [&](std::string_view, Source& content) { text = read_all(content, 64u << 20, name); });
    if (!text.starts_with('{') && !text.starts_with('<')) continue;
    if (const std::size_t line = text.find("}\n{"); line != std::string::npos) continue;  // JSON lines: each is whole
    ++documents;
    const std::size_t cuts = whole() ? 40 : 3;
    for (std::size_t i = 1; i <= cuts; ++i) {
      test::KeptRecords kept;
      const auto source = source_of(std::string_view(text).substr(0, text.size() * i / (cuts + 1)));
      try {
        feed::read_document(*source, {.name = "cut", .os = {}, .out = kept});
        ADD_FAILURE() << "taken for whole, cut after part " << i;
      } catch (const Error& error) {
        EXPECT_EQ(error.kind(), ErrorKind::input);
        EXPECT_NE(std::string_view(error.what()).find("cut"), std::string_view::npos) << error.what();
      }
    }
  }
  EXPECT_GT(documents, 20u);
}

// A beginning, one piece again and again, an end: of any length, without being there.
class Long : public Source {
 public:
  Long(std::string head, std::string piece, std::string tail, std::size_t count) : head_(std::move(head)), piece_(std::move(piece)), tail_(std::move(tail)), left_(count) { now_ = head_; }
  std::size_t read(char* buffer, std::size_t capacity) override {
    std::size_t done = 0;
    while (done < capacity) {
      if (now_.empty()) {
        if (left_ == 0) {
          if (ended_) break;
          ended_ = true;
          now_ = tail_;
        } else {
          now_ = --left_ == 0 ? std::string_view(piece_).substr(0, piece_.size() - (piece_.ends_with(',') ? 1 : 0)) : std::string_view(piece_);
        }
        if (now_.empty()) continue;
      }
      const std::size_t part = now_.copy(buffer + done, capacity - done);
      now_.remove_prefix(part);
      done += part;
    }
    return done;
  }

 private:
  std::string head_, piece_, tail_;
  std::string_view now_;
  std::size_t left_;
  bool ended_ = false;
};

long peak_kilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

double processor_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

const std::size_t kManyRows = whole() ? 10'000'000 : 300'000;

void expect_bounded(Source& source, std::string_view what) {
  const double begin = processor_seconds();
  const long before = peak_kilobytes();
  try {
    const Report report = read_report(source, "long.json");
    ADD_FAILURE() << what << " was taken, with " << report.findings.size() << " findings";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::input) << error.what();
    EXPECT_NE(std::string_view(error.what()).find("more "), std::string_view::npos) << error.what();
  }
  const double seconds = processor_seconds() - begin;
  EXPECT_LT(seconds, 30) << what;
  EXPECT_LT(peak_kilobytes() - before, 1'200'000) << what;
  if (std::getenv("RESOLE_TEST_VERBOSE") != nullptr) std::printf("%-24s %.1f s, %ld MB more\n", std::string(what).c_str(), seconds, (peak_kilobytes() - before) / 1024);
}

// The list of a document that, twice as long, gives more findings: its rows.
Json* rows_of(Json& document, Json& node, const std::string& mark) {
  if (node.is_array() && !node.empty() && node.front().is_object()) {
    const std::size_t before = read_report(dump_compact(document), "r").findings.size();
    const Json kept = node;
    for (std::size_t i = kept.size(); i > 0; --i) {
      Json again = kept[i - 1];
      node.push_back(again);
    }
    const std::size_t after = read_report(dump_compact(document), "r").findings.size();
    node = kept;
    if (after > before) return &node;
  }
  if (node.is_structured()) {
    for (Json& child : node) {
      if (Json* found = rows_of(document, child, mark)) return found;
    }
  }
  return nullptr;
}

TEST(BadInputs, MoreFindingsThanTheLimitAreRefusedInTimeAndMemory) {
  std::size_t formats = 0;
  for (const Sample& sample : kSamples) {
    if (sample.text.starts_with('<') || !whole()) continue;
    Json document = Json::parse(sample.text);
    Json* rows = rows_of(document, document, "");
    if (rows == nullptr) continue;  // an inventory; one whose rows are members of objects
    ++formats;
    const std::string row = dump_compact(rows->front()) + ",";
    *rows = Json::array({"HERE"});
    const std::string text = dump_compact(document);
    const std::size_t here = text.find("\"HERE\"");
    Long source(text.substr(0, here), row, text.substr(here + 6), kManyRows);
    expect_bounded(source, sample.name);
  }
  EXPECT_GE(formats, whole() ? 15u : 0u);
  Long unreadable("{\"matches\":[", "{},", "],\"source\":{}}", kManyRows);
  expect_bounded(unreadable, "rows without anything");
  if (!whole()) return;
  Long xml("<bom><components><component type='library' bom-ref='a'><name>a</name></component></components><vulnerabilities>",
           "<vulnerability><id>CVE-1</id><affects><target><ref>a</ref></target></affects></vulnerability>", "</vulnerabilities></bom>", kManyRows);
  expect_bounded(xml, "CycloneDX XML");
  Long oval("<oval_results><definitions>", "<rpminfo_test id='a'/>", "</definitions></oval_results>", kManyRows);
  expect_bounded(oval, "OVAL results");
}

}  // namespace RESOLE_TEST_FILE
}  // namespace resole::advisory
