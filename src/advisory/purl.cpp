// SPDX-License-Identifier: Apache-2.0
#include "advisory/purl.hpp"

#include <array>
#include <utility>

#include "base/text.hpp"

namespace resole::advisory {

namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = high >= 0 ? hex_digit(text[i + 2]) : -1;
    if (low >= 0) {
      out += static_cast<char>(high * 16 + low);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

// Word -> family; "" for those that only say "of the distribution".
constexpr std::array<std::pair<std::string_view, std::string_view>, 47> kTypes = {
    {{"deb", "deb"},           {"dpkg", "deb"},      {"debian", "deb"},    {"ubuntu", "deb"},       {"rpm", "rpm"},          {"apk", "apk"},
     {"apkg", "apk"},          {"alpine", "apk"},    {"wolfi", "apk"},     {"chainguard", "apk"},   {"minimos", "apk"},      {"redhat", "rpm"},
     {"rhel", "rpm"},          {"centos", "rpm"},    {"rocky", "rpm"},     {"rocky linux", "rpm"},  {"alma", "rpm"},         {"almalinux", "rpm"},
     {"amazon", "rpm"},        {"amzn", "rpm"},      {"oracle", "rpm"},    {"ol", "rpm"},           {"fedora", "rpm"},       {"suse", "rpm"},
     {"sles", "rpm"},          {"slem", "rpm"},      {"opensuse", "rpm"},  {"opensuse-leap", "rpm"},{"opensuse.leap", "rpm"},{"opensuse-tumbleweed", "rpm"},
     {"opensuse.tumbleweed", "rpm"}, {"photon", "rpm"}, {"photon os", "rpm"}, {"mariner", "rpm"},   {"cbl-mariner", "rpm"},  {"azurelinux", "rpm"},
     {"azure linux", "rpm"},   {"red hat", "rpm"},   {"mageia", "rpm"},    {"openeuler", "rpm"},    {"echo", "deb"},         {"bottlerocket", "rpm"},
     {"centos-stream", "rpm"}, {"os", ""},           {"os-pkgs", ""},      {"linux", ""},           {"os package", ""}}};

}  // namespace

std::string Purl::qualifier(std::string_view key) const {
  const auto found = qualifiers.find(std::string(key));
  return found == qualifiers.end() ? std::string() : found->second;
}

std::string Purl::full_version() const {
  const std::string epoch = qualifier("epoch");
  return epoch.empty() || epoch == "0" || version.empty() || version.find(':') != std::string::npos ? version : epoch + ":" + version;
}

std::optional<Purl> parse_purl(std::string_view text) {
  if (!lower(text.substr(0, 4)).starts_with("pkg:")) return std::nullopt;
  text.remove_prefix(4);
  while (text.starts_with('/')) text.remove_prefix(1);
  Purl purl;
  if (const std::size_t hash = text.find('#'); hash != std::string_view::npos) {
    purl.subpath = percent_decoded(text.substr(hash + 1));
    text = text.substr(0, hash);
  }
  if (const std::size_t question = text.find('?'); question != std::string_view::npos) {
    for (const std::string_view pair : split(text.substr(question + 1), '&')) {
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos) purl.qualifiers.emplace(lower(pair.substr(0, equals)), percent_decoded(pair.substr(equals + 1)));
    }
    text = text.substr(0, question);
  }
  if (const std::size_t at = text.rfind('@'); at != std::string_view::npos && at > text.rfind('/') + 1) {
    purl.version = percent_decoded(text.substr(at + 1));
    text = text.substr(0, at);
  }
  const std::size_t slash = text.find('/'), last = text.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return std::nullopt;
  purl.type = lower(text.substr(0, slash));
  purl.name = percent_decoded(text.substr(last + 1));
  if (last > slash) purl.ns = percent_decoded(text.substr(slash + 1, last - slash - 1));
  if (purl.name.empty()) return std::nullopt;
  return purl;
}

bool is_distribution_type(std::string_view word) {
  const std::string small = lower(trim(word));
  for (const auto& [name, family] : kTypes) {
    if (small == name) return true;
  }
  return false;
}

std::string_view family_of_type(std::string_view word) {
  const std::string small = lower(trim(word));
  for (const auto& [name, family] : kTypes) {
    if (small == name) return family;
  }
  return {};
}

}  // namespace resole::advisory
