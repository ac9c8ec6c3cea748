// SPDX-License-Identifier: Apache-2.0
#include "base/read_ahead.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.hpp"

namespace resole {
namespace RESOLE_TEST_FILE {

class ManySmallReads : public Source {
 public:
  ManySmallReads(std::string bytes, std::size_t fail_at) : bytes_(std::move(bytes)), fail_at_(fail_at) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    if (at_ >= fail_at_) throw Error(ErrorKind::network, "the line is cut");
    const std::size_t count = std::min({capacity, bytes_.size() - at_, std::size_t{1000}});
    bytes_.copy(buffer, count, at_);
    at_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t fail_at_, at_ = 0;
};

std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

TEST(ReadAhead, PassesEverythingOn) {
  const std::string bytes = pattern(5'000'000);
  ManySmallReads source(bytes, std::string::npos);
  std::string seen;
  ReadAhead ahead(source, [&](std::string_view more) { seen.append(more); });
  EXPECT_TRUE(read_all(ahead, 1u << 30, "test") == bytes);
  EXPECT_TRUE(seen == bytes);
}

TEST(ReadAhead, ThrowsWhatTheSourceThrows) {
  ManySmallReads source(pattern(5'000'000), 4'000'000);
  ReadAhead ahead(source);
  EXPECT_THROW(read_all(ahead, 1u << 30, "test"), Error);
}

TEST(ReadAhead, CanBeLeftEarly) {
  ManySmallReads source(pattern(5'000'000), std::string::npos);
  ReadAhead ahead(source);
  char byte = 0;
  EXPECT_EQ(ahead.read(&byte, 1), 1u);
}

}  // namespace
}  // namespace resole
