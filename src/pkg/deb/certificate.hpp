// SPDX-License-Identifier: Apache-2.0
// What `openssl rehash` wants to know of a certificate file. OpenSSL stays in certificate.cpp.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace resole::deb {

struct CertificateFacts {
  std::uint32_t subject_hash = 0;  // X509_NAME_hash: the name of its link, "%08x.N"
  std::string fingerprint;         // sha1 of the certificate: two files of one certificate are one
};

// nullopt unless the PEM text holds exactly one certificate and nothing else that counts (keys, revocation lists).
std::optional<CertificateFacts> read_certificate(std::string_view pem);

}  // namespace resole::deb
