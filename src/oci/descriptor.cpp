// SPDX-License-Identifier: Apache-2.0
#include "oci/descriptor.hpp"

#include <fmt/format.h>

#include <limits>

#include "base/error.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "oci/json_fields.hpp"

namespace resole::oci {

namespace {

std::uint64_t read_size(const OrderedJson& json, std::string_view what) {
  const OrderedJson* size = fields::find(json, "size");
  if (!size) throw Error(ErrorKind::input, fmt::format("{}: \"size\" is missing", what));
  // int64 by descriptor.md; JSON's integers are read as unsigned unless they are negative.
  if (!size->is_number_unsigned() || size->get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
    throw Error(ErrorKind::input, fmt::format("{}: \"size\" must be a whole number that is not negative", what));
  }
  return size->get<std::uint64_t>();
}

// descriptor.md "Digests": algorithm ::= component (separator component)*, encoded ::= [a-zA-Z0-9=_-]+
bool is_digest_grammar(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return false;
  bool after_separator = true;
  for (char c : text.substr(0, colon)) {
    const bool component = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    const bool separator = c == '+' || c == '.' || c == '_' || c == '-';
    if (!component && (!separator || after_separator)) return false;
    after_separator = separator;
  }
  if (after_separator) return false;
  for (char c : text.substr(colon + 1)) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alnum && c != '=' && c != '_' && c != '-') return false;
  }
  return true;
}

void read_digest(const std::string& text, Descriptor& out, std::string_view what) {
  if (std::optional<Digest> digest = Digest::try_parse(text)) {
    out.digest = *digest;
  } else if (is_digest_grammar(text) && !text.starts_with("sha256:") && !text.starts_with("sha512:")) {
    out.foreign_digest = text;
  } else {
    throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a digest", what, printable(text)));
  }
}

Platform read_platform(const OrderedJson& json, const std::string& what) {
  fields::require_object(json, what);
  Platform out;
  out.os = fields::required_string(json, "os", what);
  out.architecture = fields::required_string(json, "architecture", what);
  out.variant = fields::optional_string(json, "variant", what);
  out.os_version = fields::optional_string(json, "os.version", what);
  out.os_features = fields::string_list(json, "os.features", what);
  return out;
}

// `data` repeats the content; one that differs would show different bytes to different readers.
void check_embedded(const OrderedJson& json, const Descriptor& descriptor, std::string_view what) {
  const std::string data = fields::optional_string(json, "data", what);
  if (data.empty() || descriptor.digest.empty()) return;
  const std::optional<std::string> bytes = base64_decode(data);
  if (!bytes) throw Error(ErrorKind::input, fmt::format("{}: \"data\" is not base64", what));
  Hasher hasher(descriptor.digest.algorithm());
  hasher.update(*bytes);
  if (bytes->size() != descriptor.size || to_hex(hasher.finish()) != descriptor.digest.hex()) {
    throw Error(ErrorKind::verification, fmt::format("{}: \"data\" does not match the size and digest beside it", what));
  }
}

OrderedJson platform_json(const Platform& platform) {
  OrderedJson out = {{"architecture", platform.architecture}, {"os", platform.os}};
  if (!platform.os_version.empty()) out["os.version"] = platform.os_version;
  if (!platform.os_features.empty()) out["os.features"] = platform.os_features;
  if (!platform.variant.empty()) out["variant"] = platform.variant;
  return out;
}

}  // namespace

Descriptor Descriptor::from_json(const OrderedJson& json, std::string_view what) {
  fields::require_object(json, what);
  Descriptor out;
  out.media_type = fields::required_string(json, "mediaType", what);
  if (!media_type::is_well_formed(out.media_type)) {
    throw Error(ErrorKind::input, fmt::format("{}: \"{}\" is not a media type", what, printable(out.media_type)));
  }
  read_digest(fields::required_string(json, "digest", what), out, what);
  out.size = read_size(json, what);
  out.annotations = fields::string_map(json, "annotations", what);
  out.artifact_type = fields::optional_string(json, "artifactType", what);
  out.urls = fields::string_list(json, "urls", what);
  if (const OrderedJson* platform = fields::find(json, "platform"))
    out.platform = read_platform(*platform, fmt::format("{}, platform", what));
  check_embedded(json, out, what);
  return out;
}

OrderedJson Descriptor::to_json() const {
  OrderedJson out = {{"mediaType", media_type}, {"digest", digest.empty() ? foreign_digest : digest.text()}, {"size", size}};
  if (!urls.empty()) out["urls"] = urls;
  if (!annotations.empty()) out["annotations"] = annotations;
  if (platform) out["platform"] = platform_json(*platform);
  if (!artifact_type.empty()) out["artifactType"] = artifact_type;
  return out;
}

Descriptor Descriptor::with_content(std::string_view bytes) const {
  Descriptor out = *this;
  out.digest = Digest::of(bytes);
  out.size = bytes.size();
  out.urls.clear();
  return out;
}

}  // namespace resole::oci
