// SPDX-License-Identifier: Apache-2.0
// An .apk of apk-tools 2 (apk-package(5)): signature, control part, data, each a gzip member of its own. The control part's .PKGINFO has the SHA-256 of the
// data as it stands in the file ("datahash"); the data's members have the SHA-1 of their content in PAX records ("APK-TOOLS.checksum.SHA1").
#pragma once
#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "pkg/apk/signed_file.hpp"
#include "pkg/apk/stanza.hpp"
#include "rootfs/layer_index.hpp"

namespace resole::apk {

// In the order in which apk keeps them.
inline constexpr std::array<std::string_view, 7> kScriptKinds = {"pre-install",  "post-install", "pre-deinstall", "post-deinstall",
                                                                 "pre-upgrade", "post-upgrade", "trigger"};
using ScriptTexts = std::map<std::string, std::string, std::less<>>;  // kind -> text

struct PackageControl {
  Description description;  // without the size of the file
  std::vector<Wish> replaces;
  std::uint64_t replaces_priority = 0;
  std::vector<std::string> triggers;  // globs of directories
  std::string datahash;               // hex
  ScriptTexts scripts;
};

class PackageFile {
 public:
  // Error(input) for what is no package, Error(unsupported) for apk 3's. The data is not looked at yet.
  static PackageFile open(Blob bytes, std::string what);

  const PackageControl& control() const { return control_; }
  const std::string& what() const { return what_; }
  // Everything that the index and the file say about it: Error(verification) when the control part is not the one of `checksum`, the data not the one of
  // the control part, or a trusted key's signature does not fit. A package of an unknown signer is as good as its index.
  void verify(std::string_view checksum, const std::vector<PublicKey>& keys) const;
  std::unique_ptr<Source> data() const;  // as tar

 private:
  Blob bytes_;
  std::string what_;
  SignedFile signed_;
  std::size_t data_begin_ = 0;
  PackageControl control_;
};

struct MemberOwner {
  std::string user, group;
};

// What a package's data holds, learnt in one pass. Hardlinks name the first name of their file.
struct PackageFacts {
  rootfs::LayerIndex data;
  std::vector<MemberOwner> owners;
  std::vector<std::string> checksums;  // raw SHA-1 of each member; "" of directories
};

// Watches the members pass, in order; `begin` before a member's content.
class DataVisitor {
 public:
  virtual ~DataVisitor() = default;
  virtual void begin(const rootfs::Entry& entry) = 0;
  virtual void content(std::string_view bytes) = 0;
  virtual void end() = 0;
};

// Reads the data to its end. Members that apk does not install (names that begin with '.', the markers ".keep_...") are passed over. Error(input): paths
// that leave the root, files in directories that the package does not name, hardlinks to what is no earlier file, members without checksum.
// Error(verification): a checksum that is not the content's.
PackageFacts read_data(const PackageFile& file, DataVisitor* visitor = nullptr);

}  // namespace resole::apk
