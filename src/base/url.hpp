// SPDX-License-Identifier: Apache-2.0
// A URL that cannot leak: text() for machines, shown() for people (userinfo removed, query values replaced by "...").
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resole {

class Url {
 public:
  static Url parse(std::string_view text);                     // throws Error(input); absolute URLs only (scheme and, for http(s), host)
  static std::optional<Url> try_parse(std::string_view text);
  const std::string& text() const { return text_; }
  std::string shown() const;
  const std::string& scheme() const { return scheme_; }        // lower case
  const std::string& host() const { return host_; }            // lower case, no port, no brackets
  std::uint16_t port() const { return port_; }                 // default of the scheme when absent; 0 when none
  const std::string& path() const { return path_; }            // as written, "/" when empty
  std::string origin() const;                                  // scheme://host:port
  // The file "dists/x" below this URL (a '/' is inserted when missing): a name, not yet escaped, which is written as apt writes it. Refuses
  // ".." segments.
  Url join(std::string_view relative) const;
  Url resolve(std::string_view reference) const;               // RFC 3986 resolution, for redirects
  // Loopback, link-local, RFC 1918, unique-local or other non-public address literal, or "localhost" (product.md "Trust").
  bool is_private_address() const;
  bool operator==(const Url& other) const { return text_ == other.text_; }

 private:
  std::string text_, scheme_, host_, path_;
  std::uint16_t port_ = 0;
};

// What should be the URL of a place, as messages and documents may hold it: without userinfo, query and fragment; of other text only what
// stands before its first ':'.
std::string public_url(std::string_view text);

}  // namespace resole
