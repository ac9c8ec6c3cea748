// SPDX-License-Identifier: Apache-2.0
// Packages and indexes of apk 2 are gzip members one after the other: signatures, each a tar with one file ".SIGN.RSA256.<name of the key>", then what they
// sign. A signature covers the bytes of what follows as they stand in the file: of an index all of them, of a package the one member with the control part,
// which in turn has the SHA-256 of the rest.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pkg/family.hpp"

namespace resole::apk {

struct FileSignature {
  std::string algorithm;  // "RSA" (with SHA-1), "RSA256", "RSA512"
  std::string key;        // "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub"
  std::string bytes;
};

struct SignedFile {
  std::vector<FileSignature> signatures;
  std::size_t begin = 0;  // of what is signed
};

// Error(unsupported) for the formats of apk 3, Error(input) for anything else that is no such file, or is cut off in its signatures.
SignedFile read_signatures(std::string_view bytes, std::string_view what);

struct PublicKey {
  std::string name;  // of its file; "" of an operator's key, which is not known by name
  std::string pem;
};

// The image's keys (etc/apk/keys; what the distribution ships where there are none), unless the operator's replace them, and those.
std::vector<PublicKey> trusted_keys(const rootfs::Tree& tree, std::string_view arch, const pkg::RepositoryOptions& options);

// Error(input) for a file of --add-keyring that holds no RSA public key (PEM).
void require_operator_keys(const pkg::RepositoryOptions& options);

struct Signer {
  std::string key;     // name as the file has it
  bool weak = false;   // SHA-1, and the file has no better signature
};

// By one key that is trusted. Of the signatures of a file the best hash counts: a SHA-1 beside a better one proves nothing. Error(verification): none that
// is known, one that does not fit, a short key.
Signer verify_signed(const SignedFile& file, std::string_view covered, const std::vector<PublicKey>& keys, std::string_view what);

}  // namespace resole::apk
