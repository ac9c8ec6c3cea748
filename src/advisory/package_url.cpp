// SPDX-License-Identifier: Apache-2.0
#include "advisory/package_url.hpp"

#include "base/text.hpp"

namespace resole::advisory {

namespace {

constexpr std::size_t kLongestUrl = 8192;

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt, low = high ? hex_digit(text[i + 2]) : std::nullopt;
    if (text[i] != '%' || !low) {
      out += text[i];
      continue;
    }
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

std::optional<PackageUrl> PackageUrl::parse(std::string_view text) {
  if (text.size() > kLongestUrl || !text.starts_with("pkg:")) return std::nullopt;
  text.remove_prefix(4);
  while (text.starts_with('/')) text.remove_prefix(1);
  text = text.substr(0, text.find('#'));
  PackageUrl url;
  if (const std::size_t question = text.find('?'); question != std::string_view::npos) {
    for (const std::string_view pair : split(text.substr(question + 1), '&')) {
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos) url.qualifiers.emplace(lower(pair.substr(0, equals)), percent_decoded(pair.substr(equals + 1)));
    }
    text = text.substr(0, question);
  }
  const std::size_t slash = text.find('/');
  if (slash == 0 || slash == std::string_view::npos) return std::nullopt;
  url.type = lower(text.substr(0, slash));
  text.remove_prefix(slash + 1);
  // The version begins at the last '@' of the last part: "pkg:npm/@angular/core@1.0".
  const std::size_t last = text.rfind('/'), at = text.rfind('@');
  if (at != std::string_view::npos && at != 0 && (last == std::string_view::npos || at > last + 1)) {
    url.version = percent_decoded(text.substr(at + 1));
    text = text.substr(0, at);
  }
  const std::size_t name = text.rfind('/');
  url.name = percent_decoded(name == std::string_view::npos ? text : text.substr(name + 1));
  if (name != std::string_view::npos) url.space = percent_decoded(text.substr(0, name));
  if (url.name.empty()) return std::nullopt;
  return url;
}

std::string_view PackageUrl::qualifier(std::string_view wanted) const {
  const auto found = qualifiers.find(std::string(wanted));
  return found == qualifiers.end() ? std::string_view() : std::string_view(found->second);
}

}  // namespace resole::advisory
