// SPDX-License-Identifier: Apache-2.0
// Bodies of unknown digest (an InRelease) kept with what their server gave to ask "is it still this one?" (RFC 9110 section 13). Body and
// validators are one cache entry, so that they cannot come apart; its key is the URL without userinfo, hashed, so that no secret reaches
// the disk.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "base/url.hpp"
#include "io/http_fields.hpp"

namespace resole::io {

struct KeptBody {
  std::string etag, last_modified;
  Blob body;

  std::vector<std::string> conditions() const;  // request fields; none when the server gave no validator
};

std::optional<KeptBody> kept_body(Cache& cache, const Url& url);
Blob keep_body(Cache& cache, const Url& url, const HttpHead& head, std::string_view body);

}  // namespace resole::io
