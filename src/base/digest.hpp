// SPDX-License-Identifier: Apache-2.0
// Content digests as OCI writes them ("sha256:<64 hex>") and the hashers behind them. OpenSSL stays in digest.cpp.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace resole {

enum class Algorithm : std::uint8_t { sha256, sha512, sha1, md5 };

using Sha256 = std::array<std::uint8_t, 32>;
using Sha1 = std::array<std::uint8_t, 20>;
using Md5 = std::array<std::uint8_t, 16>;

std::string to_hex(std::string_view raw);
template <std::size_t N>
std::string to_hex(const std::array<std::uint8_t, N>& raw) {
  return to_hex(std::string_view(reinterpret_cast<const char*>(raw.data()), N));
}
std::optional<Sha256> sha256_from_hex(std::string_view hex);  // 64 lower-case hex digits, else nullopt
std::optional<Md5> md5_from_hex(std::string_view hex);        // 32 lower-case hex digits, else nullopt

// A valid digest of an algorithm that OCI registers (sha256 or sha512). Cannot exist invalid, except default-constructed = empty.
class Digest {
 public:
  Digest() = default;
  // Grammar of image-spec descriptor.md; throws Error(input) on anything else.
  static Digest parse(std::string_view text);
  static std::optional<Digest> try_parse(std::string_view text);
  static Digest sha256(const Sha256& raw);
  static Digest sha256_hex(std::string_view hex);  // throws Error(input)
  static Digest of(std::string_view bytes);        // sha256 of the bytes

  bool empty() const { return text_.empty(); }
  const std::string& text() const { return text_; }  // "sha256:abc..."
  std::string_view hex() const;                       // after the colon
  Algorithm algorithm() const;
  std::string short_text() const;  // "sha256:" and the first 12 digits, for people
  auto operator<=>(const Digest&) const = default;

 private:
  explicit Digest(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

// Incremental hash. Cheap to construct (the algorithm is fetched once per process).
class Hasher {
 public:
  explicit Hasher(Algorithm algorithm);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();
  void update(std::string_view bytes);
  std::string finish();     // raw bytes; the hasher is reset and can be used again
  Sha256 finish_sha256();   // only for Algorithm::sha256
  Sha1 finish_sha1();       // only for Algorithm::sha1
  Md5 finish_md5();         // only for Algorithm::md5

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256 sha256_of(std::string_view bytes);
Sha1 sha1_of(std::string_view bytes);
Md5 md5_of(std::string_view bytes);
std::string sha256_hex_of(std::string_view bytes);

}  // namespace resole

template <>
struct std::hash<resole::Digest> {
  std::size_t operator()(const resole::Digest& d) const noexcept { return std::hash<std::string>{}(d.text()); }
};
