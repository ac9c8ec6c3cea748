// SPDX-License-Identifier: Apache-2.0
// The grammar of distribution/reference, with Docker's two completions: "debian" means docker.io/library/debian:latest, and the first part
// of a name is a host only if it looks like one ("ghcr.io/x", "localhost/x", "box:5000/x"; but "team/app" is a repository of docker.io).
#include "oci/reference.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::oci {

namespace {

constexpr std::size_t kLongestName = 255;

bool is_lower_alnum(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
bool is_alnum(char c) { return is_lower_alnum(c) || (c >= 'A' && c <= 'Z'); }
bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

[[noreturn]] void refuse_reference(std::string_view text, std::string_view reason) {
  throw Error(ErrorKind::usage, fmt::format("\"{}\" is not an image reference: {}", printable(text), reason),
              "write [host[:port]/]repository[:tag][@sha256:...], in lower case up to the tag");
}

// path-component := [a-z0-9]+ (separator [a-z0-9]+)*, separator := "." | "_" | "__" | "-"+
bool is_repository_component(std::string_view text) {
  if (text.empty() || !is_lower_alnum(text.front()) || !is_lower_alnum(text.back())) return false;
  for (std::size_t at = 0; at < text.size();) {
    if (is_lower_alnum(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = text.find_first_not_of(text[at], at);
    const std::size_t length = end - at;
    const bool good = text[at] == '-' || (text[at] == '_' && length <= 2) || (text[at] == '.' && length == 1);
    if (!good || !is_lower_alnum(text[end])) return false;
    at = end;
  }
  return true;
}

bool is_host_name(std::string_view text) {
  if (text.starts_with('[')) {  // IPv6 literal
    return text.ends_with(']') && text.size() > 2 &&
           std::all_of(text.begin() + 1, text.end() - 1, [](char c) { return is_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; });
  }
  for (std::string_view label : split(text, '.')) {
    if (label.empty() || !is_alnum(label.front()) || !is_alnum(label.back())) return false;
    if (!std::all_of(label.begin(), label.end(), [](char c) { return is_alnum(c) || c == '-'; })) return false;
  }
  return true;
}

bool is_host(std::string_view text) {
  const std::size_t colon = text.ends_with(']') ? std::string_view::npos : text.rfind(':');
  if (colon == std::string_view::npos) return is_host_name(text);
  const std::optional<std::uint64_t> port = parse_unsigned(text.substr(colon + 1));
  return is_host_name(text.substr(0, colon)) && port && *port <= 65535;
}

bool looks_like_host(std::string_view first_part) {
  return first_part == "localhost" || first_part.find_first_of(".:[") != std::string_view::npos || lower(first_part) != first_part;
}

bool is_tag(std::string_view text) {
  if (text.empty() || text.size() > 128 || text.front() == '.' || text.front() == '-') return false;
  return std::all_of(text.begin(), text.end(), [](char c) { return is_alnum(c) || c == '_' || c == '.' || c == '-'; });
}

void split_name(std::string_view name, std::string_view whole, Reference& out) {
  const std::size_t slash = name.find('/');
  if (slash != std::string_view::npos && looks_like_host(name.substr(0, slash))) {
    out.registry = name.substr(0, slash);
    out.repository = name.substr(slash + 1);
    if (!is_host(out.registry)) refuse_reference(whole, fmt::format("\"{}\" is not a host", printable(out.registry)));
  } else {
    out.registry = "docker.io";
    out.repository = name;
  }
  if (out.registry == "index.docker.io") out.registry = "docker.io";
  if (out.registry == "docker.io" && out.repository.find('/') == std::string::npos) out.repository = "library/" + out.repository;
}

}  // namespace

Reference Reference::parse(std::string_view text) {
  Reference out;
  std::string_view name = text;
  if (name.empty()) refuse_reference(text, "it is empty");
  if (const std::size_t at = name.find('@'); at != std::string_view::npos) {
    const std::optional<Digest> digest = Digest::try_parse(name.substr(at + 1));
    if (!digest) refuse_reference(text, "what follows the '@' is not a digest");
    out.digest = *digest;
    name = name.substr(0, at);
  }
  const std::size_t colon = name.rfind(':'), slash = name.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    out.tag = name.substr(colon + 1);
    name = name.substr(0, colon);
    if (!is_tag(out.tag)) refuse_reference(text, fmt::format("\"{}\" is not a tag", printable(out.tag)));
  }
  // docker refuses it too: it could not be told from the id of an image.
  if (name.size() == 64 && std::all_of(name.begin(), name.end(), is_hex)) refuse_reference(text, "64 hexadecimal digits are an image id, not a name");
  split_name(name, text, out);
  for (std::string_view component : split(out.repository, '/')) {
    if (is_repository_component(component)) continue;
    refuse_reference(text, lower(component) != component ? "the repository must be in lower case"
                                               : fmt::format("\"{}\" is not part of a repository", printable(component)));
  }
  if (out.name().size() > kLongestName) refuse_reference(text, "it is longer than 255 characters");
  if (out.tag.empty() && out.digest.empty()) out.tag = "latest";
  return out;
}

std::string Reference::name() const { return registry + "/" + repository; }

std::string Reference::text() const {
  std::string out = name();
  if (!tag.empty()) out += ":" + tag;
  if (!digest.empty()) out += "@" + digest.text();
  return out;
}

}  // namespace resole::oci
