// SPDX-License-Identifier: Apache-2.0
// toml++ keeps tables in alphabetical order, but the position of each key: containerd asks mirrors in the order of the text, so it is
// restored here. Its bound on nesting (256 values) does not count dotted keys: "a.a.a.a... = 1" is a table in a table in a table, freed by
// recursion. They are counted before, by a scanner that knows no more of TOML than where strings and comments end. It may read a damaged
// text otherwise than the parser does, but only behind the place where the parser stops.
#include "base/toml.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::toml {

namespace {

[[noreturn]] void fail(std::string_view what, std::size_t line, std::string_view reason) {
  throw Error(ErrorKind::input, fmt::format("{}: line {}: {}", what, line, reason));
}

std::string_view name_of(Kind kind) {
  constexpr std::string_view kNames[] = {"a table", "an array", "a string", "an integer", "a number", "true or false", "a time"};
  return kNames[static_cast<std::size_t>(kind)];
}

class PartCounter {
 public:
  PartCounter(std::string_view text, std::string_view what, std::size_t most) : text_(text), what_(what), most_(most) {}

  void check() {
    std::size_t parts = 0, open = 0;
    bool header = false;  // within "[a.b]": its brackets open no value
    for (bool fresh = true; at_ < text_.size();) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        skip_string(c);
        fresh = false;
        continue;
      }
      ++at_;
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size());
      } else if (c == '\n') {
        ++line_;
        if (open == 0 || header) {
          parts = open = 0;
          header = false;
          fresh = true;
        }
      } else if (c == '[' || c == '{') {
        if (fresh) header = true;
        ++open;
        fresh = false;
      } else if (c == ']' || c == '}') {
        if (open > 0) --open;
      } else if (c == '.') {
        if (++parts > most_) fail(what_, line_, fmt::format("more than {} dots outside of strings in one statement", most_));
      } else if (c != ' ' && c != '\t' && c != '\r') {
        fresh = false;
      }
    }
  }

 private:
  // text_[at_] is the quote. Only basic strings have escapes; only those with three quotes go over lines.
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool longer = text_.substr(at_, 3) == three;
    for (at_ += longer ? 3 : 1; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\n') {
        if (!longer) return;
        ++line_;
      } else if (text_[at_] == '\\' && quote == '"') {
        if (at_ + 1 < text_.size() && text_[at_ + 1] != '\n') ++at_;
      } else if (longer ? text_.substr(at_, 3) == three : text_[at_] == quote) {
        at_ += longer ? 3 : 1;
        return;
      }
    }
  }

  std::string_view text_, what_;
  std::size_t most_, at_ = 0, line_ = 1;
};

Node convert(const ::toml::node& from);

Node convert_table(const ::toml::table& table) {
  struct Member {
    const ::toml::key* key;
    const ::toml::node* value;
  };
  std::vector<Member> members;
  for (const auto& [key, value] : table) members.push_back({&key, &value});
  std::ranges::stable_sort(members, [](const Member& a, const Member& b) {
    const auto &left = a.key->source().begin, &right = b.key->source().begin;
    return std::pair(left.line, left.column) < std::pair(right.line, right.column);
  });
  Node node;
  for (const Member& member : members) {
    node.keys.emplace_back(member.key->str());
    node.values.push_back(convert(*member.value));
    // A table made by a dotted key has no place of its own.
    if (node.values.back().line == 0) node.values.back().line = member.key->source().begin.line;
  }
  return node;
}

Node convert(const ::toml::node& from) {
  Node node;
  if (const auto* table = from.as_table()) {
    node = convert_table(*table);
  } else if (const auto* array = from.as_array()) {
    node.kind = Kind::array;
    for (const ::toml::node& each : *array) node.values.push_back(convert(each));
  } else if (const auto* string = from.as_string()) {
    node.kind = Kind::string;
    node.string = string->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Kind::integer;
    node.integer = integer->get();
  } else if (const auto* real = from.as_floating_point()) {
    node.kind = Kind::real;
    node.real = real->get();
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Kind::boolean;
    node.boolean = boolean->get();
  } else {
    node.kind = Kind::time;
  }
  node.line = from.source().begin.line;
  return node;
}

// The value of a key, checked for its kind; nullptr when there is none.
const Node* member(const Node& table, std::string_view key, Kind kind, std::string_view what) {
  const Node* found = table.get(key);
  if (found != nullptr && found->kind != kind) {
    refuse(*found, what, fmt::format("\"{}\" must be {}, not {}", key, name_of(kind), name_of(found->kind)));
  }
  return found;
}

}  // namespace

const Node* Node::get(std::string_view key) const {
  if (kind != Kind::table) return nullptr;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == key) return &values[i];
  }
  return nullptr;
}

Node parse(std::string_view text, std::string_view what, Limits limits) {
  if (text.size() > limits.bytes) {
    throw Error(ErrorKind::input, fmt::format("{} is larger than the {} accepted for TOML", what, human_size(limits.bytes)));
  }
  PartCounter(text, what, limits.parts).check();
  try {
    return convert(::toml::parse(text));
  } catch (const ::toml::parse_error& error) {
    const auto& at = error.source().begin;
    throw Error(ErrorKind::input, fmt::format("{}: line {}, column {}: {}", what, at.line, at.column, printable(error.description())));
  }
}

void refuse(const Node& node, std::string_view what, std::string_view reason) { fail(what, node.line, reason); }

std::string string_or(const Node& table, std::string_view key, std::string_view fallback, std::string_view what) {
  const Node* found = member(table, key, Kind::string, what);
  return found == nullptr ? std::string(fallback) : found->string;
}

bool bool_or(const Node& table, std::string_view key, bool fallback, std::string_view what) {
  const Node* found = member(table, key, Kind::boolean, what);
  return found == nullptr ? fallback : found->boolean;
}

std::vector<std::string> strings_or_empty(const Node& table, std::string_view key, std::string_view what) {
  const Node* found = member(table, key, Kind::array, what);
  std::vector<std::string> strings;
  if (found == nullptr) return strings;
  for (const Node& each : found->values) {
    if (each.kind != Kind::string) refuse(each, what, fmt::format("\"{}\" must be a list of strings, not of {}", key, name_of(each.kind)));
    strings.push_back(each.string);
  }
  return strings;
}

std::vector<const Node*> tables_or_empty(const Node& table, std::string_view key, std::string_view what) {
  const Node* found = member(table, key, Kind::array, what);
  std::vector<const Node*> tables;
  if (found == nullptr) return tables;
  for (const Node& each : found->values) {
    if (each.kind != Kind::table) refuse(each, what, fmt::format("\"{}\" must be a list of tables, not of {}", key, name_of(each.kind)));
    tables.push_back(&each);
  }
  return tables;
}

}  // namespace resole::toml
