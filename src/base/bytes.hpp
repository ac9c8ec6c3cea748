// SPDX-License-Identifier: Apache-2.0
// Streams and shared bytes. Bytes are std::string / std::string_view everywhere; text in them is not assumed.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace resole {

// Pull side of a stream.
class Source {
 public:
  virtual ~Source() = default;
  // Fills up to capacity bytes, returns how many; 0 only at the end of the stream. Throws Error.
  virtual std::size_t read(char* buffer, std::size_t capacity) = 0;
};

// Push side of a stream.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string_view bytes) = 0;
};

// Scratch space for one growing sequence of bytes: append, look back, and undo. Implementations: memory (below), temporary file (io/spool).
class Spool : public Sink {
 public:
  virtual std::uint64_t size() const = 0;
  virtual void truncate(std::uint64_t size) = 0;  // drops everything from `size` on; size <= size()
  virtual std::unique_ptr<Source> open(std::uint64_t offset = 0) const = 0;  // reads offset..size(); spool must outlive it, no writes meanwhile
};
using SpoolFactory = std::function<std::unique_ptr<Spool>()>;

// Immutable bytes with a shared owner (a string, a mapped file). Cheap to copy.
class Blob {
 public:
  Blob() = default;
  Blob(std::shared_ptr<const void> owner, std::string_view bytes) : owner_(std::move(owner)), bytes_(bytes) {}
  static Blob of(std::string bytes);
  std::string_view bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

 private:
  std::shared_ptr<const void> owner_;
  std::string_view bytes_;
};

class StringSink : public Sink {
 public:
  explicit StringSink(std::string& out) : out_(out) {}
  void write(std::string_view bytes) override { out_.append(bytes); }

 private:
  std::string& out_;
};

std::unique_ptr<Source> source_of(std::string_view bytes);  // bytes must outlive the source
std::unique_ptr<Source> source_of(Blob blob);

// Opens the same bytes from their beginning, once for every attempt to send them.
using SourceOpener = std::function<std::unique_ptr<Source>()>;
SourceOpener opener_of(std::string_view bytes);  // bytes must outlive the opener and its sources
std::unique_ptr<Spool> memory_spool();

// Reads to the end; more than `limit` bytes is Error(input) naming `what`.
std::string read_all(Source& source, std::uint64_t limit, std::string_view what);
// Copies to the end; returns the number of bytes.
std::uint64_t copy_all(Source& source, Sink& sink);

// Passes bytes on and throws Error(verification) at the end unless size (when >= 0) and sha256 (when given) match: verification cannot be skipped.
class Digest;
std::unique_ptr<Source> verified(std::unique_ptr<Source> source, std::int64_t size, const Digest& digest, std::string what);

}  // namespace resole
