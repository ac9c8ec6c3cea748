// SPDX-License-Identifier: Apache-2.0
// One description per type serves both directions. A type says its fields once:
//
//   template <class Form, class T> requires Of<T, Destination>
//   void describe(Form& form, T& value) {
//     form.field("location", value.location);   // always there
//     form.optional("tag", value.tag);          // left out when empty
//   }
//
// and Writer turns a value into JSON by it, Reader JSON into a value. What is written can therefore be read, and no field is forgotten in
// one direction. Reading ignores members it does not know; whatever else does not fit is Error(input) with the path: "plan.json:
// platforms[0].packages[3].to: expected ...".
#pragma once
#include <concepts>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/digest.hpp"
#include "base/json.hpp"
#include "document/words.hpp"
#include "oci/descriptor.hpp"

namespace resole::document {

template <class T, class Value>
concept Of = std::same_as<std::remove_const_t<T>, Value>;

template <class T>
concept Enumeration = std::is_enum_v<T>;
template <class T>
concept Number = std::integral<T> && !std::same_as<T, bool>;

class Writer {
 public:
  template <class T>
  void field(std::string_view key, const T& value) {
    object_[std::string(key)] = encode(value);
  }
  template <class T>
  void optional(std::string_view key, const T& value) {
    if (!is_empty(value)) field(key, value);
  }
  void time(std::string_view key, std::int64_t seconds);  // RFC 3339; 0 is left out
  void check(bool, std::string_view) {}

  template <class T>
  static Json encode(const T& value) {
    Writer writer;
    describe(writer, value);
    return std::move(writer.object_);
  }
  static Json encode(const std::string& value) { return value; }
  static Json encode(bool value) { return value; }
  static Json encode(const Digest& value) { return value.text(); }
  static Json encode(const oci::Descriptor& value);
  template <Number T>
  static Json encode(const T& value) {
    return value;
  }
  template <Enumeration T>
  static Json encode(const T& value) {
    return std::string(word(value));
  }
  static Json encode(const std::map<std::string, std::string>& value) { return value; }
  template <class T>
  static Json encode(const std::optional<T>& value) {
    return encode(*value);
  }
  template <class T>
  static Json encode(const std::vector<T>& values) {
    Json list = Json::array();
    for (const T& value : values) list.push_back(encode(value));
    return list;
  }

 private:
  template <class T>
  static bool is_empty(const T& value) {
    return value.empty();
  }
  template <class T>
  static bool is_empty(const std::optional<T>& value) {
    return !value;
  }
  static bool is_empty(const oci::Descriptor& value) { return value.media_type.empty(); }
  static bool is_empty(const pkg::SourceRef& value) { return value.name.empty(); }
  static bool is_empty(bool value) { return !value; }
  template <Number T>
  static bool is_empty(const T& value) {
    return value == 0;
  }

  Json object_ = Json::object();
};

class Reader {
 public:
  Reader(const Json& json, std::string_view document) : json_(json), parent_(nullptr), key_(document) {
    require(json.is_object(), "an object");
  }

  template <class T>
  void field(std::string_view key, T& value) {
    const Json* found = find(key);
    if (found == nullptr) missing(key);
    Reader(*found, this, key, kNoIndex).decode(value);
  }
  template <class T>
  void optional(std::string_view key, T& value) {
    if (const Json* found = find(key)) Reader(*found, this, key, kNoIndex).decode(value);
  }
  void time(std::string_view key, std::int64_t& seconds);
  void check(bool fits, std::string_view problem) const {  // what the type of a field cannot say
    if (!fits) fail(problem);
  }

  [[noreturn]] void fail(std::string_view problem) const;  // Error(input) at this place

 private:
  static constexpr std::size_t kNoIndex = static_cast<std::size_t>(-1);
  Reader(const Json& json, const Reader* parent, std::string_view key, std::size_t index)
      : json_(json), parent_(parent), key_(key), index_(index) {}

  const Json* find(std::string_view key) const;  // nullptr: absent or null
  [[noreturn]] void missing(std::string_view key) const;
  void require(bool fits, std::string_view expected) const;
  std::string path() const;
  std::uint64_t natural(std::uint64_t most) const;
  const std::string& text() const;

  template <class T>
  void decode(T& value) {
    require(json_.is_object(), "an object");
    describe(*this, value);
  }
  void decode(std::string& value) { value = text(); }
  void decode(bool& value);
  void decode(Digest& value);
  void decode(oci::Descriptor& value);
  void decode(std::map<std::string, std::string>& value);
  template <Number T>
  void decode(T& value) {
    value = static_cast<T>(natural(static_cast<std::uint64_t>(std::numeric_limits<T>::max())));
  }
  template <Enumeration T>
  void decode(T& value) {
    const auto known = parse_word<T>(text());
    if (!known) fail("\"" + text() + "\" is no word that is known here");
    value = *known;
  }
  template <class T>
  void decode(std::optional<T>& value) {
    decode(value.emplace());
  }
  template <class T>
  void decode(std::vector<T>& values) {
    require(json_.is_array(), "a list");
    values.clear();
    values.reserve(json_.size());
    for (std::size_t i = 0; i < json_.size(); ++i) Reader(json_[i], this, {}, i).decode(values.emplace_back());
  }

  const Json& json_;
  const Reader* parent_;  // the object or list this stands in; nullptr: the document
  std::string_view key_;  // name in the object; of the document itself at the top
  std::size_t index_ = kNoIndex;
};

// The whole document: `schema` first, so that another document is named as what it is.
void require_schema(const Json& json, std::string_view schema, std::string_view what);

template <class T>
T read_document(std::string_view text, std::string_view schema, std::string_view what) {
  const Json json = parse_json(text, what);
  require_schema(json, schema, what);
  T value;
  Reader reader(json, what);
  describe(reader, value);
  return value;
}

template <class T>
Json document_json(const T& value, std::string_view schema) {
  Json json = Writer::encode(value);
  json["schema"] = schema;
  return json;
}

}  // namespace resole::document
