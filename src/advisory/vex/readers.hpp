// SPDX-License-Identifier: Apache-2.0
// The table of formats, and how their readers walk a document.
#pragma once
#include <fmt/format.h>

#include <span>
#include <string_view>

#include "advisory/vex/statement.hpp"
#include "base/error.hpp"
#include "base/json.hpp"

namespace resole::advisory::vex {

struct Reader {
  std::string_view name, title;
  bool (*recognise)(const Json& document);           // by shape only; never throws
  void (*read)(const Json& document, Document& out);  // Error(input) names the place inside the document
};
std::span<const Reader> readers();

bool is_openvex(const Json& json);
void read_openvex(const Json& json, Document& out);
bool is_csaf(const Json& json);
void read_csaf(const Json& json, Document& out);
bool is_cyclonedx(const Json& json);
void read_cyclonedx(const Json& json, Document& out);
bool is_trivy_ignore(const Json& json);
void read_trivy_ignore(const Json& json, Document& out);
bool is_grype_rules(const Json& json);
void read_grype_rules(const Json& json, Document& out);
void read_trivy_lines(std::string_view text, Document& out);

inline bool has_member(const Json& json, std::string_view key) { return json.is_object() && json.contains(key); }

// Calls visit(element, index) for each element of a list; a failure names the element. An absent list is an empty one.
template <class Visit>
void each_of(const Json& object, std::string_view key, const Visit& visit) {
  const auto found = object.find(key);
  if (found == object.end() || found->is_null()) return;
  if (!found->is_array()) throw Error(ErrorKind::input, fmt::format("\"{}\" must be a list, not {}", key, found->type_name()));
  for (std::size_t i = 0; i < found->size(); ++i) {
    with_context([&] { return fmt::format("{}[{}]", key, i); }, [&] { visit((*found)[i], i); });
  }
}

template <class Visit>
void each_object(const Json& object, std::string_view key, const Visit& visit) {
  each_of(object, key, [&](const Json& element, std::size_t index) {
    if (!element.is_object()) throw Error(ErrorKind::input, fmt::format("expected an object, found {}", element.type_name()));
    visit(element, index);
  });
}

// An object member; an empty object when absent or null.
const Json& object_at(const Json& object, std::string_view key);
std::int64_t time_at(const Json& object, std::string_view key, std::int64_t fallback);  // RFC 3339
std::string with_colon(std::string_view first, std::string_view second);                // "first: second", or the one that is there

// The operator's own lists: a key that is not known could be a condition, and leaving a condition out would hide findings.
void require_known_keys(const Json& object, std::initializer_list<std::string_view> known);

}  // namespace resole::advisory::vex
