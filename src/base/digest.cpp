// SPDX-License-Identifier: Apache-2.0
#include "base/digest.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "base/error.hpp"
#include "base/text.hpp"

namespace resole {

namespace {

constexpr std::string_view kSha256Prefix = "sha256:";
constexpr std::string_view kSha512Prefix = "sha512:";

bool is_lower_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_valid(std::string_view text) {
  if (text.starts_with(kSha256Prefix)) return text.size() == kSha256Prefix.size() + 64 && is_lower_hex(text.substr(kSha256Prefix.size()));
  if (text.starts_with(kSha512Prefix)) return text.size() == kSha512Prefix.size() + 128 && is_lower_hex(text.substr(kSha512Prefix.size()));
  return false;
}

std::uint8_t nibble(char digit) { return static_cast<std::uint8_t>(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

template <std::size_t N>
std::optional<std::array<std::uint8_t, N>> from_hex(std::string_view hex) {
  if (hex.size() != 2 * N || !is_lower_hex(hex)) return std::nullopt;
  std::array<std::uint8_t, N> raw{};
  for (std::size_t i = 0; i < N; ++i) raw[i] = static_cast<std::uint8_t>(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
  return raw;
}

const char* openssl_name(Algorithm algorithm) {
  switch (algorithm) {
    case Algorithm::sha256:
      return "SHA256";
    case Algorithm::sha512:
      return "SHA512";
    case Algorithm::sha1:
      return "SHA1";
    case Algorithm::md5:
      return "MD5";
  }
  return "";
}

// Looking an algorithm up costs more than hashing a small file with it (OpenSSL 3, EVP_MD_fetch(3) "Performance"), so each is looked up
// once. They live as long as the process: freeing them at exit would race with OpenSSL's own clean-up.
const EVP_MD* implementation(Algorithm algorithm) {
  static const std::array<EVP_MD*, 4> fetched = [] {
    std::array<EVP_MD*, 4> all{};
    for (Algorithm each : {Algorithm::sha256, Algorithm::sha512, Algorithm::sha1, Algorithm::md5}) {
      all[static_cast<std::size_t>(each)] = EVP_MD_fetch(nullptr, openssl_name(each), nullptr);
    }
    return all;
  }();
  return fetched[static_cast<std::size_t>(algorithm)];
}

void check(int result, const char* step) {
  if (result != 1) throw Error(ErrorKind::internal, fmt::format("OpenSSL failed in {}", step));
}

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

}  // namespace

std::string to_hex(std::string_view raw) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(raw.size() * 2);
  for (char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

std::optional<Sha256> sha256_from_hex(std::string_view hex) { return from_hex<32>(hex); }

std::optional<Md5> md5_from_hex(std::string_view hex) { return from_hex<16>(hex); }

Digest Digest::parse(std::string_view text) {
  if (auto digest = try_parse(text)) return *std::move(digest);
  throw Error(ErrorKind::input, fmt::format("\"{}\" is not a digest", printable(text, 100)),
              "a digest is written sha256: and 64 lower-case hexadecimal digits, or sha512: and 128");
}

std::optional<Digest> Digest::try_parse(std::string_view text) {
  if (!is_valid(text)) return std::nullopt;
  return Digest(std::string(text));
}

Digest Digest::sha256(const Sha256& raw) { return Digest(std::string(kSha256Prefix) + to_hex(raw)); }

Digest Digest::sha256_hex(std::string_view hex) { return parse(std::string(kSha256Prefix).append(hex)); }

Digest Digest::of(std::string_view bytes) { return sha256(sha256_of(bytes)); }

std::string_view Digest::hex() const { return empty() ? std::string_view() : std::string_view(text_).substr(kSha256Prefix.size()); }

Algorithm Digest::algorithm() const { return text_.starts_with(kSha512Prefix) ? Algorithm::sha512 : Algorithm::sha256; }

std::string Digest::short_text() const { return text_.substr(0, kSha256Prefix.size() + 12); }

struct Hasher::State {
  explicit State(Algorithm which) : algorithm(which), context(EVP_MD_CTX_new()) {
    if (implementation(which) == nullptr) {
      throw Error(ErrorKind::unsupported, fmt::format("this machine's OpenSSL does not offer {}", openssl_name(which)));
    }
    start();
  }
  void start() { check(EVP_DigestInit_ex2(context.get(), implementation(algorithm), nullptr), "EVP_DigestInit_ex2"); }

  Algorithm algorithm;
  std::unique_ptr<EVP_MD_CTX, FreeContext> context;
};

Hasher::Hasher(Algorithm algorithm) : state_(std::make_unique<State>(algorithm)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

void Hasher::update(std::string_view bytes) {
  check(EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()), "EVP_DigestUpdate");
}

std::string Hasher::finish() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  check(EVP_DigestFinal_ex(state_->context.get(), raw.data(), &size), "EVP_DigestFinal_ex");
  state_->start();
  return {reinterpret_cast<const char*>(raw.data()), size};
}

namespace {

template <class Raw>
Raw fixed(const std::string& raw) {
  Raw out{};
  if (raw.size() != out.size()) throw Error(ErrorKind::internal, "a hash was asked for in the size of another algorithm");
  std::memcpy(out.data(), raw.data(), out.size());
  return out;
}

}  // namespace

Sha256 Hasher::finish_sha256() { return fixed<Sha256>(finish()); }

Sha1 Hasher::finish_sha1() { return fixed<Sha1>(finish()); }
Md5 Hasher::finish_md5() { return fixed<Md5>(finish()); }

Sha256 sha256_of(std::string_view bytes) {
  Hasher hasher(Algorithm::sha256);
  hasher.update(bytes);
  return hasher.finish_sha256();
}

Sha1 sha1_of(std::string_view bytes) {
  Hasher hasher(Algorithm::sha1);
  hasher.update(bytes);
  return hasher.finish_sha1();
}

Md5 md5_of(std::string_view bytes) {
  Hasher hasher(Algorithm::md5);
  hasher.update(bytes);
  return hasher.finish_md5();
}

std::string sha256_hex_of(std::string_view bytes) { return to_hex(sha256_of(bytes)); }

}  // namespace resole
