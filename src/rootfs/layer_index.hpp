// SPDX-License-Identifier: Apache-2.0
// What one layer holds, as data: read once ever, kept by diff_id. Paths and attributes of every member, hashes of file contents, facts of
// ELF files, and the bytes of the few files that planning and database edits need (capture.hpp), so that no later step opens the layer
// again.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "archive/tar.hpp"
#include "base/bytes.hpp"
#include "base/digest.hpp"
#include "base/effects.hpp"
#include "oci/store.hpp"

namespace resole::rootfs {

struct Entry {
  std::string path;                  // clean, no leading '/', "" is the root; of the object itself, never of its ".wh." marker
  tar::Type type = tar::Type::file;  // hardlinks stay Type::hardlink here; the merged Tree resolves them
  bool whiteout = false;             // path is removed from the layers below
  bool opaque = false;               // directory whose lower children are hidden (may come beside a directory entry of the same path)
  std::uint32_t mode = 0, uid = 0, gid = 0;
  std::int64_t mtime = 0;
  std::uint64_t size = 0;
  std::string link;  // symlink target as written; cleaned path of a hardlink's first name
  std::uint32_t major = 0, minor = 0;
  std::map<std::string, std::string> xattrs;  // security.selinux and trusted.overlay.* are dropped
  Sha256 sha256{};                            // of the content, files only
  std::optional<Md5> md5;  // where packages install files (has_md5 in capture.cpp); dpkg's md5sums and conffiles compare with it
  std::optional<Sha1> sha1;  // below etc/: apk's rules of protected files compare with it
  bool operator==(const Entry&) const = default;
};

// Enough of an ELF file to rebuild ld.so.cache, and to find copied libraries and those that are linked into it.
struct ElfFacts {
  std::string soname;
  std::vector<std::string> needed;
  std::uint8_t bits = 0;      // 32 or 64
  std::uint16_t machine = 0;  // e_machine
  std::uint16_t type = 0;     // e_type: 2 executable, 3 shared object
  std::uint32_t flags = 0;    // e_flags (ARM float ABI)
  std::string build_id;       // hex, of the GNU note; "" none
  std::vector<std::string> embedded;  // "openssl 3.0.15": version strings of libraries that it holds (library_marks.hpp)
  bool operator==(const ElfFacts&) const = default;
};

struct LayerIndex {
  Digest diff_id;              // empty only for a draft that was written without its end
  std::vector<Entry> entries;  // in the order of the tar; one object per path, markers (whiteout, opaque) beside it
  std::unordered_map<std::string, std::string> captured;  // path -> bytes
  std::unordered_map<std::string, ElfFacts> elf;          // path -> facts
};

struct IndexLimits {
  std::uint64_t entries = 2'000'000;
  std::uint64_t captured_file = 16ull << 20;  // one captured file (dpkg's status of a big image is 2 MB)
  std::uint64_t captured_total = 256ull << 20;
  std::uint64_t described = 1ull << 30;  // bytes of paths, links, attributes and ELF names (a million files of usual paths: 100 MB)
};

// Reads an uncompressed layer tar to its end. The caller has put verification (compressed digest) and decompression below `tar`; the
// diff_id is computed here and compared: Error(verification) when it is not `diff_id`; an empty `diff_id` is not known before and only
// computed. Reading (and what decompresses below it) and the diff_id hash run on a second thread beside parsing and hashing of files.
// Error(input): paths that leave the root, entries below a file, duplicates beyond what unpackers agree on (last one wins, as umoci),
// limits.
LayerIndex index_layer(Source& tar, const Digest& diff_id, const IndexLimits& limits = {});

// Facts from an ELF file's whole content; nullopt when it is not an ELF executable or shared object (object files, kernel modules and core
// dumps have no facts). Files of more than kElfWindow bytes are not held whole while a layer streams by: see elf_window.hpp.
inline constexpr std::size_t kElfWindow = 16u << 20;
std::optional<ElfFacts> elf_facts(std::string_view content);

// Key in the cache room "layer-index": diff_id and format version.
std::string layer_index_key(const Digest& diff_id);
// Versioned compact form for the cache room "layer-index" (key: diff_id text + format version). parse returns nullopt for another version
// or damage. Raise the version whenever the form, the capture table or the meaning of a field changes: old entries are then read from their
// layers again.
inline constexpr std::uint32_t kLayerIndexVersion = 7;
std::string serialise(const LayerIndex& index);
std::optional<LayerIndex> parse_layer_index(std::string_view bytes);

// Index of a layer of an image: from the cache, or by reading the blob once and putting it there. A blob that is not what its descriptor
// says is Error(verification) even when its damage shows earlier, as broken compression or tar.
std::shared_ptr<const LayerIndex> load_layer_index(oci::Store& store, const oci::Descriptor& layer, const Digest& diff_id, Cache& cache);

// Is the content of this path kept in the index? Package databases, info/*, apt and dpkg configuration, keyrings, os-release, passwd and
// group, ld.so.conf(.d), ld.so.cache, ca-certificates(.conf, certificates), ucf state, debconf's answers. One table: capture.cpp.
bool is_captured(std::string_view path, std::uint64_t size);
bool is_parts_list(std::string_view path);  // an SBOM, by its name; captured unless it is large

}  // namespace resole::rootfs
