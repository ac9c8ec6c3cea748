// SPDX-License-Identifier: Apache-2.0
#include "io/url_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/error.hpp"

namespace resole::io {

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

Target split_credentials(const Url& url) {
  const std::string& text = url.text();
  const std::size_t begin = text.find("://") + 3;
  const std::size_t end = std::min(text.find_first_of("/?#", begin), text.size());
  const std::size_t at = text.substr(0, end).rfind('@');
  if (at == std::string::npos || at < begin) return {url, std::nullopt};
  const std::string_view userinfo = std::string_view(text).substr(begin, at - begin);
  const std::size_t colon = std::min(userinfo.find(':'), userinfo.size());
  const std::string_view password = colon < userinfo.size() ? userinfo.substr(colon + 1) : std::string_view();
  return {Url::parse(text.substr(0, begin) + text.substr(at + 1)),
          Credentials{percent_decoded(userinfo.substr(0, colon)), percent_decoded(password)}};
}

std::string file_path(const Url& file_url) {
  if (!file_url.host().empty() && file_url.host() != "localhost") {
    throw Error(ErrorKind::input, fmt::format("{} names another machine", file_url.shown()), "write it as file:///path");
  }
  std::string path = percent_decoded(file_url.path());
  if (path.find('\0') != std::string::npos) throw Error(ErrorKind::input, fmt::format("{} is not the name of a file", file_url.shown()));
  return path;
}

}  // namespace resole::io
