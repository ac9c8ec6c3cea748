// SPDX-License-Identifier: Apache-2.0
// The 512-byte header block and the records around it, as reader and writer share them. Fields: POSIX pax, "ustar Interchange Format";
// GNU tar manual, "Basic Tar Format".
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace resole::tar {

inline constexpr std::size_t kBlock = 512;

struct Field {
  std::size_t offset, size;
};
inline constexpr Field kName{0, 100}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kMtime{136, 12}, kChecksum{148, 8},
    kType{156, 1}, kLink{157, 100}, kMagic{257, 8}, kUser{265, 32}, kGroup{297, 32}, kMajor{329, 8}, kMinor{337, 8}, kPrefix{345, 155};

// gnu: no prefix, its place holds times and the sparse map. star: a shorter prefix, its place holds times.
enum class Flavour : std::uint8_t { v7, ustar, star, gnu };

// A view of one header block; never longer than it.
class RawHeader {
 public:
  explicit RawHeader(std::string_view block) : block_(block) {}
  std::string_view bytes(Field field) const { return block_.substr(field.offset, field.size); }
  std::string_view text(Field field) const;               // up to the first NUL
  std::optional<std::int64_t> number(Field field) const;  // octal, or base-256 (GNU, star); blank is 0
  char type() const { return block_[kType.offset]; }
  Flavour flavour() const;
  bool checksum_matches() const;

 private:
  std::string_view block_;
};

bool is_zero_block(std::string_view block);
std::uint32_t checksum(std::string_view block);  // of the bytes as unsigned, the checksum field read as blanks

inline constexpr std::uint64_t padding_of(std::uint64_t size) { return (kBlock - size % kBlock) % kBlock; }

[[noreturn]] void throw_bad(std::uint64_t offset, std::string_view reason);

// PAX: keyword -> value. An empty value undoes what a global header or the header block says.
using PaxRecords = std::map<std::string, std::string, std::less<>>;
// Parses "<length> <keyword>=<value>\n" records. The offset/numbytes pairs of sparse format 0.0 come out as one GNU.sparse.map, as 0.1
// writes them.
PaxRecords parse_pax(std::string_view content, std::uint64_t offset);
std::string pax_record(std::string_view keyword, std::string_view value);

// A piece of a sparse file that is in the archive; what lies between pieces is zeros.
struct Piece {
  std::uint64_t offset = 0, size = 0;
};

// Pieces in order, disjoint, within `logical`, and not more bytes than `physical`; else throws.
void check_pieces(const std::vector<Piece>& pieces, std::uint64_t logical, std::uint64_t physical, std::uint64_t offset);
// "0,512,4096,100" (GNU.sparse.map).
std::vector<Piece> parse_sparse_map(std::string_view map, std::uint64_t offset);

}  // namespace resole::tar
