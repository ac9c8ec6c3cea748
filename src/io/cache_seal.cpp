// SPDX-License-Identifier: Apache-2.0
#include "io/cache_seal.hpp"

namespace resole::io {

namespace {

constexpr std::string_view kMagic = "rsl-ent1";

std::string little_endian(std::uint64_t value) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

}  // namespace

std::string make_seal(std::uint64_t length, const Sha256& sha256) {
  return std::string(kMagic) + little_endian(length) + std::string(sha256.begin(), sha256.end());
}

std::optional<std::string_view> sealed_payload(std::string_view entry, bool check_content) {
  if (entry.size() < kSealSize) return std::nullopt;
  const std::string_view payload = entry.substr(0, entry.size() - kSealSize);
  const std::string_view seal = entry.substr(payload.size());
  if (!seal.starts_with(kMagic) || seal.substr(8, 8) != little_endian(payload.size())) return std::nullopt;
  if (check_content && seal != make_seal(payload.size(), sha256_of(payload))) return std::nullopt;
  return payload;
}

}  // namespace resole::io
