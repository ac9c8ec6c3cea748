// SPDX-License-Identifier: Apache-2.0
#include "support/certificates.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace resole::test {

namespace {

template <auto Free>
struct Deleter {
  template <class Handle>
  void operator()(Handle* handle) const {
    Free(handle);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>>;
using File = std::unique_ptr<FILE, Deleter<fclose>>;

constexpr long kDay = 24 * 3600;

void require(bool done, const char* what) {
  if (!done) throw std::runtime_error(fmt::format("OpenSSL cannot make {}", what));
}

Key make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "a key");
  return key;
}

void write_pem(const std::string& path, EVP_PKEY* key, X509* certificate) {
  const File file(fopen(path.c_str(), "w"));
  require(file != nullptr, "a PEM file");
  if (key) require(PEM_write_PrivateKey(file.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1, "a PEM file");
  if (certificate) require(PEM_write_X509(file.get(), certificate) == 1, "a PEM file");
}

void extend(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Extension extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension && X509_add_ext(certificate, extension.get(), -1) == 1, "an extension");
}

void name_subject(X509* certificate, const std::string& name) {
  const auto* text = reinterpret_cast<const unsigned char*>(name.c_str());
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8, text, -1, -1, 0) == 1, "a subject");
}

Certificate blank(EVP_PKEY* key, const std::string& name, long serial, int days) {
  Certificate certificate(X509_new());
  require(certificate != nullptr, "a certificate");
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), days < 0 ? 2 * days * kDay : -kDay);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), days * kDay);
  X509_set_pubkey(certificate.get(), key);
  name_subject(certificate.get(), name);
  return certificate;
}

std::string alternative_names(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    in_addr address{};
    const bool is_address = inet_pton(AF_INET, name.c_str(), &address) == 1;
    out += fmt::format("{}{}:{}", out.empty() ? "" : ",", is_address ? "IP" : "DNS", name);
  }
  return out;
}

}  // namespace

struct CertificateAuthority::State {
  std::string folder;
  Key key = make_key();
  Certificate certificate;
  long issued = 0;
};

CertificateAuthority::CertificateAuthority() : state_(std::make_unique<State>()) {
  std::string pattern = (std::filesystem::temp_directory_path() / "certificates-XXXXXX").native();
  require(mkdtemp(pattern.data()) != nullptr, "a folder");
  state_->folder = pattern;
  state_->certificate = blank(state_->key.get(), "Test authority", 1, 2);
  X509* own = state_->certificate.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  extend(own, own, NID_basic_constraints, "critical,CA:TRUE");
  extend(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
  extend(own, own, NID_subject_key_identifier, "hash");
  require(X509_sign(own, state_->key.get(), EVP_sha256()) > 0, "a signature");
  write_pem(ca_file(), nullptr, own);
}

CertificateAuthority::~CertificateAuthority() {
  std::error_code ignored;
  std::filesystem::remove_all(state_->folder, ignored);
}

const std::string& CertificateAuthority::folder() const { return state_->folder; }
std::string CertificateAuthority::ca_file() const { return state_->folder + "/ca.crt"; }

CertificateFiles CertificateAuthority::issue(const std::vector<std::string>& names, int days) {
  const long number = ++state_->issued;
  const Key key = make_key();
  const Certificate certificate = blank(key.get(), names.front(), number + 1, days);
  X509* issuer = state_->certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer));
  extend(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  extend(certificate.get(), issuer, NID_ext_key_usage, "serverAuth,clientAuth");
  extend(certificate.get(), issuer, NID_subject_alt_name, alternative_names(names));
  extend(certificate.get(), issuer, NID_authority_key_identifier, "keyid");
  require(X509_sign(certificate.get(), state_->key.get(), EVP_sha256()) > 0, "a signature");
  CertificateFiles files{fmt::format("{}/{}.cert", state_->folder, number), fmt::format("{}/{}.key", state_->folder, number)};
  write_pem(files.certificate, nullptr, certificate.get());
  write_pem(files.key, key.get(), nullptr);
  return files;
}

}  // namespace resole::test
