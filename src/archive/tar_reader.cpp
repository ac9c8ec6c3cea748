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
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::tar {

namespace {

constexpr std::size_t kBuffer = 256u << 10;
constexpr std::size_t kMostPieces = 1u << 20;
constexpr std::string_view kXattr = "SCHILY.xattr.";

// Bytes of the archive, counted.
class Stream {
 public:
  Stream(Source& source, std::uint64_t limit) : source_(source), limit_(limit), buffer_(kBuffer) {}

  std::uint64_t offset() const { return offset_; }

  // The next block, in place; empty at a clean end.
  std::string_view block() {
    if (end_ - at_ < kBlock) fill();
    if (at_ == end_) return {};
    if (end_ - at_ < kBlock) throw_bad(offset_, "it ends within a header");
    const std::string_view block(buffer_.data() + at_, kBlock);
    advance(kBlock);
    return block;
  }

  // 0 only at the end of the archive (or for capacity 0).
  std::size_t read(char* out, std::size_t capacity) {
    if (capacity == 0) return 0;
    if (at_ == end_) {
      if (capacity >= kBuffer) return direct(out, capacity);
      fill();
    }
    const std::size_t count = std::min(capacity, end_ - at_);
    if (count > 0) std::memcpy(out, buffer_.data() + at_, count);
    advance(count);
    return count;
  }

  // False when the archive ended before.
  bool skip(std::uint64_t count) {
    while (count > 0) {
      if (at_ == end_) fill();
      if (at_ == end_) return false;
      const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, end_ - at_));
      advance(step);
      count -= step;
    }
    return true;
  }

 private:
  void advance(std::size_t count) {
    at_ += count;
    offset_ += count;
    check_limit();
  }
  std::size_t direct(char* out, std::size_t capacity) {
    const std::size_t count = source_.read(out, capacity);
    offset_ += count;
    check_limit();
    return count;
  }
  void check_limit() const {
    if (offset_ > limit_) throw_bad(limit_, fmt::format("it is larger than the {} accepted", human_size(limit_)));
  }
  void fill() {
    if (at_ > 0 && end_ > at_) std::memmove(buffer_.data(), buffer_.data() + at_, end_ - at_);
    end_ -= at_;
    at_ = 0;
    do {
      const std::size_t count = source_.read(buffer_.data() + end_, buffer_.size() - end_);
      if (count == 0) return;
      end_ += count;
    } while (end_ < kBlock);
  }

  Source& source_;
  std::uint64_t limit_;
  std::vector<char> buffer_;
  std::size_t at_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
};

// What precedes a member and belongs to it.
struct Prelude {
  PaxRecords pax;
  std::optional<std::string> path, link;  // GNU 'L' and 'K'
  bool any = false;
};

// Go's list of members whose size field is not the size of a content; devices and links in old archives carry one all the same.
bool has_content(Type type) { return type == Type::file; }

std::optional<Type> type_of(char flag) {
  switch (flag) {
    case '0': case '\0': case '7': case 'S': return Type::file;
    case '1': return Type::hardlink;
    case '2': return Type::symlink;
    case '3': return Type::character;
    case '4': return Type::block;
    case '5': case 'D': return Type::directory;  // D: GNU incremental dump, a directory with a list of names behind it
    case '6': return Type::fifo;
    default: return std::nullopt;
  }
}

std::string full_name(const RawHeader& raw) {
  std::string name(raw.text(kName));
  const Flavour flavour = raw.flavour();
  if (flavour != Flavour::ustar && flavour != Flavour::star) return name;
  const std::string_view prefix = raw.text({kPrefix.offset, flavour == Flavour::star ? 131 : kPrefix.size});
  return prefix.empty() ? name : fmt::format("{}/{}", prefix, name);
}

std::int64_t number(const RawHeader& raw, Field field, std::int64_t least, std::int64_t most, std::string_view name, std::uint64_t offset) {
  const auto value = raw.number(field);
  if (!value || *value < least || *value > most) throw_bad(offset, fmt::format("a header with an impossible {}", name));
  return *value;
}

// "1700000000.123", "-1.5": whole seconds, rounded down as timespec has it.
std::optional<std::int64_t> pax_time(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  const std::size_t point = std::min(text.find('.'), text.size());
  const auto whole = parse_unsigned(text.substr(0, point));
  const std::string_view fraction = text.substr(std::min(point + 1, text.size()));
  if (!whole || *whole > (1ull << 62) || fraction.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  if (!negative) return static_cast<std::int64_t>(*whole);
  return -static_cast<std::int64_t>(*whole) - (fraction.find_first_not_of('0') == std::string_view::npos ? 0 : 1);
}

// Records that say nothing about the member's content or identity, or say it a second time.
bool is_noise(std::string_view key) {
  return key == "atime" || key == "ctime" || key == "comment" || key == "charset" || key == "hdrcharset" || key.starts_with("LIBARCHIVE.") ||
         key.starts_with("GNU.sparse.") || key == "SCHILY.dev" || key == "SCHILY.ino" || key == "SCHILY.nlink";
}

template <class Value>
void take_number(Value& out, std::string_view key, std::string_view text, std::uint64_t offset) {
  const auto value = parse_unsigned(text);
  if (!value || *value > std::numeric_limits<Value>::max()) throw_bad(offset, fmt::format("a PAX record with an impossible {}", key));
  out = static_cast<Value>(*value);
}

void take_text(std::string& out, std::string_view key, const std::string& value, std::uint64_t offset) {
  if (value.find('\0') != std::string::npos) throw_bad(offset, fmt::format("a PAX record with a NUL in its {}", key));
  out = value;
}

void apply_record(Header& header, const std::string& key, const std::string& value, std::uint64_t offset) {
  if (key.starts_with(kXattr)) {
    if (key.size() > kXattr.size()) header.xattrs[key.substr(kXattr.size())] = value;
  } else if (value.empty()) {
    return;  // undoes the record of a global header; the header block stands
  } else if (key == "path") {
    take_text(header.path, key, value, offset);
  } else if (key == "linkpath") {
    take_text(header.link, key, value, offset);
  } else if (key == "uname") {
    take_text(header.user, key, value, offset);
  } else if (key == "gname") {
    take_text(header.group, key, value, offset);
  } else if (key == "size") {
    take_number(header.size, key, value, offset);
  } else if (key == "uid") {
    take_number(header.uid, key, value, offset);
  } else if (key == "gid") {
    take_number(header.gid, key, value, offset);
  } else if (key == "mtime") {
    const auto seconds = pax_time(value);
    if (!seconds) throw_bad(offset, "a PAX record with an impossible mtime");
    header.mtime = *seconds;
  } else if (!is_noise(key)) {
    header.pax[key] = value;
  }
}

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
  std::uint64_t left = 0;         // bytes of it still in the archive
  std::uint64_t padding = 0;      // behind them
  bool sparse = false;
  std::vector<Piece> pieces;
  std::size_t piece = 0;          // the piece at or after `position`
  std::uint64_t position = 0, logical = 0;

  bool next(Header& header);
  bool at_end(std::string_view block, const Prelude& prelude);
  void leave_member();
  void take_member(Header& header, const RawHeader& raw, Prelude& prelude, std::uint64_t at);
  void fill_from_block(Header& header, const RawHeader& raw, std::uint64_t at) const;
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
      case 'X': prelude.pax = parse_pax(read_record(raw, at), at); break;
      case 'g':
        for (auto& [key, value] : parse_pax(read_record(raw, at), at)) global.insert_or_assign(key, std::move(value));
        continue;
      case 'L': prelude.path = read_record(raw, at); break;
      case 'K': prelude.link = read_record(raw, at); break;
      case 'V': read_record(raw, at); continue;  // a volume's label
      default: take_member(header, raw, prelude, at); return true;
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

void Reader::State::fill_from_block(Header& header, const RawHeader& raw, std::uint64_t at) const {
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max(), kMostId = std::numeric_limits<std::uint32_t>::max();
  header.path = full_name(raw);
  header.link = raw.text(kLink);
  header.mode = static_cast<std::uint32_t>(number(raw, kMode, 0, kMost, "mode", at)) & 07777;
  header.uid = static_cast<std::uint32_t>(number(raw, kUid, 0, kMostId, "uid", at));
  header.gid = static_cast<std::uint32_t>(number(raw, kGid, 0, kMostId, "gid", at));
  header.size = static_cast<std::uint64_t>(number(raw, kSize, 0, kMost, "size", at));
  header.mtime = number(raw, kMtime, std::numeric_limits<std::int64_t>::min(), kMost, "mtime", at);
  header.user.clear();
  header.group.clear();
  header.major = header.minor = 0;
  if (raw.flavour() == Flavour::v7) return;
  header.user = raw.text(kUser);
  header.group = raw.text(kGroup);
  if (header.type == Type::character || header.type == Type::block) {
    header.major = static_cast<std::uint32_t>(number(raw, kMajor, 0, kMostId, "device number", at));
    header.minor = static_cast<std::uint32_t>(number(raw, kMinor, 0, kMostId, "device number", at));
  }
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
  for (const auto& [key, value] : pax) apply_record(header, key, value, at);
  if (const auto name = pax.find("GNU.sparse.name"); name != pax.end()) take_text(header.path, name->first, name->second, at);
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
  if (!has_content(header.type) && raw.type() != 'D') header.size = 0;
  if (header.size > limits.total) throw_bad(at, fmt::format("a member of {} bytes, more than the archive may have", header.size));
  left = logical = header.size;
  padding = padding_of(left);
  if (raw.type() == 'D') header.size = logical = 0;
  if (header.type == Type::file) start_sparse(header, raw, pax, at);
  header.content_offset = stream.offset();
  expanded += header.size;
  if (header.size > limits.total || expanded > limits.total) throw_bad(at, fmt::format("it expands to more than the {} accepted", human_size(limits.total)));
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
