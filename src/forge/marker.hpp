// SPDX-License-Identifier: Apache-2.0
// What an earlier run says to the next in the body of a change request, in a comment that is not shown: for which change set it is, what its words were, and
// which labels it gave. The words are those that the tool wanted, not what people or the forge made of them, so that their edits neither bring on
// another write nor are undone by one. Pure.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::forge {

struct Marker {
  std::string change_set;
  std::string words;                // digest of title and body
  std::vector<std::string> labels;  // that were given by the tool
  std::vector<std::string> reviewers;
  bool operator==(const Marker&) const = default;
};

std::string write_marker(const Marker& marker);
// The last one; nullopt when there is none that can be read.
std::optional<Marker> read_marker(std::string_view body);

// Of title and body as people see them: other blanks are no other words.
std::string digest_of_words(std::string_view title, std::string_view body);

// The first of the bodies that fits together with the marker, or the last one cut at the end of a line.
std::string fitting_body(const std::vector<std::string>& bodies, const Marker& marker, std::size_t limit);
std::string fitting_title(std::string_view title, std::size_t limit);  // one line

}  // namespace resole::forge
