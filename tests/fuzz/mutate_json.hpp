// SPDX-License-Identifier: Apache-2.0
// Bytes that are no JSON tell a reader of documents nothing. So in most rounds the values of a document are changed and not its bytes:
// another type, an odd number, a member less, a part of another place.
#pragma once
#include <string>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "fuzz/mutate.hpp"

namespace resole::fuzz {

inline void collect_nodes(Json& node, std::vector<Json*>& out) {
  out.push_back(&node);
  if (!node.is_structured()) return;
  for (Json& child : node) collect_nodes(child, out);
}

inline void mutate_value(Json& document, Mutator& mutator) {
  static const std::vector<Json> kOdd = {nullptr, true, 0, -1, 18446744073709551615u, 1.5, "", "..", "/../x", "a\nb", std::string("\0", 1), "\xc3\xa9",
                                         std::string(300, 'x'), Json::object(), Json::array(), Json::array({nullptr}), Json::object({{"a", 1}})};
  std::vector<Json*> nodes;
  collect_nodes(document, nodes);
  Json& node = *nodes[mutator.below(nodes.size())];
  switch (mutator.below(5)) {
    case 0:
      if (!node.empty() && node.is_object()) node.erase(std::next(node.begin(), static_cast<std::ptrdiff_t>(mutator.below(node.size()))));
      break;
    case 1:
      if (node.is_array() && !node.empty()) node.push_back(Json(node[mutator.below(node.size())]));
      break;
    case 2:
      node = Json(*nodes[mutator.below(nodes.size())]);
      break;
    case 3:
      if (node.is_string()) {
        node = mutator.mutate(node.get<std::string>(), "sha256:../\xe2\x80\xaehttp://");
        break;
      }
      [[fallthrough]];
    default:
      node = kOdd[mutator.below(kOdd.size())];
  }
}

// For replay(): three inputs of four become a document with changed values.
inline auto json_values(const std::vector<std::string>& seeds) {
  std::vector<Json> documents;
  for (const std::string& seed : seeds) documents.push_back(Json::parse(seed));
  return [documents = std::move(documents)](std::string& input, Mutator& mutator) {
    if (mutator.below(4) == 0) return;
    Json document = documents[mutator.below(documents.size())];
    for (std::size_t left = 1 + mutator.below(3); left > 0; --left) mutate_value(document, mutator);
    input = dump_compact(document);
  };
}

}  // namespace resole::fuzz
