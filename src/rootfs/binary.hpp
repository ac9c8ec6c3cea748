// SPDX-License-Identifier: Apache-2.0
// Numbers and strings as the layer index stores them: LEB128 numbers, strings with their length in front.
#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace resole::rootfs {

class BinaryWriter {
 public:
  explicit BinaryWriter(std::string& out) : out_(out) {}
  void number(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }
  void signed_number(std::int64_t value) {  // zigzag: small negative numbers stay short
    number(static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63));
  }
  void text(std::string_view text) {
    number(text.size());
    out_.append(text);
  }
  template <class Array>
  void raw(const Array& bytes) {
    out_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  std::string& out_;
};

// Reads the same; what is not there reads as zero or empty and leaves good() false for ever.
class BinaryReader {
 public:
  explicit BinaryReader(std::string_view bytes) : rest_(bytes) {}
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    return fail();
  }
  std::int64_t signed_number() {
    const std::uint64_t value = number();
    return static_cast<std::int64_t>(value >> 1 ^ (~(value & 1) + 1));
  }
  std::uint32_t small_number() {
    const std::uint64_t value = number();
    return value <= 0xffffffffu ? static_cast<std::uint32_t>(value) : static_cast<std::uint32_t>(fail());
  }
  // A count of things that take at least one byte each: never more than there are bytes, so that damage cannot make us reserve memory.
  std::size_t count() {
    const std::uint64_t value = number();
    return value <= rest_.size() ? value : fail();
  }
  std::string_view text() { return take(number()); }
  template <class Array>
  void raw(Array& bytes) {
    const std::string_view taken = take(bytes.size());
    if (good_) std::memcpy(bytes.data(), taken.data(), taken.size());
  }
  bool good() const { return good_; }
  bool at_end() const { return rest_.empty(); }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      fail();
      return {};
    }
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t fail() {
    good_ = false;
    rest_ = {};
    return 0;
  }

  std::string_view rest_;
  bool good_ = true;
};

}  // namespace resole::rootfs
