// SPDX-License-Identifier: Apache-2.0
#include "io/address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/text.hpp"

namespace resole::io {

namespace {

struct Block {
  std::uint32_t network;
  unsigned bits;
};

// RFC 1122 (this host), 1918, 6598, 1122 (loopback), 3927, 6890 (protocol assignments, which hold a metadata service of one cloud).
constexpr Block kPrivateBlocks[] = {
    {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},
    {0xa9fe0000, 16}, {0xac100000, 12}, {0xc0000000, 24}, {0xc0a80000, 16},
};

// What a name that a server told us must never lead to: this machine, its links, and the addresses at which clouds hand out the machine's
// own credentials (169.254.169.254 and fd00:ec2::254 at Amazon, 192.0.0.192 at Oracle, 100.100.100.200 at Alibaba).
constexpr Block kMachineLocalBlocks[] = {{0x00000000, 8}, {0x7f000000, 8}, {0xa9fe0000, 16}, {0xc0000000, 24}, {0x646464c8, 32}};

using Ipv6 = std::array<std::uint8_t, 16>;

template <std::size_t count>
bool is_within(std::uint32_t address, const Block (&blocks)[count]) {
  return std::any_of(std::begin(blocks), std::end(blocks),
                     [&](const Block& block) { return std::uint64_t{address ^ block.network} >> (32 - block.bits) == 0; });
}

bool starts_with(const Ipv6& bytes, std::initializer_list<std::uint8_t> prefix) {
  return std::equal(prefix.begin(), prefix.end(), bytes.begin());
}

// The IPv4 address that the packets go to in the end.
std::optional<std::uint32_t> wrapped_ipv4(const Ipv6& bytes) {
  const auto ipv4_at = [&](std::size_t i) {
    return std::uint32_t{bytes[i]} << 24 | std::uint32_t{bytes[i + 1]} << 16 | std::uint32_t{bytes[i + 2]} << 8 | bytes[i + 3];
  };
  if (starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff})) return ipv4_at(12);     // ::ffff:a.b.c.d
  if (starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0})) return ipv4_at(12);  // NAT64, RFC 6052
  if (starts_with(bytes, {0x20, 0x02})) return ipv4_at(2);                                    // 6to4
  return std::nullopt;
}

bool is_special_ipv6(const Ipv6& bytes) {
  return starts_with(bytes, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}) ||  // ::, ::1, ::a.b.c.d
         starts_with(bytes, {0, 0x64, 0xff, 0x9b, 0, 1}) ||           // local-use NAT64, RFC 8215
         (bytes[0] == 0xfe && (bytes[1] & 0xc0) == 0x80);             // fe80::/10
}

bool is_private_ipv6(const Ipv6& bytes) {
  if (const auto ipv4 = wrapped_ipv4(bytes)) return is_within(*ipv4, kPrivateBlocks);
  return is_special_ipv6(bytes) || (bytes[0] & 0xfe) == 0xfc || (bytes[0] == 0xfe && (bytes[1] & 0x80) != 0);  // fc00::/7, fec0::/10
}

bool is_machine_local_ipv6(const Ipv6& bytes) {
  if (const auto ipv4 = wrapped_ipv4(bytes)) return is_within(*ipv4, kMachineLocalBlocks);
  return is_special_ipv6(bytes) || starts_with(bytes, {0xfd, 0x00, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54});
}

// True for what is neither IPv4 nor IPv6: nothing else is a server on the internet.
template <std::size_t count>
bool is_among(const sockaddr& address, const Block (&ipv4_blocks)[count], bool (*is_among_ipv6)(const Ipv6&)) {
  if (address.sa_family == AF_INET) {
    sockaddr_in ipv4{};
    std::memcpy(&ipv4, &address, sizeof ipv4);
    return is_within(ntohl(ipv4.sin_addr.s_addr), ipv4_blocks);
  }
  if (address.sa_family != AF_INET6) return true;
  sockaddr_in6 ipv6{};
  std::memcpy(&ipv6, &address, sizeof ipv6);
  Ipv6 bytes{};
  std::memcpy(bytes.data(), &ipv6.sin6_addr, bytes.size());
  return is_among_ipv6(bytes);
}

}  // namespace

bool is_private_socket_address(const sockaddr& address) { return is_among(address, kPrivateBlocks, is_private_ipv6); }
bool is_machine_local_socket_address(const sockaddr& address) { return is_among(address, kMachineLocalBlocks, is_machine_local_ipv6); }

std::string address_text(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* raw = address.sa_family == AF_INET6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(address).sin6_addr)
                                                  : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(address).sin_addr);
  return inet_ntop(address.sa_family, raw, text.data(), text.size()) == nullptr ? "an unknown address" : text.data();
}

HostPolicy::HostPolicy(std::vector<std::string> allowed_private_hosts) : allowed_(std::move(allowed_private_hosts)) {
  for (std::string& host : allowed_) host = lower(trim(host));
}

bool HostPolicy::allows_private(const Url& url) const {
  const std::string bracketed = url.host().find(':') == std::string::npos ? url.host() : "[" + url.host() + "]";
  const std::string with_port = fmt::format("{}:{}", bracketed, url.port());
  return std::any_of(allowed_.begin(), allowed_.end(),
                     [&](const std::string& entry) { return entry == url.host() || entry == bracketed || entry == with_port; });
}

}  // namespace resole::io
