// SPDX-License-Identifier: Apache-2.0
#include "pkg/deb/keyrings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.hpp"
#include "base/text.hpp"
#include "pkg/deb/apt_config.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kKeyBlock = "-----BEGIN PGP PUBLIC KEY BLOCK-----";

// "A4285295FC7B1A81600062A9605C66F00D6C9793" or the same with '!' (this key, no subkey); sources.list(5).
bool is_fingerprint(std::string_view word) {
  if (word.ends_with('!')) word.remove_suffix(1);
  return (word.size() == 40 || word.size() == 64) && word.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::string upper(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

void add_file(const rootfs::Tree& tree, std::string_view path, std::vector<pkg::Keyring>& keyrings) {
  if (const auto content = tree.content(path)) keyrings.push_back({std::string(path), std::string(*content)});
}

// What apt trusts for sources without Signed-By: trusted.gpg and trusted.gpg.d/*.{gpg,asc}.
std::vector<pkg::Keyring> general_keyrings(const rootfs::Tree& tree) {
  std::vector<pkg::Keyring> keyrings;
  for (auto& [name, content] : read_configuration(tree, "etc/apt/trusted.gpg", "etc/apt/trusted.gpg.d", {"gpg", "asc"})) {
    keyrings.push_back({std::move(name), std::move(content)});
  }
  return keyrings;
}

void read_signed_by(const rootfs::Tree& tree, const SourceEntry& source, TrustedKeys& keys, std::vector<std::string>& missing) {
  if (source.signed_by.find(kKeyBlock) != std::string::npos) {
    keys.keyrings.push_back({"the key in " + source.where, source.signed_by});
    return;
  }
  std::string words = source.signed_by;
  std::ranges::replace(words, ',', ' ');
  for (std::string_view word : split_words(words)) {
    if (is_fingerprint(word)) {
      keys.fingerprints.push_back(upper(word.ends_with('!') ? word.substr(0, word.size() - 1) : word));
      continue;
    }
    const std::size_t before = keys.keyrings.size();
    if (word.starts_with('/')) add_file(tree, word.substr(1), keys.keyrings);
    if (keys.keyrings.size() == before) missing.emplace_back(word);
  }
}

}  // namespace

pkg::SignedText TrustedKeys::verify(std::string_view message, std::int64_t now, std::string_view what) const {
  if (!fingerprints.empty() && !by_operator.empty()) {
    // The image's keys are bound by its fingerprints, the operator's are not: two questions.
    try {
      return pkg::verify_signed_text(message, by_operator, {.now = now, .fingerprints = {}}, what);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;
    }
    return pkg::verify_signed_text(message, keyrings, {.now = now, .fingerprints = fingerprints, .restricted_by = restricted_by}, what);
  }
  std::vector<pkg::Keyring> all = keyrings;
  all.insert(all.end(), by_operator.begin(), by_operator.end());
  return pkg::verify_signed_text(message, all, {.now = now, .fingerprints = fingerprints, .restricted_by = restricted_by}, what);
}

namespace {

std::vector<pkg::Keyring> operator_keyrings(const pkg::RepositoryOptions& options) {
  std::vector<pkg::Keyring> keyrings;
  const std::string_view option = options.replace_keyrings ? "--replace-keyring" : "--add-keyring";
  for (const std::string& bytes : options.keyrings) keyrings.push_back({fmt::format("{} ({})", option, keyrings.size() + 1), bytes});
  return keyrings;
}

}  // namespace

void require_operator_keys(const pkg::RepositoryOptions& options) {
  for (const pkg::Keyring& keyring : operator_keyrings(options)) {
    if (!pkg::holds_keys(keyring))
      throw Error(ErrorKind::input, fmt::format("{}: the file holds no OpenPGP public key", keyring.name),
                  "give a keyring as apt takes it: binary (.gpg) or armored (.asc); `gpg --export KEY` writes one");
  }
}

TrustedKeys trusted_keys(const rootfs::Tree& tree, const SourceEntry& source, const pkg::Recipe* recipe,
                         const pkg::RepositoryOptions& options) {
  TrustedKeys keys;
  if (!options.replace_keyrings) {
    if (!source.signed_by.empty()) keys.restricted_by = "Signed-By of " + source.where;
    std::vector<std::string> missing;
    read_signed_by(tree, source, keys, missing);
    if (!missing.empty() && keys.keyrings.empty() && options.keyrings.empty()) {
      throw Error(ErrorKind::verification,
                  fmt::format("{} is to be signed by a key of {}, which the image does not have or which is not where keyrings are kept",
                              printable(source.where), printable(join(missing, ", "))),
                  "add the public key with --add-keyring FILE");
    }
    if (keys.keyrings.empty() && missing.empty()) {
      keys.keyrings = general_keyrings(tree);
      if (source.by_operator && recipe) {
        for (const std::string& path : recipe->keyrings) add_file(tree, path, keys.keyrings);
      }
    }
  }
  keys.by_operator = operator_keyrings(options);
  return keys;
}

}  // namespace resole::deb
