// SPDX-License-Identifier: Apache-2.0
// The dynamic linker's cache (/etc/ld.so.cache), made as ldconfig of glibc 2.33 and later makes it, byte for byte, from the tree as data:
// for every architecture, without its ldconfig.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rootfs/tree.hpp"

namespace resole::deb {

struct Library {
  std::string key;   // what programs ask for: "libz.so.1"
  std::string path;  // "/lib/x86_64-linux-gnu/libz.so.1"
  std::uint32_t flags = 0;
  std::string hwcaps;  // name of the glibc-hwcaps subdirectory, "" for ordinary directories
  bool operator==(const Library&) const = default;
};

// In the order of the cache. `arch` is Debian's name of the image's architecture: it decides the multiarch directories.
std::vector<Library> find_libraries(const rootfs::Tree& tree, std::string_view arch);
enum class ByteOrder { little, big };
ByteOrder byte_order(std::string_view arch);  // of Debian's architecture
std::string write_ld_so_cache(const std::vector<Library>& libraries, std::string_view generator, ByteOrder order = ByteOrder::little);
std::optional<std::string> generator_of(std::string_view cache);  // nullopt when it is not such a cache
std::vector<Library> read_ld_so_cache(std::string_view cache);    // either byte order; Error(input) when damaged; hwcaps names are not read

// The order of names in the cache (glibc elf/dl-cache.c, _dl_cache_libcmp): digits compare as numbers.
int compare_library_names(std::string_view a, std::string_view b);

// The directories that ldconfig searches, as they are spelled: ld.so.conf with its includes, then the system's. Each directory once.
std::vector<std::string> library_directories(const rootfs::Tree& tree, std::string_view arch);

}  // namespace resole::deb
