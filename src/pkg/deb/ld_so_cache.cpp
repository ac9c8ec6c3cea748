// SPDX-License-Identifier: Apache-2.0
// What ldconfig does (glibc elf/ldconfig.c, elf/cache.c, elf/stringtable.c), as functions over the tree:
//
// In each directory every "lib*.so*", "ld-*.so*", "ld.so.*" and "ld64.so.*" that is an ELF shared object is taken under its SONAME (its
// file name when it has none). A link counts under its own name when that is the SONAME, or when it is a linker's name of it ("libz.so" of
// "libz.so.1"); any other link counts like a file. Of two files for one key a real file beats a link, then the higher number wins. The
// cache then says "directory/key", relying on the links that packages ship.
//
// The file: header, entries sorted by descending key, string table, extensions (generator text, names of glibc-hwcaps subdirectories). Its
// numbers are in the byte order of the architecture, which a byte of the header names; ld.so ignores a cache in the other one.
#include "pkg/deb/ld_so_cache.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.hpp"
#include "pkg/deb/follow.hpp"
#include "rootfs/path.hpp"

namespace resole::deb {
namespace {

constexpr std::string_view kMagic = "glibc-ld.so.cache1.1";
constexpr std::size_t kHeaderSize = 48, kEntrySize = 24;
constexpr std::uint32_t kExtensionMagic = 0xeaa42174;
constexpr std::uint32_t kTagGenerator = 0, kTagHwcaps = 1;
constexpr std::uint64_t kHwcapExtension = 1ull << 62;
constexpr std::uint32_t kElf = 1, kElfLibc6 = 3;

// ---- which files

// "ld64.so.1" is the dynamic linker of s390x, "ld64.so.2" that of ppc64el, "ld.so.1" that of mips.
bool has_library_name(std::string_view name) {
  if (name.ends_with(".dpkg-new") || name.ends_with(".dpkg-tmp")) return false;
  if (name.starts_with("ld.so.") || name.starts_with("ld64.so.")) return true;
  return (name.starts_with("lib") || name.starts_with("ld-")) && name.find(".so") != std::string_view::npos;
}

// elf/readelflib.c of the architectures: e_machine, class and float ABI as the cache's flags.
std::uint32_t flags_of(const rootfs::ElfFacts& elf) {
  constexpr std::uint32_t kArmHardFloat = 0x400, kArmSoftFloat = 0x200;
  switch (elf.machine) {
    case 62:
      return (elf.bits == 64 ? 0x0300u : 0x0800u) | kElfLibc6;  // x86-64, x32
    case 183:
      return 0x0a00u | kElfLibc6;  // aarch64
    case 40:
      return (elf.flags & kArmHardFloat ? 0x0900u : elf.flags & kArmSoftFloat ? 0x0b00u : 0u) | kElfLibc6;
    case 21:
      return (elf.bits == 64 ? 0x0500u : 0u) | kElfLibc6;  // powerpc64
    case 22:
      return (elf.bits == 64 ? 0x0400u : 0u) | kElfLibc6;  // s390
    case 243:
      return ((elf.flags & 6) == 4 ? 0x1000u : 0x0f00u) | kElfLibc6;  // riscv: double or soft float
    case 8:
      return (elf.bits == 64 ? 0x0700u : 0u) | kElfLibc6;  // mips n64
    case 258:
      return ((elf.flags & 7) == 3 ? 0x1200u : 0x1100u) | kElfLibc6;  // loongarch: double or soft float
    default:
      break;
  }
  const bool uses_libc =
      std::ranges::any_of(elf.needed, [](const std::string& name) { return name == "libc.so.6" || name == "libm.so.6"; });
  // The C library itself needs only the dynamic linker, but names it as its interpreter, by which ldconfig knows it.
  return uses_libc || elf.soname == "libc.so.6" ? kElfLibc6 : kElf;
}

struct Candidate {
  std::string name;  // of the file or link
  bool link = false;
  std::uint32_t flags = 0;
};

class DirectorySearch {
 public:
  DirectorySearch(const rootfs::Tree& tree, std::string spelled, std::string hwcaps)
      : tree_(tree), spelled_(std::move(spelled)), hwcaps_(std::move(hwcaps)), directory_(follow(tree, spelled_).path) {}

  void run(std::vector<Library>& libraries) {
    for (const std::string& name : tree_.children(directory_)) {
      if (has_library_name(name)) consider(name);
    }
    for (const auto& [key, candidate] : found_) {
      // Files of glibc-hwcaps directories are named themselves: ldconfig makes no links there.
      libraries.push_back({key, fmt::format("{}/{}", spelled_, hwcaps_.empty() ? key : candidate.name), candidate.flags, hwcaps_});
    }
  }

 private:
  void consider(const std::string& name) {
    const std::string path = rootfs::join_path(directory_, name);
    const rootfs::Node* node = tree_.find(path);
    if (!node) return;
    bool link = node->entry.type == tar::Type::symlink;
    const rootfs::Resolved at = follow(tree_, path);
    if (!at.node || at.node->entry.type != tar::Type::file) return;
    const rootfs::ElfFacts* elf = tree_.elf(at.path);
    constexpr std::uint16_t kSharedObject = 3;
    if (!elf || elf->type != kSharedObject) return;
    const std::string soname = elf->soname.empty() ? name : elf->soname;
    if (link && name != soname && !(name.ends_with(".so") && soname.starts_with(name))) link = false;
    add(link ? name : soname, {name, link, flags_of(*elf)});
  }

  void add(const std::string& key, Candidate candidate) {
    const auto [known, fresh] = found_.try_emplace(key, candidate);
    if (fresh) return;
    const bool better = (!candidate.link && known->second.link) ||
                        (candidate.link == known->second.link && compare_library_names(known->second.name, candidate.name) < 0);
    if (better) known->second = std::move(candidate);
  }

  const rootfs::Tree& tree_;
  const std::string spelled_, hwcaps_, directory_;
  std::map<std::string, Candidate> found_;
};

bool comes_before(const Library& a, const Library& b) {
  if (const int order = compare_library_names(b.key, a.key)) return order < 0;
  if (a.flags != b.flags) return a.flags > b.flags;
  if (a.hwcaps.empty() != b.hwcaps.empty()) return b.hwcaps.empty();
  return a.hwcaps < b.hwcaps;
}

// ---- the file

// glibc sysdeps/generic/dl-cache.h, cache_file_new_flags_endian_*
constexpr unsigned char kLittleEndian = 2, kBigEndian = 3, kEndianMask = 3;
constexpr std::size_t kCountAt = 20, kEndianAt = 28, kExtensionsAt = 32;

// Numbers of one byte order, appended to text and read from it.
class Numbers {
 public:
  explicit Numbers(ByteOrder order) : order_(order) {}
  static Numbers of(std::string_view cache) {
    const auto mark = static_cast<unsigned char>(cache[kEndianAt]) & kEndianMask;
    return Numbers(mark == kBigEndian ? ByteOrder::big : ByteOrder::little);
  }

  void put32(std::string& out, std::uint32_t value) const { put(out, value, 4); }
  void put64(std::string& out, std::uint64_t value) const { put(out, value, 8); }
  std::uint32_t get32(std::string_view bytes, std::size_t at) const {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::size_t from_top = order_ == ByteOrder::big ? i : 3 - i;
      value = value << 8 | static_cast<unsigned char>(bytes[at + from_top]);
    }
    return value;
  }

 private:
  void put(std::string& out, std::uint64_t value, unsigned size) const {
    for (unsigned i = 0; i < size; ++i) out.push_back(static_cast<char>(value >> 8 * (order_ == ByteOrder::big ? size - 1 - i : i)));
  }

  ByteOrder order_;
};

// Strings are kept once, and not at all when they end another: sorted from their ends, longer first, each is looked for at the end of the
// one before.
class StringTable {
 public:
  void add(const std::string& text) { strings_.insert({text.rbegin(), text.rend()}); }
  void finish() {
    std::string_view previous;
    std::uint32_t previous_at = 0;
    for (auto reversed = strings_.rbegin(); reversed != strings_.rend(); ++reversed) {
      std::uint32_t at = static_cast<std::uint32_t>(bytes_.size());
      if (!previous.empty() && previous.starts_with(*reversed)) {
        at = previous_at + static_cast<std::uint32_t>(previous.size() - reversed->size());
      } else {
        bytes_.append(reversed->rbegin(), reversed->rend()).push_back('\0');
      }
      offsets_[*reversed] = at;
      previous = *reversed;
      previous_at = at;
    }
  }
  std::uint32_t offset(const std::string& text) const { return offsets_.at({text.rbegin(), text.rend()}); }
  const std::string& bytes() const { return bytes_; }

 private:
  std::set<std::string> strings_;  // reversed
  std::map<std::string, std::uint32_t> offsets_;
  std::string bytes_;
};

std::vector<std::string> hwcaps_names(const std::vector<Library>& libraries) {
  std::set<std::string> names;
  for (const Library& library : libraries) {
    if (!library.hwcaps.empty()) names.insert(library.hwcaps);
  }
  return {names.begin(), names.end()};
}

void put_section(std::string& out, const Numbers& numbers, std::uint32_t tag, std::size_t offset, std::size_t size) {
  numbers.put32(out, tag);
  numbers.put32(out, 0);
  numbers.put32(out, static_cast<std::uint32_t>(offset));
  numbers.put32(out, static_cast<std::uint32_t>(size));
}

}  // namespace

int compare_library_names(std::string_view a, std::string_view b) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto number = [&](std::string_view text, std::size_t& at) {
    std::uint32_t value = 0;  // wraps like the original's int
    while (at < text.size() && is_digit(text[at])) value = value * 10 + static_cast<std::uint32_t>(text[at++] - '0');
    return static_cast<std::int32_t>(value);
  };
  std::size_t i = 0, j = 0;
  while (i < a.size()) {
    const char right = j < b.size() ? b[j] : '\0';
    if (is_digit(a[i])) {
      if (!is_digit(right)) return 1;
      const std::int32_t left_number = number(a, i), right_number = number(b, j);
      if (left_number != right_number) return left_number < right_number ? -1 : 1;
    } else if (is_digit(right)) {
      return -1;
    } else if (a[i] != right) {
      return static_cast<signed char>(a[i]) - static_cast<signed char>(right);
    } else {
      ++i;
      ++j;
    }
  }
  return j < b.size() ? -1 : 0;
}

ByteOrder byte_order(std::string_view arch) {
  // dpkg's cputable: the CPUs of Debian and its ports that are big-endian.
  constexpr std::array<std::string_view, 9> kBig = {"s390x", "s390", "ppc64", "powerpc", "sparc64", "sparc", "hppa", "m68k", "mips"};
  return std::ranges::find(kBig, arch) == kBig.end() ? ByteOrder::little : ByteOrder::big;
}

std::vector<Library> find_libraries(const rootfs::Tree& tree, std::string_view arch) {
  std::vector<Library> libraries;
  for (const std::string& directory : library_directories(tree, arch)) {
    DirectorySearch(tree, directory, {}).run(libraries);
    const std::string hwcaps = directory + "/glibc-hwcaps";
    for (const std::string& name : tree.children(follow(tree, hwcaps).path)) {
      DirectorySearch(tree, fmt::format("{}/{}", hwcaps, name), name).run(libraries);
    }
  }
  std::ranges::stable_sort(libraries, comes_before);
  return libraries;
}

std::string write_ld_so_cache(const std::vector<Library>& libraries, std::string_view generator, ByteOrder order) {
  const Numbers numbers(order);
  StringTable strings;
  const std::vector<std::string> hwcaps = hwcaps_names(libraries);
  for (const Library& library : libraries) {
    strings.add(library.key);
    strings.add(library.path);
  }
  for (const std::string& name : hwcaps) strings.add(name);
  strings.finish();

  const std::size_t strings_at = kHeaderSize + kEntrySize * libraries.size();
  const std::size_t extensions_at = (strings_at + strings.bytes().size() + 3) / 4 * 4;
  const auto at = [&](const std::string& text) { return static_cast<std::uint32_t>(strings_at + strings.offset(text)); };

  std::string out(kMagic);
  numbers.put32(out, static_cast<std::uint32_t>(libraries.size()));
  numbers.put32(out, static_cast<std::uint32_t>(strings.bytes().size()));
  out.push_back(static_cast<char>(order == ByteOrder::big ? kBigEndian : kLittleEndian));
  out.append(3, '\0');
  numbers.put32(out, static_cast<std::uint32_t>(extensions_at));
  out.append(kHeaderSize - out.size(), '\0');
  for (const Library& library : libraries) {
    numbers.put32(out, library.flags);
    numbers.put32(out, at(library.key));
    numbers.put32(out, at(library.path));
    numbers.put32(out, 0);  // lowest kernel version: no longer recorded
    const auto index = static_cast<std::uint64_t>(std::ranges::find(hwcaps, library.hwcaps) - hwcaps.begin());
    numbers.put64(out, library.hwcaps.empty() ? 0 : kHwcapExtension | index);
  }
  out += strings.bytes();
  out.append(extensions_at - out.size(), '\0');

  const std::uint32_t sections = hwcaps.empty() ? 1 : 2;
  const std::size_t hwcaps_at = extensions_at + 8 + 16 * sections, hwcaps_size = 4 * hwcaps.size();
  numbers.put32(out, kExtensionMagic);
  numbers.put32(out, sections);
  put_section(out, numbers, kTagGenerator, hwcaps_at + hwcaps_size, generator.size());
  if (!hwcaps.empty()) put_section(out, numbers, kTagHwcaps, hwcaps_at, hwcaps_size);
  for (const std::string& name : hwcaps) numbers.put32(out, at(name));
  out += generator;
  return out;
}

std::optional<std::string> generator_of(std::string_view cache) {
  if (!cache.starts_with(kMagic) || cache.size() < kHeaderSize) return std::nullopt;
  const Numbers numbers = Numbers::of(cache);
  const std::size_t extensions = numbers.get32(cache, kExtensionsAt);
  if (extensions < kHeaderSize || extensions + 8 > cache.size() || numbers.get32(cache, extensions) != kExtensionMagic) return std::nullopt;
  const std::uint32_t sections = numbers.get32(cache, extensions + 4);
  for (std::size_t i = 0, at = extensions + 8; i < sections && at + 16 <= cache.size(); ++i, at += 16) {
    const std::size_t offset = numbers.get32(cache, at + 8), size = numbers.get32(cache, at + 12);
    if (numbers.get32(cache, at) == kTagGenerator && offset <= cache.size() && size <= cache.size() - offset)
      return std::string(cache.substr(offset, size));
  }
  return std::nullopt;
}

std::vector<Library> read_ld_so_cache(std::string_view cache) {
  const auto damaged = [] { return Error(ErrorKind::input, "etc/ld.so.cache is damaged, or of a glibc older than 2.33"); };
  if (!cache.starts_with(kMagic) || cache.size() < kHeaderSize) throw damaged();
  const Numbers numbers = Numbers::of(cache);
  const std::size_t count = numbers.get32(cache, kCountAt);
  if (count > (cache.size() - kHeaderSize) / kEntrySize) throw damaged();
  // Entries share the ends of each other's names, never more: thousands that all name one long text would fill the memory.
  std::size_t total = 0;
  const auto text = [&](std::uint32_t offset) {
    const std::size_t end = offset < cache.size() ? cache.find('\0', offset) : std::string_view::npos;
    if (end == std::string_view::npos || (total += end - offset) > 4 * cache.size()) throw damaged();
    return std::string(cache.substr(offset, end - offset));
  };
  std::vector<Library> libraries;
  for (std::size_t i = 0, at = kHeaderSize; i < count; ++i, at += kEntrySize) {
    libraries.push_back({text(numbers.get32(cache, at + 4)), text(numbers.get32(cache, at + 8)), numbers.get32(cache, at), {}});
  }
  return libraries;
}

}  // namespace resole::deb
