// SPDX-License-Identifier: Apache-2.0
#include "base/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/url.hpp>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole {

namespace urls = boost::urls;

namespace {

std::uint16_t default_port(std::string_view scheme) {
  if (scheme == "https") return 443;
  if (scheme == "http") return 80;
  return 0;
}

bool needs_host(std::string_view scheme) { return scheme == "http" || scheme == "https"; }

// Unreserved, sub-delimiters, ':' and '@': what a path segment may hold as it is (RFC 3986 section 3.3). But '+', which S3 reads as a blank,
// and '~' are written escaped, as apt does (Acquire::URIEncode).
bool is_path_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         std::string_view("-._!$&'()*,;=:@/").find(c) != std::string_view::npos;
}

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F') || (c >= 'a' && c <= 'f'); }

// A '%' is a character of the name like others: dpkg-scanpackages lists the file "e_1%3a2.deb", whose URL ends in "e_1%253a2.deb".
std::string encode_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    if (is_path_character(c)) {
      out += c;
    } else {
      out += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

// "..", also as "%2e%2E": servers decode before they resolve.
bool is_parent_segment(std::string_view segment) {
  std::string decoded = lower(segment);
  for (std::size_t at; (at = decoded.find("%2e")) != std::string::npos;) decoded.replace(at, 3, ".");
  return decoded == "..";
}

// The IANA special-purpose registry, as far as no public server can live there.
bool is_private_ipv4(const std::array<unsigned char, 4>& a) {
  return a[0] == 0 || a[0] == 10 || a[0] == 127 || (a[0] == 100 && (a[1] & 0xc0) == 64) || (a[0] == 169 && a[1] == 254) ||
         (a[0] == 172 && (a[1] & 0xf0) == 16) || (a[0] == 192 && a[1] == 168) || (a[0] == 192 && a[1] == 0 && (a[2] == 0 || a[2] == 2)) ||
         (a[0] == 198 && (a[1] & 0xfe) == 18) || (a[0] == 198 && a[1] == 51 && a[2] == 100) || (a[0] == 203 && a[1] == 0 && a[2] == 113) ||
         a[0] >= 224;
}

bool is_private_ipv6(const std::array<unsigned char, 16>& a) {
  const auto zeros = [&](std::size_t from, std::size_t to) {
    return std::all_of(a.begin() + from, a.begin() + to, [](auto b) { return b == 0; });
  };
  const std::array<unsigned char, 4> tail{a[12], a[13], a[14], a[15]};
  if (zeros(0, 12)) return true;                                                     // ::, ::1 and the deprecated ::a.b.c.d
  if (zeros(0, 10) && a[10] == 0xff && a[11] == 0xff) return is_private_ipv4(tail);  // ::ffff:a.b.c.d
  if (a[0] == 0 && a[1] == 0x64 && a[2] == 0xff && a[3] == 0x9b) return !zeros(4, 12) || is_private_ipv4(tail);  // NAT64
  if (a[0] == 0x20 && a[1] == 0x02) return is_private_ipv4({a[2], a[3], a[4], a[5]});                            // 6to4
  if (a[0] == 0x20 && a[1] == 0x01 && a[2] == 0x0d && a[3] == 0xb8) return true;                                 // documentation
  return (a[0] & 0xfe) == 0xfc || (a[0] == 0xfe && (a[1] & 0x80) == 0x80) || a[0] == 0xff;  // fc00::/7, fe80::/10, fec0::/10, ff00::/8
}

// "127.1", "0x7f.0.0.1" and "2130706433" are names to RFC 3986 but addresses to inet_aton(3), which resolvers use.
bool is_disguised_address(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  const std::string_view last = host.substr(host.rfind('.') + 1);
  const bool digits = !last.empty() && std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
  return digits || (last.starts_with("0x") && std::all_of(last.begin() + 2, last.end(), is_hex));
}

// Boost (1.81) ends a host after four numbers and a port after its digits, and takes the rest of both for a path: in
// "http://1.2.3.4.example.org:80/x" the host 1.2.3.4 and the path ".example.org:80/x". What is meant: host and port, if it can be that.
std::optional<std::pair<std::string, std::string_view>> whole_authority(std::string_view host, bool has_port, std::string_view path) {
  const std::string_view rest = path.substr(0, path.find('/')), name = rest.substr(0, rest.find(':'));
  const auto in_name = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' || c == '.'; };
  if (has_port || !name.starts_with('.') || !std::ranges::all_of(name, in_name)) return std::nullopt;
  return std::pair(fmt::format("{}{}", host, name), rest.substr(std::min(name.size() + 1, rest.size())));
}

}  // namespace

std::optional<Url> Url::try_parse(std::string_view text) {
  const auto parsed = urls::parse_uri(text);
  if (!parsed) return std::nullopt;
  const urls::url_view view = *parsed;
  Url url;
  url.text_ = text;
  url.scheme_ = lower(view.scheme());
  url.host_ = lower(view.host_address());
  std::string_view path = view.encoded_path(), port = view.port();
  if (view.has_authority() && !path.empty() && !path.starts_with('/')) {
    const auto whole = whole_authority(view.encoded_host(), view.has_port(), path);
    if (!whole) return std::nullopt;
    url.host_ = lower(whole->first);
    port = whole->second;
    path.remove_prefix(std::min(path.find('/'), path.size()));
  }
  url.path_ = path.empty() ? "/" : std::string(path);
  url.port_ = default_port(url.scheme_);
  if (!port.empty()) {
    const auto number = parse_unsigned(port);
    if (!number || *number == 0 || *number > 65535) return std::nullopt;
    url.port_ = static_cast<std::uint16_t>(*number);
  }
  // Boost 1.81 takes "http://10.0.0.5.example.org/" for the host 10.0.0.5 and a path without a slash.
  if (needs_host(url.scheme_) && (url.host_.empty() || url.path_.front() != '/')) return std::nullopt;
  return url;
}

Url Url::parse(std::string_view text) {
  if (auto url = try_parse(text)) return *std::move(url);
  // What does not parse may still hold a password, so only its scheme is repeated.
  const std::size_t colon = text.find("://");
  const std::string start =
      colon == std::string_view::npos ? std::string() : fmt::format(" (\"{}://...\")", printable(text.substr(0, colon), 20));
  throw Error(ErrorKind::input, fmt::format("not a valid absolute URL{}", start),
              "write it as https://host/path, with spaces and such percent-encoded");
}

std::string Url::shown() const {
  urls::url url(text_);
  url.remove_userinfo();
  url.remove_fragment();
  if (!url.has_query()) return std::string(url.buffer());
  std::string query;
  for (const auto& parameter : url.encoded_params()) {
    if (!query.empty()) query += '&';
    query += std::string_view(parameter.key);
    if (parameter.has_value) query += "=...";
  }
  url.remove_query();
  return std::string(url.buffer()) + "?" + query;
}

std::string Url::origin() const {
  const bool brackets = host_.find(':') != std::string::npos;
  return fmt::format("{}://{}{}{}{}", scheme_, brackets ? "[" : "", host_, brackets ? "]" : "",
                     port_ == 0 ? std::string() : fmt::format(":{}", port_));
}

Url Url::join(std::string_view relative) const {
  for (std::string_view segment : split(relative, '/')) {
    if (is_parent_segment(segment)) {
      throw Error(ErrorKind::input, fmt::format("\"{}\" leads out of {}", printable(relative), shown()));
    }
  }
  while (relative.starts_with('/')) relative.remove_prefix(1);
  const std::size_t fragment = std::min(text_.find('#'), text_.size());
  const std::size_t query = std::min(text_.find('?'), fragment);
  std::string joined = text_.substr(0, query);
  if (!joined.ends_with('/')) joined += '/';
  joined += encode_path(relative);
  joined += text_.substr(query, fragment - query);  // a mirror's access token belongs to every file below it
  return parse(joined);
}

std::string public_url(std::string_view text) {
  if (!Url::try_parse(text) || (text.find("://") == text.npos && !text.starts_with("file:"))) {
    const std::string_view scheme = text.substr(0, text.find(':'));
    if (scheme.size() == text.size()) return {};
    const bool known = scheme.size() <= 20 && std::ranges::all_of(scheme, [](char c) { return is_path_character(c) && c != '@'; });
    return fmt::format("{}:...", known ? scheme : "?");
  }
  std::string shown(text.substr(0, text.find_first_of("?#")));
  const std::size_t slashes = shown.find("://");
  const std::size_t begin = slashes == std::string::npos ? shown.size() : slashes + 3;
  const std::size_t at = shown.substr(0, std::min(shown.find('/', begin), shown.size())).rfind('@');
  if (at != std::string::npos && at >= begin) shown.erase(begin, at + 1 - begin);
  return shown;
}

Url Url::resolve(std::string_view reference) const {
  const auto parsed = urls::parse_uri_reference(reference);
  urls::url resolved;
  if (!parsed || !urls::resolve(urls::url_view(text_), *parsed, resolved)) {
    throw Error(ErrorKind::input, fmt::format("{} redirects to something that is not a URL", shown()));
  }
  // RFC 3986 section 5.2.4 drops what would lead above the root; Boost keeps it.
  std::string path(resolved.encoded_path());
  while (path == "/.." || path.starts_with("/../")) path = path.size() == 3 ? "/" : path.substr(3);
  resolved.set_encoded_path(path);
  return parse(resolved.buffer());
}

bool Url::is_private_address() const {
  const urls::url_view view(text_);
  const bool is_name = host_ != lower(view.host_address());  // whole_authority()
  if (!is_name && view.host_type() == urls::host_type::ipv4) return is_private_ipv4(view.host_ipv4_address().to_bytes());
  if (view.host_type() == urls::host_type::ipv6) return is_private_ipv6(view.host_ipv6_address().to_bytes());
  if (view.host_type() == urls::host_type::ipvfuture) return true;
  std::string_view host = host_;
  while (host.ends_with('.')) host.remove_suffix(1);
  return host == "localhost" || host.ends_with(".localhost") || is_disguised_address(host);
}

}  // namespace resole
