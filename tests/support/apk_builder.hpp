// SPDX-License-Identifier: Apache-2.0
// .apk files and indexes in memory, signed by a key of the test.
//
//   ApkBuilder("curl", "8.1-r0").field("depend", "musl").file("usr/bin/curl", "ELF", 0755).build(&key)
#pragma once
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/tar_builder.hpp"

namespace resole::test {

class ApkKey {
 public:
  explicit ApkKey(std::string name = "test.rsa.pub", unsigned bits = 2048);
  ~ApkKey();
  const std::string& name() const { return name_; }
  std::string pem() const;
  // A gzip member ".SIGN.KIND.NAME" over the bytes. KIND: RSA, RSA256, RSA512.
  std::string sign(std::string_view bytes, const std::string& kind = "RSA256") const;

 private:
  struct State;
  std::string name_;
  std::unique_ptr<State> state_;
};

class ApkBuilder {
 public:
  ApkBuilder(std::string name, std::string version);
  ApkBuilder& field(std::string name, std::string value);
  ApkBuilder& script(std::string kind, std::string text);
  ApkBuilder& dir(const std::string& path, std::uint32_t mode = 0755);
  ApkBuilder& file(const std::string& path, std::string_view content, std::uint32_t mode = 0644);
  ApkBuilder& symlink(const std::string& path, const std::string& target);
  ApkBuilder& hardlink(const std::string& path, const std::string& target, std::string_view content);  // `content`: of the target, for its checksum
  ApkBuilder& member(const tar::Header& header, std::string_view content, std::string_view hex_checksum);  // as it stands, its parents not added
  ApkBuilder& datahash(std::string hex);  // a wrong one

  std::string build(const ApkKey* key = nullptr, const std::string& kind = "RSA256") const;
  std::string stanza(const ApkKey* key = nullptr) const;  // of an index
  std::string checksum() const;                           // "Q1..."

 private:
  void parents(const std::string& path);
  std::string data() const;
  std::string control() const;

  std::vector<std::pair<std::string, std::string>> fields_;
  std::vector<std::pair<std::string, std::string>> scripts_;
  std::set<std::string> directories_;
  std::string data_, datahash_, name_, version_;
};

// APKINDEX.tar.gz of these stanzas. `key` null: not signed.
std::string apk_index(const std::vector<std::string>& stanzas, const ApkKey* key, const std::string& kind = "RSA256", const std::string& description = "v3.20.3-1-gabc",
                      std::int64_t date = 1700000000);

}  // namespace resole::test
