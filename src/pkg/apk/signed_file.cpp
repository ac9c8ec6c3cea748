// SPDX-License-Identifier: Apache-2.0
#include "pkg/apk/signed_file.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include "archive/compression.hpp"
#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"
#include "rootfs/path.hpp"

namespace resole::apk {

namespace {

constexpr std::size_t kMostSignatures = 16;
constexpr std::uint64_t kSignatureMember = 1u << 20, kSignature = 64u << 10;
constexpr int kShortestKey = 2048;

struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;

// Best first.
struct SignatureKind {
  std::string_view name;
  const EVP_MD* (*hash)();
};
constexpr std::array<SignatureKind, 3> kKinds = {{{"RSA512", EVP_sha512}, {"RSA256", EVP_sha256}, {"RSA", EVP_sha1}}};

std::size_t rank_of(const FileSignature& signature) {
  return static_cast<std::size_t>(std::ranges::find(kKinds, signature.algorithm, &SignatureKind::name) - kKinds.begin());
}

KeyPointer parse_key(const PublicKey& key) {
  const std::unique_ptr<BIO, FreeKey> bio(BIO_new_mem_buf(key.pem.data(), static_cast<int>(std::min<std::size_t>(key.pem.size(), 1u << 20))));
  return KeyPointer(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
}

bool signature_fits(const FileSignature& signature, std::string_view covered, EVP_PKEY* key) {
  const std::unique_ptr<EVP_MD_CTX, FreeKey> context(EVP_MD_CTX_new());
  const auto* bytes = reinterpret_cast<const unsigned char*>(signature.bytes.data());
  return EVP_DigestVerifyInit(context.get(), nullptr, kKinds[rank_of(signature)].hash(), nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), bytes, signature.bytes.size(), reinterpret_cast<const unsigned char*>(covered.data()), covered.size()) == 1;
}

// The signatures of one member; empty when it is something else.
std::vector<FileSignature> signatures_in(const std::string& content) {
  constexpr std::string_view kPrefix = ".SIGN.";
  std::vector<FileSignature> found;
  const auto source = source_of(std::string_view(content));
  tar::Reader reader(*source);
  tar::Header header;
  while (reader.next(header)) {
    if (!header.path.starts_with(kPrefix)) return {};
    const std::string_view rest = std::string_view(header.path).substr(kPrefix.size());
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos || header.type != tar::Type::file) continue;
    found.push_back({std::string(rest.substr(0, dot)), std::string(rest.substr(dot + 1)), reader.read_content(kSignature)});
  }
  return found;
}

void require_version_two(std::string_view bytes, std::string_view what) {
  if (bytes.starts_with("ADB")) {
    throw Error(ErrorKind::unsupported, fmt::format("{} is in the format of apk-tools 3 (ADB), which is not read", printable(what)),
                "use a repository that also serves the format of apk-tools 2, with --package-mirror FROM=TO");
  }
  if (archive::detect(bytes.substr(0, 6)) != archive::Compression::gzip) {
    throw Error(ErrorKind::input, fmt::format("{} is no file of apk: it does not begin as gzip does", printable(what)));
  }
}

void add_keys(const rootfs::Tree& tree, const std::string& directory, std::vector<PublicKey>& keys) {
  for (const std::string& name : tree.children(tree.resolve(directory, true).path)) {
    if (!name.ends_with(".pub")) continue;
    if (const auto pem = tree.content(rootfs::join_path(directory, name))) keys.push_back({name, std::string(*pem)});
  }
}

}  // namespace

SignedFile read_signatures(std::string_view bytes, std::string_view what) {
  require_version_two(bytes, what);
  return with_context([&] { return fmt::format("reading the signatures of {}", printable(what)); }, [&] {
    SignedFile file;
    while (file.begin < bytes.size()) {
      std::optional<archive::GzipMember> member;
      try {
        member = archive::read_gzip_member(bytes.substr(file.begin), kSignatureMember);
      } catch (const Error&) {
        if (file.signatures.empty() && file.begin == 0) throw;
        break;  // a large member, or a damaged one: what comes after the signatures is read by who needs it
      }
      auto found = signatures_in(member->content);
      if (found.empty()) break;
      file.begin += member->size;
      for (FileSignature& each : found) file.signatures.push_back(std::move(each));
      if (file.signatures.size() > kMostSignatures) throw Error(ErrorKind::input, "it has too many signatures");
    }
    return file;
  });
}

std::vector<PublicKey> trusted_keys(const rootfs::Tree& tree, std::string_view arch, const pkg::RepositoryOptions& options) {
  std::vector<PublicKey> keys;
  if (!options.replace_keyrings) {
    add_keys(tree, "etc/apk/keys", keys);
    add_keys(tree, "usr/lib/apk/keys", keys);
    if (keys.empty()) add_keys(tree, "usr/share/apk/keys/" + std::string(arch), keys);
  }
  for (const std::string& pem : options.keyrings) keys.push_back({{}, pem});
  return keys;
}

void require_operator_keys(const pkg::RepositoryOptions& options) {
  for (std::size_t i = 0; i < options.keyrings.size(); ++i) {
    const KeyPointer key = parse_key({{}, options.keyrings[i]});
    if (!key || EVP_PKEY_base_id(key.get()) != EVP_PKEY_RSA)
      throw Error(ErrorKind::input, fmt::format("--add-keyring: file {} holds no RSA public key", i + 1), "repositories of apk are signed by keys in PEM files, NAME.rsa.pub");
  }
}

Signer verify_signed(const SignedFile& file, std::string_view covered, const std::vector<PublicKey>& keys, std::string_view what) {
  if (file.signatures.empty()) throw Error(ErrorKind::verification, fmt::format("{} is not signed", printable(what)));
  std::size_t best = kKinds.size();
  for (const FileSignature& signature : file.signatures) best = std::min(best, rank_of(signature));
  std::string names;
  for (const FileSignature& signature : file.signatures) {
    if (rank_of(signature) != best || best == kKinds.size()) continue;
    for (const PublicKey& key : keys) {
      if (!key.name.empty() && key.name != signature.key) continue;
      const KeyPointer parsed = parse_key(key);
      if (!parsed) continue;
      if (EVP_PKEY_base_id(parsed.get()) != EVP_PKEY_RSA || EVP_PKEY_bits(parsed.get()) < kShortestKey) {
        if (!key.name.empty())
          throw Error(ErrorKind::verification, fmt::format("{}: the key {} is no RSA key of {} bits or more", printable(what), printable(key.name), kShortestKey));
        continue;
      }
      if (signature_fits(signature, covered, parsed.get())) return {signature.key, kKinds[best].name == "RSA"};
      if (!key.name.empty())
        throw Error(ErrorKind::verification, fmt::format("{}: the signature of {} does not fit", printable(what), printable(key.name)),
                    "it was changed on the way, or the mirror is broken");
    }
    names += (names.empty() ? "" : ", ") + printable(signature.key, 80);
  }
  if (best == kKinds.size()) throw Error(ErrorKind::verification, fmt::format("{} has no signature of a kind that is known", printable(what)));
  throw Error(ErrorKind::verification, fmt::format("{} is signed by {}, which is none of the image's keys", printable(what), names),
              "name the key's file with --add-keyring");
}

}  // namespace resole::apk
