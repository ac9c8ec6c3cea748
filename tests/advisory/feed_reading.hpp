// SPDX-License-Identifier: Apache-2.0
// Feeds in tests: text to records, files to indexes.
#pragma once
#include <string>
#include <vector>

#include "advisory/feed/index.hpp"
#include "advisory/feed/read.hpp"
#include "archive/documents.hpp"
#include "base/bytes.hpp"

namespace resole::test {

class KeptRecords : public advisory::feed::Records {
 public:
  void add(advisory::feed::Record record) override { records.push_back(std::move(record)); }
  void add(advisory::feed::Attribute attribute) override { attributes.push_back(std::move(attribute)); }
  void dated(std::string_view text) override { date = text; }
  void left_out(std::string_view reason) override { reasons.emplace_back(reason); }

  std::vector<advisory::feed::Record> records;
  std::vector<advisory::feed::Attribute> attributes;
  std::vector<std::string> reasons;
  std::string date, format;
};

inline KeptRecords read_feed_text(std::string_view text, std::string_view name = "feed", const std::string& os = {}) {
  KeptRecords kept;
  const auto source = source_of(text);
  kept.format = advisory::feed::read_document(*source, {.name = name, .os = os, .out = kept});
  return kept;
}

inline advisory::feed::Index index_of_text(std::string_view text, std::string_view name = "feed", const std::string& os = {}) {
  advisory::feed::IndexBuilder builder;
  archive::for_each_document(text, name, [&](std::string_view document, Source& content) { advisory::feed::read_document(content, {.name = document, .os = os, .out = builder}); });
  return advisory::feed::Index(Blob::of(builder.finish()));
}

}  // namespace resole::test
