// SPDX-License-Identifier: Apache-2.0
#include "io/proxy.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>

#include "base/text.hpp"

namespace resole::io {

namespace {

using AddressBits = std::array<unsigned char, 16>;

struct Address {
  AddressBits bytes{};
  unsigned bits = 0;  // 32 or 128
};

std::optional<Address> parse_address(const std::string& text) {
  Address address;
  if (inet_pton(AF_INET, text.c_str(), address.bytes.data()) == 1) {
    address.bits = 32;
  } else if (inet_pton(AF_INET6, text.c_str(), address.bytes.data()) == 1) {
    address.bits = 128;
  } else {
    return std::nullopt;
  }
  return address;
}

bool in_network(const Address& address, const Address& network, std::uint64_t prefix) {
  if (address.bits != network.bits || prefix > address.bits) return false;
  for (unsigned bit = 0; bit < prefix; ++bit) {
    const unsigned mask = 0x80u >> bit % 8;
    if ((address.bytes[bit / 8] & mask) != (network.bytes[bit / 8] & mask)) return false;
  }
  return true;
}

std::string without_brackets(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  return std::string(text);
}

bool names_host(std::string_view entry, const Url& url) {
  if (entry == "*") return true;
  const std::size_t slash = entry.find('/');
  if (const auto address = parse_address(url.host())) {
    const auto network = parse_address(without_brackets(entry.substr(0, slash)));
    const auto prefix =
        slash == std::string_view::npos ? std::optional<std::uint64_t>(address->bits) : parse_unsigned(entry.substr(slash + 1));
    return network && prefix && in_network(*address, *network, *prefix);
  }
  while (entry.starts_with('.')) entry.remove_prefix(1);
  const std::string& host = url.host();
  return !entry.empty() && (host == entry || (host.ends_with(entry) && host[host.size() - entry.size() - 1] == '.'));
}

bool is_exempt(const Url& url, std::string list) {
  std::replace(list.begin(), list.end(), ',', ' ');
  const std::string lowered = lower(list);
  const auto entries = split_words(lowered);
  return std::any_of(entries.begin(), entries.end(), [&](std::string_view entry) { return names_host(entry, url); });
}

std::string first_set(const Environment& environment, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (std::string value = environment(name); !value.empty()) return value;
  }
  return {};
}

}  // namespace

std::string proxy_for(const Url& url, const Environment& environment) {
  const std::string proxy = url.scheme() == "https" ? first_set(environment, {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"})
                                                    : first_set(environment, {"http_proxy", "all_proxy", "ALL_PROXY"});
  if (proxy.empty() || is_exempt(url, first_set(environment, {"no_proxy", "NO_PROXY"}))) return {};
  return proxy;
}

Environment process_environment() {
  return [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value == nullptr ? "" : value);
  };
}

}  // namespace resole::io
