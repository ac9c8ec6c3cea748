// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/digest.hpp"
#include "base/error.hpp"

namespace resole {

namespace {

constexpr std::size_t kCopyBuffer = 256u << 10;

class BlobSource : public Source {
 public:
  explicit BlobSource(Blob blob) : blob_(std::move(blob)), rest_(blob_.bytes()) {}
  std::size_t read(char* buffer, std::size_t capacity) override {
    const std::size_t count = std::min(capacity, rest_.size());
    if (count > 0) std::memcpy(buffer, rest_.data(), count);
    rest_.remove_prefix(count);
    return count;
  }

 private:
  Blob blob_;
  std::string_view rest_;
};

class MemorySpool : public Spool {
 public:
  void write(std::string_view bytes) override { bytes_.append(bytes); }
  std::uint64_t size() const override { return bytes_.size(); }
  void truncate(std::uint64_t size) override {
    if (size > bytes_.size()) throw Error(ErrorKind::internal, "a spool cannot be truncated to more than it holds");
    bytes_.resize(size);
  }
  std::unique_ptr<Source> open(std::uint64_t offset) const override {
    if (offset > bytes_.size()) throw Error(ErrorKind::internal, "a spool was opened beyond its end");
    return source_of(std::string_view(bytes_).substr(offset));
  }

 private:
  std::string bytes_;
};

// Checks while passing on. When the size is known, the last bytes are handed over only after the check, so that a reader
// that stops at the expected size cannot miss it.
class VerifiedSource : public Source {
 public:
  VerifiedSource(std::unique_ptr<Source> source, std::int64_t size, const Digest& digest, std::string what)
      : source_(std::move(source)), size_(size), digest_(digest), what_(std::move(what)), hasher_(digest.algorithm()) {}

  std::size_t read(char* buffer, std::size_t capacity) override {
    if (capacity == 0 || checked_) return 0;
    const std::size_t count = source_->read(buffer, capacity);
    if (!digest_.empty()) hasher_.update({buffer, count});
    seen_ += count;
    if (size_ >= 0 && seen_ > static_cast<std::uint64_t>(size_)) fail_size("more");
    if (count == 0) {
      check();
    } else if (size_ >= 0 && seen_ == static_cast<std::uint64_t>(size_)) {
      char extra = 0;
      if (source_->read(&extra, 1) != 0) fail_size("more");
      check();
    }
    return count;
  }

 private:
  void check() {
    if (size_ >= 0 && seen_ < static_cast<std::uint64_t>(size_)) fail_size(fmt::format("only {}", seen_));
    if (!digest_.empty()) {
      const std::string found = to_hex(hasher_.finish());
      if (found != digest_.hex()) {
        throw Error(ErrorKind::verification,
                    fmt::format("{}: expected {}, the bytes have {}", what_, digest_.text(),
                                (digest_.algorithm() == Algorithm::sha512 ? "sha512:" : "sha256:") + found),
                    "the bytes were damaged or exchanged; get them again from a source you trust");
      }
    }
    checked_ = true;
  }
  [[noreturn]] void fail_size(std::string_view found) {
    throw Error(ErrorKind::verification, fmt::format("{}: expected {} bytes, found {}", what_, size_, found),
                "the bytes were cut off or exchanged; get them again");
  }

  std::unique_ptr<Source> source_;
  std::int64_t size_;
  Digest digest_;
  std::string what_;
  Hasher hasher_;
  std::uint64_t seen_ = 0;
  bool checked_ = false;
};

}  // namespace

Blob Blob::of(std::string bytes) {
  auto owner = std::make_shared<const std::string>(std::move(bytes));
  const std::string_view view = *owner;
  return {std::move(owner), view};
}

std::unique_ptr<Source> source_of(std::string_view bytes) { return std::make_unique<BlobSource>(Blob(nullptr, bytes)); }

SourceOpener opener_of(std::string_view bytes) {
  return [bytes] { return source_of(bytes); };
}

std::unique_ptr<Source> source_of(Blob blob) { return std::make_unique<BlobSource>(std::move(blob)); }

std::unique_ptr<Spool> memory_spool() { return std::make_unique<MemorySpool>(); }

std::string read_all(Source& source, std::uint64_t limit, std::string_view what) {
  std::string bytes;
  std::size_t step = 4096;  // grows with what came, so that a small file costs little and a big one few reads
  while (true) {
    const std::size_t had = bytes.size();
    bytes.resize(had + step);
    const std::size_t count = source.read(bytes.data() + had, step);
    bytes.resize(had + count);
    if (count == 0) return bytes;
    if (bytes.size() > limit) {
      throw Error(ErrorKind::input, fmt::format("{} is larger than the {} bytes accepted for it", what, limit));
    }
    step = std::clamp<std::size_t>(bytes.size(), 4096, 1u << 20);
  }
}

std::uint64_t copy_all(Source& source, Sink& sink) {
  std::vector<char> buffer(kCopyBuffer);
  std::uint64_t total = 0;
  while (const std::size_t count = source.read(buffer.data(), buffer.size())) {
    sink.write({buffer.data(), count});
    total += count;
  }
  return total;
}

std::unique_ptr<Source> verified(std::unique_ptr<Source> source, std::int64_t size, const Digest& digest, std::string what) {
  return std::make_unique<VerifiedSource>(std::move(source), size, digest, std::move(what));
}

}  // namespace resole
