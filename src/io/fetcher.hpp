// SPDX-License-Identifier: Apache-2.0
// The real Fetcher, Cache and Clock: curl, a cache directory keyed by content digest, and the machine's clock.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/effects.hpp"
#include "io/files.hpp"
#include "io/http_client.hpp"

namespace resole::io {

// DIR/<room>/<first two of key>/<key>; keys are hashed when they are not plain [A-Za-z0-9._:+-]{1,120}. Writers use DIR/tmp and rename.
// Keys of the room "download" are sha256 hex digits (or "sha512:<hex>"), its entries are checked against them. A cache that
// cannot be written (full, read-only) hands back the bytes all the same, from memory; only a Writer of the room "download" throws
// Error(input) with the path.
std::unique_ptr<Cache> disk_cache(const Path& directory);
Path default_cache_directory();  // $RESOLE_CACHE_DIR, $XDG_CACHE_HOME/resole, ~/.cache/resole

struct HttpOptions {
  unsigned jobs = 2;                                // callbacks of fetch_all at once
  unsigned connections = 6;                         // downloads at once, at most 8: they wait for the server, not for the processor
  bool offline = false;                             // nothing but the cache
  double connect_timeout = 15, stall_timeout = 30;  // seconds; stall: no byte for that long
  unsigned tries = 4;
  std::string user_agent = "resole/" RESOLE_VERSION;
  std::vector<std::string>
      allowed_private_hosts;  // host or host:port that the operator named; other private addresses are refused, also after redirects
  std::function<TlsOptions(const Url& url)> tls;  // whom to believe and who we are, for this host; empty = the system's authorities
  Path extra_blobs;           // a bundle directory with files by sha256 ("blobs/sha256/<hex>"), empty = none
  std::function<void(double seconds)> sleep;  // between tries; empty = really sleeps (tests do not)
};

// Downloads land in the cache room "download" by sha256, verified while they stream, resumed by Range after a break (only 206 with the
// exact Content-Range); Without a known sha256 the body is kept with its ETag and Last-Modified and revalidated. 408/429/5xx and broken
// connections are tried again with backoff (Retry-After honoured); credentials never cross hosts; file:// is served from disk.
std::unique_ptr<Fetcher> http_fetcher(HttpOptions options, Cache& cache, const Path& cache_directory, Reporter& reporter,
                                      const Clock& clock);

std::unique_ptr<Clock> system_clock();

// Pure, for tests: seconds to wait before try number `attempt` (1 = first retry). `retry_after` < 0 = none given; `random` in [0, 1).
double retry_delay(unsigned attempt, double retry_after, double random);

}  // namespace resole::io
