// SPDX-License-Identifier: Apache-2.0
// A member may be preceded by records that belong to it: PAX headers ('x'), GNU long names ('L', 'K'). They are gathered until the member's
// own header comes; then PAX overrules GNU, and both overrule the header block. What each unpacker accepts differs at the edges; where they
// differ this follows Go's archive/tar, because that is what container runtimes unpack with, so that we see the tree they see.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "archive/tar.hpp"
#include "archive/tar_format.hpp"
#include "archive/tar_header.hpp"
#include "archive/tar_stream.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::tar {

namespace {

constexpr std::size_t kMostPieces = 1u << 20;

// What precedes a member and belongs to it.
struct Prelude {
  PaxRecords pax;
  std::optional<std::string> path, link;  // GNU 'L' and 'K'
  bool any = false;
};

}  // namespace

struct Reader::State {
  State(Source& source, Limits bounds) : stream(source, bounds.total), limits(bounds) {}

  Stream stream;
  Limits limits;
  PaxRecords global;
  std::uint64_t members = 0;   // headers of any kind
  std::uint64_t expanded = 0;  // bytes of content handed out or skipped, holes included
  bool ended = false;

  // The current member.
  std::uint64_t left = 0;     // bytes of it still in the archive
  std::uint64_t padding = 0;  // behind them
  bool sparse = false;
  std::vector<Piece> pieces;
  std::size_t piece = 0;  // the piece at or after `position`
  std::uint64_t position = 0, logical = 0;

  bool next(Header& header);
  bool at_end(std::string_view block, const Prelude& prelude);
  void leave_member();
  void take_member(Header& header, const RawHeader& raw, Prelude& prelude, std::uint64_t at);
  void begin_content(Header& header, const RawHeader& raw, const PaxRecords& pax, std::uint64_t at);
  std::string read_record(const RawHeader& raw, std::uint64_t at);
  void start_sparse(Header& header, const RawHeader& raw, const PaxRecords& pax, std::uint64_t at);
  std::uint64_t old_gnu_map(std::string_view first, std::uint64_t at);
  void map_in_content(std::uint64_t at);
  std::size_t read(char* buffer, std::size_t capacity);
  std::size_t read_sparse(char* buffer, std::size_t capacity);
  std::size_t read_stored(char* buffer, std::uint64_t capacity);
};

bool Reader::State::next(Header& header) {
  leave_member();
  Prelude prelude;
  while (!ended) {
    const std::uint64_t at = stream.offset();
    const std::string_view block = stream.block();
    if (at_end(block, prelude)) break;
    const RawHeader raw(block);
    if (!raw.checksum_matches()) throw_bad(at, "a header whose checksum does not match");
    if (++members > limits.members) throw_bad(at, fmt::format("more than the {} members accepted", limits.members));
    switch (raw.type()) {
      case 'x':
      case 'X':
        prelude.pax = parse_pax(read_record(raw, at), at);
        break;
      case 'g':
        for (auto& [key, value] : parse_pax(read_record(raw, at), at)) global.insert_or_assign(key, std::move(value));
        continue;
      case 'L':
        prelude.path = read_record(raw, at);
        break;
      case 'K':
        prelude.link = read_record(raw, at);
        break;
      case 'V':
        read_record(raw, at);
        continue;  // a volume's label
      default:
        take_member(header, raw, prelude, at);
        return true;
    }
    prelude.any = true;
  }
  ended = true;
  return false;
}

// Two zero blocks end an archive; so does the end of the stream at a block's boundary, with one zero block or none.
bool Reader::State::at_end(std::string_view block, const Prelude& prelude) {
  if (!block.empty() && !is_zero_block(block)) return false;
  if (prelude.any) throw_bad(stream.offset(), "it ends after the extended header of a member that does not come");
  if (!block.empty()) {
    const std::string_view second = stream.block();
    if (!second.empty() && !is_zero_block(second)) throw_bad(stream.offset() - 2 * kBlock, "a single zero block between members");
  }
  return true;
}

void Reader::State::leave_member() {
  if (!stream.skip(left)) throw_bad(stream.offset(), "it ends within a member's content");
  if (!stream.skip(padding)) ended = true;  // Go accepts an archive that stops right behind the last content
  left = padding = 0;
  sparse = false;
  pieces.clear();
  piece = 0;
  position = logical = 0;
}

std::string Reader::State::read_record(const RawHeader& raw, std::uint64_t at) {
  const auto size = static_cast<std::uint64_t>(number(raw, kSize, 0, std::numeric_limits<std::int64_t>::max(), "size", at));
  if (size > limits.pax) throw_bad(at, fmt::format("an extended header of {} bytes, more than the {} accepted", size, limits.pax));
  const char type = raw.type();
  std::string content(size, '\0');
  for (std::size_t got = 0; got < size;) {
    const std::size_t count = stream.read(content.data() + got, size - got);
    if (count == 0) throw_bad(stream.offset(), "it ends within an extended header");
    got += count;
  }
  stream.skip(padding_of(size));
  if (type == 'L' || type == 'K') content.resize(std::min(content.find('\0'), content.size()));
  return content;
}

void Reader::State::take_member(Header& header, const RawHeader& raw, Prelude& prelude, std::uint64_t at) {
  const auto type = type_of(raw.type());
  if (!type) throw_bad(at, fmt::format("a member of the unknown type \"{}\"", printable(raw.bytes(kType))));
  header.type = *type;
  header.xattrs.clear();
  header.pax.clear();
  fill_from_block(header, raw, at);
  PaxRecords pax = std::move(prelude.pax);
  pax.insert(global.begin(), global.end());  // keeps the member's own
  if (prelude.path) header.path = *std::move(prelude.path);
  if (prelude.link) header.link = *std::move(prelude.link);
  apply_pax(header, pax, at);
  if (raw.type() == '\0' && header.path.ends_with('/')) header.type = Type::directory;  // before ustar there was no type for it
  begin_content(header, raw, pax, at);
  if (header.path.size() > limits.path || header.link.size() > limits.path) {
    throw_bad(at, fmt::format("a path longer than the {} bytes accepted", limits.path));
  }
  header.path = clean_path(header.path);
  if (header.type == Type::hardlink) {
    header.link = clean_path(header.link);
  } else if (header.type != Type::symlink) {
    header.link.clear();
  }
}

void Reader::State::begin_content(Header& header, const RawHeader& raw, const PaxRecords& pax, std::uint64_t at) {
  // As Go has it: what is no file has no content, whatever its size field says (old archives give links one). Only GNU's dumps have.
  if (header.type != Type::file && raw.type() != 'D') header.size = 0;
  if (header.size > limits.total) throw_bad(at, fmt::format("a member of {} bytes, more than the archive may have", header.size));
  left = logical = header.size;
  padding = padding_of(left);
  if (raw.type() == 'D') header.size = logical = 0;
  if (header.type == Type::file) start_sparse(header, raw, pax, at);
  header.content_offset = stream.offset();
  expanded += header.size;
  if (header.size > limits.total || expanded > limits.total)
    throw_bad(at, fmt::format("it expands to more than the {} accepted", human_size(limits.total)));
}

void Reader::State::start_sparse(Header& header, const RawHeader& raw, const PaxRecords& pax, std::uint64_t at) {
  const auto record = [&](std::string_view key) {
    const auto found = pax.find(key);
    return found == pax.end() ? std::string_view() : std::string_view(found->second);
  };
  const bool in_content = record("GNU.sparse.major") == "1" && record("GNU.sparse.minor") == "0";
  const bool in_pax = !in_content && pax.contains("GNU.sparse.map");
  const bool in_header = !in_content && !in_pax && raw.type() == 'S';
  if (!in_content && !in_pax && !in_header) return;
  if (in_header) {
    logical = old_gnu_map(raw.bytes({0, kBlock}), at);
  } else {
    const std::string_view real = record("GNU.sparse.realsize");
    take_number(logical, "GNU.sparse.size", real.empty() ? record("GNU.sparse.size") : real, at);
    if (in_content) {
      map_in_content(at);
    } else {
      pieces = parse_sparse_map(record("GNU.sparse.map"), at);
    }
  }
  check_pieces(pieces, logical, left, at);
  sparse = true;
  header.size = logical;
}

// Four pieces in the header, 21 in each block that follows while a flag says so. Returns the real size.
std::uint64_t Reader::State::old_gnu_map(std::string_view first, std::uint64_t at) {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  const std::string header(first);  // reading on moves the buffer
  const auto take = [&](std::string_view block, std::size_t begin, std::size_t count) {
    const RawHeader raw(block);
    for (std::size_t i = 0; i < count; ++i) {
      const Field offset{begin + i * 24, 12}, size{begin + i * 24 + 12, 12};
      if (block[offset.offset] == '\0') break;
      pieces.push_back({static_cast<std::uint64_t>(number(raw, offset, 0, kMost, "sparse map", at)),
                        static_cast<std::uint64_t>(number(raw, size, 0, kMost, "sparse map", at))});
    }
  };
  take(header, 386, 4);
  for (bool more = header[482] != '\0'; more;) {
    const std::string_view block = stream.block();
    if (block.empty()) throw_bad(stream.offset(), "it ends within a sparse map");
    if (pieces.size() > kMostPieces) throw_bad(at, "a sparse map with too many pieces");
    take(block, 0, 21);
    more = block[504] != '\0';
  }
  return static_cast<std::uint64_t>(number(RawHeader(header), {483, 12}, 0, kMost, "size", at));
}

// PAX format 1.0: the content begins with decimal numbers, one a line: how many pieces, then offset and size of each; padded to a block.
void Reader::State::map_in_content(std::uint64_t at) {
  std::string text;
  std::size_t read_to = 0;
  const auto next_number = [&] {
    std::size_t newline;
    while ((newline = text.find('\n', read_to)) == std::string::npos) {
      if (text.size() - read_to > 2 * kBlock || left < kBlock) throw_bad(at, "a malformed sparse map");
      const std::string_view block = stream.block();
      if (block.empty()) throw_bad(stream.offset(), "it ends within a sparse map");
      text.erase(0, read_to);
      read_to = 0;
      text += block;
      left -= kBlock;
    }
    const auto value = parse_unsigned(std::string_view(text).substr(read_to, newline - read_to));
    if (!value) throw_bad(at, "a malformed sparse map");
    read_to = newline + 1;
    return *value;
  };
  const std::uint64_t count = next_number();
  if (count > kMostPieces) throw_bad(at, "a sparse map with too many pieces");
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t offset = next_number();
    pieces.push_back({offset, next_number()});
  }
}

std::size_t Reader::State::read_stored(char* buffer, std::uint64_t capacity) {
  const std::size_t count = stream.read(buffer, static_cast<std::size_t>(std::min(capacity, left)));
  if (count == 0 && capacity > 0 && left > 0) throw_bad(stream.offset(), "it ends within a member's content");
  left -= count;
  return count;
}

std::size_t Reader::State::read_sparse(char* buffer, std::size_t capacity) {
  while (piece < pieces.size() && position >= pieces[piece].offset + pieces[piece].size) ++piece;
  const std::uint64_t data = piece < pieces.size() ? pieces[piece].offset : logical;
  std::size_t count = 0;
  if (position < data) {
    count = static_cast<std::size_t>(std::min<std::uint64_t>(capacity, data - position));
    std::memset(buffer, 0, count);
  } else if (position < logical) {
    count = read_stored(buffer, std::min<std::uint64_t>(capacity, data + pieces[piece].size - position));
  }
  position += count;
  return count;
}

std::size_t Reader::State::read(char* buffer, std::size_t capacity) {
  if (sparse) return capacity == 0 ? 0 : read_sparse(buffer, capacity);
  if (logical == 0) return 0;
  return read_stored(buffer, capacity);
}

Reader::Reader(Source& source, Limits limits) : state_(std::make_unique<State>(source, limits)) {}

Reader::~Reader() = default;

bool Reader::next(Header& header) { return state_->next(header); }

std::size_t Reader::read(char* buffer, std::size_t capacity) { return state_->read(buffer, capacity); }

std::string Reader::read_content(std::uint64_t limit) {
  const std::uint64_t size = state_->sparse ? state_->logical - state_->position : state_->left;
  if (size > limit) throw_bad(state_->stream.offset(), fmt::format("a member of {} bytes where at most {} are accepted", size, limit));
  std::string content(state_->logical == 0 ? 0 : size, '\0');
  for (std::size_t got = 0; got < content.size();) got += read(content.data() + got, content.size() - got);
  return content;
}

std::unique_ptr<Source> Reader::content() {
  class Content : public Source {
   public:
    explicit Content(Reader& reader) : reader_(reader) {}
    std::size_t read(char* buffer, std::size_t capacity) override { return reader_.read(buffer, capacity); }

   private:
    Reader& reader_;
  };
  return std::make_unique<Content>(*this);
}

void Reader::drain() {
  state_->left = state_->padding = 0;
  state_->ended = true;
  state_->stream.skip(std::numeric_limits<std::uint64_t>::max());
}

std::uint64_t Reader::offset() const { return state_->stream.offset(); }

}  // namespace resole::tar
