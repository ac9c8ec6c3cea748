// SPDX-License-Identifier: Apache-2.0
// Advisory feeds: documents as published, archives of them, and the compiled index.
#pragma once
#include <string>
#include <string_view>

#include "advisory/feed/index.hpp"
#include "advisory/feed/matching.hpp"
#include "advisory/feed/read.hpp"
#include "archive/documents.hpp"
#include "fuzz/targets.hpp"

namespace resole::fuzz {

inline void ask_index(const advisory::feed::Index& index) {
  pkg::Inventory inventory;
  inventory.os.id = "debian";
  inventory.os.version_id = "12";
  pkg::InstalledPackage package;
  package.name = package.source.name = "curl";
  package.version = package.source.version = "1";
  inventory.packages.push_back(package);
  for (const std::string_view scope : index.scopes()) {
    const auto number = index.find_scope(scope);
    require(number.has_value(), "a scope that is listed is found");
    index.find(*number, true, "curl");
  }
  for (const advisory::Finding& finding : advisory::feed::match_feeds({{"x", index}}, inventory)) require(finding.package == "curl", "a finding of another package");
}

inline void feed(std::string_view bytes) {
  tolerate([&] {
    advisory::feed::IndexBuilder builder;
    archive::for_each_document(bytes, "input", [&](std::string_view name, Source& content) { advisory::feed::read_document(content, {.name = name, .os = {}, .out = builder}); },
                               {.members = 100, .output = 4 << 20, .ratio = 100, .ratio_from = 1 << 20});
    ask_index(advisory::feed::Index(Blob::of(builder.finish())));
  });
}

inline void feed_index(std::string_view bytes) {
  tolerate([&] { ask_index(advisory::feed::Index(Blob::of(std::string(bytes)))); });
}

}  // namespace resole::fuzz
