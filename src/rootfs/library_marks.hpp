// SPDX-License-Identifier: Apache-2.0
// Libraries that are linked into a program tell their version in a string of their own: "OpenSSL 3.0.15 3 Sep 2024", " deflate 1.2.13 Copyright
// 1995-2022 …". Such strings are looked for while an ELF file streams by; a table says which words stand before and after the version, and of
// which source package the library is.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace resole::rootfs {

class LibraryMarks {
 public:
  void clear();
  void update(std::string_view bytes);  // the content in order, in any pieces
  // "openssl 3.0.15": source package and version, sorted, each once; a few at most.
  std::vector<std::string> finish();

 private:
  void search(std::string_view bytes);
  std::string tail_;
  std::vector<std::string> found_;
};

}  // namespace resole::rootfs
