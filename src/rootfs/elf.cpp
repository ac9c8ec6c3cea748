// SPDX-License-Identifier: Apache-2.0
// The way to a soname: ELF header, program headers, PT_DYNAMIC; its DT_STRTAB is an address, so the PT_LOAD that holds it gives the offset in
// the file; DT_SONAME and DT_NEEDED are offsets into that string table. Section headers are not used: they may be stripped, and ld.so does
// not read them either. Both widths and both byte orders occur (s390x is big-endian). Detached debug files have headers that point at
// nothing: they yield no names.
#include "rootfs/elf.hpp"

#include <algorithm>
#include <string>

#include "rootfs/library_marks.hpp"

namespace resole::rootfs {
namespace {

constexpr std::uint16_t kTypeExecutable = 2, kTypeShared = 3;                                                     // e_type
constexpr std::uint32_t kSegmentLoad = 1, kSegmentDynamic = 2, kSegmentNote = 4;                                  // p_type
constexpr std::uint64_t kTagNull = 0, kTagNeeded = 1, kTagStringTable = 5, kTagStringSize = 10, kTagSoname = 14;  // d_tag
constexpr std::uint64_t kMostSegments = 4096, kMostTags = 65536, kMostNeeded = 4096, kMostName = 4096;
constexpr std::size_t kMostNames = 64u << 10;  // bytes of all names of a file: thousands of tags may point at one long string

// Numbers of one file's width and byte order.
struct Encoding {
  bool wide = false, big_endian = false;

  std::uint64_t number(std::string_view bytes) const {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const std::size_t from_top = big_endian ? i : bytes.size() - 1 - i;
      value = value << 8 | static_cast<unsigned char>(bytes[from_top]);
    }
    return value;
  }
  std::size_t word() const { return wide ? 8 : 4; }
};

struct Segment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0, address = 0, size = 0;
};

struct Layout {
  Encoding encoding;
  std::uint16_t type = 0, machine = 0;
  std::uint32_t flags = 0;
  std::vector<Segment> segments;
};

Segment read_segment(const Encoding& encoding, std::string_view header) {
  // Elf64_Phdr has p_flags second, Elf32_Phdr second to last.
  const std::size_t word = encoding.word(), first = encoding.wide ? 8 : 4;
  const auto field = [&](std::size_t index) { return encoding.number(header.substr(first + index * word, word)); };
  return {static_cast<std::uint32_t>(encoding.number(header.substr(0, 4))), field(0), field(1), field(3)};
}

void read_segments(const ElfPieces& pieces, std::string_view header, Layout& layout) {
  const Encoding& encoding = layout.encoding;
  const bool wide = encoding.wide;
  const std::uint64_t table = encoding.number(header.substr(wide ? 32 : 28, encoding.word()));
  const std::uint64_t entry_size = encoding.number(header.substr(wide ? 54 : 42, 2));
  const std::uint64_t count = encoding.number(header.substr(wide ? 56 : 44, 2));
  const std::size_t known_size = wide ? 56 : 32;
  if (entry_size < known_size) return;
  for (std::uint64_t i = 0; i < std::min(count, kMostSegments); ++i) {
    // An offset that wraps around lands on bytes that are not there, or on harmless ones.
    const auto entry = pieces.at(table + i * entry_size, known_size);
    if (!entry) return;
    layout.segments.push_back(read_segment(encoding, *entry));
  }
}

std::optional<Layout> read_layout(const ElfPieces& pieces) {
  const auto ident = pieces.at(0, 16);
  if (!ident || !ident->starts_with(kElfMagic)) return std::nullopt;
  const unsigned char width = (*ident)[4], order = (*ident)[5];
  if (width < 1 || width > 2 || order < 1 || order > 2) return std::nullopt;
  Layout layout;
  layout.encoding = {.wide = width == 2, .big_endian = order == 2};
  const bool wide = layout.encoding.wide;
  const auto header = pieces.at(0, wide ? 64 : 52);
  if (!header) return std::nullopt;
  layout.type = static_cast<std::uint16_t>(layout.encoding.number(header->substr(16, 2)));
  layout.machine = static_cast<std::uint16_t>(layout.encoding.number(header->substr(18, 2)));
  layout.flags = static_cast<std::uint32_t>(layout.encoding.number(header->substr(wide ? 48 : 36, 4)));
  read_segments(pieces, *header, layout);
  return layout;
}

const Segment* dynamic_segment(const Layout& layout) {
  const auto found =
      std::find_if(layout.segments.begin(), layout.segments.end(), [](const Segment& s) { return s.type == kSegmentDynamic; });
  return found == layout.segments.end() ? nullptr : &*found;
}

std::optional<std::uint64_t> offset_of_address(const Layout& layout, std::uint64_t address) {
  for (const Segment& segment : layout.segments) {
    if (segment.type != kSegmentLoad || address < segment.address || address - segment.address >= segment.size) continue;
    return segment.offset + (address - segment.address);
  }
  return std::nullopt;
}

struct DynamicTags {
  std::optional<std::uint64_t> strings, strings_size, soname;
  std::vector<std::uint64_t> needed;
};

DynamicTags read_tags(const ElfPieces& pieces, const Encoding& encoding, const Segment& dynamic) {
  DynamicTags tags;
  const std::size_t word = encoding.word();
  std::string_view rest = pieces.from(dynamic.offset, std::min<std::uint64_t>(dynamic.size, kMostTags * 2 * word));
  for (; rest.size() >= 2 * word; rest.remove_prefix(2 * word)) {
    const std::uint64_t value = encoding.number(rest.substr(word, word));
    switch (encoding.number(rest.substr(0, word))) {
      case kTagNull:
        return tags;
      case kTagStringTable:
        tags.strings = value;
        break;
      case kTagStringSize:
        tags.strings_size = value;
        break;
      case kTagSoname:
        tags.soname = value;
        break;
      case kTagNeeded:
        if (tags.needed.size() < kMostNeeded) tags.needed.push_back(value);
        break;
      default:
        break;
    }
  }
  return tags;
}

// The NUL-terminated string at `position` of the table; empty when it does not end within the table or is absurdly long.
std::string name_at(std::string_view table, std::uint64_t position) {
  if (position >= table.size()) return {};
  const std::string_view rest = table.substr(position, kMostName);
  const std::size_t end = rest.find('\0');
  return end == std::string_view::npos ? std::string() : std::string(rest.substr(0, end));
}

// The description of the note {name "GNU", type NT_GNU_BUILD_ID = 3}; each part is padded to four bytes.
std::string build_id_in(std::string_view notes, const Encoding& encoding) {
  constexpr std::size_t kHeader = 12, kMostId = 64;
  constexpr std::string_view kGnu("GNU\0", 4);
  const auto padded = [](std::uint64_t size) { return (size + 3) & ~std::uint64_t{3}; };
  while (notes.size() >= kHeader) {
    const std::uint64_t name = encoding.number(notes.substr(0, 4)), size = encoding.number(notes.substr(4, 4));
    const std::uint64_t type = encoding.number(notes.substr(8, 4)), whole = kHeader + padded(name) + padded(size);
    if (notes.size() < kHeader + padded(name) + size) return {};
    if (type == 3 && notes.substr(kHeader, name) == kGnu && size > 0 && size <= kMostId) {
      std::string id;
      for (const char c : notes.substr(kHeader + padded(name), size)) {
        constexpr std::string_view kDigits = "0123456789abcdef";
        id += kDigits[static_cast<unsigned char>(c) >> 4];
        id += kDigits[static_cast<unsigned char>(c) & 15];
      }
      return id;
    }
    notes.remove_prefix(std::min<std::uint64_t>(whole, notes.size()));
  }
  return {};
}

std::string build_id_of(const ElfPieces& pieces, const Layout& layout) {
  constexpr std::uint64_t kMostNotes = 64u << 10;
  for (const Segment& segment : layout.segments) {
    if (segment.type != kSegmentNote) continue;
    if (std::string id = build_id_in(pieces.from(segment.offset, std::min(segment.size, kMostNotes)), layout.encoding); !id.empty()) return id;
  }
  return {};
}

}  // namespace

std::string_view ElfPieces::from(std::uint64_t offset, std::uint64_t most) const {
  for (const Piece& piece : pieces_) {
    if (offset < piece.offset || offset - piece.offset >= piece.bytes.size()) continue;
    return piece.bytes.substr(offset - piece.offset, most);
  }
  return {};
}

std::optional<std::string_view> ElfPieces::at(std::uint64_t offset, std::uint64_t size) const {
  const std::string_view found = from(offset, size);
  return found.size() == size ? std::optional(found) : std::nullopt;
}

std::optional<ElfRange> dynamic_section(const ElfPieces& pieces) {
  const auto layout = read_layout(pieces);
  const Segment* dynamic = layout ? dynamic_segment(*layout) : nullptr;
  return dynamic == nullptr ? std::nullopt : std::optional(ElfRange{dynamic->offset, dynamic->size});
}

std::optional<ElfFacts> elf_facts(const ElfPieces& pieces) {
  const auto layout = read_layout(pieces);
  if (!layout || (layout->type != kTypeExecutable && layout->type != kTypeShared)) return std::nullopt;
  ElfFacts facts;
  facts.bits = layout->encoding.wide ? 64 : 32;
  facts.machine = layout->machine;
  facts.type = layout->type;
  facts.flags = layout->flags;
  facts.build_id = build_id_of(pieces, *layout);
  const Segment* dynamic = dynamic_segment(*layout);
  if (dynamic == nullptr) return facts;
  const DynamicTags tags = read_tags(pieces, layout->encoding, *dynamic);
  const auto offset = tags.strings ? offset_of_address(*layout, *tags.strings) : std::nullopt;
  if (!offset) return facts;
  const std::string_view strings = pieces.from(*offset, tags.strings_size.value_or(~std::uint64_t{0}));
  if (tags.soname) facts.soname = name_at(strings, *tags.soname);
  std::size_t total = 0;
  for (const std::uint64_t position : tags.needed) {
    std::string name = name_at(strings, position);
    if ((total += name.size()) > kMostNames) break;
    if (!name.empty()) facts.needed.push_back(std::move(name));
  }
  return facts;
}

std::optional<ElfFacts> elf_facts(std::string_view content) {
  auto facts = elf_facts(ElfPieces({{0, content}}));
  if (!facts) return facts;
  LibraryMarks marks;
  marks.update(content);
  facts->embedded = marks.finish();
  return facts;
}

}  // namespace resole::rootfs
