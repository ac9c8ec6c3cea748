// SPDX-License-Identifier: Apache-2.0
#include "support/apk_builder.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>

#include "base/digest.hpp"
#include "base/text.hpp"

namespace resole::test {

namespace {

std::string q1_of(std::string_view bytes) {
  const Sha1 sum = sha1_of(bytes);
  return "Q1" + base64_encode({reinterpret_cast<const char*>(sum.data()), sum.size()});
}

std::string block_of(const std::string& name, char type, std::size_t size, std::uint32_t mode, const std::string& link = {}) {
  return RawBlock{.name = name, .type = type, .size = octal(size, 11), .mode = octal(mode, 7), .mtime = octal(1700000000, 11), .link = link}.bytes();
}

}  // namespace

struct ApkKey::State {
  EVP_PKEY* key = nullptr;
  ~State() { EVP_PKEY_free(key); }
};

ApkKey::ApkKey(std::string name, unsigned bits) : name_(std::move(name)), state_(std::make_unique<State>()) {
  state_->key = EVP_RSA_gen(bits);
  if (state_->key == nullptr) throw std::runtime_error("no RSA key could be made");
}

ApkKey::~ApkKey() = default;

std::string ApkKey::pem() const {
  BIO* bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PUBKEY(bio, state_->key);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string ApkKey::sign(std::string_view bytes, const std::string& kind) const {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  const EVP_MD* hash = kind == "RSA" ? EVP_sha1() : kind == "RSA512" ? EVP_sha512() : EVP_sha256();
  std::size_t size = 0;
  std::string signature;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  bool good = EVP_DigestSignInit(context, nullptr, hash, nullptr, state_->key) == 1 && EVP_DigestSign(context, nullptr, &size, data, bytes.size()) == 1;
  signature.resize(size);
  good = good && EVP_DigestSign(context, reinterpret_cast<unsigned char*>(signature.data()), &size, data, bytes.size()) == 1;
  EVP_MD_CTX_free(context);
  if (!good) throw std::runtime_error("signing failed");
  return gzip(block_of(fmt::format(".SIGN.{}.{}", kind, name_), '0', signature.size(), 0644) + padded(signature));
}

ApkBuilder::ApkBuilder(std::string name, std::string version) : name_(std::move(name)), version_(std::move(version)) {
  field("pkgname", name_).field("pkgver", version_).field("pkgdesc", "of the test").field("url", "https://example.org").field("arch", "x86_64");
  field("license", "MIT").field("builddate", "1700000000").field("size", "4096");
}

ApkBuilder& ApkBuilder::field(std::string name, std::string value) {
  fields_.emplace_back(std::move(name), std::move(value));
  return *this;
}

ApkBuilder& ApkBuilder::script(std::string kind, std::string text) {
  scripts_.emplace_back(std::move(kind), std::move(text));
  return *this;
}

void ApkBuilder::parents(const std::string& path) {
  for (std::size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) dir(path.substr(0, slash));
}

ApkBuilder& ApkBuilder::dir(const std::string& path, std::uint32_t mode) {
  if (directories_.contains(path)) return *this;
  parents(path);
  directories_.insert(path);
  data_ += block_of(path + "/", '5', 0, mode);
  return *this;
}

ApkBuilder& ApkBuilder::file(const std::string& path, std::string_view content, std::uint32_t mode) {
  parents(path);
  data_ += pax_member({{"APK-TOOLS.checksum.SHA1", to_hex(sha1_of(content))}}) + block_of(path, '0', content.size(), mode) + padded(content);
  return *this;
}

ApkBuilder& ApkBuilder::symlink(const std::string& path, const std::string& target) {
  parents(path);
  data_ += pax_member({{"APK-TOOLS.checksum.SHA1", to_hex(sha1_of(target))}}) + block_of(path, '2', 0, 0777, target);
  return *this;
}

ApkBuilder& ApkBuilder::hardlink(const std::string& path, const std::string& target, std::string_view content) {
  parents(path);
  data_ += pax_member({{"APK-TOOLS.checksum.SHA1", to_hex(sha1_of(content))}}) + block_of(path, '1', 0, 0644, target);
  return *this;
}

ApkBuilder& ApkBuilder::member(const tar::Header& header, std::string_view content, std::string_view hex_checksum) {
  if (!hex_checksum.empty()) data_ += pax_member({{"APK-TOOLS.checksum.SHA1", std::string(hex_checksum)}});
  const char type = header.type == tar::Type::symlink ? '2' : header.type == tar::Type::directory ? '5' : header.type == tar::Type::hardlink ? '1' : '0';
  data_ += block_of(header.path, type, content.size(), header.mode, header.link) + padded(content);
  return *this;
}

ApkBuilder& ApkBuilder::datahash(std::string hex) {
  datahash_ = std::move(hex);
  return *this;
}

std::string ApkBuilder::data() const { return gzip(data_ + std::string(1024, '\0')); }

std::string ApkBuilder::control() const {
  std::string info = "# of the test\n";
  for (const auto& [name, value] : fields_) info += fmt::format("{} = {}\n", name, value);
  info += fmt::format("datahash = {}\n", datahash_.empty() ? sha256_hex_of(data()) : datahash_);
  std::string tar = block_of(".PKGINFO", '0', info.size(), 0644) + padded(info);
  for (const auto& [kind, text] : scripts_) tar += block_of("." + kind, '0', text.size(), 0755) + padded(text);
  return gzip(tar);
}

std::string ApkBuilder::build(const ApkKey* key, const std::string& kind) const {
  const std::string part = control();
  return (key ? key->sign(part, kind) : std::string()) + part + data();
}

std::string ApkBuilder::checksum() const { return q1_of(control()); }

std::string ApkBuilder::stanza(const ApkKey* key) const {
  static constexpr std::pair<std::string_view, char> kLetters[] = {{"pkgdesc", 'T'}, {"url", 'U'},     {"license", 'L'},  {"origin", 'o'}, {"maintainer", 'm'},
                                                                   {"builddate", 't'}, {"depend", 'D'}, {"provides", 'p'}, {"install_if", 'i'}};
  std::string text = fmt::format("C:{}\nP:{}\nV:{}\nA:x86_64\nS:{}\nI:4096\n", checksum(), name_, version_, build(key).size());
  for (const auto& [name, letter] : kLetters) {
    std::string values;
    for (const auto& [field, value] : fields_) {
      if (field == name) values += (values.empty() ? "" : " ") + value;
    }
    if (!values.empty()) text += fmt::format("{}:{}\n", letter, values);
  }
  return text;
}

std::string apk_index(const std::vector<std::string>& stanzas, const ApkKey* key, const std::string& kind, const std::string& description, std::int64_t date) {
  std::string text;
  for (const std::string& stanza : stanzas) text += stanza + "\n";
  const std::string index = TarBuilder().at(date).file("DESCRIPTION", description).file("APKINDEX", text).gzip();
  return (key ? key->sign(index, kind) : std::string()) + index;
}

}  // namespace resole::test
