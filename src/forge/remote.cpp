// SPDX-License-Identifier: Apache-2.0
#include "forge/remote.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/url.hpp"
#include "io/url_parts.hpp"

namespace resole::forge {

namespace {

[[noreturn]] void refuse_remote(std::string_view why) {
  throw Error(ErrorKind::usage, fmt::format("the remote {}", why), "give it as https://HOST/PATH, ssh://USER@HOST/PATH, USER@HOST:PATH or file:///PATH");
}

std::string repository_path(std::string_view path) {
  while (path.starts_with('/')) path.remove_prefix(1);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (path.ends_with(".git")) path.remove_suffix(4);
  return std::string(path);
}

Remote http_remote(std::string_view text) {
  const auto url = Url::try_parse(text);
  if (!url || url->host().empty()) refuse_remote("is no URL");
  if (text.find_first_of("?#") != std::string_view::npos) refuse_remote("has a query or a fragment");
  const io::Target target = io::split_credentials(*url);
  Remote remote{url->scheme(), target.url.text(), url->host(), repository_path(url->path()), "", ""};
  const bool usual = url->port() == (url->scheme() == "https" ? 443 : 80);
  if (remote.host.find(':') != std::string::npos) remote.host = "[" + remote.host + "]";
  if (!usual) remote.host += fmt::format(":{}", url->port());
  if (target.credentials) {
    remote.user = target.credentials->user;
    remote.password = target.credentials->password;
  }
  return remote;
}

// The port is the ssh server's: it says nothing of the forge's own.
Remote ssh_remote(std::string_view text) {
  const std::string_view rest = text.substr(text.find("://") + 3);
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) refuse_remote("has no path");
  std::string_view authority = rest.substr(0, slash);
  if (const std::size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (authority.substr(0, at).find(':') != std::string_view::npos) refuse_remote("has a password in it, which ssh does not take");
    authority.remove_prefix(at + 1);
  }
  if (authority.empty() || authority.starts_with('-') || rest.starts_with('-')) refuse_remote("has no host");
  return {"ssh", std::string(text), lower(authority.substr(0, authority.find(':'))), repository_path(rest.substr(slash)), "", ""};
}

// git-clone(1) "GIT URLS": this form is taken when there is no slash before the first colon.
bool is_scp_form(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon != std::string_view::npos && text.find('/') > colon;
}

Remote scp_remote(std::string_view text) {
  const std::size_t colon = text.find(':'), at = text.substr(0, colon).rfind('@');
  const std::string_view host = at == std::string_view::npos ? text.substr(0, colon) : text.substr(at + 1, colon - at - 1);
  if (host.empty() || host.starts_with('-') || text.substr(colon + 1).starts_with(':')) refuse_remote("names no host, or a transport that runs a program");
  return {"ssh", std::string(text), lower(host), repository_path(text.substr(colon + 1)), "", ""};
}

}  // namespace

Remote parse_remote(std::string_view text) {
  const bool strange = std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; });
  if (text.empty() || strange || text.starts_with('-')) refuse_remote("is empty, begins with a dash or has blanks in it");
  if (text.starts_with("https://") || text.starts_with("http://")) return http_remote(text);
  if (text.starts_with("ssh://")) return ssh_remote(text);
  if (text.starts_with("file:///")) return {"file", std::string(text), "", repository_path(text.substr(7)), "", ""};
  if (text.starts_with('/')) return {"file", "file://" + std::string(text), "", repository_path(text), "", ""};
  if (text.find("://") == std::string_view::npos && is_scp_form(text)) return scp_remote(text);
  refuse_remote("has a form that is not known");
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += {'%', kHex[byte >> 4], kHex[byte & 15u]};
    }
  }
  return out;
}

}  // namespace resole::forge
