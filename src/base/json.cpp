// SPDX-License-Identifier: Apache-2.0
// nlohmann builds documents happily from text with two "digest" members (the last wins) or ten thousand open brackets. Others
// read the first, or crash: both are ways to show a verifier one thing and a runtime another. So the parser's events are
// taken one by one, and the document is built here with both refused.
#include "base/json.hpp"

#include <fmt/format.h>

#include <unordered_set>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole {

namespace {

// A pointer that tells where it is, because the events do not.
class TrackedIterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  TrackedIterator(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  TrackedIterator& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  TrackedIterator operator++(int) {
    TrackedIterator before = *this;
    ++*this;
    return before;
  }
  bool operator==(const TrackedIterator& other) const { return at_ == other.at_; }
  bool operator!=(const TrackedIterator& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

[[noreturn]] void fail(std::string_view what, std::size_t offset, std::string_view reason) {
  throw Error(ErrorKind::input, fmt::format("{}: byte {}: {}", what, offset, reason), "this is not a JSON document as RFC 8259 has it");
}

// "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error ..." -> "syntax error ...".
std::string reason_of(const nlohmann::json::exception& error) {
  std::string_view text = error.what();
  if (const std::size_t at = text.find(": "); at != std::string_view::npos) {
    text.remove_prefix(at + 2);
  } else if (const std::size_t close = text.find("] "); close != std::string_view::npos) {
    text.remove_prefix(close + 2);
  }
  return printable(text);
}

template <class Document>
class Builder {
 public:
  Builder(std::string_view what, unsigned depth, const char* begin, const char* const& reached)
      : what_(what), depth_(depth), begin_(begin), reached_(reached) {}

  Document take() { return std::move(root_); }

  // The events as nlohmann::json_sax names them.
  bool null() { return put(Document(nullptr)); }
  bool boolean(bool value) { return put(Document(value)); }
  bool number_integer(std::int64_t value) { return put(Document(value)); }
  bool number_unsigned(std::uint64_t value) { return put(Document(value)); }
  bool number_float(double value, const std::string&) { return put(Document(value)); }
  bool string(std::string& value) { return put(Document(std::move(value))); }
  bool binary(typename Document::binary_t&) { return false; }  // exists only in the binary formats
  bool start_object(std::size_t) { return open(Document::object()); }
  bool start_array(std::size_t) { return open(Document::array()); }
  bool end_object() { return close(); }
  bool end_array() { return close(); }
  bool key(std::string& value) {
    if (!open_.back().keys.insert(value).second) fail(what_, offset(), fmt::format("the key \"{}\" appears twice", printable(value)));
    key_ = std::move(value);
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
    fail(what_, position, reason_of(error));
  }

 private:
  struct Open {
    Document* value;
    std::unordered_set<std::string> keys;  // ordered_json itself would look through all its members for each new one
  };

  std::size_t offset() const { return static_cast<std::size_t>(reached_ - begin_); }

  Document* place(Document value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return &root_;
    }
    Document& parent = *open_.back().value;
    if (parent.is_array()) return &parent.template get_ref<typename Document::array_t&>().emplace_back(std::move(value));
    auto& members = parent.template get_ref<typename Document::object_t&>();
    if constexpr (std::is_same_v<Document, OrderedJson>) {
      return &members.emplace_back(std::move(key_), std::move(value)).second;
    } else {
      return &members.emplace(std::move(key_), std::move(value)).first->second;
    }
  }
  bool put(Document value) {
    place(std::move(value));
    return true;
  }
  bool open(Document container) {
    if (open_.size() >= depth_) fail(what_, offset(), fmt::format("nested deeper than {} levels", depth_));
    open_.push_back({place(std::move(container)), {}});
    return true;
  }
  bool close() {
    open_.pop_back();
    return true;
  }

  std::string_view what_;
  unsigned depth_;
  const char* begin_;
  const char* const& reached_;
  Document root_;
  std::vector<Open> open_;
  std::string key_;
};

template <class Document>
Document parse(std::string_view text, std::string_view what, JsonLimits limits) {
  if (text.size() > limits.bytes) fail(what, limits.bytes, fmt::format("larger than the {} accepted", human_size(limits.bytes)));
  const char* begin = text.data();
  const char* reached = begin;
  Builder<Document> builder(what, limits.depth, begin, reached);
  Document::sax_parse(TrackedIterator(begin, &reached), TrackedIterator(begin + text.size(), &reached), &builder);
  return builder.take();
}

// Bytes that are no UTF-8 (a path in an image may be any bytes) become U+FFFD: a document that cannot be read is worse.
template <class Document>
std::string dump(const Document& value, int indent) {
  return value.dump(indent, ' ', false, Document::error_handler_t::replace);
}

const Json* find(const Json& object, std::string_view key) {
  if (!object.is_object())
    throw Error(ErrorKind::input, fmt::format("expected an object with the member \"{}\", found {}", key, object.type_name()));
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

[[noreturn]] void wrong_type(std::string_view key, std::string_view expected, const Json& found) {
  throw Error(ErrorKind::input, fmt::format("\"{}\" must be {}, not {}", key, expected, found.type_name()));
}

}  // namespace

Json parse_json(std::string_view text, std::string_view what, JsonLimits limits) { return parse<Json>(text, what, limits); }

OrderedJson parse_json_ordered(std::string_view text, std::string_view what, JsonLimits limits) {
  return parse<OrderedJson>(text, what, limits);
}

std::string dump_document(const Json& value) { return dump(value, 2) + "\n"; }

std::string dump_compact(const Json& value) { return dump(value, -1); }

std::string dump_compact(const OrderedJson& value) { return dump(value, -1); }

const Json& member(const Json& object, std::string_view key, std::string_view what) {
  if (!object.is_object()) throw Error(ErrorKind::input, fmt::format("{}: expected an object, found {}", what, object.type_name()));
  const auto found = object.find(key);
  if (found == object.end()) throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is missing", what, key));
  return *found;
}

std::string string_member(const Json& object, std::string_view key, std::string_view what) {
  const Json& value = member(object, key, what);
  if (!value.is_string()) throw Error(ErrorKind::input, fmt::format("{}: \"{}\" must be a string, not {}", what, key, value.type_name()));
  return value.get_ref<const std::string&>();
}

std::string string_or(const Json& object, std::string_view key, std::string_view fallback) {
  const Json* value = find(object, key);
  if (value == nullptr) return std::string(fallback);
  if (!value->is_string()) wrong_type(key, "a string", *value);
  return value->get_ref<const std::string&>();
}

std::int64_t integer_or(const Json& object, std::string_view key, std::int64_t fallback) {
  const Json* value = find(object, key);
  if (value == nullptr) return fallback;
  if (!value->is_number_integer()) wrong_type(key, "an integer", *value);
  if (value->is_number_unsigned() && value->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
    throw Error(ErrorKind::input, fmt::format("\"{}\" is larger than any number accepted", key));
  }
  return value->get<std::int64_t>();
}

bool bool_or(const Json& object, std::string_view key, bool fallback) {
  const Json* value = find(object, key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) wrong_type(key, "true or false", *value);
  return value->get<bool>();
}

std::vector<std::string> strings_or_empty(const Json& object, std::string_view key) {
  const Json* value = find(object, key);
  if (value == nullptr) return {};
  if (!value->is_array()) wrong_type(key, "a list of strings", *value);
  std::vector<std::string> strings;
  for (const Json& each : *value) {
    if (!each.is_string()) wrong_type(key, "a list of strings", each);
    strings.push_back(each.get_ref<const std::string&>());
  }
  return strings;
}

}  // namespace resole
