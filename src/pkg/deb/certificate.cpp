// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/certificate.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <array>
#include <memory>

namespace resole::deb {
namespace {

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(STACK_OF(X509_INFO) * infos) const { sk_X509_INFO_pop_free(infos, X509_INFO_free); }
};

// Files that want a passphrase must not make anybody wait at a terminal.
int no_passphrase(char*, int, int, void*) { return 0; }

}  // namespace

std::optional<CertificateFacts> read_certificate(std::string_view pem) {
  constexpr std::size_t kMost = 1u << 20;
  if (pem.size() > kMost) return std::nullopt;
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  const std::unique_ptr<STACK_OF(X509_INFO), Free> infos(PEM_X509_INFO_read_bio(bio.get(), nullptr, no_passphrase, nullptr));
  ERR_clear_error();
  if (!infos || sk_X509_INFO_num(infos.get()) != 1) return std::nullopt;
  const X509* certificate = sk_X509_INFO_value(infos.get(), 0)->x509;
  if (!certificate) return std::nullopt;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (X509_digest(certificate, EVP_sha1(), digest.data(), &size) != 1) return std::nullopt;
  return CertificateFacts{static_cast<std::uint32_t>(X509_NAME_hash_ex(X509_get_subject_name(certificate), nullptr, nullptr, nullptr)),
                          std::string(reinterpret_cast<const char*>(digest.data()), size)};
}

}  // namespace resole::deb
