// SPDX-License-Identifier: Apache-2.0
// Where downloads with a known digest land: in the cache, or in memory when the cache cannot be written. Hashed on the way.
#pragma once
#include <memory>
#include <string>

#include "base/effects.hpp"
#include "io/download.hpp"

namespace resole::io {

class VerifiedLanding : public Landing {
 public:
  explicit VerifiedLanding(const Digest& digest) : digest_(digest), hasher_(digest.algorithm()) {}
  void restart() final;
  void write(std::string_view bytes) final;
  // Call once, at the end: are these the bytes? If not, commit() must not be called.
  bool matches();
  virtual Blob commit() = 0;

 protected:
  const Digest& digest() const { return digest_; }
  virtual void drop() = 0;
  virtual void keep(std::string_view bytes) = 0;

 private:
  Digest digest_;
  Hasher hasher_;
};

std::string download_key(const Digest& digest);  // in the cache room "download"

class CacheLanding : public VerifiedLanding {
 public:
  CacheLanding(Cache& cache, const Digest& digest) : VerifiedLanding(digest), cache_(cache) {}
  Blob commit() override;
  bool storage_failed() const { return storage_failed_; }  // an Error came from the cache, not from the network

 private:
  void drop() override { writer_.reset(); }
  void keep(std::string_view bytes) override;
  template <class Step>
  decltype(auto) storing(Step&& step);

  Cache& cache_;
  std::unique_ptr<Cache::Writer> writer_;
  bool storage_failed_ = false;
};

class MemoryLanding : public VerifiedLanding {
 public:
  using VerifiedLanding::VerifiedLanding;
  Blob commit() override { return Blob::of(std::move(bytes_)); }

 private:
  void drop() override { bytes_.clear(); }
  void keep(std::string_view bytes) override { bytes_.append(bytes); }

  std::string bytes_;
};

}  // namespace resole::io
