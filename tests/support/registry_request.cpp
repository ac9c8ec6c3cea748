// SPDX-License-Identifier: Apache-2.0
#include "support/registry_request.hpp"

#include <regex>

#include "base/text.hpp"

namespace resole::test {

namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// "/v2/<name>/<between>/<reference>"; the last occurrence counts, since names may hold such words.
bool divide(RegistryRequest& out, std::string_view rest, std::string_view between) {
  const std::size_t at = rest.rfind(between);
  if (at == std::string_view::npos || at == 0) return false;
  out.repository = rest.substr(0, at);
  out.reference = rest.substr(at + between.size());
  return out.reference.find('/') == std::string::npos;
}

std::string noun_of(RegistryRequest& out, std::string_view path) {
  if (path == "/token") return "token";
  if (path.starts_with("/store/")) return out.reference = path.substr(7), "storage";
  if (path.starts_with("/uploads-here/")) return out.reference = path.substr(14), "upload";
  if (path == "/v2/" || path == "/v2") return "ping";
  if (!path.starts_with("/v2/")) return "other";
  const std::string_view rest = path.substr(4);
  if (divide(out, rest, "/blobs/uploads/")) return out.method == "POST" && out.asks("mount") ? "mount" : "upload";
  if (divide(out, rest, "/blobs/")) return "blob";
  if (divide(out, rest, "/manifests/")) return "manifest";
  if (divide(out, rest, "/referrers/")) return "referrers";
  if (divide(out, rest, "/tags/") && out.reference == "list") return "tags";
  return "other";
}

std::string shown_auth(const std::string& field) {
  const std::size_t blank = field.find(' ');
  const std::string scheme = lower(field.substr(0, blank));
  if (scheme == "bearer") return "Bearer";
  if (scheme != "basic") return field;
  const std::string pair = base64_decode(trim(field.substr(blank))).value_or("?");
  return "Basic " + pair.substr(0, pair.find(':'));
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool coded = text[at] == '%' && at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
    if (coded) {
      out += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
      at += 2;
    } else {
      out += text[at] == '+' ? ' ' : text[at];
    }
  }
  return out;
}

std::map<std::string, std::string> parse_form(std::string_view text) {
  std::map<std::string, std::string> out;
  for (const std::string_view part : split(text, '&')) {
    const std::size_t equals = part.find('=');
    const std::string_view value = equals == std::string_view::npos ? std::string_view() : part.substr(equals + 1);
    if (!part.empty()) out[percent_decoded(part.substr(0, equals))] = percent_decoded(value);
  }
  return out;
}

bool is_repository_name(std::string_view name) {
  static const std::regex grammar("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*");
  return name.size() <= 255 && std::regex_match(name.begin(), name.end(), grammar);
}

std::string RegistryRequest::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

RegistryRequest understand(const HttpSeen& seen) {
  RegistryRequest out;
  out.method = seen.method;
  out.path = seen.path;
  const std::size_t mark = seen.path.find('?');
  if (mark != std::string::npos) out.raw_query = seen.path.substr(mark + 1);
  out.query = parse_form(out.raw_query);
  out.kind = seen.method + " " + noun_of(out, std::string_view(seen.path).substr(0, mark));
  out.auth = shown_auth(seen.field("authorization"));
  out.status = seen.status;
  out.up = seen.body_size;
  out.down = seen.sent;
  out.number = seen.number;
  return out;
}

}  // namespace resole::test
