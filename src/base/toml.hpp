// SPDX-License-Identifier: Apache-2.0
// TOML 1.0 for settings that others' tools wrote for themselves (registries.conf, hosts.toml). Tables keep the order of the text, every
// value knows its line, and reading a value of the wrong type names file and line. The wrapper around toml++ bounds what would be expanded.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace resole::toml {

enum class Kind : std::uint8_t { table, array, string, integer, real, boolean, time };

struct Node {
  Kind kind = Kind::table;
  std::string string;
  std::int64_t integer = 0;
  double real = 0;
  bool boolean = false;
  std::vector<std::string> keys;  // of a table, as they appear first; keys[i] belongs to values[i]
  std::vector<Node> values;       // of a table or array
  std::size_t line = 1;

  const Node* get(std::string_view key) const;  // value of a table's key, or nullptr
};

struct Limits {
  std::size_t bytes = 1u << 20;
  std::size_t parts = 500;  // of dotted keys in one statement: each is a table in the one before
};

// Error(input) with `what`, line, column and reason: syntax, a key or table that stands twice, invalid UTF-8, what passes the limits.
Node parse(std::string_view text, std::string_view what, Limits limits = {});

// Error(input): "registries.conf: line 3: <reason>".
[[noreturn]] void refuse(const Node& node, std::string_view what, std::string_view reason);

// Members of a table; Error(input) with the line when the type is another.
std::string string_or(const Node& table, std::string_view key, std::string_view fallback, std::string_view what);
bool bool_or(const Node& table, std::string_view key, bool fallback, std::string_view what);
std::vector<std::string> strings_or_empty(const Node& table, std::string_view key, std::string_view what);
// An array of tables ("[[registry]]"); pointers into `table`.
std::vector<const Node*> tables_or_empty(const Node& table, std::string_view key, std::string_view what);

}  // namespace resole::toml
