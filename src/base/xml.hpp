// SPDX-License-Identifier: Apache-2.0
// XML 1.0 as data: elements by local name (prefixes are dropped), attributes, text. Two ways to read: a small document whole (`parse`), or a large one
// element by element (`for_each`: OVAL definitions, updates of updateinfo.xml), each with what is below it and dropped afterwards, so that memory is that of the
// largest one. The wrapper around libxml2's push parser: nothing is loaded, no entity but the five of XML itself is known, and what would declare one is refused.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"

namespace resole::xml {

struct Element {
  std::string name;                                             // "definition" of <oval:definition>
  std::vector<std::pair<std::string, std::string>> attributes;  // in the order of the text, names without prefix; xmlns is none
  std::string text;                                             // directly in it, joined, blanks at both ends taken off
  std::vector<Element> children;
  std::size_t line = 1;
  std::size_t given = 0;                                        // so many of the attributes stand in the text; those behind them are defaults of its document type

  std::string_view attribute(std::string_view name) const;   // "" when absent
  const Element* child(std::string_view name) const;         // the first, or nullptr
  const Element* below(std::string_view path) const;         // child of child: below("pkglist/collection/package")
  std::string_view text_of(std::string_view path) const;     // "" when absent
  std::vector<const Element*> all(std::string_view name) const;  // children of that name
};

struct Limits {
  std::uint64_t bytes = 256ull << 20;       // of the whole text
  unsigned depth = 100;                     // of elements
  std::uint64_t elements = 20'000'000;      // of the whole text
  std::uint64_t kept = 1'000'000;           // elements and attributes that are in memory at once
  std::uint64_t kept_bytes = 256ull << 20;  // names, values and text that are in memory at once
};

// Error(input) with `what`, line, column and reason: syntax, encoding, a document type with declarations, what passes the limits.
Element parse(std::string_view text, std::string_view what, Limits limits = {});

// For who writes parts of the document again: names carry their namespace and prefix ("{urn:x}top", "{urn:x}p:top", attributes "k" and "{urn:x}p:k"), blanks around
// text stay, and what is neither element nor text (a comment, an instruction, the border of a CDATA section) is a child without a name. Elements and attributes may be
// declared: defaults of attributes count.
Element parse_exact(std::string_view text, std::string_view what, Limits limits = {});

// Hands over every element that has one of these names ("*_test": whatever ends so) and stands in no other such element, when it ends. Elements outside of them are not kept.
void for_each(Source& source, std::string_view what, const std::vector<std::string_view>& names, const std::function<void(Element&&)>& use, Limits limits = {});
void for_each(std::string_view text, std::string_view what, const std::vector<std::string_view>& names, const std::function<void(Element&&)>& use,
              Limits limits = {});

// The local name of the first element, for recognising a format; "" when the beginning is not XML. Never throws; looks at 64 KiB at most.
std::string root_name(std::string_view text);

}  // namespace resole::xml
