// SPDX-License-Identifier: Apache-2.0
#include "advisory/feed/package_url.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace resole::advisory::feed {

namespace {

std::string percent_decoded(std::string_view text) {
  const auto value = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1; };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && value(text[i + 1]) >= 0 && value(text[i + 2]) >= 0) {
      out += static_cast<char>(value(text[i + 1]) * 16 + value(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

}  // namespace

std::optional<PackageUrl> parse_package_url(std::string_view text) {
  if (!text.starts_with("pkg:")) return std::nullopt;
  text.remove_prefix(4);
  text = text.substr(0, text.find('#'));
  const std::size_t question = text.find('?');
  const std::string_view qualifiers = question == std::string_view::npos ? std::string_view() : text.substr(question + 1);
  text = text.substr(0, question);
  PackageUrl out;
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos && at > 0) {
    out.version = percent_decoded(text.substr(at + 1));
    text = text.substr(0, at);
  }
  const auto parts = split(text, '/');
  if (parts.size() < 2 || parts.front().empty() || parts.back().empty()) return std::nullopt;
  out.type = lower(parts.front());
  out.name = percent_decoded(parts.back());
  if (parts.size() > 2) out.space = percent_decoded(parts[1]);
  for (const std::string_view qualifier : split(qualifiers, '&')) {
    const std::size_t equals = qualifier.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = qualifier.substr(0, equals);
    const std::string value = percent_decoded(qualifier.substr(equals + 1));
    if (key == "arch") out.arch = value;
    if (key == "epoch") out.epoch = value;
    if (key == "distro") out.distro = value;
    if (key != "rpmmod") continue;
    const auto words = split(value, ':');  // name:stream:version:context
    out.module = std::string(words[0]) + (words.size() > 1 ? ":" + std::string(words[1]) : "");
  }
  return out;
}

}  // namespace resole::advisory::feed
