// SPDX-License-Identifier: Apache-2.0
#include "archive/tar_format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "archive/tar.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::tar {

namespace {

// First bit set: the rest is a big-endian two's complement number. Nothing when it does not fit into 64 bits.
std::optional<std::int64_t> base256(std::string_view bytes) {
  const bool negative = (bytes[0] & 0x40) != 0;
  const unsigned char fill = negative ? 0xff : 0;
  std::uint64_t value = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    if (i == 0) byte = static_cast<unsigned char>((byte & 0x7f) | (negative ? 0x80 : 0));
    if (i + 8 < bytes.size() && byte != fill) return std::nullopt;
    value = value << 8 | byte;
  }
  const auto number = static_cast<std::int64_t>(value);
  if ((number < 0) != negative) return std::nullopt;
  return number;
}

constexpr std::string_view kBlanks{" \0", 2};

}  // namespace

std::string_view RawHeader::text(Field field) const {
  const std::string_view whole = bytes(field);
  return whole.substr(0, whole.find('\0'));
}

std::optional<std::int64_t> RawHeader::number(Field field) const {
  std::string_view digits = bytes(field);
  if ((digits[0] & 0x80) != 0) return base256(digits);
  digits.remove_prefix(std::min(digits.find_first_not_of(kBlanks), digits.size()));
  digits = digits.substr(0, digits.find_first_of(kBlanks));
  if (digits.empty()) return 0;
  const auto value = parse_octal(digits);  // at most 12 digits: never beyond 63 bits
  return value ? std::optional<std::int64_t>(static_cast<std::int64_t>(*value)) : std::nullopt;
}

Flavour RawHeader::flavour() const {
  const std::string_view magic = bytes(kMagic);
  if (magic.starts_with(std::string_view("ustar\0", 6)))
    return block_.substr(508, 4) == std::string_view("tar\0", 4) ? Flavour::star : Flavour::ustar;
  if (magic == std::string_view("ustar  \0", 8)) return Flavour::gnu;
  return Flavour::v7;
}

bool RawHeader::checksum_matches() const {
  const auto wanted = number(kChecksum);
  if (!wanted) return false;
  if (*wanted == checksum(block_)) return true;
  std::int64_t as_signed = 0;  // old Sun and SGI tars added the bytes as signed
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool blank = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    as_signed += blank ? ' ' : static_cast<signed char>(block_[i]);
  }
  return *wanted == as_signed;
}

bool is_zero_block(std::string_view block) {
  return block[0] == '\0' && std::memcmp(block.data(), block.data() + 1, block.size() - 1) == 0;
}

std::uint32_t checksum(std::string_view block) {
  std::uint32_t sum = 0;
  for (char c : block) sum += static_cast<unsigned char>(c);
  for (char c : block.substr(kChecksum.offset, kChecksum.size)) sum -= static_cast<unsigned char>(c);
  return sum + kChecksum.size * ' ';
}

void throw_bad(std::uint64_t offset, std::string_view reason) {
  throw Error(ErrorKind::input, fmt::format("bad tar archive at byte {}: {}", offset, reason),
              "the archive is damaged, cut off or hostile");
}

PaxRecords parse_pax(std::string_view content, std::uint64_t offset) {
  PaxRecords records;
  std::vector<std::string> map;  // offsets and sizes in turn
  for (std::size_t at = 0; at < content.size();) {
    const std::string_view rest = content.substr(at);
    const std::size_t blank = rest.substr(0, 21).find(' ');
    const auto length = parse_unsigned(rest.substr(0, blank == std::string_view::npos ? 0 : blank));
    if (!length || *length > rest.size() || *length < blank + 4) throw_bad(offset + at, "a PAX record with a wrong length");
    const std::string_view record = rest.substr(blank + 1, *length - blank - 1);
    const std::size_t equals = record.find('=');
    if (record.back() != '\n' || equals == 0 || equals == std::string_view::npos) throw_bad(offset + at, "a malformed PAX record");
    const std::string_view key = record.substr(0, equals), value = record.substr(equals + 1, record.size() - equals - 2);
    if (key == "GNU.sparse.offset" || key == "GNU.sparse.numbytes") {
      if ((map.size() % 2 == 0) != (key == "GNU.sparse.offset") || !parse_unsigned(value)) throw_bad(offset + at, "a malformed sparse map");
      map.emplace_back(value);
    } else {
      records.insert_or_assign(std::string(key), std::string(value));
    }
    at += *length;
  }
  if (!map.empty()) records["GNU.sparse.map"] = join(map, ",");
  return records;
}

std::string pax_record(std::string_view keyword, std::string_view value) {
  const std::size_t rest = keyword.size() + value.size() + 3;  // blank, '=', newline
  std::size_t length = rest + 1;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  return fmt::format("{} {}={}\n", length, keyword, value);
}

void check_pieces(const std::vector<Piece>& pieces, std::uint64_t logical, std::uint64_t physical, std::uint64_t offset) {
  std::uint64_t end = 0, bytes = 0;
  for (const Piece& piece : pieces) {
    if (piece.offset < end || piece.offset > logical || piece.size > logical - piece.offset)
      throw_bad(offset, "a sparse map that contradicts itself");
    end = piece.offset + piece.size;
    bytes += piece.size;
  }
  if (bytes > physical) throw_bad(offset, "a sparse map with more bytes than the member has");
}

std::vector<Piece> parse_sparse_map(std::string_view map, std::uint64_t offset) {
  std::vector<Piece> pieces;
  if (map.empty()) return pieces;
  const auto numbers = split(map, ',');
  if (numbers.size() % 2 != 0) throw_bad(offset, "a malformed sparse map");
  for (std::size_t i = 0; i < numbers.size(); i += 2) {
    const auto at = parse_unsigned(numbers[i]), size = parse_unsigned(numbers[i + 1]);
    if (!at || !size) throw_bad(offset, "a malformed sparse map");
    pieces.push_back({*at, *size});
  }
  return pieces;
}

std::string clean_path(std::string_view path) {
  std::string cleaned;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (!segment.empty() && segment != ".") {
      if (!cleaned.empty()) cleaned += '/';
      cleaned += segment;
    }
    at = end + 1;
  }
  return cleaned;
}

bool is_safe_path(std::string_view cleaned) {
  if (cleaned.find('\0') != std::string_view::npos || cleaned.starts_with('/')) return false;
  for (std::string_view segment : split(cleaned, '/')) {
    if (segment == "..") return false;
  }
  return true;
}

}  // namespace resole::tar
