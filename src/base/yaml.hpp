// SPDX-License-Identifier: Apache-2.0
// YAML for people's files that we edit in place: every scalar knows which bytes of the text it came from, so an edit replaces these bytes
// and no others. The wrapper around libfyaml refuses what would be read differently elsewhere and bounds what would be expanded.
//
//   image: &web "docker.io/library/nginx:1.25"   # pinned by hand
//   ^key.outer          ^ value.text = the bytes between the quotes, value.outer with them, value.anchor = "web"
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json_fwd.hpp"

namespace resole {
namespace yaml {

enum class Kind : std::uint8_t { scalar, sequence, mapping, alias };
// The first five are of scalars, block and flow of sequences and mappings. An alias is plain.
enum class Style : std::uint8_t { plain, single_quoted, double_quoted, literal, folded, block, flow };

// Bytes [begin, end) of the parsed text.
struct Span {
  std::size_t begin = 0, end = 0;
  std::size_t size() const { return end - begin; }
  std::string_view of(std::string_view text) const { return text.substr(begin, end - begin); }
  bool operator==(const Span&) const = default;
};

struct Node {
  Kind kind = Kind::scalar;
  Style style = Style::plain;
  std::string value;         // of a scalar, decoded; of an alias, the name of its anchor. Aliases are never expanded.
  std::string anchor;        // name of the anchor defined here, "" when none
  std::string tag;           // in full ("tag:yaml.org,2002:str", "!Ref"), "" when none is written
  std::vector<Node> keys;    // of a mapping, in order of the text; keys[i] belongs to values[i]
  std::vector<Node> values;  // of a mapping or sequence
  // Scalar: the characters as written, without quotes; of block scalars the lines, with their indentation. Alias: the name, without '*'.
  // Collection: from its first to behind its last byte (block ones: of their last node).
  // A value that is not there ("digest:") has an empty span right behind the colon, or no span at all in other places.
  Span text;
  Span outer;                // text with the quotes or the '*'; equal to text otherwise
  bool has_span = true;

  bool is_scalar() const { return kind == Kind::scalar; }
  bool is_empty() const { return kind == Kind::scalar && style == Style::plain && value.empty(); }  // nothing is written: null
  const Node* get(std::string_view key) const;  // value of a mapping's scalar key, or nullptr
};

struct Document {
  Node root;                    // an empty scalar when the document is empty
  std::size_t begin = 0;        // of "---", or of the text or the end of the document before
  bool explicit_start = false;  // by "---"
};

struct Limits {
  std::size_t bytes = 16u << 20;
  unsigned depth = 64;
  std::size_t nodes = 1'000'000;
};

// All documents of a stream. Error(input) with `what`, line, column and reason for bad syntax, invalid UTF-8 and control characters,
// duplicate keys, aliases of unknown anchors, and what passes the limits.
std::vector<Document> parse(std::string_view text, std::string_view what, Limits limits = {});

// RFC 6901 ("/spec/containers/0/image"), "" is the root itself. nullptr when there is no such node; aliases are not followed.
const Node* find(const Node& root, std::string_view pointer);
std::string pointer_segment(std::string_view key);  // "a/b~c" -> "a~1b~0c"
// Calls for the node and everything below, in order of the text, with the pointer of each. Keys themselves, and what is below keys that are
// no scalars, are left out.
void walk(const Node& root, const std::function<void(const std::string& pointer, const Node& node)>& visit);

// Is this the template of a YAML file (Helm, Jinja) rather than one? "{{ x }}" is a mapping with a mapping as its key to a YAML parser, which
// says nothing. False for templates inside scalars ("run: echo ${{ github.sha }}"), which are plain YAML.
bool looks_templated(std::string_view text);

}  // namespace yaml

// One document of settings (policy, fleet) as JSON by the core schema of YAML 1.2: no aliases, no tags but !!str !!int !!float !!bool !!null,
// keys are strings, and Error(input) for numbers that YAML 1.1 and 1.2 read differently (010). An empty text is null.
Json yaml_to_json(std::string_view text, std::string_view what);

}  // namespace resole
