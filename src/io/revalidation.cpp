// SPDX-License-Identifier: Apache-2.0
#include "io/revalidation.hpp"

#include "base/error.hpp"
#include "base/json.hpp"
#include "io/url_parts.hpp"

namespace resole::io {

namespace {

constexpr std::string_view kRoom = "http";

std::string key_of(const Url& url) { return "url-" + sha256_hex_of(split_credentials(url).url.text()); }

// Goes back to the server as a request field, so it must be one line; a validator that is not plain text is not worth keeping.
std::string validator(const HttpHead& head, std::string_view name) {
  const std::string* value = head.field(name);
  if (value == nullptr || value->size() > 1000) return {};
  for (const char c : *value) {
    if (c < 0x20 || c == 0x7f) return {};
  }
  return *value;
}

}  // namespace

std::vector<std::string> KeptBody::conditions() const {
  std::vector<std::string> fields;
  if (!etag.empty()) fields.push_back("If-None-Match: " + etag);
  if (!last_modified.empty()) fields.push_back("If-Modified-Since: " + last_modified);
  return fields;
}

// An entry is one line of JSON and the body.
std::optional<KeptBody> kept_body(Cache& cache, const Url& url) {
  const auto entry = cache.get(kRoom, key_of(url));
  if (!entry) return std::nullopt;
  const std::string_view bytes = entry->bytes();
  const std::size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  try {
    const Json validators = parse_json(bytes.substr(0, end), "cached validators");
    const Blob body(std::make_shared<const Blob>(*entry), bytes.substr(end + 1));
    return KeptBody{string_or(validators, "etag", ""), string_or(validators, "lastModified", ""), body};
  } catch (const Error&) {
    return std::nullopt;
  }
}

Blob keep_body(Cache& cache, const Url& url, const HttpHead& head, std::string_view body) {
  const std::string line = dump_compact(Json{{"etag", validator(head, "etag")}, {"lastModified", validator(head, "last-modified")}}) + "\n";
  const Blob entry = cache.put(kRoom, key_of(url), line + std::string(body));
  return Blob(std::make_shared<const Blob>(entry), entry.bytes().substr(line.size()));
}

}  // namespace resole::io
