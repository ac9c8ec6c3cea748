// SPDX-License-Identifier: Apache-2.0
// Of a large document, the members that somebody reads. A report of 100 MB is descriptions and references for the most part; what a plan needs of it is a
// twentieth. So a reader names its fields once, as JSON pointers, and only these are built while the text streams by; all else is checked for syntax and
// duplicate keys and forgotten. What is not named is not there: the list of fields is the documentation of what is read.
//
//   "/Results/*/Vulnerabilities/*/PkgName"    '*' is any element or any member; a name that holds '/' or '~' is escaped as in RFC 6901
//   "/Metadata/DiffIDs"                       a pointer that ends at a list or object keeps it whole
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/json_fwd.hpp"

namespace resole {

class JsonFields {
 public:
  void add(std::string_view pointer);

  // States of the walk: node 0 is the document itself.
  struct Node {
    std::map<std::string, std::size_t, std::less<>> named;
    std::size_t any = 0;  // of '*'; 0 = none
    bool whole = false;
  };
  const std::vector<Node>& nodes() const { return nodes_; }

 private:
  std::vector<Node> nodes_ = {Node{}};
};

struct JsonFieldLimits {
  std::uint64_t bytes = 1ull << 30;        // of the text
  unsigned depth = 100;
  std::size_t values = 4'000'000;          // that are kept
  std::uint64_t text = 192ull << 20;       // bytes of the strings that are kept
};

// Error(input) with `what`, byte offset and reason, as parse_json has them. A list keeps the positions of the elements of which something was kept, in order.
Json parse_json_fields(Source& source, std::string_view what, const JsonFields& fields, JsonFieldLimits limits = {});
Json parse_json_fields(std::string_view text, std::string_view what, const JsonFields& fields, JsonFieldLimits limits = {});

}  // namespace resole
