// SPDX-License-Identifier: Apache-2.0
// gzip (RFC 1952) by isa-l, which inflates twice as fast as zlib and, unlike libdeflate, as a stream. It checks CRC and length of each
// member; member headers are read here, because isa-l 2.30 loses its way in a header with an extra field that comes in pieces.
#include <fmt/format.h>
#include <isa-l/igzip_lib.h>

#include <algorithm>
#include <vector>

#include "archive/compression.hpp"
#include "archive/decoder.hpp"
#include "base/error.hpp"
#include "base/text.hpp"

namespace resole::archive {

namespace {

constexpr std::size_t kMostAtOnce = 1u << 30;  // isa-l counts in 32 bits

std::string_view reason_of(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return "checksum of a member does not match";
    case ISAL_INVALID_LOOKBACK:
      return "reference to before the beginning";
    default:
      return "bad deflate data";
  }
}

// RFC 1952 section 2.3.1.
enum Flag : unsigned { header_crc = 2, extra = 4, name = 8, comment = 16, reserved = 0xe0 };

unsigned take_byte(Input& input) {
  const std::string_view window = input.window();
  if (window.empty()) throw_damaged("gzip", input, "it ends within a member header");
  const auto byte = static_cast<unsigned char>(window.front());
  input.consume(1);
  return byte;
}

void skip_bytes(Input& input, unsigned count) {
  for (; count > 0; --count) take_byte(input);
}

void skip_text(Input& input) {
  while (take_byte(input) != 0) {
  }
}

void skip_header(Input& input) {
  if (take_byte(input) != 0x1f || take_byte(input) != 0x8b) throw_damaged("gzip", input, "bytes that are neither a member nor padding");
  if (take_byte(input) != 8) throw_damaged("gzip", input, "unknown compression method");
  const unsigned flags = take_byte(input);
  if ((flags & reserved) != 0) throw_damaged("gzip", input, "unknown flags in a member header");
  skip_bytes(input, 6);  // time, level, system
  if ((flags & extra) != 0) {
    const unsigned low = take_byte(input);
    skip_bytes(input, take_byte(input) << 8 | low);
  }
  if ((flags & name) != 0) skip_text(input);
  if ((flags & comment) != 0) skip_text(input);
  if ((flags & header_crc) != 0) skip_bytes(input, 2);
}

class GzipDecoder : public Decoder {
 public:
  explicit GzipDecoder(bool one_member = false) : one_member_(one_member), state_(std::make_unique<inflate_state>()) { isal_inflate_init(state_.get()); }

  std::size_t decode(Input& input, char* buffer, std::size_t capacity) override {
    const std::size_t room = std::min(capacity, kMostAtOnce);
    state_->next_out = reinterpret_cast<std::uint8_t*>(buffer);
    state_->avail_out = static_cast<std::uint32_t>(room);
    while (state_->avail_out == room) {
      if (!inside_ && !start_member(input)) return 0;
      step(input);
    }
    return room - state_->avail_out;
  }

 private:
  bool start_member(Input& input) {
    if (started_ && (one_member_ || skip_padding(input))) return false;
    skip_header(input);
    isal_inflate_reset(state_.get());
    state_->crc_flag = ISAL_GZIP_NO_HDR_VER;
    inside_ = started_ = true;
    return true;
  }

  void step(Input& input) {
    const std::string_view window = input.window().substr(0, kMostAtOnce);
    const std::uint32_t room = state_->avail_out;
    // The library's interface lacks a const; it only reads.
    state_->next_in = reinterpret_cast<std::uint8_t*>(const_cast<char*>(window.data()));
    state_->avail_in = static_cast<std::uint32_t>(window.size());
    const int result = isal_inflate(state_.get());
    // On bad data isa-l may hand back bytes that it took from an earlier window.
    if (state_->avail_in > window.size()) throw_damaged("gzip", input, reason_of(result));
    input.consume(window.size() - state_->avail_in);
    if (result < 0) throw_damaged("gzip", input, reason_of(result));
    if (state_->block_state == ISAL_BLOCK_FINISH) {
      inside_ = false;
    } else if (state_->avail_in == window.size() && state_->avail_out == room) {
      throw_damaged("gzip", input, "it ends within a member");
    }
  }

  const bool one_member_;
  std::unique_ptr<inflate_state> state_;
  bool started_ = false, inside_ = false;
};

}  // namespace

std::unique_ptr<Decoder> gzip_decoder() { return std::make_unique<GzipDecoder>(); }

GzipMember read_gzip_member(std::string_view bytes, std::uint64_t limit) {
  Input input(Blob({}, bytes));
  GzipDecoder decoder(true);
  GzipMember member;
  std::vector<char> buffer(1u << 16);
  while (const std::size_t got = decoder.decode(input, buffer.data(), buffer.size())) {
    if (member.content.size() + got > limit) {
      throw Error(ErrorKind::input, fmt::format("a gzip member expands to more than {}", human_size(limit)), "this looks like a decompression bomb");
    }
    member.content.append(buffer.data(), got);
  }
  member.size = input.consumed();
  return member;
}

}  // namespace resole::archive
