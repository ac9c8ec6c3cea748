// SPDX-License-Identifier: Apache-2.0
// Advisory feeds as they are kept: fetched or imported, compiled once into an index in the cache (room "feed-index", by what they were made from), and listed in a
// catalogue (room "feed"). Planning reads indexes and never the network.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "advisory/feed/index.hpp"
#include "io/files.hpp"
#include "patch/tools.hpp"
#include "pkg/signature.hpp"

namespace resole::patch {

// Where a feed is fetched from: "NAME URL [os=ID:VERSION] [sha256] [signed]". With sha256 the digest stands beside the file (URL + ".sha256", CSAF 7.1.18), with
// signed a signature does (URL + ".asc", CSAF 7.1.20), by a key of the operator's keyrings. A URL that ends in repomd.xml stands for the updateinfo of that repository, which repomd.xml names with its digest.
struct FeedSource {
  std::string name, url, os;
  bool sha256 = false, is_signed = false;
  static FeedSource parse(std::string_view text);  // Error(usage)
};

struct KeptFeed {
  std::string name, url, os, format, date;          // date: the feed's own, "" when it has none
  Digest input;                                     // of the bytes that it was made from
  std::string key;                                  // of its index
  std::int64_t checked = 0, changed = 0;            // when it was last known to be the newest; when its content came
  std::size_t records = 0, attributes = 0;
  std::vector<std::string> scopes;
  std::vector<std::pair<std::string, std::size_t>> left_out;  // reasons, how often
};

struct OpenFeed {
  std::string name;
  Digest input;
  std::int64_t checked = 0;
  std::shared_ptr<const advisory::feed::Index> index;
};

std::vector<KeptFeed> kept_feeds(const Tools& tools);           // sorted by name; what is damaged is absent
std::string feeds_document(const std::vector<KeptFeed>& feeds); // resole/feeds/v1

// Each compiles unless the same bytes are compiled already, and puts the feed into the catalogue.
KeptFeed update_feed(const FeedSource& source, const std::vector<pkg::Keyring>& keyrings, const Tools& tools);
KeptFeed import_feed(const std::string& name, const std::vector<io::Path>& places, const std::string& os, const Tools& tools);

// Error(input) when its index is not there any longer.
OpenFeed open_feed(const KeptFeed& feed, const Tools& tools);
// A file or directory, compiled (once) and not put into the catalogue.
OpenFeed open_feed(const io::Path& place, const Tools& tools);

// Error(refused) when a feed was last known to be the newest longer ago than `most` seconds; most < 0: any age. Tells the age of each.
void judge_feed_ages(const std::vector<OpenFeed>& feeds, std::int64_t now, std::int64_t most, Reporter& reporter);

}  // namespace resole::patch
