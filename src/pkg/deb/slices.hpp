// SPDX-License-Identifier: Apache-2.0
// The manifest of a chiselled image, var/lib/chisel/manifest.wall: which packages parts ("slices") were cut from, and which paths those are
// (documentation of Chisel, "Chisel Manifest"). The file is zstd over lines of JSON: a header with the number of lines, then objects in the
// order of their bytes:
//
//   {"jsonwall":"1.0","schema":"1.0","count":5}
//   {"kind":"content","slice":"libz_libs","path":"/usr/lib/libz.so.1"}
//   {"kind":"package","name":"zlib1g","version":"1:1.3-1","sha256":"…","arch":"amd64"}
//   {"kind":"path","path":"/usr/lib/libz.so.1","mode":"0644","slices":["zlib1g_libs"],"sha256":"…","size":12}
//   {"kind":"slice","name":"zlib1g_libs"}
//
// "sha256" is the package's content, "final_sha256" what a script of Chisel made of it ("mutated"): such a file cannot be made again here.
// Symbolic links have "link"; directories end in '/'; the manifest itself has no hash.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.hpp"

namespace resole::deb {

inline constexpr std::string_view kSlicesPath = "var/lib/chisel/manifest.wall";

struct SlicedPath {
  std::string path;                // absolute; directories without their final '/'
  std::set<std::string> packages;  // whose slices have it
  bool directory = false;
  std::uint32_t mode = 0;
  std::optional<std::string> link;                    // target
  std::optional<std::string> sha256, final_sha256;    // hex
  bool is_mutated() const { return final_sha256.has_value() && final_sha256 != sha256; }
};

struct SlicedPackage {
  std::string name, version, arch, sha256;
};

struct Slices {
  std::vector<SlicedPackage> packages;
  std::map<std::string, SlicedPath, std::less<>> paths;  // by absolute path
  std::vector<std::string> lines;                        // without the header
  std::string header;
};

// Bounded. Error(input) names `what` and the line.
Slices parse_slices(std::string_view compressed, std::string_view what);

struct SliceEdit {
  struct File {
    std::uint32_t mode = 0;
    std::string sha256;  // of a regular file, hex
    std::uint64_t size = 0;
    std::optional<std::string> link;  // of a symbolic link
  };
  std::vector<SlicedPackage> packages;  // by name and architecture: new version and sha256
  std::map<std::string, File> files;    // absolute path -> what it is now
};

// The manifest with these changes, compressed; what is not named keeps its bytes.
std::string edit_slices(const Slices& slices, const SliceEdit& edit);

}  // namespace resole::deb
