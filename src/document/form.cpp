// SPDX-License-Identifier: Apache-2.0
#include "document/form.hpp"

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::document {

void Writer::time(std::string_view key, std::int64_t seconds) {
  if (seconds != 0) field(key, format_time(seconds));
}

// Descriptors stand in documents exactly as image-spec descriptor.md has them.
Json Writer::encode(const oci::Descriptor& value) { return Json::parse(dump_compact(value.to_json())); }

const Json* Reader::find(std::string_view key) const {
  const auto found = json_.find(key);
  return found == json_.end() || found->is_null() ? nullptr : &*found;
}

std::string Reader::path() const {
  if (parent_ == nullptr) return {};
  std::string path = parent_->path();
  if (index_ != kNoIndex) return path + fmt::format("[{}]", index_);
  if (!path.empty()) path += '.';
  return path + std::string(key_);
}

void Reader::fail(std::string_view problem) const {
  const Reader* document = this;
  while (document->parent_ != nullptr) document = document->parent_;
  const std::string where = path();
  throw Error(ErrorKind::input, fmt::format("{}: {}{}{}", document->key_, where, where.empty() ? "" : ": ", printable(problem, 400)));
}

void Reader::missing(std::string_view key) const { fail(fmt::format("\"{}\" is missing", key)); }

void Reader::require(bool fits, std::string_view expected) const {
  if (!fits) fail(fmt::format("expected {}, found {}", expected, json_.type_name()));
}

const std::string& Reader::text() const {
  require(json_.is_string(), "a string");
  return json_.get_ref<const std::string&>();
}

std::uint64_t Reader::natural(std::uint64_t most) const {
  require(json_.is_number_unsigned(), "a whole number that is not negative");
  const auto value = json_.get<std::uint64_t>();
  if (value > most) fail("the number is too large");
  return value;
}

void Reader::time(std::string_view key, std::int64_t& seconds) {
  std::string text;
  optional(key, text);
  if (text.empty()) return;
  const auto parsed = parse_time(text);
  if (!parsed) fail(fmt::format("\"{}\" is no time like 2026-11-21T18:00:00Z: \"{}\"", key, text));
  seconds = *parsed;
}

void Reader::decode(bool& value) {
  require(json_.is_boolean(), "true or false");
  value = json_.get<bool>();
}

void Reader::decode(Digest& value) {
  const auto digest = Digest::try_parse(text());
  if (!digest) fail(fmt::format("\"{}\" is no digest (sha256:<64 hexadecimal digits>)", text()));
  value = *digest;
}

void Reader::decode(oci::Descriptor& value) {
  require(json_.is_object(), "an object");
  try {
    value = oci::Descriptor::from_json(OrderedJson::parse(dump_compact(json_)), "descriptor");
  } catch (const Error& error) {
    fail(error.message());
  }
}

void Reader::decode(std::map<std::string, std::string>& value) {
  require(json_.is_object(), "an object");
  value.clear();
  for (const auto& [key, member] : json_.items()) Reader(member, this, key, kNoIndex).decode(value[key]);
}

void require_schema(const Json& json, std::string_view schema, std::string_view what) {
  const std::string kind(schema.substr(0, schema.rfind('/')));
  if (!json.is_object()) throw Error(ErrorKind::input, fmt::format("{}: expected a {} document, found {}", what, kind, json.type_name()));
  const auto found = json.find("schema");
  if (found == json.end() || !found->is_string()) {
    throw Error(ErrorKind::input, fmt::format("{} is not a {} document: it has no \"schema\"", what, kind));
  }
  const std::string& given = found->get_ref<const std::string&>();
  if (given == schema) return;
  const bool other_version = given.starts_with(kind + "/");
  throw Error(ErrorKind::input, fmt::format("{} is \"{}\", expected \"{}\"", what, printable(given), schema),
              other_version ? "it was written by another version of resole: use that one, or write the document again" : "");
}

}  // namespace resole::document
