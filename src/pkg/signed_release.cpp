// SPDX-License-Identifier: Apache-2.0
#include "pkg/signed_release.hpp"

#include "pkg/signature.hpp"

namespace resole::pkg {

namespace {

constexpr std::uint64_t kLargestReleaseGpg = 1u << 20;

std::string fetch_detached(const ReleaseRequest& request, Fetcher& fetcher) {
  const std::string what = "Release of " + request.name;
  const auto armored = [&](std::string_view bytes) { (void)detached_message({}, bytes, what); };
  const Blob signature = fetcher.fetch(
      {.url = request.url_of("Release.gpg"), .limit = kLargestReleaseGpg, .what = "Release.gpg of " + request.name, .accept = armored});
  const auto accept = [&](std::string_view bytes) {
    if (request.accept) request.accept(detached_message(bytes, signature.bytes(), what));
  };
  const Blob text = fetcher.fetch({.url = request.url_of("Release"), .limit = request.limit, .what = what, .accept = accept});
  return detached_message(text.bytes(), signature.bytes(), what);
}

}  // namespace

namespace {

// With --offline what was never there looks like what was never asked for.
bool is_not_at_hand(const Error& error) {
  return error.kind() == ErrorKind::network && error.message().find("is not in the cache") != std::string::npos;
}

}  // namespace

bool says_missing(const Error& error) {
  const auto says = [&](std::string_view part) { return error.message().find(part) != std::string::npos; };
  return error.kind() == ErrorKind::network && (says("404") || says("not found") || says("403 forbidden"));
}

std::string fetch_signed_release(const ReleaseRequest& request, Fetcher& fetcher) {
  try {
    return std::string(
        fetcher.fetch({.url = request.url_of("InRelease"), .limit = request.limit, .what = "InRelease of " + request.name, .accept = request.accept}).bytes());
  } catch (const Error& error) {
    if (!says_missing(error) && !is_not_at_hand(error)) throw;
    try {
      return fetch_detached(request, fetcher);
    } catch (const Error& other) {
      if (!says_missing(other) && !is_not_at_hand(other)) throw;
    }
    throw;
  }
}

}  // namespace resole::pkg
