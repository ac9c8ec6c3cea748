// SPDX-License-Identifier: Apache-2.0
#include "io/landing.hpp"

namespace resole::io {

void VerifiedLanding::restart() {
  hasher_ = Hasher(digest_.algorithm());
  drop();
}

void VerifiedLanding::write(std::string_view bytes) {
  hasher_.update(bytes);
  keep(bytes);
}

bool VerifiedLanding::matches() { return to_hex(hasher_.finish()) == digest_.hex(); }

std::string download_key(const Digest& digest) {
  return digest.algorithm() == Algorithm::sha256 ? std::string(digest.hex()) : digest.text();
}

template <class Step>
decltype(auto) CacheLanding::storing(Step&& step) {
  try {
    if (!writer_) writer_ = cache_.create("download", download_key(digest()));
    return step();
  } catch (const Error&) {
    storage_failed_ = true;
    throw;
  }
}

void CacheLanding::keep(std::string_view bytes) {
  storing([&] { writer_->write(bytes); });
}

Blob CacheLanding::commit() {
  return storing([&] { return writer_->commit(); });
}

}  // namespace resole::io
