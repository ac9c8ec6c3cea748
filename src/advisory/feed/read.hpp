// SPDX-License-Identifier: Apache-2.0
// Any document of any feed: recognised by its content, read by its reader.
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "advisory/feed/readers.hpp"

namespace resole::advisory::feed {

struct FeedFormat {
  std::string_view name, title, fields;  // "osv"; for people; which fields are read, for docs/inputs.md
};
std::span<const FeedFormat> feed_formats();

// The format's name. Error(input): damaged, with document and place; known but no feed, with what it is and what to do; unknown, with the formats that there are.
std::string_view read_document(Source& text, const Reading& reading);

}  // namespace resole::advisory::feed
