// SPDX-License-Identifier: Apache-2.0
// The interfaces through which network, disk, clock and the person watching enter. Implementations live in io/ (real) and tests/support (fakes).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/digest.hpp"

namespace resole {

// Something to get: where, and what it must be. An empty sha256 means: not known before (an InRelease), then `limit` bounds it.
struct Resource {
  std::string url;                     // http(s):// or file://
  Digest sha256;                       // empty = unknown
  std::int64_t size = -1;              // -1 = unknown
  std::uint64_t limit = 64ull << 20;   // most bytes accepted when size is unknown
  std::string what;                    // for messages and progress: "package curl 7.88.1-10+deb12u8 amd64"
  std::vector<std::string> alternatives;  // URLs of the same bytes, asked in turn when `url` does not have them or cannot be reached
  // Of an unknown digest: throws when the bytes are not what they should be. Only bytes that it takes are handed out or kept for revalidation.
  std::function<void(std::string_view bytes)> accept = {};
  // The first is `url`, the others are alternatives; one that is there already is not added.
  void add_url(std::string more);
};

// Contract: fetch and fetch_all return only bytes whose size and sha256 match the resource (Error(verification) otherwise); an unreachable server is
// Error(network), a missing file Error(network) whose message contains "404" or "not found"; with --offline anything not cached is Error(network).
// Thread-safe. Resources with a known sha256 are cached by it; those without are revalidated (ETag / Last-Modified) at every call; when
// what was kept is not accepted (any more), it is asked for once more without conditions.
class Fetcher {
 public:
  virtual ~Fetcher() = default;
  virtual Blob fetch(const Resource& resource) = 0;
  // Bytes [offset, offset + length) of a resource; fewer when it ends before. Not verified (the whole is, later). May come from the cached whole.
  virtual std::string fetch_range(const Resource& resource, std::uint64_t offset, std::uint64_t length) = 0;
  // Downloads all in parallel (biggest first) and hands each over as soon as it is verified. The callback runs on several threads at once.
  virtual void fetch_all(std::span<const Resource> resources, const std::function<void(std::size_t index, Blob bytes)>& done) = 0;
  // Is it here already, without any network?
  virtual std::optional<Blob> cached(const Digest& sha256) = 0;
  // Bytes that came by ranges and were proven in another way than by a digest that was known before: at hand from now on, where something is kept at all.
  virtual void keep(const Digest& /*sha256*/, std::string_view /*bytes*/) {}
};

// A bounded store of derived facts: (room, key) -> bytes. Rooms are fixed words ("layer-index", "packages", "segment", "payload", "inrelease").
// Contract: put is atomic (readers see nothing or all, also after kill -9) and safe for several processes; a damaged entry reads as absent.
class Cache {
 public:
  virtual ~Cache() = default;
  virtual std::optional<Blob> get(std::string_view room, std::string_view key) = 0;
  virtual Blob put(std::string_view room, std::string_view key, std::string_view bytes) = 0;
  // Streams into an entry; the entry exists only after commit() returned.
  class Writer : public Sink {
   public:
    virtual Blob commit() = 0;
  };
  virtual std::unique_ptr<Writer> create(std::string_view room, std::string_view key) = 0;
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::int64_t now() const = 0;      // seconds since the epoch, UTC: only for asOf's default and cache ages
  virtual double monotonic() const = 0;      // seconds, for durations
};

// Talk to the person or machine watching; never data. Thread-safe.
class Reporter {
 public:
  virtual ~Reporter() = default;
  // A phase of the way ("reading layers"); nested calls of progress belong to the innermost. Returns an id for progress()/done().
  virtual int begin(std::string_view phase, std::uint64_t total_bytes) = 0;  // total 0 = unknown
  virtual void progress(int id, std::uint64_t bytes_done, std::string_view detail) = 0;
  virtual void end(int id) = 0;                                              // prints the phase's time under -v
  virtual void note(std::string_view message) = 0;                           // plain line, not with -q
  virtual void warn(std::string_view message) = 0;
  virtual void debug(std::string_view message) = 0;                          // only with -v
};

// begin/end by scope.
class Phase {
 public:
  Phase(Reporter& reporter, std::string_view name, std::uint64_t total = 0) : reporter_(reporter), id_(reporter.begin(name, total)) {}
  ~Phase() { reporter_.end(id_); }
  Phase(const Phase&) = delete;
  Phase& operator=(const Phase&) = delete;
  void progress(std::uint64_t done, std::string_view detail = {}) { reporter_.progress(id_, done, detail); }

 private:
  Reporter& reporter_;
  int id_;
};

// Runs task(0..count-1) on up to `jobs` threads; rethrows the exception of the lowest index that failed. Results never depend on `jobs`.
void parallel_for(std::size_t count, unsigned jobs, const std::function<void(std::size_t)>& task);

}  // namespace resole
