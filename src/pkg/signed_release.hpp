// SPDX-License-Identifier: Apache-2.0
// The signed release of a repository as it is served: InRelease, or, where there is none, Release with its signature Release.gpg beside it, as apt
// looks for them. Archives of before 2010 have only the latter, and so have most repositories that are made by hand.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/effects.hpp"
#include "base/error.hpp"

namespace resole::pkg {

struct ReleaseRequest {
  std::function<std::string(std::string_view file)> url_of;  // "InRelease" -> its URL
  std::string name;                                          // of the repository, for messages
  std::uint64_t limit = 32u << 20;
  std::function<void(std::string_view message)> accept = {};  // as Resource::accept, of what verify_signed_text takes
};

// One message (signature.hpp). The error is the one about InRelease when neither is there.
std::string fetch_signed_release(const ReleaseRequest& request, Fetcher& fetcher);

// Does the server say that it has no such file? Some say "forbidden" of what is not there.
bool says_missing(const Error& error);

}  // namespace resole::pkg
